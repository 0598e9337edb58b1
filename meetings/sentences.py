"""Cuts an article's text into sentences, by offsets. A line break always ends one."""

from __future__ import annotations

import re
from typing import NamedTuple

_STOP = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s+[\"'“‘(\[]*[A-Z0-9À-ỸĐ])"
    r"|[。！？；]+[”’」』)）]*|[.!?][\"”’]*(?=[A-Z][a-z]+ [a-z])"
    r"|\](?=\s+[A-ZÀ-ỸĐ])"
)
_LINK = re.compile(r"\[[^\[\]]*\]")
_LAST_WORD = re.compile(r"[\w.]+$")
_WORDS = re.compile(r"[\u3400-\u9fff]{2}|[^\s\u3400-\u9fff]+")
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
    found = []
    start = 0
    for paragraph, end in enumerate(_line_ends(text)):
        begin = start
        for stop in _STOP.finditer(text, start, end):
            if not _abbreviated(text, stop, abbreviations):
                found.append(Sentence(begin, stop.end(), paragraph))
                begin = stop.end()
        found.append(Sentence(begin, end, paragraph))
        start = end + 1
    parts = [trimmed for s in found for part in _parts(text, s) if (trimmed := _trim(text, part)) is not None]
    return [part for part in parts if not _LINK.fullmatch(text, part.start, part.end)]


def count_words(text: str) -> int:
    """How many words a text has: those between blanks, and of Han writing every two characters."""
    return len(_WORDS.findall(text))


def _line_ends(text: str) -> list[int]:
    """Where each paragraph ends: at line breaks, save those that a hard-wrapped text has within its sentences."""
    ends = []
    start, reached = 0, 0
    for match in _BREAK.finditer(text):
        end = match.start()
        following = text[end + 1 : end + 2]
        wrapped = end - reached >= WRAPPED and (
            following.islower() or _OPEN.search(text, max(reached, end - 6), end) is not None
        )
        reached = end + 1
        if start and wrapped and following.strip() and text[end - 1 : end] not in _FINAL:
            continue
        ends.append(end)
        start = end + 1
    return [*ends, len(text)]


def _abbreviated(text: str, stop: re.Match[str], abbreviations: frozenset[str]) -> bool:
    if stop[0] != ".":
        return False
    word = _LAST_WORD.search(text, max(0, stop.start() - LAST_WORD_REACH), stop.start())
    if word is None:
        return False
    last = word[0].lower()
    return last in abbreviations or (len(last) == 1 and last.isalpha())


def _parts(text: str, sentence: Sentence) -> list[Sentence]:
    """A sentence as it is, or cut at blanks when it is longer than any that people write."""
    parts = []
    start = sentence.start
    while sentence.end - start > LONGEST:
        blank = text.rfind(" ", start + 1, start + LONGEST)
        cut = blank if blank > start else start + LONGEST
        parts.append(Sentence(start, cut, sentence.paragraph))
        start = cut
    return [*parts, Sentence(start, sentence.end, sentence.paragraph)]


def _trim(text: str, sentence: Sentence) -> Sentence | None:
    start, end = sentence.start, sentence.end
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Sentence(start, end, sentence.paragraph) if start < end else None
