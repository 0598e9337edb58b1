"""The newest meetings as an Atom feed (RFC 4287)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from archive.records import StoredMeeting
from meetings.records import Status
from reports.clean import one_line, safe_url
from reports.views import headline, when, where

if TYPE_CHECKING:
    from feedgen.entry import FeedEntry

NAME = "China–Viet Nam Meetings"
LISTED = 100
_TITLE = 300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def export_atom(
    meetings: Sequence[StoredMeeting], *, pages: Mapping[str, str] | None = None, site: str | None = None
) -> str:
    """The feed of the LISTED meetings last known to be held, newest first; announced ones stand in the calendar, and
    filed ones are no news.

    `pages` gives the web page of a meeting by its id, `site` the address of the archive. The same meetings give the
    same bytes: an entry changes when its meeting was first known to be held, not when the feed is made.
    """
    from feedgen.feed import FeedGenerator

    held = [stored for stored in meetings if stored.meeting.status is Status.HELD and not stored.filed]
    newest = sorted(held, key=lambda stored: (_known_at(stored), stored.meeting.id), reverse=True)[:LISTED]
    feed = FeedGenerator()
    feed.id(_urn(site or "feed"))
    feed.title(NAME)
    feed.subtitle("Each new official meeting between China and Viet Nam, with both sides’ accounts.")
    feed.author({"name": NAME})
    feed.language("en")
    feed.updated(max(map(_known_at, newest), default=_EPOCH))
    if site:
        feed.link(href=site, rel="alternate")
    for stored in newest:
        _fill(feed.add_entry(order="append"), stored, pages or {})
    return str(feed.atom_str(pretty=True).decode())


def _fill(entry: FeedEntry, stored: StoredMeeting, pages: Mapping[str, str]) -> None:
    meeting = stored.meeting
    articles = [mention.article.article for mention in stored.mentions]
    sources = [(url, article.title) for article in articles if (url := safe_url(article.url))]
    entry.id(_urn(meeting.id))
    entry.title(one_line(headline(meeting), _TITLE))
    entry.updated(_known_at(stored))
    entry.published(stored.first_seen)
    if link := pages.get(meeting.id, sources[0][0] if sources else None):
        entry.link(href=link)
    facts = [fact for fact in (when(meeting), where(meeting.place)) if fact]
    listed = "".join(
        f'<li><a href="{escape(url)}">{escape(one_line(title, _TITLE) or url)}</a></li>' for url, title in sources
    )
    entry.content(
        f"<p>{escape(' · '.join(facts))}</p><ul>{listed}</ul>" if listed else escape(" · ".join(facts)), type="html"
    )


def _known_at(stored: StoredMeeting) -> datetime:
    return stored.held_known_at or stored.first_seen


def _urn(name: str) -> str:
    """An id that never changes and names no host (RFC 4122 §4.3: by name)."""
    return uuid5(NAMESPACE_URL, f"china-vietnam-meetings/{name}").urn
