"""Killed with SIGKILL at every named step, then run again: nothing is lost and nothing is doubled.

A child process runs the real command against a real web and mail server; the named function kills it before or after
its work. The restart is a plain run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive import articles, deliveries, issues, sources
from archive.meetings import count_meetings
from archive.records import DeliveryState
from archive.store import Archive
from bench.killing import Job, Launcher
from tests.commandline import Meetings, source
from tests.mailserver import Inbox, mail_server
from tests.prefect_server import PAGE, feed
from tests.webserver import Reply, Web

WEEK, ZONE = "2024-W50", "Asia/Ho_Chi_Minh"
READERS = ("ann@example.org", "bob@example.org", "chi@example.org")


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as running:
        yield running


@pytest.fixture
def killed(launcher: Launcher, meetings: Meetings, tmp_path: Path) -> Callable[..., None]:
    """Runs a command, given behind the step, in a process that dies at the step (`bench.killing`)."""

    def run(step: str, *words: str) -> None:
        env = {key: value for key, value in os.environ.items() if key.startswith("MEETINGS_")}
        files = {f"MEETINGS_{name.upper()}_FILE": str(tmp_path / f"{name}.toml") for name in ("sources", "recipients")}
        log = tmp_path / "log"
        ended = launcher.run(Job(words, env | files | {"MEETINGS_HOME": str(meetings.home)}, log, step=step))
        assert ended.killed, f"the step was never reached: {log.read_text()}"

    return run


@pytest.fixture
def wire(web: Web, meetings: Meetings, tmp_path: Path) -> Web:
    """A feed with one article of December 2024 and a validator; an archive at work since the week before."""
    page = web.add("/talks.html", Reply(PAGE.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
    web.add("/feed.xml", Reply(feed(page), etag='"1"', headers={"Content-Type": "application/rss+xml"}))
    (tmp_path / "sources.toml").write_text(source("wire", web.url("/feed.xml"), side="china", zone="Asia/Shanghai"))
    with Archive.open(meetings.home) as archive, archive.write() as session:
        issues.mark_first_run(session, datetime(2024, 12, 2, tzinfo=UTC))
    return web


INGEST_STEPS = [
    "archive.warc:RawWriter.write before",
    "archive.warc:RawWriter.write after",
    "flows.polling:Poller._remember before",
    "flows.polling:Poller._remember after",
    "archive.warc:RawWriter.write before 2",
    "archive.warc:RawWriter.write after 2",
    "archive.articles:add_article before",
    "archive.sources:drop_pending before",
    "archive.sources:drop_pending after",
    "flows.pages:PageReader._store after",
    "archive.sources:save_state before",
    "archive.sources:log_fetch after",
    "flows.polling:Poller._settle after",
    "archive.meetings:record_detection before",
    "archive.meetings:record_detection after",
    "flows.steps:detect_new before",
    "archive.files:write_atomically before",
    "archive.files:write_atomically after",
]


@pytest.mark.slow
@pytest.mark.parametrize("step", INGEST_STEPS)
def test_ingest_killed_anywhere_loses_nothing_and_doubles_nothing(
    killed: Callable[..., None], meetings: Meetings, wire: Web, step: str
) -> None:
    killed(step, "ingest")
    again = meetings("ingest", "--source", "wire")
    assert again.code == 0, again.err
    with Archive.open(meetings.home) as archive, archive.read() as session:
        assert articles.count_articles(session) == 1
        assert count_meetings(session) == 1
        assert sources.pending(session, "wire", now=datetime.now(UTC) + timedelta(days=365)) == []
        assert sources.states(session)["wire"].validators.etag == '"1"'
    assert [path.suffix for path in (meetings.home / "articles").rglob("*") if path.is_file()] == [".txt"]
    assert meetings("ingest", "--source", "wire").code == 0
    assert Counter(seen.path for seen in wire.requests)["/talks.html"] <= 2


@pytest.mark.slow
def test_validators_are_not_remembered_before_the_articles(
    killed: Callable[..., None], meetings: Meetings, wire: Web
) -> None:
    killed("archive.articles:add_article before", "ingest")
    with Archive.open(meetings.home) as archive, archive.read() as session:
        assert "wire" not in sources.states(session)
        assert len(sources.pending(session, "wire", now=datetime.now(UTC))) == 1
    del wire


def test_a_page_that_fails_is_not_hidden_behind_a_304(meetings: Meetings, web: Web, tmp_path: Path) -> None:
    broken, mended = Reply(b"", status=503), Reply(PAGE.encode(), headers={"Content-Type": "text/html"})
    page = web.add("/talks.html", broken, mended, host="127.0.1.2")
    web.add("/feed.xml", Reply(feed(page), etag='"1"', headers={"Content-Type": "application/rss+xml"}))
    (tmp_path / "sources.toml").write_text(source("wire", web.url("/feed.xml"), side="china"))
    assert "0 new articles" in meetings("ingest").out
    with Archive.open(meetings.home) as archive:
        with archive.read() as session:
            (waiting,) = sources.pending(session, "wire", now=datetime.now(UTC) + timedelta(days=30))
        with archive.write() as session:  # its time has come
            sources.save_pending(session, replace(waiting, next_attempt=datetime.now(UTC) - timedelta(seconds=1)))
    assert "1 new article" in meetings("ingest", "--source", "wire").out
    assert [seen.headers.get("if-none-match") for seen in web.requests if seen.path == "/feed.xml"] == [None, '"1"']


@pytest.fixture
def inbox(meetings: Meetings, wire: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Inbox]:
    """A mail server, three readers, and an archive that holds the article."""
    del wire
    (tmp_path / "recipients.toml").write_text("".join(f'[[recipient]]\naddress = "{to}"\n' for to in READERS))
    inbox = Inbox()
    with mail_server(inbox) as port:
        monkeypatch.setenv("MEETINGS_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("MEETINGS_SMTP_PORT", str(port))
        monkeypatch.setenv("MEETINGS_SMTP_SECURITY", "none")
        monkeypatch.setenv("MEETINGS_MAIL_UNKNOWN_AFTER", "0")
        assert meetings("ingest").code == 0
        yield inbox


SEND_STEPS = {
    "archive.issues:save_issue before": Counter(),
    "archive.issues:save_issue after": Counter(),
    "flows.issuing:close after": Counter(),
    "archive.deliveries:plan after": Counter(),
    "archive.deliveries:claim after": Counter(),
    "flows.delivering:send before": Counter(),
    "flows.delivering:send after": Counter({READERS[0]: 1}),
    "flows.delivering:send before 2": Counter(),
    "flows.delivering:send after 2": Counter({READERS[1]: 1}),
    "archive.deliveries:settle before": Counter({READERS[0]: 1}),
    "archive.deliveries:settle after 3": Counter({READERS[2]: 1}),
}


@pytest.mark.slow
@pytest.mark.parametrize("step", SEND_STEPS)
def test_sending_killed_anywhere_reaches_everybody_and_doubles_only_the_unknown(
    killed: Callable[..., None], meetings: Meetings, inbox: Inbox, step: str
) -> None:
    killed(step, "digest", "--week", WEEK, "--send")
    again = meetings("digest", "--week", WEEK, "--send")
    assert again.code == 0, again.err
    got = Counter(to for to, _ in inbox.accepted)
    assert set(got) == set(READERS)
    assert got - Counter(READERS) == SEND_STEPS[step]
    assert len({data.split(b"Message-ID: ")[1].split(b"\r\n")[0] for _, data in inbox.accepted}) == len(READERS)
    with Archive.open(meetings.home) as archive, archive.read() as session:
        assert {d.state for d in deliveries.deliveries(session)} == {DeliveryState.ACCEPTED}
        assert len(issues.closed_issues(session, ZONE)) == 1


@pytest.mark.slow
def test_two_senders_at_once_reach_everybody_once(meetings: Meetings, inbox: Inbox) -> None:
    command = [sys.executable, "-c", "from flows.cli import main; main()", "--home", str(meetings.home)]
    both = [
        subprocess.Popen([*command, "digest", "--week", WEEK, "--send"], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ends = [(process.communicate()[1], process.returncode) for process in both]
    assert Counter(to for to, _ in inbox.accepted) == Counter(READERS)
    # either they came after each other, or one was told that the other is at work
    assert all(code == 0 or "try again when it has ended" in error for error, code in ends)
    assert meetings("digest", "--week", WEEK, "--send").code == 0
    assert Counter(to for to, _ in inbox.accepted) == Counter(READERS)


@pytest.mark.slow
def test_two_ingests_at_once_store_everything_once(meetings: Meetings, wire: Web) -> None:
    command = [sys.executable, "-c", "from flows.cli import main; main()", "--home", str(meetings.home), "ingest"]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ends = [(process.communicate()[1], process.returncode) for process in both]
    assert all(code == 0 or "try again when it has ended" in error for error, code in ends)
    assert any(code == 0 for _, code in ends)
    with Archive.open(meetings.home) as archive, archive.read() as session:
        assert (articles.count_articles(session), count_meetings(session)) == (1, 1)
    del wire
