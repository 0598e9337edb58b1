"""What a meeting was about: the fixed list of topics.toml, each with the words that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from meetings import lexicon
from meetings.folding import fold
from meetings.matching import Matcher
from meetings.records import Evidence, Part, Topic, holds

FILE = "topics.toml"


@cache
def contexts() -> dict[str, tuple[str, ...]]:
    """PLOVER's contexts of each topic."""
    return {
        lexicon.word(FILE, row, "id"): lexicon.words(FILE, row, "contexts", where=row["id"])
        for row in lexicon.read(FILE)["topic"]
    }


@cache
def labels() -> dict[str, str]:
    """What each topic is called in English, by its id."""
    return {
        lexicon.word(FILE, row, "id"): lexicon.word(FILE, row, "label", where=row["id"])
        for row in lexicon.read(FILE)["topic"]
    }


@cache
def _matcher(folding: Callable[[str], str]) -> Matcher[str]:
    return Matcher(words(), folding)


def words() -> Iterable[tuple[str, str]]:
    """The words that tell of a topic, each with the topic's id."""
    rows = lexicon.read(FILE)["topic"]
    return ((word, row["id"]) for row in rows for word in lexicon.words(FILE, row, "words", where=row["id"]))


def find_topics(text: str, folding: Callable[[str], str] = fold, part: Part = ()) -> tuple[Topic, ...]:
    """The topics of a text, or of a part of it, in the order in which they are first told.

    Words are compared as `folding` has it.
    """
    found: dict[str, Topic] = {}
    for start, end, topic in _matcher(folding).find(text, folding(text)):
        if topic not in found and holds(part, start):
            found[topic] = Topic(topic, Evidence("topic", text[start:end], start, end))
    return tuple(found.values())
