"""CGTN, whose text stands as JSON in an attribute of its container, or in the container itself.

Sources: sources.md §2, and yt-dlp's `cgtn.py` for the blocks' keys.
"""

from __future__ import annotations

import json

from bs4 import BeautifulSoup

from parsers.articles.draft import Draft
from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup
from parsers.records import Source
from parsers.text import parse_html

_TEXT_BLOCK = 0
"""The `type` of a block of text; others hold pictures, videos, players."""

_MARKUP = Markup(
    body=("#cmsMainContent",),
    titles=(".news-title",),
    times=("span.date", ".date"),
    boxes=".editor",
    pictures="figure, .cms-image",
    credited=True,
)


def read(soup: BeautifulSoup, url: str, source: Source) -> Draft | None:
    """The article on a CGTN page; None when it has no container of the outlet's."""
    body = soup.select_one("#cmsMainContent")
    if body is not None and (markup := _text_blocks(str(body.get("data-json", "")))):
        body.clear()
        body.append(parse_html(markup))
    return _MARKUP.read(soup, url, source)


def _text_blocks(written: str) -> str:
    """The markup of the blocks of text; '' when the attribute holds none."""
    try:
        parts = json.loads(written, strict=False)
    except (ValueError, RecursionError):
        return ""
    texts = (
        part.get("content")
        for part in (parts if isinstance(parts, list) else [])
        if isinstance(part, dict) and part.get("type") == _TEXT_BLOCK
    )
    return "".join(f"<div>{text}</div>" for text in texts if isinstance(text, str))


LAYOUTS = (Layout("cgtn", ("cgtn.com",), read, _MARKUP.keep),)
