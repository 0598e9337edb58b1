"""Issues, the ledger of deliveries and locks: what two runs at once and a killed one leave."""

from __future__ import annotations

import datetime as dt
import itertools
import multiprocessing
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from archive.deliveries import LEASE, claim, deliveries, plan, settle
from archive.issues import (
    closed_issues,
    first_run_at,
    get_issue,
    get_variants,
    keep_variant,
    mark_first_run,
    said_in_closed,
    save_issue,
)
from archive.locks import Busy, hold
from archive.meetings import record_detection
from archive.records import DeliveryState, IssuePart, IssueState, Said, StoredIssue, StoredVariant
from archive.store import Archive, ArchiveError
from meetings.records import Detection
from tests.archive_samples import HOUR, NOW, TO_LAM, everything, meeting, store

WEEK, ZONE = "2024-W50", "Asia/Ho_Chi_Minh"
SENDER = "here:1"
DRAFT = StoredIssue(WEEK, ZONE, IssueState.DRAFT, None, "Draft", "a" * 64, ())
ANN = "ann@example.org"
SETTLED = [DeliveryState.ACCEPTED, DeliveryState.REFUSED, DeliveryState.UNKNOWN, DeliveryState.PLANNED]


@pytest.fixture
def ids(archive: Archive) -> list[str]:
    """The permanent ids of two meetings."""
    stored = store(archive)
    told = Detection("en", (meeting(), meeting(vietnam=(TO_LAM,))))
    with archive.write() as s:
        return [id_ for id_, _ in record_detection(s, stored, told, rules_version="1", now=NOW)]


def planned(archive: Archive, *recipients: str) -> None:
    with archive.write() as s:
        save_issue(s, DRAFT)
        plan(s, WEEK, ZONE, [(recipient, f"<{recipient}>") for recipient in recipients], now=NOW)


