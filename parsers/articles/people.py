"""People's Daily Online: en.people.cn in English, the subdomains of people.com.cn in Chinese (sources.md §2).

The Chinese pages are in GBK. In all of them a paragraph that holds a picture is its caption.
"""

from __future__ import annotations

from datetime import date

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_FRAMED = ("table", "p")
_ENGLISH = Markup(
    body=(".d2txtCon",),
    titles=(".d2txtCon h1", ".d2txtCon h2"),
    times=(".origin span", ".origin"),
    boxes=".d2txtCon h1, .d2txtCon h2, .origin, .editor, .edit, .d2txtCon > ul, .page_n",
    framed=_FRAMED,
    credited=True,
)
_OLDER_ENGLISH = Markup(
    body=("#p_content",),
    titles=("#p_title", "h1", "h2"),
    times=("#p_publishtime", "#p_origin"),
    boxes="object, embed, .editor, .edit_a",
    framed=_FRAMED,
    credited=True,
)
_CHINESE = Markup(
    body=(".rm_txt_con",),
    titles=(".rm_txt h1",),
    times=(".rm_txt .channel",),
    boxes=".edit, .paper_num, .bza, .rm_relevant, .rm_download",
    framed=_FRAMED,
    credited=True,
)
_OLDER_CHINESE = Markup(
    body=("#rwb_zw",),
    titles=(".text_title h1",),
    times=(".box01 .fl", ".box01"),
    boxes=".edit, .otitle, .tjewm, .zdfy",
    framed=_FRAMED,
    credited=True,
)

_ENGLISH_HOSTS = ("en.people.cn", "english.people.com.cn", "english.peopledaily.com.cn")
_CHINESE_HOSTS = ("people.com.cn", "people.cn")
LAYOUTS = (
    Layout("people-en", _ENGLISH_HOSTS, _ENGLISH.read, _ENGLISH.keep),
    Layout("people-zh", _CHINESE_HOSTS, _CHINESE.read, _CHINESE.keep),
    # the years of change are not recorded; the days only decide which make is tried first
    Layout("people-en-2016", _ENGLISH_HOSTS, _OLDER_ENGLISH.read, _OLDER_ENGLISH.keep, valid_until=date(2016, 12, 31)),
    # the present make's files lie in folders of 2020
    Layout("people-zh-2020", _CHINESE_HOSTS, _OLDER_CHINESE.read, _OLDER_CHINESE.keep, valid_until=date(2020, 12, 31)),
)
