"""A source's answer to its entries, by the source's kind. Nothing an outlet sends makes this raise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from parsers.dates import midnight, read_stamp
from parsers.records import Entry, Kind, Listing, Outcome, Source
from parsers.text import plain_text
from parsers.urls import canonical_url

MAX_ENTRIES = 2000
MAX_TITLE = 500
MAX_TEASER = 2000
_MAX_MARKUP = 20_000
"""Characters of markup read for one title or teaser."""


def parse_entries(data: bytes, *, source: Source, url: str, content_type: str | None = None) -> Listing:
    """The entries of a feed, sitemap or section page fetched from `url`, in its order, each URL once.

    Anything else than what the source's kind promises gives a Listing whose outcome and message say so.
    """
    if not data.strip():
        return no_feed(f"{url} answered with an empty document.")
    match source.kind:
        case Kind.NEWS_SITEMAP:
            from parsers.sitemaps import parse_sitemap

            return parse_sitemap(data, source=source, url=url)
        case Kind.SECTION:
            from parsers.listings import parse_section

            return parse_section(data, source=source, url=url, content_type=content_type)
        case Kind.RSS | Kind.ATOM | Kind.GOOGLE_NEWS:
            from parsers.feeds import parse_feed

            return parse_feed(data, source=source, url=url, content_type=content_type)


def make_entry(
    link: str,
    *,
    base: str,
    title: str,
    teaser: str = "",
    published: datetime | None = None,
    guid: str | None = None,
    outlet: str | None = None,
) -> Entry | None:
    """An entry with canonical URL and plain, bounded text; None when the link leads nowhere."""
    url = canonical_url(link, base) if link.strip() else None
    if url is None:
        return None
    return Entry(
        url=url,
        title=plain_text(title[:_MAX_MARKUP])[:MAX_TITLE],
        teaser=plain_text(teaser[:_MAX_MARKUP])[:MAX_TEASER],
        published=published,
        guid=guid,
        outlet=outlet,
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


def looks_like_html(data: bytes) -> bool:
    """Whether a document is an HTML page, to tell a person what came instead of a feed."""
    start = data[:1024].lower()
    return b"<html" in start or b"<!doctype html" in start
