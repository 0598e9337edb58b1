"""The ledger of deliveries: planned → sending → accepted | refused | unknown (design §6.3).

A sender claims a delivery and commits before it talks to a mail server, and settles it afterwards. So a message whose
sender was killed stands as sending, becomes unknown, and is sent again under the same Message-ID. When that may be
stands in the ledger, so that waiting outlives the process that waits; what is held nobody sends until a person says so.
What may have arrived stays unknown, whatever later attempts come to, until it is accepted or a person finds out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from archive.errors import ArchiveError
from archive.models import DeliveryRow, IssueRow
from archive.records import Delivery, DeliveryState

LEASE = dt.timedelta(minutes=15)
"""How long a sender may take for one message, unless it says otherwise."""
BACK_OFF = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""How long nobody tries again after the first failed attempts; after further ones `RARELY`."""
RARELY = dt.timedelta(hours=3)

_TO_BE_SENT = (DeliveryState.PLANNED, DeliveryState.UNKNOWN)
OPEN = (*_TO_BE_SENT, DeliveryState.SENDING)
"""The states that are not the end of it."""

BEFORE_RESTORE = "It may have been mailed before the archive was restored from a backup."


@dataclass(frozen=True, slots=True)
class Patience:
    """What follows an attempt that brought no end: for how long it is tried, and when what is unknown is sent again."""

    retry_for: dt.timedelta = dt.timedelta(days=2)
    unknown_after: dt.timedelta = dt.timedelta(minutes=15)
    hold_unknown: bool = False

    @property
    def longest(self) -> dt.timedelta:
        """What waits for longer than this was put off by a clock that ran ahead."""
        return max(RARELY, self.unknown_after) + LEASE


