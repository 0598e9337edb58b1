"""Firsts: what a source calls the first visit since taking office, and what the archive knows no earlier one of.

Pure. The archive knows only what it holds: where it is young or has gaps it says nothing, and where it speaks it says
since when it looks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from archive.lookups import name_key
from archive.placing import placing_date
from archive.records import Mention, StoredMeeting
from archive.tallies import Held
from meetings import officials
from meetings.officials import Official
from meetings.records import RANK_ORDER, Direction, Evidence, Meeting, Mode, Person, Rank, Status
from meetings.visitwords import Trip, find_visit_words
from parsers.records import Side
from reports import words
from reports.accounts import NAME_LIMIT, TEXT_LIMIT, Outlets, article_view
from reports.clean import one_line
from reports.keysentences import QUOTE_LIMIT
from reports.records import FirstView

GROWN = timedelta(days=365)
"""How long the archive must have looked before what it has not seen is worth a word."""
SILENCE = timedelta(days=45)
"""A longer time without any known meeting is a gap of the archive, which nothing is concluded across."""
TRIP = timedelta(days=7)
"""Meetings of one person in one country within so many days may be one visit."""
NOTED = RANK_ORDER[: RANK_ORDER.index(Rank.MINISTER) + 1]
"""Ranks of which firsts are told."""
_VISITORS = {Direction.TO_CHINA: Side.VIETNAM, Direction.TO_VIETNAM: Side.CHINA}


class Known(Protocol):
    """The held meetings of the whole archive that a day places, whoever keeps them."""

    def looked_since(self, day: date, silence: timedelta) -> date:
        """From when on the archive knows meetings up to `day` without a gap longer than `silence`."""

    def last_visit(self, day: date, meeting: Meeting, name: str, direction: Direction) -> date | None:
        """The day of a person's last visit in that direction before this meeting, which `day` places."""

    def have_met(self, day: date, meeting: Meeting, one: str, two: str) -> bool:
        """Whether two people were in one meeting before this one, which `day` places."""


@dataclass(frozen=True, slots=True)
class Past:
    """The held meetings of the whole archive in memory: their days in order, and who was in which.

    `starts` are the first days of the times that the archive knows without a gap.
    """

    days: tuple[date, ...]
    starts: tuple[date, ...]
    by_name: Mapping[str, Sequence[Held]]

    @classmethod
    def of(cls, known: Iterable[StoredMeeting]) -> Past:
        """Of all meetings of the archive, which need no mentions here."""
        return cls.of_held(filter(None, map(Held.of, known)))

    @classmethod
    def of_held(cls, known: Iterable[Held]) -> Past:
        """Of all held meetings of the archive."""
        days: list[date] = []
        by_name: dict[str, list[Held]] = {}
        for held in known:
            days.append(held.day)
            for name in held.names:
                by_name.setdefault(name, []).append(held)
        days.sort()
        starts = [after for before, after in pairwise(days) if after - before > SILENCE]
        return cls(tuple(days), (*days[:1], *starts), by_name)

    def looked_since(self, day: date, silence: timedelta = SILENCE) -> date:
        """As of `Known`; `silence` is that by which `starts` were found."""
        known = bisect_right(self.days, day)
        if not known or day - self.days[known - 1] > silence:
            return day
        return self.starts[bisect_right(self.starts, day) - 1]

    def last_visit(self, day: date, meeting: Meeting, name: str, direction: Direction) -> date | None:
        """As of `Known`."""
        visits = (other.day for other in self._before(day, meeting, name) if other.direction is direction)
        return max(visits, default=None)

    def have_met(self, day: date, meeting: Meeting, one: str, two: str) -> bool:
        """As of `Known`."""
        return any(name_key(two) in other.names for other in self._before(day, meeting, one))

    def _before(self, day: date, meeting: Meeting, name: str) -> list[Held]:
        """A person's meetings before this one, of which the highest counts as the first of its day."""
        here = _order(day, meeting)
        others = (other for other in self.by_name.get(name_key(name), ()) if other.day <= day)
        return [other for other in others if _order(other.day, other) < here]


NOTHING = Past((), (), {})


def firsts(stored: StoredMeeting, *, known: Known, outlets: Outlets, zone: ZoneInfo) -> tuple[FirstView, ...]:
    """The firsts of one held meeting, beside all that the archive knows.

    By the archive, a visit is a first only over a term of office that it knows from its beginning, and a meeting of two
    people only when it has looked for a year. Of several meetings on one trip the first one tells of the visit.
    """
    day = placing_date(stored)
    if day is None or stored.meeting.status is not Status.HELD:
        return ()
    return (
        *_first_session(stored, outlets, zone),
        *_first_visit(stored, day, known, outlets, zone),
        *_first_of_pair(stored, day, known),
    )


