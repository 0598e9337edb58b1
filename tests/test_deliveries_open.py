"""What is still open in the ledger of deliveries: when it is tried again, when given up, what a person does to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest

from archive.deliveries import (
    RARELY,
    Act,
    Patience,
    carry_out,
    due_issues,
    give_up_unlisted,
    open_to,
    outcome,
    settle,
)
from archive.issues import save_issue
from archive.records import DeliveryState, IssueState
from archive.store import Archive
from tests.archive_samples import HOUR, NOW
from tests.ledgerkit import (
    ACCEPTED,
    ANN,
    BOB,
    DAY,
    DRAFT,
    MINUTE,
    PLANNED,
    REFUSED,
    SENDER,
    SENDING,
    UNKNOWN,
    WEEK,
    ZONE,
    found,
    gets,
    planned,
    tried,
)


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
