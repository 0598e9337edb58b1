"""Locks as rows: one ingest, one sender, whatever started them and on whichever machine."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import delete
from sqlalchemy.orm import Session

from archive.models import LockRow
from archive.store import Archive
from parsers.records import MeetingsError


class Busy(MeetingsError):  # noqa: N818 - a state to wait for rather than a fault
    """Somebody else holds the lock; the sentence says who and until when."""


@contextmanager
def hold(
    archive: Archive,
    name: str,
    *,
    owner: str,
    now_fn: Callable[[], dt.datetime],
    lease: dt.timedelta,
    is_gone: Callable[[str], bool] = lambda _owner: False,
) -> Iterator[None]:
    """Holds the lock `name` for the block; raises `Busy` at once when somebody holds it.

    `owner` tells people who it is (command, process, machine). The lease is not renewed: choose it longer than the
    block can take. A holder that was killed blocks the others until its lease has run out, or until `is_gone` says of
    its owner that it has ended; then the next one takes over. A holder that outlives its lease keeps working but no
    longer alone, and leaves the new holder's lock alone.
    """
    token = uuid.uuid4().hex
    with archive.write() as s:
        _take(s, LockRow(name=name, owner=owner, token=token), now=now_fn(), lease=lease, is_gone=is_gone)
    try:
        yield
    finally:
        with archive.write() as s:
            s.execute(delete(LockRow).where(LockRow.name == name, LockRow.token == token))


def _take(s: Session, lock: LockRow, *, now: dt.datetime, lease: dt.timedelta, is_gone: Callable[[str], bool]) -> None:
    row = s.get(LockRow, lock.name)
    if row is not None and row.expires_at > now and not is_gone(row.owner):
        holder = row.owner.partition(" (")[0]
        raise Busy(
            f"{holder} has held “{lock.name}” since {row.acquired_at:%Y-%m-%d %H:%M} UTC and may until "
            f"{row.expires_at:%Y-%m-%d %H:%M} UTC; try again when it has ended."
        )
    lock.acquired_at, lock.expires_at = now, now + lease
    s.merge(lock)
