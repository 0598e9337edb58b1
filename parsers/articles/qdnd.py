"""Quan Doi Nhan Dan and the Communist Party of Viet Nam online, whose CMS names all parts `post-…` (sources.md §2).

dangcongsan.vn has a second make, a portal with the parts by id (a public scraper of 2025).
"""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_POST = Markup(
    body=("div.post-content",),
    titles=("h1.post-title", "h1"),
    times=(".post-subinfo", ".lbPublishedDate"),
    leads=(".post-summary",),
    boxes=".post-summary, .post-subinfo",
)
_PORTAL = Markup(
    body=("div.noidungtt",),
    titles=("#contenttitle",),
    times=("#ngaytao",),
    leads=("#description",),
    boxes="#tacgia",
)

LAYOUTS = (
    Layout("post", ("qdnd.vn", "dangcongsan.vn"), _POST.read, _POST.keep),
    Layout("dangcongsan-portal", ("dangcongsan.vn",), _PORTAL.read, _PORTAL.keep),
)
