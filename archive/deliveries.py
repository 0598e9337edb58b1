"""The ledger of deliveries: planned → sending → accepted | refused | unknown (design §6.3).

A sender claims a delivery and commits before it talks to a mail server, and settles it afterwards. So a message whose
sender was killed stands as sending, counts as unknown once its lease has run out, and is sent again under the same
Message-ID.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update
from sqlalchemy.orm import Session

from archive.errors import ArchiveError
from archive.models import DeliveryRow, IssueRow
from archive.records import Delivery, DeliveryState

LEASE = dt.timedelta(minutes=15)
"""How long a sender may take for one message; longer than all SMTP time-outs together."""


def plan(
    s: Session, week: str, zone: str, recipients: Sequence[tuple[str, str]], *, now: dt.datetime, choice: str = ""
) -> None:
    """Enters a delivery for every (address, Message-ID) that the issue does not have yet; others stay as they are.

    `choice` is the key of the variant that they carry, empty for the whole issue.
    Raises `ArchiveError` when the issue is not in the archive.
    """
    if s.get(IssueRow, (week, zone)) is None:
        raise ArchiveError(f"There is no issue of {week} in the archive; write it first with: meetings digest")
    for recipient, message_id in recipients:
        if s.get(DeliveryRow, (week, zone, recipient)) is None:
            row = DeliveryRow(week=week, zone=zone, recipient=recipient, message_id=message_id)
            row.state, row.attempts, row.message, row.updated_at = DeliveryState.PLANNED, 0, "", now
            row.choice = choice
            s.add(row)
    s.flush()


def give_up_abandoned(s: Session, week: str, zone: str, *, is_gone: Callable[[str], bool], now: dt.datetime) -> None:
    """Turns deliveries of an issue whose sender has ended in the middle from sending into unknown."""
    sending = (DeliveryRow.week == week, DeliveryRow.zone == zone, DeliveryRow.state == DeliveryState.SENDING)
    for row in s.scalars(select(DeliveryRow).where(*sending)):
        if row.sender and is_gone(row.sender):
            row.state, row.lease_until, row.updated_at = DeliveryState.UNKNOWN, None, now
            row.message = f"{row.sender} ended while sending, so it may or may not have arrived."
    s.flush()


def claim(s: Session, week: str, zone: str, recipient: str, *, sender: str, now: dt.datetime) -> Delivery | None:
    """Takes a delivery for sending, to be committed before the first word to a mail server.

    `sender` names the process that sends.

    None when there is nothing to send: it was accepted or refused, another sender has it, or it was never planned.
    """
    open_states = DeliveryRow.state.in_((DeliveryState.PLANNED, DeliveryState.UNKNOWN))
    abandoned = and_(DeliveryRow.state == DeliveryState.SENDING, DeliveryRow.lease_until <= now)
    # one statement, so that the database decides between two senders
    claimed = s.execute(
        update(DeliveryRow)
        .where(*_is(week, zone, recipient), or_(open_states, abandoned))
        .values(
            state=DeliveryState.SENDING,
            attempts=DeliveryRow.attempts + 1,
            lease_until=now + LEASE,
            sender=sender,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[object]", claimed).rowcount != 1:
        return None
    row = s.scalars(select(DeliveryRow).where(*_is(week, zone, recipient)).execution_options(populate_existing=True))
    return _delivery(row.one(), None)


def settle(
    s: Session, week: str, zone: str, recipient: str, state: DeliveryState, message: str, *, now: dt.datetime
) -> None:
    """Records what came of a claimed delivery; `message` is the server's or our sentence.

    PLANNED: the server said to try later. Accepted stays accepted whatever comes later, and is recorded even when the
    lease has run out meanwhile; every other state is recorded only while the delivery is being sent.
    """
    if state is DeliveryState.SENDING:
        raise ValueError("a delivery is settled as accepted, refused, unknown or planned")
    from_states = [DeliveryState.SENDING]
    if state is DeliveryState.ACCEPTED:
        from_states += [DeliveryState.PLANNED, DeliveryState.UNKNOWN, DeliveryState.REFUSED]
    s.execute(
        update(DeliveryRow)
        .where(*_is(week, zone, recipient), DeliveryRow.state.in_(from_states))
        .values(state=state, message=message, lease_until=None, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    s.expire_all()


def delivery(s: Session, week: str, zone: str, recipient: str) -> Delivery | None:
    """One row of the ledger."""
    row = s.get(DeliveryRow, (week, zone, recipient))
    return _delivery(row, None) if row is not None else None


def deliveries(s: Session, week: str | None = None, *, now: dt.datetime | None = None) -> list[Delivery]:
    """The ledger, of one week or whole, by week and recipient.

    With `now`, a delivery whose sender let its lease run out shows as unknown.
    """
    query = select(DeliveryRow).order_by(DeliveryRow.week, DeliveryRow.zone, DeliveryRow.recipient)
    if week is not None:
        query = query.where(DeliveryRow.week == week)
    return [_delivery(row, now) for row in s.scalars(query)]


def _is(week: str, zone: str, recipient: str) -> tuple[ColumnElement[bool], ...]:
    return DeliveryRow.week == week, DeliveryRow.zone == zone, DeliveryRow.recipient == recipient


def _delivery(row: DeliveryRow, now: dt.datetime | None) -> Delivery:
    lapsed = now is not None and row.lease_until is not None and row.lease_until <= now
    state = DeliveryState.UNKNOWN if lapsed else row.state
    return Delivery(
        row.week, row.recipient, state, row.message_id, row.attempts, row.message, row.updated_at, row.choice
    )
