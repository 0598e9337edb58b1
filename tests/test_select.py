from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import IssueState, StoredIssue, StoredMeeting
from meetings.records import Rank, Status
from reports.retold import Fate
from reports.select import Selection, is_back, select_issue
from reports.week import Week, week_of_day
from tests.report_catalogue import at
from tests.report_parts import FIRST_RUN, HANOI, meeting, mention, stored, stored_article

W49, W50, W51 = Week(2024, 49), Week(2024, 50), Week(2024, 51)


def told(
    meeting_id: str,
    date: str | None,
    *,
    published: str | None = "2024-12-11",
    status: Status = Status.HELD,
    end_date: str | None = None,
    level: Rank = Rank.MINISTER,
    first_seen: str = "2024-12-11T01:00",
) -> StoredMeeting:
    base = meeting(meeting_id, date, [], [], status=status, end_date=end_date, level=level)
    article = stored_article(1, "xinhua", "en", published, "Title", "They met.")
    return stored(base, mention(base, article, {"status": "met"}), first_seen=first_seen)


def closed(week: Week, *ids: str, state: IssueState = IssueState.FINAL) -> StoredIssue:
    return StoredIssue(week.label, HANOI.key, state, at("2024-12-16T00:00"), "subject", "0" * 64, ids)


def chosen(
    meetings: Sequence[StoredMeeting],
    week: Week = W50,
    *issues: StoredIssue,
    first_run: dt.datetime | None = FIRST_RUN,
    as_of: str = "2024-12-16T00:00",
) -> Selection:
    return select_issue(meetings, week=week, zone=HANOI, closed=issues, first_run=first_run, as_of=at(as_of))


def ids(meetings: Sequence[StoredMeeting]) -> list[str]:
    return [each.meeting.id for each in meetings]


@pytest.mark.parametrize(
    ("date", "issues", "first_run", "new", "late"),
    [
        pytest.param("2024-12-09", [], FIRST_RUN, True, False, id="Monday of the week"),
        pytest.param("2024-12-15", [], FIRST_RUN, True, False, id="Sunday of the week"),
        pytest.param("2024-12-16", [], FIRST_RUN, False, False, id="the week after"),
        pytest.param("2024-12-08", [], FIRST_RUN, False, True, id="the week before, never closed"),
        pytest.param("2024-12-08", [closed(W49)], FIRST_RUN, False, True, id="the week before, closed without it"),
        pytest.param("2024-12-08", [closed(W49, "m")], FIRST_RUN, False, False, id="the week before, closed with it"),
        pytest.param("2024-12-10", [closed(W51, "m")], FIRST_RUN, False, False, id="told late in the next issue"),
        pytest.param("2024-12-10", [closed(W50, "m")], FIRST_RUN, True, False, id="closed with it, written again"),
        pytest.param("2024-12-10", [closed(W50)], FIRST_RUN, False, False, id="closed without it"),
        pytest.param("2024-11-20", [], FIRST_RUN, False, False, id="before the first run: never mailed as new"),
        pytest.param("2024-12-10", [], at("2025-06-01T00:00"), True, False, id="back issue holds its own week"),
        pytest.param("2024-12-06", [], at("2025-06-01T00:00"), False, False, id="back issue holds no other week"),
        pytest.param("2024-12-10", [], None, True, False, id="archive that never ran"),
        pytest.param(
            "2024-12-10",
            [closed(W49, "m", state=IssueState.BACK)],
            FIRST_RUN,
            True,
            False,
            id="back issues claim nothing",
        ),
    ],
)
def test_a_held_meeting_is_new_or_late_or_elsewhere(
    date: str, issues: list[StoredIssue], first_run: dt.datetime | None, new: bool, late: bool
) -> None:
    selection = chosen([told("m", date)], W50, *issues, first_run=first_run)
    assert (ids(selection.new), ids(selection.late)) == (["m"] * new, ["m"] * late)
    assert selection.meeting_ids == ("m",) * (new or late)


@pytest.mark.parametrize(
    ("published", "first_seen", "week"),
    [
        pytest.param("2024-12-08", "2024-12-17T00:00", W49, id="its article's day"),
        pytest.param(None, "2024-12-15T16:59", W50, id="the day it was first seen"),
        pytest.param(None, "2024-12-15T17:00", W51, id="the day it was first seen in the issue's zone"),
    ],
)
def test_an_undated_meeting_is_placed(published: str | None, first_seen: str, week: Week) -> None:
    undated = told("m", None, published=published, first_seen=first_seen)
    assert ids(chosen([undated], week).new) == ["m"]


@pytest.mark.parametrize(
    ("first_run", "back"),
    [
        (None, True),
        (at("2024-12-15T16:59"), False),
        (at("2024-12-15T17:00"), True),
        (at("2024-12-09T00:00"), False),
    ],
    ids=["never ran", "ran in the last minute of the week", "ran when it had ended", "ran on Monday"],
)
def test_a_week_that_ended_before_the_first_run_is_a_back_issue(first_run: dt.datetime | None, back: bool) -> None:
    assert is_back(W50, HANOI, first_run) is back
    assert chosen([], W50, first_run=first_run).back is back


