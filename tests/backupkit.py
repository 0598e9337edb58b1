"""A home with something of everything: articles, meetings, raw answers, a closed issue, a ledger."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from archive import deliveries, issues
from archive.locks import hold
from archive.store import Archive
from archive.versions import add_version
from archive.warc import RawWriter
from flows import issuing
from flows.settings import Settings
from flows.steps import detect_new
from reports.week import parse_week
from tests.archive_samples import HOUR, NOW, answer, article, day, everything, store
from tests.databases import PostgreSQL
from tests.issuekit import BEIJING, CLOSED_AT

FOLDERS = ("articles", "raw", "issues")
WEEK = "2024-W50"
READER = "reader@example.org"
HANOI = "Vietnamese Prime Minister Pham Minh Chinh received Chinese Ambassador He Wei in Hanoi on December 11, 2024."


def quiet(what: str, total: int) -> None:
    """Nobody watches the progress."""
    del what, total


def contents(home: Path) -> dict[str, bytes]:
    """The files of articles, raw answers and issues by path."""
    found = (path for folder in FOLDERS for path in (home / folder).rglob("*"))
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in found if path.is_file()}


def settings_for(home: Path, database: str | None) -> Settings:
    url = SecretStr(database) if database else None
    return Settings(home=home, database_url=url, backup_dir=home.parent / "backups")


def opened(settings: Settings) -> Archive:
    return Archive.open(settings.home, settings.archive_url)


def fill(settings: Settings) -> None:
    """Three articles, one of them in two versions, two meetings, two raw answers, and one issue mailed to a reader."""
    with opened(settings) as archive:
        with archive.write() as session:
            issues.mark_first_run(session, datetime(2024, 12, 1, tzinfo=UTC))
        with RawWriter(settings.home, "first", NOW) as raw:
            raw.write(answer())
            raw.write(answer("https://news.example/two", "<p>Họ gặp nhau. 会见</p>".encode()))
        store(archive, "one", paragraphs=(BEIJING,), published=None, published_on=day("2024-12-10"))
        store(archive, "two", paragraphs=(HANOI,), published=None, published_on=day("2024-12-11"))
        store(archive, "three", title="Nothing of note", published=None, published_on=day("2023-07-14"))
        with archive.write() as session:
            add_version(session, article("three", title="Nothing of note, corrected"), now=NOW + HOUR)
        detect_new(archive)
        issue = issuing.compose(settings, archive, (), parse_week(WEEK))
        closed = issuing.close(settings, archive, issue, now=CLOSED_AT)
        issuing.write(settings, closed, None)
        with archive.write() as session:
            deliveries.plan(session, WEEK, settings.zone, [(READER, "<1@example.org>")], now=CLOSED_AT)


@contextmanager
def ingest_under_way(settings: Settings) -> Iterator[None]:
    """Somebody on another machine holds the lock of the ingest."""
    with opened(settings) as archive:
        now = datetime.now(UTC)
        with hold(archive, "ingest", owner="elsewhere:1", now_fn=lambda: now, lease=HOUR):
            yield


def rows(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with opened(settings) as archive:
        return everything(archive)


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    """A filled home on SQLite."""
    settings = settings_for(tmp_path / "home", None)
    fill(settings)
    return settings


@pytest.fixture
def pg_programs(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> PostgreSQL:
    """The server with its own programs first on the PATH."""
    monkeypatch.setenv("PATH", f"{postgresql.bin}{os.pathsep}{os.environ['PATH']}")
    return postgresql
