"""Any other outlet: title and date from the page's metadata or from where it shows them, the text by trafilatura."""

from __future__ import annotations

from bs4 import BeautifulSoup

from parsers.articles.draft import Draft, compose, first_text
from parsers.articles.markup import shown_stamp
from parsers.articles.metadata import Metadata
from parsers.records import Source

# where outlets without machine-readable dates show the time, for their pages of a make that no module knows
_SHOWN_TIME = (".pub_time", ".origin", "span.date", ".info_l", ".detail__meta", ".lbPublishedDate", ".news-time")
_SHOWN_TITLES = ("h1", ".article_title", ".news-title")
KEEP = (*_SHOWN_TIME, *_SHOWN_TITLES)
"""What this reader looks at itself, beside the page's metadata (`parsers.text.Page.soup`)."""


def read(text: str, soup: BeautifulSoup, metadata: Metadata, source: Source) -> Draft | None:
    """The article on a page of unknown make; None when trafilatura finds no text in it."""
    import trafilatura

    body = trafilatura.extract(text, include_comments=False, include_tables=False, favor_precision=True)
    if not body:
        return None
    title = metadata.title or first_text(soup, *_SHOWN_TITLES)
    return compose(title, shown_stamp(soup, _SHOWN_TIME, source), (), body.splitlines())


def method(metadata: Metadata) -> str:
    """Which of the page's vocabularies and which reader gave the article."""
    return f"{metadata.kind}+trafilatura" if metadata.kind else "trafilatura"
