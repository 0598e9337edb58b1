"""What others wrote, made fit to stand in one line of an issue: the text stays, what could disturb the page goes."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote, urlsplit

# joiners stay: emoji and some scripts need them (Unicode 16, §23.2)
_JOINERS = "\u200c\u200d"
# control, format (bidi overrides, tags, soft hyphens), surrogates, private use, unassigned
_UNWANTED = ("Cc", "Cf", "Cs", "Co", "Cn")
_MARKS_IN_A_ROW = 3
# Outlook and older browsers cut or refuse longer addresses
_URL_LIMIT = 2_000
_URL_SAFE = ":/?#@!$&*+,;=%~-._"


def one_line(text: str, limit: int | None = None) -> str:
    """The text in NFC on one line, without control or bidi characters, cut at `limit` code points with an ellipsis."""
    plain = text.isascii() and text.isprintable()
    line = " ".join((text if plain else "".join(_printable(text))).split())
    line = unicodedata.normalize("NFC", line)
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
