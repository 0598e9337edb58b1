"""China News Service: chinanews.com.cn in Chinese, ecns.cn in English (selectors as in public scrapers)."""

from __future__ import annotations

from datetime import date

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_BOXES = ".adInContent, .adEditor, .left_name, #function_code_page, .div624, .editor, .channel, .zdfy"
_CHINESE = Markup(
    body=(".left_zw",),
    titles=(".content_left_title", "h1"),
    # the time stands hidden for a search engine, and shown
    times=("#pubtime_baidu", ".content_left_time"),
    boxes=_BOXES,
    pictures="figure, .left_pt",
    credited=True,
)
_OLDER_CHINESE = Markup(
    body=("#cont_1_1_2 .left_zw",),
    titles=("#cont_1_1_2 h1",),
    times=("#cont_1_1_2 .left-t", "#pubtime_baidu"),
    boxes=_BOXES,
    pictures="figure, .left_pt",
    credited=True,
)
_ENGLISH = Markup(
    body=("#yanse",), titles=("h1", "h2"), times=(".info", ".time", ".source"), boxes=_BOXES, credited=True
)

_HOSTS = ("chinanews.com.cn", "chinanews.com")
LAYOUTS = (
    Layout("chinanews", _HOSTS, _CHINESE.read, _CHINESE.keep),
    # scrapers of 2021 still know it, those of 2025 the present one
    Layout("chinanews-2021", _HOSTS, _OLDER_CHINESE.read, _OLDER_CHINESE.keep, valid_until=date(2021, 12, 31)),
    Layout("ecns", ("ecns.cn",), _ENGLISH.read, _ENGLISH.keep),
)
