"""Whether the words of a page may speak of both countries: asked before the page is read, which costs far more.

It says no only where `screen.sides_told` of no text made of these words would find both. So letters are compared alone,
folded as everywhere: white space, marks of accents and what stands between (`GAP`) may be anything at first. Of what is
found that way, boundaries, capitals and the spaces between words are looked at, as far as they are sure.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, Implementation

from meetings import screen
from meetings.folding import fold
from meetings.matching import HAN, case_of, is_letter
from parsers.records import Side

GAP = "\0"
"""Stands in the words of a page for markup: it may be nothing or a space."""

LONGEST_LINE = 50_000
"""A reader cuts off longer paragraphs, maybe inside a word: in so long a text no end of a word is sure."""

_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_BMP = range(0x10000)
_Letters: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint16]]


class _Word(NamedTuple):
    """A word of the lexicon. `letters` as UTF-16; `gaps`: what stands between them; `firm_*`: it begins, ends a word."""

    letters: bytes
    sides: frozenset[Side]
    gaps: tuple[str, ...]
    case: int
    firm_start: bool
    firm_end: bool


def may_concern_both(words: str) -> bool:
    """False when no text made of these words of a page speaks of both countries; True does not say that one does.

    `words` is what `parsers.pagewords.page_words` gives of a page.
    """
    return _finder().told(words) >= screen.BOTH


@cache
def _finder() -> _Finder:
    return _Finder(screen.sided_words())


class _Finder:
    """All words of the lexicons, looked for at once by their letters alone."""

    def __init__(self, sided: dict[str, frozenset[Side]]) -> None:
        self._letters = _letters()
        self._gone = frozenset(char for char in map(chr, _BMP) if _may_vanish(char))
        self._gone_or_space = self._gone | {char for char in map(chr, _BMP) if char.isspace()}
        self._words = [self._word(word, sides) for word, sides in sided.items() if sides]
        self._automaton = BytesAhoCorasick([word.letters for word in self._words], implementation=Implementation.DFA)

    def told(self, words: str) -> frozenset[Side]:
        """The sides that a text made of these words may speak of; both may be missing when one is."""
        units = np.frombuffer(words.encode("utf-16-le", "surrogatepass"), "<u2")
        if len(units) != len(words):
            words = _ASTRAL.sub(GAP, unicodedata.normalize("NFC", words))
            units = np.frombuffer(words.encode("utf-16-le", "surrogatepass"), "<u2")
        letters = self._letters[units]
        places = np.flatnonzero(letters)
        raw = self._automaton.find_matches_as_indexes(letters[places].tobytes(), overlapping=True)
        hits = [(index, start // 2, end // 2) for index, start, end in raw if not start & 1]
        if not screen.BOTH <= {side for index in {hit[0] for hit in hits} for side in self._words[index].sides}:
            return frozenset()
        told: frozenset[Side] = frozenset()
        for index, start, end in hits:
            word = self._words[index]
            if not word.sides <= told and self._stands(word, words, places[start:end].tolist(), letters):
                told |= word.sides
                if told >= screen.BOTH:
                    break
        return told

    def _stands(self, word: _Word, words: str, at: list[int], letters: _Letters) -> bool:
        """Whether the letters at these places may be the word in a text: not when something there surely forbids it."""
        first, last = at[0], at[-1]
        if word.case and not (words[first].isupper() if word.case == 1 else words[first : last + 1].isupper()):
            return False
        if word.firm_start and first and 0 < letters[first - 1] < ord(HAN):
            return False
        if word.firm_end and last + 1 < len(words) < LONGEST_LINE and 0 < letters[last + 1] < ord(HAN):
            return False
        if last - first == len(at) - 1:
            return not any(word.gaps)
        return all(
            self._fits(gap, words[one + 1 : two]) for gap, (one, two) in zip(word.gaps, pairwise(at), strict=True)
        )

    def _fits(self, gap: str, found: str) -> bool:
        """Whether what stands between two letters may be what the word has there, once the page is read."""
        if not gap:
            return self._gone.issuperset(found)
        return found != "" and (gap != " " or self._gone_or_space.issuperset(found))

    def _word(self, word: str, sides: frozenset[Side]) -> _Word:
        folded = fold(word)
        at = [place for place, char in enumerate(folded) if self._letters[ord(char)]]
        gaps = tuple(folded[one + 1 : two] for one, two in pairwise(at))
        bare = "".join(folded[place] for place in at).encode("utf-16-le")
        return _Word(bare, sides, gaps, case_of(word), is_letter(folded[0]), is_letter(folded[-1]))


def _letters() -> _Letters:
    """Each character of the Basic Multilingual Plane as the letter or digit that it is folded to, else 0."""
    single = (unicodedata.normalize("NFC", char) for char in map(chr, _BMP))
    composed = "".join(form if len(form) == 1 and form <= "\uffff" else chr(code) for code, form in enumerate(single))
    return np.array([ord(char) if char.isalnum() and char <= "\uffff" else 0 for char in fold(composed)], np.uint16)


def _may_vanish(char: str) -> bool:
    """Whether a character may be gone from an article's text, or be composed with the one before."""
    return char == GAP or unicodedata.category(char) == "Mn" or not (char.isprintable() or char.isspace()) or char < " "
