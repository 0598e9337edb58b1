"""SHINE (Shanghai Daily), mostly Xinhua copy, under a line such as "Xinhua / 14:55 UTC+8, 2024-08-19".

Where its pages keep the text is unverified (sources.md §2); one of another make goes to the generic reader.
"""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=(".article-content", ".detail-content", "article"),
    titles=("h1",),
    times=(".article-info", ".detail-info", "time"),
    boxes="h1, .article-info, .detail-info, .topics, .newsletter, .special-reports",
    credited=True,
)

LAYOUTS = (Layout("shine", ("shine.cn",), _MARKUP.read, _MARKUP.keep),)