@pytest.mark.parametrize(
    ("date", "end_date", "published", "back", "ahead", "awaited"),
    [
        pytest.param("2024-12-18", None, "2024-12-11", False, True, False, id="next week"),
        pytest.param("2024-12-14", None, "2024-12-11", False, False, True, id="this week without a report"),
        pytest.param("2024-12-14", "2024-12-17", "2024-12-11", False, True, False, id="begun, not over"),
        pytest.param("2024-12-06", None, "2024-12-01", False, False, False, id="passed long ago"),
        pytest.param(None, None, "2024-12-11", False, True, False, id="undated, announced this week"),
        pytest.param(None, None, "2024-12-04", False, False, False, id="undated, announced in another week"),
        pytest.param("2024-12-18", None, "2024-12-17", False, False, False, id="announced after the issue"),
        pytest.param("2024-12-18", None, "2024-12-16", True, False, False, id="announced after a back issue's Sunday"),
        pytest.param("2024-12-18", None, "2024-12-15", True, True, False, id="announced before a back issue's end"),
    ],
)
@pytest.mark.parametrize("status", [Status.ANNOUNCED, Status.CANCELLED])
def test_what_is_announced_stands_ahead_until_its_day(
    date: str | None, end_date: str | None, published: str, back: bool, ahead: bool, awaited: bool, status: Status
) -> None:
    announced = told("m", date, end_date=end_date, published=published, status=status)
    selection = chosen([announced], first_run=at("2025-06-01T00:00") if back else FIRST_RUN)
    fate = Fate.NO_REPORT if status is Status.ANNOUNCED else Fate.CALLED_OFF
    assert ids(selection.ahead) == ["m"] * ahead
    assert [(item.stored.meeting.id, item.fate) for item in selection.settled] == [("m", fate)] * awaited
    assert selection.meeting_ids == ()


@pytest.mark.parametrize(
    ("later", "by_then"),
    [
        pytest.param({"status": Status.CANCELLED}, Status.CANCELLED, id="called off"),
        pytest.param({"date": dt.date(2024, 12, 20)}, Status.ANNOUNCED, id="moved"),
    ],
)
def test_a_back_issue_knows_of_what_lies_ahead_as_its_readers_did(later: dict[str, object], by_then: Status) -> None:
    """What an article of the next week changed, an issue that knows of it tells, and a back issue does not."""
    first = told("m", "2024-12-18", status=Status.ANNOUNCED)
    changed = dataclasses.replace(first.meeting, **later)  # type: ignore[arg-type]
    news = mention(changed, stored_article(2, "vietnamplus", "en", "2024-12-16", "Title", "News."), {})
    both = dataclasses.replace(first, meeting=changed, mentions=(*first.mentions, news))
    (back,) = chosen([both], first_run=at("2025-06-01T00:00")).ahead
    assert (back.meeting, back.mentions) == (first.meeting, first.mentions)
    (open_,) = chosen([both], as_of="2024-12-17T00:00").ahead
    assert (open_.meeting, open_.meeting.status) == (changed, by_then)


def test_order_is_by_day_then_rank_then_id() -> None:
    meetings = [
        told("b", "2024-12-10"),
        told("a", "2024-12-10"),
        told("c", "2024-12-10", level=Rank.LEADER),
        told("d", "2024-12-09", level=Rank.LOCAL),
    ]
    assert ids(chosen(meetings).new) == ids(chosen(meetings[::-1]).new) == ["d", "c", "a", "b"]


WEEKS = [week_of_day(dt.date(2024, 11, 4) + dt.timedelta(weeks=number)) for number in range(8)]
START, END = WEEKS[0].bounds(HANOI)[0], WEEKS[-1].bounds(HANOI)[1]
MOMENTS = st.integers(0, int((END - START).total_seconds()) - 1).map(
    lambda seconds: START + dt.timedelta(seconds=seconds)
)


@given(
    arrivals=st.lists(st.tuples(st.none() | st.integers(0, 55), MOMENTS), max_size=12),
    first_run=MOMENTS,
    skipped=st.sets(st.sampled_from(WEEKS[:-1])),
    catch_up=st.booleans(),
)
def test_every_held_meeting_is_new_in_exactly_one_issue(
    arrivals: list[tuple[int | None, dt.datetime]], first_run: dt.datetime, skipped: set[Week], catch_up: bool
) -> None:
    """Whatever arrives when, and whichever Mondays the machine slept through: all is told once, nothing twice.

    With `catch_up` the issues slept through are written before the next one, oldest first.
    """
    meetings = []
    for number, (day, known) in enumerate(arrivals):
        held_on = None if day is None else WEEKS[0].days()[0] + dt.timedelta(days=day)
        each = told(f"m{number}", None, published=None)
        dated = dataclasses.replace(each.meeting, date=held_on)
        meetings.append(dataclasses.replace(each, meeting=dated, first_seen=known, held_known_at=known))
    issues: list[StoredIssue] = []
    mailed: list[str] = []

    def close(week: Week, now: dt.datetime) -> None:
        known = [each for each in meetings if each.first_seen <= now]
        selection = select_issue(known, week=week, zone=HANOI, closed=issues, first_run=first_run, as_of=now)
        if not selection.back:
            issues.append(closed(week, *selection.meeting_ids))
            mailed.extend(selection.meeting_ids)

    waiting: list[Week] = []
    for week in WEEKS:
        if week in skipped:
            waiting.append(week)
            continue
        now = week.bounds(HANOI)[1] + dt.timedelta(hours=7)
        for earlier in [*waiting, week] if catch_up else [week]:
            close(earlier, now)
        waiting.clear()

    back: list[str] = []
    for week in WEEKS:
        again = select_issue(meetings, week=week, zone=HANOI, closed=issues, first_run=first_run, as_of=END)
        if again.back:
            back.extend(again.meeting_ids)
        else:
            recorded = [issue.meeting_ids for issue in issues if issue.week == week.label]
            assert not recorded or set(again.meeting_ids) == set(recorded[0])
    assert sorted(mailed + back) == sorted(each.meeting.id for each in meetings)
