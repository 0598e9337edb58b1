"""The World & Vietnam Report, newspaper of Viet Nam's Ministry of Foreign Affairs, on the CMS MasterCMS."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=("div.__MASTERCMS_CONTENT",),
    titles=("h1.article-detail-title", "h1"),
    times=(".article-date",),
    leads=(".article-detail-desc",),
    boxes=".__mb_article_in_image, .article-detail-source, .cms-author",
)

LAYOUTS = (Layout("baoquocte", ("baoquocte.vn",), _MARKUP.read, _MARKUP.keep),)
