"""An archive with a long past, written in bulk: twenty years of news behind a weekly use that stays the same.

The last year is that of `bench.big_archive`, with ten thousand articles, a meeting to ten of them. Before it lie copies
of the same five years, moved back by whole weeks to where they overlap, so that a larger archive holds more of
every week but those of the last year. Every week but the last is closed, with an issue as large as issues are; every
article has a sketch. Rows are given as both databases take them in bulk: text, numbers, bytes.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, Table

from archive.models import Base
from archive.store import DATABASE_NAME, Archive
from bench.big_archive import WEEKS, fill
from meetings.similarity import SKETCH
from reports.week import parse_week, week_of_day

BASE_ARTICLES, BASE_MEETINGS = 10_000, 1_000
YEARS_BACK = 20
PRESENT = 52
"""Weeks before the last that the past stays out of."""
ISSUE_BYTES = 60_000
"""Of an issue's page, and of its context: as large as those of eight meetings."""
_TABLES = (
    "articles",
    "meetings",
    "issues",
    "mentions",
    "meeting_people",
    "forum_sessions",
    "issue_meetings",
    "article_sketches",
    "meta",
)
"""The tables of which there is anything, those that others refer to first."""
_MOVED = frozenset(
    {"published", "published_on", "stored_at", "detected_at", "date", "placed_on", "first_seen", "held_known_at"}
    | {"recorded_at", "closed_at", "day"}
)
_ODD = 0x9E3779B97F4A7C15
"""Multiplying by an odd number maps no two numbers below 2**64 to one: names that look drawn, none twice."""

_SKETCHES = (
    "INSERT INTO article_sketches (value, day, article_number) "
    "SELECT {value}, {day}, n * 7919 % {articles} + 1 FROM {numbers}"
)
"""As many values as a text gives, in the table's order, no two articles with one in common; a prime meets all."""
_CUT = 1_000
"""Bytes that are left of a copy's text: nothing that is measured reads it, and writing it takes minutes."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """The rows of an archive of so many articles, from the file of `make_base`."""

    base: Path
    articles: int

    @property
    def copies(self) -> int:
        """How often the base stands in the archive, itself included."""
        return self.articles // BASE_ARTICLES

    def rows(self, table: Table) -> Iterator[Row]:
        """All rows of a table, columns in its order."""
        with closing(sqlite3.connect(self.base)) as base:
            columns = [column.name for column in table.columns]
            rows = base.execute(f"SELECT {', '.join(columns)} FROM {table.name}").fetchall()  # noqa: S608 - our own names
            open_ = {id_ for (id_,) in base.execute("SELECT id FROM meetings WHERE new_in IS NULL")}
        at = next((columns.index(name) for name in ("meeting_id", "id") if name in columns), None)
        if table.name == "meta":
            yield from (_earlier(row) for row in rows)
            return
        seen = set[str]()
        for copy in range(self.copies):
            move = _Move(copy, _weeks_back(copy))
            for row in rows:
                if copy and at is not None and row[at] in open_:
                    continue  # what no issue told of yet is news, and there is no more of it in a long past
                moved = move.row(dict(zip(columns, row, strict=True)))
                if table.name != "issues":
                    yield tuple(moved.values())
                elif moved["week"] not in seen:
                    seen.add(moved["week"])
                    yield tuple((moved | {"html": "x" * ISSUE_BYTES, "context": _CONTEXT}).values())


_CONTEXT = '{"meetings": [], "padding": "' + "x" * ISSUE_BYTES + '"}'


def _earlier(row: Row) -> Row:
    """The first run lies before all news, so that every week since counts."""
    key, value = row
    return (key, str(dt.datetime.fromisoformat(value) - dt.timedelta(weeks=YEARS_BACK * 52))) if "run" in key else row


def _weeks_back(copy: int) -> int:
    """By how many weeks a copy lies before the base."""
    return 0 if copy == 0 else PRESENT + copy * 37 % (YEARS_BACK * 52 - WEEKS - PRESENT)


class _Move:
    """Makes rows of the base those of one copy: other numbers, keys and ids, earlier days."""

    def __init__(self, copy: int, weeks: int) -> None:
        self._copy, self._weeks = copy, weeks
        self._days: dict[str, str] = {}
        self._labels: dict[str, str] = {}

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row in this copy."""
        if self._copy == 0:
            return row
        for name, value in row.items():
            if value is None:
                continue
            if name in _MOVED:
                row[name] = self._day(value[:10]) + value[10:]
            elif name in ("number", "article_number", "copy_of"):
                row[name] = value + self._copy * BASE_ARTICLES
            elif name in ("meeting_id", "id"):
                row[name] = f"m-{self._name(value[2:]):012x}"[:14]
            elif name in ("week", "new_in"):
                row[name] = self._label(value)
        if "key" in row:
            row["paragraphs"] = _cut(row["paragraphs"])
            row["key"] = f"{row['number'] * _ODD % (1 << 64):016x}"
            row["url"] = f"{row['url']}?{self._copy}"
            row["path"] = f"articles/{row['published_on'][:4]}/{row['number']:03d}_{row['key']}.txt"
        if row.get("record"):
            row["record"] = self._record(row["record"])
        return row

    def _name(self, id_: str) -> int:
        return (int(id_, 16) + self._copy * _ODD) % (1 << 48)

    def _day(self, day: str) -> str:
        if day not in self._days:
            self._days[day] = str(dt.date.fromisoformat(day) - dt.timedelta(weeks=self._weeks))
        return self._days[day]

    def _label(self, label: str) -> str:
        if label not in self._labels:
            monday, _ = parse_week(label).days()
            self._labels[label] = week_of_day(monday - dt.timedelta(weeks=self._weeks)).label
        return self._labels[label]

    def _record(self, record: str) -> str:
        before, found, after = record.partition('"date": "')
        return before + found + self._day(after[:10]) + after[10:] if found else record


