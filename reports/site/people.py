"""A page for each person of whom a name is known: names, offices, meetings, and whom they met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from meetings import officials
from meetings.folding import key
from reports import words
from reports.site.cards import Card, Participant, Written, side_name
from reports.site.paths import person_page


@dataclass(frozen=True, slots=True)
class Office:
    """An office from when to when, as the list of officials has it."""

    name: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class OfficeWritten:
    """An office in an article's own words, with the first and the last meeting at which it was written so."""

    language: str
    text: str
    first: str
    last: str
    meetings: int


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody who was at the same meetings: how many, and the last of them."""

    name: str
    page: str
    meetings: int
    last: Card


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person's page; `counterparts` are of the other side, `colleagues` of the same."""

    name: str
    page: str
    side: str
    names: tuple[Written, ...]
    offices: tuple[Office, ...]
    written: tuple[OfficeWritten, ...]
    counterparts: tuple[Companion, ...]
    colleagues: tuple[Companion, ...]
    years: tuple[tuple[str, tuple[Card, ...]], ...]
    meetings: int


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person in the list of all."""

    name: str
    page: str
    side: str
    names: tuple[Written, ...]
    meetings: int
    last: str


def by_person(cards: Iterable[Card]) -> dict[str, list[Card]]:
    """The meetings of each person who is known by name, by the person's page, in the order of the cards."""
    found: dict[str, list[Card]] = {}
    for card in cards:
        for page in {person_page(each.side, each.name): None for each in card.people if each.name}:
            found.setdefault(page, []).append(card)
    return found


def person(page: str, cards: Sequence[Card]) -> PersonPage:
    """The page of the person who stands at `page`, from the meetings that `by_person` gives for it."""
    own = [(card, each) for card in cards for each in card.people if each.name and _page(each) == page]
    name, side = own[0][1].name, own[0][1].side
    years: dict[str, list[Card]] = {}
    for card in reversed(cards):
        years.setdefault(card.year, []).append(card)
    return PersonPage(
        name=name,
        page=page,
        side=side_name(side),
        names=_names(name, side, [each for _, each in own]),
        offices=_offices(name, side),
        written=_written(own),
        counterparts=_companions(cards, page, side, same=False),
        colleagues=_companions(cards, page, side, same=True),
        years=tuple((year, tuple(held)) for year, held in years.items()),
        meetings=len(cards),
    )


def line(page: str, cards: Sequence[Card]) -> PersonLine:
    """The person in one line."""
    own = [each for card in cards for each in card.people if each.name and _page(each) == page]
    name, side = own[0].name, own[0].side
    return PersonLine(name, page, side_name(side), _names(name, side, own), len(cards), cards[-1].when)


def _page(participant: Participant) -> str:
    return person_page(participant.side, participant.name)


@cache
def _officials() -> Mapping[tuple[str, str], officials.Official]:
    return {(each.side.value, each.name): each for each in officials.load()}


def _names(name: str, side: str, own: Sequence[Participant]) -> tuple[Written, ...]:
    """The name in the other scripts: as the list of officials has it, then as articles write it."""
    official = _officials().get((side, name))
    forms = dict.fromkeys(official.also if official else ())
    forms.update(dict.fromkeys([each.text for participant in own for each in participant.names]))
    return tuple(Written(_script(form), form) for form in forms if form != name and _is_full(form, name))


def _script(text: str) -> str:
    """The language that a written name belongs to, by its letters."""
    if any("\u3400" <= char <= "\u9fff" for char in text):
        return "zh"
    return "en" if text.isascii() else "vi"


def _is_full(text: str, name: str) -> bool:
    """Whether it is more than the family or given name alone: another script, or as many parts."""
    return not text.isascii() or len(key(text).split()) >= len(name.split())


def _offices(name: str, side: str) -> tuple[Office, ...]:
    official = _officials().get((side, name))
    terms = sorted(official.terms, key=lambda term: term.start, reverse=True) if official else ()
    return tuple(
        Office(
            term.post.replace("_", " ").capitalize(),
            words.short_day(term.start),
            words.short_day(term.end) if term.end else "",
        )
        for term in terms
    )


def _written(own: Sequence[tuple[Card, Participant]]) -> tuple[OfficeWritten, ...]:
    days: dict[Written, list[str]] = {}
    for card, participant in own:
        for role in participant.roles:
            days.setdefault(role, []).append(card.day)
    told = [
        OfficeWritten(role.language, role.text, _short(min(at)), _short(max(at)), len(at)) for role, at in days.items()
    ]
    return tuple(sorted(told, key=lambda each: (-each.meetings, each.text)))


def _short(day: str) -> str:
    return words.short_day(date.fromisoformat(day))


def _companions(cards: Sequence[Card], page: str, side: str, *, same: bool) -> tuple[Companion, ...]:
    """The others of the same or the other side, those met most often first."""
    counts: Counter[str] = Counter()
    last: dict[str, tuple[str, Card]] = {}
    for card in cards:
        others = {_page(each): each.name for each in card.people if each.name and (each.side == side) is same}
        others.pop(page, None)
        for other, name in others.items():
            counts[other] += 1
            last[other] = (name, card)
    order = sorted(counts, key=lambda other: (-counts[other], last[other][0]))
    return tuple(Companion(last[other][0], other, counts[other], last[other][1]) for other in order)
