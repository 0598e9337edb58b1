"""One URL for one article: what an article is known by, and what is fetched.

courlan cleans what feeds and pages get wrong (markup, spaces, ports, dots in paths); `urls.toml` knows the mirrors,
wrappers, tracking parameters and doubled pages of our outlets (sources.md §4.10). An article stored under an older form
of its URL stays known (docs/decisions/0005-article-identity.md).
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib import resources
from urllib.parse import parse_qs, quote, unquote_plus, urljoin, urlsplit, urlunsplit

from courlan.clean import normalize_url, scrub_url

from parsers.urltable import Rewrite, parse_url_table

MAX_URL = 2048

_TEXT = resources.files("parsers").joinpath("urls.toml").read_text(encoding="utf-8")
_TABLE = parse_url_table(_TEXT, name="parsers/urls.toml")
_FORM = 2
"""Raised whenever the code below, not the table, changes the canonical form of any URL."""

_HOST = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?")
# a URL of this shape has nothing to clean but its host; most of a feed's are
_PLAIN = re.compile(r"(https?)://((?:[a-z0-9-]+\.)+[a-z0-9-]+)((?:/[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*)+)", re.ASCII)
_QUERY_SAFE = "%/:=&?+!$,;'@()*[]~"


def canonical_url(url: str, base: str | None = None) -> str | None:
    """The one form of an article's URL, made absolute against `base`; None when it is no usable http(s) URL.

    Applying it twice changes nothing more.
    """
    if (plain := _PLAIN.fullmatch(url)) and len(url) < MAX_URL:
        host = _TABLE.mirrors.get(plain[2], plain[2])
        return f"{_scheme(host) or plain[1]}://{host}{_path(host, plain[3])}"
    if len(url) > 2 * MAX_URL:
        return None
    try:
        absolute = urljoin(base, url.strip()) if base else url
        parts = urlsplit(scrub_url(absolute))
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.username is not None:
            return None
        if inner := _wrapped(parts.hostname, parts.path, parts.query):
            return canonical_url(inner)
        bare = urlsplit(normalize_url(urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))))
    except (ValueError, TypeError, AttributeError):  # what urllib and courlan raise on malformed URLs
        return None
    found_at = bare.netloc.rstrip(".")
    host = _TABLE.mirrors.get(found_at, found_at)
    query = "" if _paths_only(host) else _without_tracking(parts.query)
    path = _path(host, bare.path)
    path = path.rstrip("/") and path  # the root is written bare, but not before a query
    clean = urlunsplit((_scheme(host) or bare.scheme, host, path or ("/" if query else ""), query, ""))
    return clean if _HOST.fullmatch(host) and len(clean) <= MAX_URL else None


def table_digest() -> str:
    """A digest of everything that decides on the canonical form; another one means that stored URLs may be outdated."""
    return hashlib.sha256(f"{_FORM}\n{_TEXT}".encode()).hexdigest()


def _wrapped(host: str, path: str, query: str) -> str | None:
    """The address that a redirect carries."""
    parameters = _TABLE.wrappers.get((host, path.lower()), ())
    found = parse_qs(query) if parameters else {}
    return next((found[name][0] for name in parameters if name in found), None)


@lru_cache(4096)
def _scheme(host: str) -> str | None:
    """The scheme of a host or of the nearest domain above it that the table knows."""
    while host:
        if host in _TABLE.schemes:
            return _TABLE.schemes[host]
        host = host.partition(".")[2]
    return None


@lru_cache(4096)
def _paths_only(host: str) -> bool:
    return any(host == known or host.endswith("." + known) for known in _TABLE.paths_only)


@lru_cache(4096)
def _rewrites(host: str) -> tuple[Rewrite, ...]:
    return tuple(rewrite for rewrite in _TABLE.rewrites if not rewrite.hosts or host in rewrite.hosts)


def _path(host: str, path: str) -> str:
    """The path in the form by which the table knows the page: rewritten until nothing changes any more."""
    rewritten = path
    for rewrite in _rewrites(host):
        if rewrite.holds in rewritten:
            rewritten = rewrite.pattern.sub(rewrite.to, rewritten)
    return path if rewritten == path else _path(host, rewritten)


def _without_tracking(query: str) -> str:
    kept = []
    for pair in query.split("&"):
        name, _, value = (unquote_plus(part).lower() for part in pair.partition("="))
        tracks = name in _TABLE.trackers or f"{name}={value}" in _TABLE.trackers
        if pair and not tracks and not name.startswith(_TABLE.tracker_prefixes):
            kept.append(quote(pair, safe=_QUERY_SAFE))
    return "&".join(sorted(kept))
