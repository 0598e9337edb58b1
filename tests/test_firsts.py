"""Firsts: by a source's words, or by an archive that has looked long enough and says since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import StoredMeeting
from meetings.records import Direction, Forum, Mode, Person, Place, Rank, Status
from reports.accounts import Outlets
from reports.firsts import GROWN, SILENCE, Past, firsts
from reports.records import FirstView
from tests.report_catalogue import SOURCES
from tests.report_parts import HANOI, meeting, mention, person, stored, stored_article

DAY = dt.date(2024, 8, 19)
LAM = person("To Lam", "General Secretary", "Tô Lâm", Rank.LEADER)
XI = person("Xi Jinping", "President", "习近平", Rank.LEADER)
OTHERS = (person("Li Na", None, None, Rank.LOCAL), person("Le Van A", None, None, Rank.LOCAL))


def told(
    day: dt.date = DAY,
    meeting_id: str = "m",
    *,
    china: Sequence[Person] = (XI,),
    vietnam: Sequence[Person] = (LAM,),
    direction: Direction = Direction.TO_CHINA,
    status: Status = Status.HELD,
    mode: Mode = Mode.IN_PERSON,
    forum: Forum | None = None,
    text: str = "They met.",
    level: Rank = Rank.LEADER,
) -> StoredMeeting:
    country = {Direction.TO_CHINA: "CN", Direction.TO_VIETNAM: "VN"}.get(direction, "LA")
    place = Place(None, None, country)
    record = meeting(
        meeting_id, day.isoformat(), china, vietnam, place=place, status=status, mode=mode, forum=forum, level=level
    )
    record = replace(record, direction=direction)
    article = stored_article(1, "xinhua", "en", day.isoformat(), "Title", text)
    fields = {"forum": "first session"} if "first session" in text else {}
    return stored(record, mention(record, article, fields))


def steady(days: int, *, every: int = 30, until: dt.date = DAY) -> list[StoredMeeting]:
    """Meetings of other people, one every so many days."""
    china, vietnam = OTHERS[:1], OTHERS[1:]
    return [
        told(until - dt.timedelta(days=back), f"o{back}", china=china, vietnam=vietnam, level=Rank.LOCAL)
        for back in range(0, days, every)
    ]


def of(stored: StoredMeeting, *known: StoredMeeting) -> tuple[FirstView, ...]:
    return firsts(stored, known=Past.of([stored, *known]), outlets=Outlets.of(SOURCES), zone=HANOI)


def before(days: int, meeting_id: str = "e", **changes: object) -> StoredMeeting:
    return told(DAY - dt.timedelta(days=days), meeting_id, **changes)  # type: ignore[arg-type]  # mixed values


PAIR = "First meeting of Xi Jinping and To Lam in the archive"
VISIT = "To Lam’s first visit to China since taking office, as far as the archive knows"
SOURCE = "A source calls it To Lam’s first visit since taking office"
FIRST = "It is To Lam’s first visit to China since taking office."
YEARS = steady(800)
CALL = before(1000, direction=Direction.REMOTE, mode=Mode.PHONE)


# To Lam held office since 22 May 2024
@pytest.mark.parametrize(
    ("meeting", "known", "texts"),
    [
        pytest.param(told(), [], [], id="an archive that begins with it"),
        pytest.param(told(), YEARS, [VISIT, PAIR], id="an archive of two years"),
        pytest.param(told(), steady(200), [VISIT], id="an archive of half a year"),
        pytest.param(told(), steady(10), [], id="an archive younger than the term of office"),
        pytest.param(told(), steady(800, every=60), [], id="an archive with gaps"),
        pytest.param(told(), [*YEARS, CALL], [VISIT], id="they had spoken by phone, in years that are known badly"),
        pytest.param(told(), [*YEARS, before(200)], [VISIT], id="a visit in an earlier office"),
        pytest.param(told(), [*YEARS, before(10)], [], id="a visit in this office"),
        pytest.param(told(), [*YEARS, before(2)], [], id="an earlier meeting on this visit"),
        pytest.param(told(), [*YEARS, before(10, status=Status.ANNOUNCED)], [VISIT, PAIR], id="one only announced"),
        pytest.param(
            told(), [*YEARS, before(10, direction=Direction.TO_VIETNAM)], [VISIT], id="one when the other travelled"
        ),
        pytest.param(told(), [*YEARS, before(0, "a")], [], id="the same day, and told first"),
        pytest.param(told(), [*YEARS, before(0, "z")], [VISIT, PAIR], id="the same day, and told after it"),
        pytest.param(told(), [*YEARS, before(-9, "z")], [VISIT, PAIR], id="a later one"),
        pytest.param(told(status=Status.ANNOUNCED), YEARS, [], id="not held yet"),
        pytest.param(told(mode=Mode.VIDEO), YEARS, [PAIR], id="by video"),
        pytest.param(told(direction=Direction.THIRD_COUNTRY), YEARS, [PAIR], id="in a third country"),
        pytest.param(told(vietnam=[]), YEARS, [], id="one side not named"),
        pytest.param(told(china=OTHERS[:1]), YEARS, [VISIT], id="a pair of which one is a local official"),
        pytest.param(told(vietnam=OTHERS[1:]), [], [], id="a visitor whom the lexicon does not know"),
        pytest.param(told(text=FIRST), [], [SOURCE], id="a source"),
        pytest.param(
            told(text=FIRST), [before(2)], [],
            id="a source, of the second meeting of the visit",
        ),
        pytest.param(
            told(text="They held the first session.", forum=Forum("Rail Committee", 1)), [],
            ["First session of Rail Committee"], id="the first session of a forum",
        ),
        pytest.param(told(text="The first session.", forum=Forum("Rail Committee", 2)), [], [], id="the second one"),
    ],
)  # fmt: skip
def test_firsts(meeting: StoredMeeting, known: list[StoredMeeting], texts: list[str]) -> None:
    found = of(meeting, *known)
    assert [first.text for first in found] == texts
    assert all(first.basis for first in found)


def test_what_a_first_rests_on() -> None:
    source = of(told(text=f"Long text. {FIRST} More."))[0]
    assert source.basis == FIRST
    assert source.article is not None
    visit, pair = of(told(), *YEARS)
    assert visit.basis == "In office since 22 May 2024; the archive has meetings since then, none of an earlier one."
    assert pair.basis == "The archive has meetings without a gap since 1 July 2022 and knows of no earlier one."
    assert (visit.article, pair.article) == (None, None)


@given(st.lists(st.integers(0, 900), max_size=40))
def test_how_long_the_archive_has_looked(back: list[int]) -> None:
    """There is no gap between the day given and the day from which on it looked, and a gap before it."""
    past = Past.of(before(days, f"m{n}") for n, days in enumerate(back))
    since = past.looked_since(DAY)
    days = sorted({DAY - dt.timedelta(days=each) for each in back} | {DAY})
    seen = [day for day in days if day >= since]
    assert since in days
    assert all(two - one <= SILENCE for one, two in pairwise(seen))
    assert not any(since - SILENCE <= day < since for day in days)


@given(st.lists(st.tuples(st.integers(0, 700), st.booleans()), max_size=8))
def test_the_pair_meets_for_the_first_time_at_most_once(meetings: list[tuple[int, bool]]) -> None:
    archive = [before(days, f"m{n}", china=(XI,) if xi else OTHERS[:1]) for n, (days, xi) in enumerate(meetings)]
    known = Past.of([*archive, *steady(700 + GROWN.days + 30)])
    found = [firsts(each, known=known, outlets=Outlets.of(SOURCES), zone=HANOI) for each in archive]
    assert sum(first.text == PAIR for each in found for first in each) == any(xi for _, xi in meetings)
