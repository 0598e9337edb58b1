"""Issues composed and closed from an archive: whose week an article is, what has no date at all, who closes first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import issues, meetings
from archive.records import IssueState
from archive.store import Archive
from flows import issuing
from flows.settings import Settings
from flows.steps import detect_new
from meetings.detect import detect
from meetings.records import Detection
from parsers.records import Article
from reports.week import Week, parse_week, week_of
from tests.archive_samples import day, store

WEEK = parse_week("2024-W50")
MET = (
    "Chinese Foreign Minister Wang Yi met with Vietnamese Deputy Prime Minister and Foreign Minister Bui Thanh Son in "
    "Beijing."
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(home=tmp_path / "home")


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    """One at work since the beginning of December 2024."""
    with Archive.open(settings.home) as opened:
        with opened.write() as session:
            issues.mark_first_run(session, datetime(2024, 12, 1, tzinfo=UTC))
        yield opened


def compose(settings: Settings, archive: Archive, week: Week = WEEK) -> issuing.Issue:
    return issuing.compose(settings, archive, (), week)


@pytest.mark.parametrize(
    ("published_on", "read"),
    [("2024-12-08", 0), ("2024-12-09", 1), ("2024-12-15", 1), ("2024-12-16", 0)],
)
def test_an_article_whose_day_alone_is_known_counts_in_that_days_week(
    settings: Settings, archive: Archive, published_on: str, read: int
) -> None:
    store(archive, published=None, published_on=day(published_on))
    assert f"{read} article{'' if read else 's'} read for this week" in compose(settings, archive).forms.markdown


def test_a_meeting_without_any_date_is_new_in_the_week_in_which_it_was_first_seen(
    settings: Settings, archive: Archive
) -> None:
    store(archive, title="Ministers meet", paragraphs=(MET,), published=None, published_on=None)
    (found,) = detect_new(archive).new_meetings
    assert (found.meeting.date, found.placed_on) == (None, None)
    seen = week_of(found.first_seen, settings.tz)
    assert compose(settings, archive, seen).meeting_ids == (found.meeting.id,)
    assert compose(settings, archive).meeting_ids == ()


def test_of_two_that_close_an_issue_both_go_on_with_what_the_first_one_closed(
    settings: Settings, archive: Archive
) -> None:
    slower = compose(settings, archive)
    store(archive, published=None, published_on=day("2024-12-10"))
    faster = issuing.close(settings, archive, compose(settings, archive), now=datetime(2024, 12, 16, tzinfo=UTC))
    assert faster.forms != slower.forms
    late = issuing.close(settings, archive, slower, now=datetime(2024, 12, 17, tzinfo=UTC))
    assert (late, late.state) == (faster, IssueState.CLOSED)


def test_after_a_change_of_zone_nothing_that_was_mailed_is_new_again(settings: Settings, archive: Archive) -> None:
    store(archive, title="Ministers meet", paragraphs=(MET,), published=None, published_on=day("2024-12-10"))
    (found,) = detect_new(archive).new_meetings
    mailed = issuing.close(settings, archive, compose(settings, archive), now=datetime(2024, 12, 16, tzinfo=UTC))
    assert mailed.meeting_ids == (found.meeting.id,)
    moved = settings.model_copy(update={"zone": "Asia/Shanghai"})
    for week in ("2024-W50", "2024-W51"):
        assert compose(moved, archive, parse_week(week)).meeting_ids == ()


def test_an_article_that_the_rules_cannot_bear_holds_up_no_other(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(article: Article) -> Detection:
        if article.title == "Odd":
            raise ZeroDivisionError("a defect of ours")
        return detect(article)

    monkeypatch.setattr("flows.steps.detect", failing)
    store(archive, "odd", title="Odd")
    store(archive, "even", title="Ministers meet", paragraphs=(MET,))
    report = detect_new(archive)
    assert (report.articles, len(report.new_meetings)) == (2, 1)
    assert "ZeroDivisionError" in caplog.text
    assert detect_new(archive).articles == 0
    with archive.read() as session:
        assert meetings.count_meetings(session) == 1
