"""Every dated meeting as an iCalendar event (RFC 5545): held, announced and called off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, timedelta
from functools import cache

from archive.records import StoredMeeting
from meetings.records import Status
from reports import words
from reports.clean import one_line, safe_url
from reports.views import headline, where

PRODUCT = "-//China-Viet Nam Meetings//meetings export//EN"
_STATUSES = {Status.HELD: "CONFIRMED", Status.ANNOUNCED: "TENTATIVE", Status.CANCELLED: "CANCELLED"}
_TITLE, _NOTE = 200, 2000
_END = "END:VCALENDAR"
# a line of at most 74 octets is not folded; an escaped sign is not torn from what escapes it
_FOLDS = re.compile(r".{1,74}\Z|.{73}[^\\^]|.{73}")


def export_ics(meetings: Iterable[StoredMeeting], *, pages: Mapping[str, str] | None = None) -> str:
    """The calendar, lines folded and ended as the RFC wants; `pages` gives the web page of a meeting by its id.

    Each meeting is a whole-day event under its permanent id, so that a later import changes it instead of doubling it.
    A meeting without a date has no place in a calendar and is left out.
    """
    head, tail = calendar_frame()
    return head + "".join([event(stored, (pages or {}).get(stored.meeting.id)) for stored in meetings]) + tail


@cache
def calendar_frame() -> tuple[str, str]:
    """What stands before and after the events."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "China–Viet Nam Meetings")
    head, end, after = calendar.to_ical().decode().partition(_END)
    return head, end + after


def event(stored: StoredMeeting, page: str | None) -> str:
    """The lines of one meeting, whose own web page may be known; empty when it has no date."""
    meeting = stored.meeting
    if meeting.date is None:
        return ""
    known = stored.held_known_at or stored.first_seen
    sources = [url for mention in stored.mentions if (url := safe_url(mention.article.article.url))]
    # DTEND is the first day after it (RFC 5545 §3.6.1)
    end = (meeting.end_date or meeting.date) + timedelta(days=1)
    lines = [
        "BEGIN:VEVENT",
        f"SUMMARY:{_text(one_line(headline(meeting), _TITLE))}",
        f"DTSTART;VALUE=DATE:{_day(meeting.date)}",
        f"DTEND;VALUE=DATE:{_day(end)}",
        f"DTSTAMP:{known.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"UID:{_text(one_line(meeting.id, _TITLE))}@china-vietnam-meetings",
        f"CATEGORIES:{_text(words.RANKS[meeting.level])},{_text(words.CHANNELS[meeting.channel])}",
    ]
    if sources:
        lines.append(f"DESCRIPTION:{_text(one_line('Sources: ' + ' '.join(sources), _NOTE))}")
    if place := where(meeting.place):
        lines.append(f"LOCATION:{_text(place)}")
    lines += (f"STATUS:{_STATUSES[meeting.status]}", "TRANSP:TRANSPARENT")
    if link := page or next(iter(sources), None):
        lines.append(f"URL:{link}")
    lines += ("END:VEVENT", "")
    return "\r\n".join(map(_folded, lines))


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _text(text: str) -> str:
    """A text with the signs escaped that have a meaning of their own (§3.3.11)."""
    from icalendar import vText

    plain = "\\" not in text and ";" not in text and "," not in text
    return text if plain else vText(text).to_ical().decode()


def _folded(line: str) -> str:
    """The line as several of at most 75 octets, their ends not counted (§3.1)."""
    from icalendar.parser import Contentline

    if line.isascii():
        return "\r\n ".join(_FOLDS.findall(line))
    return str(Contentline(line).to_ical().decode())  # type: ignore[no-untyped-call]  # it has no types
