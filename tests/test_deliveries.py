"""The ledger of deliveries: who may send what and when, what a killed sender leaves, and what a person does to it."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from archive.deliveries import (
    BACK_OFF,
    LEASE,
    RARELY,
    USUAL,
    Act,
    Patience,
    carry_out,
    claim,
    deliveries,
    due_issues,
    give_up_abandoned,
    give_up_unlisted,
    open_to,
    outcome,
    plan,
    set_right,
    settle,
)
from archive.issues import save_issue
from archive.records import Delivery, DeliveryState, IssueState, StoredIssue
from archive.store import Archive, ArchiveError
from tests.archive_samples import HOUR, NOW, everything

WEEK, ZONE = "2024-W50", "Asia/Ho_Chi_Minh"
SENDER, OTHER = "here:1", "there:2"
DRAFT = StoredIssue(WEEK, ZONE, IssueState.DRAFT, None, "Draft", "a" * 64, ())
ANN, BOB = "ann@example.org", "bob@example.org"
PLANNED, SENDING, ACCEPTED, REFUSED, UNKNOWN = DeliveryState
SETTLED = [ACCEPTED, REFUSED, UNKNOWN, PLANNED]
MINUTE, DAY = HOUR / 60, 24 * HOUR


def planned(archive: Archive, *recipients: str, week: str = WEEK) -> None:
    with archive.write() as s:
        save_issue(s, replace(DRAFT, week=week))
        plan(s, week, ZONE, [(recipient, f"<{week}.{recipient}>") for recipient in recipients], now=NOW)


def tried(
    archive: Archive, *ends: tuple[DeliveryState, dt.datetime], to: str = ANN, patience: Patience = USUAL
) -> Delivery:
    """The delivery after these attempts; an end of `sending` leaves it there."""
    for state, now in ends:
        with archive.write() as s:
            assert claim(s, WEEK, ZONE, to, sender=SENDER, now=now) is not None
            if state is not SENDING:
                settle(s, WEEK, ZONE, to, state, "said", sender=SENDER, now=now, patience=patience)
    return found(archive, to)


def found(archive: Archive, to: str = ANN) -> Delivery:
    with archive.read() as s:
        return next(each for each in deliveries(s, WEEK, zone=ZONE) if each.recipient == to)


def gets(archive: Archive, now: dt.datetime, *, sender: str = SENDER) -> bool:
    """Whether a sender is given Ann's message then; nothing of it stays."""
    with archive.read() as s:
        return claim(s, WEEK, ZONE, ANN, sender=sender, now=now) is not None


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


class TestPatience:
    """Back-off, deadline, and what comes after it."""

    def test_pauses_grow_to_three_hours_and_end_after_two_days(self, archive: Archive) -> None:
        planned(archive, ANN)
        now, pauses = NOW, []
        while (after := tried(archive, (PLANNED, now))).next_attempt:
            pauses.append(after.next_attempt - now)
            now = after.next_attempt
        assert pauses[:5] == [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR]
        assert set(pauses[4:]) == {RARELY}
        assert 2 * DAY <= now - NOW < 2 * DAY + RARELY
        assert (after.state, after.message) == (REFUSED, "Given up after 2 days. said")

    def test_who_comes_back_after_a_week_tries_once_more_and_from_then_on(self, archive: Archive) -> None:
        planned(archive, ANN, BOB)
        assert tried(archive, (PLANNED, NOW + 7 * DAY)).next_attempt == NOW + 7 * DAY + MINUTE, "its first attempt"
        assert tried(archive, (PLANNED, NOW), (PLANNED, NOW + 7 * DAY), to=BOB).state is REFUSED
        assert tried(archive, (ACCEPTED, NOW + 9 * DAY)).state is ACCEPTED

    @pytest.mark.parametrize(
        ("hold", "age", "held"),
        [(False, HOUR, False), (True, HOUR, True), (False, 2 * DAY, True)],
        ids=["sent again", "held by the setting", "held after two days, for nobody can call it refused"],
    )
    def test_what_may_have_arrived(self, hold: bool, age: dt.timedelta, held: bool) -> None:
        patience = Patience(hold_unknown=hold)
        after = outcome(UNKNOWN, "said", attempts=1, since=NOW - age, now=NOW, in_doubt=False, patience=patience)
        assert (after.state, after.message) == (UNKNOWN, "said")
        assert (after.held, after.next_attempt) == (held, None if held else NOW + patience.unknown_after)

    @pytest.mark.parametrize(("age", "words"), [(MINUTE, "1 min"), (5 * HOUR, "5 hours"), (3 * DAY, "3 days")])
    def test_giving_up_is_told_with_the_last_words_of_the_server(self, age: dt.timedelta, words: str) -> None:
        hasty = Patience(retry_for=dt.timedelta(0))
        after = outcome(PLANNED, "450 later", attempts=9, since=NOW - age, now=NOW, in_doubt=False, patience=hasty)
        assert after.message == f"Given up after {words}. 450 later"

    @pytest.mark.parametrize(
        ("state", "age", "held"),
        [(PLANNED, HOUR, False), (PLANNED, 2 * DAY, True), (REFUSED, HOUR, True)],
        ids=["put off", "put off for too long", "refused"],
    )
    def test_a_doubt_is_never_forgotten(
        self, archive: Archive, state: DeliveryState, age: dt.timedelta, held: bool
    ) -> None:
        planned(archive, ANN)
        after = tried(archive, (UNKNOWN, NOW), (state, NOW + age))
        assert (after.state, after.held) == (UNKNOWN, held)
        assert after.message.endswith("said It may have arrived before.")
        with archive.write() as s:
            carry_out(s, Act.LOST, WEEK, (), now=NOW)
        assert tried(archive, (PLANNED, NOW)).state is PLANNED

    def test_who_left_the_list_is_waited_for_and_then_given_up(self, archive: Archive) -> None:
        planned(archive, ANN, BOB)
        for now in (NOW + DAY, NOW + 2 * DAY):
            with archive.write() as s:
                give_up_unlisted(s, WEEK, ZONE, {BOB}, now=now)
            assert (found(archive).state is REFUSED) is (now == NOW + 2 * DAY)
        assert found(archive).message.endswith(f"{ANN} is not on the list of recipients any more.")
        assert found(archive, BOB).state is PLANNED


