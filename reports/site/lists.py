"""The lists of the web archive: forums with their sessions, and all meetings on a timeline by level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from meetings.records import RANK_ORDER, Rank
from reports import words
from reports.site.cards import Card
from reports.site.paths import forum_page, year_page

_SHADES = (0, 1, 3, 6, 12, 25)
"""From how many meetings on a cell of the timeline is a shade darker."""


@dataclass(frozen=True, slots=True)
class ForumPage:
    """A forum with all its sessions and meetings, the newest first."""

    name: str
    page: str
    sessions: tuple[Card, ...]
    first: str
    last: str
    highest: int


@dataclass(frozen=True, slots=True)
class Cell:
    """How many meetings; `shade` is 0 for none to 5 for many, `anchor` where they are listed."""

    count: int
    shade: int
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One level in the columns of a timeline, and the sum of them."""

    label: str
    level: str
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Month:
    """The meetings of a month, by day."""

    name: str
    anchor: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class YearPage:
    """A year of the timeline: levels by months, then every meeting."""

    year: str
    page: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    months: tuple[Month, ...]
    before: str
    after: str
    meetings: int


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """All years: levels by years."""

    years: tuple[str, ...]
    rows: tuple[Row, ...]
    totals: tuple[int, ...]
    meetings: int


def by_forum(cards: Iterable[Card]) -> dict[str, list[Card]]:
    """The meetings of each forum by the forum's page, in the order of the cards."""
    found: dict[str, list[Card]] = {}
    for card in cards:
        if card.forum:
            found.setdefault(forum_page(card.forum), []).append(card)
    return found


def forum(page: str, cards: Sequence[Card]) -> ForumPage:
    """The page of a forum, from the meetings that `by_forum` gives for it."""
    numbers = [card.ordinal for card in cards if card.ordinal is not None]
    return ForumPage(
        name=cards[0].forum,
        page=page,
        sessions=tuple(reversed(cards)),
        first=cards[0].when,
        last=cards[-1].when,
        highest=max(numbers, default=0),
    )


def by_year(cards: Iterable[Card]) -> dict[str, list[Card]]:
    """The meetings of each year under which they are filed, years and meetings in time."""
    found: dict[str, list[Card]] = {}
    for card in sorted(cards, key=lambda card: (card.day, card.id)):
        found.setdefault(card.year, []).append(card)
    return found


def timeline(years: Mapping[str, Sequence[Card]]) -> TimelinePage:
    """All years side by side, the newest first, by level."""
    years = {year: years[year] for year in sorted(years, reverse=True)}
    rows = [
        _row(level, [[card for card in cards if card.level == level] for cards in years.values()], list(years))
        for level in (rank.value for rank in RANK_ORDER)
    ]
    totals = tuple(map(len, years.values()))
    return TimelinePage(tuple(years), tuple(rows), totals, sum(totals))


def year_of(year: str, cards: Sequence[Card], *, years: Sequence[str]) -> YearPage:
    """One year by months; `years` are all there are, so that the page can lead to its neighbours."""
    at = years.index(year)
    months: list[list[Card]] = [[] for _ in words.MONTHS]
    for card in cards:
        months[int(card.day[5:7]) - 1].append(card)
    rows = [
        _row(
            rank.value,
            [[card for card in month if card.level == rank.value] for month in months],
            [_anchor(number) for number in range(12)],
        )
        for rank in RANK_ORDER
    ]
    listed = [
        Month(words.MONTHS[number], _anchor(number), tuple(month)) for number, month in enumerate(months) if month
    ]
    return YearPage(
        year=year,
        page=year_page(year),
        columns=tuple(name[:3] for name in words.MONTHS),
        rows=tuple(rows),
        months=tuple(listed),
        before=years[at - 1] if at else "",
        after=years[at + 1] if at + 1 < len(years) else "",
        meetings=len(cards),
    )


def _anchor(month: int) -> str:
    return f"month-{month + 1:02d}"


def _row(level: str, columns: Sequence[Sequence[Card]], anchors: Sequence[str]) -> Row:
    cells = tuple(Cell(len(cards), _shade(len(cards)), at) for cards, at in zip(columns, anchors, strict=True))
    return Row(words.RANKS[Rank(level)], level, cells, sum(cell.count for cell in cells))


def _shade(count: int) -> int:
    return max(shade for shade, least in enumerate(_SHADES) if count >= least)
