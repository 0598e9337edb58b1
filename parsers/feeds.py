"""RSS and Atom, and the feeds in which searches answer, by feedparser from bytes: it never opens a file or a socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import feedparser
from feedparser.encodings import convert_to_utf8

from parsers import aggregators
from parsers.entries import MAX_ENTRIES, make_entry, make_listing, no_feed, published_at, what_came
from parsers.pruning import prune
from parsers.records import Entry, Kind, Listing, Source

# feedparser keeps the interpreter to itself while it works: ten threads at once only trample over each other's caches
_one_at_a_time = threading.Lock()

# its own reading of dates, a tenth of its time, is not used: `parsers.dates` knows the outlets' zones and orders
feedparser.registerDateHandler(lambda _text: (0,) * 9)


def parse_feed(data: bytes, *, source: Source, url: str, content_type: str | None) -> Listing:
    """The entries of an RSS or Atom document; what can be read of a broken one is taken."""
    try:
        with _one_at_a_time:
            parsed = _parse(data, content_type)
    except (ValueError, LookupError, RecursionError, AssertionError) as error:
        return no_feed(f"{url} cannot be read as a feed: {error}.")
    if parsed is None or not parsed.get("version"):
        return no_feed(f"{url} answered with {what_came(data)}, not a feed.")
    listing = make_listing(_read_all(parsed.entries, source, url), empty=f"{url} is a feed without entries.")
    return replace(listing, ttl=_ttl(parsed.feed.get("ttl")))


def _parse(data: bytes, content_type: str | None) -> Any:
    # a charset in the header outranks the document's own (RFC 7303 §3); without one the header says nothing
    headers = {"content-type": content_type} if content_type and "charset" in content_type.lower() else {}
    pruned = prune(convert_to_utf8(headers, data, {}))
    if pruned is None:
        return None
    # sanitising and resolving is for feeds shown as HTML; ours become plain text, at a fraction of the time
    return feedparser.parse(BytesIO(pruned), sanitize_html=False, resolve_relative_uris=False)


def _read_all(items: list[Any], source: Source, url: str) -> Iterator[Entry | None]:
    for item in items[: 2 * MAX_ENTRIES]:
        link = item.get("link")
        link = link if isinstance(link, str) else ""
        if source.kind is Kind.GOOGLE_NEWS:
            yield _told(aggregators.google_item(item, link), item, source, url)
        elif source.kind is Kind.BING_NEWS:
            yield _told(aggregators.bing_item(item, link), item, source, url)
        else:
            yield _entry(item, link, source, url)


def _entry(item: Any, link: str, source: Source, url: str) -> Entry | None:
    contents = item.get("content")
    return make_entry(
        link,
        base=url,
        title=item.get("title") or "",
        teaser=item.get("summary") or (contents[0].get("value") if contents else "") or "",
        published=_published(item, source),
    )


def _told(told: aggregators.Told, item: Any, source: Source, url: str) -> Entry | None:
    entry = make_entry(
        told.link,
        base=url,
        title=told.title,
        teaser=told.teaser,
        published=_published(item, source),
        outlet=told.outlet,
        outlet_url=told.outlet_url,
    )
    return None if entry is None or aggregators.leads_back(entry.url) else entry


def _published(item: Any, source: Source) -> datetime | None:
    text = item.get("published") or item.get("updated") or ""
    return published_at(text, source) if text else None


def _ttl(value: Any) -> timedelta | None:
    """RSS 2.0 `ttl`: minutes for which the feed may be kept."""
    try:
        minutes = int(value)
    except (TypeError, ValueError):
        return None
    return timedelta(minutes=minutes) if 0 < minutes < 100_000 else None
