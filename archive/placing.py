"""Where a meeting stands in time, and which stored meetings a newly told one may be. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from archive.records import StoredMeeting
from meetings.records import Meeting, Person


def placing_date(stored: StoredMeeting) -> dt.date | None:
    """The date by which a meeting belongs to a week (design §6.4).

    Its own; else the one borrowed from a dated meeting of the same article; else its first article's publication.
    """
    published = (mention.article.article.published_on for mention in stored.mentions)
    return stored.meeting.date or stored.placed_on or next((day for day in published if day is not None), None)


def place_told(meeting: Meeting, others: Sequence[Meeting], published_on: dt.date | None) -> dt.date | None:
    """The placing date of a meeting as one article tells it, `others` being all meetings of that article.

    A meeting without date takes that of a dated one with a common principal, else of the first dated one.
    """
    dated = [other for other in others if other.date is not None]
    near = next((other for other in dated if share_principal(meeting, other)), dated[0] if dated else None)
    return meeting.date or (near.date if near else None) or published_on


def share_principal(a: Meeting, b: Meeting) -> bool:
    """True when a named person of either side took part in both."""
    return bool(_names(a.china) & _names(b.china)) or bool(_names(a.vietnam) & _names(b.vietnam))


def same_principals(a: Meeting, b: Meeting) -> bool:
    """True when both sides have a named person in common."""
    return bool(_names(a.china) & _names(b.china)) and bool(_names(a.vietnam) & _names(b.vietnam))


def _names(people: Sequence[Person]) -> set[str]:
    return {person.name for person in people if person.name is not None}
