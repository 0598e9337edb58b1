"""Every meeting as a PLOVER event: JSON Lines with the field names of the PLOVER manual (draft 2.0 of 2024-02-04).

What PLOVER names and we do not know is left out. A meeting that is only announced is AGREE, as the manual has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from archive.records import Mention, StoredMeeting
from meetings.records import Channel, Direction, Meeting, Person, Place
from parsers.records import Side
from reports.views import headline

CODEBOOK = "PLOVER"
VERSION = "2.0-draft"
CORPUS = "china-vietnam-meetings/1"
# PLOVER's actor codes are ISO 3166-1 alpha-3 for countries
_CODES = {Side.CHINA: "CHN", Side.VIETNAM: "VNM"}
_SECTORS = {
    Channel.STATE: "GOV",
    Channel.PARTY: "PTY",
    Channel.LEGISLATURE: "LEG",
    Channel.MILITARY: "MIL",
    Channel.POLICE: "COP",
    Channel.SUBNATIONAL: "GOV",
    Channel.EMBASSY: "GOV",
}
# modes in which both are guests, or neither: all of them are actors then, says the manual
_VISITOR = {Direction.TO_CHINA: Side.VIETNAM, Direction.TO_VIETNAM: Side.CHINA}


def export_plover(meetings: Iterable[StoredMeeting]) -> Iterator[str]:
    """One event a line, line feed included. Undated meetings are left out: PLOVER requires a date."""
    for stored in meetings:
        if stored.meeting.date is not None:
            yield json.dumps(_event(stored), ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def _event(stored: StoredMeeting) -> dict[str, Any]:
    meeting = stored.meeting
    plover = meeting.codes.plover
    actor, recipient = _roles(meeting)
    event: dict[str, Any] = {
        "id": meeting.id,
        "has_event": True,
        "date": str(meeting.date),
        "enddate": str(meeting.end_date) if meeting.end_date else None,
        "actor": actor,
        "recipient": recipient,
        "event": [plover.event],
        "mode": plover.mode,
        "context": list(plover.contexts),
        "event_loc": _location(meeting.place),
        "event_text": headline(meeting),
        "link": stored.mentions[0].article.article.url if stored.mentions else None,
        "cite_info": [_citation(mention) for mention in stored.mentions],
        "coder": CORPUS,
        "coded_date": stored.first_seen.date().isoformat(),
    }
    return {key: value for key, value in event.items() if value is not None}


def _roles(meeting: Meeting) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Who visits and who hosts; everybody is an actor where nobody is known to do either."""
    sides = {
        Side.CHINA: _entities(Side.CHINA, meeting.china, meeting.channel),
        Side.VIETNAM: _entities(Side.VIETNAM, meeting.vietnam, meeting.channel),
    }
    visitor = _VISITOR.get(meeting.direction)
    if visitor is None:
        return sides[Side.CHINA] + sides[Side.VIETNAM], []
    host = Side.VIETNAM if visitor is Side.CHINA else Side.CHINA
    return sides[visitor], sides[host]


def _entities(side: Side, people: tuple[Person, ...], channel: Channel) -> list[dict[str, Any]]:
    entity = {"code": _CODES[side], "sector": [_SECTORS[channel]]}
    if not people:
        return [entity]
    named = [{**entity, "entity_text": p.as_written, "identifier_text": p.name, "office": p.role} for p in people]
    return [{key: value for key, value in each.items() if value} for each in named]


def _location(place: Place) -> dict[str, str] | None:
    known = {"resolved_place": place.venue, "city": place.city, "country_code": place.country}
    return {key: value for key, value in known.items() if value} or None


def _citation(mention: Mention) -> dict[str, Any]:
    article = mention.article.article
    known = {
        "corpus": CORPUS,
        "citation": f"article {mention.article.number}",
        "url": article.url,
        "title": article.title,
        "language": article.language,
        "publication": article.outlet,
        "codebook": CODEBOOK,
        "version": VERSION,
    }
    return {key: value for key, value in known.items() if value}
