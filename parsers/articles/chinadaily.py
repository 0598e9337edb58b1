"""China Daily's website (sources.md §2). Of a story of several pages the first is read: the others are pages apart."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=("#Content", ".lft_artc_cont", "#mdf", "#detail"),
    titles=(".lft_art h1", ".lft_Article h1", "h1"),
    times=(".info_l", ".info"),
    boxes="#div_currpage, .selectpage, .email, .xgxw, .mb10",
    credited=True,
)

LAYOUTS = (Layout("chinadaily", ("chinadaily.com.cn",), _MARKUP.read, _MARKUP.keep),)
