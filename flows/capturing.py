"""Captured pages to articles that concern both countries: pure, the costly steps last.

capture -> page in UTF-8 -> first pass on bytes -> article -> does its text speak of both countries?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from archive.records import Capture
from meetings import language, screen
from meetings.firstpass import may_concern_both
from parsers.articles import extract_article
from parsers.newcomers import web_host
from parsers.pagewords import page_words
from parsers.publishers import Publishers
from parsers.records import Article, Entry, Kind, Side, Source
from parsers.text import as_utf8

HOSTS = 4096
"""So many hosts are remembered with their outlets: more than a chunk has, and few megabytes."""


class Fate(StrEnum):
    """What became of a page that is not stored: the fields of `ChunkCounts` that count it."""

    DISMISSED = "dismissed"
    WITHOUT_TEXT = "without_text"
    ONE_SIDED = "one_sided"


class CaptureReader:
    """Reads captured pages by the outlets of a catalogue; the pages of any other by the generic parser."""

    def __init__(self, sources: Sequence[Source]) -> None:
        publishers = Publishers(sources)
        self._of_host = lru_cache(HOSTS)(lambda host: _source_of(publishers, host))

    def read(self, capture: Capture) -> Article | Fate:
        """The article on a page, or why it is not stored. Raises whatever a page makes our parsers raise.

        It is of no source, since none listed it. Where nothing tells its day, that of the capture stands for it: a news
        crawl comes within a day or two.
        """
        source = self._of_host(web_host(capture.url))
        words = page_words(as_utf8(capture.body, capture.content_type, source.language))
        if not may_concern_both(words):
            return Fate.DISMISSED
        entry = Entry(capture.url, "")
        found = extract_article(
            capture.body, url=capture.url, content_type=capture.content_type, source=source, entry=entry
        )
        if found is None:
            return Fate.WITHOUT_TEXT
        if not concerns_both(found):
            return Fate.ONE_SIDED
        day = found.published_on
        if day is None and capture.captured_at is not None:
            day = capture.captured_at.astimezone(ZoneInfo(source.zone)).date()
        known = bool(source.id)
        spoken = language.recognise(found.text) or (source.language if known else None)
        return replace(found, published_on=day, language=spoken, side=found.side if known else None, source_id=None)


def concerns_both(article: Article) -> bool:
    """Whether a text speaks of both countries: no other can tell of a meeting of theirs."""
    return screen.sides_told(article.text) == screen.BOTH


def _source_of(publishers: Publishers, host: str) -> Source:
    """A source of the outlet at a host, else one without id that stands for none: named by its host, in UTC.

    Its language only helps to decode a page that does not say how, as old Chinese ones do.
    """
    if host and (found := publishers.of_entry(Entry(f"http://{host}/", ""))):
        return found
    spoken = "zh" if host.endswith((".cn", ".hk", ".tw", ".mo")) else "en"
    return Source("", host, host, Side.OTHER, spoken, "UTC", Kind.SECTION, f"http://{host}/", timedelta())
