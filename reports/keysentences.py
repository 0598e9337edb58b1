"""Which sentences of the articles say most of a meeting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from archive.records import Mention
from meetings import lexicon, sentences

# those of Vietnamese news; English ones stand in the lexicon of its detection
_VIETNAMESE = frozenset({"tp", "gs", "pgs", "ts", "ths", "th.s", "đ/c"})


@cache
def _abbreviations() -> frozenset[str]:
    name = "en/grammar.toml"
    english = lexicon.words(name, lexicon.read(name)["sentences"], "abbreviations", where="sentences")
    return _VIETNAMESE.union(english)


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence worth quoting: where it stands in which article's text, and what it is evidence for."""

    mention: Mention
    start: int
    end: int
    shows: frozenset[str]

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.mention.article.article.text[self.start : self.end]


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
    return tuple(sorted(chosen, key=lambda key: (order[key.mention.article.number], key.start)))


def _candidates(mention: Mention) -> Iterable[KeySentence]:
    text = mention.article.article.text
    spans = [(item.field, item.start) for item in mention.meeting.evidence]
    spans += [(f"topic {topic.id}", topic.evidence.start) for topic in mention.meeting.topics]
    for sentence in sentences.split(text, _abbreviations()):
        shows = frozenset(field for field, at in spans if sentence.start <= at < sentence.end)
        if shows and sentence.paragraph > 0:
            yield KeySentence(mention, sentence.start, sentence.end, shows)


def _said_by(candidate: KeySentence, chosen: Sequence[KeySentence]) -> bool:
    """Whether a chosen sentence has most of the candidate's words: agencies copy each other."""
    words = _words(candidate.text)
    return any(len(words & _words(other.text)) >= 0.6 * len(words) for other in chosen)


def _words(text: str) -> frozenset[str]:
    """Words, or single characters where a script writes none apart."""
    return frozenset(re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", text.casefold()))
