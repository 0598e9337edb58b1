"""Week after week through the archive: what one issue said is taken up by the next one, and only by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import issues
from archive.articles import get_article
from archive.meetings import record_detection
from archive.store import Archive
from flows import issuing
from flows.settings import Settings
from flows.steps import detect_new
from meetings.records import Detection
from reports.records import IssueContext
from reports.week import parse_week
from tests.archive_samples import NOW, day, store

BEIJING = (
    "Chinese Foreign Minister Wang Yi met with Vietnamese Foreign Minister Bui Thanh Son in Beijing on December 10."
)
NANNING = BEIJING.replace("Beijing", "Nanning")
COMING = BEIJING.replace("met with", "will meet with").replace("10", "18")
HELD = COMING.replace("will meet", "met")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(home=tmp_path / "home")


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    with Archive.open(settings.home) as opened:
        with opened.write() as session:
            issues.mark_first_run(session, datetime(2024, 12, 1, tzinfo=UTC))
        yield opened


def tell(archive: Archive, name: str, text: str, published: str) -> int:
    stored = store(
        archive, name, title="Ministers meet", paragraphs=(text,), published=None, published_on=day(published)
    )
    detect_new(archive)
    return stored.number


def close(settings: Settings, archive: Archive, week: str) -> IssueContext:
    issue = issuing.compose(settings, archive, (), parse_week(week))
    assert issuing.compose(settings, archive, (), parse_week(week)) == issue, "composed again, it says the same"
    closed = issuing.close(settings, archive, issue, now=datetime(2025, 1, 20, tzinfo=UTC))
    assert closed.context == issue.context
    assert closed.context is not None
    return closed.context


def test_a_further_account_is_told_once(settings: Settings, archive: Archive) -> None:
    tell(archive, "one", BEIJING, "2024-12-11")
    assert len(close(settings, archive, "2024-W50").meetings) == 1
    tell(archive, "two", BEIJING.replace("met with", "held talks with"), "2024-12-17")
    after = close(settings, archive, "2024-W51")
    assert [line.outcome for line in after.further] == ["1 further account of a meeting told in 2024-W50."]
    assert (after.meetings, after.late, after.corrections) == ((), (), ())
    assert close(settings, archive, "2024-W52").further == ()


def test_a_correction_is_told_once(settings: Settings, archive: Archive) -> None:
    number = tell(archive, "one", BEIJING, "2024-12-11")
    close(settings, archive, "2024-W50")
    again = tell(archive, "two", NANNING, "2024-12-11")
    with archive.write() as session:
        found = get_article(session, number)
        assert found is not None
        record_detection(session, found, Detection("en"), rules_version="better", now=NOW)
    after = close(settings, archive, "2024-W51")
    assert again != number
    assert [(view.field, view.before, view.now, view.week) for view in after.corrections] == [
        ("Place", "Beijing, China", "Nanning, China", "2024-W50")
    ]
    assert close(settings, archive, "2024-W52").corrections == ()


def test_a_withdrawn_meeting_is_told_once(settings: Settings, archive: Archive) -> None:
    number = tell(archive, "one", BEIJING, "2024-12-11")
    close(settings, archive, "2024-W50")
    with archive.write() as session:
        found = get_article(session, number)
        assert found is not None
        record_detection(session, found, Detection("en"), rules_version="better", now=NOW)
    after = close(settings, archive, "2024-W51")
    assert [view.now for view in after.corrections] == ["withdrawn: no article read tells of it any more"]
    assert close(settings, archive, "2024-W52").corrections == ()


@pytest.mark.parametrize(
    ("report", "published", "settled", "new"),
    [
        pytest.param(HELD, "2024-12-19", "Held: see this issue.", 1, id="held"),
        pytest.param("", "", "No report of it found as of 23 December 2024.", 0, id="no report"),
    ],
)
def test_what_was_announced_is_taken_up(
    settings: Settings, archive: Archive, report: str, published: str, settled: str, new: int
) -> None:
    tell(archive, "one", COMING, "2024-12-12")
    assert len(close(settings, archive, "2024-W50").ahead) == 1
    if report:
        tell(archive, "two", report, published)
    after = close(settings, archive, "2024-W51")
    told = "Announced for Wednesday 18 December 2024 in 2024-W50. "
    assert [line.outcome for line in after.settled] == [told + settled]
    assert (len(after.meetings), after.ahead) == (new, ())
    assert close(settings, archive, "2024-W52").settled == ()
