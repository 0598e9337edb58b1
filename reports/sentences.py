"""Sentences of an article in English, Vietnamese or Chinese, and which of them say most of a meeting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archive.records import Mention

# what ends in a full stop without ending a sentence: titles, months, places, initials
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Lt|Col|Maj|Sen|Gov|St|No|vs|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|Tp|TP|GS|PGS|TS|ThS|Th\.S|Đ/c)|\b[A-ZĐ])\.$"
)
_END = re.compile(r"[。！？]+[”’」』）]*|[.!?…]+[\"”’')\]]*(?=[ \t])|\n+")
_NEXT_LETTER = re.compile(r"[^\w\n]*(\w?)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of an article's text: `text` equals text[start:end], without surrounding space."""

    text: str
    start: int
    end: int


def split_sentences(text: str, start: int = 0) -> tuple[Sentence, ...]:
    """The sentences of `text` from `start` on; a line break always ends one."""
    found = []
    begin = start
    for match in _END.finditer(text, start):
        if _ends_sentence(text, begin, match.end()):
            found.append(_stripped(text, begin, match.end()))
            begin = match.end()
    found.append(_stripped(text, begin, len(text)))
    return tuple(sentence for sentence in found if sentence.text)


def _ends_sentence(text: str, begin: int, end: int) -> bool:
    if text[end - 1] != ".":
        return True
    following = _NEXT_LETTER.match(text, end)
    continues = following is not None and following[1].islower()
    return not continues and not _ABBREVIATION.search(text, max(begin, end - 12), end)


def _stripped(text: str, start: int, end: int) -> Sentence:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return Sentence(piece.strip(), start, start + len(piece.strip()))


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence worth quoting, the mention whose article it stands in, and what it is evidence for."""

    sentence: Sentence
    mention: Mention
    shows: frozenset[str]


def key_sentences(mentions: Sequence[Mention], *, limit: int) -> tuple[KeySentence, ...]:
    """The sentences that together are evidence for most fields and topics of the meeting, in the order of the mentions.

    Each next one is that which adds most to those before; earlier mentions and sentences win a tie. Titles are left
    out (they stand with the source), and so is what another sentence already says.
    """
    candidates = [candidate for mention in mentions for candidate in _candidates(mention)]
    chosen: list[KeySentence] = []
    shown: frozenset[str] = frozenset()
    while len(chosen) < limit and candidates:
        best = max(candidates, key=lambda candidate: (len(candidate.shows - shown), len(candidate.shows)))
        chosen.append(best)
        shown |= best.shows
        candidates = [candidate for candidate in candidates if not _said_by(candidate, chosen)]
    order = {mention.article.number: index for index, mention in enumerate(mentions)}
    return tuple(sorted(chosen, key=lambda key: (order[key.mention.article.number], key.sentence.start)))


def _candidates(mention: Mention) -> Iterable[KeySentence]:
    text = mention.article.article.text
    spans = [(item.field, item.start) for item in mention.meeting.evidence]
    spans += [(f"topic {topic.id}", topic.evidence.start) for topic in mention.meeting.topics]
    for sentence in split_sentences(text, text.find("\n\n") + 2):
        shows = frozenset(field for field, at in spans if sentence.start <= at < sentence.end)
        if shows:
            yield KeySentence(sentence, mention, shows)


def _said_by(candidate: KeySentence, chosen: Sequence[KeySentence]) -> bool:
    """Whether a chosen sentence has most of the candidate's words: agencies copy each other."""
    words = _words(candidate.sentence.text)
    return any(len(words & _words(other.sentence.text)) >= 0.6 * len(words) for other in chosen)


def _words(text: str) -> frozenset[str]:
    """Words, or single characters where a script writes none apart."""
    return frozenset(re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", text.casefold()))
