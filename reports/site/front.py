"""The pages of which there is one each: front page, lists of issues, people and forums, what the archive is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from archive.records import IssueState
from parsers.records import Side, Source
from reports import words
from reports.lead import NAME
from reports.site.cards import Card, side_name
from reports.site.paths import issue_page
from reports.site.people import PersonLine
from reports.week import Week

NEWS_LISTED = 12
AHEAD_LISTED = 8


@dataclass(frozen=True, slots=True)
class IssueLine:
    """An issue in the list of all. `kind`: its `IssueState`; `corrected_in`: weeks of the issues that correct it."""

    week: str
    page: str
    period: str
    subject: str
    kind: str
    meetings: int
    corrected_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutletLine:
    """An outlet among the sources: in which languages it is read."""

    name: str
    side: str
    languages: str


@dataclass(frozen=True, slots=True)
class FrontPage:
    """What is new: the newest issue, the meetings known last, those ahead."""

    issue: IssueLine | None
    lead: str
    newest: tuple[Card, ...]
    ahead: tuple[Card, ...]
    meetings: int
    issues: int
    people: int


@dataclass(frozen=True, slots=True)
class Letter:
    """The people whose names begin with a letter."""

    letter: str
    people: tuple[PersonLine, ...]


def issue_line(
    week: Week, subject: str, kind: IssueState, meetings: int, corrected_in: tuple[str, ...] = ()
) -> IssueLine:
    """An issue in the list by the subject of its mail."""
    return IssueLine(
        week.label,
        issue_page(week.label),
        words.period(*week.days()),
        subject.partition(f" · {NAME}")[0],
        kind.value,
        meetings,
        corrected_in,
    )


def front(cards: Sequence[Card], issues: Sequence[IssueLine], lead: str, *, people: int, today: date) -> FrontPage:
    """The front page; `issues` by week, `lead` of the newest one, `today` parts what lies ahead from what is due."""
    held = [card for card in cards if card.status == "held"]
    newest = sorted(held, key=lambda card: (card.known, card.day, card.id), reverse=True)[:NEWS_LISTED]
    ahead = [card for card in cards if card.status == "announced" and card.day >= today.isoformat()]
    return FrontPage(
        issue=issues[-1] if issues else None,
        lead=lead,
        newest=tuple(newest),
        ahead=tuple(ahead[:AHEAD_LISTED]),
        meetings=len(cards),
        issues=len(issues),
        people=people,
    )


def letters(people: Sequence[PersonLine]) -> tuple[Letter, ...]:
    """All people by the first letter of their names."""
    groups: dict[str, list[PersonLine]] = {}
    for each in sorted(people, key=lambda each: (each.name.casefold(), each.side)):
        first = each.name[:1].upper()
        groups.setdefault(first if first.isascii() and first.isalpha() else "#", []).append(each)
    return tuple(Letter(letter, tuple(group)) for letter, group in sorted(groups.items()))


def outlets(sources: Sequence[Source]) -> tuple[OutletLine, ...]:
    """The outlets of the catalogue, those of both sides first."""
    languages: dict[tuple[str, str], set[str]] = {}
    for source in sources:
        if source.enabled:
            languages.setdefault((source.side.value, source.outlet_name), set()).add(source.language)
    order = [side.value for side in (Side.CHINA, Side.VIETNAM, Side.OTHER)]
    listed = sorted(languages.items(), key=lambda item: (order.index(item[0][0]), item[0][1].casefold()))
    return tuple(
        OutletLine(name, side_name(side), ", ".join(words.LANGUAGES.get(each, each) for each in sorted(told)))
        for (side, name), told in listed
    )