USUAL = Patience()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a delivery stands after an attempt; nobody tries it again before `next_attempt`, None where nobody does."""

    state: DeliveryState
    message: str
    held: bool = False
    next_attempt: dt.datetime | None = None


def outcome(
    state: DeliveryState,
    message: str,
    *,
    attempts: int,
    since: dt.datetime,
    now: dt.datetime,
    in_doubt: bool,
    patience: Patience,
) -> Outcome:
    """What follows from an attempt that ended as `state` now, the last of so many, the first of which was at `since`.

    Beyond `retry_for` a message that was not taken counts as refused. One that may have been, now or, `in_doubt`, in an
    earlier attempt, is never called anything but unknown: where it is tried no more, it is held for a person.
    """
    over = now - since >= patience.retry_for
    if state is DeliveryState.UNKNOWN:
        held = over or patience.hold_unknown
        return Outcome(state, message, held, None if held else now + patience.unknown_after)
    if state is DeliveryState.ACCEPTED:
        return Outcome(state, message)
    if over and state is DeliveryState.PLANNED:
        state, message = DeliveryState.REFUSED, f"Given up after {_span(now - since)}. {message}"
    pause = BACK_OFF[attempts - 1] if 0 < attempts <= len(BACK_OFF) else RARELY
    again = now + pause if state is DeliveryState.PLANNED else None
    if in_doubt:
        message = f"{message} It may have arrived before."
        return Outcome(DeliveryState.UNKNOWN, message, held=again is None, next_attempt=again)
    return Outcome(state, message, next_attempt=again)


def _span(time: dt.timedelta) -> str:
    days, hours = time // dt.timedelta(days=1), time // dt.timedelta(hours=1)
    return f"{days} days" if days > 1 else f"{hours} hours" if hours > 1 else f"{time // dt.timedelta(minutes=1)} min"


def plan(
    s: Session,
    week: str,
    zone: str,
    recipients: Sequence[tuple[str, str]],
    *,
    now: dt.datetime,
    choices: Mapping[str, str] | None = None,
    doubt: str = "",
) -> None:
    """Enters a delivery for every (address, Message-ID) that the issue does not have yet; others stay as they are.

    `choices`: by address the key of the variant that it gets, where that is not the whole issue. `doubt` says why they
    may have arrived already: then they are unknown, and held for a person. Addresses that differ in case alone are one.
    Raises `ArchiveError` when the issue is not in the archive.
    """
    if s.get(IssueRow, (week, zone)) is None:
        raise ArchiveError(f"There is no issue of {week} in the archive; write it first with: meetings digest")
    chosen = choices or {}
    known = {address.lower() for address in s.scalars(select(DeliveryRow.recipient).where(*_of(week, zone)))}
    for recipient, message_id in recipients:
        if recipient.lower() in known:
            continue
        known.add(recipient.lower())
        row = DeliveryRow(week=week, zone=zone, recipient=recipient, message_id=message_id)
        row.choice, row.held, row.in_doubt = chosen.get(recipient, ""), False, False
        row.state, row.attempts, row.message, row.updated_at = DeliveryState.PLANNED, 0, "", now
        if doubt:
            _doubt(row, doubt)
        s.add(row)
    s.flush()


def doubt_open(s: Session, reason: str, *, now: dt.datetime) -> None:
    """Makes every open delivery unknown and holds it, because another archive may have mailed it."""
    for row in s.scalars(select(DeliveryRow).where(DeliveryRow.state.in_(OPEN))):
        _doubt(row, reason)
        row.updated_at = now
    s.flush()


def _doubt(row: DeliveryRow, reason: str) -> None:
    row.state, row.message, row.lease_until = DeliveryState.UNKNOWN, reason, None
    row.held = row.in_doubt = True


def give_up_abandoned(
    s: Session, *, is_gone: Callable[[str], bool], now: dt.datetime, patience: Patience = USUAL
) -> None:
    """Turns deliveries whose sender has ended in the middle, or let its lease run out, from sending into unknown."""
    for row in s.scalars(select(DeliveryRow).where(DeliveryRow.state == DeliveryState.SENDING)):
        if _lapsed(row, now) or (row.sender and is_gone(row.sender)):
            message = f"{row.sender} ended while sending, so it may or may not have arrived."
            _follow(row, DeliveryState.UNKNOWN, message, now=row.updated_at, patience=patience)
            row.updated_at = now
    s.flush()


def set_right(s: Session, *, now: dt.datetime, patience: Patience = USUAL) -> None:
    """Makes due what a clock that ran ahead put off beyond any pause."""
    for row in s.scalars(select(DeliveryRow).where(_put_off_too_far(now, patience))):
        row.next_attempt = row.updated_at = now
    s.flush()


def give_up_unlisted(
    s: Session, week: str, zone: str, listed: Collection[str], *, now: dt.datetime, patience: Patience = USUAL
) -> None:
    """Ends the waiting for recipients who are on the list no more: nothing is sent to them, and they may come back."""
    names = {address.lower() for address in listed}
    for row in s.scalars(select(DeliveryRow).where(*_of(week, zone), _CLAIMABLE)):
        if row.recipient.lower() not in names and now - (row.first_attempt or row.updated_at) >= patience.retry_for:
            message = f"{row.recipient} is not on the list of recipients any more."
            row.first_attempt = row.first_attempt or row.updated_at
            _follow(row, row.state, message, now=now, patience=patience)
            row.updated_at = now
    s.flush()


def claim(
    s: Session,
    week: str,
    zone: str,
    recipient: str,
    *,
    sender: str,
    now: dt.datetime,
    lease: dt.timedelta = LEASE,
) -> Delivery | None:
    """Takes a delivery for sending, to be committed before the first word to a mail server.

    `sender` names the process that sends, for at most `lease`.

    None when there is nothing to send: it was accepted or refused, is held, is not due yet, another sender has it, or
    it was never planned.
    """
    row = s.scalars(select(DeliveryRow).where(*_of(week, zone), _to(recipient), _due(now))).first()
    if row is None:
        return None
    row.state, row.attempts, row.sender = DeliveryState.SENDING, row.attempts + 1, sender
    row.first_attempt, row.next_attempt = row.first_attempt or now, None
    row.lease_until, row.updated_at = now + lease, now
    s.flush()
    return _delivery(row, None)


def settle(
    s: Session,
    week: str,
    zone: str,
    recipient: str,
    state: DeliveryState,
    message: str,
    *,
    sender: str,
    now: dt.datetime,
    patience: Patience = USUAL,
) -> None:
    """Records what came of a claimed delivery, and when it is tried again; `message` is the server's or our sentence.

    PLANNED: the server said to try later. Accepted stays accepted whatever comes later, and is recorded even when the
    lease has run out meanwhile; every other state is recorded only while `sender` is the one that sends.
    """
    if state is DeliveryState.SENDING:
        raise ValueError("a delivery is settled as accepted, refused, unknown or planned")
    row = s.get(DeliveryRow, (week, zone, recipient))
    if row is None or row.state is DeliveryState.ACCEPTED:
        return
    still_ours = row.state is DeliveryState.SENDING and row.sender == sender
    if still_ours or state is DeliveryState.ACCEPTED:
        _follow(row, state, message, now=now, patience=patience)
        row.updated_at = now
        s.flush()


def deliveries(
    s: Session, week: str | None = None, *, zone: str | None = None, now: dt.datetime | None = None
) -> list[Delivery]:
    """The ledger, of one week or whole, of one zone or all, by week and recipient.

    With `now`, a delivery whose sender let its lease run out shows as unknown.
    """
    query = select(DeliveryRow).order_by(DeliveryRow.week, DeliveryRow.zone, DeliveryRow.recipient)
    if week is not None:
        query = query.where(DeliveryRow.week == week)
    if zone is not None:
        query = query.where(DeliveryRow.zone == zone)
    return [_delivery(row, now) for row in s.scalars(query)]


def due_issues(
    s: Session, *, now: dt.datetime, closed_since: dt.datetime, patience: Patience = USUAL
) -> list[tuple[str, str]]:
    """The issues closed since then, by week and zone, of which a message is due now or stands as being sent."""
    issue = IssueRow.week, IssueRow.zone
    due = or_(_due(now), _put_off_too_far(now, patience), DeliveryRow.state == DeliveryState.SENDING)
    query = select(*issue).join(DeliveryRow, and_(*_of(*issue))).where(due, IssueRow.closed_at >= closed_since)
    return list(s.execute(query.distinct().order_by(*issue)).tuples())


class Act(StrEnum):
    """What a person does with deliveries."""

    RETRY = "retry"
    HOLD = "hold"
    ACCEPTED = "accepted"
    LOST = "lost"


def open_to(s: Session, act: Act, week: str | None, recipients: Collection[str]) -> list[Delivery]:
    """The deliveries that the act would change: of that week, else of all, to those recipients, else to everybody."""
    return [_delivery(row, None) for row in _open_to(s, act, week, recipients)]


def carry_out(s: Session, act: Act, week: str, recipients: Collection[str], *, now: dt.datetime) -> None:
    """Changes what `open_to` names.

    RETRY makes refused, held and waiting ones due at once, HOLD keeps open ones from being sent, ACCEPTED and LOST say
    what became of unknown ones: a lost one is due at once.
    """
    for row in _open_to(s, act, week, recipients):
        if act is Act.HOLD:
            row.held = True
        elif act is Act.ACCEPTED:
            row.state, row.held, row.next_attempt = DeliveryState.ACCEPTED, False, None
            row.message, row.in_doubt = f"{row.recipient} has it, as a person found out.", False
        else:
            _open_again(row, lost=act is Act.LOST)
        row.updated_at = now
    s.flush()


def _open_again(row: DeliveryRow, *, lost: bool) -> None:
    """As if it had just been planned; only what may have arrived stays unknown."""
    if lost:
        row.message, row.in_doubt = f"{row.recipient} does not have it, as a person found out.", False
    if lost or row.state is DeliveryState.REFUSED:
        row.state = DeliveryState.PLANNED
    row.held, row.attempts, row.first_attempt, row.next_attempt = False, 0, None, None


_CLAIMABLE = and_(DeliveryRow.state.in_(_TO_BE_SENT), DeliveryRow.held.is_(False))
_WAITS = and_(
    DeliveryRow.state.in_(_TO_BE_SENT), or_(DeliveryRow.held.is_(True), DeliveryRow.next_attempt.is_not(None))
)
_MEANT = {
    Act.RETRY: or_(DeliveryRow.state == DeliveryState.REFUSED, _WAITS),
    Act.HOLD: and_(DeliveryRow.state.in_(OPEN), DeliveryRow.held.is_(False)),
    Act.ACCEPTED: DeliveryRow.state == DeliveryState.UNKNOWN,
    Act.LOST: DeliveryRow.state == DeliveryState.UNKNOWN,
}


def _open_to(s: Session, act: Act, week: str | None, recipients: Collection[str]) -> Sequence[DeliveryRow]:
    query = select(DeliveryRow).where(_MEANT[act]).order_by(DeliveryRow.week, DeliveryRow.zone, DeliveryRow.recipient)
    if week is not None:
        query = query.where(DeliveryRow.week == week)
    names = {address.lower() for address in recipients}
    return [row for row in s.scalars(query) if not names or row.recipient.lower() in names]


def _of(week: object, zone: object) -> tuple[ColumnElement[bool], ...]:
    return DeliveryRow.week == week, DeliveryRow.zone == zone


def _to(recipient: str) -> ColumnElement[bool]:
    return func.lower(DeliveryRow.recipient) == recipient.lower()


def _due(now: dt.datetime) -> ColumnElement[bool]:
    return and_(_CLAIMABLE, or_(DeliveryRow.next_attempt.is_(None), DeliveryRow.next_attempt <= now))


def _put_off_too_far(now: dt.datetime, patience: Patience) -> ColumnElement[bool]:
    return and_(_CLAIMABLE, DeliveryRow.next_attempt > now + patience.longest)


def _lapsed(row: DeliveryRow, now: dt.datetime) -> bool:
    """Whether the lease has run out, or was taken further ahead than it lasts, by a clock that was wrong."""
    if row.lease_until is None:
        return False
    return row.lease_until <= now or row.updated_at > now + (row.lease_until - row.updated_at)


def _follow(row: DeliveryRow, state: DeliveryState, message: str, *, now: dt.datetime, patience: Patience) -> None:
    """Enters how the attempt ended. What a person held meanwhile stays held, unless it came to an end."""
    found = outcome(
        state,
        message,
        attempts=row.attempts,
        since=row.first_attempt or now,
        now=now,
        in_doubt=row.in_doubt,
        patience=patience,
    )
    row.state, row.message, row.next_attempt = found.state, found.message, found.next_attempt
    row.held = found.held or (row.held and found.state in _TO_BE_SENT)
    row.in_doubt = found.state is DeliveryState.UNKNOWN
    row.lease_until = None


def _delivery(row: DeliveryRow, now: dt.datetime | None) -> Delivery:
    return Delivery(
        week=row.week,
        recipient=row.recipient,
        state=DeliveryState.UNKNOWN if now is not None and _lapsed(row, now) else row.state,
        message_id=row.message_id,
        attempts=row.attempts,
        message=row.message,
        updated_at=row.updated_at,
        choice=row.choice,
        held=row.held,
        next_attempt=row.next_attempt,
    )