class TestIssues:
    """One issue per week and zone; what it held when it closed stays."""

    def test_open_issue_is_replaced(self, archive: Archive, ids: Sequence[str]) -> None:
        for issue in (DRAFT, replace(DRAFT, subject="Better", meeting_ids=tuple(ids)), replace(DRAFT, subject="Best")):
            with archive.write() as s:
                save_issue(s, issue)
            with archive.read() as s:
                assert get_issue(s, WEEK, ZONE) == issue

    def test_meetings_keep_their_order(self, archive: Archive, ids: Sequence[str]) -> None:
        for order in (ids, ids[::-1]):
            with archive.write() as s:
                save_issue(s, replace(DRAFT, meeting_ids=tuple(order)))
            with archive.read() as s:
                found = get_issue(s, WEEK, ZONE)
            assert found is not None
            assert found.meeting_ids == tuple(order)

    def test_closed_issue_stays(self, archive: Archive, ids: Sequence[str]) -> None:
        final = {"markdown": "# Digest", "html": "<h1>Digest</h1>", "meeting_ids": tuple(ids)}
        closed = replace(DRAFT, state=IssueState.FINAL, closed_at=NOW, **final)  # type: ignore[arg-type]  # mixed values
        for issue in (DRAFT, closed):
            with archive.write() as s:
                save_issue(s, issue)
        before = everything(archive)
        for late in (DRAFT, replace(closed, closed_at=NOW + HOUR, subject="Other", meeting_ids=())):
            with archive.write() as s:
                save_issue(s, late)
        assert everything(archive) == before
        with archive.read() as s:
            assert get_issue(s, WEEK, ZONE) == closed
            assert closed_issues(s, ZONE) == [replace(closed, markdown="", html="")]

    def test_what_an_issue_said_comes_back_exactly(self, archive: Archive, ids: Sequence[str]) -> None:
        said = (
            Said(ids[0], WEEK, IssuePart.NEW, replace(meeting(), id=ids[0]), frozenset({1, 3})),
            Said(
                ids[1], WEEK, IssuePart.EXPECTED, replace(meeting(None, vietnam=(TO_LAM,)), id=ids[1]), frozenset({2})
            ),
        )
        context = {"week": WEEK, "meetings": [{"headline": "王毅会见裴青山"}]}
        issue = replace(DRAFT, meeting_ids=(ids[0],), said=said, context=context, chart=b"\x89PNG\x00\xff")
        with archive.write() as s:
            save_issue(s, replace(issue, said=said[:1], chart=None))
            save_issue(s, issue)
        with archive.read() as s:
            assert get_issue(s, WEEK, ZONE) == issue
            assert said_in_closed(s, ZONE, since=WEEK) == {}, "an open issue has said nothing yet"

    def test_what_closed_issues_said_last_of_a_meeting(self, archive: Archive, ids: Sequence[str]) -> None:
        def close(week: str, zone: str, *told: Said) -> None:
            issue = replace(DRAFT, week=week, zone=zone, state=IssueState.FINAL, closed_at=NOW, said=told)
            with archive.write() as s:
                save_issue(s, issue)

        def said(week: str, part: IssuePart, date: str, *articles: int, of: str = ids[0]) -> Said:
            return Said(of, week, part, replace(meeting(date), id=of), frozenset(articles))

        close("2024-W48", ZONE, said("2024-W48", IssuePart.NEW, "2024-11-26", 9, of=ids[1]))
        close("2024-W50", ZONE, said("2024-W50", IssuePart.AGAIN, "2024-12-03", 1, 2))
        close("2024-W49", ZONE, said("2024-W49", IssuePart.NEW, "2024-12-04", 1, 7))
        close("2024-W51", "Asia/Shanghai", said("2024-W51", IssuePart.GONE, "2024-12-03"))
        last = said("2024-W50", IssuePart.AGAIN, "2024-12-03", 1, 2, 7)
        with archive.read() as s:
            assert said_in_closed(s, ZONE, since="2024-W49") == {ids[0]: last}
            assert said_in_closed(s, ZONE, since="2024-W51") == {}
            everywhere = said_in_closed(s, None, since="2024-W01")
        assert everywhere == {
            ids[0]: said("2024-W51", IssuePart.GONE, "2024-12-03", 1, 2, 7),
            ids[1]: said("2024-W48", IssuePart.NEW, "2024-11-26", 9, of=ids[1]),
        }

    def test_an_older_week_closed_later_said_the_last_word(self, archive: Archive, ids: Sequence[str]) -> None:
        told = {}
        for hours, week, date in ((0, "2024-W50", "2024-12-03"), (1, "2024-W49", "2024-12-04")):
            told[week] = Said(ids[0], week, IssuePart.AGAIN, replace(meeting(date), id=ids[0]), frozenset({1}))
            issue = replace(DRAFT, week=week, state=IssueState.FINAL, closed_at=NOW + hours * HOUR, said=(told[week],))
            with archive.write() as s:
                save_issue(s, issue)
        with archive.read() as s:
            assert said_in_closed(s, ZONE, since="2024-W01") == {ids[0]: told["2024-W49"]}

    def test_closed_issues_of_one_zone_by_week(self, archive: Archive) -> None:
        closed = replace(DRAFT, state=IssueState.FINAL, closed_at=NOW)
        with archive.write() as s:
            for week, zone in (("2024-W51", ZONE), ("2024-W50", ZONE), ("2024-W50", "Asia/Shanghai")):
                save_issue(s, replace(closed, week=week, zone=zone))
            save_issue(s, replace(DRAFT, week="2024-W49"))
            save_issue(s, replace(DRAFT, week="2023-W28", state=IssueState.BACK))
        with archive.read() as s:
            assert [issue.week for issue in closed_issues(s, ZONE)] == ["2024-W50", "2024-W51"]
            assert len(closed_issues(s)) == 3
            assert get_issue(s, "2024-W01", ZONE) is None

    def test_of_one_choice_what_was_kept_first_stays(self, archive: Archive) -> None:
        first = StoredVariant("short", "Subject", "# Short", "<h1>Short</h1>", charted=False)
        other = replace(first, choice="leaders", charted=True)
        with archive.write() as s:
            save_issue(s, DRAFT)
            assert keep_variant(s, WEEK, ZONE, first) == first
            assert keep_variant(s, WEEK, ZONE, other) == other
        with archive.write() as s:
            assert keep_variant(s, WEEK, ZONE, replace(first, subject="Later", charted=True)) == first
            assert get_variants(s, WEEK, ZONE) == (other, first)
            assert get_variants(s, WEEK, "Asia/Shanghai") == ()

    def test_first_run_is_set_once(self, archive: Archive) -> None:
        with archive.write() as s:
            assert first_run_at(s) is None
            mark_first_run(s, NOW.astimezone(dt.timezone(7 * HOUR)))
            mark_first_run(s, NOW + HOUR)
        with archive.read() as s:
            assert first_run_at(s) == NOW

    def test_first_run_needs_a_zone(self, archive: Archive) -> None:
        with pytest.raises(ValueError, match="has no time zone"), archive.write() as s:
            mark_first_run(s, NOW.replace(tzinfo=None))


