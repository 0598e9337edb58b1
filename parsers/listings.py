"""Section pages: the entries that a source's CSS selectors find in an HTML page."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from bs4 import Tag
from soupsieve import SelectorSyntaxError

from parsers.dates import midnight, url_day
from parsers.entries import make_entry, make_listing, no_feed, published_at
from parsers.records import Entry, Listing, Selectors, Source
from parsers.text import decode, parse_html


def parse_section(data: bytes, *, source: Source, url: str, content_type: str | None) -> Listing:
    """The entries of a section page, by `source.selectors`."""
    selectors = source.selectors
    if selectors is None:
        return no_feed(f"source '{source.id}' is a section page without selectors.")
    soup = parse_html(decode(data, content_type, source.language))
    try:
        items = soup.select(selectors.item)
        entries = [_read_item(item, selectors, source, url) for item in items]
    except SelectorSyntaxError as error:
        return no_feed(f"source '{source.id}' has a selector that is not CSS: {str(error).splitlines()[0]}.")
    return make_listing(entries, empty=f"{url} is a page on which the selectors of source '{source.id}' find no entry.")


def _read_item(item: Tag, selectors: Selectors, source: Source, url: str) -> Entry | None:
    link = item if item.name == "a" and item.get("href") else item.select_one(selectors.link)
    if link is None:
        return None
    titled = item.select_one(selectors.title) if selectors.title else link
    entry = make_entry(
        str(link.get("href", "")),
        base=url,
        title=(titled or link).get_text(" ") or str(link.get("title", "")),
        teaser=_text_of(item, selectors.teaser),
    )
    if entry is None or (selectors.url_pattern and not re.search(selectors.url_pattern, entry.url)):
        return None
    return Entry(entry.url, entry.title, entry.teaser, _published(item, selectors, source, entry.url))


def _text_of(item: Tag, selector: str | None) -> str:
    found = item.select_one(selector) if selector else None
    return found.get_text(" ") if found else ""


def _published(item: Tag, selectors: Selectors, source: Source, url: str) -> datetime | None:
    """The date in the item's time element, else the day in its URL."""
    found = item.select_one(selectors.time) if selectors.time else None
    if found is not None:
        text = str(found.get(selectors.time_attribute, "")) if selectors.time_attribute else found.get_text(" ")
        if when := published_at(text, source):
            return when
    day = url_day(url)
    return midnight(day, ZoneInfo(source.zone)) if day else None
