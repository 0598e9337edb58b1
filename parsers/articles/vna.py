"""VietnamPlus, Nhan Dan and VOV, which share one CMS in all their language editions (sources.md §2)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup, Tag

from parsers.articles.draft import Draft, compose, drop, first_text, text_of
from parsers.articles.layouts import Layout
from parsers.dates import Stamp, read_stamp
from parsers.records import DateOrder, Source

_BODY = ".article__body"
_PICTURES = "table.picture, figure, .article__avatar, .article__photo"
_CAPTION = "figcaption, .caption, p"
_TIME = ".article__meta time, .article__author time, .article__header time, time, .article__meta .time"
_FURNITURE = (
    "script, style, audio, video, iframe, .related-news, .cms-relate, .article__relate, .article__tag, .tags,"
    " .article__social, .article__author, .banner, .ads, .ads_middle, .box-content"
)


def read(soup: BeautifulSoup, _url: str, source: Source) -> Draft | None:
    """The article on a page of this CMS; None when its body is not where the CMS puts it."""
    body = soup.select_one(_BODY)
    if body is None:
        return None
    title = first_text(soup, ".article__title", "h1")
    stamp = _stamp(soup, source)
    drop(body, _FURNITURE)
    captions = [caption for picture in soup.select(_PICTURES) if (caption := _caption(picture))]
    lead = first_text(soup, ".article__sapo")
    drop(body, _PICTURES)
    lines = [text_of(node) for node in body.select("p, h2, h3, blockquote, li") if not node.find_parent(["p", "li"])]
    return compose(title, stamp, captions, [lead, *lines]) if lead or any(lines) else None


def _caption(picture: Tag) -> str:
    found = picture.select_one(_CAPTION)
    return text_of(found if found is not None or picture.name != "table" else picture)


def _stamp(soup: BeautifulSoup, source: Source) -> Stamp | None:
    """The `datetime` attribute or the text of the article's time; these outlets write day before month."""
    zone = ZoneInfo(source.zone)
    for node in soup.select(_TIME):
        for text in (str(node.get("datetime", "")), text_of(node)):
            if stamp := read_stamp(text, zone, source.date_order or DateOrder.DMY):
                return stamp
    return None


LAYOUTS = (Layout("vna", ("vietnamplus.vn", "nhandan.vn", "vovworld.vn", "vov.vn"), read),)
