"""Viet Nam News, the English daily of VNA (sources.md §2): accented names, captions that end in '— VNA/VNS Photo'."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=("#abody", "div.detail__content"),
    titles=("h1.headline", "h1"),
    times=("div.detail__meta",),
    boxes="article",
    pictures="figure, .picture",
)

LAYOUTS = (Layout("vietnamnews", ("vietnamnews.vn",), _MARKUP.read, _MARKUP.keep),)