class TestDeliveries:
    """Planned → sending → accepted, refused or unknown."""

    def test_plan_needs_an_issue(self, archive: Archive) -> None:
        sentence = "no issue of 2024-W50 in the archive; write it first"
        with pytest.raises(ArchiveError, match=sentence), archive.write() as s:
            plan(s, WEEK, ZONE, [(ANN, "<1>")], now=NOW)

    def test_planning_again_changes_nothing(self, archive: Archive) -> None:
        planned(archive, ANN)
        with archive.write() as s:
            claim(s, WEEK, ZONE, ANN, sender=SENDER, now=NOW)
        before = everything(archive)
        with archive.write() as s:
            plan(s, WEEK, ZONE, [(ANN, "<other>")], now=NOW + HOUR)
        assert everything(archive) == before

    def test_claim_is_committed_with_the_block(self, archive: Archive) -> None:
        planned(archive, ANN)
        with archive.write() as s:
            claimed = claim(s, WEEK, ZONE, ANN, sender=SENDER, now=NOW + HOUR)
        assert claimed is not None
        assert (claimed.state, claimed.attempts, claimed.message_id) == (DeliveryState.SENDING, 1, f"<{ANN}>")
        with archive.read() as s:
            assert deliveries(s) == [claimed]

    def test_claim_of_what_was_never_planned(self, archive: Archive) -> None:
        planned(archive, ANN)
        with archive.write() as s:
            assert claim(s, WEEK, ZONE, "bob@example.org", sender=SENDER, now=NOW) is None
            assert claim(s, WEEK, "Asia/Shanghai", ANN, sender=SENDER, now=NOW) is None

    @pytest.mark.parametrize(
        ("state", "again"),
        [
            (DeliveryState.ACCEPTED, False),
            (DeliveryState.REFUSED, False),
            (DeliveryState.UNKNOWN, True),
            (DeliveryState.PLANNED, True),
        ],
    )
    def test_claim_after_settling(self, archive: Archive, state: DeliveryState, again: bool) -> None:
        planned(archive, ANN)
        with archive.write() as s:
            claim(s, WEEK, ZONE, ANN, sender=SENDER, now=NOW)
            settle(s, WEEK, ZONE, ANN, state, "250 queued", now=NOW)
        with archive.write() as s:
            settled = deliveries(s, WEEK)[0]
            assert (settled.state, settled.message, settled.attempts) == (state, "250 queued", 1)
            assert (claim(s, WEEK, ZONE, ANN, sender=SENDER, now=NOW + HOUR) is not None) is again

    def test_sending_is_unknown_once_its_lease_has_run_out(self, archive: Archive) -> None:
        planned(archive, ANN)
        with archive.write() as s:
            claim(s, WEEK, ZONE, ANN, sender=SENDER, now=NOW)
        almost, over = NOW + LEASE - dt.timedelta(seconds=1), NOW + LEASE
        with archive.write() as s:
            assert deliveries(s, now=almost)[0].state is DeliveryState.SENDING
            assert deliveries(s, now=over)[0].state is DeliveryState.UNKNOWN
            assert claim(s, WEEK, ZONE, ANN, sender=SENDER, now=almost) is None
            again = claim(s, WEEK, ZONE, ANN, sender=SENDER, now=over)
        assert again is not None
        assert (again.attempts, again.message_id) == (2, f"<{ANN}>")

    @pytest.mark.parametrize("late", SETTLED)
    def test_accepted_stays_accepted(self, archive: Archive, late: DeliveryState) -> None:
        planned(archive, ANN)
        with archive.write() as s:
            claim(s, WEEK, ZONE, ANN, sender=SENDER, now=NOW)
            claim(s, WEEK, ZONE, ANN, sender=SENDER, now=NOW + LEASE)
            settle(s, WEEK, ZONE, ANN, DeliveryState.REFUSED, "550", now=NOW + LEASE)
            settle(s, WEEK, ZONE, ANN, DeliveryState.ACCEPTED, "250, late", now=NOW + LEASE)
            settle(s, WEEK, ZONE, ANN, late, "later still", now=NOW + LEASE)
            assert deliveries(s)[0].state is DeliveryState.ACCEPTED

    def test_settling_as_sending_is_a_mistake(self, archive: Archive) -> None:
        planned(archive, ANN)
        with pytest.raises(ValueError, match="settled as accepted"), archive.write() as s:
            settle(s, WEEK, ZONE, ANN, DeliveryState.SENDING, "", now=NOW)

    def test_deliveries_of_one_week(self, archive: Archive) -> None:
        planned(archive, "b@example.org", ANN)
        with archive.write() as s:
            save_issue(s, replace(DRAFT, week="2024-W51"))
            plan(s, "2024-W51", ZONE, [(ANN, "<51>")], now=NOW)
            assert [d.recipient for d in deliveries(s, WEEK)] == [ANN, "b@example.org"]
            assert len(deliveries(s)) == 3


