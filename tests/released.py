"""Archives as released schemas left them: `data/released/0001.jsonl`, … with rows in every table.

Each file was written by the program of its time and is never changed. A migration makes the schema before it a released
one: whoever adds one first writes that schema's file, with `python -m tests.released`.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, LargeBinary, inspect, select, text
from sqlalchemy.types import TypeEngine

from archive import backfills, deliveries, issues, locks, readings, sources
from archive.meetings import record_detection
from archive.models import Base, KeyRow, MentionRow, SessionRow
from archive.records import (
    Chunk,
    ChunkCounts,
    ChunkResult,
    DeliveryState,
    FetchLogLine,
    InputKind,
    PendingEntry,
    Skip,
    StoredVariant,
    Unreadable,
)
from archive.schema import HEAD
from archive.store import DATABASE_NAME, Archive
from archive.versions import add_version, note_listing
from flows import issuing
from flows.settings import Settings
from flows.steps import detect_new
from meetings.detect import detect
from parsers.records import Alarm, AlarmKind, Outcome, Side, SourceState, Validators, article_key
from reports.week import parse_week
from tests.archive_samples import HOUR, NOW, get_article, store
from tests.issuekit import BEIJING

FOLDER = Path(__file__).parent / "data" / "released"
REVISIONS = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
WEEK, CLOSED_AT = "2024-W50", dt.datetime(2024, 12, 16, 1, tzinfo=dt.UTC)
SENDER = "digest (pid 1 on host)"
TALKS = (
    "They spoke of railways, trade across the land border, and the sea; both sides agreed to carry out what their "
    "leaders had agreed, to open more crossings, and to meet again next year."
)
HANOI = "Vietnamese Foreign Minister Bui Thanh Son received Chinese ambassador He Wei in Hanoi on December 12."
KUNMING = "Bui Thanh Son, Foreign Minister of Viet Nam, met Chinese Foreign Minister Wang Yi in Kunming on December 3."
CUT = {("issues", "html"): 300, ("issues", "text"): 300, ("article_sketches", "value"): 6}
"""What is of no use in full: so many characters of a text, so many rows of a table."""


def stored(revision: str) -> list[str]:
    """The rows of that revision, for `load`."""
    return (FOLDER / f"{revision}.jsonl").read_text("utf-8").splitlines()


def load(connection: Connection, lines: list[str]) -> None:
    """Puts rows into an empty database of their revision."""
    kinds: dict[str, dict[str, TypeEngine[Any]]] = {}
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
    for line in lines:
        table, row = json.loads(line)
        if table not in kinds:
            kinds[table] = {column["name"]: column["type"] for column in inspect(connection).get_columns(table)}
        values = {name: _value(value, kinds[table][name]) for name, value in row.items()}
        names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608
    if connection.dialect.name == "postgresql":
        for table, key in (("articles", "number"), ("fetch_log", "id")):
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), (SELECT max({key}) FROM {table}))"  # noqa: S608
            )


def _value(value: Any, kind: TypeEngine[Any]) -> Any:
    if value is None:
        return None
    if isinstance(kind, LargeBinary):
        return bytes.fromhex(value)
    return bool(value) if isinstance(kind, Boolean) else value


def of_today() -> list[str]:
    """The rows of an archive that the program as it is has filled, every table."""
    with tempfile.TemporaryDirectory() as folder, Archive.open(Path(folder)) as archive:
        settings = Settings(home=archive.home)
        _fill_sources(archive)
        _fill_articles(archive)
        issue = replace(issuing.compose(settings, archive, (), parse_week(WEEK)), chart=b"\x89PNG\r\n\x1a\n")
        issuing.close(settings, archive, issue, now=CLOSED_AT)
        _fill_ledger(archive, settings.zone)
        _fill_backfill(archive)
        with locks.hold(archive, "ingest", owner=SENDER, now_fn=lambda: NOW, lease=2 * HOUR):
            return _lines(archive.home / DATABASE_NAME)


def _fill_sources(archive: Archive) -> None:
    state = SourceState(
        "xinhua-en",
        url="https://news.example/rss",
        outcome=Outcome.TIMEOUT,
        message="too slow",
        since=NOW - 24 * HOUR,
        last_attempt=NOW,
        newest=NOW - 48 * HOUR,
        next_due=NOW + 6 * HOUR,
        failures=4,
        validators=Validators('"e"'),
        alarms=(Alarm(AlarmKind.FAILING, NOW, "It has failed since 11 December."),),
        interval=3 * HOUR,
        listed=("a1",),
    )
    counts = {"entries": 9, "screened_out": 5, "known": 1, "pages": 3, "new_articles": 2, "new_entries": 5}
    skipped = {Skip.HOST_BUDGET: 2}
    line = FetchLogLine("r1", state.source_id, NOW, state.outcome, state.message, skipped=skipped, **counts)
    with archive.write() as s:
        issues.mark_first_run(s, dt.datetime(2024, 12, 1, tzinfo=dt.UTC))
        sources.save_state(s, state)
        sources.log_fetch(s, line)
        sources.save_holds(s, {"news.example": NOW + HOUR}, now=NOW)
        for name in ("waiting", "hopeless"):
            sources.save_pending(s, _entry(name))
        sources.give_up(s, _entry("hopeless").url, Outcome.NO_TEXT)


def _entry(name: str) -> PendingEntry:
    return PendingEntry(f"https://news.example/{name}", "xinhua-en", "Ministers meet", "", NOW, 1, NOW, Outcome.TIMEOUT)


def _fill_articles(archive: Archive) -> None:
    """Two tell of one meeting in the same words, one of another; the fourth was first read as telling of a third."""
    store(archive, "xinhua", side=Side.CHINA, paragraphs=(BEIJING, TALKS, "So says Xinhua."))
    store(archive, "vnexpress", side=Side.VIETNAM, paragraphs=(BEIJING, TALKS, "So says VnExpress."))
    store(archive, "nhandan", side=Side.VIETNAM, paragraphs=(HANOI,))
    fourth = store(archive, "tuoitre", side=Side.VIETNAM, paragraphs=(KUNMING,))
    detect_new(archive)
    with archive.write() as s:
        read = detect(replace(fourth.article, paragraphs=(BEIJING,)))
        record_detection(s, fourth, read, rules_version="better", now=NOW)
        first = get_article(s, 1)
        assert first is not None
        note_listing(s, _entry("xinhua"), 1, now=NOW)
        add_version(s, replace(first.article, paragraphs=(BEIJING, "They signed a plan.")), now=NOW + 2 * HOUR)
        url = "https://news.example/former"
        s.add(KeyRow(key=article_key(url), article_number=1, url=url))
        told = s.scalars(select(MentionRow.meeting_id).where(MentionRow.article_number == 1)).one()
        s.add(SessionRow(meeting_id=told, forum="steering committee", ordinal=16, day=dt.date(2024, 12, 10)))


def _fill_ledger(archive: Archive, zone: str) -> None:
    """A delivery in every state, and one reader's choice."""
    ends = {
        "ann": (DeliveryState.ACCEPTED, "250 OK"),
        "bob": (DeliveryState.REFUSED, "550 No such user"),
        "chi": (DeliveryState.UNKNOWN, "The connection broke."),
    }
    named = [(f"{name}@example.org", f"<{name}@example.org>") for name in (*ends, "dan", "eve")]
    with archive.write() as s:
        deliveries.plan(s, WEEK, zone, named, now=CLOSED_AT)
        for address, _ in named[:-1]:
            deliveries.claim(s, WEEK, zone, address, sender=SENDER, now=CLOSED_AT)
        for name, (state, message) in ends.items():
            deliveries.settle(s, WEEK, zone, f"{name}@example.org", state, message, sender=SENDER, now=CLOSED_AT)
        short = StoredVariant("3f9a0c2b", "Short", "# Short", "<h1>Short</h1>", charted=False)
        issues.keep_variant(s, WEEK, zone, short)


