"""The State Council's English site, mostly Xinhua copy.

Where its pages keep the text is unverified (sources.md §2): the containers are those that its makers, China Daily, and
gov.cn use elsewhere. A page of another make goes to the generic reader.
"""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=("#Content", ".pages_content", "#UCAP-CONTENT", ".article"),
    titles=(".article h1", "h1", "h3.title"),
    times=(".publish", ".infor", ".pages-date"),
    boxes="h1, .publish, .infor, .editor, .pages_print",
    credited=True,
)

LAYOUTS = (Layout("govcn", ("english.www.gov.cn", "english.gov.cn"), _MARKUP.read, _MARKUP.keep),)
