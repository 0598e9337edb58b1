"""An archive at work since the beginning of December 2024, and its issues week by week."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from archive import issues
from archive.meetings import record_detection
from archive.store import Archive
from flows import delivering, issuing
from flows.settings import Settings
from flows.steps import detect_new
from meetings.detect import detect
from meetings.records import Detection
from parsers.records import Article
from reports.recipients import Recipient
from reports.smtp import SendResult, SmtpSettings
from reports.week import parse_week
from tests.archive_samples import NOW, day, get_article, store

NOBODY = SmtpSettings(host="mail.invalid", port=25, security="none")
CLOSED_AT = datetime(2025, 1, 20, tzinfo=UTC)
BEIJING = (
    "Chinese Foreign Minister Wang Yi met with Vietnamese Foreign Minister Bui Thanh Son in Beijing on December 10."
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where issues are made: articles come in, weeks are composed and closed."""

    settings: Settings
    archive: Archive

    def tell(self, name: str, text: str, published: str | None, **changes: Any) -> int:
        """An article of one paragraph, published on that day and read by the rules; its number."""
        on = day(published) if published else None
        given = {"title": "Ministers meet", "paragraphs": (text,), "published": None, "published_on": on, **changes}
        stored = store(self.archive, name, **given)
        detect_new(self.archive)
        return stored.number

    def untell(self, number: int) -> None:
        """Better rules read nothing in that article."""
        self._reread(number, lambda _: Detection("en"), "none")

    def reread(self, number: int, text: str) -> None:
        """Better rules read in that article what today's read in this text."""
        self._reread(number, lambda article: detect(replace(article, paragraphs=(text,))), text)

    def _reread(self, number: int, rules: Callable[[Article], Detection], version: str) -> None:
        with self.archive.write() as session:
            found = get_article(session, number)
            assert found is not None
            record_detection(session, found, rules(found.article), rules_version=version, now=NOW)

    def compose(self, week: str = "2024-W50", **changes: Any) -> issuing.Issue:
        """The issue of a week, under the settings with these changes."""
        return issuing.compose(self.settings.model_copy(update=changes), self.archive, (), parse_week(week))

    def close(self, issue: issuing.Issue, *, now: datetime = CLOSED_AT) -> issuing.Issue:
        """Closed, or what another had closed before."""
        return issuing.close(self.settings, self.archive, issue, now=now)

    def deliver(self, to: Recipient, *, now: datetime = CLOSED_AT) -> SendResult | None:
        """The closed issue of 2024-W50, read from the archive again, to one recipient."""
        issue = self.compose()
        with self.archive.write() as session:
            delivering.plan_all(self.settings, session, issue, [to], now=now)
        return delivering.deliver(
            self.settings, self.archive, self.compose(), to, NOBODY, now_fn=lambda: now, check=lambda _: None
        )


@contextmanager
def statements(archive: Archive) -> Iterator[list[str]]:
    """The SQL that the archive is asked while the block runs."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(archive._engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(archive._engine, "before_cursor_execute", note)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """In a home of its own, without a catalogue."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=tmp_path / "home")
    with Archive.open(settings.home) as archive:
        with archive.write() as session:
            issues.mark_first_run(session, datetime(2024, 12, 1, tzinfo=UTC))
        yield Desk(settings, archive)
