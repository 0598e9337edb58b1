"""Forums with numbered sessions as a calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import StoredMeeting
from meetings.records import Forum, Place, Status
from reports.series import Session, calendar, rhythm, series_of
from tests.report_parts import meeting, mention, person, stored, stored_article

NAME = "Steering Committee for Bilateral Cooperation"
MONDAY = dt.date(2024, 12, 9)
PEOPLE = ([person("Wang Yi", "Foreign Minister")], [person("Bui Thanh Son", "Foreign Minister")])


def session(
    date: str, ordinal: int | None, *, status: Status = Status.HELD, name: str = NAME, city: str | None = "Beijing"
) -> StoredMeeting:
    record = meeting(
        f"{name} {date} {ordinal}", date, *PEOPLE, status=status, place=Place(None, city), forum=Forum(name, ordinal)
    )
    article = stored_article(1, "xinhua", "en", date, "Title", "They met.")
    return stored(record, mention(record, article, {}))


def coming(date: str, ordinal: int | None = None) -> StoredMeeting:
    return session(date, ordinal, status=Status.ANNOUNCED)


YEARLY = [session(f"{2020 + n}-12-01", 12 + n, city="Hanoi") for n in range(4)]
BY_RHYTHM = "by the usual rhythm: 4 sessions known, one about every 12 months"


@pytest.mark.parametrize(
    ("meetings", "last", "current", "next_", "basis"),
    [
        pytest.param(
            [session("2024-12-10", 16)], "", "16th session, 10 December 2024, Beijing", "", "", id="one session"
        ),
        pytest.param(
            [session("2023-12-01", 15), session("2024-12-10", 16)],
            "15th session, 1 December 2023, Beijing",
            "16th session, 10 December 2024, Beijing",
            "",
            "",
            id="two make no rhythm",
        ),
        pytest.param(
            YEARLY,
            "15th session, 1 December 2023, Hanoi",
            "",
            "",
            "",
            id="by its rhythm it is overdue: nothing is said",
        ),
        pytest.param(
            [*YEARLY[1:], session("2024-12-10", 16)],
            "15th session, 1 December 2023, Hanoi",
            "16th session, 10 December 2024, Beijing",
            "about December 2025",
            BY_RHYTHM,
            id="by its rhythm",
        ),
        pytest.param(
            [*YEARLY, coming("2025-02-03", 16)],
            "15th session, 1 December 2023, Hanoi",
            "",
            "16th session, 3 February 2025, Beijing",
            "announced",
            id="announced, whatever the rhythm",
        ),
        pytest.param(
            [*YEARLY, coming("2025-02-03")],
            "15th session, 1 December 2023, Hanoi",
            "",
            "session, 3 February 2025, Beijing",
            "announced",
            id="announced without a number",
        ),
        pytest.param(
            [session("2023-12-01", 15, city=None), session("2023-12-02", None)],
            "15th session, 1 December 2023",
            "",
            "",
            "",
            id="an account without number is of the numbered session",
        ),
        pytest.param(
            [session("2022-12-01", 15), session("2023-12-01", None)],
            "session, 1 December 2023, Beijing",
            "",
            "",
            "",
            id="a session without number",
        ),
        pytest.param(
            [session("2024-12-10", 16), session("2024-12-20", 17)],
            "",
            "16th session, 10 December 2024, Beijing",
            "",
            "",
            id="a later week is not known yet",
        ),
        pytest.param(
            [session("2024-12-10", 16), session("2024-12-11", 16)],
            "",
            "16th session, 10 December 2024, Beijing",
            "",
            "",
            id="one number is one session",
        ),
    ],
)
def test_calendar(meetings: list[StoredMeeting], last: str, current: str, next_: str, basis: str) -> None:
    [view] = calendar(meetings, day=MONDAY)
    assert (view.id, view.name) == ("steering-committee-for-bilateral-cooperation", NAME)
    assert (view.last, view.current, view.next, view.basis) == (last, current, next_, basis)


@pytest.mark.parametrize(
    "meetings",
    [
        pytest.param([session("2024-12-10", None)], id="a forum without numbers"),
        pytest.param([session("2024-12-10", 3, name="tea reception")], id="a tea"),
        pytest.param([session("2024-12-10", 16, status=Status.CANCELLED)], id="called off"),
        pytest.param([stored(meeting("m", "2024-12-10", *PEOPLE), *session("2024-12-10", 1).mentions)], id="no forum"),
    ],
)
def test_what_is_no_series(meetings: list[StoredMeeting]) -> None:
    assert calendar(meetings, day=MONDAY) == ()


def test_this_weeks_first_then_by_the_next_and_none_that_is_far() -> None:
    near = [*YEARLY, coming("2024-12-20", 16)]
    now = session("2024-12-10", 1, name="3+3 Strategic Dialogue")
    far = [
        session("2023-05-01", 2, name="Railway Committee"),
        session("2025-11-01", 3, name="Railway Committee", status=Status.ANNOUNCED),
    ]
    old = session("2019-01-01", 7, name="Land Border Joint Committee")
    everything = [old, *far, *near, now]
    names = [view.name for view in calendar(everything, day=MONDAY)]
    assert names == ["3+3 Strategic Dialogue", NAME, "Railway Committee", "Land Border Joint Committee"]
    soon = calendar(everything, day=MONDAY, within=dt.timedelta(weeks=8))
    assert [view.name for view in soon] == names[:2]


def days(*gaps: int, first: int = 1, step: Sequence[int] = ()) -> list[Session]:
    day, number = dt.date(2015, 1, 1), first
    sessions = [session(day.isoformat(), number)]
    for gap, more in zip(gaps, [*step, *[1] * len(gaps)], strict=False):
        day, number = day + dt.timedelta(days=gap), number + more
        sessions.append(session(day.isoformat(), number))
    return [
        Session(each.meeting.forum.ordinal, each.meeting.date, each)
        for each in sessions
        if each.meeting.forum and each.meeting.date
    ]


@pytest.mark.parametrize(
    ("sessions", "gap"),
    [
        pytest.param(days(365, 365), 365, id="yearly"),
        pytest.param(days(360, 380, 365), 365, id="about yearly"),
        pytest.param(days(730, 365, step=(2, 1)), 365, id="one session is not known"),
        pytest.param(days(365), None, id="two sessions"),
        pytest.param(days(100, 400, 365), 365, id="one came early"),
        pytest.param(days(180, 700, 365), None, id="no rhythm"),
        pytest.param(days(365, 365, step=(1, 0)), None, id="a number told twice"),
        pytest.param(days(365, 365, first=9, step=(1, -4)), None, id="numbers that fall"),
        pytest.param(days(0, 0), None, id="all on one day"),
    ],
)
def test_the_usual_gap(sessions: list[Session], gap: int | None) -> None:
    assert rhythm(sessions) == (dt.timedelta(days=gap) if gap else None)


SESSIONS = st.tuples(
    st.dates(dt.date(2015, 1, 1), dt.date(2026, 12, 31)), st.none() | st.integers(1, 20), st.sampled_from(Status)
)


@given(st.lists(SESSIONS, max_size=12), st.randoms(use_true_random=False))
def test_any_sessions_in_any_order(told: list[tuple[dt.date, int | None, Status]], random: object) -> None:
    meetings = [session(day.isoformat(), ordinal, status=status) for day, ordinal, status in told]
    views = calendar(meetings, day=MONDAY)
    random.shuffle(meetings)  # type: ignore[attr-defined]  # hypothesis's Random
    assert calendar(meetings, day=MONDAY) == views
    sunday = MONDAY + dt.timedelta(days=6)
    for series in series_of(meetings, day=sunday):
        assert all(each.day <= sunday for each in series.held)
        assert all(each.day > sunday for each in series.announced)
        numbers = [each.ordinal for each in series.held if each.ordinal]
        assert len(numbers) == len(set(numbers))
    assert all(bool(view.next) == bool(view.basis) for view in views)
