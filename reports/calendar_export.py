"""Every dated meeting as an iCalendar event (RFC 5545): held, announced and called off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from archive.records import StoredMeeting
from meetings.records import Status
from reports import words
from reports.clean import one_line, safe_url
from reports.views import headline, where

if TYPE_CHECKING:
    from icalendar import Event

PRODUCT = "-//China-Viet Nam Meetings//meetings export//EN"
_STATUSES = {Status.HELD: "CONFIRMED", Status.ANNOUNCED: "TENTATIVE", Status.CANCELLED: "CANCELLED"}
_TITLE, _NOTE = 200, 2000


def export_ics(meetings: Iterable[StoredMeeting], *, pages: Mapping[str, str] | None = None) -> str:
    """The calendar, lines folded and ended as the RFC wants; `pages` gives the web page of a meeting by its id.

    Each meeting is a whole-day event under its permanent id, so that a later import changes it instead of doubling it.
    A meeting without a date has no place in a calendar and is left out.
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "China–Viet Nam Meetings")
    for stored in meetings:
        if stored.meeting.date is not None:
            calendar.add_component(_event(stored, stored.meeting.date, pages or {}))
    return str(calendar.to_ical().decode())


def _event(stored: StoredMeeting, day: date, pages: Mapping[str, str]) -> Event:
    from icalendar import Event

    meeting = stored.meeting
    event = Event()
    event.add("uid", f"{one_line(meeting.id, _TITLE)}@china-vietnam-meetings")
    event.add("dtstamp", stored.held_known_at or stored.first_seen)
    event.add("dtstart", day)
    # DTEND is the first day after it (RFC 5545 §3.6.1)
    event.add("dtend", (meeting.end_date or day) + timedelta(days=1))
    event.add("summary", one_line(headline(meeting), _TITLE))
    event.add("status", _STATUSES[meeting.status])
    event.add("transp", "TRANSPARENT")
    event.add("categories", [words.RANKS[meeting.level], words.CHANNELS[meeting.channel]])
    if place := where(meeting.place):
        event.add("location", place)
    sources = [url for mention in stored.mentions if (url := safe_url(mention.article.article.url))]
    if sources:
        event.add("description", one_line("Sources: " + " ".join(sources), _NOTE))
    if page := pages.get(meeting.id, sources[0] if sources else None):
        event.add("url", page)
    return event
