"""VnExpress and its English edition VnExpress International (sources.md §2; recorded page in flairNLP/fundus)."""

from __future__ import annotations

from bs4 import BeautifulSoup

from parsers.articles.draft import Draft
from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup
from parsers.records import Source

_BOXES = (
    '[data-event-category="Article Link Display"], [data-component-type], #admbackgroud, p.author_mail,'
    ' p[style*="text-align:right"], p[style*="text-align: right"]'
)
_VIETNAMESE = Markup(
    body=("article.fck_detail",),
    titles=("h1.title-detail",),
    times=("span.date",),
    leads=("p.description",),
    boxes=_BOXES,
    captions="figcaption, p.Image",
)
_INTERNATIONAL = Markup(
    body=(".fck_detail",),
    titles=("h1.title_post", "h1"),
    times=(".author",),
    leads=(".lead_post_detail",),
    boxes=_BOXES,
    captions="figcaption, p.Image",
)


def _read(soup: BeautifulSoup, url: str, source: Source) -> Draft | None:
    """The Vietnamese edition sets the place before the lead by style alone; without a mark the words would be glued."""
    for place in soup.select("p.description .location-stamp"):
        place.append(" - ")
    return _VIETNAMESE.read(soup, url, source)


LAYOUTS = (
    Layout("vnexpress-international", ("e.vnexpress.net",), _INTERNATIONAL.read, _INTERNATIONAL.keep),
    Layout("vnexpress", ("vnexpress.net",), _read, _VIETNAMESE.keep),
)