def _order(day: date, meeting: Meeting | Held) -> tuple[date, int, str]:
    return day, RANK_ORDER.index(meeting.level), meeting.id


def _first_session(stored: StoredMeeting, outlets: Outlets, zone: ZoneInfo) -> Iterator[FirstView]:
    forum = stored.meeting.forum
    if forum is None or forum.ordinal != 1:
        return
    for mention in stored.mentions:
        told = next((item for item in mention.meeting.evidence if item.field == "forum"), None)
        if told and mention.meeting.forum and mention.meeting.forum.ordinal == 1:
            name = one_line(forum.name, TEXT_LIMIT)
            yield FirstView(f"First session of {name}", _quote(mention, told), article_view(mention, outlets, zone))
            return


def _quote(mention: Mention, told: Evidence) -> str:
    """The sentence's surroundings of the words: the line that they stand in."""
    text = mention.article.article.text
    start, end = text.rfind("\n", 0, told.start) + 1, text.find("\n", told.end)
    return one_line(text[start : end if end >= 0 else len(text)], QUOTE_LIMIT)


def _first_visit(
    stored: StoredMeeting, day: date, known: Known, outlets: Outlets, zone: ZoneInfo
) -> Iterator[FirstView]:
    """Told by a source, else known from the archive."""
    visitor = _visitor(stored.meeting)
    if visitor is None or visitor.name is None:
        return
    direction = stored.meeting.direction
    earlier = known.last_visit(day, stored.meeting, visitor.name, direction)
    if earlier is not None and day - earlier <= TRIP:
        return
    name = one_line(visitor.name, NAME_LIMIT)
    told = _told(stored, visitor, day)
    if told:
        text = f"A source calls it {name}’s first visit since taking office"
        yield FirstView(text, told[1], article_view(told[0], outlets, zone))
        return
    since = _term_start(visitor.name, day)
    if since is None or visitor.rank not in NOTED or since < known.looked_since(day, SILENCE):
        return
    if earlier is None or earlier < since:
        where = words.COUNTRIES[stored.meeting.place.country or ""]
        yield FirstView(
            f"{name}’s first visit to {where} since taking office, as far as the archive knows",
            f"In office since {words.plain_day(since)}; the archive has meetings since then, none of an earlier one.",
            None,
        )


def _visitor(meeting: Meeting) -> Person | None:
    """The highest named person of the side that travelled, in person."""
    side = _VISITORS.get(meeting.direction)
    if side is None or meeting.mode in (Mode.PHONE, Mode.VIDEO) or meeting.place.country not in ("CN", "VN"):
        return None
    return _highest(meeting.china if side is Side.CHINA else meeting.vietnam)


def _highest(people: Sequence[Person]) -> Person | None:
    named = [person for person in people if person.name]
    return min(named, key=lambda p: RANK_ORDER.index(p.rank) if p.rank else len(RANK_ORDER), default=None)


def _told(stored: StoredMeeting, visitor: Person, day: date) -> tuple[Mention, str] | None:
    """The first account that calls it a first visit since taking office, English before others, and its sentence."""
    official = _official(visitor.name or "")
    forms = (visitor.name, visitor.as_written, *(official.full_names if official else ()))
    names = frozenset(form for form in forms if form)
    trip = Trip(names, stored.meeting.place.country, day, stored.meeting.end_date or day)
    for mention in sorted(stored.mentions, key=lambda m: (m.article.article.language != "en", m.article.number)):
        for word in find_visit_words(mention.article.article, trip):
            if word.kind is None:
                return mention, one_line(mention.article.article.text[word.opens : word.closes], QUOTE_LIMIT)
    return None


def _term_start(name: str, day: date) -> date | None:
    """From when on the person had held office on a day; None for who is not in the lexicon.

    Of several posts the longest held counts: a leader who takes another one does not travel for the first time.
    """
    official = _official(name)
    terms = official.terms if official else ()
    return min((term.start for term in terms if term.covers(day)), default=None)


def _official(name: str) -> Official | None:
    return next((official for official in officials.load() if official.name == name), None)


def _first_of_pair(stored: StoredMeeting, day: date, known: Known) -> Iterator[FirstView]:
    one, two = _highest(stored.meeting.china), _highest(stored.meeting.vietnam)
    if one is None or two is None or one.rank not in NOTED or two.rank not in NOTED:
        return
    since = known.looked_since(day, SILENCE)
    if day - since >= GROWN and not known.have_met(day, stored.meeting, one.name or "", two.name or ""):
        china, vietnam = one_line(one.name or "", NAME_LIMIT), one_line(two.name or "", NAME_LIMIT)
        yield FirstView(
            f"First meeting of {china} and {vietnam} in the archive",
            f"The archive has meetings without a gap since {words.plain_day(since)} and knows of no earlier one.",
            None,
        )