class TestPeople:
    """`retry`, `hold` and what was found out."""

    @pytest.mark.parametrize("state", [PLANNED, UNKNOWN, REFUSED])
    def test_retry_makes_it_due_as_if_it_were_the_first_time(self, archive: Archive, state: DeliveryState) -> None:
        planned(archive, ANN)
        tried(archive, (PLANNED, NOW), (state, NOW + HOUR))
        self.does(archive, Act.RETRY)
        assert found(archive).state is (UNKNOWN if state is UNKNOWN else PLANNED), "what may have arrived stays so"
        again = tried(archive, (PLANNED, NOW + 30 * DAY))
        assert (again.attempts, again.next_attempt) == (1, NOW + 30 * DAY + MINUTE)

    @pytest.mark.parametrize("state", [PLANNED, UNKNOWN, SENDING])
    def test_what_is_held_nobody_sends_until_it_is_tried_again(self, archive: Archive, state: DeliveryState) -> None:
        planned(archive, ANN)
        tried(archive, (state, NOW))
        self.does(archive, Act.HOLD)
        with archive.write() as s:
            settle(s, WEEK, ZONE, ANN, PLANNED, "later", sender=SENDER, now=NOW)
        assert (found(archive).held, gets(archive, NOW + DAY)) == (True, False)
        self.does(archive, Act.RETRY)
        assert gets(archive, NOW)

    def test_what_arrived_while_it_was_being_held_is_held_no_more(self, archive: Archive) -> None:
        planned(archive, ANN)
        tried(archive, (SENDING, NOW))
        self.does(archive, Act.HOLD)
        with archive.write() as s:
            settle(s, WEEK, ZONE, ANN, ACCEPTED, "250", sender=SENDER, now=NOW)
        assert not found(archive).held

    @pytest.mark.parametrize(
        ("what", "state", "sent"), [(Act.ACCEPTED, ACCEPTED, False), (Act.LOST, PLANNED, True)], ids=str
    )
    def test_what_was_found_out(self, archive: Archive, what: Act, state: DeliveryState, sent: bool) -> None:
        planned(archive, ANN)
        tried(archive, (UNKNOWN, NOW), patience=Patience(hold_unknown=True))
        self.does(archive, what)
        assert (found(archive).state, found(archive).held, gets(archive, NOW)) == (state, False, sent)
        assert "as a person found out" in found(archive).message

    @pytest.mark.parametrize(
        ("what", "names"),
        [
            (Act.RETRY, ["held", "refused", "unknown", "waiting"]),
            (Act.HOLD, ["fresh", "sending", "unknown", "waiting"]),
            (Act.ACCEPTED, ["unknown"]),
            (Act.LOST, ["unknown"]),
        ],
        ids=str,
    )
    def test_whom_it_is_about(self, archive: Archive, what: Act, names: Sequence[str]) -> None:
        ends = {"accepted": ACCEPTED, "refused": REFUSED, "unknown": UNKNOWN, "waiting": PLANNED, "sending": SENDING}
        planned(archive, "fresh", "held", *ends)
        for name, state in ends.items():
            tried(archive, (state, NOW), to=name)
        self.does(archive, Act.HOLD, "held")
        with archive.read() as s:
            assert [each.recipient for each in open_to(s, what, None, ())] == names
            assert open_to(s, what, "2024-W49", ()) == []
            assert [each.recipient for each in open_to(s, what, WEEK, ["nobody", names[0]])] == names[:1]

    def does(self, archive: Archive, what: Act, *recipients: str) -> None:
        with archive.write() as s:
            carry_out(s, what, WEEK, recipients, now=NOW)


@pytest.mark.parametrize(
    ("ends", "closed_at", "due"),
    [
        ([(PLANNED, NOW + 2 * DAY)], NOW, True),
        ([], NOW, True),
        ([(PLANNED, NOW)], NOW, False),
        ([(PLANNED, NOW - MINUTE)], NOW, True),
        ([(SENDING, NOW)], NOW, True),
        ([(ACCEPTED, NOW)], NOW, False),
        ([], NOW - 8 * DAY, False),
        ([], None, False),
    ],
    ids=[
        "put off by a clock two days ahead",
        "planned",
        "not yet",
        "its time has come",
        "of a sender that may be gone",
        "accepted",
        "old",
        "a draft",
    ],
)
def test_issues_of_which_something_is_due(
    archive: Archive, ends: Sequence[tuple[DeliveryState, dt.datetime]], closed_at: dt.datetime | None, due: bool
) -> None:
    planned(archive, ANN, BOB)
    if closed_at:
        with archive.write() as s:
            save_issue(s, replace(DRAFT, state=IssueState.FINAL, closed_at=closed_at))
    tried(archive, *ends) if ends else None
    tried(archive, (REFUSED, NOW), to=BOB)
    with archive.read() as s:
        assert due_issues(s, now=NOW, closed_since=NOW - 7 * DAY) == ([(WEEK, ZONE)] if due else [])


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
