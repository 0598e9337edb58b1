"""Meetings of one trip, grouped: who travelled, on which route, and as what kind of visit the articles name it.

Pure; the order of the meetings changes nothing. When in doubt meetings stay apart: a visit is told of where a traveller
has several meetings within few days, or where an article names its kind.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from archive.placing import placing_date
from archive.records import Mention, StoredMeeting
from meetings import officials
from meetings.folding import key
from meetings.records import RANK_ORDER, Channel, Direction, Mode, Person, Rank, Status
from meetings.visitwords import Trip, VisitDays, VisitKind, VisitWord, find_visit_days, find_visit_words
from parsers.records import Side
from reports import words
from reports.accounts import NAME_LIMIT, Outlets, article_view
from reports.clean import one_line
from reports.keysentences import QUOTE_LIMIT
from reports.records import QuoteView, VisitView

PAUSE = timedelta(days=2)
"""From one meeting of a trip to the next: a day without any may lie between."""
DELEGATION = RANK_ORDER[: RANK_ORDER.index(Rank.DEPUTY_LEADER) + 1]
"""Ranks whose visits other members of the delegation use for meetings of their own."""
_TRAVELLERS = {Direction.TO_CHINA: Side.VIETNAM, Direction.TO_VIETNAM: Side.CHINA, Direction.THIRD_COUNTRY: None}


@dataclass(frozen=True, slots=True)
class Stop:
    """One place of a route; days by the meetings there."""

    city: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class KindTold:
    """What kind of visit an article says it is, and where."""

    kind: VisitKind
    mention: Mention
    word: VisitWord


@dataclass(frozen=True, slots=True)
class DaysTold:
    """On which days an article says a visit is made, and where."""

    mention: Mention
    span: VisitDays


@dataclass(frozen=True, slots=True)
class Visit:
    """One trip. `side` is that of the travellers, None where both sides travelled; `head` leads the delegation.

    `first` and `last` are the days of its known meetings, `days` those that the articles give it.
    """

    id: str
    side: Side | None
    head: Person
    country: str | None
    first: date
    last: date
    stops: tuple[Stop, ...]
    kind: KindTold | None
    days: DaysTold | None
    meetings: tuple[StoredMeeting, ...]


@dataclass(frozen=True, slots=True)
class _Leg:
    """One meeting as part of a trip."""

    stored: StoredMeeting
    side: Side | None
    country: str | None
    first: date
    last: date
    travellers: tuple[Person, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(key(person.name) for person in self.travellers if person.name)


def visits_of(meetings: Sequence[StoredMeeting]) -> tuple[Visit, ...]:
    """The trips on which these meetings were made or are to be made, by their first day, then rank, then name."""
    legs = sorted(filter(None, map(_leg, meetings)), key=lambda leg: (leg.first, leg.stored.meeting.id))
    groups = _delegations(_by_traveller(legs))
    visits = (_visit(sorted(group, key=lambda leg: (leg.first, leg.stored.meeting.id))) for group in groups)
    told = [visit for visit in visits if visit.kind or len(visit.meetings) > 1]
    return tuple(sorted(told, key=lambda visit: (visit.first, _rank(visit.head), visit.head.name or "", visit.id)))


def circles(meetings: Iterable[StoredMeeting]) -> tuple[tuple[str, ...], ...]:
    """The ids of meetings that may be of one visit, told without their mentions, each circle in the order of days.

    `visits_of` finds the same visits in each circle by itself as in all meetings together.
    """
    legs = sorted(filter(None, map(_leg, meetings)), key=lambda leg: (leg.first, leg.stored.meeting.id))
    groups = sorted(_by_traveller(legs), key=lambda group: group[0].first)
    days = [group[0].first for group in groups]
    first_of = list(range(len(groups)))
    for index, leading in enumerate(groups):
        if leading[0].side is None or _head(leading).rank not in DELEGATION:
            continue
        last = max(leg.last for leg in leading)
        for other in range(bisect_left(days, days[index]), bisect_right(days, last)):
            same = groups[other][0].side is leading[0].side and groups[other][0].country == leading[0].country
            if same and max(leg.last for leg in groups[other]) <= last:
                one, two = _root(first_of, index), _root(first_of, other)
                first_of[max(one, two)] = min(one, two)
    found: dict[int, list[_Leg]] = {}
    for index, group in enumerate(groups):
        found.setdefault(_root(first_of, index), []).extend(group)
    for circle in found.values():
        circle.sort(key=lambda leg: (leg.first, leg.stored.meeting.id))
    return tuple(tuple(leg.stored.meeting.id for leg in circle) for circle in found.values())


def _leg(stored: StoredMeeting) -> _Leg | None:
    """A meeting to which somebody named travelled; an ambassador lives where he meets."""
    meeting, day = stored.meeting, placing_date(stored)
    if day is None or meeting.status is Status.CANCELLED or meeting.direction not in _TRAVELLERS:
        return None
    if meeting.mode in (Mode.PHONE, Mode.VIDEO) or meeting.channel is Channel.EMBASSY:
        return None
    side = _TRAVELLERS[meeting.direction]
    china = meeting.china if side is not Side.VIETNAM else ()
    vietnam = meeting.vietnam if side is not Side.CHINA else ()
    travellers = tuple(person for person in (*china, *vietnam) if person.name)
    return _Leg(stored, side, meeting.place.country, day, meeting.end_date or day, travellers) if travellers else None


def _by_traveller(legs: Sequence[_Leg]) -> list[list[_Leg]]:
    """Legs joined where a traveller's next one follows within `PAUSE`; the legs are in order of their first day."""
    first_of = list(range(len(legs)))
    latest: dict[tuple[Side | None, str], int] = {}
    for index, leg in enumerate(legs):
        for name in leg.names:
            before = latest.get((leg.side, name))
            if before is not None and leg.first - legs[before].last <= PAUSE:
                one, two = _root(first_of, before), _root(first_of, index)
                first_of[max(one, two)] = min(one, two)
            if before is None or legs[before].last <= leg.last:
                latest[leg.side, name] = index
    groups: dict[int, list[_Leg]] = {}
    for index, leg in enumerate(legs):
        groups.setdefault(_root(first_of, index), []).append(leg)
    return list(groups.values())


