"""A meeting as lists, people's pages, the timeline and the search need it: small, and kept between two builds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from archive.records import Mention, StoredMeeting
from meetings.records import Person
from parsers.records import Side
from reports import words
from reports.accounts import NAME_LIMIT, TEXT_LIMIT
from reports.clean import one_line
from reports.records import AccountView
from reports.select import placed_on
from reports.tellers import Teller, teller
from reports.views import headline, when, where

_LISTED_FORMS = 6


@dataclass(frozen=True, slots=True)
class Written:
    """A name or an office as an article writes it; `language` is empty when it is not known."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Participant:
    """A principal under the canonical name (empty where none is known), with all that the articles call them."""

    side: str
    name: str
    role: str
    names: tuple[Written, ...]
    roles: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One meeting in short. `day` is the ISO date by which it is filed, `date` the one that is known, or empty.

    `told`: by whom, as `reports.tellers` counts. `forum` may be empty. `known` is the moment at which the archive first
    knew of it, ISO, UTC.
    """

    id: str
    headline: str
    day: str
    date: str
    when: str
    where: str
    city: str
    status: str
    mode: str
    level: str
    channel: str
    told: Teller
    topics: tuple[str, ...]
    forum: str
    ordinal: int | None
    people: tuple[Participant, ...]
    known: str

    @property
    def year(self) -> str:
        """The year under which it stands in the timeline."""
        return self.day[:4]


def card(stored: StoredMeeting, *, accounts: Sequence[AccountView], zone: ZoneInfo) -> Card:
    """The card of a meeting with these accounts."""
    meeting = stored.meeting
    return Card(
        id=meeting.id,
        headline=headline(meeting),
        day=placed_on(stored, zone).isoformat(),
        date=meeting.date.isoformat() if meeting.date else "",
        when=when(meeting),
        where=where(meeting.place),
        city=one_line(meeting.place.city or "", NAME_LIMIT),
        status=meeting.status.value,
        mode=meeting.mode.value,
        level=meeting.level.value,
        channel=meeting.channel.value,
        told=teller(accounts),
        topics=tuple(sorted({topic.id for topic in meeting.topics})),
        forum=one_line(meeting.forum.name, TEXT_LIMIT) if meeting.forum else "",
        ordinal=meeting.forum.ordinal if meeting.forum else None,
        people=tuple(_participants(stored)),
        known=stored.first_seen.isoformat(timespec="minutes"),
    )


def _participants(stored: StoredMeeting) -> list[Participant]:
    """The principals of the merged record, each once."""
    sides = ((Side.CHINA, stored.meeting.china), (Side.VIETNAM, stored.meeting.vietnam))
    found: dict[tuple[str, str, str], Participant] = {}
    for side, people in sides:
        told = [(mention, _of_side(mention, side)) for mention in stored.mentions]
        for person in people:
            name, role = one_line(person.name or "", NAME_LIMIT), one_line(person.role or "", TEXT_LIMIT)
            if name or role:
                found.setdefault((side.value, name, "" if name else role), _participant(side, person, name, role, told))
    return list(found.values())


def _of_side(mention: Mention, side: Side) -> tuple[Person, ...]:
    return mention.meeting.china if side is Side.CHINA else mention.meeting.vietnam


def _participant(
    side: Side, person: Person, name: str, role: str, told: Sequence[tuple[Mention, tuple[Person, ...]]]
) -> Participant:
    names: dict[Written, None] = {}
    roles: dict[Written, None] = {}
    for mention, people in told:
        for other in people:
            if name and other.name == person.name:
                language = mention.article.article.language or ""
                names[Written(language, one_line(other.as_written or "", NAME_LIMIT))] = None
                roles[Written(language, one_line(other.role or "", TEXT_LIMIT))] = None
    return Participant(side.value, name, role, _kept(names), _kept(roles))


def _kept(forms: dict[Written, None]) -> tuple[Written, ...]:
    return tuple([form for form in forms if form.text][:_LISTED_FORMS])


def side_name(side: str) -> str:
    """`China`, `Viet Nam`."""
    return {"china": "China", "vietnam": "Viet Nam"}.get(side, side)


def forum_name(forum: str, ordinal: int | None) -> str:
    """A forum with the number of its session."""
    return forum if ordinal is None else f"{forum}, {words.ordinal(ordinal)} session"
