"""Xinhua: english.news.cn and www.news.cn (sources.md §2)."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup

from parsers.articles.draft import Draft, compose, drop, first_text, text_of
from parsers.articles.layouts import Layout
from parsers.dates import Stamp, read_stamp, url_day
from parsers.records import Source

_TITLES = (".conTop h1", ".head-line h1", ".h-title", "h1")
_BODY = "#detailContent, div.detail_con, #detail, #p-detail"
_FURNITURE = "script, style, video, audio, iframe, .editor, .source, .bottom, .share, .related, .relatedNews, .pageLink"
# a caption names its photographer: "(Xinhua/Li Tao)", "(Photo by A B/Xinhua)", "新华社记者 李涛 摄"
_CAPTION = re.compile(
    r".*(?:[(（][^()（）]{0,60}(?:Xinhua/|/Xinhua)[^()（）]{0,60}[)）]|新华社(?:记者)?.{1,20}摄)\s*", re.DOTALL
)


def read(soup: BeautifulSoup, url: str, source: Source) -> Draft | None:
    """The article on a Xinhua page; None when its body is not where Xinhua puts it."""
    body = soup.select_one(_BODY)
    if body is None:
        return None
    title = first_text(soup, *_TITLES)
    stamp = _stamp(soup, url, source)
    drop(body, _FURNITURE)
    lines = [text for p in body.select("p") if (text := text_of(p))]
    captions = [line for line in lines if _CAPTION.fullmatch(line)]
    return compose(title, stamp, captions, lines)


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


LAYOUTS = (Layout("xinhua", ("news.cn", "xinhuanet.com"), read),)
