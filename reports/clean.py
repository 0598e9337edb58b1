"""What others wrote, made fit to stand in one line of an issue: the text stays, what could disturb the page goes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, urlsplit

# joiners stay: emoji and some scripts need them (Unicode 16, §23.2)
_JOINERS = "\u200c\u200d"
# control, format (bidi overrides, tags, soft hyphens), surrogates, private use, unassigned
_UNWANTED = ("Cc", "Cf", "Cs", "Co", "Cn")
_MARKS_IN_A_ROW = 3
# letters and signs of our languages, with which nothing is wrong: told at once, they are most of what is written
_PLAIN = re.compile(
    r"[ -~\u00a1-\u00ac\u00ae-\u024f\u1e00-\u1eff\u2010-\u2016\u2018-\u2026\u3001-\u3020\u4e00-\u9fa5\uff01-\uff5e]*"
)
# Outlook and older browsers cut or refuse longer addresses
_URL_LIMIT = 2_000
# one meeting's articles are shown several times on its page
_URLS_KEPT = 256
_URL_SAFE = ":/?#@!$&*+,;=%~-._"


def one_line(text: str, limit: int | None = None) -> str:
    """The text in NFC on one line, without control or bidi characters, cut at `limit` code points with an ellipsis."""
    if text.isascii() and text.isprintable():
        line = " ".join(text.split())
    else:
        kept = text if _PLAIN.fullmatch(text) else "".join(_printable(text))
        line = unicodedata.normalize("NFC", " ".join(kept.split()))
    return line if limit is None or len(line) <= limit else _cut(line, limit)


def _printable(text: str) -> list[str]:
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category.startswith("M") else 0
        if char.isspace():
            kept.append(" ")
        elif (category not in _UNWANTED or char in _JOINERS) and marks <= _MARKS_IN_A_ROW:
            kept.append(char)
    return kept


def _cut(line: str, limit: int) -> str:
    """Cut at the last space when the last word is of ordinary length, else within the word."""
    head = line[: limit - 1]
    space = head.rfind(" ")
    return (head[:space] if space > max(0, limit - 40) else head).rstrip(" ,;:–-") + "…"


@lru_cache(maxsize=_URLS_KEPT)
def safe_url(url: str | None) -> str | None:
    """The address with everything escaped that could end a link in HTML or Markdown; None unless it is http(s).

    An address of more than 2,000 characters is None too: no mail program follows it.
    """
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return None
    quoted = quote(url.encode("utf-8", "replace"), safe=_URL_SAFE)
    return quoted if len(quoted) <= _URL_LIMIT else None
