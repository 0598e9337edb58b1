"""An article as read: its text in sentences, and what the words of its language may mean."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from meetings import sentences, vocabulary
from meetings.folding import simplified
from meetings.matching import Hit
from meetings.sentences import Sentence
from meetings.tracing import Step, Subject, Trace
from meetings.vocabulary import Sense, Vocabulary
from parsers.records import Article, Side

Token = Hit[Sense]

MAX_LENGTH = 60_000
"""Code points that are read for meetings: news is told at the top, and what follows a long page is clutter."""


@dataclass(frozen=True)
class Reading:
    """What the rules look at. Offsets are code points of `text`, which is the article's."""

    article: Article
    text: str
    folded: str
    words: Vocabulary
    sentences: tuple[Sentence, ...]
    trace: Trace | None = None

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The words that mean something, in order."""
        return tuple(self.words.matcher.find(self.text, self.folded))

    @cached_property
    def _starts(self) -> list[int]:
        return [token.start for token in self.tokens]

    @cached_property
    def written(self) -> str:
        """The text with its capitals and marks, in simplified characters: what patterns of the original read."""
        return simplified(self.text)

    def within(self, start: int, end: int) -> tuple[Token, ...]:
        """The tokens that begin in [start, end)."""
        return self.tokens[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def before(self, start: int, reach: int) -> str:
        """The folded text right before an offset."""
        return self.folded[max(0, start - reach) : start]

    def after(self, end: int, reach: int) -> str:
        """The folded text right after an offset."""
        return self.folded[end : end + reach]

    def note(self, subject: Subject, rule: str, span: tuple[int, int], reason: str, *, kept: bool = False) -> None:
        """Tells whoever explains this reading what a rule decided; nothing when nobody listens."""
        if self.trace is not None:
            self.trace.append(Step(subject, rule, *span, kept, reason))

    @property
    def published(self) -> dt.date | None:
        """The day the article was published, in the outlet's zone."""
        return self.article.published_on

    @property
    def own_side(self) -> Side | None:
        """The side whose outlet it is, when that is known."""
        return self.article.side if self.article.side in (Side.CHINA, Side.VIETNAM) else None


def read(article: Article, language: str, trace: Trace | None = None) -> Reading:
    """The article ready for the rules of `language`, which note their steps in `trace`."""
    text = article.text[:MAX_LENGTH]
    words = vocabulary.load(language)
    folded = words.folding(text)
    return Reading(
        article,
        text,
        folded,
        words,
        tuple(sentences.split(text, words.grammar.abbreviations)),
        trace,
    )
