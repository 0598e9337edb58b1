"""Any other outlet: title and date from the page's metadata, the text by trafilatura."""

from __future__ import annotations

from bs4 import BeautifulSoup

from parsers.articles.draft import Draft, clean_paragraphs, text_of
from parsers.articles.metadata import Metadata
from parsers.dates import Stamp


def read(text: str, soup: BeautifulSoup, metadata: Metadata) -> Draft | None:
    """The article on a page of unknown make; None when trafilatura finds no text in it."""
    import trafilatura

    body = trafilatura.extract(text, include_comments=False, include_tables=False, favor_precision=True)
    if not body:
        return None
    title = metadata.title or text_of(soup.select_one("h1"))
    stamp: Stamp | None = metadata.stamp
    method = f"{metadata.kind}+trafilatura" if metadata.kind else "trafilatura"
    paragraphs = clean_paragraphs(body.splitlines(), title)
    return Draft(title, stamp, paragraphs, method) if paragraphs else None
