"""GDELT DOC 2.0, ArtList as JSON: addresses and titles of articles all over the world, as its crawler found them.

`seendate` is when the crawler saw the article, minutes to hours after its publication. It is kept as the entry's date
because nothing better is told, and because a page's own date wins over its entry's (`parsers.articles`).
"""

from __future__ import annotations

from typing import Any

from parsers.entries import make_entry, make_listing, no_feed, published_at, what_came
from parsers.jsontext import read_json
from parsers.records import Entry, Listing, Source


def parse_articles(data: bytes, *, source: Source, url: str) -> Listing:
    """The entries of an ArtList answer. GDELT tells its errors as plain text with status 200: they are quoted."""
    answer = read_json(data)
    if answer is None:  # titles hold backslashes that GDELT does not escape
        answer = read_json(data, mend=True)
    if not isinstance(answer, dict):
        return no_feed(f"{url} answered with {what_came(data)}, not GDELT's list of articles.")
    articles = answer.get("articles")
    # without any hit GDELT answers with an empty object
    entries = (_read_article(article, source, url) for article in articles) if isinstance(articles, list) else ()
    return make_listing(entries, empty=f"{url}: GDELT knows no article that fits the query.")


def _read_article(article: Any, source: Source, url: str) -> Entry | None:
    if not isinstance(article, dict):
        return None

    def text(name: str) -> str:
        value = article.get(name)
        return value if isinstance(value, str) else ""

    return make_entry(
        text("url") or text("url_mobile"),
        base=url,
        title=text("title"),
        published=published_at(text("seendate"), source),
        outlet=text("domain"),
    )
