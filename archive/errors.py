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


class DamagedError(ArchiveError):
    """The database is there and gives back what it was not given; only a backup helps."""


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

_LOST = "{name}: the connection broke ({reason}); nothing is half-written, try again when the server is there."
_REFUSED = "{name} refuses us ({reason}); check the user, the password and the rights in the database URL."
_FULL = "{name} cannot grow ({reason}); free some space on the server, then try again."
_BUSY = "{name} is locked by another program ({reason}); wait until it has ended, then try again."
_DAMAGED = "{name} is damaged ({reason}); restore it from a backup."

# PostgreSQL's codes, and below them their classes (PostgreSQL manual, appendix A)
_STATES = {
    "25006": "{name} is read-only ({reason}); make it writable or use another server.",
    "25P03": "{name} gave this program up as too slow ({reason}); nothing is half-written, try again.",
    "42501": _REFUSED,
    "53100": _FULL,
    "55P03": _BUSY,
    "57014": "{name} stopped a command ({reason}); nothing is half-written, try again.",
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
    "08": _LOST,
    "28": _REFUSED,
    "3D": "{name} does not exist ({reason}); make it or mend the database URL.",
    "40": _BUSY,
    "53": "{name} has no room left for us ({reason}); try again later.",
    "57": _LOST,
    "58": "{name} cannot be read or written ({reason}); check the disk of the server, then try again.",
}

_DENIED = (
    "{name} may not be read or written: access is denied; make it and its folder readable and writable for this user, "
    "or choose another home."
)
_FILE_SENTENCES = {
    errno.ENOSPC: "{name} cannot be written: the disk is full; free some space, then try again.",
    errno.EDQUOT: "{name} cannot be written: the disk quota is used up; free some space, then try again.",
    errno.EFBIG: "{name} cannot be written: it would exceed the limit for file sizes; raise the limit (ulimit -f).",
    errno.EROFS: "{name} cannot be written: the disk is read-only; choose another home.",
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.ENOTDIR: "{name} is in the way: a folder is needed here; choose another home or move the file away.",
    errno.EEXIST: "{name} is in the way: a folder is needed here; choose another home or move the file away.",
    errno.EISDIR: "{name} is in the way: a file is needed here; move the folder away.",
    errno.EIO: "{name} cannot be read or written: the disk reports an error; check the disk, then try again.",
    errno.EMFILE: "{name} cannot be opened: too many files are open; raise the limit (ulimit -n).",
    errno.ENFILE: "{name} cannot be opened: too many files are open on this machine; try again later.",
}


def database_error(error: DBAPIError, name: str) -> ArchiveError | None:
    """What `error` means for the database called `name`; None when it is a fault of this program."""
    if not isinstance(error.orig, sqlite3.Error):
        return _server_error(error, name)
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None and isinstance(error, OperationalError):
        # the one that Python itself raises: text that is not UTF-8
        code = sqlite3.SQLITE_CORRUPT
    sentence = _SENTENCES.get(code & 0xFF) if code is not None else None
    if sentence is None or code is None:
        return None
    damaged = code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return (DamagedError if damaged else ArchiveError)(sentence.format(name=name))


def _server_error(error: DBAPIError, name: str) -> ArchiveError | None:
    """The same for a database behind a connection; without a code the connection itself is the matter."""
    code = getattr(error.orig, "sqlstate", None) or ""
    sentence = _STATES.get(code) or _STATES.get(code[:2])
    if sentence is None and (error.connection_invalidated or (not code and isinstance(error, OperationalError))):
        sentence = _LOST
    if sentence is None and isinstance(error, OperationalError):
        sentence = "{name} cannot be used: {reason}"
    reason = "".join(str(error.orig).strip().splitlines()[:1]).rstrip(".")
    if sentence is None:
        return None
    return (DamagedError if sentence == _DAMAGED else ArchiveError)(sentence.format(name=name, reason=reason))


def file_error(error: OSError, name: str) -> ArchiveError:
    """What `error` means for the file or folder called `name`."""
    known = _FILE_SENTENCES.get(error.errno or 0, "{name} cannot be used: {reason}")
    return ArchiveError(known.format(name=name, reason=error.strerror or error))


@contextmanager
def told(name: str) -> Iterator[None]:
    """Raises `ArchiveError` in place of the database's own errors inside the block.

    One that is a fault of this program stays what it is, without the values that PostgreSQL quotes behind its first
    line: recipients' addresses may be among them, and every log would show them.
    """
    try:
        yield
    except DBAPIError as error:
        sentence = database_error(error, name)
        if sentence is None:
            error.args = tuple(str(error.args[0]).splitlines()[:1])
            raise error from None
        raise sentence from error
