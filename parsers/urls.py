"""One URL for one article: what an article is known by, and what is fetched.

courlan cleans what feeds and pages get wrong (markup, spaces, ports, dots in paths); the tables here know the mirrors,
wrappers and tracking parameters of our outlets (sources.md §4.10). Query parameters are dropped by name only, since
some outlets keep the article's number there.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, unquote_plus, urljoin, urlsplit, urlunsplit

from courlan.clean import normalize_url, scrub_url

MAX_URL = 2048

_MIRRORS = {
    "m.news.cn": "www.news.cn",
    "www.english.news.cn": "english.news.cn",
    "m.xinhuanet.com": "www.xinhuanet.com",
    "globaltimes.cn": "www.globaltimes.cn",
    "fmprc.gov.cn": "www.mfa.gov.cn",
    "www.fmprc.gov.cn": "www.mfa.gov.cn",
    "mfa.gov.cn": "www.mfa.gov.cn",
    "chinadaily.com.cn": "www.chinadaily.com.cn",
    "vietnamplus.vn": "www.vietnamplus.vn",
    "m.vietnamplus.vn": "www.vietnamplus.vn",
    "www.nhandan.vn": "nhandan.vn",
    "m.vovworld.vn": "vovworld.vn",
    "www.vovworld.vn": "vovworld.vn",
    "www.vietnamnews.vn": "vietnamnews.vn",
    "m.vnexpress.net": "vnexpress.net",
    "www.vnexpress.net": "vnexpress.net",
}
_HTTPS_HOSTS = {
    "english.news.cn",
    "www.globaltimes.cn",
    "www.cgtn.com",
    "news.cgtn.com",
    "www.mfa.gov.cn",
    "english.www.gov.cn",
    "www.chinadaily.com.cn",
    "www.vietnamplus.vn",
    "en.vietnamplus.vn",
    "zh.vietnamplus.vn",
    "nhandan.vn",
    "en.nhandan.vn",
    "cn.nhandan.vn",
    "vovworld.vn",
    "english.vov.vn",
    "vov.vn",
    "vietnamnews.vn",
    "baochinhphu.vn",
    "en.baochinhphu.vn",
    "vnexpress.net",
    "e.vnexpress.net",
    "tuoitre.vn",
    "news.tuoitre.vn",
    "mofa.gov.vn",
    "baoquocte.vn",
    "thediplomat.com",
    "www.scmp.com",
}
"""Hosts that sources.md lists under https; any other stays as it was found."""

_TRACKING_PREFIXES = ("utm_", "mc_", "mtm_", "hsa_")
_TRACKING = {
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "yclid",
    "twclid",
    "igshid",
    "zarsrc",
    "_ga",
    "spm",
    "cmpid",
    "ocid",
}
_WRAPPERS = {("www.bing.com", "/news/apiclick.aspx"): "url", ("bing.com", "/news/apiclick.aspx"): "url"}
"""(host, path) of redirects that carry the article's own URL in the named parameter."""

_HOST = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?")
# a URL of this shape has nothing to clean but its host; most of a feed's are
_PLAIN = re.compile(r"(https?)://((?:[a-z0-9-]+\.)+[a-z0-9-]+)((?:/[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*)+)", re.ASCII)
_QUERY_SAFE = "%/:=&?+!$,;'@()*[]~"


def canonical_url(url: str, base: str | None = None) -> str | None:
    """The one form of an article's URL, made absolute against `base`; None when it is no usable http(s) URL.

    Applying it twice changes nothing more.
    """
    if (plain := _PLAIN.fullmatch(url)) and len(url) < MAX_URL:
        scheme, host = _known_host(plain[1], plain[2])
        return f"{scheme}://{host}{plain[3]}"
    if len(url) > 2 * MAX_URL:
        return None
    try:
        absolute = urljoin(base, url.strip()) if base else url
        parts = urlsplit(scrub_url(absolute))
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.username is not None:
            return None
        wrapped = _WRAPPERS.get((parts.hostname, parts.path.lower()))
        if wrapped and (inner := parse_qs(parts.query).get(wrapped)):
            return canonical_url(inner[0])
        bare = urlsplit(normalize_url(urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))))
    except (ValueError, TypeError, AttributeError):  # what urllib and courlan raise on malformed URLs
        return None
    scheme, host = _known_host(bare.scheme, bare.netloc.rstrip("."))
    query = _without_tracking(parts.query)
    path = bare.path.rstrip("/") and bare.path  # the root is written bare, but not before a query
    clean = urlunsplit((scheme, host, path or ("/" if query else ""), query, ""))
    return clean if _HOST.fullmatch(host) and len(clean) <= MAX_URL else None


def _known_host(scheme: str, netloc: str) -> tuple[str, str]:
    host = _MIRRORS.get(netloc, netloc)
    return ("https" if host in _HTTPS_HOSTS else scheme), host


def _without_tracking(query: str) -> str:
    kept = []
    for pair in query.split("&"):
        name = unquote_plus(pair.partition("=")[0]).lower()
        if pair and not name.startswith(_TRACKING_PREFIXES) and name not in _TRACKING:
            kept.append(quote(pair, safe=_QUERY_SAFE))
    return "&".join(sorted(kept))
