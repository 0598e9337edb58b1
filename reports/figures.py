"""The week in figures, beside the week before and the average of the weeks before that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from archive.tallies import Tally
from meetings.records import RANK_ORDER, Rank
from parsers.records import Side
from reports.records import FigureView
from reports.week import Week, week_of_day

WEEKS = 26
"""How many weeks the chart shows, and how many before this one the average is taken of: half a year."""

_MINISTERS = RANK_ORDER[: RANK_ORDER.index(Rank.MINISTER) + 1]


@dataclass(frozen=True, slots=True)
class WeekCount:
    """The held meetings of one week: by level, and how many of them both sides gave an account of."""

    week: Week
    by_level: Mapping[Rank, int]
    both_sides: int

    @property
    def total(self) -> int:
        """All held meetings of the week."""
        return sum(self.by_level.values())


def weeks_before(week: Week, number: int) -> tuple[Week, ...]:
    """The `number` weeks up to and including `week`, oldest first."""
    monday = week.days()[0]
    return tuple(week_of_day(monday - timedelta(weeks=back)) for back in reversed(range(number)))


def count_weeks(tallies: Sequence[Tally], last: Week) -> tuple[WeekCount, ...]:
    """The counts of `last` and the WEEKS before it, oldest first; a week without meetings counts nothing."""
    by_week: dict[Week, list[Tally]] = {}
    for tally in tallies:
        by_week.setdefault(week_of_day(tally.day), []).append(tally)
    return tuple(_count(week, by_week.get(week, [])) for week in weeks_before(last, WEEKS + 1))


def figures(counts: Sequence[WeekCount]) -> tuple[FigureView, ...]:
    """The last of `counts` beside those before it; no average over weeks of which the archive knows nothing."""
    rows: tuple[tuple[str, Callable[[WeekCount], int]], ...] = (
        ("Meetings held", lambda count: count.total),
        ("Ministers or higher", lambda count: sum(count.by_level.get(rank, 0) for rank in _MINISTERS)),
        ("Told by both sides", lambda count: count.both_sides),
    )
    known = _known(counts[:-1])
    return tuple(
        FigureView(
            label=label,
            value=str(number(counts[-1])),
            before=str(number(counts[-2])) if known else "",
            average=f"{sum(map(number, known)) / len(known):.1f}" if known else "",
        )
        for label, number in rows
    )


def average_of(counts: Sequence[WeekCount]) -> int:
    """Over how many weeks `figures` takes its average."""
    return len(_known(counts[:-1]))


def _known(before: Sequence[WeekCount]) -> Sequence[WeekCount]:
    """From the first week with a meeting on: weeks before it may be empty only because nobody read them."""
    first = next((at for at, count in enumerate(before) if count.total), len(before))
    return before[first:]


def _count(week: Week, tallies: Sequence[Tally]) -> WeekCount:
    both = sum({Side.CHINA, Side.VIETNAM} <= tally.sides for tally in tallies)
    return WeekCount(week, Counter(tally.level for tally in tallies), both)
