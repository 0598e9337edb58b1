"""The English words in which an issue says what the records hold in fixed terms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from meetings.records import Channel, DateBasis, Mode, Rank, Status
from parsers.records import AlarmKind, Outcome

RANKS = {
    Rank.LEADER: "Top leaders",
    Rank.HEAD_OF_GOVERNMENT: "Heads of government",
    Rank.DEPUTY_LEADER: "Deputy leaders",
    Rank.MINISTER: "Ministers",
    Rank.VICE_MINISTER: "Vice ministers",
    Rank.DIRECTOR: "Directors",
    Rank.LOCAL: "Local officials",
}
CHANNELS = {
    Channel.STATE: "state",
    Channel.PARTY: "party",
    Channel.LEGISLATURE: "legislature",
    Channel.MILITARY: "military",
    Channel.POLICE: "police",
    Channel.SUBNATIONAL: "provinces and cities",
    Channel.EMBASSY: "embassy",
}
STATUSES = {Status.HELD: "held", Status.ANNOUNCED: "announced", Status.CANCELLED: "called off"}
MODES = {Mode.IN_PERSON: "in person", Mode.PHONE: "by phone", Mode.VIDEO: "by video", Mode.UNKNOWN: ""}
# how a date is known, where the text does not simply give it
DATE_BASES = {
    DateBasis.EXPLICIT: "",
    DateBasis.WEEKDAY: "from the weekday named in the text",
    DateBasis.RELATIVE: "from a word such as “yesterday” in the text",
    DateBasis.DATELINE: "from the dateline",
    DateBasis.PUBLISHED: "day of publication; the text gives no date",
    DateBasis.UNKNOWN: "",
}
OUTCOMES = {
    Outcome.OK: "answered",
    Outcome.NOT_MODIFIED: "answered, nothing new",
    Outcome.NEVER_POLLED: "never polled",
    Outcome.GONE: "gone for good (410)",
    Outcome.NOT_FOUND: "not found (404)",
    Outcome.FORBIDDEN: "access refused",
    Outcome.RATE_LIMITED: "asked us to slow down",
    Outcome.CLIENT_ERROR: "did not accept the request",
    Outcome.SERVER_ERROR: "error on the server",
    Outcome.DNS_ERROR: "host name not found",
    Outcome.CONNECT_ERROR: "no connection",
    Outcome.TLS_ERROR: "no secure connection",
    Outcome.TIMEOUT: "no answer in time",
    Outcome.PROTOCOL_ERROR: "answer could not be understood",
    Outcome.TOO_LARGE: "answer too large",
    Outcome.TOO_MANY_REDIRECTS: "too many redirects",
    Outcome.BLOCKED_ADDRESS: "address not allowed",
    Outcome.ROBOTS_DISALLOWED: "robots.txt does not allow it",
    Outcome.ROBOTS_UNAVAILABLE: "robots.txt could not be read",
    Outcome.NOT_A_FEED: "answer was not a feed",
    Outcome.NO_ENTRIES: "no entries in the feed",
    Outcome.NO_TEXT: "no text on the page",
    Outcome.INTERNAL_ERROR: "error in this program",
}
# a failing source goes by its outcome, which says more
ALARMS = {
    AlarmKind.SILENT: "lists nothing new",
    AlarmKind.STALE: "lists only old items",
    AlarmKind.LAYOUT: "its markup has changed and cannot be read well",
    AlarmKind.DUPLICATES: "brings only copies",
    AlarmKind.RETIRED: "is gone for good (410)",
}
# who tells of one thing in a comparison
TOLD_BY = {"both": "both", "china": "Beijing alone", "vietnam": "Hanoi alone"}
LANGUAGES = {"en": "English", "vi": "Vietnamese", "zh": "Chinese"}
# where officials of the two countries have met, and will; any other country appears by its ISO code
COUNTRIES = {
    "AE": "United Arab Emirates",
    "AT": "Austria",
    "AU": "Australia",
    "AZ": "Azerbaijan",
    "BD": "Bangladesh",
    "BE": "Belgium",
    "BN": "Brunei",
    "BR": "Brazil",
    "BY": "Belarus",
    "CA": "Canada",
    "CH": "Switzerland",
    "CN": "China",
    "CU": "Cuba",
    "DE": "Germany",
    "EG": "Egypt",
    "ES": "Spain",
    "ET": "Ethiopia",
    "FR": "France",
    "GB": "United Kingdom",
    "HK": "Hong Kong, China",
    "ID": "Indonesia",
    "IN": "India",
    "IT": "Italy",
    "JP": "Japan",
    "KG": "Kyrgyzstan",
    "KH": "Cambodia",
    "KP": "North Korea",
    "KR": "South Korea",
    "KZ": "Kazakhstan",
    "LA": "Laos",
    "LK": "Sri Lanka",
    "MM": "Myanmar",
    "MN": "Mongolia",
    "MO": "Macao, China",
    "MX": "Mexico",
    "MY": "Malaysia",
    "NL": "Netherlands",
    "NP": "Nepal",
    "NZ": "New Zealand",
    "PE": "Peru",
    "PG": "Papua New Guinea",
    "PH": "Philippines",
    "PK": "Pakistan",
    "PL": "Poland",
    "PT": "Portugal",
    "QA": "Qatar",
    "RU": "Russia",
    "SA": "Saudi Arabia",
    "SG": "Singapore",
    "TH": "Thailand",
    "TJ": "Tajikistan",
    "TL": "Timor-Leste",
    "TR": "Türkiye",
    "US": "United States",
    "UZ": "Uzbekistan",
    "VN": "Viet Nam",
    "ZA": "South Africa",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def long_day(day: date) -> str:
    """`Tuesday 10 December 2024`, whatever the machine's locale."""
    return f"{_DAYS[day.weekday()]} {plain_day(day)}"


