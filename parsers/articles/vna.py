"""The CMS of VietnamPlus, Nhan Dan and VOV World in all their language editions (sources.md §2).

VietnamPlus' pages /<slug>/<number>.vnp were of another make (a public scraper of 2021); old stories were moved into new
pages too, under other addresses.
"""

from __future__ import annotations

from datetime import date

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_LEAD_PICTURES = "table.picture, .article__avatar, .article__photo"
_ARTICLE = Markup(
    body=(".article__body",),
    titles=(".article__title", "h1"),
    times=(".article__meta time", ".article__header time", "time", ".article__meta"),
    leads=(".article__sapo",),
    boxes=".article__tag, .tags, .article__author, .banner, .ads, .ads_middle, .box-content, article",
    pictures=f"figure, {_LEAD_PICTURES}",
    lead_pictures=_LEAD_PICTURES,
)
_OLDER = Markup(
    body=("div.article-body",),
    titles=("h1",),
    times=("time",),
    leads=(".details__summary",),
    boxes="article",
)

LAYOUTS = (
    Layout("vna", ("vietnamplus.vn", "nhandan.vn", "vovworld.vn"), _ARTICLE.read, _ARTICLE.keep),
    # the address changed between June 2023 and August 2024
    Layout("vietnamplus-2024", ("vietnamplus.vn",), _OLDER.read, _OLDER.keep, valid_until=date(2024, 7, 31)),
)
