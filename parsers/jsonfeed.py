"""JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1). Its `next_url` is left alone: what is new stands on page one."""

from __future__ import annotations

import html
import re
from typing import Any

from parsers.entries import make_entry, make_listing, no_feed, published_at, what_came
from parsers.jsontext import read_json
from parsers.records import Entry, Listing, Source

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1(?:\.\d+)?/?")


def parse_jsonfeed(data: bytes, *, source: Source, url: str) -> Listing:
    """The entries of a JSON Feed; an item that is none is left out."""
    feed = read_json(data)
    if feed is None:
        return no_feed(f"{url} answered with {what_came(data)}, not a JSON Feed.")
    version = feed.get("version") if isinstance(feed, dict) else None
    if not isinstance(version, str) or not _VERSION.fullmatch(version.strip()):
        return no_feed(f"{url} answered with JSON that does not say it is a JSON Feed of version 1.")
    items = feed.get("items")
    entries = (_read_item(item, source, url) for item in items) if isinstance(items, list) else ()
    return make_listing(entries, empty=f"{url} is a JSON Feed without entries.")


def _read_item(item: Any, source: Source, url: str) -> Entry | None:
    if not isinstance(item, dict):
        return None

    def text(*names: str) -> str:
        return next((value for name in names if isinstance(value := item.get(name), str) and value.strip()), "")

    own = item.get("id")
    date = text("date_published", "date_modified")
    # a link blog's `url` is its own note, its `external_url` the page that it is about
    return make_entry(
        text("url", "external_url") or (own if isinstance(own, str) and "://" in own else ""),
        base=url,
        title=html.escape(text("title")),
        teaser=html.escape(text("summary", "content_text")) or text("content_html"),
        published=published_at(date, source) if date else None,
    )