def _root(first_of: list[int], index: int) -> int:
    while first_of[index] != index:
        first_of[index] = index = first_of[first_of[index]]
    return index


def _delegations(groups: Sequence[list[_Leg]]) -> list[list[_Leg]]:
    """Groups of ministers put with the leader's visit that they belong to, the highest first."""
    visits: list[list[_Leg]] = []
    leaders: list[list[_Leg]] = []
    for group in sorted(groups, key=_precedence):
        leading = next((visit for visit in leaders if _accompanies(group, visit)), None)
        if leading is None:
            visits.append(list(group))
            # who joins later is of no higher rank
            leaders += visits[-1:] if _head(group).rank in DELEGATION else []
        else:
            leading += group
    return visits


def _precedence(group: Sequence[_Leg]) -> tuple[int, date, str]:
    return _rank(_head(group)), min(leg.first for leg in group), min(leg.stored.meeting.id for leg in group)


def _accompanies(group: Sequence[_Leg], visit: Sequence[_Leg]) -> bool:
    """Within the days and the country of a leader's visit, told by an article of it or one that names its head."""
    if group[0].side is not visit[0].side or group[0].side is None or group[0].country != visit[0].country:
        return False
    first, last = min(leg.first for leg in visit), max(leg.last for leg in visit)
    if any(not first <= leg.first <= leg.last <= last or leg.country != visit[0].country for leg in group):
        return False
    if any(leg.stored.meeting.channel is Channel.SUBNATIONAL for leg in group):
        return False
    numbers = {mention.article.number for leg in visit for mention in leg.stored.mentions}
    names = {key(name) for name in _forms(_head(visit), visit)}
    return any(
        mention.article.number in numbers or any(name in key(mention.article.article.text) for name in names)
        for leg in group
        for mention in leg.stored.mentions
    )


def _visit(legs: Sequence[_Leg]) -> Visit:
    head = _head(legs)
    first, last = min(leg.first for leg in legs), max(leg.last for leg in legs)
    meetings = tuple(leg.stored for leg in legs)
    trip = Trip(frozenset(_forms(head, legs)), legs[0].country, first, last)
    kind = _kind(meetings, trip)
    return Visit(
        id=f"visit-{legs[0].stored.meeting.id}",
        side=legs[0].side,
        head=head,
        country=legs[0].country,
        first=first,
        last=last,
        stops=_stops(legs),
        kind=kind,
        days=_days(meetings, trip) if kind or len(meetings) > 1 else None,
        meetings=meetings,
    )


def _head(legs: Iterable[_Leg]) -> Person:
    """The highest of the travellers; among equals whoever has most meetings."""
    people = [person for leg in legs for person in leg.travellers]
    counts = Counter(key(person.name or "") for person in people)
    return min(
        people, key=lambda p: (_rank(p), -counts[key(p.name or "")], p.name or "", p.role or "", p.as_written or "")
    )


def _rank(person: Person) -> int:
    return RANK_ORDER.index(person.rank) if person.rank else len(RANK_ORDER)


def _forms(head: Person, legs: Iterable[_Leg]) -> set[str]:
    """Every form of the head's name: as records and articles give it, and all that the lexicon knows."""
    own = key(head.name or "")
    forms = {form for form in (head.name, head.as_written) if form}
    forms |= _known_forms().get(own, frozenset())
    told = (m.meeting for leg in legs for m in leg.stored.mentions)
    forms |= {p.as_written for m in told for p in (*m.china, *m.vietnam) if p.as_written and key(p.name or "") == own}
    return forms


@cache
def _known_forms() -> dict[str, frozenset[str]]:
    """Every written form of each name in the lexicon."""
    found: dict[str, frozenset[str]] = {}
    for official in officials.load():
        own = key(official.name)
        found[own] = found.get(own, frozenset()) | frozenset(official.full_names)
    return found


