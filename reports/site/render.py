"""Pages from their records. The templates only lay out; every value is escaped by Jinja2's autoescape."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from archive.records import IssueState
from meetings.records import Status
from reports import words
from reports.lead import NAME
from reports.site.cards import forum_name
from reports.site.paths import (
    ABOUT,
    FORUMS,
    FRONT,
    ISSUES,
    PEOPLE,
    SEARCH,
    TIMELINE,
    issue_page,
    meeting_page,
    root_of,
    year_page,
)
from reports.site.templating import Templates
from reports.tellers import Teller

NAVIGATION = (
    ("Newest", FRONT),
    ("Issues", ISSUES),
    ("Timeline", TIMELINE),
    ("People", PEOPLE),
    ("Forums", FORUMS),
    ("Search", SEARCH),
    ("About", ABOUT),
)
KINDS = {
    IssueState.DRAFT.value: "draft issue, may still change",
    IssueState.FINAL.value: "final issue",
    IssueState.CORRECTED.value: "final issue, corrected since",
    IssueState.BACK.value: "back issue",
}
TOLD = {
    Teller.BOTH.value: "told by both",
    Teller.CHINA.value: "by Beijing alone",
    Teller.VIETNAM.value: "by Hanoi alone",
    Teller.OTHER.value: "by third parties",
    Teller.UNKNOWN.value: "outlet not known",
}
ASSETS = ("site.css", "search.js")


def render(template: str, page: str, **values: object) -> bytes:
    """The page that stands at `page`, in UTF-8."""
    text = _environment().get_template(f"{template}.html.j2").render(page=page, root=root_of(page), **values)
    return text.encode("utf-8", "replace")


def assets() -> dict[str, bytes]:
    """The files beside the pages, by path."""
    folder = resources.files("reports") / "templates" / "site"
    return {f"assets/{name}": (folder / name).read_bytes() for name in ASSETS}


@cache
def _environment() -> Environment:
    """Compiled once a process."""
    environment = Templates(
        loader=PackageLoader("reports", "templates/site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        NAME=NAME,
        NAVIGATION=NAVIGATION,
        KINDS=KINDS,
        TOLD=TOLD,
        TOLD_BY=words.TOLD_BY,
        LEVELS={rank.value: label for rank, label in words.RANKS.items()},
        CHANNELS={channel.value: label for channel, label in words.CHANNELS.items()},
        STATUSES={status.value: words.STATUSES[status] for status in Status},
        forum_name=forum_name,
        issue_page=issue_page,
        meeting_page=meeting_page,
        year_page=year_page,
    )
    environment.filters["lang"] = _lang
    return environment


@cache
def _lang(language: str) -> Markup:
    """The attribute that says in which language an element is; nothing where that is not known."""
    return Markup(' lang="{}"').format(language) if language else Markup()
