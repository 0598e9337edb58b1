"""The pages that are made of many meetings: lists, people, forums, timeline, search; each only when it has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from archive.markers import digest
from meetings.topics import labels
from parsers.records import Source
from reports.export import SCHEMA
from reports.records import SeriesView
from reports.site import front, lists, people, search
from reports.site.cards import Card
from reports.site.folder import Folder
from reports.site.front import IssueLine
from reports.site.paths import (
    ABOUT,
    FORUMS,
    FRONT,
    ISSUES,
    MEETINGS,
    PEOPLE,
    SEARCH,
    TIMELINE,
    meeting_page,
    year_page,
)
from reports.site.render import assets, render

GONE = {
    "meetings": "No article that is read tells of this meeting any more, so it was withdrawn.",
    "people": "No meeting is filed under this name any more.",
    "forums": "No meeting is filed under this forum any more.",
    "timeline": "No meeting is filed under this year any more.",
    "issues": "This issue is not written any more: its week holds no meeting.",
}


@dataclass(frozen=True, slots=True)
class Contents:
    """All that the lists are made of. `cards` in the archive's order, `issues` by week.

    `today` parts what lies ahead from what is due; `lead` is that of the newest issue; `series` by the forum's name.
    """

    cards: Sequence[Card]
    issues: Sequence[IssueLine]
    lead: str
    sources: Sequence[Source]
    series: Mapping[str, SeriesView]
    merged: Mapping[str, str]
    withdrawn: Sequence[str]
    today: date
    zone: str


def build_lists(folder: Folder, contents: Contents) -> None:
    """Writes every page that is not a meeting's or an issue's own."""
    words = {card.id: digest(card) for card in contents.cards}
    by_person, by_forum = people.by_person(contents.cards), lists.by_forum(contents.cards)
    years = lists.by_year(contents.cards)
    _people(folder, by_person, words)
    _forums(folder, by_forum, words, contents.series)
    _timeline(folder, years, words)
    _single_pages(folder, contents, len(by_person), tuple(years))
    for path, content in assets().items():
        if folder.wants(path, digest(content)):
            folder.put(path, content)
    _gone(folder, contents, tuple(years))


def _people(folder: Folder, by_person: Mapping[str, Sequence[Card]], words: Mapping[str, str]) -> None:
    for page, cards in by_person.items():
        if folder.wants(page, digest(*(words[card.id] for card in cards))):
            folder.put(page, render("person", page, p=people.person(page, cards)))
    if folder.wants(PEOPLE, digest(*words.values())):
        letters = front.letters([people.line(page, cards) for page, cards in by_person.items()])
        folder.put(PEOPLE, render("people", PEOPLE, letters=letters, count=len(by_person)))


def _forums(
    folder: Folder,
    by_forum: Mapping[str, Sequence[Card]],
    words: Mapping[str, str],
    series: Mapping[str, SeriesView],
) -> None:
    pages = []
    for page, cards in sorted(by_forum.items()):
        pages.append(forum := lists.forum(page, cards))
        own = series.get(forum.name)
        if folder.wants(page, digest(own, *(words[card.id] for card in cards))):
            folder.put(page, render("forum", page, f=forum, series=own))
    if folder.wants(FORUMS, digest(*pages)):
        folder.put(FORUMS, render("forums", FORUMS, forums=sorted(pages, key=lambda f: (-len(f.sessions), f.name))))


def _timeline(folder: Folder, years: Mapping[str, Sequence[Card]], words: Mapping[str, str]) -> None:
    """The overview, a page a year, and each year's file for the search."""
    names = tuple(years)
    for at, (year, cards) in enumerate(years.items()):
        page = year_page(year)
        own = digest(*(words[card.id] for card in cards))
        if folder.wants(page, digest(own, names[max(at - 1, 0) : at + 2])):
            folder.put(page, render("year", page, y=lists.year_of(year, cards, years=names)))
        shard = search.shard_path(year)
        if folder.wants(shard, own):
            folder.put(shard, search.shard(year, cards).encode())
    timeline = lists.timeline(years)
    if folder.wants(TIMELINE, digest(timeline)):
        folder.put(TIMELINE, render("timeline", TIMELINE, t=timeline))


def _single_pages(folder: Folder, contents: Contents, count: int, years: Sequence[str]) -> None:
    page = front.front(contents.cards, contents.issues, contents.lead, people=count, today=contents.today)
    outlets = front.outlets(contents.sources)
    topics = sorted(labels().items(), key=lambda item: item[1].casefold())
    singles: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("front", FRONT, {"f": page}),
        ("issues", ISSUES, {"issues": contents.issues}),
        ("search", SEARCH, {"years": years, "topics": topics}),
        ("about", ABOUT, {"outlets": outlets, "schema": SCHEMA, "zone": contents.zone}),
    )
    for template, path, values in singles:
        if folder.wants(path, digest(*values.values())):
            folder.put(path, render(template, path, **values))


def _gone(folder: Folder, contents: Contents, years: Sequence[str]) -> None:
    """Addresses never vanish: a merged meeting's leads on, any other says what became of it."""
    for id_, heir in contents.merged.items():
        title, words = "This record was merged", "It turned out to tell of a meeting that is known under another id."
        _farewell(folder, meeting_page(id_), title, words, heir=meeting_page(heir))
    withdrawn = {meeting_page(id_) for id_ in contents.withdrawn}
    vacated = [page for page in folder.left if page.endswith("/index.html") and page not in (*withdrawn, MEETINGS)]
    for page in sorted({*withdrawn, *vacated}):
        _farewell(folder, page, "Nothing stands here any more", GONE[page.partition("/")[0]])
    values = {"years": years, "merged": list(contents.merged.items()), "withdrawn": contents.withdrawn}
    if folder.wants(MEETINGS, digest(*values.values(), vacated)):
        folder.put(MEETINGS, render("meetings", MEETINGS, vacated=vacated, **values))


def _farewell(folder: Folder, page: str, title: str, words: str, *, heir: str = "") -> None:
    if folder.wants(page, digest("gone", heir)):
        folder.put(page, render("gone", page, title=title, words=words, heir=heir))
