"""Global Times, whose paragraphs are lines between breaks: only captions are `p` there (sources.md §2)."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=(".article_content .article_right", ".article_content"),
    titles=(".article_title",),
    times=(".pub_time",),
    boxes=".article_footer",
    pictures="p.picture, figure",
    breaks=True,
)

LAYOUTS = (Layout("globaltimes", ("globaltimes.cn",), _MARKUP.read, _MARKUP.keep),)
