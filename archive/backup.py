"""One backup, one `.tar`: `manifest.json`, the database, then the files of the home folder that cannot be made again.

    manifest.json    what the rest is, with the SHA-256 of each member; read first, written last
    archive.db       the database by SQLite's online backup, or archive.dump by pg_dump
    articles/ raw/ issues/

It is taken while others work: the database is one snapshot, and of a raw file that grows the whole records are taken.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from archive import files, pgtools, warc
from archive.errors import ArchiveError, file_error
from archive.models import Base
from archive.schema import current_revision
from archive.store import DATABASE_NAME, Archive
from archive.warcscan import whole_length
from parsers.records import Advance

MANIFEST = "manifest.json"
DUMP_NAME = "archive.dump"
ISSUES = "issues"
FOLDERS = (files.FOLDER, warc.FOLDER, ISSUES)
"""What a backup holds of the home folder beside the database."""
FORMAT = 1
_FRESH = dt.timedelta(days=1)
"""A raw file that changed later than this before a backup may be growing still."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a backup; `size` in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `schema`: the database's revision; `counts`: rows by table; `made_at`: ISO 8601, UTC."""

    program: str
    made_at: str
    database: str
    schema: str
    counts: Mapping[str, int]
    members: tuple[Member, ...]
    format: int = FORMAT

    def to_json(self) -> bytes:
        """As it stands in the backup."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()


def write_backup(archive: Archive, out: Path, *, now: dt.datetime, program: str, advance: Advance) -> Manifest:
    """Writes a backup to `out`, whole or not at all, readable by its owner alone; `program`: this one's version.

    Raises `ArchiveError` when something cannot be read or written, or the archive is damaged.
    """
    room = out.with_name(".backup.part")
    try:
        out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # nobody else writes backups here now, so what lies there was left by one that was killed
        with files.sole_writer(out.parent):
            files.clear(room)
            room.mkdir(mode=0o700)
            try:
                manifest = _write(archive, room, Manifest(program, now.isoformat(), "", "", {}, ()), advance)
                (room / "backup.tar").replace(out)
                files.sync_folder(out.parent)
            finally:
                files.clear(room)
    except OSError as error:
        raise file_error(error, f"The backup {out}") from error
    return manifest


def _write(archive: Archive, room: Path, facts: Manifest, advance: Advance) -> Manifest:
    # an article is stored before its file is written, so that the snapshot, taken next, knows each file listed here
    articles = list(_files(archive.home, files.FOLDER))
    advance("database", 0)
    name, schema, counts = _snapshot(archive, room / "database")
    facts = replace(facts, database=archive.address.get_backend_name(), schema=schema, counts=counts)
    listed = [
        (name, room / "database"),
        *articles,
        *_files(archive.home, warc.FOLDER),
        *_files(archive.home, ISSUES),
    ]
    with os.fdopen(os.open(room / "backup.tar", os.O_RDWR | os.O_CREAT, 0o600), "w+b") as file:
        manifest = _pack(file, listed, facts, advance)
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _pack(file: IO[bytes], listed: list[tuple[str, Path]], facts: Manifest, advance: Advance) -> Manifest:
    """Writes the files behind a manifest, which is filled in last: room for the longest that it can become is left."""
    longest = replace(facts, members=tuple(Member(path, 10**18, "0" * 64) for path, _ in listed))
    size, now = len(longest.to_json()), dt.datetime.fromisoformat(facts.made_at)
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        start = _add(tar, MANIFEST, io.BytesIO(b" " * size), size, when=now)
        members = []
        for path, found in listed:
            advance(path, len(listed))
            members += _member(tar, path, found, fresh=now - _FRESH)
    manifest = replace(facts, members=tuple(members))
    file.seek(start)
    file.write(manifest.to_json().ljust(size))
    return manifest


def _files(home: Path, folder: str) -> Iterator[tuple[str, Path]]:
    """The files below a folder of the home by their paths there; what is only being written has a name with a dot."""
    for path in sorted((home / folder).rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield path.relative_to(home).as_posix(), path


def _member(tar: tarfile.TarFile, path: str, found: Path, *, fresh: dt.datetime) -> list[Member]:
    """Adds one file; none when it has gone meanwhile. A raw file that changed since `fresh` may be growing."""
    try:
        file = found.open("rb")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(found, error) from error
    with file:
        stat = os.fstat(file.fileno())
        when = dt.datetime.fromtimestamp(int(stat.st_mtime), dt.UTC)
        growing = PurePosixPath(path).parts[0] == warc.FOLDER and when > fresh
        reader = _Hashing(file, found)
        size = whole_length(found) if growing else stat.st_size
        try:
            _add(tar, path, reader, size, when=when, mode=stat.st_mode & 0o700)
        except tarfile.TarError as error:
            raise ArchiveError(f"The file {found} changed while it was read; try again.") from error
    return [Member(path, size, reader.sha256.hexdigest())]


def _add(
    tar: tarfile.TarFile, path: str, file: IO[bytes] | _Hashing, size: int, *, when: dt.datetime, mode: int = 0o600
) -> int:
    """Adds `size` bytes of a file; where in the archive they begin."""
    info = tarfile.TarInfo(path)
    info.size, info.mode, info.mtime = size, mode, int(when.timestamp())
    start = tar.offset + len(info.tobuf(tarfile.PAX_FORMAT))
    tar.addfile(info, file)  # type: ignore[arg-type]  # it needs no more than read()
    return start


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path
        self.sha256 = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """The next bytes; raises `ArchiveError` when they cannot be read."""
        try:
            data = self._file.read(size)
        except OSError as error:
            raise unreadable(self._path, error) from error
        self.sha256.update(data)
        return data


def _snapshot(archive: Archive, out: Path) -> tuple[str, str, dict[str, int]]:
    """Writes one state of the database to `out`; its name in the backup, its schema and the rows of each table."""
    with archive.read() as session:
        connection = session.connection()
        counts, schema = _count_rows(connection), current_revision(connection) or ""
        if archive.address.get_backend_name() != "sqlite":
            exported = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            pgtools.dump(archive.address, ["alembic_version", *counts], exported, out)
            return DUMP_NAME, schema, counts
        with _sqlite_errors(), closing(sqlite3.connect(out)) as copy:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)  # noqa: S101 - tells mypy which driver this is
            source.backup(copy)
            _check_sqlite(copy, archive.name)
    return DATABASE_NAME, schema, counts


def unreadable(path: Path, error: OSError) -> ArchiveError:
    """What an error in reading a file means."""
    return ArchiveError(f"The file {path} cannot be read: {error.strerror or error}; check the disk.")


def _count_rows(connection: Connection) -> dict[str, int]:
    """The rows of each table of ours."""
    tables = Base.metadata.sorted_tables
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def _check_sqlite(database: sqlite3.Connection, name: str) -> None:
    """Raises `ArchiveError` when the pages of a database are damaged: such a one takes no good backup's place."""
    problems = [row[0] for row in database.execute("PRAGMA quick_check(1)")]
    if problems != ["ok"]:
        raise ArchiveError(f"{name} is damaged ({problems[0]}); restore it from a backup.")


@contextmanager
def _sqlite_errors() -> Iterator[None]:
    """The driver's own errors as SQLAlchemy wraps them, so that `told` knows them."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError("backup", None, error) from error
