"""One article's telling of a meeting, sentence by sentence, with all that its words tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import takewhile
from typing import Protocol, TypeVar

from archive.records import Mention
from meetings import language, lexicon, sentences
from meetings.information import LANGUAGES
from meetings.marks import Marks, find_marks
from meetings.matching import Hit
from meetings.phrases import Phrase
from meetings.quantities import Quantity, find_quantities
from meetings.reading import MAX_LENGTH
from meetings.records import holds
from meetings.sentences import Sentence
from parsers.records import Article

KEPT = 256
"""How many tellings are kept: more than one meeting has."""


class _Span(Protocol):
    @property
    def start(self) -> int: ...


S = TypeVar("S", bound=_Span)


@dataclass(frozen=True, eq=False)
class Telling:
    """What an article says of one meeting: `sentences` are those of its part, without title and captions.

    Everything found is given by the number of its sentence. Offsets are code points of `text`, the article's.
    """

    mention: Mention
    text: str
    language: str
    sentences: tuple[Sentence, ...]

    def quote(self, number: int) -> str:
        """A sentence in its own words."""
        sentence = self.sentences[number]
        return self.text[sentence.start : sentence.end]

    @cached_property
    def heading(self) -> Telling:
        """The article's title as a telling of its own: no account quotes it, but what it names is not left out."""
        title = takewhile(lambda sentence: sentence.paragraph == 0, sentences_of_text(self.text))
        own = tuple(title) if holds(self.mention.meeting.part, 0) else ()
        return Telling(self.mention, self.text, self.language, own)

    @cached_property
    def signals(self) -> list[tuple[int, Hit[str]]]:
        """Words that make a sentence worth quoting, or not."""
        return self.placed(self._marks.signals)

    @cached_property
    def speech(self) -> list[tuple[int, Hit[str]]]:
        """Words that report what somebody said."""
        return self.placed(self._marks.speech)

    @cached_property
    def phrases(self) -> list[tuple[int, Hit[Phrase]]]:
        """The set phrases of both capitals."""
        return self.placed(self._marks.phrases)

    @cached_property
    def quantities(self) -> list[tuple[int, Quantity]]:
        """Figures with units."""
        return self.placed(_quantities(self.text, self.language))

    @cached_property
    def topics(self) -> list[tuple[int, Hit[str]]]:
        """Words that tell of the meeting's topics, by topic id."""
        recorded = {topic.id: topic.evidence for topic in self.mention.meeting.topics}
        hits = [hit for hit in self._marks.topics if hit.value in recorded]
        told = {hit.value for hit in hits}
        others = [Hit(e.start, e.end, topic) for topic, e in recorded.items() if topic not in told]
        return self.placed(sorted(hits + others))

    @cached_property
    def fields(self) -> list[tuple[int, str]]:
        """The fields of the record for which a sentence is evidence."""
        return [(number, item.field) for number, item in self.placed(self.mention.meeting.evidence)]

    @cached_property
    def _marks(self) -> Marks:
        return _marks(self.text, self.language)

    @cached_property
    def _starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    def placed(self, spans: Iterable[S]) -> list[tuple[int, S]]:
        """Spans with the numbers of their sentences; what lies in none is left out."""
        found: list[tuple[int, S]] = []
        own, starts = self.sentences, self._starts
        if not own:
            return found
        reached = own[-1].end
        for span in spans:
            start = span.start
            if start < reached and (number := bisect_right(starts, start) - 1) >= 0 and start < own[number].end:
                found.append((number, span))
        return found


@lru_cache(maxsize=KEPT)
def telling(mention: Mention) -> Telling:
    """An article's telling of a meeting. Kept for a while: quotes, speakers and comparison all look at it."""
    article, part = mention.article.article, mention.meeting.part
    text = article.text[:MAX_LENGTH]
    own = [sentence for sentence in sentences_of_text(text) if sentence.paragraph > 0]
    if part:
        own = [sentence for sentence in own if holds(part, sentence.start)]
    for start, end in _captions(article):
        own = [sentence for sentence in own if not start <= sentence.start < end]
    return Telling(mention, text, _language(article, text), tuple(own))


# an article's telling and its title look at the same text, and so do tellings of several meetings
_marks = lru_cache(maxsize=KEPT)(find_marks)
_quantities = lru_cache(maxsize=KEPT)(find_quantities)


@lru_cache(maxsize=KEPT)
def sentences_of_text(text: str) -> tuple[Sentence, ...]:
    """All sentences of an article's text, titles and captions too; kept for a while."""
    return tuple(sentences.split(text, _abbreviations()))


def _language(article: Article, text: str) -> str:
    """The language whose words are looked for; English where none of them is recognised."""
    known = article.language if article.language in LANGUAGES else language.recognise(text)
    return known or "en"


def _captions(article: Article) -> Sequence[tuple[int, int]]:
    """Where the captions of pictures stand in the article's text."""
    if not article.captions:
        return ()
    spans = []
    at = len(article.title) + 2
    for number, paragraph in enumerate(article.paragraphs):
        if number in article.captions:
            spans.append((at, at + len(paragraph)))
        at += len(paragraph) + 1
    return spans


@cache
def _abbreviations() -> frozenset[str]:
    found: set[str] = set()
    for spoken in LANGUAGES:
        name = f"{spoken}/grammar.toml"
        found.update(lexicon.words(name, lexicon.read(name)["sentences"], "abbreviations", where="sentences"))
    return frozenset(found)
