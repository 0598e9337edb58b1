"""What an article's head says of a visit: of which kind it is, on which days, and that it is the first in office."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property, lru_cache

from meetings import lexicon, officials, reading, vocabulary
from meetings.countries import SIDES
from meetings.dates import Calendar, DayWord
from meetings.folding import key, respelt
from meetings.language import recognise
from meetings.reading import Reading
from meetings.sentences import Sentence
from meetings.vocabulary import LANGUAGES
from parsers.records import Article

HEAD_PARAGRAPHS = 5
"""A visit is told of at an article's head; further down stand those of other years."""
KEPT = 1024
"""How many articles' heads are kept: more than tell of the meetings that are built at a time."""
COUNTRY_REACH = 40
_EDGE = r"\b"
_SPAN = re.compile(r"(?<!\d)\d{1,2}(?!\d)[^\n]{1,24}?(?<!\d)\d{1,2}(?!\d)")
_TWO_NUMBERS = re.compile(r"\d\D+\d")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


class VisitKind(StrEnum):
    """Of which kind a visit is, the most formal first."""

    STATE = "state"
    OFFICIAL = "official"
    WORKING = "working"
    TRANSIT = "transit"
    CONFERENCE = "conference"


@dataclass(frozen=True, slots=True)
class Trip:
    """A visit as it is looked for: the visitors' names in any form, the country's ISO code, the days."""

    names: frozenset[str]
    country: str | None
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class VisitWord:
    """Words at text[start:end] of an article, in the sentence text[opens:closes]; `kind` None: a first visit."""

    kind: VisitKind | None
    start: int
    end: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class VisitDays:
    """A span of days told at text[start:end] of an article, in the sentence text[opens:closes]."""

    first: dt.date
    last: dt.date
    start: int
    end: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class _Words:
    """`probes` find out whether any of `patterns` is there."""

    patterns: tuple[tuple[VisitKind | None, re.Pattern[str]], ...]
    probes: tuple[re.Pattern[str], ...]
    recalled: re.Pattern[str]


@dataclass(frozen=True, eq=False)
class _Head:
    """The head of an article, which is read only where it names a visit or a span of days."""

    article: Article
    language: str

    @cached_property
    def names_visits(self) -> bool:
        folded = vocabulary.load(self.language).folding(self.article.text)
        return any(probe.search(folded) for probe in _load(self.language).probes)

    @cached_property
    def names_spans(self) -> bool:
        return _SPAN.search(self.article.text) is not None

    @cached_property
    def read(self) -> Reading:
        return reading.read(self.article, self.language)

    @cached_property
    def days(self) -> Calendar:
        return Calendar(self.read)


def find_visit_words(article: Article, trip: Trip) -> tuple[VisitWord, ...]:
    """Where the head of an article names the kind of this trip, or says that it is a first one, in the text's order.

    A sentence that names only other officials, another country or another year is of another visit.
    """
    head = _head(article)
    if head is None or not head.names_visits:
        return ()
    found = {
        (word.kind, word.start): word for sentence in head.read.sentences for word in _told(head.read, sentence, trip)
    }
    return tuple(sorted(found.values(), key=lambda word: (word.start, word.end)))


def find_visit_days(article: Article, trip: Trip) -> tuple[VisitDays, ...]:
    """Where the head of an article gives the days of this trip as a span, in the text's order.

    A span that touches none of the trip's days, or stands by another country or official, is of another visit.
    """
    start = _head(article)
    if start is None or not start.names_spans:
        return ()
    head, days = start.read, start.days
    return tuple(
        VisitDays(day.first, day.last, day.start, day.end, sentence.start, sentence.end)
        for sentence in head.sentences
        if _TWO_NUMBERS.search(head.text, sentence.start, sentence.end)
        for day in days.in_sentence(sentence)
        if day.journey and day.first and day.last and day.first <= trip.last and trip.first <= day.last
        if _is_there(head, day, trip) and _is_theirs(head, sentence, day.start, trip)
    )


