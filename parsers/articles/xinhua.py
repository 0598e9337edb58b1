"""Xinhua: english.news.cn and www.news.cn, and the pages of xinhuanet.com before them (sources.md §2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup

from parsers.articles.draft import Draft, first_text
from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup
from parsers.dates import Stamp, read_stamp, url_day
from parsers.records import Source

_BOXES = ".editor, .source, .bottom, .pageLink, .p-tags, .zan-wap"
_MARKUP = Markup(
    body=("#detailContent", ".detail_con", "#detail"),
    titles=(".conTop h1", ".head-line h1", "h1"),
    boxes=_BOXES,
    credited=True,
)
_OLDER = Markup(
    body=("#p-detail", "#content", ".article"), titles=(".h-title", ".Btitle", "h1"), boxes=_BOXES, credited=True
)
_TIMES = (".header-time", ".h-time", ".time")


def read(soup: BeautifulSoup, url: str, source: Source) -> Draft | None:
    """The article on a page of news.cn in any language; None when its body is not where Xinhua puts it."""
    draft = _MARKUP.read(soup, url, source)
    return replace(draft, stamp=_stamp(soup, url, source)) if draft else None


def read_older(soup: BeautifulSoup, url: str, source: Source) -> Draft | None:
    """The article on a page of xinhuanet.com with a URL of the form /2020-02/19/c_<digits>.htm."""
    draft = _OLDER.read(soup, url, source)
    return replace(draft, stamp=_stamp(soup, url, source)) if draft else None


def _stamp(soup: BeautifulSoup, url: str, source: Source) -> Stamp | None:
    """`.time` holds date and time, or only the time beside `.year` and `.day`; the URL has the Beijing date."""
    zone = ZoneInfo(source.zone)
    clock = first_text(soup, ".header-time .time", ".h-time", ".time")
    if stamp := read_stamp(clock, zone):
        return stamp
    day = _split_day(soup) or str(url_day(url) or "")
    return read_stamp(f"{day} {clock}", zone)


def _split_day(soup: BeautifulSoup) -> str:
    year, day = (first_text(soup, f".header-time {part}").replace(" ", "") for part in (".year", ".day"))
    return f"{year}/{day}" if year and day else ""


_HOSTS = ("news.cn", "xinhuanet.com")
LAYOUTS = (
    Layout("xinhua", _HOSTS, read, (*_TIMES, *_MARKUP.keep)),
    # addresses of the form c_<digits>.htm are last seen in 2022; the day only decides which make is tried first
    Layout("xinhua-2022", _HOSTS, read_older, (*_TIMES, *_OLDER.keep), valid_until=date(2022, 12, 31)),
)
