"""A source's answer to its entries, by the source's kind. Nothing an outlet sends makes this raise.

Bounded whatever comes: bytes unpacked, entries kept, characters of each field. Nothing but `data` is read.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from parsers.dates import midnight, read_stamp
from parsers.records import Entry, Kind, Listing, Outcome, Source
from parsers.text import plain_text, tidy
from parsers.urls import canonical_url

MAX_ENTRIES = 2000
MAX_TITLE = 500
MAX_TEASER = 2000
MAX_NAME = 200
MAX_UNPACKED = 32 * 1024 * 1024
"""Bytes that a packed document may unpack to; sitemaps.org allows 50 MB, of which no outlet of ours comes near."""
_MAX_MARKUP = 20_000
"""Characters of markup read for one title or teaser."""
_GZIP_MAGIC = b"\x1f\x8b"

# what may come in place of the thing asked for, by how it begins; the first that fits names it
_LOOKS = tuple(
    (re.compile(pattern, re.IGNORECASE), what)
    for pattern, what in (
        (rb"<(?:!doctype\s+)?html\b", "an HTML page"),
        (rb"<(?:\w+:)?sitemapindex\b", "an index of sitemaps (kind 'sitemap_index')"),
        (rb"<(?:\w+:)?urlset\b", "a sitemap (kind 'news_sitemap')"),
        (rb"<(?:rss|rdf:rdf)\b", "an RSS feed"),
        (rb"<(?:\w+:)?feed\b", "an Atom feed"),
        (rb"\A\s*<(?:script|body|head|meta|div|p)\b", "an HTML page"),
        (rb"\A(?:\xef\xbb\xbf)?\s*[{\[]", "JSON"),
        (rb"\A%PDF-", "a PDF file"),
    )
)


def parse_entries(data: bytes, *, source: Source, url: str, content_type: str | None = None) -> Listing:
    """The entries of a feed, sitemap, search result or section page fetched from `url`, in its order, each URL once.

    Anything else than what the source's kind promises gives a Listing whose outcome and message say so. A body that is
    itself packed (`.xml.gz`) is unpacked first.
    """
    if data.startswith(_GZIP_MAGIC):
        data = _unpacked(data)
        if len(data) > MAX_UNPACKED:
            return no_feed(f"{url} unpacks to more than {MAX_UNPACKED:,} bytes.")
    if not data.strip():
        return no_feed(f"{url} answered with an empty document.")
    return _parse(data, source, url, content_type)


def _parse(data: bytes, source: Source, url: str, content_type: str | None) -> Listing:
    # each kind's parser is loaded when it is first wanted: most commands want none
    match source.kind:
        case Kind.RSS | Kind.ATOM | Kind.GOOGLE_NEWS | Kind.BING_NEWS:
            from parsers.feeds import parse_feed

            return parse_feed(data, source=source, url=url, content_type=content_type)
        case Kind.NEWS_SITEMAP | Kind.SITEMAP_INDEX:
            from parsers.sitemaps import parse_sitemap

            return parse_sitemap(data, source=source, url=url)
        case Kind.SECTION:
            from parsers.listings import parse_section

            return parse_section(data, source=source, url=url, content_type=content_type)
        case Kind.JSONFEED:
            from parsers.jsonfeed import parse_jsonfeed

            return parse_jsonfeed(data, source=source, url=url)
        case Kind.GDELT:
            from parsers.gdelt import parse_articles

            return parse_articles(data, source=source, url=url)


def make_entry(
    link: str,
    *,
    base: str,
    title: str,
    teaser: str = "",
    published: datetime | None = None,
    outlet: str | None = None,
    outlet_url: str | None = None,
) -> Entry | None:
    """An entry of canonical URL and plain, bounded text (title and teaser may hold markup); None without an address."""
    url = canonical_url(_sound(link), base) if link.strip() else None
    if url is None:
        return None
    return Entry(
        url=url,
        title=_words(title)[:MAX_TITLE],
        teaser=_words(teaser)[:MAX_TEASER],
        published=published,
        outlet=_words(outlet)[:MAX_NAME] or None if outlet else None,
        outlet_url=canonical_url(_sound(outlet_url)) if outlet_url else None,
    )


def make_listing(entries: Iterable[Entry | None], *, empty: str) -> Listing:
    """A listing of the first MAX_ENTRIES entries, the first of each URL; NO_ENTRIES and `empty` when there is none."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry is not None:
            found.setdefault(entry.url, entry)
        if len(found) == MAX_ENTRIES:
            break
    if not found:
        return Listing((), Outcome.NO_ENTRIES, empty)
    return Listing(tuple(found.values()))


def no_feed(message: str) -> Listing:
    """A listing that says why the answer is not what the source's kind promises."""
    return Listing((), Outcome.NOT_A_FEED, message)


def published_at(text: str, source: Source) -> datetime | None:
    """The UTC moment of a listing's date; a date without time is the beginning of that day in the source's zone."""
    zone = ZoneInfo(source.zone)
    stamp = read_stamp(text, zone, source.date_order)
    if stamp is None:
        return None
    return stamp.moment or midnight(stamp.day, zone)


def what_came(data: bytes) -> str:
    """What a document is, for the sentence that tells a person what came instead; plain text is quoted."""
    start = data[:2048]
    for pattern, what in _LOOKS:
        if pattern.search(start):
            return what
    text = tidy(start.decode("utf-8", "replace"))
    if "�" in text or len(text) < 3 or "<" in text:
        return "something unreadable"
    return f"the text '{text[:120]}'"


def _words(markup: str) -> str:
    return plain_text(_sound(markup[:_MAX_MARKUP]))


def _sound(text: str) -> str:
    """Text that can be written: JSON may spell one half of a surrogate pair, which no encoding holds."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _unpacked(data: bytes) -> bytes:
    """What a gzip body holds, as far as it can be read; a little beyond MAX_UNPACKED at most."""
    engine = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        return engine.decompress(data, MAX_UNPACKED + 1)
    except zlib.error:
        return b""
