"""What an outlet's module declares: how its pages are laid out, where, and until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bs4 import BeautifulSoup

from parsers.articles.draft import Draft
from parsers.records import Source


@dataclass(frozen=True, slots=True)
class Layout:
    """One make of article page; each outlet's module exports its own as `LAYOUTS`, newest first.

    `name` becomes the article's method, `outlet:<name>`. `hosts` are domain suffixes. `read(soup, url, source)` gives
    what it found, or None when the page is of another make; it may change the soup, which is its own.
    `keep` names the elements that `read` looks at, all else is not in its soup (`parsers.text.Page.soup`); empty means
    the whole page, which costs ten times as much. `valid_until` is the last day on which the outlet made such pages,
    in its own zone; None while it still does.
    """

    name: str
    hosts: tuple[str, ...]
    read: Callable[[BeautifulSoup, str, Source], Draft | None]
    keep: tuple[str, ...] = ()
    valid_until: date | None = None
