"""One archive's whole content into another that is empty, whatever database each is in; and making room for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, func, insert, inspect, select, text
from sqlalchemy.orm import Session

from archive.errors import ArchiveError, told
from archive.models import Base, LockRow, MetaRow
from archive.store import Archive

_BATCH = 200
_OF_NO_ACCOUNT = (MetaRow.__tablename__, LockRow.__tablename__)
"""Tables in which opening an archive may leave rows."""


def copy_archive(
    source: Archive, target: Archive, advance: Callable[[str, int], None], *, without: Collection[str] = ()
) -> dict[str, int]:
    """Copies every row but the locks in one transaction; how many by table. `advance` is told of each table.

    `without`: names of tables to leave out, to which those that are copied do not refer.

    Raises `ArchiveError` when the target holds anything, or does not give back as much as it was given.
    """
    left = {LockRow.__tablename__, *without}
    tables = [table for table in Base.metadata.sorted_tables if table.name not in left]
    counts = {}
    with source.read() as from_, target.write() as to:
        if not is_empty(to):
            raise ArchiveError(f"{target.name} holds something already; only an empty one can take a whole archive.")
        to.execute(MetaRow.__table__.delete())  # type: ignore[attr-defined]  # a Table, which SQLAlchemy types wider
        for table in tables:
            advance(table.name, len(tables))
            for rows in from_.execute(select(table).execution_options(yield_per=_BATCH)).mappings().partitions():
                to.execute(insert(table), [dict(row) for row in rows])
            count = select(func.count()).select_from(table)
            counts[table.name] = from_.execute(count).scalar_one()
            if to.execute(count).scalar_one() != counts[table.name]:
                raise ArchiveError(f"{target.name} did not take all of {table.name}; nothing was changed, try again.")
        if target.address.get_backend_name() != "sqlite":
            _go_on_counting(to)
    return counts


def is_empty(s: Session) -> bool:
    """Whether an archive holds nothing that was ever polled, imported or written."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in _OF_NO_ACCOUNT]
    return not any(s.execute(select(table).limit(1)).first() for table in tables)


@contextmanager
def room_made(address: URL, name: str) -> Iterator[str]:
    """Moves the tables of an archive aside, and back again when the block fails; where they are, in words.

    In PostgreSQL they go to a schema of this name, and nobody else's tables with them; of SQLite the file is renamed.
    Tables without content leave nothing behind.
    """
    if address.get_backend_name() == "sqlite":
        with _file_aside(Path(address.database or ""), name) as moved:
            yield moved
        return
    engine = create_engine(address)
    try:
        with told(f"The archive {address.render_as_string()}"):
            with engine.begin() as connection:
                home = inspect(connection).default_schema_name or "public"
                tables = _ours(connection)
                empty = is_empty(Session(connection)) if "meta" in tables else True
                connection.execute(text(f'CREATE SCHEMA "{name}"'))
                _move(connection, tables, home, name)
            try:
                yield "" if empty else f"schema {name}"
            except BaseException:
                with engine.begin() as connection:
                    for table in _ours(connection):
                        connection.execute(text(f'DROP TABLE "{home}"."{table}" CASCADE'))
                    _move(connection, tables, name, home)
                    connection.execute(text(f'DROP SCHEMA "{name}"'))
                raise
            if empty:
                with engine.begin() as connection:
                    connection.execute(text(f'DROP SCHEMA "{name}" CASCADE'))
    finally:
        engine.dispose()


@contextmanager
def _file_aside(database: Path, name: str) -> Iterator[str]:
    """As `room_made`: the file with those that SQLite keeps beside it, which an archive that was closed has not."""
    aside = database.with_name(f"{database.name}.{name}")
    there = [suffix for suffix in ("-wal", "-shm", "") if Path(f"{database}{suffix}").exists()]
    for suffix in there:
        Path(f"{database}{suffix}").rename(f"{aside}{suffix}")
    try:
        yield str(aside) if there else ""
    except BaseException:
        for suffix in ("-wal", "-shm", ""):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        for suffix in there:
            Path(f"{aside}{suffix}").rename(f"{database}{suffix}")
        raise


def _ours(connection: Connection) -> list[str]:
    """The tables of an archive that there are, and its schema's revision."""
    known = {*Base.metadata.tables, "alembic_version"}
    return sorted(known.intersection(inspect(connection).get_table_names()))


def _move(connection: Connection, tables: list[str], from_: str, to: str) -> None:
    for table in tables:
        connection.execute(text(f'ALTER TABLE "{from_}"."{table}" SET SCHEMA "{to}"'))


def _go_on_counting(s: Session) -> None:
    """PostgreSQL counts rows that it numbers itself; after rows with numbers of their own it is told where it is."""
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            highest = s.execute(select(func.max(column))).scalar()
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            s.execute(select(func.setval(sequence, highest or 1, highest is not None)))
