"""What one issue may tell of, out of all that the archive knows: nothing is missed, and no table is read through."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import articles, issues, meetings, tallies
from archive.lookups import HeldBefore, keep_lookups
from archive.models import IssueMeetingRow, MeetingRow
from archive.placing import placing_date
from archive.store import Archive
from archive.weekly import meetings_for_issue
from bench import telling
from bench.big_archive import LAST_WEEK, ZONE, fill
from meetings.detect import RULES_VERSION
from meetings.jsonform import meeting_from_dict
from meetings.records import Detection, Direction, Status
from parsers.records import Side
from reports.changes import Aspect
from reports.firsts import SILENCE, Past
from reports.select import Selection, said_since, select_issue
from reports.series import calendar

pytestmark = pytest.mark.slow

FIRST_RUN = dt.datetime(2020, 1, 6, tzinfo=ZONE)
MONDAY, SUNDAY = LAST_WEEK.days()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Five meetings a week, of which some of the last weeks changed after their issue."""
    with Archive.open(tmp_path_factory.mktemp("weekly")) as opened:
        fill(opened, meetings=1_300, articles=3_500, seed=5)
        with opened.write() as session:
            _upset(session)
        yield opened


def _upset(session: Session) -> None:
    """Let meetings of the last weeks change as new articles and better rules change them."""
    recent = session.scalars(select(IssueMeetingRow).where(IssueMeetingRow.week >= said_since(LAST_WEEK))).all()
    for at, told in enumerate(recent[::2]):
        row = session.get_one(MeetingRow, told.meeting_id)
        kind = at % 5
        if kind == 0:
            row.withdrawn_at = FIRST_RUN
        elif kind == 1:
            row.record = {**row.record, "place": {"venue": None, "city": "Haiphong", "country": "VN"}}
        elif kind == 2:
            row.record, row.held_known_at = {**row.record, "status": "cancelled"}, None
        elif kind == 3:
            told.articles = told.articles[:-1]
        else:
            row.date, row.placed_on, row.record = None, None, {**row.record, "date": None}
        keep_lookups(session, row, meeting_from_dict(row.record))


def selections(archive: Archive) -> tuple[Selection, Selection]:
    """What the last issue holds, chosen from all meetings, and from those that may matter."""
    with archive.read() as session:
        said, closed = issues.said_in_closed(session, None, since=said_since(LAST_WEEK)), issues.closed_issues(session)
        everything = meetings.all_meetings(session)
        some = meetings_for_issue(session, MONDAY, SUNDAY, since=FIRST_RUN.date(), said=said.values())
        claims = issues.claims(session, [each.meeting.id for each in some])
    assert len(some) < len(everything) / 2
    as_of = LAST_WEEK.bounds(ZONE)[1]
    one, two = (
        select_issue(
            told,
            week=LAST_WEEK,
            zone=ZONE,
            closed=known,
            first_run=FIRST_RUN,
            as_of=as_of,
            said=said,
        )
        for told, known in ((everything, closed), (some, claims))
    )
    return one, two


def test_an_issue_misses_nothing_of_what_it_does_not_read(archive: Archive) -> None:
    whole, lean = selections(archive)
    assert whole.new
    assert whole.ahead
    assert whole.further
    assert {Aspect.WITHDRAWN, Aspect.PLACE, Aspect.DATE, Aspect.STATUS} <= {each.aspect for each in whole.changes}
    assert lean == whole


def test_what_is_read_in_short_is_what_the_outlines_hold(archive: Archive) -> None:
    with archive.read() as session:
        known = meetings.outlines(session)
        held = tallies.held_meetings(session)
    assert sorted(held, key=lambda each: (each.day, each.id)) == [each for each in map(tallies.Held.of, known) if each]
    assert 0 < len(held) < len(known)


@pytest.mark.parametrize("back", [0, 1, 20, 150])
def test_the_calendar_of_forums_needs_no_other_sessions(archive: Archive, back: int) -> None:
    monday, sunday = (day - dt.timedelta(weeks=back) for day in LAST_WEEK.days())
    with archive.read() as session:
        known = [each for each in meetings.outlines(session) if each.meeting.status is Status.HELD]
        some = meetings.forum_outlines(session, monday, sunday)
    assert 0 < len(some) < len(known) / 10
    assert calendar(some, day=sunday) == calendar(known, day=sunday)


def test_firsts_are_the_same_by_index_as_from_memory(archive: Archive) -> None:
    with archive.read() as session:
        known = [each for each in meetings.outlines(session) if each.meeting.status is Status.HELD]
        memory, index = Past.of(known), HeldBefore(session)
        for stored in known[::7]:
            day, met = placing_date(stored), (stored.meeting.china[0].name, stored.meeting.vietnam[0].name)
            if day is None:
                continue
            asked, people = (day, stored.meeting), (met[0] or "", met[1] or "")
            assert index.looked_since(day, SILENCE) == memory.looked_since(day)
            assert index.have_met(*asked, *people) == memory.have_met(*asked, *people)
            for name, direction in itertools.product(people, Direction):
                assert index.last_visit(*asked, name, direction) == memory.last_visit(*asked, name, direction)


def test_a_meeting_told_late_of_the_first_week_is_found(archive: Archive) -> None:
    day = FIRST_RUN.date()
    happened = telling.Event(
        day=day,
        status=Status.HELD,
        china=telling.holders(Side.CHINA, day.replace(day=1))[3],
        vietnam=telling.holders(Side.VIETNAM, day.replace(day=1))[4],
        city=telling.CITIES[6],
        forum=None,
        topics=("trade",),
        told_day=True,
    )
    dice = random.Random(1)  # noqa: S311 - invented news
    article, told = telling.tell(
        dice, happened, url="https://late.example/1", language="en", side=Side.CHINA, published=day
    )
    now = LAST_WEEK.bounds(ZONE)[0]
    with archive.write() as session:
        stored, _ = articles.add_article(session, article, now=now)
        [(id_, new)] = meetings.record_detection(
            session, stored, Detection("en", (told,)), rules_version=RULES_VERSION, now=now
        )
    assert new
    whole, lean = selections(archive)
    assert id_ in {stored.meeting.id for stored in lean.late}
    assert lean == whole
