"""Disks that are full, read-only or broken, databases that are damaged, locked or gone: wherever it strikes, a command
ends with one sentence and 1, no file is half-written, and the next run makes all good.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import make_url

from archive import articles, deliveries, issues, store
from archive.meetings import count_meetings
from archive.records import DeliveryState
from archive.store import DATABASE_NAME, Archive
from flows import owner
from parsers.seedfile import read_seed
from tests import faults
from tests.commandline import SEEDS, Meetings, Ran, source
from tests.databases import PostgreSQL
from tests.mailserver import Inbox, mail_server
from tests.prefect_server import PAGE, feed
from tests.webserver import Reply, Web

pytestmark = pytest.mark.slow  # half a second each, and many of them
WEEK = "2024-W50"
READERS = ("ann@example.org", "bob@example.org", "chi@example.org")
COMMANDS: dict[str, tuple[str | Path, ...]] = {
    "import": ("import", SEEDS),
    "ingest": ("ingest", "--source", "wire"),
    "send": ("digest", "--week", WEEK, "--send"),
    "site": ("site", "build"),
}
each_command = pytest.mark.parametrize("name", COMMANDS)


@dataclass(frozen=True)
class Kept:
    """What commands had left when they were done: their home, a database in PostgreSQL of its name, and the mails."""

    home: Path
    accepted: list[tuple[str, bytes]]


class Desk:
    """Where commands run, each as a process of its own would; `restart` begins anew with an empty archive.

    What comes before a command is done once and copied then: `past` has what is known of it, in a folder of its own.
    """

    def __init__(
        self, meetings: Meetings, inbox: Inbox, past: tuple[Path, dict[str, Kept]], patch: pytest.MonkeyPatch
    ) -> None:
        self.home, self.inbox = meetings.home, inbox
        self._meetings, self._patch, self._starts = meetings, patch, count(1)
        self._folder, self._past = past
        self._server: PostgreSQL | None = None

    def on(self, server: PostgreSQL) -> None:
        """The archive lives there from the next restart on."""
        self._server = server

    def _go_on(self, kept: Kept) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(kept.home, self.home)
        self.inbox.accepted[:] = kept.accepted
        if self._server:
            self._patch.setenv("MEETINGS_DATABASE_URL", self._server.new_database(kept.home.name))

    def restart(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        self.inbox.accepted.clear()
        if self._server:
            self._patch.setenv("MEETINGS_DATABASE_URL", self._server.new_database())
        with self.archive() as archive, archive.write() as session:
            issues.mark_first_run(session, datetime(2024, 12, 2, tzinfo=UTC))

    def archive(self) -> Archive:
        return Archive.open(self.home, os.environ.get("MEETINGS_DATABASE_URL"))

    def run(self, name: str) -> Ran:
        start = str(next(self._starts))
        self._patch.setattr(owner, "_started", lambda _pid: start)
        return self._meetings(*COMMANDS[name])

    def before(self, name: str) -> None:
        """Begins anew, with all done that comes before that command."""
        where = f"before_{name}_{'elsewhere' if self._server else 'here'}"
        if where not in self._past:
            self.restart()
            for earlier in list(COMMANDS)[: list(COMMANDS).index(name)]:
                self.succeed(earlier)
            if self._server:
                ours = make_url(os.environ["MEETINGS_DATABASE_URL"]).database
                self._server.execute(f"CREATE DATABASE {where} TEMPLATE {ours}")
            kept = Kept(self._folder / where, [*self.inbox.accepted])
            shutil.copytree(self.home, kept.home)
            self._past[where] = kept
        self._go_on(self._past[where])

    def succeed(self, name: str) -> None:
        ran = self.run(name)
        assert ran.code == 0, ran.err

    def heal(self) -> None:
        """The fault is over: every command does its work, and in the end nothing is missing and nothing double."""
        for name in COMMANDS:
            self.succeed(name)
        with self.archive() as archive, archive.read() as session:
            assert (articles.count_articles(session), count_meetings(session)) == (3, 3)
            ledger = deliveries.deliveries(session)
            assert len(issues.closed_issues(session)) == 1
        assert [sent.state for sent in ledger] == [DeliveryState.ACCEPTED] * len(READERS)
        # a message that was sent twice was once recorded as unknown: it took two attempts
        got = Counter(to for to, _ in self.inbox.accepted)
        assert all(1 <= got[sent.recipient] <= sent.attempts for sent in ledger)
        assert len(self._files("articles/*/*.txt")) == 3
        assert self._files("**/.*.part") == []

    def struck(self, name: str, fault: AbstractContextManager[object]) -> Ran:
        """How a command ends that the fault strikes; then all is made good."""
        self.before(name)
        with fault:
            ran = self.run(name)
        self.check_files()
        self.heal()
        return ran

    def _files(self, pattern: str) -> list[Path]:
        return list(self.home.glob(pattern))

    def check_files(self) -> None:
        """Every file under a final name is whole."""
        for path in self._files("articles/*/*.txt"):
            assert read_seed(path.read_bytes(), name=path.name).paragraphs
        for path in self._files(f"issues/{WEEK}/digest.html"):
            assert path.read_text().rstrip().endswith("</html>")


def told(ran: Ran) -> None:
    """It failed, and said so in one sentence that is ours."""
    assert ran.code == 1, (ran.out, ran.err)
    assert ran.err.startswith("meetings: ")
    assert ran.err.count("\n") == 1
    assert ran.err.endswith(".\n")
    assert "unexpected" not in ran.err
    assert "Traceback" not in ran.err


@pytest.fixture(scope="module")
def wire() -> Iterator[str]:
    """A feed that lists one article."""
    web = Web()
    page = web.add("/talks.html", Reply(PAGE.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
    yield web.add("/feed.xml", Reply(feed(page), etag='"1"', headers={"Content-Type": "application/rss+xml"}))
    web.close()


@pytest.fixture(scope="module")
def past(wire: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Kept]]:
    del wire  # whose articles are in all that is kept
    return tmp_path_factory.mktemp("past"), {}


@pytest.fixture
def desk(
    meetings: Meetings, wire: str, past: tuple[Path, dict[str, Kept]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A source that lists one article, the seeds, and a mail server with three readers."""
    (tmp_path / "sources.toml").write_text(source("wire", wire, side="china", zone="Asia/Shanghai"))
    (tmp_path / "recipients.toml").write_text("".join(f'[[recipient]]\naddress = "{to}"\n' for to in READERS))
    inbox = Inbox()
    with mail_server(inbox) as port:
        mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none"}
        settings = {**mail, "MAIL_UNKNOWN_AFTER": "0"}
        for name, value in settings.items():
            monkeypatch.setenv(f"MEETINGS_{name}", value)
        yield Desk(meetings, inbox, past, monkeypatch)


