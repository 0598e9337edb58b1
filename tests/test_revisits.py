"""Through the whole command: a story that is listed under another title is read again; copies count once."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from archive import articles, meetings
from archive.copies import group_copies
from archive.records import StoredArticle, StoredMeeting
from archive.store import Archive
from archive.versions import PAUSE
from flows import steps
from tests.archive_samples import get_article
from tests.commandline import Meetings, source
from tests.prefect_server import PAGE
from tests.test_polling import XML, feed
from tests.webserver import Reply, Web

HTML = {"Content-Type": "text/html"}
CORRECTED = PAGE.replace("in Beijing on Tuesday", "in Nanning on Tuesday").replace(
    "hold talks in Beijing", "hold talks in Nanning"
)
RETITLED = "China, Viet Nam hold talks in Nanning"


@pytest.fixture
def wire(web: Web, meetings: Meetings, tmp_path: Path) -> Web:
    """A source with one page worth reading, which was read."""
    link = web.add("/0.html", Reply(PAGE.encode(), headers=HTML))
    web.add("/feed.xml", Reply(feed(link), headers=XML))
    (tmp_path / "sources.toml").write_text(source("wire", web.url("/feed.xml")))
    assert meetings("ingest", "--source", "wire").code == 0
    return web


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    now = steps.now_utc()
    monkeypatch.setattr(steps, "now_utc", lambda: now + by)


def pages(web: Web) -> int:
    return Counter(seen.path for seen in web.requests)["/0.html"]


def stored(meetings_: Meetings) -> tuple[StoredArticle, StoredMeeting]:
    """The one article and the one meeting."""
    with Archive.open(meetings_.home) as archive, archive.read() as session:
        found = get_article(session, 1)
        (meeting,) = meetings.all_meetings(session)
        assert articles.count_articles(session) == 1
    assert found
    return found, meeting


def test_a_story_with_another_title_is_read_again_and_its_meeting_keeps_its_id(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, before = stored(meetings)
    link = wire.add("/0.html", Reply(CORRECTED.encode(), headers=HTML))
    wire.add("/feed.xml", Reply(feed(link, title=RETITLED), headers=XML))
    meetings("ingest", "--source", "wire")
    assert pages(wire) == 1, "not so soon"
    later(monkeypatch, PAUSE)
    ran = json.loads(meetings("ingest", "--source", "wire", "--json").out)
    assert ran["sources"][0]["new_articles"] == 0
    article, after = stored(meetings)
    assert (article.version, "in Nanning" in article.article.title) == (2, True)
    assert (before.meeting.place.city, after.meeting.place.city) == ("Beijing", "Nanning")
    assert after.meeting.id == before.meeting.id
    text = (meetings.home / (article.path or "")).read_text()
    assert "in Nanning on Tuesday" in text
    later(monkeypatch, 2 * PAUSE)
    meetings("ingest", "--source", "wire")
    assert pages(wire) == 2, "its new title is known by now"


def test_a_page_that_fails_at_its_return_is_tried_again(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = wire.add("/0.html", Reply(status=503))
    wire.add("/feed.xml", Reply(feed(link, title=RETITLED), headers=XML))
    later(monkeypatch, PAUSE)
    meetings("ingest", "--source", "wire")
    assert (pages(wire), stored(meetings)[0].version) == (2, 1)
    wire.add("/0.html", Reply(CORRECTED.encode(), headers=HTML))
    later(monkeypatch, 2 * PAUSE)
    meetings("ingest", "--source", "wire")
    assert (pages(wire), stored(meetings)[0].version) == (3, 2)


def test_another_title_for_the_same_page_changes_nothing(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(meetings)
    wire.add("/feed.xml", Reply(feed(wire.url("/0.html"), title=RETITLED), headers=XML))
    later(monkeypatch, PAUSE)
    meetings("ingest", "--source", "wire")
    assert pages(wire) == 2
    assert stored(meetings) == before


def test_the_same_report_on_another_host_is_a_copy(meetings: Meetings, wire: Web, tmp_path: Path) -> None:
    copy = PAGE.replace("BEIJING, Dec. 10 – ", "").replace("hold talks in Beijing", "meet").replace("T20:", "T21:")
    wire.add("/copy.html", Reply(copy.encode(), headers=HTML))
    wire.add("/paper.xml", Reply(feed(wire.url("/copy.html", host="127.0.1.2")), headers=XML))
    with (tmp_path / "sources.toml").open("a") as file:
        file.write(source("paper", wire.url("/paper.xml", host="127.0.1.2")))
    assert meetings("ingest", "--source", "paper").code == 0
    with Archive.open(meetings.home) as archive:
        assert group_copies(archive) == 0, "the run did it"
        with archive.read() as session:
            found = [get_article(session, number) for number in (1, 2)]
    assert [one.copy_of for one in found if one] == [None, 1]
