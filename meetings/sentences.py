"""Cuts an article's text into sentences, by offsets. A line break always ends one."""

from __future__ import annotations

import re
from typing import NamedTuple

# one class of characters comes first: a search for it runs over the text many times faster than one for the rest
_STOP = re.compile(
    r"[.!?…。！？；\]](?:"
    r"(?<=[.!?…])(?<![.!?…].)[.!?…]*+[\"'”’)\]]*+(?=\s+[\"'“‘(\[]*[A-Z0-9À-ỸĐ])"
    r"|(?<=[。！？；])[。！？；]*[”’」』)）]*|(?<=[.!?])[\"”’]*(?=[A-Z][a-z]+ [a-z])"
    r"|(?<=\])(?=\s+[A-ZÀ-ỸĐ]))"
)
_LINK = re.compile(r"\[[^\[\]]*\]")
_LAST_WORD = re.compile(r"[\w.]+$")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_BREAK = re.compile(r"\n")
_OPEN = re.compile(r"(?:,|\b(?:of|the|and|from|by|to|in|for|with|a))$")
_FINAL = frozenset('.!?:;。！？”"')
WRAPPED = 40
LAST_WORD_REACH = 16
LONGEST = 1500


class Sentence(NamedTuple):
    """text[start:end] is one sentence; `paragraph` counts lines from 0, the title."""

    start: int
    end: int
    paragraph: int


def split(text: str, abbreviations: frozenset[str]) -> list[Sentence]:
    """The sentences of `text`, in order, without bracketed links to other articles.

    Full stops after `abbreviations` or initials do not end one.
    """
    found: list[Sentence] = []
    start = 0
    for paragraph, end in enumerate(_line_ends(text)):
        begin = start
        for stop in _STOP.finditer(text, start, end):
            if stop[0] != "." or not _abbreviated(text, stop.start(), abbreviations):
                _add(found, text, begin, stop.end(), paragraph)
                begin = stop.end()
        if begin < end:
            _add(found, text, begin, end, paragraph)
        start = end + 1
    return found


def count_words(text: str) -> int:
    """How many words a text has: those between blanks, and of Han writing every two characters."""
    han = _HAN.findall(text)
    others = _HAN.sub(" ", text) if han else text
    return sum(len(run) // 2 for run in han) + len(others.split())


def _line_ends(text: str) -> list[int]:
    """Where each paragraph ends: at line breaks, save those that a hard-wrapped text has within its sentences."""
    ends = []
    start, reached = 0, 0
    for match in _BREAK.finditer(text):
        end = match.start()
        begin, reached = reached, end + 1
        if start and end - begin >= WRAPPED and text[end - 1] not in _FINAL:
            following = text[end + 1 : end + 2]
            wrapped = following.islower() or _OPEN.search(text, max(begin, end - 6), end)
            if wrapped and following.strip():
                continue
        ends.append(end)
        start = end + 1
    return [*ends, len(text)]


def _abbreviated(text: str, end: int, abbreviations: frozenset[str]) -> bool:
    """Whether an abbreviation or an initial stands before text[end], a full stop."""
    reach = max(0, end - LAST_WORD_REACH)
    # no word holds a blank: behind the last one it is found at once
    word = _LAST_WORD.search(text, max(reach, text.rfind(" ", reach, end)), end)
    if word is None:
        return False
    last = word[0].lower()
    return last in abbreviations or (len(last) == 1 and last.isalpha())


def _add(found: list[Sentence], text: str, start: int, end: int, paragraph: int) -> None:
    """A sentence without the blanks around it, cut at blanks when it is longer than any that people write."""
    while start < end:
        cut = end
        if end - start > LONGEST:
            blank = text.rfind(" ", start + 1, start + LONGEST)
            cut = blank if blank > start else start + LONGEST
        part = text[start:cut].lstrip()
        begin = cut - len(part)
        last = begin + len(part.rstrip())
        if begin < last and not (text[begin] == "[" and _LINK.fullmatch(text, begin, last)):
            found.append(Sentence(begin, last, paragraph))
        start = cut
