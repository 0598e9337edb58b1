"""VGP, the Government's news on baochinhphu.vn in all its editions (sources.md §2)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup

from parsers.articles.draft import Draft, compose, drop, first_text, text_of
from parsers.articles.layouts import Layout
from parsers.dates import read_stamp
from parsers.records import DateOrder, Source

_BODY = "div.detail-content[data-role=content], div.detail-content"
_BOXES = 'script, style, video, iframe, .VCSortableInPreviewMode[type="RelatedNewsBox"], .kbwscwl-relatedbox, zone'
_PICTURES = "figure, .VCSortableInPreviewMode"


def read(soup: BeautifulSoup, _url: str, source: Source) -> Draft | None:
    """The article on a VGP page; None when its body is not where VGP puts it."""
    body = soup.select_one(_BODY)
    if body is None:
        return None
    title = first_text(soup, "h1.detail-title", "h1")
    date = first_text(soup, '.detail-time [data-role="publishdate"]', ".detail-time")
    # the page's own date is in words or, on the Vietnamese edition, day-first; only its lists are month-first
    stamp = read_stamp(date, ZoneInfo(source.zone), DateOrder.DMY)
    drop(body, _BOXES)
    captions = [text_of(node) for node in body.select("figcaption, .PhotoCMS_Caption")]
    drop(body, _PICTURES)
    lead = first_text(soup, ".detail-sapo")
    lines = [text_of(node) for node in body.select("p, h2, h3, li") if not node.find_parent(["p", "li"])]
    return compose(title, stamp, captions, [lead, *lines]) if lead or any(lines) else None


LAYOUTS = (Layout("vgp", ("baochinhphu.vn",), read),)
