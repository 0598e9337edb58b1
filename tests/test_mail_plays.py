"""A mail server with bad moments at every step, beside the ledger: who gets what, when again, and what comes twice."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from archive import deliveries, issues
from archive.deliveries import Act
from archive.records import Delivery, DeliveryState
from archive.store import Archive
from flows import delivering, issuing
from flows.delivering import Pace, SendReport
from flows.settings import Settings
from flows.steps import alone
from reports.recipients import Recipient
from reports.week import parse_week
from tests.mailserver import Inbox, mail_server, make_authority

WEEK = "2024-W50"
ANN, BOB = "ann@example.org", "bob@example.org"
BOTH = (ANN, BOB)
MONDAY = datetime(2024, 12, 16, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STALL, DROP, CLOSING, SLOW = "stall", "drop", "421 4.3.2 closing down", "slow"
GREYLISTED = "450 4.2.0 greylisted"
PLANNED, _, ACCEPTED, REFUSED, UNKNOWN = DeliveryState


class _OverError(Exception):
    """The server closes the connection."""


class Conversation(socketserver.StreamRequestHandler):
    """One connection: everything is accepted but for what the play says."""

    server: Theatre

    def handle(self) -> None:
        self.server.connections += 1
        self.play = self.server.plays.pop(0) if self.server.plays else ("", "")
        try:
            self.answer("greeting", "220 mail.test")
            self.talk()
        except (_OverError, OSError):
            return

    def talk(self) -> None:
        replies = {"EHLO": "250 mail.test", "MAIL": "250 OK", "RCPT": "250 OK", "DATA": "354 go on", "QUIT": "221 bye"}
        while line := self.rfile.readline().decode():
            step = line[:4].upper()
            if step == "RCPT":
                self.recipient = line.partition("<")[2].partition(">")[0]
            self.answer(step, replies.get(step, "250 OK"))
            if step == "DATA":
                self.take()

    def take(self) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        id_ = next(line for line in lines if line.startswith(b"Message-ID: ")).decode().split()[1]
        for _ in lines:
            pass
        if self.play[0] != "dot" or not self.play[1][:1].isdigit():
            self.server.taken.append((self.recipient, id_))
        self.answer("dot", "250 taken")

    def answer(self, step: str, reply: str) -> None:
        deed = self.play[1] if step == self.play[0] else ""
        if deed == STALL:
            self.server.over.wait(20)
        if deed in (STALL, DROP):
            raise _OverError
        said = f"{deed if deed[:1].isdigit() else reply}\r\n".encode()
        for piece in [said] if deed != SLOW else [said[at : at + 1] for at in range(len(said))]:
            self.wfile.write(piece)
            self.server.over.wait(0.02 if deed == SLOW else 0)
        if deed == CLOSING:
            raise _OverError


class Theatre(socketserver.ThreadingTCPServer):
    """`plays`: the step that goes wrong in each connection, and how. `taken`: recipient and Message-ID, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.plays: list[tuple[str, str]] = []
        self.taken: list[tuple[str, str]] = []
        self.connections = 0
        self.over = threading.Event()


@contextmanager
def theatre() -> Iterator[Theatre]:
    with Theatre() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


