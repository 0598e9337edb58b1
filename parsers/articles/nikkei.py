"""Nikkei Asia: generated class names that keep their beginnings; stories are short without a subscription."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=(
        'div[class^="NewsArticle_newsArticleContentContainerWrapper"]',
        'div[class*="ArticleBodyWithTracking_articleBodyWithTracking"]',
        'div[id^="article-body"]',
    ),
    titles=("h1",),
    times=("time.timestamp__time", "time"),
    boxes='[class*="Paywall"], [class*="paywall"], [class*="AdSlot"]',
)

LAYOUTS = (Layout("nikkei", ("asia.nikkei.com",), _MARKUP.read),)
