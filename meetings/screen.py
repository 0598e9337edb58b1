"""Whether a text concerns both countries at all, and whether an entry is worth its page.

One pass of a multi-pattern matcher, in all three languages; of what speaks of both countries, a second one looks for
something official.
"""

from __future__ import annotations

from functools import cache

from meetings import countries, language, lexicon, officials, places, vocabulary
from meetings.countries import Country
from meetings.folding import fold
from meetings.matching import Matcher
from meetings.vocabulary import Sense
from parsers.records import Side

BOTH = frozenset({Side.CHINA, Side.VIETNAM})
FILE = "screen.toml"
SHORTEST_PLACE = 5
_CODES = {"CN": Side.CHINA, "VN": Side.VIETNAM}
_ENCOUNTERS = {"meet", "noun", "chair", "head", "visit"}


def sided_words() -> dict[str, frozenset[Side]]:
    """Countries, capitals, ruling parties, places and the full names of officials, each with its side; traps with none.

    Short Latin names of places are left out: they are words and people's names too.
    """
    words: dict[str, frozenset[Side]] = {}
    for place in places.load():
        if place.country in _CODES:
            side = frozenset({_CODES[place.country]})
            words |= {w: side for w in place.words if len(w) >= SHORTEST_PLACE or not w.isascii()}
    for official in officials.load():
        words |= dict.fromkeys(official.full_names, frozenset({official.side}))
    for word, country in countries.entries():
        if country.side or country.kind == "trap":
            words[word] = _sides_of(country)
    words |= dict.fromkeys(lexicon.words(FILE, lexicon.read(FILE), "pairs"), BOTH)
    return words


@cache
def _matcher() -> Matcher[frozenset[Side]]:
    return Matcher(sided_words().items())


def _sides_of(country: Country) -> frozenset[Side]:
    if country.kind == "pair":
        return BOTH
    return frozenset({country.side}) if country.side else frozenset()


@cache
def _matters(spoken: str) -> Matcher[None]:
    """What states have with one another, in a language."""
    table = lexicon.read(FILE)
    lexicon.only(FILE, table, ("pairs", "matters"))
    lexicon.only(FILE, table["matters"], vocabulary.LANGUAGES, where="matters")
    listed = lexicon.words(FILE, table["matters"], spoken, where="matters")
    return Matcher(((word, None) for word in listed), vocabulary.load(spoken).folding)


def sides_told(text: str) -> set[Side]:
    """The countries a text speaks of: by name, people, capital, ruling party, place, or an official's full name."""
    return {side for hit in _matcher().find(text, fold(text)) for side in hit.value}


def concerns_both(title: str, teaser: str, *, side: Side) -> bool:
    """True when title and teaser speak of both countries; an outlet of one country implies that one."""
    implied = {side} if side in BOTH else set()
    return sides_told(f"{title}\n{teaser}") | implied >= BOTH


def worth_a_page(title: str, teaser: str, *, side: Side) -> bool:
    """True when title and teaser concern both countries and tell of an office, official, forum, encounter or anything
    else that states have with one another; what is in none of our languages gets the benefit of the doubt.
    """
    return concerns_both(title, teaser, side=side) and _is_of_state(f"{title}\n{teaser}")


def _is_of_state(text: str) -> bool:
    spoken = language.recognise(text)
    if spoken is None:
        return True
    words = vocabulary.load(spoken)
    folded = words.folding(text)
    if _matters(spoken).find(text, folded):
        return True
    return any(_names_state(hit.value) for hit in words.matcher.find(text, folded))


def _names_state(sense: Sense) -> bool:
    """Whether a word names an office, an official, a forum or an encounter."""
    office = sense.office is not None and sense.office.principal and not sense.office.verb
    encounter = any(trigger.kind in _ENCOUNTERS for trigger in sense.triggers)
    return office or encounter or sense.official is not None or sense.forum is not None
