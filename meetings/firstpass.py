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
_Units: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint16]]
_Places: TypeAlias = np.ndarray[tuple[int], np.dtype[np.intp]]
_NO_LETTER, _SHARED = 1, 128
"""Codes: of letters that are in no word; from the second on, of those that are not ASCII."""


class _Word(NamedTuple):
    """A word of the lexicon. `gaps`: what stands between its `letters`; `firm_*`: it begins or ends a word there."""

    letters: str
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
    """All words of the lexicons, looked for at once by codes of their letters alone; Han ones share codes."""

    def __init__(self, sided: dict[str, frozenset[Side]]) -> None:
        self._letters = _letters()
        self._gone = frozenset(char for char in map(chr, _BMP) if _may_vanish(char))
        self._gone_or_space = self._gone | {char for char in map(chr, _BMP) if char.isspace()}
        self._words = [self._word(word, sides) for word, sides in sided.items() if sides]
        letters = sorted({ord(char) for word in self._words for char in word.letters})
        codes = np.full(len(_BMP), _NO_LETTER, np.uint8)
        codes[letters] = [code if code < _SHARED else _SHARED + code % (256 - _SHARED) for code in letters]
        codes[0] = 0
        self._codes = codes[self._letters]
        patterns = [codes[[ord(char) for char in word.letters]].tobytes() for word in self._words]
        self._automaton = BytesAhoCorasick(patterns, implementation=Implementation.DFA)

    def told(self, words: str) -> frozenset[Side]:
        """The sides that a text made of these words may speak of; both may be missing when one is."""
        units = np.frombuffer(words.encode("utf-16-le", "surrogatepass"), "<u2")
        if len(units) != len(words):
            words = _ASTRAL.sub(GAP, unicodedata.normalize("NFC", words))
            units = np.frombuffer(words.encode("utf-16-le", "surrogatepass"), "<u2")
        codes = self._codes.take(units)
        places = np.flatnonzero(codes != 0)
        hits = self._automaton.find_matches_as_indexes(codes.take(places).tobytes(), overlapping=True)
        told: frozenset[Side] = frozenset()
        if not {side for index in {hit[0] for hit in hits} for side in self._words[index].sides} >= screen.BOTH:
            return told
        for index, start, end in hits:
            word = self._words[index]
            if not word.sides <= told and self._stands(word, words, units, places[start:end]):
                told |= word.sides
                if told >= screen.BOTH:
                    break
        return told

    def _stands(self, word: _Word, words: str, units: _Units, places: _Places) -> bool:
        """Whether the letters at these places may be the word in a text: not when something there surely forbids it."""
        first, last = int(places[0]), int(places[-1])
        if word.case and not (words[first].isupper() if word.case == 1 else words[first : last + 1].isupper()):
            return False
        if word.firm_start and first and 0 < self._letters[units[first - 1]] < ord(HAN):
            return False
        if word.firm_end and last + 1 < len(words) < LONGEST_LINE and 0 < self._letters[units[last + 1]] < ord(HAN):
            return False
        if not word.letters.isascii() and self._letters.take(units.take(places)).tolist() != [*map(ord, word.letters)]:
            return False
        return self._are_filled(word, words, places.tolist())

    def _are_filled(self, word: _Word, words: str, at: list[int]) -> bool:
        """Whether between the letters may stand what the word has there."""
        between = (words[one + 1 : two] for one, two in pairwise(at))
        return all(self._fits(gap, found) for gap, found in zip(word.gaps, between, strict=True))

    def _fits(self, gap: str, found: str) -> bool:
        """Whether what stands between two letters may be what the word has there, once the page is read."""
        if not gap:
            return self._gone.issuperset(found)
        return found != "" and (gap != " " or self._gone_or_space.issuperset(found))

    def _word(self, word: str, sides: frozenset[Side]) -> _Word:
        folded = fold(word)
        at = [place for place, char in enumerate(folded) if self._letters[ord(char)]]
        gaps = tuple(folded[one + 1 : two] for one, two in pairwise(at))
        return _Word(
            "".join(folded[place] for place in at),
            sides,
            gaps,
            case_of(word),
            is_letter(folded[0]),
            is_letter(folded[-1]),
        )


def _letters() -> _Units:
    """Each character of the Basic Multilingual Plane as the letter or digit that it is folded to, else 0."""
    single = (unicodedata.normalize("NFC", char) for char in map(chr, _BMP))
    composed = "".join(form if len(form) == 1 and form <= "\uffff" else chr(code) for code, form in enumerate(single))
    return np.array([ord(char) if char.isalnum() and char <= "\uffff" else 0 for char in fold(composed)], np.uint16)


def _may_vanish(char: str) -> bool:
    """Whether a character may be gone from an article's text, or be composed with the one before."""
    return char == GAP or unicodedata.category(char) == "Mn" or not (char.isprintable() or char.isspace()) or char < " "