@dataclass
class Post:
    """A closed issue, who is to get it, and a clock that nobody waits for."""

    archive: Archive
    settings: Settings
    now: datetime = MONDAY
    waited: list[float] = field(default_factory=list)

    def send(self, *to: str, **changes: object) -> SendReport:
        """One sending to these, under the settings with these changes."""
        settings = self.settings.model_copy(update=changes)
        readers = [Recipient(address) for address in to or BOTH]
        issue = issuing.compose(settings, self.archive, (), parse_week(WEEK))
        with alone(self.archive, "send") as lease:
            with self.archive.write() as session:
                delivering.plan_all(settings, session, issue, readers, now=self.now)
            smtp = issuing.smtp_settings(settings)
            return delivering.send_due(settings, self.archive, issue, readers, smtp, lease=lease, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.waited.append(seconds)

    def ledger(self) -> dict[str, Delivery]:
        with self.archive.read() as session:
            return {each.recipient: each for each in deliveries.deliveries(session)}

    def states(self) -> list[DeliveryState]:
        known = self.ledger()
        return [known[address].state for address in BOTH]


@pytest.fixture
def post(archive: Archive, database: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
    """On both databases."""
    (tmp_path / "recipients.toml").write_text("".join(f'[[recipient]]\naddress = "{to}"\n' for to in BOTH))
    settings = Settings(
        home=archive.home,
        database_url=SecretStr(database) if database else None,
        recipients_file=tmp_path / "recipients.toml",
        smtp_host="127.0.0.1",
        smtp_security="none",
        smtp_timeout=20,
    )
    with archive.write() as session:
        issues.mark_first_run(session, MONDAY - 14 * DAY)
    issuing.close(settings, archive, issuing.compose(settings, archive, (), parse_week(WEEK)), now=MONDAY)
    post = Post(archive, settings)
    monkeypatch.setattr(delivering, "now_utc", lambda: post.now)
    return post


@pytest.fixture
def stage(post: Post) -> Iterator[Theatre]:
    with theatre() as server:
        post.settings = post.settings.model_copy(update={"smtp_port": server.server_address[1]})
        yield server


STEPS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot", "QUIT")
OF_ALL = ("greeting", "EHLO", "MAIL")
"""Steps at which a failure is nobody's own."""


@pytest.mark.parametrize("deed", [STALL, DROP, CLOSING], ids=["stall", "drop", "421"])
@pytest.mark.parametrize("step", STEPS)
def test_whatever_goes_wrong_at_a_step_everybody_gets_it_and_only_a_doubt_comes_twice(
    post: Post, stage: Theatre, step: str, deed: str
) -> None:
    stage.plays = [(step, deed)]
    in_doubt = step == "dot" and deed != CLOSING
    first = ACCEPTED if step == "QUIT" else UNKNOWN if in_doubt else PLANNED
    others = PLANNED if step in OF_ALL or (deed == CLOSING and step != "QUIT") else ACCEPTED
    report = post.send(smtp_timeout=1.5 if deed == STALL else 20)
    assert post.states() == [first, others]
    assert stage.connections == (1 if others is PLANNED else 2), "who turns all away is not asked again"
    assert report.again == {PLANNED: post.now + MINUTE, UNKNOWN: post.now + 15 * MINUTE}.get(first)
    assert post.send().accepted == 0, "nobody is tried before the time"
    post.now += 15 * MINUTE
    post.send()
    assert post.states() == [ACCEPTED, ACCEPTED]
    assert Counter(address for address, _ in stage.taken) == {ANN: 1 + in_doubt, BOB: 1}
    assert len({id_ for _, id_ in stage.taken}) == 2


def test_an_address_written_in_another_case_is_the_same_reader(post: Post, stage: Theatre) -> None:
    del stage
    assert post.send(ANN).accepted == 1
    again = post.send(ANN.capitalize())
    assert (again.accepted, again.skipped, len(post.ledger())) == (0, 1, 1)


def test_put_off_twice_then_taken(post: Post, stage: Theatre) -> None:
    stage.plays = [("RCPT", GREYLISTED), ("", ""), ("RCPT", GREYLISTED)]
    assert post.send().problems == (
        f"127.0.0.1:{post.settings.smtp_port} refused the recipient of the message to {ANN}: {GREYLISTED}",
    )
    post.now += MINUTE
    assert post.send().again == post.now + 5 * MINUTE
    post.now += 5 * MINUTE
    assert post.send().accepted == 1
    assert [address for address, _ in stage.taken] == [BOB, ANN]


def test_put_off_for_ever_is_given_up_after_two_days_with_the_servers_words(post: Post, stage: Theatre) -> None:
    stage.plays = [("RCPT", GREYLISTED)] * 100
    while (report := post.send(ANN)).again:
        post.now = report.again
    assert 2 * DAY <= post.now - MONDAY < 2 * DAY + 3 * HOUR
    assert (report.refused, stage.taken) == (1, [])
    (problem,) = report.problems
    assert problem.startswith("Given up after 2 days. ")
    assert problem.endswith(GREYLISTED)


@pytest.mark.parametrize("step", ["RCPT", "dot"])
def test_a_refusal_stops_one_message_for_good_and_no_other(post: Post, stage: Theatre, step: str) -> None:
    stage.plays = [(step, "550 5.1.1 no such user")]
    assert (post.send().refused, post.states()) == (1, [REFUSED, ACCEPTED])
    post.now += 30 * DAY
    again = post.send()
    assert (again.refused, again.skipped, stage.connections) == (1, 1, 2)
    assert "is not tried again" in again.problems[0]
    assert "550 5.1.1 no such user" in again.problems[0]


@pytest.mark.parametrize("step", ["greeting", "RCPT", "dot"])
def test_a_slow_server_is_waited_for(post: Post, stage: Theatre, step: str) -> None:
    stage.plays = [(step, SLOW)]
    assert post.send().accepted == 2
    assert len(stage.taken) == 2


def test_a_certificate_that_nobody_vouches_for_gets_nothing(post: Post, tmp_path: Path) -> None:
    authority, inbox = make_authority(tmp_path), Inbox()
    with mail_server(inbox, tls_context=authority.server) as port:
        how: dict[str, object] = {"smtp_port": port, "smtp_security": "starttls"}
        report = post.send(**how)
        assert (report.waiting, inbox.accepted) == (2, [])
        assert [BOB in problem and ANN not in problem for problem in report.problems] == [False, True]
        post.now += MINUTE
        assert post.send(**how, smtp_ca_file=authority.ca_file).accepted == 2


def test_what_is_in_doubt_is_held_where_the_setting_says_so(post: Post, stage: Theatre) -> None:
    stage.plays = [("dot", DROP)]
    report = post.send(mail_unknown="hold")
    assert (report.unknown, report.held, report.again) == (1, 1, None)
    assert "held until you say what became of it" in report.problems[0]
    post.now += DAY
    assert (post.send(mail_unknown="hold").accepted, stage.connections) == (0, 2)
    (changed,) = delivering.act(post.settings, Act.LOST, None, ())
    assert (changed.recipient, post.send().accepted) == (ANN, 1)


def test_a_list_cut_off_in_the_middle_is_finished_by_the_next_ingest(
    post: Post, stage: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "send", cut)
        with pytest.raises(KeyboardInterrupt):
            post.send()
    assert post.states() == [DeliveryState.SENDING, PLANNED]
    assert delivering.send_what_waits(post.settings).startswith("mail that waited: 1 accepted, 0 refused, 0 unknown, 1")
    post.now += 16 * MINUTE
    assert delivering.send_what_waits(post.settings).startswith("mail that waited: 1 accepted")
    assert delivering.send_what_waits(post.settings) == ""
    assert Counter(stage.taken).total() == 2


def test_an_old_issue_is_sent_by_nobody_but_a_person(post: Post, stage: Theatre) -> None:
    stage.plays = [("greeting", DROP)]
    post.send()
    post.now += 8 * DAY
    assert delivering.send_what_waits(post.settings) == ""
    assert post.send().accepted == 2


def test_no_more_than_so_many_in_a_minute(post: Post, stage: Theatre) -> None:
    names = [f"r{number}@example.org" for number in range(5)]
    assert post.send(*names, mail_per_minute=2).accepted == 5
    assert post.waited == [0, 0, 60, 0, 60]
    assert len(stage.taken) == 5


@pytest.mark.parametrize("per_minute", [1, 3])
def test_a_pace_counts_only_the_last_minute(per_minute: int) -> None:
    pace, now, begun = Pace(per_minute), MONDAY, []
    for gap in (0, 10, 20, 50, 1, 0, 120, 0, 0, 0, 0):
        now += timedelta(seconds=gap)
        now += pace.pause(now)
        begun.append(now)
    for first, later in zip(begun, begun[per_minute:], strict=False):
        assert later - first >= MINUTE
    assert Pace(0).pause(now) == Pace(per_minute).pause(now) == timedelta(0)
