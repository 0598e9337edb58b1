"""RSS and Atom, and Google News' search feeds, by feedparser from bytes: it never opens a file or a socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import feedparser

from parsers.entries import MAX_ENTRIES, looks_like_html, make_entry, make_listing, no_feed, published_at
from parsers.records import Entry, Kind, Listing, Source
from parsers.text import plain_text


def parse_feed(data: bytes, *, source: Source, url: str, content_type: str | None) -> Listing:
    """The entries of an RSS or Atom document; what can be read of a broken one is taken."""
    # a charset in the header outranks the document's own (RFC 7303 §3); without one the header says nothing
    headers = {"content-type": content_type} if content_type and "charset" in content_type.lower() else {}
    try:
        # sanitising and resolving is for feeds shown as HTML; ours become plain text, at a fraction of the time
        parsed: Any = feedparser.parse(
            BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except (ValueError, LookupError, RecursionError, AssertionError) as error:
        return no_feed(f"{url} cannot be read as a feed: {error}.")
    if not parsed.get("version"):
        what = "an HTML page" if looks_like_html(data) else "no RSS or Atom document"
        return no_feed(f"{url} answered with {what}, not a feed.")
    read = _read_google_entry if source.kind is Kind.GOOGLE_NEWS else _read_entry
    listing = make_listing(_read_all(parsed.entries, read, source, url), empty=f"{url} is a feed without entries.")
    return replace(listing, ttl=_ttl(parsed.feed.get("ttl")))


def _read_all(items: list[Any], read: Any, source: Source, url: str) -> Iterator[Entry | None]:
    for item in items[: 2 * MAX_ENTRIES]:
        yield read(item, source, url)


def _read_entry(item: Any, source: Source, url: str) -> Entry | None:
    contents = item.get("content")
    return make_entry(
        _link(item),
        base=url,
        title=item.get("title") or "",
        teaser=item.get("summary") or (contents[0].get("value") if contents else "") or "",
        published=_published(item, source),
        guid=item.get("id"),
    )


def _read_google_entry(item: Any, source: Source, url: str) -> Entry | None:
    """Google News: the title ends with the publisher, the description repeats both, the link is a redirect."""
    outlet = plain_text((item.get("source") or {}).get("title") or "") or None
    title = plain_text(item.get("title") or "")
    if outlet:
        title = title.removesuffix(f" - {outlet}")
    teaser = plain_text(item.get("summary") or "")
    return make_entry(
        _link(item),
        base=url,
        title=title,
        teaser="" if teaser.startswith(title) else teaser,
        published=_published(item, source),
        guid=item.get("id"),
        outlet=outlet,
    )


def _link(item: Any) -> str:
    link = item.get("link") or ""
    return link if isinstance(link, str) else ""


def _published(item: Any, source: Source) -> Any:
    text = item.get("published") or item.get("updated") or ""
    return published_at(text, source) if text else None


def _ttl(value: Any) -> timedelta | None:
    """RSS 2.0 `ttl`: minutes for which the feed may be kept."""
    try:
        minutes = int(value)
    except (TypeError, ValueError):
        return None
    return timedelta(minutes=minutes) if 0 < minutes < 100_000 else None
