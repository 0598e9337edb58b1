"""Handling many records at once."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Dialect,
    Table,
    any_,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from archive.columns import K, Words
from archive.models import Base


@contextmanager
def in_bulk() -> Iterator[None]:
    """Python's search for garbage in cycles waits meanwhile.

    Records hold no cycles, and with ten thousand of them the search takes longer than the reading. Decorates, too.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def among(s: Session, column: InstrumentedAttribute[K], keys: Sequence[K]) -> ColumnElement[bool]:
    """Whether a column holds one of these keys. PostgreSQL gets them as one value, for the reason that follows."""
    if s.get_bind().dialect.name == "sqlite":
        return column.in_(keys)
    return column == any_(literal(keys, ARRAY(column.type)))


def insert_many(
    s: Session, kind: type[Base], rows: Sequence[Mapping[str, Any]], *, returning: Sequence[str] = ()
) -> list[tuple[Any, ...]]:
    """Inserts rows of one kind, all of the same columns; of each the values of the columns `returning`, in any order.

    PostgreSQL gets them as one JSON value: with thousands of parameters, taking the statement apart takes longest. What
    is stored as JSON must hold no NUL.
    """
    if not rows:
        return []
    table = cast("Table", kind.__table__)
    wanted = [table.c[name] for name in returning]
    dialect = s.get_bind().dialect
    statement = insert(table)
    if dialect.name != "sqlite":
        columns = [table.c[name] for name in rows[0]]
        told = json.dumps(_plain(rows, table, dialect), default=str, ensure_ascii=False)
        given = func.json_to_recordset(bindparam("rows", told, Words).cast(JSON))
        source = given.table_valued(*(column(each.name, each.type) for each in columns)).render_derived(with_types=True)
        statement = statement.from_select([each.name for each in columns], select(source))
        rows = []
    if not wanted:
        s.execute(statement, list(rows))
        return []
    return [tuple(each) for each in s.execute(statement.returning(*wanted), list(rows))]


def _plain(rows: Sequence[Mapping[str, Any]], table: Table, dialect: Dialect) -> list[dict[str, Any]]:
    """The rows as the database takes each value; what is JSON already stays."""
    ways = {}
    for name in rows[0]:
        kind = table.c[name].type
        ways[name] = None if isinstance(kind, JSON) else kind.dialect_impl(dialect).bind_processor(dialect)
    return [{name: way(row[name]) if way else row[name] for name, way in ways.items()} for row in rows]
