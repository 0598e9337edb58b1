"""What an unknown document could be as a source: its kind, the feeds a page names, the selectors of its list.

Guesses for a person to check, from markup alone.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from parsers.records import Kind, Selectors
from parsers.text import plain_text
from parsers.urls import canonical_url

FEWEST_LINKS = 5
"""A list shorter than this is a menu or a box, not a list of articles."""

_LOOKED_AT = 20_000
"""Bytes or characters of a document's beginning that are looked at."""

_ROOTS = {
    "rss": Kind.RSS,
    "rdf": Kind.RSS,
    "feed": Kind.ATOM,
    "urlset": Kind.NEWS_SITEMAP,
    "sitemapindex": Kind.SITEMAP_INDEX,
}
# the first element, behind declarations, comments and processing instructions
_ROOT = re.compile(r"<(?![?!])(?:\w+:)?(\w+)")
_ASIDE = re.compile(r"<!--.*?-->|<\?.*?\?>", re.DOTALL)
_TITLE = re.compile(r"<(?:\w+:)?title[^>]*>(?:<!\[CDATA\[)?([^<\]]+)", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/json")
_SHORTEST_TITLE = 12
_SHORTEST_HAN_TITLE = 6
_CLIMBED = 6
"""Ancestors of a link that are looked at for the element that repeats."""
_HEADINGS = ("h1", "h2", "h3", "h4", "h5")
_TAIL = re.compile(r"[-_/]?[A-Za-z]{0,8}\d{4,}(?:_\d+)?(?:\.[a-z]{2,5})?$")
_MOST = 0.8


def guess_kind(data: bytes) -> Kind | None:
    """The kind of source a document looks like by its first element; `section` for a page, None for anything else.

    A packed document (`.xml.gz`) is looked into.
    """
    if data.startswith(b"\x1f\x8b"):
        with suppress(zlib.error):
            data = zlib.decompressobj(wbits=31).decompress(data, _LOOKED_AT)
    text = _ASIDE.sub("", data[:_LOOKED_AT].replace(b"\0", b"").decode("utf-8", "replace")).lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return Kind.JSONFEED if "jsonfeed.org" in text else Kind.GDELT if '"articles"' in text else None
    found = _ROOT.search(text)
    if found and (kind := _ROOTS.get(found[1].lower())):
        return kind
    return Kind.SECTION if re.search(r"<(?:!doctype\s+html|html|body|a)\b", text, re.IGNORECASE) else None


def guess_title(text: str) -> str:
    """What a feed or page calls itself: the words of its first `title` element, empty when it has none."""
    found = _TITLE.search(text[:_LOOKED_AT])
    return plain_text(found[1]) if found else ""


def named_feeds(soup: BeautifulSoup, url: str) -> tuple[str, ...]:
    """The feeds that a page names in `<link rel="alternate">`, each once, comments' feeds last."""
    links = soup.find_all("link", rel="alternate", href=True, type=list(_FEED_TYPES))
    found = dict.fromkeys(urljoin(url, str(link["href"])) for link in links)
    return tuple(sorted(found, key=lambda feed: "comment" in feed))


def guess_selectors(soup: BeautifulSoup, url: str) -> Selectors | None:
    """Selectors of the element that repeats most with one article's link in each; None where nothing repeats."""
    links = list(_article_links(soup, url))
    holders: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for tag, address in links:
        for element in (tag, *list(tag.parents)[:_CLIMBED]):
            for name in _names(element):
                holders[name][id(element)].add(address)
    best = max(holders, key=lambda name: _singles(holders[name]), default="")
    if not best or _singles(holders[best]) < FEWEST_LINKS:
        return None
    listed = {address for found in holders[best].values() for address in found}
    heading = Counter(parent.name for tag, address in links if address in listed and (parent := _heading(tag)))
    top = heading.most_common(1)
    link = (
        f"{top[0][0]} a[href]"
        if top and top[0][1] >= _MOST * len(listed) and not best.startswith(top[0][0])
        else "a[href]"
    )
    return Selectors(item=best, link=link, url_pattern=guess_pattern(listed))


def guess_pattern(urls: Iterable[str]) -> str | None:
    """A regular expression for how most of the URLs end, digits as digits; None where they end in many ways."""
    addresses = list(urls)
    tails = Counter(_shape(found[0]) for url in addresses if (found := _TAIL.search(urlsplit(url).path)))
    (tail, count), *_ = tails.most_common(1) or [("", 0)]
    return tail if tail and count >= _MOST * len(addresses) else None


def _shape(tail: str) -> str:
    return re.sub(r"\d+", "[0-9]+", re.sub(r"\d+|([^\w/-])", lambda m: f"\\{m[1]}" if m[1] else m[0], tail))


def _article_links(soup: BeautifulSoup, url: str) -> Iterator[tuple[Tag, str]]:
    """Links with words enough for a headline, to a page of the same site whose address is an article's."""
    site = ".".join((urlsplit(url).hostname or "").split(".")[-2:])
    for tag in soup.find_all("a", href=True):
        words = tag.get_text(" ", strip=True) or str(tag.get("title", ""))
        shortest = _SHORTEST_TITLE if words.isascii() else _SHORTEST_HAN_TITLE
        address = canonical_url(str(tag["href"]), url) if len(words) >= shortest else None
        if address and (urlsplit(address).hostname or "").endswith(site) and _like_an_article(address):
            yield tag, address


def _like_an_article(url: str) -> bool:
    path = urlsplit(url).path
    last = path.rstrip("/").rpartition("/")[2]
    return bool(re.search(r"\d{4,}", path)) or last.count("-") >= 3


def _names(element: Tag) -> Iterator[str]:
    """Selectors that an element answers to: its name with each of its classes, else its name where that says enough."""
    classes = [name for name in element.get("class") or [] if re.fullmatch(r"[A-Za-z_][\w-]*", name)]
    yield from (f"{element.name}.{name}" for name in classes)
    if element.name in ("article", "li"):
        yield element.name


def _heading(tag: Tag) -> Tag | None:
    return next((parent for parent in list(tag.parents)[:2] if parent.name in _HEADINGS), None)


def _singles(elements: Mapping[int, set[str]]) -> int:
    """How many different articles stand alone in an element of this name."""
    return len({next(iter(addresses)) for addresses in elements.values() if len(addresses) == 1})