def _claim_all(
    home: str, url: str | None, recipients: Sequence[str], together: Barrier, results: multiprocessing.Queue[str]
) -> None:
    with Archive.open(Path(home), url) as archive:
        together.wait(60)
        for recipient in recipients:
            with archive.write() as s:
                if claim(s, WEEK, ZONE, recipient, sender=SENDER, now=NOW) is not None:
                    results.put(recipient)


def test_of_two_processes_exactly_one_gets_a_delivery(archive: Archive, database: str | None) -> None:
    recipients = [f"r{n}@example.org" for n in range(25)]
    planned(archive, *recipients)
    spawn = multiprocessing.get_context("spawn")
    together, results = spawn.Barrier(2), spawn.Queue()
    senders = [
        spawn.Process(target=_claim_all, args=(str(archive.home), database, recipients, together, results))
        for _ in range(2)
    ]
    for sender in senders:
        sender.start()
    claimed = sorted(results.get(timeout=60) for _ in recipients)
    for sender in senders:
        sender.join()
    assert [sender.exitcode for sender in senders] == [0, 0]
    assert results.empty()
    assert claimed == sorted(recipients)
    with archive.read() as s:
        assert {d.attempts for d in deliveries(s)} == {1}


class Ledger(RuleBasedStateMachine):
    """The ledger beside the simplest model of it: a state, a lease and a count per recipient."""

    archive: Archive
    weeks = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.week = f"{next(self.weeks):08}"
        self.now = NOW
        self.model: dict[str, tuple[DeliveryState, dt.datetime, int]] = {}
        with self.archive.write() as s:
            save_issue(s, replace(DRAFT, week=self.week))

    @rule(recipient=st.sampled_from("ab"))
    def plan(self, recipient: str) -> None:
        with self.archive.write() as s:
            plan(s, self.week, ZONE, [(recipient, f"<{self.week}.{recipient}>")], now=self.now)
        self.model.setdefault(recipient, (DeliveryState.PLANNED, self.now, 0))

    @rule(minutes=st.integers(1, 20))
    def wait(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)

    @rule(recipient=st.sampled_from("ab"))
    def claim(self, recipient: str) -> None:
        with self.archive.write() as s:
            claimed = claim(s, self.week, ZONE, recipient, sender=SENDER, now=self.now)
        state, lease, attempts = self.model.get(recipient, (DeliveryState.REFUSED, self.now, 0))
        free = state in (DeliveryState.PLANNED, DeliveryState.UNKNOWN)
        free = free or (state is DeliveryState.SENDING and lease <= self.now)
        assert (claimed is not None) is free
        if free:
            self.model[recipient] = (DeliveryState.SENDING, self.now + LEASE, attempts + 1)

    @rule(recipient=st.sampled_from("ab"), state=st.sampled_from(SETTLED))
    def settle(self, recipient: str, state: DeliveryState) -> None:
        with self.archive.write() as s:
            settle(s, self.week, ZONE, recipient, state, "said", now=self.now)
        before, _, attempts = self.model.get(recipient, (DeliveryState.ACCEPTED, self.now, 0))
        heard = before is not DeliveryState.ACCEPTED and state is DeliveryState.ACCEPTED
        if heard or before is DeliveryState.SENDING:
            self.model[recipient] = (state, self.now, attempts)

    @invariant()
    def agrees(self) -> None:
        with self.archive.read() as s:
            found = {d.recipient: (d.state, d.attempts) for d in deliveries(s, self.week)}
        assert found == {recipient: (state, attempts) for recipient, (state, _, attempts) in self.model.items()}


