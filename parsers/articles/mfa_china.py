"""China's Ministry of Foreign Affairs on mfa.gov.cn, its mirror fmprc.gov.cn, and its embassies.

Sources: sources.md §2 and public scrapers. The same tree serves pages of all years, so the older parts' names stand
beside the present ones; a page without a shown date has it in a meta element or in its file name.
"""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_BOXES = ".print, .close, .relevant, .bdsharebuttonbox, .xgwz"
_MARKUP = Markup(
    body=("#News_Body_Txt_A", ".content_text", ".news_content"),
    titles=("#News_Body_Title", ".vibox .title", ".vibox h1"),
    times=("#News_Body_Time", ".time"),
    boxes=_BOXES,
    credited=True,
)
_PLAIN = Markup(
    body=(".news-main",),
    titles=(".news-title h1", ".news-title h2"),
    times=(".news-title p", ".news-title"),
    boxes=_BOXES,
    credited=True,
)

_HOSTS = ("mfa.gov.cn", "fmprc.gov.cn", "china-embassy.gov.cn")
LAYOUTS = (
    Layout("mfa-china", _HOSTS, _MARKUP.read, _MARKUP.keep),
    Layout("mfa-china-plain", _HOSTS, _PLAIN.read, _PLAIN.keep),
)
