"""`meetings verify` and `meetings repair`: what is wrong with a home folder, and what of it can be mended."""

from __future__ import annotations

import email
import email.policy
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive import issues, mending
from archive.backup import unreadable
from archive.checks import (
    Damage,
    Damaged,
    check_articles,
    check_database,
    check_issues,
    check_raw,
    content_of,
)
from archive.errors import ArchiveError, DamagedError
from archive.locks import live_locks
from archive.restoring import SET_ASIDE
from archive.store import Archive
from flows import issuing
from flows.opening import existing_archive
from flows.owner import is_gone
from flows.settings import Settings
from flows.steps import alone, now_utc
from parsers.records import Advance
from reports.issue_files import FOLDER
from reports.week import parse_week

log = logging.getLogger(__name__)

_OF_ISSUES = {Damage.ISSUE_FILE_MISSING, Damage.ISSUE_FILE_CHANGED}
_IN_THE_WAY = {Damage.ARTICLE_FILE_CHANGED, Damage.ISSUE_FILE_CHANGED, Damage.FILE_UNKNOWN}


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What was mended, and what was not; `aside` is where what was moved lies, if anything was."""

    mended: tuple[Damaged, ...]
    left: tuple[Damaged, ...]
    aside: Path | None


def verify(settings: Settings, advance: Advance) -> list[Damaged]:
    """All that is wrong with the archive and its files; nothing is changed, and an ingest under way is no damage.

    Raises `ArchiveError` when it cannot be looked at: access is denied, the server is away.
    """
    try:
        with existing_archive(settings) as archive:
            with archive.read() as session:
                since = live_locks(session, now_utc(), is_gone).get("ingest")
            return list(_damages(settings, archive, advance, since=since))
    except DamagedError as error:
        return [_unreadable(error)]


def _damages(
    settings: Settings, archive: Archive, advance: Advance, *, since: datetime | None = None
) -> Iterator[Damaged]:
    """`since`: when the ingest under way began."""
    yield from _guarded(check_database(archive))
    yield from _guarded(check_articles(archive, busy=since is not None, advance=advance))
    yield from _guarded(check_issues(archive))
    yield from check_raw(settings.home, since=since, advance=advance)
    yield from _guarded(_check_issue_files(settings, archive, advance))


def _guarded(check: Iterator[Damaged]) -> Iterator[Damaged]:
    """What a check finds, and that it could not go on: the database gives nothing back, or no record of ours."""
    try:
        yield from check
    except (DamagedError, ValueError, LookupError) as error:
        log.debug("a check could not go on", exc_info=True)
        yield _unreadable(error)


def _unreadable(error: Exception) -> Damaged:
    return Damaged(Damage.DATABASE_DAMAGED, "database", str(error))


def _check_issue_files(settings: Settings, archive: Archive, advance: Advance) -> Iterator[Damaged]:
    """The files of every closed issue against what was closed; those of an open one are made anew each time."""
    with archive.read() as session:
        closed = issues.closed_issues(session, settings.zone)
    for stored in closed:
        advance(stored.week, len(closed))
        for name, content in _issue_files(settings, archive, stored.week).items():
            path = f"{FOLDER}/{stored.week}/{name}"
            try:
                found = content_of(settings.home / path)
            except FileNotFoundError:
                yield Damaged(Damage.ISSUE_FILE_MISSING, path, f"The closed issue {stored.week} lacks this file.")
                continue
            except OSError as error:
                yield Damaged(Damage.ISSUE_FILE_CHANGED, path, str(unreadable(settings.home / path, error)))
                continue
            if not _same(name, found, content):
                yield Damaged(Damage.ISSUE_FILE_CHANGED, path, f"It is not what was closed as issue {stored.week}.")


def _issue_files(settings: Settings, archive: Archive, week: str) -> dict[str, bytes]:
    files = issuing.files_of(settings, issuing.compose(settings, archive, (), parse_week(week)))
    return {name: content if isinstance(content, bytes) else content.encode() for name, content in files.items()}


def _same(name: str, found: bytes, content: bytes) -> bool:
    """Whether a file holds what it should; of a mail all but the sender's words, which a setting may change."""
    return found == content or (name.endswith(".eml") and _said(found) == _said(content))


def _said(mail: bytes) -> list[object]:
    message = email.message_from_bytes(mail, policy=email.policy.default)
    parts = [(part.get_content_type(), part.get_content()) for part in message.walk() if not part.is_multipart()]
    return [message["Subject"], message["Date"], *parts]


def repair(settings: Settings, advance: Advance) -> RepairReport:
    """Mends what can be mended without loss. No ingest runs meanwhile: raises `archive.locks.Busy` when one does.

    Raises `archive.locks.LeaseLost` before it moves or writes a file when an ingest took over from it.
    """
    now = now_utc()
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    with existing_archive(settings) as archive, alone(archive, "ingest") as lease:
        found = list(_damages(settings, archive, advance))
        moved = [each for each in found if _mend_file(settings.home, each, stamp, check=lease.check)]
        names = [each.subject for each in moved if each.subject.startswith("articles/")]
        mending.mend_articles(archive, names, check=lease.check)
        weeks = {each.subject.split("/")[1] for each in moved if each.damage in _OF_ISSUES}
        for week in sorted(weeks):
            issue = issuing.compose(settings, archive, (), parse_week(week))
            lease.check()
            issuing.write(settings, issue, None)
        left = list(_damages(settings, archive, advance))
    aside = settings.home / SET_ASIDE / stamp
    mended = tuple(each for each in moved if each.damage.mendable and each not in left)
    return RepairReport(mended, tuple(left), aside if aside.is_dir() else None)


def _mend_file(home: Path, damaged: Damaged, stamp: str, *, check: Callable[[], None]) -> bool:
    """Whether nothing of it is in the way any more; what the disk does not give is left, and the others are mended."""
    check()
    try:
        if damaged.damage in _IN_THE_WAY:
            mending.set_aside(home, damaged.subject, stamp)
        elif damaged.damage in (Damage.RAW_CUT, Damage.RAW_DAMAGED):
            mending.mend_raw(home, damaged.subject, stamp)
    except ArchiveError as error:
        log.warning("%s", error)
        return False
    return True
