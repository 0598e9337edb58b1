"""Many patterns in one pass over a text: Aho-Corasick, then word boundaries, capitals and leftmost-longest.

Patterns and text are compared folded (no case; no diacritics either, unless the language needs them). A pattern that
begins with a capital matches only words that do; one all in capitals (an abbreviation) only words all in capitals.
Latin patterns match whole words, Han patterns anywhere. A pattern in lower case matches any case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from ahocorasick_rs import AhoCorasick, MatchKind

from meetings.folding import fold

T = TypeVar("T")

HAN = "\u2e80"
"""From here on stands what is written without spaces between words."""
FEW = 16
"""Up to so many words it takes longer to build an automaton than to look for each of them."""


class Hit(NamedTuple, Generic[T]):
    """`value` found at text[start:end]."""

    start: int
    end: int
    value: T


class Matcher(Generic[T]):
    """Finds all patterns of a lexicon at once; among overlapping hits the leftmost, then the longest, wins."""

    def __init__(self, entries: Iterable[tuple[str, T]], folding: Callable[[str], str] = fold) -> None:
        self._values: list[T] = []
        self._firm_start: list[bool] = []
        self._firm_end: list[bool] = []
        self._case: list[int] = []
        patterns = []
        for word, value in entries:
            folded = folding(word)
            patterns.append(folded)
            self._values.append(value)
            self._firm_start.append(is_letter(folded[0]))
            self._firm_end.append(is_letter(folded[-1]))
            self._case.append(case_of(word))
        self._few = patterns if len(patterns) <= FEW else []
        self._automaton = None if self._few else AhoCorasick(patterns, matchkind=MatchKind.Standard)

    def find(self, text: str, folded: str) -> list[Hit[T]]:
        """The hits in `text`, in order, none overlapping. `folded` is the text folded like the words."""
        hits: list[Hit[T]] = []
        reached = 0
        for start, end, value in self.every(text, folded):
            if start >= reached:
                reached = end
                hits.append(Hit(start, end, value))
        return hits

    def every(self, text: str, folded: str) -> Iterator[tuple[int, int, T]]:
        """All hits as (start, end, value), overlapping ones too, from the left and of one start the longest first."""
        automaton = self._automaton
        raw = automaton.find_matches_as_indexes(folded, overlapping=True) if automaton else self._each(folded)
        good = []
        length, values = len(folded), self._values
        firm_start, firm_end, cases = self._firm_start, self._firm_end, self._case
        for index, start, end in raw:
            # is_letter, spelled out: there are so many of them that calls would take longer than the search
            if firm_start[index] and start and folded[start - 1].isalnum() and folded[start - 1] < HAN:
                continue
            if firm_end[index] and end < length and folded[end].isalnum() and folded[end] < HAN:
                continue
            case = cases[index]
            if case == 0 or (text[start].isupper() if case == 1 else text[start:end].isupper()):
                good.append((start, -end, index))
        good.sort()
        return ((start, -end, values[index]) for start, end, index in good)

    def _each(self, folded: str) -> Iterator[tuple[int, int, int]]:
        """Every place of each of a few words."""
        for index, word in enumerate(self._few):
            start = folded.find(word)
            while start >= 0:
                yield index, start, start + len(word)
                start = folded.find(word, start + 1)


def is_letter(char: str) -> bool:
    """Whether a folded character belongs to a word written with spaces around it."""
    return char.isalnum() and char < HAN


def case_of(word: str) -> int:
    """0: any case; 1: a capital first; 2: capitals throughout."""
    if not word[0].isupper():
        return 0
    return 2 if word.isupper() and len(word) > 1 else 1
