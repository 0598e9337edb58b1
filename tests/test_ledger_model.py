"""The ledger of deliveries beside the simplest model of it: two senders, a person and a clock, on both databases."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from archive.deliveries import (
    BACK_OFF,
    LEASE,
    RARELY,
    Act,
    Patience,
    carry_out,
    claim,
    deliveries,
    give_up_abandoned,
    plan,
    settle,
)
from archive.issues import save_issue
from archive.records import DeliveryState
from archive.store import Archive
from tests.archive_samples import HOUR, NOW
from tests.ledgerkit import DRAFT, OTHER, SENDER, SETTLED, ZONE

PLANNED, SENDING, ACCEPTED, REFUSED, UNKNOWN = DeliveryState


@dataclass
class Model:
    """One delivery as simply as it can be told."""

    state: DeliveryState = PLANNED
    attempts: int = 0
    since: dt.datetime | None = None
    next: dt.datetime | None = None
    held: bool = False
    doubt: bool = False
    sender: str = ""
    claimed: dt.datetime = NOW

    def may_be_sent(self, now: dt.datetime) -> bool:
        return self.state in (PLANNED, UNKNOWN) and not self.held and (self.next is None or self.next <= now)

    def end(self, state: DeliveryState, now: dt.datetime, patience: Patience) -> None:
        over = self.since is not None and now >= self.since + patience.retry_for
        pause = [*BACK_OFF, *[RARELY] * self.attempts][self.attempts - 1] if self.attempts else RARELY
        if state is PLANNED and over:
            state = REFUSED
        self.state, self.next = state, None
        if self.doubt and state in (PLANNED, REFUSED):
            self.state, self.held = UNKNOWN, self.held or state is REFUSED
            self.next = now + pause if state is PLANNED else None
        elif state in (ACCEPTED, REFUSED):
            self.held = False
        elif state is UNKNOWN and (over or patience.hold_unknown):
            self.held = True
        elif state is UNKNOWN:
            self.next = now + patience.unknown_after
        else:
            self.next = now + pause
        self.doubt = self.state is UNKNOWN

    def anew(self) -> None:
        self.attempts, self.since, self.next, self.held = 0, None, None, False

    @property
    def shown(self) -> tuple[object, ...]:
        return self.state, self.attempts, self.next, self.held


WHO, BY = st.sampled_from("ab"), st.sampled_from([SENDER, OTHER])
WAITS = st.sampled_from([HOUR / 60, HOUR / 12, LEASE, HOUR, 3 * HOUR, 24 * HOUR])


class Ledger(RuleBasedStateMachine):
    """Every step on both, and the same after each."""

    archive: Archive
    weeks = itertools.count()

    @initialize(hold=st.booleans(), hours=st.sampled_from([0, 1, 48]))
    def begin(self, hold: bool, hours: int) -> None:
        self.week, self.now = f"{next(self.weeks):08}", NOW
        self.patience = Patience(retry_for=hours * HOUR, hold_unknown=hold)
        self.model: dict[str, Model] = {}
        with self.archive.write() as s:
            save_issue(s, replace(DRAFT, week=self.week))

    @rule(recipient=WHO)
    def plan(self, recipient: str) -> None:
        with self.archive.write() as s:
            plan(s, self.week, ZONE, [(recipient, f"<{self.week}.{recipient}>")], now=self.now)
        self.model.setdefault(recipient, Model())

    @rule(by=WAITS)
    def wait(self, by: dt.timedelta) -> None:
        self.now += by

    @rule(recipient=WHO, sender=BY)
    def claim(self, recipient: str, sender: str) -> None:
        with self.archive.write() as s:
            claimed = claim(s, self.week, ZONE, recipient, sender=sender, now=self.now)
        model = self.model.get(recipient, Model(state=REFUSED))
        assert (claimed is not None) is model.may_be_sent(self.now)
        if claimed:
            model.state, model.attempts, model.next = SENDING, model.attempts + 1, None
            model.sender, model.since, model.claimed = sender, model.since or self.now, self.now

    @rule(recipient=WHO, sender=BY, state=st.sampled_from(SETTLED))
    def settle(self, recipient: str, sender: str, state: DeliveryState) -> None:
        with self.archive.write() as s:
            settle(s, self.week, ZONE, recipient, state, "said", sender=sender, now=self.now, patience=self.patience)
        model = self.model.get(recipient, Model(state=ACCEPTED))
        mine = model.state is SENDING and model.sender == sender
        if mine or (state is ACCEPTED and model.state is not ACCEPTED):
            model.end(state, self.now, self.patience)

    @rule(gone=st.sampled_from(["", SENDER, OTHER]))
    def give_up(self, gone: str) -> None:
        with self.archive.write() as s:
            give_up_abandoned(s, is_gone=lambda sender: sender == gone, now=self.now, patience=self.patience)
        for model in self.model.values():
            if model.state is SENDING and (model.sender == gone or self.now >= model.claimed + LEASE):
                model.end(UNKNOWN, model.claimed, self.patience)

    @rule(what=st.sampled_from(Act), recipient=WHO)
    def act(self, what: Act, recipient: str) -> None:
        with self.archive.write() as s:
            carry_out(s, what, self.week, [recipient], now=self.now)
        model = self.model.get(recipient, Model(state=ACCEPTED))
        if what is Act.HOLD and model.state in (PLANNED, SENDING, UNKNOWN):
            model.held = True
        elif what is Act.RETRY and model.state in (PLANNED, UNKNOWN) and (model.held or model.next):
            model.anew()
        elif (what is Act.RETRY and model.state is REFUSED) or (what is Act.LOST and model.state is UNKNOWN):
            model.state, model.doubt = PLANNED, False
            model.anew()
        elif what is Act.ACCEPTED and model.state is UNKNOWN:
            model.state, model.held, model.next, model.doubt = ACCEPTED, False, None, False

    @invariant()
    def agrees(self) -> None:
        with self.archive.read() as s:
            found = {d.recipient: (d.state, d.attempts, d.next_attempt, d.held) for d in deliveries(s, self.week)}
        assert found == {recipient: model.shown for recipient, model in self.model.items()}


def test_ledger_agrees_with_its_model(database: str | None) -> None:
    with tempfile.TemporaryDirectory() as home, Archive.open(Path(home), database) as archive:
        Ledger.archive = archive
        machine = Ledger.TestCase
        machine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
        machine().runTest()
