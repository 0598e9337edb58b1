"""All that the lexicons know of the words of an account, found in one pass: signals, speech, set phrases, topics."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from meetings import information, phrases, topics
from meetings.information import folding
from meetings.matching import Hit, Matcher
from meetings.phrases import Phrase


class Marks(NamedTuple):
    """What a text's words tell, in order; none overlaps another of its own kind.

    `signals` are words of `information.KINDS`, `speech` of `information.SPEECH`, `topics` have the topics' ids.
    """

    signals: list[Hit[str]]
    speech: list[Hit[str]]
    phrases: list[Hit[Phrase]]
    topics: list[Hit[str]]


def find_marks(text: str, language: str) -> Marks:
    """The marks in a text of a language of `information.LANGUAGES`."""
    found = Marks([], [], [], [])
    reached = [0] * len(found)
    for start, end, (place, value) in _matcher(language).every(text, folding(language)(text)):
        if start >= reached[place]:
            reached[place] = end
            found[place].append(Hit(start, end, value))
    return found


@cache
def _matcher(language: str) -> Matcher[tuple[int, Any]]:
    """The words of all four, each with its place in `Marks`."""
    words: tuple[Iterable[tuple[str, Any]], ...] = (
        information.words(language, information.KINDS),
        information.words(language, information.SPEECH),
        phrases.words(language),
        topics.words(),
    )
    entries = [(word, (place, value)) for place, known in enumerate(words) for word, value in known]
    return Matcher(entries, folding(language))
