"""Viet Nam's Ministry of Foreign Affairs: stories of the lists, and of /web/ministry-of-foreign-affairs/detail/."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=("div.article-content",),
    titles=(".news-title", "h1"),
    times=(".news-time",),
    boxes=".news-title, .news-time, .block-category-container",
)

LAYOUTS = (Layout("mofa-vietnam", ("mofa.gov.vn",), _MARKUP.read, _MARKUP.keep),)