def _fill_backfill(archive: Archive) -> None:
    """One chunk is done but for a record, one is under way; the third article waits to be recorded by better rules."""
    chunks = [Chunk("news.warc.gz", InputKind.WARC, at, at + 1000) for at in (0, 1000)]
    lost = (Unreadable("news.warc.gz, byte 300", "The record is cut off."),)
    with archive.write() as s:
        backfill = backfills.begin(s, chunks, rules_version="better", now=NOW)
        for _ in chunks:
            claim = backfills.claim(s, backfill, owner=SENDER, now=NOW, is_gone=lambda _owner: False)
            if claim is not None and claim.number == 1:
                done = ChunkResult(ChunkCounts(read=2, extracted=1, stored=1, unreadable=1), 0, 1000, lost)
                backfills.finish(s, claim, done, now=NOW)
        third = get_article(s, 3)
        assert third is not None
        readings.keep(s, [(3, third.article, detect(third.article))], rules_version="better", now=NOW)


def _lines(database: Path) -> list[str]:
    """A database's rows, as `load` reads them."""
    lines = []
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        for table in Base.metadata.sorted_tables:
            rows = connection.execute(f"SELECT * FROM {table.name}").fetchall()  # noqa: S608
            for row in rows[: CUT.get((table.name, "value"))]:
                values = {name: _plain(row[name], CUT.get((table.name, name))) for name in row.keys()}  # noqa: SIM118
                lines.append(json.dumps([table.name, values], ensure_ascii=False))
    return lines


def _plain(value: Any, most: int | None) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value[:most] if isinstance(value, str) else value


if __name__ == "__main__":
    (FOLDER / f"{HEAD}.jsonl").write_text("\n".join(of_today()) + "\n", "utf-8")
