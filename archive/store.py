"""Opens the archive of a home folder and hands out transactions.

SQLite by default (WAL, one writer at a time, readers never wait); PostgreSQL by its SQLAlchemy URL. An
`Archive` may be shared by threads; a process that forks opens its own.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from archive.errors import ArchiveError, file_error, told
from archive.schema import migrate
from parsers.records import InputError

__all__ = ["BUSY_TIMEOUT", "DATABASE_NAME", "Archive", "ArchiveError", "address_of", "file_of"]

DATABASE_NAME = "archive.db"
BUSY_TIMEOUT = 30
"""Seconds a writer waits for another one before it gives up; `?timeout=` in a SQLite URL sets another value."""
WRITER_IDLE = 300
"""Seconds a writer may say nothing to PostgreSQL in the middle of a transaction, before it counts as gone."""

_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
# of libpq's parameters: password, sslpassword, oauth_client_secret, scram_client_key
_SECRET = re.compile("password|secret|_key$")
# any constant will do; it must be the same in every process (PostgreSQL manual, 13.3.5 Advisory Locks)
_WRITER_LOCK = 0x43564D
_ONE_WRITER = text(
    "SELECT set_config('lock_timeout', :wait, true), set_config('idle_in_transaction_session_timeout', :idle, true), "
    "pg_advisory_xact_lock(:lock)"
)


class Archive:
    """The catalogue of one home folder. Use `Archive.open`."""

    def __init__(self, home: Path, engine: Engine, name: str) -> None:
        self.home = home
        self.name = name
        self._engine = engine
        # a writer sees what others committed while it waited for its turn
        level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"}
        self._writer = engine.execution_options(writes=True, **level)
        self._may_write: Callable[[Session], None] = lambda _: None

    @classmethod
    def open(cls, home: Path, url: str | None = None) -> Archive:
        """Opens the archive of `home`, made with mode 0700 if need be, and brings its schema up to date.

        `url` is a SQLAlchemy URL that replaces `home/archive.db`. Raises `ArchiveError` when the folder or the
        database cannot be used, `InputError` when `url` cannot be read.
        """
        _make_home(home)
        address = address_of(home, url)
        name = address.database if address.get_backend_name() == "sqlite" else address.render_as_string()
        archive = cls(home, _engine(address), f"The archive {name}")
        try:
            with told(archive.name):
                migrate(archive._engine, archive._writer, archive.name)
        except BaseException:
            archive.close()
            raise
        return archive

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that may write: committed at the end, rolled back on any error.

        There is one writer at a time in the whole archive, so what it has read stays true until it commits. Keep
        network and other slow work outside. Raises `ArchiveError` when the database refuses.
        """
        with told(self.name), Session(self._writer, expire_on_commit=False) as session, session.begin():
            self._may_write(session)
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state of the archive throughout; what it writes is thrown away."""
        with told(self.name), Session(self._engine) as session:
            yield session

    def ask_before_writing(self, may_write: Callable[[Session], None]) -> None:
        """From now on `may_write` is asked in each transaction of `write` before anything else; it raises for no."""
        self._may_write = may_write

    def prove_writable(self) -> None:
        """Raises `ArchiveError` when the home folder or the database takes no writes; changes nothing."""
        if not os.access(self.home, os.W_OK | os.X_OK):
            raise ArchiveError(f"The home folder {self.home} may not be written; make it writable or choose another.")
        with self.write() as session:
            session.execute(text("UPDATE meta SET value = value WHERE key IS NULL"))

    @property
    def address(self) -> URL:
        """Where the database is, its password included."""
        return self._engine.url

    def close(self) -> None:
        """Gives all connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(error, f"The home folder {home}") from error


def address_of(home: Path, url: str | None) -> URL:
    """Where the database of a home folder is. Raises `InputError` when `url` cannot be read."""
    if url is None:
        return URL.create("sqlite", database=str(home / DATABASE_NAME))
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # its own words may quote the password
        raise InputError("The database URL cannot be read; write sqlite:///FILE or postgresql+psycopg://…") from None
    if address.drivername not in _DRIVERS:
        raise InputError(
            f"The database URL begins with {address.drivername}://, which is not supported; for PostgreSQL write "
            "postgresql+psycopg:// instead, for SQLite sqlite:///"
        )
    if address.get_backend_name() == "sqlite" and (address.host or address.username or address.port):
        # its path would be taken for a file of the current folder
        raise InputError("The database URL of a SQLite file has three slashes, four before a full path: sqlite:///FILE")
    try:
        address.get_dialect().import_dbapi()
    except ImportError as error:
        raise InputError(
            "The database URL needs psycopg, which is not installed; get it with: "
            "pip install 'china-vietnam-meetings[postgresql]'"
        ) from error
    if (address.host and "@" in address.host) or any(_SECRET.search(key) for key in address.query):
        raise InputError(
            "The database URL must hold the password between user and host, where it can be hidden, with %40 for each "
            "@ in it: postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        )
    return address


def file_of(address: URL) -> Path | None:
    """The file of a SQLite database; None for one in memory or named by a URI, and for any other database."""
    file = address.database
    on_disk = address.get_backend_name() == "sqlite" and file and not file.startswith((":memory:", "file:"))
    return Path(file) if on_disk and file else None


def _engine(address: URL) -> Engine:
    if address.get_backend_name() != "sqlite":
        waits = {} if "connect_timeout" in address.query else {"connect_timeout": BUSY_TIMEOUT}
        engine = create_engine(
            address,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
            connect_args=waits,
            hide_parameters=True,  # recipients' addresses among them
        )
        event.listen(engine, "begin", _begin_elsewhere)
        return engine
    waits = {} if "timeout" in address.query else {"timeout": BUSY_TIMEOUT}
    _make_private(file_of(address))
    engine = create_engine(address, connect_args=waits, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(file: Path | None) -> None:
    """The database holds recipients' addresses; SQLite gives its side files the mode of the main one."""
    try:
        if file:
            file.touch(mode=0o600)
    except OSError as error:
        raise file_error(error, f"The archive {file}") from error


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """The SQLAlchemy manual's recipe (SQLite dialect, "Serializable isolation"): transactions begin where we say."""
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - tells mypy which driver this is
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_elsewhere(connection: Connection) -> None:
    """One writer at a time elsewhere too, so that the same code is right on both.

    The server gives up a writer whose machine was suspended in the middle: everybody else waits for it.
    """
    if connection.get_execution_options().get("writes", False):
        waits = {"wait": f"{BUSY_TIMEOUT}s", "idle": f"{WRITER_IDLE}s", "lock": _WRITER_LOCK}
        connection.execute(_ONE_WRITER, waits)
