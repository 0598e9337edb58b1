"""Figures with units in three languages, as numbers that can be compared (quantities.toml)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from meetings import lexicon
from meetings.information import LANGUAGES

FILE = "quantities.toml"
NUMBERS_KEPT = 1024
CLOSE = 0.005
"""Two figures that differ by less than this part are one figure, told more or less exactly."""
_KEYS = ("id", "label", "before", "gap", "single", *LANGUAGES)
# a number begins where no digit, point or comma stands before its first digit
_FIRST = r"\d(?<![\d.,].)"
_NUMBER = {
    "en": rf"{_FIRST}(?:\d{{0,2}}(?:,\d{{3}}){{1,4}}(?:\.\d{{1,4}})?|\d{{0,11}}(?:\.\d{{1,4}})?)",
    "vi": rf"{_FIRST}(?:\d{{0,2}}(?:\.\d{{3}}){{1,4}}(?:,\d{{1,4}})?|\d{{0,11}}(?:,\d{{1,4}})?)",
    "zh": rf"{_FIRST}(?:\d{{0,2}}(?:,\d{{3}}){{1,4}}(?:\.\d{{1,4}})?|\d{{0,11}}(?:\.\d{{1,4}})?)",
}
_GAP = {"en": r"(?:[\w-]++\s++){{0,{}}}?", "vi": r"(?:[\w-]++\s++){{0,{}}}?", "zh": r"[份项个\u3400-\u9fff]{{0,{}}}?"}
_HAN_PER_WORD = 3
_WORD = re.compile(r"(?<=\w)|(?<=\w-)")


@dataclass(frozen=True, slots=True)
class Unit:
    """What is counted. `single`: two different numbers of it tell of one thing."""

    id: str
    label: str
    single: bool


class Quantity(NamedTuple):
    """A figure at text[start:end]."""

    start: int
    end: int
    value: float
    unit: Unit

    def same(self, other: Quantity) -> bool:
        """Whether both tell of one thing."""
        if self.unit is not other.unit:
            return False
        return self.unit.single or abs(self.value - other.value) <= CLOSE * max(self.value, other.value)

    @property
    def label(self) -> str:
        """In English words: `US$205.2 billion`."""
        return self.unit.label.format(_short(self.value))


@dataclass(frozen=True, slots=True)
class _Patterns:
    """A number with its scale; unit words that end right before it, at most `reach` long; those that follow it.

    `leading` are the words before it.
    """

    number: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    reach: int
    leading: tuple[str, ...]


def find_quantities(text: str, language: str) -> list[Quantity]:
    """The figures with units in a text of a language of LANGUAGES, in order."""
    patterns, units = _patterns(language), _units()
    has_leading = any(word in text for word in patterns.leading)
    found = []
    for number in patterns.number.finditer(text):
        at, end = number.span()
        before = patterns.before.search(text, max(0, at - patterns.reach), at) if has_leading else None
        if before and before.lastgroup:
            found.append(Quantity(before.start(), end, _value(number, language), units[before.lastgroup]))
            continue
        after = patterns.after.match(text, end)
        # a number may be the end of a word, as in "Covid-19"; Chinese writes all words together
        if after and after.lastgroup and (language == "zh" or not _WORD.match(text, at)):
            found.append(Quantity(at, after.end(), _value(number, language), units[after.lastgroup]))
    return found


def _value(match: re.Match[str], language: str) -> float:
    digits, scale = match.groups()
    plain = digits.replace(".", "").replace(",", ".") if language == "vi" else digits.replace(",", "")
    return float(plain) * (_scales(language)[scale.lower()] if scale else 1)


@lru_cache(maxsize=NUMBERS_KEPT)
def _short(value: float) -> str:
    for size, name in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million")):
        if value >= size:
            return f"{value / size:.4g}{name}"
    return f"{value:,.10g}"


@cache
def _scales(language: str) -> Mapping[str, float]:
    table = lexicon.read(FILE)["scales"].get(language)
    if not isinstance(table, dict) or not all(isinstance(value, float) for value in table.values()):
        raise lexicon.LexiconError(f"Lexicon {FILE}: key scales.{language} must be a table of numbers.")
    return table


@cache
def _units() -> Mapping[str, Unit]:
    found: dict[str, Unit] = {}
    for number, row in enumerate(lexicon.read(FILE)["unit"]):
        where = f"unit[{number}]"
        lexicon.only(FILE, row, _KEYS, where=where)
        id_, label = (lexicon.word(FILE, row, key, where=where) for key in ("id", "label"))
        if label.count("{}") != 1:
            raise lexicon.LexiconError(f"Lexicon {FILE}: key {id_}.label must hold {{}} once, for the number.")
        found[id_] = Unit(id_, label, row.get("single") is True)
    return found


@cache
def _patterns(language: str) -> _Patterns:
    rows = dict(zip(_units(), lexicon.read(FILE)["unit"], strict=True))
    end = "" if language == "zh" else r"(?!\w)"
    before = {id_: lexicon.words(FILE, row, "before", where=id_, required=False) for id_, row in rows.items()}
    return _Patterns(
        re.compile(rf"({_NUMBER[language]})(?:[ -]?({_any(_scales(language))}){end})?", re.IGNORECASE),
        re.compile("|".join(rf"(?P<{id_}>(?<!\w)(?:{_any(words)})\s?$)" for id_, words in before.items() if words)),
        re.compile("|".join(_after(rows, language)), re.IGNORECASE),
        max(len(word) for words in before.values() for word in words) + 1,
        tuple(word for words in before.values() for word in words),
    )


def _after(rows: Mapping[str, Mapping[str, Any]], language: str) -> Iterator[str]:
    """Patterns of the units that follow a number, those of one gap as one."""
    end = "" if language == "zh" else r"(?!\w)"
    for gap, group in groupby(rows.items(), key=lambda item: _gap(*item)):
        between = _GAP[language].format(gap * _HAN_PER_WORD if language == "zh" else gap) if gap else ""
        units = (f"(?P<{id_}>{_any(lexicon.words(FILE, row, language, where=id_))})" for id_, row in group)
        yield rf"[ -]?{between}(?:{'|'.join(units)}){end}"


def _gap(id_: str, row: Mapping[str, Any]) -> int:
    gap = row.get("gap", 0)
    if not isinstance(gap, int) or not 0 <= gap <= 5:
        raise lexicon.LexiconError(f"Lexicon {FILE}: key {id_}.gap must be a number from 0 to 5.")
    return gap


def _any(words: Mapping[str, float] | tuple[str, ...]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