def test_ledger_agrees_with_its_model() -> None:
    with tempfile.TemporaryDirectory() as home, Archive.open(Path(home)) as archive:
        Ledger.archive = archive
        machine = Ledger.TestCase
        machine.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
        machine().runTest()


class TestLocks:
    """One holder at a time, told who it is; a killed one is waited out."""

    LEASE = dt.timedelta(minutes=30)

    def test_second_holder_is_told_who_and_until_when(self, archive: Archive) -> None:
        sentence = r"ingest on alpha, process 7 has held “ingest” since 2024-12-12 03:30 UTC and may until .* 04:00 UTC"
        first = hold(archive, "ingest", owner="ingest on alpha, process 7", now_fn=lambda: NOW, lease=self.LEASE)
        second = hold(archive, "ingest", owner="other", now_fn=lambda: NOW, lease=self.LEASE)
        with first, pytest.raises(Busy, match=sentence):
            second.__enter__()

    def test_another_name_is_free(self, archive: Archive) -> None:
        with (
            hold(archive, "ingest", owner="a", now_fn=lambda: NOW, lease=self.LEASE),
            hold(archive, "send", owner="a", now_fn=lambda: NOW, lease=self.LEASE),
        ):
            assert len(everything(archive)["locks"]) == 2

    def test_released_even_after_a_failure(self, archive: Archive) -> None:
        holder = hold(archive, "ingest", owner="a", now_fn=lambda: NOW, lease=self.LEASE)
        with pytest.raises(ZeroDivisionError), holder:
            raise ZeroDivisionError
        assert everything(archive)["locks"] == []

    def test_expired_lock_is_taken_over_and_left_alone_by_its_old_holder(self, archive: Archive) -> None:
        later = NOW + self.LEASE
        with hold(archive, "ingest", owner="same name", now_fn=lambda: NOW, lease=self.LEASE):
            new = hold(archive, "ingest", owner="same name", now_fn=lambda: later, lease=self.LEASE)
            new.__enter__()
        third = hold(archive, "ingest", owner="third", now_fn=lambda: later, lease=self.LEASE)
        with pytest.raises(Busy, match="same name has held"):
            third.__enter__()
        new.__exit__(None, None, None)
        assert everything(archive)["locks"] == []


def _try_to_hold(home: str, url: str | None, together: Barrier, results: multiprocessing.Queue[str]) -> None:
    with Archive.open(Path(home), url) as archive:
        together.wait(60)
        try:
            with hold(archive, "ingest", owner="x", now_fn=lambda: NOW, lease=HOUR):
                results.put("held")
                together.wait(60)
        except Busy as busy:
            results.put(str(busy))
            together.wait(60)


def test_of_two_processes_exactly_one_holds_a_lock(archive: Archive, database: str | None) -> None:
    spawn = multiprocessing.get_context("spawn")
    together, results = spawn.Barrier(2), spawn.Queue()
    processes = [
        spawn.Process(target=_try_to_hold, args=(str(archive.home), database, together, results)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    told = sorted(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    assert told[0] == "held"
    assert told[1].startswith("x has held “ingest” since 2024-12-12 03:30 UTC")
    assert everything(archive)["locks"] == []
