from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from archive import articles, issues, meetings
from archive.records import StoredMeeting
from archive.store import Archive
from bench.big_archive import LAST_WEEK, ZONE, fill
from meetings.records import Status
from parsers.records import Side
from reports.select import select_issue

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> list[StoredMeeting]:
    with Archive.open(tmp_path_factory.mktemp("big")) as archive:
        fill(archive, meetings=600, articles=3_000, seed=7)
        with archive.read() as session:
            assert articles.count_articles(session) == 3_000
            return meetings.all_meetings(session)


def test_all_evidence_stands_where_it_says(filled: list[StoredMeeting]) -> None:
    pieces = 0
    for stored in filled:
        for mention in stored.mentions:
            text = mention.article.article.text
            for item in (*mention.meeting.evidence, *(topic.evidence for topic in mention.meeting.topics)):
                assert text[item.start : item.end] == item.text
                pieces += 1
    assert pieces > 600 * 4


def test_what_is_invented_has_all_that_real_archives_have(filled: list[StoredMeeting]) -> None:
    assert len(filled) == 600
    mentions = [mention for stored in filled for mention in stored.mentions]
    assert {mention.article.article.language for mention in mentions} == {"en", "zh", "vi"}
    assert {mention.article.article.side for mention in mentions} == set(Side)
    assert any(mention.article.copy_of for mention in mentions)
    statuses = Counter(stored.meeting.status for stored in filled)
    assert statuses[Status.HELD] > 550
    assert statuses[Status.ANNOUNCED] > 3
    assert any(stored.meeting.date is None for stored in filled)
    assert any(stored.meeting.forum for stored in filled)
    assert {len(stored.mentions) for stored in filled} >= {1, 4, 7}


def test_every_week_but_the_last_is_closed_and_claims_its_meetings(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        fill(archive, meetings=600, articles=2_400, seed=7)
        with archive.read() as session:
            told, closed = meetings.all_meetings(session), issues.closed_issues(session)
            first_run = issues.first_run_at(session)
    assert len(closed) == 259
    as_of = LAST_WEEK.bounds(ZONE)[1]
    chosen = select_issue(told, week=LAST_WEEK, zone=ZONE, closed=closed, first_run=first_run, as_of=as_of)
    assert chosen.new
    assert len(chosen.late) <= 1  # the last week's own late report, if there is one
    assert chosen.ahead


def test_the_same_seed_gives_the_same_archive(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        with Archive.open(tmp_path / name) as archive:
            fill(archive, meetings=40, articles=200, seed=3)
            with archive.read() as session:
                found.append(meetings.all_meetings(session))
    assert found[0] == found[1]
