"""A ledger of deliveries for tests: one week's messages planned and tried."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from archive.deliveries import (
    USUAL,
    Patience,
    claim,
    deliveries,
    plan,
    settle,
)
from archive.issues import save_issue
from archive.records import Delivery, DeliveryState, IssueState, StoredIssue
from archive.store import Archive
from tests.archive_samples import HOUR, NOW

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
