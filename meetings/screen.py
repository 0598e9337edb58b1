"""Whether an entry's title and teaser are worth fetching the page: one pass of a multi-pattern matcher."""

from __future__ import annotations

from functools import cache

from meetings import countries, officials
from meetings.folding import fold
from meetings.matching import Matcher
from parsers.records import Side


@cache
def _matcher() -> Matcher[Side | None]:
    """Countries, capitals, ruling parties and the full names of officials, each with its side; traps with None."""
    words: list[tuple[str, Side | None]] = [
        (word, country.side) for word, country in countries.entries() if country.side or country.kind == "trap"
    ]
    for official in officials.load():
        words += [(name, official.side) for name in official.full_names]
    return Matcher(words)


def concerns_both(title: str, teaser: str, *, side: Side) -> bool:
    """True when title and teaser speak of both countries; an outlet of one country implies that one.

    A country is spoken of by its name, its people, its capital, its ruling party or the full name of an official.
    """
    text = f"{title}\n{teaser}"
    found = {hit.value for hit in _matcher().find(text, fold(text))}
    implied = {side} if side in (Side.CHINA, Side.VIETNAM) else set()
    return {Side.CHINA, Side.VIETNAM} <= found | implied
