"""The words of a headline that many outlets put into an article's address."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_LONGEST = 500
_PARTS = re.compile(r"[\s\-_+.,]+")
# what a file is called, and the numbers that articles go by, are no words
_SUFFIX = re.compile(r"\.[a-z]{3,5}\d?$", re.IGNORECASE)
_NO_WORD = re.compile(r".*\d{3}.*|[a-z]?\d+|[0-9a-f]{16,}", re.IGNORECASE)


def slug_title(url: str) -> str:
    """`Pm Meets Chinese Premier` of `…/politics/pm-meets-chinese-premier-post281736.html`; empty where there is none.

    The words are those of the path's wordiest part, each with a capital, since a slug keeps none; one word alone is a
    section's name, no headline.
    """
    segments = (_words(segment) for segment in urlsplit(url).path[:_LONGEST].split("/"))
    words = max(segments, key=len, default=[])
    return " ".join(word[0].upper() + word[1:] for word in words) if len(words) > 1 else ""


def _words(segment: str) -> list[str]:
    return [word for word in _PARTS.split(_SUFFIX.sub("", unquote(segment))) if word and not _NO_WORD.fullmatch(word)]
