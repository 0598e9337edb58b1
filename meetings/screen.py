"""Whether a text concerns both countries at all: one pass of a multi-pattern matcher, in all three languages."""

from __future__ import annotations

from functools import cache

from meetings import countries, officials, places
from meetings.folding import fold
from meetings.matching import Matcher
from parsers.records import Side

BOTH = {Side.CHINA, Side.VIETNAM}
SHORTEST_PLACE = 5
_CODES = {"CN": Side.CHINA, "VN": Side.VIETNAM}


@cache
def _matcher() -> Matcher[Side | None]:
    """Countries, capitals, ruling parties, places and the full names of officials, each with its side; traps with None.

    Short Latin names of places are left out: they are words and people's names too.
    """
    words: dict[str, Side | None] = {}
    for place in places.load():
        if place.country in _CODES:
            words |= {w: _CODES[place.country] for w in place.words if len(w) >= SHORTEST_PLACE or not w.isascii()}
    for official in officials.load():
        words |= dict.fromkeys(official.full_names, official.side)
    for word, country in countries.entries():
        if country.side or country.kind == "trap":
            words[word] = country.side
    return Matcher(words.items())


def sides_told(text: str) -> set[Side]:
    """The countries a text speaks of: by name, people, capital, ruling party, place, or an official's full name."""
    return {side for hit in _matcher().find(text, fold(text)) if (side := hit.value)}


def concerns_both(title: str, teaser: str, *, side: Side) -> bool:
    """True when title and teaser speak of both countries; an outlet of one country implies that one."""
    implied = {side} if side in BOTH else set()
    return sides_told(f"{title}\n{teaser}") | implied >= BOTH
