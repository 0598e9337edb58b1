"""What a page says about itself for machines: JSON-LD, OpenGraph, dated meta elements, its canonical link."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup

from parsers.dates import Stamp, read_stamp
from parsers.records import Source
from parsers.text import tidy
from parsers.urls import canonical_url

_DATED_META = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "pubdate",
    "publishdate",
    "publication_date",
    "dc.date.issued",
)
_MAX_JSON = 1_000_000
_NUMBER = re.compile(r"[0-9a-f]*\d[0-9a-f]{4,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Title and date, and which vocabulary gave them: `jsonld`, `opengraph` or ''."""

    title: str
    stamp: Stamp | None
    kind: str


def read_metadata(soup: BeautifulSoup, source: Source) -> Metadata:
    """What the page's JSON-LD says, else its OpenGraph and meta elements; a date without zone is in the source's."""
    zone = ZoneInfo(source.zone)
    for article in _json_ld_articles(soup):
        title, date = article.get("headline"), article.get("datePublished")
        if isinstance(title, str) and tidy(title):
            stamp = read_stamp(date, zone, source.date_order) if isinstance(date, str) else None
            return Metadata(tidy(title), stamp, "jsonld")
    metas = _metas(soup)
    dates = (metas[name] for name in _DATED_META if name in metas)
    stamp = next((found for text in dates if (found := read_stamp(text, zone, source.date_order))), None)
    title = _without_site(metas.get("og:title") or metas.get("articletitle", ""), metas.get("og:site_name", ""))
    return Metadata(title, stamp, "opengraph" if title or stamp else "")


def page_url(soup: BeautifulSoup, fetched: str) -> str | None:
    """The canonical URL that a page names, if it can be believed: the same host, and the number of the one fetched.

    Some sites name their front page or another article's; an address without a number cannot be checked.
    """
    link = soup.select_one('link[rel~="canonical"][href]')
    named = canonical_url(str(link["href"]), fetched) if link else None
    if named is None or urlsplit(named).hostname != urlsplit(fetched).hostname:
        return None
    numbers = _NUMBER.findall(urlsplit(fetched).path)
    return named if numbers and max(numbers, key=len) in named else None


def _json_ld_articles(soup: BeautifulSoup) -> Iterator[dict[str, object]]:
    for script in soup.select('script[type="application/ld+json"]'):
        text = script.string or ""
        if len(text) > _MAX_JSON:
            continue
        try:
            waiting: deque[object] = deque([json.loads(text, strict=False)])
        except (ValueError, RecursionError):
            continue
        while waiting:
            value = waiting.popleft()
            if isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, dict):
                waiting.append(value.get("@graph"))
                if _is_article(value.get("@type")):
                    yield value


def _is_article(kind: object) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    return any(isinstance(name, str) and name.endswith(("Article", "BlogPosting")) for name in kinds)


def _metas(soup: BeautifulSoup) -> dict[str, str]:
    """Content by lower-case property, name or itemprop; the first of each name."""
    metas: dict[str, str] = {}
    for meta in soup.select("meta[content]"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        content = tidy(str(meta["content"]))
        if isinstance(name, str) and content:
            metas.setdefault(name.lower(), content)
    return metas


def _without_site(title: str, site: str) -> str:
    for mark in (" - ", " | ", " – ", " — "):
        if site and title.endswith(mark + site):
            return title.removesuffix(mark + site)
    return title
