"""Putting in place what a restore unpacked, so that nothing that ends it in the middle leaves half of it.

What is moved where is noted before the first move, and the database comes into force after the last one. A kill leaves
the note: whoever comes next to the home folder takes the moves back, unless that database is in force.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from archive import files, issues
from archive.errors import ArchiveError, file_error
from archive.locks import Busy
from archive.restoring import SET_ASIDE, STAGING, occupants
from archive.store import DATABASE_NAME, Archive, address_of
from parsers.records import InputError

NOTE = "moves.json"
"""The note, in the staging folder."""
_BESIDE = ("-shm", "-wal", "")
"""What SQLite adds to a database's name for the files beside it; the database itself last."""


@dataclass(frozen=True, slots=True)
class _Note:
    """From where to where, in this order: what is replaced goes `aside`, then what is `new` takes its place.

    Paths in the home folder are relative to it. `server`: the database in PostgreSQL that goes with it, which is in
    force when it was restored at `mark`; where that is empty, the last move is the one that brings the database.
    """

    aside: list[tuple[str, str]]
    new: list[tuple[str, str]]
    mark: str
    server: str


@contextmanager
def restoring(home: Path) -> Iterator[None]:
    """One restore at a time in a home folder, made if need be; raises `Busy` when there is another one."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(home, os.O_RDONLY)
    except OSError as error:
        raise file_error(error, f"The home folder {home}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            # the folder is locked as well while a heartbeat is written, or the operator mailed (`files.sole_writer`)
            raise Busy(
                f"A restore is under way in {home}, or its operator is being mailed; wait for the end, then try again."
            ) from error
        yield
    finally:
        os.close(descriptor)


def settle_restore(home: Path, url: str | None) -> None:
    """`conclude` for a restore that was killed here; raises `Busy` when it is under way."""
    try:
        cut_off = (home / STAGING / NOTE).exists()
    except OSError as error:
        raise file_error(error, f"The home folder {home}") from error
    if cut_off:
        with restoring(home):
            conclude(home, url)


def conclude(home: Path, url: str | None) -> None:
    """Leaves nothing of a restore but its outcome: the moves are taken back unless the new database is in force.

    Raises `ArchiveError` when something cannot be moved or the database does not answer, `InputError` when another one
    is named by now: then the note stays.
    """
    try:
        path = home / STAGING / NOTE
        if path.exists():
            note = _read(path)
            if not _in_force(home, url, note):
                _take_back(home, note)
        _forget(home)
    except OSError as error:
        raise file_error(error, f"The home folder {home}") from error


def _read(path: Path) -> _Note:
    try:
        return _Note(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ArchiveError(
            f"{path}, the note of a restore that was cut off, is damaged or of another version of this program; use "
            "the version that began it, or restore into another home folder."
        ) from error


def _forget(home: Path) -> None:
    """Removes what the restore unpacked; first the note, which would take the home's own files for moved ones."""
    note = home / STAGING / NOTE
    if note.exists():
        note.unlink()
        files.sync_folder(note.parent)
    files.clear(home / STAGING)


def _in_force(home: Path, url: str | None, note: _Note) -> bool:
    if not note.server:
        return not os.path.lexists(home / note.new[-1][0])
    if address_of(home, url).render_as_string() != note.server:
        raise InputError(
            f"a restore into {home} and {note.server} was cut off; set MEETINGS_DATABASE_URL to that database again"
        )
    # a writer comes after whatever that transaction came to
    with Archive.open(home, url) as archive, archive.write() as session:
        restored = issues.restored_at(session)
    return restored is not None and restored.isoformat() == note.mark


def put_in_place(
    home: Path, stamp: str, *, mark: str, server: str = "", elsewhere: Path | None = None
) -> tuple[str, ...]:
    """Puts what was unpacked into the home, after what is there was moved aside; where that is now.

    `mark` and `server` as in the note. `elsewhere`: the SQLite file outside the home folder whose place the one under
    its name of `fresh` takes. The database goes first and comes last, so that a home between the two is never taken for
    an archive. Raises `ArchiveError` when that fails; then, and after Ctrl-C, all is back where it was.
    """
    aside, old = home / SET_ASIDE / f"before-restore-{stamp}", occupants(home)
    to_aside = [(path, aside / path.name) for path in sorted(old, key=_is_database, reverse=True)]
    new = [(path, home / path.name) for path in sorted((home / STAGING).iterdir(), key=_is_database)]
    places = [str(aside)] if old else []
    if elsewhere:
        kept = elsewhere.with_name(f"{elsewhere.name}.before_restore_{stamp}")
        replaced = _beside(elsewhere, kept)
        to_aside, new = [*reversed(replaced), *to_aside], [*new, *_beside(fresh(elsewhere), elsewhere)]
        places += [str(kept)] if replaced else []
    note = _Note(_named(home, to_aside), _named(home, new), mark, server)
    try:
        try:
            if old:
                aside.mkdir(mode=0o700, parents=True)
            files.write_atomically(home / STAGING / NOTE, json.dumps(asdict(note)).encode(), mode=files.PRIVATE)
            _make(home, [*note.aside, *note.new])
        except BaseException:
            _take_back(home, note)
            _forget(home)
            raise
    except OSError as error:
        raise file_error(error, f"The home folder {home}") from error
    return tuple(places)


def fresh(database: Path) -> Path:
    """Where a SQLite file outside the home folder is made before it takes its place."""
    return database.with_name(f"{database.name}.restoring")


def drop_fresh(database: Path) -> None:
    """Removes what was made there."""
    for suffix in _BESIDE:
        Path(f"{fresh(database)}{suffix}").unlink(missing_ok=True)


def _beside(from_: Path, to: Path) -> list[tuple[Path, Path]]:
    """Those of a database's files that there are, each with its place; the database itself last."""
    return [(Path(f"{from_}{each}"), Path(f"{to}{each}")) for each in _BESIDE if Path(f"{from_}{each}").exists()]


def _is_database(path: Path) -> bool:
    return path.name.startswith(DATABASE_NAME)


def _named(home: Path, moves: Sequence[tuple[Path, Path]]) -> list[tuple[str, str]]:
    def name(path: Path) -> str:
        return str(path.relative_to(home) if path.is_relative_to(home) else path.absolute())

    return [(name(from_), name(to)) for from_, to in moves]


def _make(home: Path, moves: Sequence[tuple[str, str]]) -> None:
    for number, (from_, to) in enumerate(moves, start=1):
        if number == len(moves):
            # whoever finds the last one made takes the others for made
            _sync(home, moves)
        (home / from_).rename(home / to)
    _sync(home, moves)


def _take_back(home: Path, note: _Note) -> None:
    """Takes back those of the moves that were made; again, if need be."""
    moves = [*note.aside, *note.new]
    for from_, to in reversed(moves):
        if os.path.lexists(home / to) and not os.path.lexists(home / from_):
            (home / to).rename(home / from_)
    _sync(home, moves)
    for from_, _ in note.new:
        if Path(from_).is_absolute():
            Path(from_).unlink(missing_ok=True)
    for folder in dict.fromkeys((home / to).parent for _, to in note.aside):
        # those of our own that are empty
        if folder.is_relative_to(home / SET_ASIDE):
            with suppress(OSError):
                folder.rmdir()
                folder.parent.rmdir()


def _sync(home: Path, moves: Sequence[tuple[str, str]]) -> None:
    for folder in {(home / path).parent for move in moves for path in move}:
        if folder.is_dir():
            files.sync_folder(folder)
