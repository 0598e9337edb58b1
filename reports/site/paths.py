"""Where each page of the web archive stands. An address depends on nothing that may change, so it never does."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import quote

from meetings.folding import key
from parsers.records import Side

INDEX = "index.html"
SLUG_LIMIT = 60
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}")
_COUNTRY = {Side.CHINA.value: "cn", Side.VIETNAM.value: "vn"}
# pages of which there is one each
FRONT, ISSUES, MEETINGS, PEOPLE, FORUMS, TIMELINE, SEARCH, ABOUT = (
    f"{folder}{INDEX}"
    for folder in ("", "issues/", "meetings/", "people/", "forums/", "timeline/", "search/", "about/")
)


def meeting_page(meeting_id: str) -> str:
    """`meetings/m-5bb5e807c0b1/index.html`."""
    return f"meetings/{meeting_id if _PLAIN_ID.fullmatch(meeting_id) else _digest(meeting_id, 16)}/{INDEX}"


def issue_page(week: str) -> str:
    """`issues/2024-W50/index.html`."""
    return f"issues/{week}/{INDEX}"


def chart_file(week: str) -> str:
    """`issues/2024-W50/chart.png`: the chart that a closed issue was mailed with."""
    return f"issues/{week}/chart.png"


def person_page(side: str, name: str) -> str:
    """`people/wang-yi-cn/index.html`: by name and side, since two people of both sides may share a name."""
    return f"people/{slug(name)}-{_COUNTRY.get(side, 'xx')}/{INDEX}"


def forum_page(name: str) -> str:
    """`forums/steering-committee-for-bilateral-cooperation/index.html`."""
    return f"forums/{slug(name)}/{INDEX}"


def year_page(year: str) -> str:
    """`timeline/2024/index.html`."""
    return f"timeline/{year}/{INDEX}"


@lru_cache(maxsize=1 << 16)
def slug(name: str) -> str:
    """A name in plain letters, digits and hyphens; where that loses something, a digest of the name tells it apart."""
    plain = re.sub(r"[^a-z0-9]+", "-", key(name).casefold()).strip("-")
    short = plain[:SLUG_LIMIT].rstrip("-")
    if short and short.replace("-", " ") == name.casefold():
        return short
    return "-".join(filter(None, (short, _digest(name, 6))))


def root_of(page: str) -> str:
    """The way from a page's folder to the archive's: `../../`, empty for the front page."""
    return "../" * page.count("/")


def address(site: str, page: str) -> str:
    """A page's address on the web, below the address of the archive; its folder's, without `index.html`."""
    return f"{site}/{quote(page.removesuffix(INDEX))}"


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:length]
