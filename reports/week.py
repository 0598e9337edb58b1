"""ISO 8601 weeks, as issues are named: `2024-W50` is Monday 9 to Sunday 15 December 2024."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from parsers.records import InputError

# four digits from 1000 on: bounds in any zone then stay inside what `datetime` can hold
_LABEL = re.compile(r"([1-8][0-9]{3})-W([0-9]{2})")


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """One ISO week; weeks sort in time. `year` is the ISO year, which may differ from the calendar's at New Year."""

    year: int
    number: int

    @property
    def label(self) -> str:
        """The form `2024-W50`, which sorts as text."""
        return f"{self.year:04d}-W{self.number:02d}"

    def days(self) -> tuple[date, date]:
        """Monday and Sunday."""
        monday = date.fromisocalendar(self.year, self.number, 1)
        return monday, monday + timedelta(days=6)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and end in UTC, the end excluded: midnight of Monday in `zone` to midnight of the next Monday."""
        monday, sunday = self.days()
        return _midnight(monday, zone), _midnight(sunday + timedelta(days=1), zone)

    def __contains__(self, day: date) -> bool:
        return week_of_day(day) == self


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def parse_week(label: str) -> Week:
    """The week named `2024-W50`; `InputError` when it is not of that form or the year has no such week."""
    match = _LABEL.fullmatch(label)
    if match is None:
        raise InputError(f"Week {label!r} is not of the form 2024-W50.")
    week = Week(int(match[1]), int(match[2]))
    try:
        week.days()
    except ValueError:
        raise InputError(f"Week {label!r} does not exist: {week.year} has weeks 01 to {_last(week.year)}.") from None
    return week


def _last(year: int) -> int:
    """The number of the year's last week: 28 December always lies in it (ISO 8601)."""
    return date(year, 12, 28).isocalendar().week


def week_of_day(day: date) -> Week:
    """The ISO week of a calendar date."""
    year, number, _ = day.isocalendar()
    return Week(year, number)


def week_after(week: Week) -> Week:
    """The week that follows."""
    return week_of_day(week.days()[1] + timedelta(days=1))


def week_of(moment: datetime, zone: ZoneInfo) -> Week:
    """The ISO week of an aware moment, on the calendar of `zone`."""
    return week_of_day(moment.astimezone(zone).date())


def last_complete_week(now: datetime, zone: ZoneInfo) -> Week:
    """The last week that has wholly passed in `zone`."""
    monday, _ = week_of(now, zone).days()
    return week_of_day(monday - timedelta(days=1))
