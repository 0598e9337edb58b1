"""Brings a database to the schema of this program; Alembic is imported only when there is something to do."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from archive.errors import ArchiveError
from archive.models import Base

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0009"
"""The newest revision in archive/migrations/versions."""

# Alembic keeps the migration under way in module globals
_one_at_a_time = threading.Lock()


def migrate(reader: Engine, writer: Engine, name: str) -> None:
    """Upgrades the database to `HEAD` in one transaction; `name` is what its errors call it.

    Processes that open a fresh home at once queue at the writer's lock, and all but the first find the work done.
    """
    with reader.connect() as connection:
        if current_revision(connection) == HEAD:
            return
    with writer.begin() as connection:
        bring_up(connection, name)


def bring_up(connection: Connection, name: str) -> None:
    """As `migrate`, in a writer's transaction that is open already."""
    with _one_at_a_time:
        revision = current_revision(connection)
        if revision is None and (others := own_tables(connection)):
            named = ", ".join(others)
            raise ArchiveError(f"{name} holds tables of another program ({named}); give the archive its own database.")
        if revision != HEAD:
            _upgrade(connection, revision, name)


def own_tables(connection: Connection) -> list[str]:
    """The tables there are whose names are those of an archive, in the order of their names."""
    return sorted(set(Base.metadata.tables).intersection(inspect(connection).get_table_names()))


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for the migrations of this package, on an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection, revision: str | None, name: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise ArchiveError(f"{name} was written by a newer version of this program; upgrade the program to use it.")
    command.upgrade(config, HEAD)
