"""Polling one source through the whole command: budgets, manners for pages, aggregators, changed addresses."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from archive import articles, sources
from archive.store import Archive
from flows.steps import now_utc
from parsers.articles import extract_article
from parsers.entries import parse_entries
from parsers.records import Outcome
from tests.archive_samples import get_article
from tests.commandline import Meetings, source
from tests.prefect_server import PAGE
from tests.webserver import Reply, Web

XML = {"Content-Type": "application/rss+xml; charset=utf-8"}
PAGES = 5
WEEK = timedelta(weeks=1)


def feed(*links: str, title: str = "China and Viet Nam hold talks") -> bytes:
    """A feed whose entries all concern both countries, one for each link."""
    items = "".join(f"<item><title>{title} {n}</title><link>{link}</link></item>" for n, link in enumerate(links))
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>W</title>{items}</channel></rss>'.encode()


@pytest.fixture
def wire(web: Web, meetings: Meetings, tmp_path: Path) -> Web:
    """A source with five pages worth reading."""
    del meetings
    links = [web.add(f"/{n}.html", Reply(PAGE.encode(), headers={"Content-Type": "text/html"})) for n in range(PAGES)]
    web.add("/feed.xml", Reply(feed(*links), etag='"1"', headers=XML))
    (tmp_path / "sources.toml").write_text(source("wire", web.url("/feed.xml")))
    return web


def stored(meetings: Meetings) -> tuple[int, int]:
    """How many articles there are, and how many entries still wait for their page."""
    with Archive.open(meetings.home) as archive, archive.read() as session:
        return articles.count_articles(session), len(sources.pending(session, "wire", now=now_utc()))


def test_pages_beyond_the_budget_wait_and_come_with_the_next_polls(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEETINGS_PAGES_PER_RUN", "2")
    seen = []
    for _ in range(3):
        assert meetings("ingest", "--source", "wire").code == 0
        seen.append(stored(meetings))
    assert seen == [(2, 3), (4, 1), (5, 0)]
    assert Counter(seen.path for seen in wire.requests)["/feed.xml"] == 3, "the later polls were 304s"


def test_pages_that_wait_lose_no_try_while_their_source_cannot_be_reached(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEETINGS_PAGES_PER_RUN", "1")
    meetings("ingest", "--source", "wire")
    asked = len(wire.requests)
    wire.add("/feed.xml", Reply(fault="reset"))
    (report,) = json.loads(meetings("ingest", "--source", "wire", "--json").out)["sources"]
    assert (report["outcome"], report["pages"], stored(meetings)) == ("connect_error", 0, (1, PAGES - 1))
    assert {seen.path for seen in wire.requests[asked:]} == {"/feed.xml"}


def test_a_source_that_takes_too_long_leaves_the_rest_for_the_next_run(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Reply(PAGE.encode(), headers={"Content-Type": "text/html"}, delay=0.6)
    for n in range(PAGES):
        wire.add(f"/{n}.html", slow)
    monkeypatch.setenv("MEETINGS_SECONDS_PER_SOURCE", "0.5")
    (report,) = json.loads(meetings("ingest", "--source", "wire", "--json").out)["sources"]
    articles_now, waiting = stored(meetings)
    assert (articles_now <= 1, articles_now + waiting) == (True, PAGES)
    assert report["skipped"] == {"out_of_time": waiting}


def test_robots_are_obeyed_for_pages_and_not_asked_for_feeds(meetings: Meetings, wire: Web) -> None:
    wire.add("/robots.txt", Reply(b"User-agent: *\nDisallow: /3.html\nDisallow: /feed.xml\n"))
    ran = json.loads(meetings("ingest", "--json").out)
    (report,) = ran["sources"]
    assert (report["outcome"], report["entries"], report["new_articles"]) == ("ok", PAGES, PAGES - 1)
    assert (report["pages"], report["skipped"]) == (PAGES - 1, {"robots": 1})
    assert "/3.html" not in {seen.path for seen in wire.requests}


def test_google_news_costs_no_page_and_keeps_the_publisher(meetings: Meetings, web: Web, tmp_path: Path) -> None:
    item = (
        "<item><title>China, Viet Nam hold talks - Xinhua</title><link>https://news.google.com/rss/articles/CBMi1</link>"
        '<source url="https://english.news.cn">Xinhua</source></item>'
    )
    web.add("/g.xml", Reply(f'<rss version="2.0"><channel>{item}</channel></rss>'.encode(), headers=XML))
    (tmp_path / "sources.toml").write_text(source("wire", web.url("/g.xml"), side="other", kind="google_news"))
    assert "1 new article;" in meetings("ingest").out
    with Archive.open(meetings.home) as archive, archive.read() as session:
        found = get_article(session, 1)
    assert found
    assert (found.article.title, found.article.outlet) == ("China, Viet Nam hold talks", "Xinhua")
    assert {seen.path for seen in web.requests} == {"/g.xml"}


def test_a_new_address_in_the_catalogue_is_due_at_once_and_asked_without_old_validators(
    meetings: Meetings, wire: Web, tmp_path: Path
) -> None:
    assert "1 source polled" in meetings("ingest").out
    assert "0 sources polled" in meetings("ingest").out
    wire.add("/moved.xml", Reply(feed(), headers=XML))
    (tmp_path / "sources.toml").write_text(source("wire", wire.url("/moved.xml")))
    assert "1 source polled" in meetings("ingest").out
    moved = [seen for seen in wire.requests if seen.path == "/moved.xml"]
    assert [seen.headers.get("if-none-match") for seen in moved] == [None]


def test_a_source_that_makes_us_fail_does_not_stop_the_others(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def failing(data: bytes, **options: object) -> object:
        if options["source"].id == "odd":  # type: ignore[attr-defined]  # whatever poll passes
            raise ZeroDivisionError("a defect of ours")
        return parse_entries(data, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("flows.following.parse_entries", failing)
    with (tmp_path / "sources.toml").open("a") as file:
        file.write(source("odd", wire.url("/feed.xml", host="127.0.1.9")))
    ran = meetings("ingest")
    assert (ran.code, "internal_error" in ran.out, "5 new articles" in ran.out) == (0, True, True)
    assert "Traceback" not in ran.err
    health = {row["source"]: row for row in json.loads(meetings("sources", "check", "--json").out)}
    assert (health["odd"]["outcome"], health["odd"]["failures"]) == ("internal_error", 1)
    assert "0 sources polled" in meetings("ingest").out, "it waits like any other that failed"


def test_a_page_that_makes_us_fail_holds_up_none_behind_it(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(body: bytes, **options: object) -> object:
        if str(options["url"]).endswith("/0.html"):
            raise ZeroDivisionError("a defect of ours")
        return extract_article(body, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("flows.pages.extract_article", failing)
    ran = json.loads(meetings("ingest", "--json").out)
    (report,) = ran["sources"]
    assert (report["outcome"], report["new_articles"], report["pages_failed"]) == ("ok", PAGES - 1, 1)
    with Archive.open(meetings.home) as archive, archive.read() as session:
        (waiting,) = sources.pending(session, "wire", now=now_utc() + timedelta(days=1))
    assert (waiting.url, waiting.attempts, waiting.outcome) == (wire.url("/0.html"), 1, Outcome.INTERNAL_ERROR)


def test_a_host_that_asks_for_a_pause_gets_it_from_every_page_and_in_later_runs_too(
    meetings: Meetings, wire: Web
) -> None:
    for n in range(PAGES):
        wire.add(f"/{n}.html", Reply(status=503, headers={"Retry-After": "180000"}))
    (first,) = json.loads(meetings("ingest", "--json").out)["sources"]
    assert (first["pages"], first["pages_failed"], first["skipped"]) == (1, 1, {"own_pace": PAGES - 1})
    asked = len(wire.requests)
    (second,) = json.loads(meetings("ingest", "--source", "wire", "--json").out)["sources"]
    assert (second["outcome"], second["pages"], second["skipped"]) == ("rate_limited", 0, {"own_pace": PAGES - 1})
    assert len(wire.requests) == asked, "nothing at all was sent"
    with Archive.open(meetings.home) as archive, archive.read() as session:
        waiting = sources.pending(session, "wire", now=now_utc() + WEEK)
        state = sources.states(session)["wire"]
    assert sorted(item.attempts for item in waiting) == [0] * (PAGES - 1) + [1], "what never left is no attempt"
    assert max(item.next_attempt for item in waiting) - now_utc() > timedelta(days=2), "50 hours; a 503 alone gets one"
    assert (state.outcome, state.failures) == (Outcome.OK, 0), "nor is it a failure of the source"
    assert state.next_due
    assert state.next_due - now_utc() > timedelta(days=2)


def test_a_run_that_fails_remembers_what_hosts_asked_for(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Archive, **_more: object) -> None:
        raise ZeroDivisionError("a defect of ours")

    wire.add("/feed.xml", Reply(status=429, headers={"Retry-After": "180000"}))
    monkeypatch.setattr("flows.steps.detect_new", failing)
    assert meetings("ingest").code == 1
    with Archive.open(meetings.home) as archive, archive.read() as session:
        ((host, until),) = sources.holds(session, now=now_utc()).items()
    assert (host in wire.url("/"), until - now_utc() > timedelta(days=2)) == (True, True)


def test_what_waits_for_a_source_that_was_renamed_is_taken_over(
    meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MEETINGS_PAGES_PER_RUN", "2")
    meetings("ingest", "--source", "wire")
    (tmp_path / "sources.toml").write_text(source("renamed", wire.url("/feed.xml")))
    for _ in range(2):
        assert meetings("ingest", "--source", "renamed").code == 0
    assert stored(meetings)[0] == PAGES
