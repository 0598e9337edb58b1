"""Every statement of a weekly run, asked of both databases' real planners: none reads a table through that grows.

The archive is large enough for a planner to tell an index from a table, and the run is a real one: sources are polled,
articles read and compared, the digest written, closed and mailed, another run sends what waited.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg import ClientCursor
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from archive import versions
from archive.store import Archive
from bench.history import Past, make_base, write
from flows import steps, weeks
from flows.opening import open_archive
from flows.settings import Settings
from tests.commandline import Meetings, source
from tests.mailserver import Inbox, mail_server
from tests.prefect_server import PAGE
from tests.test_polling import XML, feed
from tests.webserver import Reply, Web

pytestmark = pytest.mark.slow

WEEK = "2024-W52"
GROW = {
    *("articles", "article_versions", "article_keys", "article_listings", "article_sketches"),
    *("meetings", "meeting_people", "meeting_aliases", "mentions", "readings", "issue_meetings"),
}
BESIDE = """
INSERT INTO article_versions (article_number, version, title, paragraphs, captions, text_sha256, method, seen_at)
SELECT number, 1, title, '[]', '[]', text_sha256, method, stored_at FROM articles WHERE number % 2 = 0;
INSERT INTO article_keys (key, article_number, url)
SELECT substr(text_sha256, 1, 8) || substr(key, 1, 8), number, url FROM articles WHERE number % 2 = 0;
INSERT INTO article_listings (source_id, key, article_number, title, first_seen, returns, next_return)
SELECT 'wire', key, number, title, stored_at, 0, stored_at FROM articles;
INSERT INTO readings (article_number, rules_version, basis, records, notes)
SELECT number, 'r', '', '[]', '[]' FROM articles WHERE number % 2 = 0;
INSERT INTO meetings (id, record, placed_on, first_seen, withdrawn_at, filed)
SELECT 'a' || id || numbered, record, placed_on, first_seen, first_seen, filed
FROM meetings, (SELECT 1 AS numbered UNION SELECT 2 UNION SELECT 3) AS three;
INSERT INTO meeting_aliases (alias, meeting_id, merged_at)
SELECT id, substr(id, 2, 14), first_seen FROM meetings WHERE id LIKE 'a%'
"""
"""What articles and meetings have beside them, which `bench.history` leaves out."""
ALLOWED = (
    # SQLite plans to look for rows that lead to a new one before it was there, and skips that where it counted none
    r"INSERT INTO \w+ \([^()]*\) VALUES \(",
    # a database that is named by a URL, which may be mistyped, is asked whether any table has a row
    r"SELECT [^()]*\sFROM \w+\s+LIMIT \S+$",
)
"""Statements whose plan says more than what is done."""


@dataclass(frozen=True)
class Asked:
    """One statement, as a driver got it."""

    sql: str
    given: Any


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """The rows of twenty thousand articles."""
    return Past(make_base(tmp_path_factory.mktemp("base")), 20_000)


@pytest.fixture
def full(past: Past, meetings: Meetings, database: str | None, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """An archive with a long past in the home of `meetings`; where its database is."""
    write(past, meetings.home, database)
    if database:
        monkeypatch.setenv("MEETINGS_DATABASE_URL", database)
    with open_archive(Settings(home=meetings.home, database_url=database)) as archive:
        with archive.write() as session:
            for statement in BESIDE.split(";"):
                session.execute(text(statement))
        if database:
            with archive._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("ANALYZE")
    return database


@pytest.fixture
def asked(full: str | None) -> Iterator[dict[str, Asked]]:
    """Every statement that any archive of this process is asked from now on, each text once."""
    del full
    found: dict[str, Asked] = {}

    def note(_connection: object, _cursor: object, sql: str, given: Any, _context: object, many: bool) -> None:
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", sql) and "pg_advisory" not in sql:
            found.setdefault(sql, Asked(sql, given[0] if many else given))

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


def read_through(session: Session, asked: Asked) -> set[str]:
    """The tables that grow which the planner would read from end to end for a statement."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.sql}", asked.given)
        scans = (re.match(r"SCAN (\w+?)(?:_\d+)?(?: |$)", step) for _, _, _, step in rows)
        return {scan[1] for scan in scans if scan} & GROW
    driver = connection.connection.driver_connection
    assert driver is not None
    with ClientCursor(driver) as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {asked.sql}".encode(), asked.given)
        (plan,) = cursor.fetchone() or ([],)
    return {node["Relation Name"] for node in _nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"} & GROW


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def serve(web: Web, title: str, ending: str) -> None:
    """A feed of four pages."""
    links = []
    for number in range(4):
        page = PAGE.replace("railways", f"{number} railways").replace("neighbours", ending)
        links.append(web.add(f"/{number}.html", Reply(page.encode(), headers={"Content-Type": "text/html"})))
    web.add("/feed.xml", Reply(feed(*links, title=title), headers=XML))


def a_weekly_run(meetings: Meetings, web: Web, folder: Path) -> None:
    """New articles, listed again under other titles and with other words, and the digest of a week, mailed."""
    (folder / "sources.toml").write_text(source("wire", web.url("/feed.xml")))
    serve(web, "China and Viet Nam hold talks", "neighbours")
    assert json.loads(meetings("ingest", "--source", "wire", "--json").out)["sources"][0]["new_articles"] == 4
    serve(web, "Ministers of China and Viet Nam meet", "two countries")
    again = json.loads(meetings("ingest", "--source", "wire", "--json").out)["sources"][0]
    assert (again["known"], again["pages"]) == (4, 4)
    (folder / "recipients.toml").write_text('[[recipient]]\naddress = "ann@example.org"\n')
    assert meetings("digest", "--week", WEEK, "--send").code == 0
    assert meetings("deliveries", "--issue", WEEK).code == 0
    assert meetings("ingest", "--force").code == 0


def test_no_statement_of_a_weekly_run_reads_through_a_table_that_grows(
    asked: dict[str, Asked],
    full: str | None,
    meetings: Meetings,
    web: Web,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(versions, "PAUSE", dt.timedelta(0))
    inbox = Inbox()
    with mail_server(inbox) as port:
        for name, value in {"HOST": "127.0.0.1", "PORT": port, "SECURITY": "none"}.items():
            monkeypatch.setenv(f"MEETINGS_SMTP_{name}", str(value))
        a_weekly_run(meetings, web, tmp_path)
    settings = Settings(home=meetings.home, database_url=full)
    with Archive.open(meetings.home, full) as archive:
        weeks.to_do(settings, archive, scheduled=steps.now_utc(), now=steps.now_utc())
        found = list(asked.values())
        with archive.read() as session:
            plans = {each.sql: read_through(session, each) for each in found}
    touched = {table for table in GROW for sql in plans if re.search(rf"\b{table}\b", sql)}
    assert touched == GROW, "the run has to ask for everything that grows"
    allowed = {sql for sql in plans if any(re.match(pattern, sql, re.DOTALL) for pattern in ALLOWED)}
    bad = {sql: tables for sql, tables in plans.items() if tables and sql not in allowed}
    assert not bad, "\n".join(bad)