def _stops(legs: Sequence[_Leg]) -> tuple[Stop, ...]:
    """The cities in the order of days; within a day first the one before, last the one of the next day."""
    days: dict[date, set[str]] = {}
    for leg in legs:
        if leg.stored.meeting.place.city:
            days.setdefault(leg.first, set()).add(leg.stored.meeting.place.city)
    order = sorted(days)
    stops: list[Stop] = []
    for index, day in enumerate(order):
        following = days[order[index + 1]] if index + 1 < len(order) else set[str]()
        here = stops[-1].city if stops else ""
        for city in sorted(days[day], key=lambda city: (city != here, city in following, city)):
            if stops and stops[-1].city == city:
                stops[-1] = Stop(city, stops[-1].first, day)
            else:
                stops.append(Stop(city, day, day))
    return tuple(stops)


def _kind(meetings: Sequence[StoredMeeting], trip: Trip) -> KindTold | None:
    """What most articles call the visit; the more formal of two, since `conference` is said of any visit with one."""
    mentions = {m.article.number: m for stored in meetings for m in stored.mentions}
    found: dict[VisitKind, list[KindTold]] = {}
    for _, mention in sorted(mentions.items()):
        told = {word.kind: word for word in reversed(find_visit_words(mention.article.article, trip)) if word.kind}
        for kind, word in told.items():
            found.setdefault(kind, []).append(KindTold(kind, mention, word))
    plain: dict[VisitKind, list[KindTold]] = {
        kind: told for kind, told in found.items() if kind is not VisitKind.CONFERENCE
    } or found
    order = list(VisitKind)
    best = min(plain, key=lambda kind: (-len(plain[kind]), order.index(kind)), default=None)
    return min(plain[best], key=lambda told: told.mention.article.article.language != "en") if best else None


def _days(meetings: Sequence[StoredMeeting], trip: Trip) -> DaysTold | None:
    """The days that most articles give the visit; of two spans the one that was told last."""
    mentions = {m.article.number: m for stored in meetings for m in stored.mentions}
    found: dict[tuple[date, date], list[DaysTold]] = {}
    for _, mention in sorted(mentions.items()):
        spans = {(span.first, span.last): span for span in reversed(find_visit_days(mention.article.article, trip))}
        for days, span in spans.items():
            found.setdefault(days, []).append(DaysTold(mention, span))
    most = max(found, key=lambda days: (len(found[days]), found[days][-1].mention.article.number, days), default=None)
    return min(found[most], key=lambda told: told.mention.article.article.language != "en") if most else None


_KINDS = {
    VisitKind.STATE: "State visit",
    VisitKind.OFFICIAL: "Official visit",
    VisitKind.WORKING: "Working visit",
    VisitKind.TRANSIT: "Transit",
    VisitKind.CONFERENCE: "Attending a conference",
}


def visit_view(visit: Visit, *, outlets: Outlets, zone: ZoneInfo) -> VisitView:
    """A visit in words, with the sentence that names its kind."""
    told, days = visit.kind, visit.days
    text = told.mention.article.article.text if told else ""
    period = _period(visit)
    basis = one_line(text[told.word.opens : told.word.closes], QUOTE_LIMIT) if told else ""
    said = days.mention.article.article.text[days.span.opens : days.span.closes] if days else ""
    quote = one_line(said, QUOTE_LIMIT) if period != _span(visit.first, visit.last) else ""
    return VisitView(
        id=visit.id,
        headline=_headline(visit),
        period=period,
        route=_route(visit.stops),
        kind=_KINDS[told.kind] if told else "",
        meeting_ids=tuple(stored.meeting.id for stored in visit.meetings),
        basis=basis,
        article=article_view(told.mention, outlets, zone) if told else None,
        days=QuoteView(quote, article_view(days.mention, outlets, zone)) if days and quote not in ("", basis) else None,
    )


def _period(visit: Visit) -> str:
    """The days as the articles give them; those of the known meetings too where these lie outside."""
    known, told = _span(visit.first, visit.last), visit.days
    if told is None or (told.span.first, told.span.last) == (visit.first, visit.last):
        return known
    how = "as announced" if _is_coming(visit) else "as reported"
    span = _span(told.span.first, told.span.last)
    within = told.span.first <= visit.first and visit.last <= told.span.last
    return f"{span} ({how})" if within else f"{known} ({how}: {span})"


def _span(first: date, last: date) -> str:
    return words.plain_day(first) if first == last else words.period(first, last)


def _is_coming(visit: Visit) -> bool:
    return all(stored.meeting.status is Status.ANNOUNCED for stored in visit.meetings)


def _headline(visit: Visit) -> str:
    name = one_line(visit.head.name or "", NAME_LIMIT)
    where = words.COUNTRIES.get(visit.country or "", visit.country) or "abroad"
    return f"{name} to visit {where}" if _is_coming(visit) else f"{name} in {where}"


def _route(stops: Sequence[Stop]) -> str:
    """`Beijing (9–10 Dec) → Guangzhou (11 Dec)`; the city alone where there is but one."""
    cities = [one_line(stop.city, NAME_LIMIT) for stop in stops]
    if len(stops) < 2:
        return "".join(cities)
    return " → ".join(f"{city} ({words.short_period(s.first, s.last)})" for city, s in zip(cities, stops, strict=True))
