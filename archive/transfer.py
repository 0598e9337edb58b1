"""One archive's whole content into another that is empty, whatever database each is in; and making room for it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sqlalchemy import func, insert, inspect, select, text
from sqlalchemy.orm import Session

from archive.errors import ArchiveError
from archive.models import Base, LockRow, MetaRow
from archive.schema import own_tables
from archive.store import Archive
from parsers.records import Advance

_BATCH = 200
_OF_NO_ACCOUNT = (MetaRow.__tablename__, LockRow.__tablename__)
"""Tables in which opening an archive may leave rows."""
_MOVED = "moved_to"


def copy_archive(
    source: Archive, target: Archive, advance: Advance, *, without: Collection[str] = ()
) -> dict[str, int]:
    """Copies every row but the locks in one transaction; how many by table. `advance` is told of each table.

    `without`: names of tables to leave out, to which those that are copied do not refer.

    Raises `ArchiveError` when the target holds anything, or does not give back as much as it was given.
    """
    with source.read() as from_, target.write() as to:
        return copy_rows(from_, to, target.name, advance, without=without)


def copy_rows(
    from_: Session, to: Session, name: str, advance: Advance, *, without: Collection[str] = ()
) -> dict[str, int]:
    """As `copy_archive`, in transactions that are open already; `name`: what errors call the target."""
    left = {LockRow.__tablename__, *without}
    tables = [table for table in Base.metadata.sorted_tables if table.name not in left]
    counts = {}
    if not is_empty(to):
        raise ArchiveError(f"{name} holds something already; only an empty one can take a whole archive.")
    to.execute(MetaRow.__table__.delete())  # type: ignore[attr-defined]  # a Table, which SQLAlchemy types wider
    for table in tables:
        advance(table.name, len(tables))
        for rows in from_.execute(select(table).execution_options(yield_per=_BATCH)).mappings().partitions():
            to.execute(insert(table), [dict(row) for row in rows])
        count = select(func.count()).select_from(table)
        counts[table.name] = from_.execute(count).scalar_one()
        if to.execute(count).scalar_one() != counts[table.name]:
            raise ArchiveError(f"{name} did not take all of {table.name}; nothing was changed, try again.")
    if to.get_bind().dialect.name != "sqlite":
        _go_on_counting(to)
    return counts


def is_empty(s: Session) -> bool:
    """Whether an archive holds nothing that was ever polled, imported or written."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in _OF_NO_ACCOUNT]
    return not any(s.execute(select(table).limit(1)).first() for table in tables)


def contents(s: Session, advance: Advance) -> dict[str, str]:
    """What each table but that of the locks holds, in one word: the same for the same rows, in whatever order."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != LockRow.__tablename__]
    found = {}
    for table in tables:
        advance(table.name, len(tables))
        rows = s.execute(select(table).execution_options(yield_per=_BATCH))
        # databases sort text each in its own way, so the order must not matter: the sum of the rows' hashes
        whole = sum(int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest()) for row in rows)
        found[table.name] = f"{whole % 2**256:064x}"
    return found


def be_patient(*sessions: Session) -> None:
    """Lets writers be silent for long in the middle of a transaction, while another database is at its part."""
    for s in sessions:
        if s.get_bind().dialect.name != "sqlite":
            s.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def note_move(s: Session, to: str) -> None:
    """From now on the archive is `to`, and this is a copy of the past."""
    s.merge(MetaRow(key=_MOVED, value=to))


def moved_to(s: Session) -> str | None:
    """Where an archive is by now, as `note_move` was told; None while it is this one."""
    row = s.get(MetaRow, _MOVED)
    return row.value if row is not None else None


def tables_aside(s: Session, name: str) -> bool:
    """Moves the tables of an archive in PostgreSQL to a schema of this name, and nobody else's; whether they held any.

    In the transaction of `s`, a writer's, so that all is as it was unless that commits. Empty ones are dropped.
    """
    connection = s.connection()
    home = inspect(connection).default_schema_name or "public"
    empty = is_empty(s)
    connection.execute(text(f'CREATE SCHEMA "{name}"'))
    for table in (*own_tables(connection), "alembic_version"):
        connection.execute(text(f'ALTER TABLE "{home}"."{table}" SET SCHEMA "{name}"'))
    if empty:
        connection.execute(text(f'DROP SCHEMA "{name}" CASCADE'))
    return not empty


def _go_on_counting(s: Session) -> None:
    """PostgreSQL counts rows that it numbers itself; after rows with numbers of their own it is told where it is."""
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            highest = s.execute(select(func.max(column))).scalar()
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            s.execute(select(func.setval(sequence, highest or 1, highest is not None)))
