"""The week in figures and as a chart: counted from the archive, compared with the weeks before, the same each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from struct import unpack
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from archive.meetings import all_meetings, record_detection
from archive.models import ArticleRow
from archive.store import Archive
from archive.tallies import Held, Tally, held_meetings, tallies
from meetings.records import Detection, Direction, Meeting, Person, Rank, Status
from parsers.records import Side
from reports.chart import HEIGHT, WIDTH, chart_text, weekly_chart
from reports.figures import WEEKS, average_of, count_weeks, figures, weeks_before
from reports.week import Week
from tests.archive_samples import NOW, day, meeting, store

LAST = Week(2024, 50)
TUESDAY = date(2024, 12, 10)
BOTH = frozenset({Side.CHINA, Side.VIETNAM})


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "home") as opened:
        yield opened


def tell(archive: Archive, name: str, told: Meeting, **changes: Any) -> None:
    stored = store(archive, name, **changes)
    with archive.write() as s:
        record_detection(s, stored, Detection("en", (told,)), rules_version="1", now=NOW)


def held(*weeks_ago: int, level: Rank = Rank.MINISTER, sides: frozenset[Side] = BOTH) -> list[Tally]:
    return [Tally(TUESDAY - timedelta(weeks=weeks), level, sides) for weeks in weeks_ago]


def rows(tallied: Sequence[Tally]) -> dict[str, tuple[str, str, str]]:
    return {row.label: (row.value, row.before, row.average) for row in figures(count_weeks(tallied, LAST))}


def test_tallies_are_of_held_meetings_and_of_who_tells_them(archive: Archive) -> None:
    tell(archive, "one", meeting(level=Rank.LEADER), side=Side.CHINA)
    tell(archive, "two", meeting(level=Rank.LEADER), side=Side.VIETNAM)
    tell(archive, "three", meeting("2024-12-03"), side=None)
    tell(archive, "four", meeting("2024-12-11", status=Status.ANNOUNCED), side=Side.CHINA)
    tell(archive, "five", meeting("2024-11-30"), side=Side.CHINA)
    with archive.read() as s:
        found = tallies(s, day("2024-12-01"), day("2024-12-31"))
    assert found == [
        Tally(day("2024-12-03"), Rank.DEPUTY_LEADER, frozenset()),
        Tally(day("2024-12-10"), Rank.LEADER, BOTH),
    ]


def test_a_copy_is_the_telling_of_the_side_that_it_prints(archive: Archive) -> None:
    tell(archive, "one", meeting(), side=Side.CHINA)
    tell(archive, "two", meeting(), side=Side.VIETNAM)
    with archive.write() as s:
        s.execute(update(ArticleRow).where(ArticleRow.number == 2).values(copy_of=1))
    with archive.read() as s:
        assert [tally.sides for tally in tallies(s, day("2024-12-01"), day("2024-12-31"))] == [{Side.CHINA}]


def test_what_a_copy_adds_is_told_by_its_own_side(archive: Archive) -> None:
    """As in the accounts: the article whose text it prints does not tell that meeting."""
    tell(archive, "one", meeting("2024-11-20"), side=Side.CHINA)
    tell(archive, "two", meeting(), side=Side.VIETNAM)
    with archive.write() as s:
        s.execute(update(ArticleRow).where(ArticleRow.number == 2).values(copy_of=1))
    with archive.read() as s:
        assert [tally.sides for tally in tallies(s, day("2024-12-01"), day("2024-12-31"))] == [{Side.VIETNAM}]


@pytest.mark.parametrize("status", [Status.ANNOUNCED, Status.CANCELLED])
def test_who_only_announced_a_meeting_does_not_tell_that_it_was_held(archive: Archive, status: Status) -> None:
    tell(archive, "one", meeting(), side=Side.CHINA)
    tell(archive, "two", meeting(status=status), side=Side.VIETNAM)
    with archive.read() as s:
        assert [tally.sides for tally in tallies(s, day("2024-12-01"), day("2024-12-31"))] == [{Side.CHINA}]


def test_an_undated_meeting_counts_by_the_day_it_is_placed_on(archive: Archive) -> None:
    tell(archive, "one", meeting(None), side=Side.CHINA)
    with archive.read() as s:
        assert [tally.day for tally in tallies(s, day("2024-12-01"), day("2024-12-31"))] == [day("2024-12-11")]


@pytest.mark.parametrize(
    ("zone", "seen"), [("UTC", "2024-12-12"), ("Asia/Ho_Chi_Minh", "2024-12-12"), ("Pacific/Honolulu", "2024-12-11")]
)
def test_one_that_no_date_places_counts_by_the_day_it_was_first_seen(archive: Archive, zone: str, seen: str) -> None:
    tell(archive, "one", meeting(None), side=Side.CHINA, published=None, published_on=None)
    with archive.read() as s:
        assert [tally.day for tally in tallies(s, day(seen), day(seen), ZoneInfo(zone))] == [day(seen)]


def test_held_meetings_in_short(archive: Archive) -> None:
    nameless = Person(None, "a delegation", None, None)
    tell(archive, "one", meeting(level=Rank.LEADER, vietnam=(nameless,)))
    tell(archive, "two", meeting("2024-11-30", status=Status.ANNOUNCED))
    tell(archive, "three", meeting(None), published=None, published_on=None)
    with archive.read() as s:
        [told] = held_meetings(s)
        assert [told] == [each for each in map(Held.of, all_meetings(s)) if each]
    assert (told.day, told.level, told.direction) == (TUESDAY, Rank.LEADER, Direction.TO_CHINA)
    assert told.names == {"wang yi"}


@pytest.mark.parametrize(
    ("tallied", "meetings", "ministers", "both"),
    [
        pytest.param([], ("0", "", ""), ("0", "", ""), ("0", "", ""), id="an empty archive"),
        pytest.param(held(0), ("1", "", ""), ("1", "", ""), ("1", "", ""), id="nothing before"),
        pytest.param(held(0, 0, 1, 2, 2, 2), ("2", "1", "2.0"), ("2", "1", "2.0"), ("2", "1", "2.0"), id="three weeks"),
        pytest.param(held(0, 4), ("1", "0", "0.2"), ("1", "0", "0.2"), ("1", "0", "0.2"), id="empty weeks count"),
        pytest.param(
            held(0, 1, level=Rank.LOCAL), ("1", "1", "1.0"), ("0", "0", "0.0"), ("1", "1", "1.0"), id="local officials"
        ),
        pytest.param(
            held(0, 1, sides=frozenset({Side.CHINA})),
            ("1", "1", "1.0"),
            ("1", "1", "1.0"),
            ("0", "0", "0.0"),
            id="one side",
        ),
        pytest.param(held(0, WEEKS + 1), ("1", "", ""), ("1", "", ""), ("1", "", ""), id="older than the average"),
    ],
)
def test_figures(
    tallied: list[Tally], meetings: tuple[str, ...], ministers: tuple[str, ...], both: tuple[str, ...]
) -> None:
    assert rows(tallied) == {"Meetings held": meetings, "Ministers or higher": ministers, "Told by both sides": both}


def test_the_average_says_over_how_many_weeks() -> None:
    assert average_of(count_weeks(held(0, 3), LAST)) == 3
    assert average_of(count_weeks(held(0, WEEKS), LAST)) == WEEKS


def test_weeks_go_on_across_a_year_of_53_weeks() -> None:
    assert [week.label for week in weeks_before(Week(2021, 1), 3)] == ["2020-W52", "2020-W53", "2021-W01"]


def test_a_chart_is_a_picture_of_the_promised_size_and_always_the_same() -> None:
    counts = count_weeks(held(0, 0, 1, 5) + held(2, 5, level=Rank.LEADER), LAST)
    picture = weekly_chart(counts)
    assert picture.startswith(b"\x89PNG")
    assert unpack(">II", picture[16:24]) == (2 * WIDTH, 2 * HEIGHT)
    assert picture == weekly_chart(counts)
    assert picture != weekly_chart(count_weeks(held(0), LAST))


@pytest.mark.parametrize(
    ("tallied", "text"),
    [
        ([], "Meetings held a week over 26 weeks: 0 in the last one; 0 meetings in all."),
        (held(0), "Meetings held a week over 26 weeks: 1 in the last one; 1 meeting in all."),
        (
            held(0, 2, 2),
            (
                "Meetings held a week over 26 weeks: 1 in the last one, 2 at most, in the week of "
                "25 November – 1 December 2024; 3 meetings in all."
            ),
        ),
    ],
    ids=["nothing", "one", "more before"],
)
def test_a_chart_is_told_in_a_sentence(tallied: list[Tally], text: str) -> None:
    counts = count_weeks(tallied, LAST)
    assert chart_text(counts) == text
    assert weekly_chart(counts)