def _cut(paragraphs: str) -> str:
    end = paragraphs.find('", "', _CUT)
    return f'{paragraphs[:end]}"]' if end > 0 else paragraphs


def cut_bytes(base: Path) -> float:
    """How many bytes less an article of a copy has, on average."""
    with closing(sqlite3.connect(base)) as connection:
        texts = [paragraphs for (paragraphs,) in connection.execute("SELECT paragraphs FROM articles")]
    return sum(len(each) - len(_cut(each)) for each in texts) / len(texts)


def make_base(folder: Path) -> Path:
    """The file of the ten thousand articles that others are made from."""
    with Archive.open(folder) as archive:
        fill(archive, meetings=BASE_MEETINGS, articles=BASE_ARTICLES)
    return folder / DATABASE_NAME


def write(past: Past, home: Path, url: str | None = None) -> None:
    """Fills an empty archive, its home made if need be; indexes are made once all is in it."""
    with Archive.open(home, url) as archive:
        address = archive.address
    known = [table for table in Base.metadata.sorted_tables if table.name in _TABLES]
    if address.get_backend_name() == "sqlite":
        _into_sqlite(past, Path(address.database or ""), known)
    else:
        _into_postgresql(past, address, known)


def _into_sqlite(past: Past, file: Path, tables: Sequence[Table]) -> None:
    with closing(sqlite3.connect(file)) as to:
        # nobody reads it meanwhile, and nothing is lost with it
        to.execute("PRAGMA journal_mode = OFF")
        to.execute("PRAGMA synchronous = OFF")
        to.execute("PRAGMA cache_size = -1000000")
        made = to.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for name, _ in made:
            to.execute(f"DROP INDEX {name}")
        for table in tables:
            marks = ", ".join("?" * len(table.columns))
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            to.execute(f"DELETE FROM {table.name}")  # noqa: S608 - our own names, here and below
            to.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", past.rows(table))  # noqa: S608
        day = "date('2005-01-01', (n * 7919 % 7300) || ' days')"
        count = past.articles * SKETCH
        to.execute(
            f"WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count - 1}) "  # noqa: S608
            + _SKETCHES.format(
                value=f"n * {(1 << 64) // count} - 9223372036854775807",
                day=day,
                articles=past.articles,
                numbers="numbers",
            )
        )
        to.commit()
        for _, statement in made:
            to.execute(statement)
        to.execute("PRAGMA journal_mode = WAL")


def _into_postgresql(past: Past, address: URL, tables: Sequence[Table]) -> None:
    with psycopg.connect(address.set(drivername="postgresql").render_as_string(hide_password=False)) as to:
        to.execute("SET synchronous_commit = off")
        to.execute("SET timezone = 'UTC'")
        to.execute("SET maintenance_work_mem = '512MB'")
        # foreign keys are not asked row by row, and no table is written to the log of one that is made with it
        to.execute("SET session_replication_role = replica")
        made = to.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN "
            "(SELECT conname FROM pg_constraint)"
        ).fetchall()
        for name, _ in made:
            to.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        for table in tables:
            columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
            name = sql.Identifier(table.name)
            to.execute(sql.SQL("DELETE FROM {}").format(name))
            with to.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(name, columns)) as copy:
                for row in past.rows(table):
                    copy.write_row(row)
        count = past.articles * SKETCH
        sketches = _SKETCHES.format(
            value=f"(n * {(1 << 64) // count}::numeric - 9223372036854775807)::bigint",
            day="date '2005-01-01' + (n * 7919 % 7300)::integer",
            articles=past.articles,
            numbers=f"generate_series(0, {count - 1}::bigint) AS n",
        )
        to.execute(sketches.encode())
        for _, statement in made:
            to.execute(statement)
        to.execute("SELECT setval(pg_get_serial_sequence('articles', 'number'), max(number)) FROM articles")
        to.commit()
        to.autocommit = True
        to.execute("VACUUM ANALYZE")
