"""VOV (vov.vn) and, by the numbers that its stories share with it, VOV English (english.vov.vn); not VOV World."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=("div.article-content",),
    titles=("h1.article-title", "h1"),
    times=("div.col-md-4",),
    leads=(".article-summary",),
    boxes=".article-author, article",
)

LAYOUTS = (Layout("vov", ("vov.vn",), _MARKUP.read, _MARKUP.keep),)
