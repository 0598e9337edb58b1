"""VietnamNet in Vietnamese and English; the older layout is that of the hosts vietnamnet.vn/vn and en.vietnamnet.vn.

Selectors as in several public scrapers of 2022 to 2026; the older ones in one of January 2022.
"""

from __future__ import annotations

from datetime import date

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=("div.maincontent", "#maincontent"),
    titles=("h1.content-detail-title", "h1"),
    times=(".bread-crumb-detail__time",),
    leads=(".content-detail-sapo",),
    boxes=".ck-cms-insert-neww-group, .articles-edit, .tag-cotnent",
)
_OLDER = Markup(
    body=("#ArticleContent", "div.ArticleContent"),
    titles=("h1.title",),
    times=(".ArticleDate",),
    leads=(".ArticleLead",),
    boxes=".article-relate, .ArticleLead",
    captions="figcaption, .image_desc",
)

LAYOUTS = (
    Layout("vietnamnet", ("vietnamnet.vn",), _MARKUP.read, _MARKUP.keep),
    Layout("vietnamnet-2022", ("vietnamnet.vn",), _OLDER.read, _OLDER.keep, valid_until=date(2022, 1, 31)),
)