def _is_there(head: Reading, day: DayWord, trip: Trip) -> bool:
    """Whether no other country is named beside a span of days, but for the visitors' own."""
    beside = head.within(max(0, day.start - COUNTRY_REACH), day.end + COUNTRY_REACH)
    named = {token.value.country.code for token in beside if token.value.country and token.value.country.kind == "name"}
    return trip.country is None or trip.country in named or named <= SIDES.keys() - {trip.country}


def _language(article: Article) -> str | None:
    return article.language if article.language in LANGUAGES else recognise(article.text)


@lru_cache(maxsize=KEPT)
def _head(article: Article) -> _Head | None:
    """Kept for a while: several trips look for themselves in one article. None in a language that is not known."""
    language = _language(article)
    return _Head(replace(article, paragraphs=article.paragraphs[:HEAD_PARAGRAPHS]), language) if language else None


def _told(head: Reading, sentence: Sentence, trip: Trip) -> Iterator[VisitWord]:
    words = _load(head.words.language)
    for kind, pattern in words.patterns:
        for match in pattern.finditer(head.folded, sentence.start, sentence.end):
            earlier = kind is not None and words.recalled.search(head.folded, sentence.start, match.start())
            if not earlier and _is_of(head, sentence, match, trip):
                yield VisitWord(kind, match.start(), match.end(), sentence.start, sentence.end)


def _is_of(head: Reading, sentence: Sentence, match: re.Match[str], trip: Trip) -> bool:
    """Whether the country, the year and the nearest official who is no host are those of the trip."""
    tokens = head.within(match.end(), sentence.end)
    countries = [t.value.country for t in tokens if t.value.country and 0 <= t.start - match.end() <= COUNTRY_REACH]
    if countries and trip.country and countries[0].kind == "name" and countries[0].code != trip.country:
        return False
    return _is_theirs(head, sentence, match.start(), trip)


def _is_theirs(head: Reading, sentence: Sentence, start: int, trip: Trip) -> bool:
    """Whether the sentence's year, and the official nearest to `start` who is no host, are those of the trip."""
    years = {int(year[0]) for year in _YEAR.finditer(head.text, sentence.start, sentence.end)}
    if years and not years & {trip.first.year, trip.last.year}:
        return False
    tokens = head.within(sentence.start, sentence.end)
    before = [t.value.official for t in tokens if t.value.official and t.start < start]
    after = [t.value.official for t in tokens if t.value.official and t.start >= start]
    beside = [*before[-1:], *after[:1]]
    guests = [official.name for official in beside if official.side is not SIDES.get(trip.country or "")]
    if guests or not beside:
        return not guests or guests[0] in trip.names
    written = key(head.text[sentence.start : sentence.end])
    return not trip.names & _known() and any(key(name) in written for name in trip.names)


@cache
def _known() -> frozenset[str]:
    return frozenset(official.name for official in officials.load())


@cache
def _load(language: str) -> _Words:
    """visits.toml of a language. Raises LexiconError that names file and key."""
    name = f"{language}/visits.toml"
    table = lexicon.read(name)
    lexicon.only(name, table, [*VisitKind, "first", "recalled"])
    patterns = (
        *((kind, _pattern(name, kind, lexicon.word(name, table, kind))) for kind in VisitKind),
        *((None, _pattern(name, "first", words)) for words in lexicon.words(name, table, "first")),
    )
    return _Words(patterns, _probes(patterns), _pattern(name, "recalled", lexicon.word(name, table, "recalled")))


def _probes(patterns: Sequence[tuple[VisitKind | None, re.Pattern[str]]]) -> tuple[re.Pattern[str], ...]:
    """The patterns that begin at a word's edge as one, since all such edges are looked at once then; each other one."""
    edged = "|".join(pattern.pattern for _, pattern in patterns if pattern.pattern.startswith(_EDGE))
    others = (pattern for _, pattern in patterns if not pattern.pattern.startswith(_EDGE))
    return (*([re.compile(edged)] if edged else ()), *others)


def _pattern(name: str, spot: str, words: str) -> re.Pattern[str]:
    try:
        return re.compile(respelt(words))
    except re.error as error:
        raise lexicon.LexiconError(f"Lexicon {name}: key {spot} is no regular expression: {error}.") from error
