"""Reads the dates that feeds, pages and people write (sources.md §4.3, §4.5; peers.md §10.4).

A date in slashes that reads both ways (07/08/2026) is never guessed: it is read by the source's declared order or not
at all. A time without a zone is in the zone given; a zone name is read only where it is unambiguous.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from parsers.records import DateOrder

YEARS = range(1900, 2200)
"""Of moments. Any other is no article's, and at the calendar's ends a date in one zone is none in another."""
_LONGEST = 300
"""Characters looked at: a date stands at the front of the element that holds it."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "(?P<name>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})(?!\d)"

_DATE = tuple(
    re.compile(r"(?<![\w])" + pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})\s?[-/.年]\s?(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})(?!\d)日?",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?!\d)",
        _DAY + r"[\s-]+" + _MONTH + r",?[\s-]+" + _YEAR,
        _MONTH + r"\s+" + _DAY + r"(?:,\s*|\s+)" + _YEAR,
        r"(?P<day>\d{1,2})\s+tháng\s+(?P<month>\d{1,2})(?:,|\s+năm)?\s+" + _YEAR,
        r"(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})(?P=mark)" + _YEAR,
    )
)
_UNREADABLE = re.compile(r"(?:unknown\b|\d{4}-\d{2}(?![-\d]))", re.IGNORECASE)
"""What stands in a header's date place without being a date: our own writer's word, and a bare month."""

_TIME = re.compile(
    r"(?<![\d:+-])(?P<hour>\d{1,2})[:时](?P<minute>\d{2})(?:[:分](?P<second>\d{2})(?:[.,]\d+)?)?秒?(?!\d)"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?"
    r"(?:\s*\(?(?:(?P<sign_name>UTC|GMT)?\s?(?P<sign>[+-])(?P<off_hour>\d{1,2})(?::?(?P<off_minute>\d{2}))?(?!\d)"
    r"|(?P<zone>(?-i:Z|UTC|GMT|[A-Z]{1,4}T))\b))?",
    re.IGNORECASE,
)
_COMPACT_TIME = re.compile(r"(?<=\dT)(\d{2})(\d{2})(\d{2})(?!\d)")

# RFC 822 §5.1's names and the two that outlets of the region write; CST is read as the zone at hand has it
_ZONE_HOURS = {"Z": 0, "UTC": 0, "GMT": 0, "ICT": 7, "BJT": 8, "EST": -5, "EDT": -4, "MST": -7, "PST": -8, "PDT": -7}

# RFC 5322 §3.3 as nearly every feed writes it; anything else of this kind is found by the patterns above
_MAIL_DATE = re.compile(
    r"(?:[A-Z][a-z]{2},? )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|Z|([+-]\d{2}):?(\d{2}))",
    re.ASCII,
)

_URL_DAY = re.compile(
    r"(?<![\da-z])(?P<year>20\d{2})[-/]?(?P<month>[01]\d)[-/]?(?P<day>[0-3]\d)(?![\da-z])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A calendar date in the outlet's zone and, where a time of day was given, the moment in UTC."""

    day: date
    moment: datetime | None = None


def read_stamp(text: str, zone: tzinfo, order: DateOrder | None = None) -> Stamp | None:
    """The first date in `text`, with its time of day if it has one; None when there is no readable date."""
    if (mail := _MAIL_DATE.fullmatch(text)) and (moment := _mail_moment(mail)):
        return Stamp(moment.astimezone(zone).date(), moment)
    text = _COMPACT_TIME.sub(r"\1:\2:\3", text[:_LONGEST])
    found = _first_date(text)
    if found is None or (day := _day_of(found, order)) is None or day.year not in YEARS:
        return None
    rest = f"{text[: found.start()]} {text[found.end() :].removeprefix('T')}"
    moment = _moment(day, rest, zone)
    return Stamp(day if moment is None else moment.astimezone(zone).date(), moment)


def read_day(text: str, order: DateOrder | None = None) -> date | None:
    """The first calendar date in `text` as it is written there; None when there is none or it reads both ways."""
    found = _first_date(text[:_LONGEST])
    return None if found is None else _day_of(found, order)


def split_leading_day(text: str) -> tuple[date | None, str] | None:
    """The date that `text` opens with and what follows; (None, rest) for one that cannot be read; None for no date."""
    for pattern in (*_DATE, _UNREADABLE):
        if found := pattern.match(text):
            day = None if pattern is _UNREADABLE else _day_of(found, None)
            return day, text[found.end() :]
    return None


def url_day(url: str) -> date | None:
    """The calendar date that a URL spells out as a path or file name, such as /20260914/ or /t20260914_123.html."""
    for found in _URL_DAY.finditer(url.replace("_", "/").replace("/t2", "/2")):
        if day := _day_of(found, None):
            return day
    return None


def midnight(day: date, zone: tzinfo) -> datetime:
    """The UTC moment at which `day` begins in `zone`."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _mail_moment(found: re.Match[str]) -> datetime | None:
    day, name, year, hour, minute, second, off_hour, off_minute = found.groups()
    if (month := _MONTHS.get(name.lower())) is None or int(year) not in YEARS:
        return None
    try:
        ahead = timedelta(hours=int(off_hour), minutes=int(off_hour[0] + off_minute)) if off_hour else timedelta()
        local = datetime(int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=timezone(ahead))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _first_date(text: str) -> re.Match[str] | None:
    matches = (found for pattern in _DATE if (found := pattern.search(text)))
    return min(matches, key=lambda found: found.start(), default=None)


def _day_of(found: re.Match[str], order: DateOrder | None) -> date | None:
    parts = found.groupdict()
    year = int(parts["year"])
    if "first" in parts:
        month_day = _in_slashes(int(parts["first"]), int(parts["second"]), order)
        if month_day is None:
            return None
        month, day = month_day
    else:
        month = _MONTHS[parts["name"].lower()] if "name" in parts else int(parts["month"])
        day = int(parts["day"])
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _in_slashes(first: int, second: int, order: DateOrder | None) -> tuple[int, int] | None:
    """(month, day) of two numbers, by the only possible reading or by the declared order."""
    if first > 12 or first == second or (order is DateOrder.DMY and second <= 12):
        return second, first
    if second > 12 or order is DateOrder.MDY:
        return first, second
    return None


def _moment(day: date, text: str, zone: tzinfo) -> datetime | None:
    found = _TIME.search(text)
    if found is None:
        return None
    hour = int(found["hour"])
    if found["half"] and hour <= 12:
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    try:
        local = datetime.combine(day, time(hour, int(found["minute"]), int(found["second"] or 0)), tzinfo=zone)
        given = _offset(found, local)
        return None if given is None else local.replace(tzinfo=given).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _offset(found: re.Match[str], local: datetime) -> tzinfo | None:
    """The zone written after a time, the outlet's own if none is, None if its name cannot be read."""
    if found["sign"]:
        ahead = timedelta(hours=int(found["off_hour"]), minutes=int(found["off_minute"] or 0))
        return timezone(ahead if found["sign"] == "+" else -ahead)
    if not found["zone"]:
        return local.tzinfo
    name = found["zone"].upper()
    if name == local.tzname():
        return local.tzinfo
    return timezone(timedelta(hours=_ZONE_HOURS[name])) if name in _ZONE_HOURS else None
