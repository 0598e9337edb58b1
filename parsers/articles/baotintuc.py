"""Bao Tin Tuc, VNA's Vietnamese daily, which has a CMS of its own (public scrapers of 2025)."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=(".boxdetail .contents",),
    titles=("h1.detail-title", "h1"),
    times=("div.date",),
    leads=("h2.sapo",),
    boxes=".author",
)

LAYOUTS = (Layout("baotintuc", ("baotintuc.vn",), _MARKUP.read, _MARKUP.keep),)
