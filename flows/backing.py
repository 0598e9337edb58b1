"""Backups of the home folder, and the way back from one, as `meetings backup` and `meetings restore` do it."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from archive import backfills, deliveries, issues
from archive.backup import DUMP_NAME, Manifest, write_backup
from archive.checks import Damage, check_articles
from archive.errors import ArchiveError, file_error
from archive.locks import Busy, live_locks
from archive.mending import mend_articles
from archive.pgtools import restore as restore_dump
from archive.replacing import NOTE, conclude, drop_fresh, fresh, put_in_place, restoring
from archive.restoring import DATABASES, STAGING, forget_locks, occupants, require_whole, unpack
from archive.schema import bring_up
from archive.store import DATABASE_NAME, Archive, address_of
from archive.transfer import copy_archive, copy_rows, is_empty, tables_aside
from flows.opening import existing_archive
from flows.owner import is_gone, server_lock
from flows.settings import Settings, version
from flows.steps import now_utc
from parsers.records import Advance, InputError, MeetingsError

_NAME = re.compile(r"meetings-(?P<stamp>\d{8}T\d{6}Z)(-(?P<number>\d+))?\.tar", re.ASCII)
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was made; `dropped` are the older ones that went for it."""

    path: Path
    manifest: Manifest
    dropped: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """A backup that was brought back; `aside` tells where what stood in its place is now."""

    path: Path
    manifest: Manifest
    aside: tuple[str, ...]


def back_up(settings: Settings, to: Path | None = None, *, keep: int | None = None, advance: Advance) -> BackupReport:
    """Backs up the archive to `to`, else under a name of its own in the backup folder, of which `keep` then stay.

    Raises `InputError` when `to` is there already, has no folder to lie in, or would lie in the home folder, which it
    is there to outlive.
    """
    if to and keep:
        raise InputError("--keep counts the backups in backup_dir; leave out --to, or --keep")
    now = now_utc()
    out = to or _fresh_name(settings.backup_dir, now)
    if out.resolve().is_relative_to(settings.home.resolve()):
        raise InputError(f"{out} lies in the home folder, which a backup must outlive; set backup_dir, or give --to")
    if os.path.lexists(out):
        raise InputError(f"{out} is there already, and no backup replaces a file; name another one")
    if to and not to.parent.is_dir():
        raise InputError(f"there is no folder {to.parent} for the backup; make it first, or name another file")
    with existing_archive(settings) as archive:
        manifest = write_backup(archive, out, now=now, program=version(), advance=advance)
    return BackupReport(out, manifest, tuple(_drop_older(out, keep)) if keep else ())


def backups(folder: Path) -> list[Path]:
    """The backups in a folder that bear a name of ours, the newest first.

    One is as old as its name says, or its file where the name tells of the future; where both do, a clock was wrong,
    and nobody knows: those come last.
    """
    return [path for _, path in _ordered(folder)]


def last_backup(folder: Path) -> datetime | None:
    """When the newest of `backups` was made, UTC; None where there is none, or nobody knows."""
    made = next((order[0] for order, _ in _ordered(folder)), _UNKNOWN)
    return None if made == _UNKNOWN else made


def _ordered(folder: Path) -> list[tuple[tuple[datetime, str, int], Path]]:
    now = now_utc()
    named = ((match, path) for path in folder.glob("*.tar") if (match := _NAME.fullmatch(path.name)))
    return sorted(((_order(match, path, now), path) for match, path in named), reverse=True)


def _order(match: re.Match[str], path: Path, now: datetime) -> tuple[datetime, str, int]:
    told = (_moment(match["stamp"]), datetime.fromtimestamp(path.stat().st_mtime, UTC))
    known = next((moment for moment in told if moment <= now), _UNKNOWN)
    return known, match["stamp"], int(match["number"] or 1)


def _moment(stamp: str) -> datetime:
    """What the stamp in a name says; the end of time when it is no date."""
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def _fresh_name(folder: Path, now: datetime) -> Path:
    stem, number = f"meetings-{now:%Y%m%dT%H%M%SZ}", 1
    while (path := folder / f"{stem}{'' if number == 1 else f'-{number}'}.tar").exists():
        number += 1
    return path


def _drop_older(made: Path, keep: int) -> list[Path]:
    """Deletes all but so many of the backups beside the one just made, which stays whatever the clock says."""
    dropped = [path for path in backups(made.parent) if path != made][keep - 1 :]
    for path in dropped:
        try:
            path.unlink()
        except OSError as error:
            raise file_error(error, f"The older backup {path}") from error
    return dropped


def restore(
    settings: Settings, backup: Path | None = None, *, replace: bool = False, advance: Advance
) -> RestoreReport:
    """Brings a backup back, the newest one unless told otherwise, into a home and a database that are empty.

    With `replace` what is there is moved aside first. Nothing is put in place before every hash is checked. Raises
    `InputError` when there is no backup or no room for it, `Busy` when a run is under way there.
    """
    chosen = backup or next(iter(backups(settings.backup_dir)), None)
    if chosen is None:
        raise InputError(f"there is no backup in {settings.backup_dir}; name one, or set backup_dir")
    url = database_of(settings)
    with no_server(settings.home, then="restore"):
        return _bring_back(settings, url, chosen, replace=replace, advance=advance)


def _bring_back(settings: Settings, url: str | None, chosen: Path, *, replace: bool, advance: Advance) -> RestoreReport:
    home = settings.home
    with restoring(home):
        conclude(home, url)
        _require_room(settings, url, replace=replace)
        manifest = unpack(chosen, home, advance)
        try:
            aside = _replace(home, url, manifest, now_utc(), advance)
        except BaseException:
            # a note that is left tells the next command to take it back
            with suppress(MeetingsError):
                conclude(home, url)
            raise
        conclude(home, url)
        with Archive.open(home, url) as archive:
            require_whole(archive, manifest)
            found = check_articles(archive, busy=False, advance=advance)
            mend_articles(archive, [each.subject for each in found if each.damage is Damage.ARTICLE_FILE_MISSING])
    return RestoreReport(chosen, manifest, aside)