def plain_day(day: date) -> str:
    """`10 December 2024`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """`10 Dec 2024`."""
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


def month(day: date) -> str:
    """`December 2024`."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def period(start: date, end: date) -> str:
    """`9–15 December 2024`, `30 December 2024 – 5 January 2025`."""
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{plain_day(end)}"
    if start.year == end.year:
        return f"{start.day} {MONTHS[start.month - 1]} – {plain_day(end)}"
    return f"{plain_day(start)} – {plain_day(end)}"


def short_period(start: date, end: date) -> str:
    """`9–10 Dec`, `30 Dec – 5 Jan`, `9 Dec`: where the year is plain."""
    first, last = (f"{day.day} {MONTHS[day.month - 1][:3]}" for day in (start, end))
    if start == end:
        return first
    return f"{start.day}–{last}" if (start.year, start.month) == (end.year, end.month) else f"{first} – {last}"


def day_range(start: date, end: date) -> str:
    """`Wednesday 11 – Thursday 12 December 2024`."""
    same_month = (start.year, start.month) == (end.year, end.month)
    first = f"{_DAYS[start.weekday()]} {start.day}" if same_month else long_day(start)
    return f"{first} – {long_day(end)}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """`16 December 2024, 07:00`, on the clock of `zone`."""
    local = at.astimezone(zone)
    return f"{plain_day(local.date())}, {local:%H:%M}"


def span(time: timedelta) -> str:
    """A stretch of time in whole minutes, from one hour on in hours, from two days on in days."""
    if time < timedelta(hours=1):
        return counted(int(time.total_seconds() // 60), "minute")
    return counted(time.days, "day") if time >= timedelta(days=2) else counted(time // timedelta(hours=1), "hour")


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `13th`."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 meeting`, `2 meetings`, `1,204 articles`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def series(items: Sequence[str], last: str = "and") -> str:
    """`A`, `A and B`, `A, B and C`."""
    return f" {last} ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def listed(items: list[str]) -> str:
    """`A`, `A and B`, `A and 2 others`."""
    return " and ".join(items) if len(items) < 3 else f"{items[0]} and {len(items) - 1} others"


def more(count: int, one: str, many: str = "") -> str:
    """`and 3 more articles`; empty when nothing is left out."""
    return "" if count <= 0 else f"and {counted(count, f'more {one}', f'more {many}' if many else '')}"
