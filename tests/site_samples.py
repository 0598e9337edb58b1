"""A small archive with everything a site has pages for, and the links of a page."""

from __future__ import annotations

import datetime as dt
import posixpath
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import delete, select, update

from archive.models import IssueMeetingRow, IssueRow, MeetingRow
from archive.records import IssuePart
from archive.store import Archive
from bench.big_archive import fill
from flows import issuing
from flows.settings import Settings
from flows.steps import load_catalogue
from reports.week import parse_week

MEETINGS = 40
CLOSED_AT = dt.datetime(2025, 1, 5, tzinfo=dt.UTC)


def home(folder: Path) -> Settings:
    """Settings of a filled home: visits, forums, copies; issues closed with and without context, open ones."""
    settings = Settings(home=folder)
    with Archive.open(folder) as archive:
        fill(archive, meetings=MEETINGS, articles=200)
        with archive.write() as session:
            weeks = sorted(session.scalars(select(IssueMeetingRow.week).where(IssueMeetingRow.part == IssuePart.NEW)))
            session.execute(delete(IssueMeetingRow).where(IssueMeetingRow.week >= weeks[-3]))
            session.execute(delete(IssueRow).where(IssueRow.week >= weeks[-3]))
            session.execute(update(MeetingRow).where(MeetingRow.new_in >= weeks[-3]).values(new_in=None))
        catalogue = load_catalogue(settings).sources
        issue = issuing.compose(settings, archive, catalogue, parse_week(weeks[-3]))
        issuing.close(settings, archive, issue, now=CLOSED_AT)
    return settings


@dataclass
class Page(HTMLParser):
    """What matters of a page: its links, its anchors, and everything that a browser would run or fetch."""

    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    loaded: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    danger: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag in ("link", "script", "img", "iframe", "object", "embed", "base", "source", "video", "audio"):
            self.loaded.append(given.get("href", given.get("src", tag)))
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if "id" in given:
            self.anchors.add(given["id"])
        self.danger += [f"{tag} {name}" for name in given if name.startswith("on") or name in ("style", "srcdoc")]


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def inside(page: str, link: str) -> tuple[str, str] | None:
    """Where a link of a page of the archive leads: path and anchor; None when it leads out."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path))) if parts.path else page
    return path, parts.fragment


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that is published, by path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        name: path.read_bytes()
        for path in sorted(files)
        if not (name := path.relative_to(folder).as_posix()).startswith(".build/")
    }
