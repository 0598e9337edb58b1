"""The ledger of deliveries: who may send what and when, and what a killed sender leaves."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from archive.deliveries import (
    BACK_OFF,
    LEASE,
    USUAL,
    Act,
    Patience,
    claim,
    deliveries,
    give_up_abandoned,
    give_up_unlisted,
    open_to,
    plan,
    set_right,
    settle,
)
from archive.records import DeliveryState
from archive.store import Archive, ArchiveError
from tests.archive_samples import HOUR, NOW, everything
from tests.ledgerkit import (
    ACCEPTED,
    ANN,
    BOB,
    DAY,
    MINUTE,
    OTHER,
    PLANNED,
    REFUSED,
    SENDER,
    SENDING,
    SETTLED,
    UNKNOWN,
    WEEK,
    ZONE,
    found,
    gets,
    planned,
    tried,
)


class TestSending:
    """Planned → sending → accepted, refused or unknown."""

    def test_plan_needs_an_issue(self, archive: Archive) -> None:
        sentence = "no issue of 2024-W50 in the archive; write it first"
        with pytest.raises(ArchiveError, match=sentence), archive.write() as s:
            plan(s, WEEK, ZONE, [(ANN, "<1>")], now=NOW)

    def test_planning_again_changes_nothing(self, archive: Archive) -> None:
        planned(archive, ANN)
        tried(archive, (SENDING, NOW))
        before = everything(archive)
        with archive.write() as s:
            plan(s, WEEK, ZONE, [(ANN, "<other>")], now=NOW + HOUR)
        assert everything(archive) == before

    def test_addresses_that_differ_in_case_alone_are_one(self, archive: Archive) -> None:
        planned(archive, "Ann@example.org")
        with archive.write() as s:
            plan(s, WEEK, ZONE, [(ANN, "<another>")], now=NOW)
            give_up_unlisted(s, WEEK, ZONE, [ANN], now=NOW + 9 * DAY)
            assert [each.recipient for each in open_to(s, Act.HOLD, WEEK, [ANN])] == ["Ann@example.org"]
            claimed = claim(s, WEEK, ZONE, ANN, sender=SENDER, now=NOW)
            assert claimed is not None
            assert (claimed.recipient, claimed.message_id) == ("Ann@example.org", f"<{WEEK}.Ann@example.org>")
            assert len(deliveries(s)) == 1

    def test_claim_is_committed_with_the_block(self, archive: Archive) -> None:
        planned(archive, ANN)
        with archive.write() as s:
            claimed = claim(s, WEEK, ZONE, ANN, sender=SENDER, now=NOW + HOUR)
        assert claimed is not None
        assert (claimed.state, claimed.attempts, claimed.message_id) == (SENDING, 1, f"<{WEEK}.{ANN}>")
        assert found(archive) == claimed
        assert not gets(archive, NOW + DAY, sender=OTHER)

    def test_claim_of_what_was_never_planned(self, archive: Archive) -> None:
        planned(archive, ANN)
        with archive.write() as s:
            assert claim(s, WEEK, ZONE, BOB, sender=SENDER, now=NOW) is None
            assert claim(s, WEEK, "Asia/Shanghai", ANN, sender=SENDER, now=NOW) is None
            settle(s, WEEK, ZONE, BOB, ACCEPTED, "250", sender=SENDER, now=NOW)
            assert [each.recipient for each in deliveries(s)] == [ANN]

    @pytest.mark.parametrize(
        ("state", "waits"),
        [(ACCEPTED, None), (REFUSED, None), (UNKNOWN, USUAL.unknown_after), (PLANNED, BACK_OFF[0])],
    )
    def test_what_may_be_sent_again_may_be_from_its_time_on(
        self, archive: Archive, state: DeliveryState, waits: dt.timedelta | None
    ) -> None:
        planned(archive, ANN)
        settled = tried(archive, (state, NOW))
        assert (settled.state, settled.message, settled.attempts) == (state, "said", 1)
        if waits is None:
            assert not gets(archive, NOW + 365 * DAY)
        else:
            assert settled.next_attempt == NOW + waits
            assert not gets(archive, NOW + waits - MINUTE / 60)
            assert gets(archive, NOW + waits)

    @pytest.mark.parametrize("late", SETTLED)
    def test_accepted_stays_accepted(self, archive: Archive, late: DeliveryState) -> None:
        planned(archive, ANN)
        tried(archive, (REFUSED, NOW))
        with archive.write() as s:
            settle(s, WEEK, ZONE, ANN, ACCEPTED, "250, late", sender=OTHER, now=NOW + LEASE)
            settle(s, WEEK, ZONE, ANN, late, "later still", sender=SENDER, now=NOW + LEASE)
        assert (found(archive).state, found(archive).message) == (ACCEPTED, "250, late")

    def test_who_lost_a_delivery_to_another_sender_records_nothing_but_that_it_was_accepted(
        self, archive: Archive
    ) -> None:
        planned(archive, ANN)
        tried(archive, (SENDING, NOW))
        with archive.write() as s:
            give_up_abandoned(s, is_gone=lambda _: True, now=NOW)
            assert claim(s, WEEK, ZONE, ANN, sender=OTHER, now=NOW + HOUR) is not None
            for state in (REFUSED, PLANNED, UNKNOWN):
                settle(s, WEEK, ZONE, ANN, state, "late", sender=SENDER, now=NOW + HOUR)
        assert found(archive).state is SENDING
        with archive.write() as s:
            settle(s, WEEK, ZONE, ANN, ACCEPTED, "late", sender=SENDER, now=NOW + HOUR)
            settle(s, WEEK, ZONE, ANN, UNKNOWN, "hm", sender=OTHER, now=NOW + HOUR)
        assert found(archive).state is ACCEPTED

    def test_settling_as_sending_is_a_mistake(self, archive: Archive) -> None:
        planned(archive, ANN)
        with pytest.raises(ValueError, match="settled as accepted"), archive.write() as s:
            settle(s, WEEK, ZONE, ANN, SENDING, "", sender=SENDER, now=NOW)

    def test_deliveries_of_one_week(self, archive: Archive) -> None:
        planned(archive, BOB, ANN)
        planned(archive, ANN, week="2024-W51")
        with archive.read() as s:
            assert [d.recipient for d in deliveries(s, WEEK)] == [ANN, BOB]
            assert len(deliveries(s)) == 3
            assert deliveries(s, WEEK, zone="Asia/Shanghai") == []


class TestAbandoned:
    """A sender that was killed, or whose machine slept, leaves what nobody knows."""

    @pytest.mark.parametrize(
        ("gone", "after", "given_up"),
        [(False, LEASE - MINUTE, False), (False, LEASE, True), (True, MINUTE, True)],
        ids=["still at work", "its lease has run out", "known to have ended"],
    )
    def test_it_counts_as_unknown(self, archive: Archive, gone: bool, after: dt.timedelta, given_up: bool) -> None:
        planned(archive, ANN)
        tried(archive, (SENDING, NOW))
        with archive.read() as s:
            shown = deliveries(s, now=NOW + after)[0].state
        assert (shown is UNKNOWN) is (given_up and not gone), "the look at it knows no processes"
        with archive.write() as s:
            give_up_abandoned(s, is_gone=lambda sender: gone and sender == SENDER, now=NOW + after)
        left = found(archive)
        assert (left.state is UNKNOWN) is given_up
        if given_up:
            assert left.next_attempt == NOW + USUAL.unknown_after
            assert "may or may not have arrived" in left.message
            again = tried(archive, (SENDING, NOW + USUAL.unknown_after))
            assert (again.attempts, again.message_id) == (2, f"<{WEEK}.{ANN}>")

    @pytest.mark.parametrize("end", [SENDING, PLANNED, UNKNOWN], ids=str)
    def test_a_clock_that_ran_ahead_puts_nothing_off(self, archive: Archive, end: DeliveryState) -> None:
        planned(archive, ANN)
        tried(archive, (end, NOW + 2 * DAY))
        with archive.write() as s:
            give_up_abandoned(s, is_gone=lambda _: False, now=NOW)
            set_right(s, now=NOW)
        assert gets(archive, NOW)

    @pytest.mark.parametrize("ahead", [MINUTE, 10 * MINUTE], ids=["a minute", "ten minutes"])
    def test_a_sender_whose_clock_is_a_little_ahead_is_left_at_work(
        self, archive: Archive, ahead: dt.timedelta
    ) -> None:
        planned(archive, ANN)
        tried(archive, (SENDING, NOW + ahead))
        with archive.write() as s:
            give_up_abandoned(s, is_gone=lambda _: False, now=NOW)
        assert found(archive).state is SENDING

    def test_it_is_held_where_the_setting_says_so(self, archive: Archive) -> None:
        planned(archive, ANN)
        tried(archive, (SENDING, NOW))
        with archive.write() as s:
            give_up_abandoned(s, is_gone=lambda _: True, now=NOW, patience=Patience(hold_unknown=True))
        assert (found(archive).held, found(archive).next_attempt) == (True, None)
        assert not gets(archive, NOW + DAY)


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