HEARTBEAT = 5
"""The operations that write a heartbeat, last of all: it is not what a command is for, and fails in silence."""


@each_command
def test_disk_that_fails_after_a_while(desk: Desk, name: str) -> None:
    desk.before(name)
    with faults.failing_disk(desk.home) as disk:
        desk.succeed(name)
    steps = disk.done - HEARTBEAT * (name in ("ingest", "send"))
    assert steps > 3
    for good in range(0, steps, -(-steps // 4)):
        told(desk.struck(name, faults.failing_disk(desk.home, good=good)))


@each_command
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        pytest.param(errno.ENOSPC, "the disk is full; free some space", id="full"),
        pytest.param(errno.EDQUOT, "the disk quota is used up", id="quota"),
        pytest.param(errno.EROFS, "the disk is read-only", id="read-only"),
        pytest.param(errno.EMFILE, "too many files are open; raise the limit", id="files"),
    ],
)
def test_disk_that_refuses(desk: Desk, name: str, code: int, sentence: str) -> None:
    desk.before(name)
    with faults.failing_disk(desk.home, code, good=0):
        ran = desk.run(name)
    told(ran)
    assert sentence in ran.err
    desk.check_files()


@each_command
def test_files_that_may_not_grow(desk: Desk, name: str) -> None:
    failed = 0
    for most in (0, 50_000, 100_000):
        ran = desk.struck(name, faults.file_size_limit(most))
        if ran.code:
            told(ran)
            failed += 1
    assert failed


def test_database_that_is_full(desk: Desk) -> None:
    desk.before("import")
    with sqlite3.connect(desk.home / DATABASE_NAME) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    ran = desk.struck("import", faults.on_connect(f"PRAGMA max_page_count = {pages}"))
    told(ran)
    assert "the disk is full; free some space" in ran.err


