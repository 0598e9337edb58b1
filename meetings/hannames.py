"""Names in Han writing, which parts no words: told by the office before them, and found again wherever they recur."""

from __future__ import annotations

import re
from collections.abc import Iterable

from meetings import names
from meetings.reading import Reading, Token
from meetings.sentences import Sentence
from parsers.records import Side

LONGEST = 4
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_OF_WOMEN = "氏"

Span = tuple[int, int, Side | None]


def after_offices(reading: Reading, sentence: Sentence) -> list[Span]:
    """Where names stand right after an office or its title of courtesy, with the side that their shape tells."""
    tokens = {token.start: token for token in reading.within(sentence.start, sentence.end)}
    found = []
    for token in tokens.values():
        if token.value.office is None:
            continue
        start = token.end
        for title in reading.words.grammar.titles:
            if reading.folded.startswith(title, start):
                start += len(title)
        length = _length(reading, tokens, start, sentence.end)
        if length:
            found.append((start, start + length, _shape(reading.folded[start : start + length])))
    return found


def repeated(reading: Reading, sentence: Sentence, known: Iterable[str]) -> list[tuple[int, int, str]]:
    """Where one of the folded names stands in a sentence, the longest first."""
    folded = reading.folded[sentence.start : sentence.end]
    return [
        (sentence.start + match.start(), sentence.start + match.end(), name)
        for name in sorted((name for name in known if _HAN.fullmatch(name)), key=len, reverse=True)
        for match in re.finditer(re.escape(name), folded)
    ]


def _length(reading: Reading, tokens: dict[int, Token], start: int, limit: int) -> int:
    """How many characters from `start` make a name, 0 for none: up to a word, a mark, or what may follow a name."""
    folded, grammar = reading.folded, reading.words.grammar
    known = names.surnames()
    family = next((n for n in (2, 1) if folded[start : start + n] in known.han), 0)
    opening = tokens.get(start)
    if not family or (opening is not None and opening.end - start > 1) or folded.startswith(grammar.not_names, start):
        return 0
    end = start + family
    while end < limit and end - start < LONGEST and _HAN.fullmatch(folded[end]):
        word = tokens.get(end)
        place = word is not None and word.value.place is not None and end == start + family
        if word is not None and not place and (end > start + family or word.end - end > 1):
            break
        if end > start + family and (folded[end] in grammar.name_ends or folded.startswith(grammar.titles, end)):
            break
        end += 1
    of_three = folded[start] not in known.han_vietnam and folded[start + 1 : start + 2] != _OF_WOMEN
    if end - start == LONGEST and family == 1 and of_three:
        end -= 1
    short = start + family + 1
    if end < short:
        return 0
    return next((n for n in range(short, end) if _stands_alone(reading, folded[start:n])), end) - start


def _stands_alone(reading: Reading, name: str) -> bool:
    """Whether the article has a shorter form of a name right before a mark or before what may follow names."""
    ends = "".join(reading.words.grammar.name_ends)
    return re.search(rf"{re.escape(name)}(?:[^\u3400-\u9fff]|[{ends}]|$)", reading.folded) is not None


def _shape(name: str) -> Side | None:
    """Viet Nam for names that only Vietnamese have; else nothing can be told."""
    known = names.surnames()
    if (
        name[1] == _OF_WOMEN
        or name[0] in known.han_only_vietnam
        or (len(name) == LONGEST and name[:2] not in known.han)
    ):
        return Side.VIETNAM
    return None
