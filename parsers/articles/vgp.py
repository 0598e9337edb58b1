"""The CMS of VGP, the Government's news, which Tuoi Tre and Thanh Nien use too, and what came before it.

Parts of VGP's page as recorded in VSSpowerlifting/China-Mil-Watch (sources.md §2), of the others as in public scrapers.
"""

from __future__ import annotations

from datetime import date

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

# boxes that an editor sets into the text have one class, pictures and related stories alike
_PICTURES = "figure, .VCSortableInPreviewMode"
_DETAIL = Markup(
    body=("div.detail-content",),
    titles=("h1.detail-title", "h1"),
    times=('.detail-time [data-role="publishdate"]', ".detail-time"),
    leads=(".detail-sapo",),
    boxes='zone, .detail-author, p[style*="text-align: right"]',
    pictures=_PICTURES,
    captions="figcaption, .PhotoCMS_Caption",
    captioned=True,
)
_TUOITRE_OLDER = Markup(
    body=("#main-detail-body",),
    titles=("h1.article-title",),
    times=(".date-time",),
    leads=("h2.sapo",),
    boxes=".author",
    pictures=_PICTURES,
    captions="figcaption, .PhotoCMS_Caption",
    captioned=True,
)
_VGP_OLDER = Markup(
    body=("#ctl00_mainContent_bodyContent_lbBody", "div.dtContentTxt"),
    titles=("#ctl00_mainContent_bodyContent_lbHeadline", "div.dtContentHl"),
    times=("#ctl00_mainContent_bodyContent_lbDate", "div.dtContentDate"),
    boxes='[style*="text-align: right"]',
    breaks=True,
)

LAYOUTS = (
    Layout("vgp", ("baochinhphu.vn", "tuoitre.vn", "thanhnien.vn"), _DETAIL.read, _DETAIL.keep),
    # a page of the older make is recorded from January 2022, scrapers of 2023 know the present one
    Layout("tuoitre-2022", ("tuoitre.vn",), _TUOITRE_OLDER.read, _TUOITRE_OLDER.keep, valid_until=date(2022, 12, 31)),
    # addresses ended in .vgp; the first of the present make is of 4 January 2022
    Layout(
        "vgp-2021",
        ("news.chinhphu.vn", "baochinhphu.vn"),
        _VGP_OLDER.read,
        _VGP_OLDER.keep,
        valid_until=date(2021, 12, 31),
    ),
)
