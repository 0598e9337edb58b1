"""Sitemaps (sitemaps.org), with or without Google's news elements, and indexes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import nlargest
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from lxml import etree

from parsers.entries import MAX_ENTRIES, make_entry, make_listing, no_feed, published_at, what_came
from parsers.records import Entry, Kind, Listing, Outcome, Source
from parsers.urls import MAX_URL
from parsers.xmltext import TooMuchMarkupError, local_name, read_xml

MAX_ADDRESSES = 50_000
"""What sitemaps.org allows in one document."""
MAX_FOLLOWED = 3
_NEVER = datetime.min.replace(tzinfo=UTC)
# the month or day that a child's name tells: news-2026-9.xml, sitemaps/2026/9/article.xml, post/2026-07-08.xml
_PERIOD = re.compile(r"(?<!\d)(20\d\d)[-_/.]?(0[1-9]|1[0-2]|[1-9])(?:[-_/.]?(0[1-9]|[12]\d|3[01]|[1-9]))?(?!\d)")


class _Child(NamedTuple):
    url: str
    named: tuple[int, int, int] | None
    changed: datetime | None


class _Address(NamedTuple):
    position: int
    published: datetime | None
    element: etree._Element


def parse_sitemap(data: bytes, *, source: Source, url: str) -> Listing:
    """The entries of a sitemap; of an index the sitemaps to read, the newest first.

    What a truncated one tells is taken; of more than MAX_ENTRIES addresses the newest.
    """
    try:
        root = read_xml(data)
    except TooMuchMarkupError as error:
        return no_feed(f"{url} cannot be read as a sitemap: {error}.")
    name = local_name(root) if root is not None else ""
    if root is not None and name == "sitemapindex" and source.kind is Kind.SITEMAP_INDEX:
        return _index(root, source, url)
    if root is None or name != "urlset":
        wanted = "an index of sitemaps" if source.kind is Kind.SITEMAP_INDEX else "a news sitemap"
        return no_feed(f"{url} answered with {what_came(data)}, not {wanted}.")
    found = _addresses(root, source)
    if len(found) > MAX_ENTRIES:
        found = sorted(nlargest(MAX_ENTRIES, found, key=lambda address: address.published or _NEVER))
    entries = (_entry(address, url) for address in found)
    return make_listing(entries, empty=f"{url} is a sitemap without entries.")


def _addresses(root: etree._Element, source: Source) -> list[_Address]:
    found = []
    for position, element in enumerate(root.iter("{*}url")):
        if position == MAX_ADDRESSES:
            break
        date = _text(element, "{*}news/{*}publication_date") or _text(element, "{*}lastmod")
        found.append(_Address(position, published_at(date, source) if date else None, element))
    return found


def _entry(address: _Address, base: str) -> Entry | None:
    return make_entry(
        _text(address.element, "{*}loc"),
        base=base,
        title=_text(address.element, "{*}news/{*}title"),
        teaser=_text(address.element, "{*}news/{*}keywords"),
        published=address.published,
    )


def _index(root: etree._Element, source: Source, url: str) -> Listing:
    children = list(_children(root, source, url))
    if not children:
        return Listing((), Outcome.NO_ENTRIES, f"{url} is an index without sitemaps.")
    # sorting keeps the index's own order among equals
    children.sort(key=_newness, reverse=True)
    newest = dict.fromkeys(child.url for child in children)
    return Listing((), follow=tuple(newest)[:MAX_FOLLOWED])


def _children(root: etree._Element, source: Source, base: str) -> Iterator[_Child]:
    for position, element in enumerate(root.iter("{*}sitemap")):
        if position == MAX_ADDRESSES:
            break
        try:
            url = urljoin(base, _text(element, "{*}loc"))
            usable = urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname) and len(url) <= MAX_URL
        except ValueError:
            continue
        if usable and url != base:
            changed = _text(element, "{*}lastmod")
            yield _Child(url, _period(url), published_at(changed, source) if changed else None)


def _newness(child: _Child) -> tuple[bool, tuple[int, int, int], tuple[int, int, int]]:
    """Sorts by the day of the last change, else by the period named; a sitemap of a period before one of categories."""
    named = child.named or (0, 0, 0)
    if child.changed is None:
        return child.named is not None, named, named
    changed = (child.changed.year, child.changed.month, child.changed.day)
    return child.named is not None, changed, named


def _period(url: str) -> tuple[int, int, int] | None:
    """Year, month and day (0: none) that an address names last."""
    found = _PERIOD.findall(urlsplit(url).path)
    return (int(found[-1][0]), int(found[-1][1]), int(found[-1][2] or 0)) if found else None


def _text(element: etree._Element, path: str) -> str:
    return str(element.findtext(path) or "").strip()
