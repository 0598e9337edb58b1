"""What the database's and the disk's errors mean to a person; the only place that knows them."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from parsers.records import MeetingsError


class ArchiveError(MeetingsError):
    """The archive cannot be read or written; nothing is half-written, and the sentence says what to do."""


# SQLite's primary result codes (sqlite.org/rescode.html)
_SENTENCES = {
    sqlite3.SQLITE_BUSY: "{name} is locked by another program; wait until it has ended, then try again.",
    sqlite3.SQLITE_LOCKED: "{name} is locked by another program; wait until it has ended, then try again.",
    sqlite3.SQLITE_CORRUPT: "{name} is damaged; restore it from a backup.",
    sqlite3.SQLITE_NOTADB: "{name} is not an archive database; restore it from a backup or choose another home.",
    sqlite3.SQLITE_READONLY: "{name} is read-only; make it and its folder writable or choose another home.",
    sqlite3.SQLITE_PERM: "{name} may not be opened; make it readable and writable or choose another home.",
    sqlite3.SQLITE_CANTOPEN: "{name} cannot be opened; make it and its folder readable and writable.",
    sqlite3.SQLITE_FULL: "{name} cannot grow: the disk is full; free some space, then try again.",
    sqlite3.SQLITE_IOERR: "{name} cannot be read or written: the disk or a size limit refuses; free some space, "
    "check the disk, then try again.",
}

_FILE_SENTENCES = {
    errno.ENOSPC: "{name} cannot be written: the disk is full; free some space, then try again.",
    errno.EDQUOT: "{name} cannot be written: the disk quota is used up; free some space, then try again.",
    errno.EFBIG: "{name} cannot be written: it would exceed the limit for file sizes; raise the limit (ulimit -f).",
    errno.EROFS: "{name} cannot be written: the disk is read-only; choose another home.",
    errno.EACCES: "{name} may not be written; make it and its folder writable or choose another home.",
    errno.EPERM: "{name} may not be written; make it and its folder writable or choose another home.",
    errno.ENOTDIR: "{name} is in the way: a folder is needed here; choose another home or move the file away.",
    errno.EEXIST: "{name} is in the way: a folder is needed here; choose another home or move the file away.",
    errno.EISDIR: "{name} is in the way: a file is needed here; move the folder away.",
}


def database_error(error: DBAPIError, name: str) -> ArchiveError | None:
    """What `error` means for the database called `name`; None when it is a fault of this program."""
    if not isinstance(error.orig, sqlite3.Error):
        reason = str(error.orig).strip().splitlines()[:1]
        return (
            ArchiveError(f"{name} cannot be used: {''.join(reason)}") if isinstance(error, OperationalError) else None
        )
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None and isinstance(error, OperationalError):
        # the one that Python itself raises: text that is not UTF-8
        code = sqlite3.SQLITE_CORRUPT
    sentence = _SENTENCES.get(code & 0xFF) if code is not None else None
    return ArchiveError(sentence.format(name=name)) if sentence is not None else None


def file_error(error: OSError, name: str) -> ArchiveError:
    """What `error` means for the file or folder called `name`."""
    known = _FILE_SENTENCES.get(error.errno or 0)
    return ArchiveError(known.format(name=name) if known else f"{name} cannot be written: {error.strerror or error}")


@contextmanager
def told(name: str) -> Iterator[None]:
    """Raises `ArchiveError` in place of the database's own errors inside the block."""
    try:
        yield
    except DBAPIError as error:
        sentence = database_error(error, name)
        if sentence is None:
            raise
        raise sentence from error