@each_command
def test_database_that_is_read_only(desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.before(name)
    with monkeypatch.context() as patch:
        patch.setenv("MEETINGS_DATABASE_URL", f"sqlite:///file:{desk.home}/{DATABASE_NAME}?mode=ro&uri=true")
        ran = desk.run(name)
    if name != "site":  # which writes nothing but its lock
        assert "is read-only; make it and its folder writable" in ran.err
    told(ran)
    desk.heal()


@each_command
def test_database_that_another_program_locks(desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.before(name)
    other = sqlite3.connect(desk.home / DATABASE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with monkeypatch.context() as patch:
        patch.setenv("MEETINGS_DATABASE_URL", f"sqlite:///{desk.home}/{DATABASE_NAME}?timeout=0.05")
        ran = desk.run(name)
    other.close()
    told(ran)
    assert "is locked by another program; wait until it has ended" in ran.err
    desk.heal()


@each_command
def test_connection_that_is_cut_in_a_transaction(desk: Desk, name: str, postgresql: PostgreSQL) -> None:
    desk.on(postgresql)
    desk.before(name)
    with faults.cut_connection(postgresql, at=0) as made:
        desk.succeed(name)
    statements = next(made)
    # `send` begins with a look before the run, which meets again what ails the archive
    for at in range(10 if name == "send" else 1, statements, -(-statements // 5)):
        ran = desk.struck(name, faults.cut_connection(postgresql, at=at))
        told(ran)
        assert "the connection broke" in ran.err


def test_server_that_is_stopped_and_started(desk: Desk, postgresql: PostgreSQL) -> None:
    desk.on(postgresql)
    desk.before("send")
    postgresql.server.stop()
    try:
        for name in COMMANDS:
            ran = desk.run(name)
            told(ran)
            assert "the connection broke" in ran.err
    finally:
        postgresql.start()
    desk.heal()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        pytest.param("SET default_transaction_read_only = on", "is read-only", id="read-only"),
        pytest.param("SET ROLE pg_monitor", "refuses us", id="no rights"),
    ],
)
def test_server_that_refuses(desk: Desk, postgresql: PostgreSQL, statement: str, sentence: str) -> None:
    desk.on(postgresql)
    desk.before("import")
    with faults.on_connect(statement):
        ran = desk.run("import")
    told(ran)
    assert sentence in ran.err
    desk.heal()


def test_writer_that_hangs_stops_nobody_for_ever(
    tmp_path: Path, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(seconds: float) -> None:
        monkeypatch.setattr(store, "BUSY_TIMEOUT", seconds)
        with other.write() as session:
            assert issues.first_run_at(session) is None

    def hang() -> None:
        with one.write() as session:
            issues.mark_first_run(session, datetime(2024, 12, 2, tzinfo=UTC))
            with pytest.raises(store.ArchiveError, match="is locked by another program"):
                wait(0.05)
            wait(30)

    url = postgresql.new_database()
    monkeypatch.setattr(store, "WRITER_IDLE", 0.5)
    with Archive.open(tmp_path, url) as one, Archive.open(tmp_path, url) as other:
        with pytest.raises(store.ArchiveError, match="nothing is half-written"):
            hang()
        wait(30)


@each_command
@pytest.mark.parametrize("damage", [b"", b"a letter to a friend " * 300], ids=["emptied", "overwritten"])
def test_database_that_is_damaged(desk: Desk, name: str, damage: bytes) -> None:
    desk.before(name)
    database = desk.home / DATABASE_NAME
    kept = database.read_bytes()
    database.write_bytes(damage or kept[:8192] + bytes(len(kept) - 8192))
    ran = desk.run(name)
    told(ran)
    assert "restore it from a backup" in ran.err
    database.write_bytes(kept)
    desk.heal()


@pytest.mark.parametrize("file", ["meetings.toml", "sources.toml", "recipients.toml"])
def test_settings_that_are_damaged(desk: Desk, tmp_path: Path, file: str) -> None:
    desk.before("send")
    kept = (tmp_path / file).read_bytes() if (tmp_path / file).exists() else b""
    (tmp_path / file).write_bytes(b"\x00\xff\xfe")
    ran = desk.run("send")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert file in ran.err
    (tmp_path / file).write_bytes(kept)
    desk.heal()


@pytest.mark.parametrize("words", [("--help",), ("detect", str(SEEDS))], ids=lambda words: words[0])
def test_output_that_finds_no_room(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", "from flows.cli import main; main()", *words]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr == "meetings: The output cannot be written: the disk is full; free some space, then try again.\n"
