"""What Google News and Bing News write into their search feeds, beyond RSS (sources.md §1d).

Both are redirects to other publishers' pages. Bing's carry the page's address as a parameter, which `canonical_url`
takes; Google's carry a token, which in its older form holds the address itself and in its present one nothing readable.
Nothing is fetched to resolve either.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from parsers.text import plain_text

_GOOGLE = re.compile(
    r"https?://news\.google\.com/(?:(?:__i/)?rss/(?:rd/)?)?(?:articles|read)/([\w=-]{8,4000})", re.ASCII
)
_ON_MSN = re.compile(r"\s+on\s+MSN(?:\.com)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """What an aggregator's item says of a page; `link` is empty when it cannot lead to one."""

    link: str
    title: str
    teaser: str
    outlet: str | None
    outlet_url: str | None = None


def google_item(item: Any, link: str) -> Told:
    """Google News: the title ends with the publisher, the description repeats both, the link is a token."""
    source = item.get("source") or {}
    outlet = plain_text(_text(source.get("title"))) or None
    title = plain_text(_text(item.get("title")))
    if outlet:
        title = title.removesuffix(f" - {outlet}")
    teaser = plain_text(_text(item.get("summary")))
    home = _text(source.get("href"))
    return Told(google_target(link) or link, title, "" if teaser.startswith(title) else teaser, outlet, home or None)


def bing_item(item: Any, link: str) -> Told:
    """Bing News: the publisher in an element of Bing's own; what MSN republishes is named "Publisher on MSN"."""
    outlet = _ON_MSN.sub("", plain_text(_text(item.get("news_source")))) or None
    return Told(link, _text(item.get("title")), _text(item.get("summary")), outlet)


def leads_back(url: str) -> bool:
    """True for a canonical URL at Bing itself: a redirect that did not say where to."""
    return f".{urlsplit(url).hostname or ''}".endswith(".bing.com")


def leads_nowhere(url: str) -> bool:
    """True for a token of Google's that spells no address out: its article is its title and teaser."""
    return urlsplit(url).hostname == "news.google.com"


def google_target(link: str) -> str | None:
    """The publisher's address inside a Google News link, where its token spells one out; None for any other.

    The token is a message of Protocol Buffers in URL-safe base64: a number, then the address as a string, then perhaps
    the address of its AMP page. Since 2024 the string is opaque.
    """
    found = _GOOGLE.match(link)
    if found is None:
        return None
    token = found[1].rstrip("=")
    try:
        message = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    for field in _strings(message):
        if field.startswith((b"http://", b"https://")):
            return field.decode("utf-8", "replace")
    return None


def _strings(message: bytes) -> list[bytes]:
    """The length-delimited fields of a Protocol Buffers message, as far as it can be read."""
    found = []
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value, at = _varint(message, at)
        if tag & 7 == 2 and at + value <= len(message):
            found.append(message[at : at + value])
            at += value
        elif tag & 7 != 0:
            break
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number at a position and the position behind it."""
    number = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return number, at


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
