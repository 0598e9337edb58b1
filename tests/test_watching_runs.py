"""Watching through the whole command: alarms raised and withdrawn, fall-backs, our own network, and how it is shown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import articles, copies, sources
from archive.store import Archive
from flows.console import table
from flows.health import COLUMNS, row, span, why
from flows.steps import now_utc
from parsers.records import Alarm, AlarmKind, Outcome, SourceState, Validators
from reports.health import Health, survey
from tests.archive_samples import article, get_article
from tests.commandline import Meetings, source
from tests.prefect_server import PAGE
from tests.report_catalogue import SOURCES as SAMPLES
from tests.report_catalogue import STANDING_BY, STATES
from tests.test_polling import PAGES, XML, feed
from tests.webserver import Reply, Web

DAY = timedelta(days=1)
OLD = "https://news.example/china-viet-nam-old.html"


def state_of(meetings: Meetings, name: str = "wire") -> SourceState:
    with Archive.open(meetings.home) as archive, archive.read() as session:
        return sources.states(session)[name]


def remember(meetings: Meetings, state: SourceState) -> None:
    with Archive.open(meetings.home) as archive, archive.write() as session:
        sources.save_state(session, state)


def ingest(meetings: Meetings, *words: str) -> dict[str, Any]:
    ran = json.loads(meetings("ingest", *words, "--json").out)
    assert isinstance(ran, dict)
    return ran


def check(meetings: Meetings) -> dict[str, dict[str, Any]]:
    return {row["source"]: row for row in json.loads(meetings("sources", "check", "--json").out)}


@pytest.fixture
def quiet(web: Web, meetings: Meetings, tmp_path: Path) -> Web:
    """A source that lists one old item, whose fall-back is another host; the source has been quiet for ten days."""
    listed = feed(OLD, title="Town opens a tram line")
    web.add("/feed.xml", Reply(listed, headers=XML))
    web.add("/spare.xml", Reply(feed(web.url("/0.html", host="127.0.1.2")), headers=XML))
    web.add("/0.html", Reply(PAGE.encode(), headers={"Content-Type": "text/html"}))
    (tmp_path / "sources.toml").write_text(
        source("wire", web.url("/feed.xml"))
        + source("spare", web.url("/spare.xml", host="127.0.1.2"), fallback_for="wire")
    )
    assert meetings("ingest").code == 0
    before = state_of(meetings)
    remember(meetings, replace(before, last_new=now_utc() - 10 * DAY, next_due=None, validators=Validators()))
    return web


def test_an_alarm_is_raised_told_once_and_withdrawn(meetings: Meetings, quiet: Web) -> None:
    raised = meetings("ingest")
    (line,) = [line for line in raised.out.splitlines() if line.startswith("alarm: ")]
    assert line.startswith("alarm: wire, silent: Nothing new since")
    assert [alarm.kind for alarm in state_of(meetings).alarms] == [AlarmKind.SILENT]
    assert "alarm" not in meetings("ingest", "--source", "wire").out, "it stands, and is told once"
    quiet.add("/feed.xml", Reply(feed(OLD, OLD + "l", title="Town opens a tram line"), headers=XML))
    withdrawn = ingest(meetings, "--source", "wire")["watched"]
    assert [(c["source_id"], c["alarm"]["kind"], c["raised"]) for c in withdrawn["changes"]] == [
        ("wire", "silent", False)
    ]
    assert state_of(meetings).alarms == ()


def test_a_fall_back_is_polled_only_while_its_source_is_in_alarm(meetings: Meetings, quiet: Web) -> None:
    def asked() -> int:
        return sum(seen.path == "/spare.xml" for seen in quiet.requests)

    assert "1 source polled" in meetings("ingest").out
    assert (asked(), check(meetings)["spare"]["health"]) == (0, "unpolled")
    assert check(meetings)["wire"]["stand_ins"] == ["spare"]
    assert "1 new article" in meetings("ingest").out, "the alarm raised by the last run stands"
    assert (asked(), check(meetings)["spare"]["health"]) == (1, "well")
    state = state_of(meetings)
    remember(meetings, replace(state, alarms=(), recovered=now_utc() - 3 * DAY, last_success=now_utc() - DAY))
    remember(meetings, replace(state_of(meetings, "spare"), next_due=None))
    assert "0 sources polled" in meetings("ingest").out
    assert (asked(), check(meetings)["spare"]["health"]) == (1, "standby")
    assert "1 source polled" in meetings("ingest", "--force").out
    assert asked() == 1, "not even when all are polled"


def test_what_waits_for_a_fall_back_that_rests_again_is_fetched_without_asking_for_its_list(
    meetings: Meetings, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = [web.add(f"/{n}.html", Reply(PAGE.encode(), headers={"Content-Type": "text/html"})) for n in range(PAGES)]
    web.add("/feed.xml", Reply(feed(OLD, title="Town opens a tram line"), headers=XML))
    web.add("/spare.xml", Reply(feed(*links), headers=XML))
    (tmp_path / "sources.toml").write_text(
        source("wire", web.url("/feed.xml"))
        + source("second", web.url("/second.xml"), fallback_for="wire")
        + source("spare", web.url("/spare.xml"), fallback_for="second")
    )
    monkeypatch.setenv("MEETINGS_PAGES_PER_RUN", "2")
    assert ingest(meetings, "--source", "spare")["sources"][0]["skipped"] == {"run_budget": PAGES - 2}
    monkeypatch.delenv("MEETINGS_PAGES_PER_RUN")
    (report,) = ingest(meetings, "--source", "wire")["sources"]
    assert (report["outcome"], report["pages"], report["new_articles"]) == ("ok", PAGES - 2, PAGES - 2)
    asked = sorted(seen.path for seen in web.requests if seen.path != "/robots.txt")
    assert asked == [*(f"/{n}.html" for n in range(PAGES)), "/feed.xml", "/spare.xml"], "each once"
    with Archive.open(meetings.home) as archive, archive.read() as session:
        assert not sources.sources_with_pending(session)
        found = [get_article(session, number) for number in range(1, PAGES + 1)]
    assert {stored.article.source_id for stored in found if stored} == {"spare"}


def test_time_alone_raises_the_alarm_of_a_source_that_is_not_asked(meetings: Meetings, quiet: Web) -> None:
    del quiet
    long_ago, later = now_utc() - 5 * DAY, now_utc() + DAY
    failing = replace(
        state_of(meetings), outcome=Outcome.TIMEOUT, failures=9, failing_since=long_ago, since=long_ago, next_due=later
    )
    remember(meetings, failing)
    ran = ingest(meetings)
    assert ran["sources"] == []
    assert [(c["source_id"], c["alarm"]["kind"]) for c in ran["watched"]["changes"]] == [("wire", "failing")]
    assert [alarm.kind for alarm in state_of(meetings).alarms] == [AlarmKind.FAILING]


def test_pages_that_the_outlets_own_parser_cannot_read_raise_an_alarm(
    meetings: Meetings, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.pages.has_family", lambda url: "127.0.1.1" in url)
    for n, host in enumerate(("127.0.1.1", "127.0.1.2")):
        links = [web.url(f"/{n}-{page}.html", host=host) for page in range(PAGES)]
        for page in range(PAGES):
            web.add(f"/{n}-{page}.html", Reply(PAGE.encode(), headers={"Content-Type": "text/html"}))
        web.add(f"/{n}.xml", Reply(feed(*links), headers=XML))
    (tmp_path / "sources.toml").write_text(
        source("known", web.url("/0.xml", host="127.0.1.1")) + source("other", web.url("/1.xml", host="127.0.1.2"))
    )
    ran = ingest(meetings)
    assert [(r["source_id"], r["by_outlet"], r["by_generic"]) for r in ran["sources"]] == [
        ("known", 0, PAGES),
        ("other", 0, PAGES),
    ]
    assert [(c["source_id"], c["alarm"]["kind"]) for c in ran["watched"]["changes"]] == [("known", "layout")]


def test_a_source_of_nothing_but_copies_raises_an_alarm(meetings: Meetings, quiet: Web) -> None:
    text = tuple(f"The two sides agreed on point {n} of a long list of what they would do together." for n in range(30))
    with Archive.open(meetings.home) as archive:
        with archive.write() as session:
            for n in range(25):
                copied = article(str(n), paragraphs=text, source_id="wire", outlet="wire", published_on=None)
                articles.add_article(session, copied, now=now_utc())
        copies.group_copies(archive)
    quiet.add("/feed.xml", Reply(feed(OLD + "l", title="Town opens a tram line"), headers=XML))
    changes = ingest(meetings)["watched"]["changes"]
    assert [(c["source_id"], c["alarm"]["kind"], c["raised"]) for c in changes] == [("wire", "duplicates", True)]
    assert check(meetings)["wire"]["stand_ins"] == [], "copies are no reason to ask others"


def test_our_own_network_being_down_is_nobodys_failure(meetings: Meetings, tmp_path: Path) -> None:
    names = [f"s{n}" for n in range(4)]
    (tmp_path / "sources.toml").write_text(
        "".join(source(name, f"http://127.0.2.{n}:9/feed.xml") for n, name in enumerate(names, start=1))
    )
    sources_file = tmp_path / "sources.toml"
    sources_file.write_text(sources_file.read_text() + source("held", "http://127.0.2.9:9/feed.xml"))
    with Archive.open(meetings.home) as archive, archive.write() as session:
        sources.save_holds(session, {"127.0.2.9": now_utc() + DAY}, now=now_utc())
    ran = meetings("ingest")
    assert "(connect_error 4, rate_limited 1), so our own network is down; no source is blamed" in ran.out
    assert names[0] not in ran.out, "one sentence instead of a table of all sources"
    for name in names:
        state = state_of(meetings, name)
        assert (state.outcome, state.failures, state.failing_since) == (Outcome.NEVER_POLLED, 0, None)
        assert state.next_due
        assert state.next_due > now_utc()
    assert meetings("sources", "check").code == 0


@pytest.mark.parametrize(
    ("setting", "why"), [("PAGES_PER_HOST", "host_budget"), ("PAGES_PER_RUN", "run_budget")], ids=["host", "run"]
)
def test_the_budget_holds_for_all_sources_together(
    meetings: Meetings, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, why: str
) -> None:
    for name in ("a", "b"):
        links = [web.url(f"/{name}{n}.html") for n in range(PAGES)]
        for n in range(PAGES):
            web.add(f"/{name}{n}.html", Reply(PAGE.encode(), headers={"Content-Type": "text/html"}))
        web.add(f"/{name}.xml", Reply(feed(*links), headers=XML))
    (tmp_path / "sources.toml").write_text(source("a", web.url("/a.xml")) + source("b", web.url("/b.xml")))
    monkeypatch.setenv(f"MEETINGS_{setting}", "3")
    ran = meetings("ingest")
    assert "3 new articles" in ran.out
    assert f"7 entries left without a page ({why} 7); later runs go on with them." in ran.out
    assert sum(seen.path.endswith(".html") for seen in web.requests) == 3
    with Archive.open(meetings.home) as archive, archive.read() as session:
        lines = sources.last_fetches(session)
    assert sum(line.skipped[next(iter(line.skipped))] for line in lines.values()) == 7


def test_check_shows_the_worst_first_and_says_why(meetings: Meetings, quiet: Web) -> None:
    del quiet
    well = meetings("sources", "check")
    assert (well.code, well.out.splitlines()[-1]) == (0, "1 of 1 source is well; 1 fall-back stands by.")
    assert "spare" not in well.out
    assert "standby" in meetings("sources", "check", "--all").out
    meetings("ingest")
    troubled = meetings("sources", "check")
    lines = [line.split() for line in troubled.out.splitlines()]
    assert troubled.code == 1
    assert next(line for line in lines if line[:1] == ["wire"])[:3] == ["wire", "silent", "10d"]
    assert "wire: Nothing new since" in troubled.out
    facts = json.loads(meetings("status", "--json").out)
    assert (facts["sources"], facts["sources_well"], facts["sources_failing"], facts["alarms"]) == (2, 0, 1, 1)


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_a_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    found = survey(SAMPLES, STATES, STANDING_BY)
    table("Sources", COLUMNS, [row(item, now=datetime(2024, 12, 16, tzinfo=UTC)) for item in found])
    lines = re.sub("\x1b[^m]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= width
    words = [line.split() for line in lines]
    assert list(COLUMNS) in words
    assert [line[0] for line in words if len(line) >= len(COLUMNS)][1:] == [item.source.id for item in found]
    assert next(line for line in words if line[:1] == ["mfa-zh"])[1:5] == ["failing", "3d", "3d", "–"]


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=-5), "0m"),
        (timedelta(seconds=59), "0m"),
        (timedelta(minutes=119), "119m"),
        (timedelta(hours=2), "2h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2), "2d"),
        (timedelta(days=800), "800d"),
    ],
)
def test_spans_of_time(time: timedelta, text: str) -> None:
    assert span(time) == text


def test_why_holds_all_alarms() -> None:
    alarms = tuple(Alarm(kind, now_utc(), f"It is {kind}.") for kind in (AlarmKind.SILENT, AlarmKind.LAYOUT))
    item = replace(survey(SAMPLES, STATES, STANDING_BY)[0], state=SourceState("x", alarms=alarms))
    assert why(item) == "It is silent. It is layout."
    assert why(replace(item, health=Health.STANDBY)) == ""