def _replace(home: Path, url: str | None, manifest: Manifest, now: datetime, advance: Advance) -> tuple[str, ...]:
    """Brings database and files in force that were unpacked; where those are now that they replace."""
    # to the microsecond: what two restores of one second replace lies apart
    stamp, address, staged = f"{now:%Y%m%dT%H%M%S%fZ}", address_of(home, url), home / STAGING
    here = address.get_backend_name() == "sqlite"
    if manifest.database != "sqlite" and here:
        raise InputError(
            "This backup is of an archive in PostgreSQL and can be restored only there; set MEETINGS_DATABASE_URL"
        )
    if manifest.database == "sqlite":
        # at today's schema, and with its mail held, before anything is touched
        with Archive.open(staged) as source, source.write() as session:
            _settle(session, now)
    mark = now.isoformat()
    if url is None:
        return put_in_place(home, stamp, mark=mark)
    if here:
        database = Path((address.database or "").removeprefix("file:"))
        with _made_beside(database, staged, advance):
            return put_in_place(home, stamp, mark=mark, elsewhere=database)
    # one transaction from the first move to the last row: nobody sees anything between, and no kill leaves it
    with Archive.open(home, url) as archive, archive.write() as session:
        require_quiet(session, then="restore")
        filled = tables_aside(session, f"before_restore_{stamp}")
        _load(session, staged, archive.name, manifest, now, advance)
        _drop_databases(staged)
        aside = put_in_place(home, stamp, mark=mark, server=address.render_as_string())
        return (f"schema before_restore_{stamp}", *aside) if filled else aside


@contextmanager
def _made_beside(database: Path, staged: Path, advance: Advance) -> Iterator[None]:
    """The unpacked database is there beside a SQLite file outside the home folder, on the same disk."""
    drop_fresh(database)
    try:
        with Archive.open(staged, f"sqlite:///{fresh(database)}") as archive, Archive.open(staged) as source:
            copy_archive(source, archive, advance)
        _drop_databases(staged)
        yield
    finally:
        # a note that is left tells by it whether the new database is in force
        if not (staged / NOTE).exists():
            drop_fresh(database)


@contextmanager
def no_server(home: Path, *, then: str) -> Iterator[None]:
    """Raises `Busy` when `meetings serve` runs for this home; none starts during the block. `then`: the command."""
    path = server_lock(home)
    if not path.exists():
        yield
        return
    with path.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Busy(f"`meetings serve` is running for {home}; stop it, then {then}.") from error
        yield


def database_of(settings: Settings) -> str | None:
    """The URL of a database outside the home folder; None for the one in it.

    Raises `InputError` for any other SQLite file in the home folder: all that lies there is moved aside.
    """
    url = settings.archive_url
    address, home = address_of(settings.home, url), settings.home.resolve()
    if address.get_backend_name() != "sqlite" or not address.database:
        return url
    database = Path(address.database.removeprefix("file:")).resolve()
    if database == home / DATABASE_NAME:
        return None
    if database.is_relative_to(home):
        raise InputError(
            f"The database {database} lies in the home folder, all of which a restore replaces; name a file outside "
            f"{settings.home}, or unset MEETINGS_DATABASE_URL"
        )
    return url


def _settle(s: Session, now: datetime) -> None:
    """Makes what was brought back fit to be used: nobody holds its locks, and no mail goes out by itself.

    What was open when the backup was made may have been mailed since: a person looks first.
    """
    forget_locks(s)
    issues.mark_restored(s, now)
    deliveries.doubt_open(s, deliveries.BEFORE_RESTORE, now=now)


def require_quiet(s: Session, *, then: str) -> None:
    """Raises `Busy` when somebody who lives holds a lock of the archive or is at a backfill; `then`: the command."""
    now = now_utc()
    held = live_locks(s, now, is_gone)
    if held:
        raise Busy(f"A run holds “{next(iter(held))}” there; stop it, or wait for its end, then {then}.")
    if backfills.running(s, now=now, is_gone=is_gone):
        raise Busy(f"A backfill is under way there; stop it, or wait for its end, then {then}.")


def _require_room(settings: Settings, url: str | None, *, replace: bool) -> None:
    """Raises unless home and database are empty, or may be replaced now."""
    used = [f"the home folder {settings.home}"] if occupants(settings.home) else []
    if url is not None or (replace and (settings.home / DATABASE_NAME).exists()):
        try:
            with Archive.open(settings.home, url) as archive, archive.read() as session:
                require_quiet(session, then="restore")
                used += [] if is_empty(session) or url is None else [archive.name[:1].lower() + archive.name[1:]]
        except ArchiveError:
            # what cannot be opened any more is what backups are for
            if not replace or url is not None:
                raise
    if used and not replace:
        raise InputError(f"{' and '.join(used)} is not empty; restore elsewhere, or move it aside with --replace")


def _load(session: Session, staged: Path, name: str, manifest: Manifest, now: datetime, advance: Advance) -> None:
    """Fills a database in PostgreSQL that has no tables of ours."""
    if manifest.database != "sqlite":
        restore_dump(session.connection(), staged / DUMP_NAME)
        bring_up(session.connection(), name)
        _settle(session, now)
        return
    bring_up(session.connection(), name)
    with Archive.open(staged) as source, source.read() as from_:
        copy_rows(from_, session, name, advance)


def _drop_databases(staged: Path) -> None:
    for name in DATABASES:
        (staged / name).unlink(missing_ok=True)
