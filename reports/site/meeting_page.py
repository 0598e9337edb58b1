"""What a meeting's own page says: facts with where they were read, both accounts, their comparison, the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from archive.records import StoredMeeting
from meetings.records import Meeting, Person
from meetings.topics import labels
from parsers.records import Side
from reports import words
from reports.accounts import NAME_LIMIT, TEXT_LIMIT, Outlets
from reports.clean import one_line
from reports.records import AccountView, ComparisonView, CorrectionView, FirstView, MeetingView, VisitView
from reports.site.evidence import SourceView, sources
from reports.site.paths import SEARCH, forum_page, issue_page, meeting_page, person_page
from reports.views import meeting_view

DIRECTIONS = {
    "visit_to_china": "visit to China",
    "visit_to_vietnam": "visit to Viet Nam",
    "third_country": "in a third country",
    "remote": "at a distance",
    "unknown": "not known",
}


@dataclass(frozen=True, slots=True)
class Link:
    """Words and the page of the archive that they lead to; an empty page leads nowhere."""

    text: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One field: its value, each part of which may lead on, a note, and the articles in which it was read."""

    label: str
    values: tuple[Link, ...]
    note: str = ""
    read_in: tuple[SourceView, ...] = ()


@dataclass(frozen=True, slots=True)
class Delegate:
    """A principal with the page of the person, if there is a name."""

    name: str
    written: str
    role: str
    page: str


@dataclass(frozen=True, slots=True)
class Delegation:
    """One side's principals, all of them, and the articles in which they were read."""

    side: str
    label: str
    people: tuple[Delegate, ...]
    missing: str
    read_in: tuple[SourceView, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands round a meeting: its visit with the trip's other meetings, its firsts, what issues said of it."""

    visit: VisitView | None = None
    companions: tuple[Link, ...] = ()
    firsts: tuple[FirstView, ...] = ()
    corrections: tuple[CorrectionView, ...] = ()
    issues: tuple[str, ...] = ()
    former_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeetingPage:
    """A meeting's page."""

    id: str
    headline: str
    kicker: str
    status: str
    facts: tuple[Fact, ...]
    delegations: tuple[Delegation, ...]
    accounts: tuple[AccountView, ...]
    comparison: ComparisonView
    sources: tuple[SourceView, ...]
    around: Surroundings
    record: tuple[Fact, ...]


def page_of(
    stored: StoredMeeting, *, outlets: Outlets, zone: ZoneInfo, around: Surroundings, view: MeetingView | None = None
) -> MeetingPage:
    """The page of a meeting; `view` spares making what an issue says of it anew."""
    view = view or meeting_view(stored, outlets=outlets, zone=zone, as_of=None)
    read = sources(stored, outlets=outlets, zone=zone)
    meeting = stored.meeting
    return MeetingPage(
        id=view.id,
        headline=view.headline,
        kicker=view.kicker,
        status=meeting.status.value,
        facts=tuple(_facts(meeting, view, read, around)),
        delegations=(
            _delegation(Side.CHINA, "China", meeting.china, read),
            _delegation(Side.VIETNAM, "Viet Nam", meeting.vietnam, read),
        ),
        accounts=view.accounts,
        comparison=view.comparison,
        sources=read,
        around=around,
        record=tuple(_record(stored, zone, around)),
    )


def _facts(meeting: Meeting, view: MeetingView, read: Sequence[SourceView], around: Surroundings) -> list[Fact]:
    facts = [
        Fact("When", (Link(view.when),), view.when_note, _showing(read, "date")),
        Fact("What", (Link(view.how),), "", _showing(read, "status", "mode")),
        Fact("Where", (Link(view.where or "At a distance"),), "", _showing(read, "place")),
    ]
    if meeting.forum:
        forum = Link(view.forum, forum_page(one_line(meeting.forum.name, TEXT_LIMIT)))
        facts.append(Fact("Forum", (forum,), "", _showing(read, "forum")))
    if around.visit:
        facts.append(Fact("Visit", (Link(around.visit.headline),), around.visit.period))
    if meeting.topics:
        facts.append(Fact("Topics", _topics(meeting), "", _showing(read, "topic")))
    if around.issues:
        facts.append(Fact("Issue", tuple(Link(week, issue_page(week)) for week in around.issues)))
    return facts


def _topics(meeting: Meeting) -> tuple[Link, ...]:
    known: Mapping[str, str] = labels()
    names = {topic.id: known.get(topic.id) or one_line(topic.id, NAME_LIMIT) for topic in meeting.topics}
    order = sorted(names.items(), key=lambda item: item[1].casefold())
    return tuple(Link(name, f"{SEARCH}?topic={id_}" if id_ in known else "") for id_, name in order)


def _showing(read: Sequence[SourceView], *fields: str) -> tuple[SourceView, ...]:
    """The articles in which one of these fields was read; a copy stands behind its original."""
    return tuple(source for source in read if not source.copy_of and set(fields) & set(source.fields))


def _delegation(side: Side, label: str, people: Sequence[Person], read: Sequence[SourceView]) -> Delegation:
    return Delegation(
        side=side.value,
        label=label,
        people=tuple(_delegate(side, person) for person in people),
        missing="" if people else "Nobody is named.",
        read_in=_showing(read, side.value),
    )


def _delegate(side: Side, person: Person) -> Delegate:
    name = one_line(person.name or "", NAME_LIMIT)
    written = one_line(person.as_written or "", NAME_LIMIT)
    return Delegate(
        name=name or written or "Name not given",
        written=written if name and written != name else "",
        role=one_line(person.role or "", TEXT_LIMIT),
        page=person_page(side.value, name) if name else "",
    )


def _record(stored: StoredMeeting, zone: ZoneInfo, around: Surroundings) -> list[Fact]:
    """What a researcher wants of the record beside what was read."""
    meeting = stored.meeting
    plover = meeting.codes.plover
    code = " · ".join(filter(None, (plover.event, plover.mode, ", ".join(plover.contexts))))
    facts = [
        Fact("Level and channel", (Link(f"{words.RANKS[meeting.level]}, {words.CHANNELS[meeting.channel]}"),)),
        Fact("Direction", (Link(DIRECTIONS[meeting.direction.value]),)),
        Fact("CAMEO", (Link(one_line(meeting.codes.cameo, NAME_LIMIT)),)),
        Fact("PLOVER", (Link(one_line(code, TEXT_LIMIT)),)),
        Fact("First known", (Link(words.moment(stored.first_seen, zone)),)),
    ]
    if stored.held_known_at:
        facts.append(Fact("Known to be held", (Link(words.moment(stored.held_known_at, zone)),)))
    facts.append(Fact("Permanent id", (Link(one_line(meeting.id, NAME_LIMIT)),)))
    if around.former_ids:
        facts.append(Fact("Former ids", tuple(Link(id_, meeting_page(id_)) for id_ in around.former_ids)))
    return facts
