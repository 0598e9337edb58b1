"""Locks as rows: one ingest, one sender, whatever started them and on whichever machine.

A lock is leased for a few minutes, and its holder renews it for as long as it lives: one that was killed on another
machine blocks the others no longer than that, and one that was suspended learns that it is no longer alone. Whether a
lease has run out is judged by the clock of whoever wants the lock: machines that share an archive need clocks in step.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from archive.models import LockRow
from archive.store import Archive
from parsers.records import MeetingsError

LEASE = dt.timedelta(minutes=5)
_LONGEST = dt.timedelta(hours=3)
"""No lease lasts so long: what ends later was taken by a clock that ran ahead."""
_TRIES = 30
"""So many times within a lease a renewal that failed is tried again."""


Check = Callable[[Session], None]
"""Asked in a transaction before it writes; raises `LeaseLost` when its lock is somebody else's, and it is undone."""


def unasked(_: Session) -> None:
    """The `Check` of who works without a lock."""


class Busy(MeetingsError):  # noqa: N818 - a state to wait for rather than a fault
    """Somebody else holds the lock; the sentence says who and until when."""


class LeaseLost(MeetingsError):  # noqa: N818 - what happened, to the holder
    """The lock went to somebody else while its holder was away; what it was about to do is not done."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lock that is held."""

    archive: Archive
    name: str
    token: str
    now_fn: Callable[[], dt.datetime]
    length: dt.timedelta

    def check(self, s: Session | None = None) -> None:
        """Raises `LeaseLost` when somebody else has taken the lock since; else it is ours for a whole lease again.

        Call it before what cannot be undone; in a transaction of that act, `s`, nobody else can come in between.
        """
        if not (self.renew() if s is None else self._renewed(s)):
            raise LeaseLost(
                f"This process held “{self.name}” and was away for longer than {round(self.length.total_seconds())} "
                "seconds (a suspended machine, a clock that was set): another one took over, and may be at work. "
                "What it had not done yet is left to that one, or to the next run."
            )

    def renew(self) -> bool:
        """Whether the lock is still ours; then for a whole lease from now. Raises `ArchiveError`."""
        with self.archive.write() as s:
            return self._renewed(s)

    def _renewed(self, s: Session) -> bool:
        own = LockRow.name == self.name, LockRow.token == self.token
        # a lease that ran out and that nobody took is still the holder's: the token says so
        renewal = update(LockRow).where(*own).values(expires_at=self.now_fn() + self.length).returning(LockRow.token)
        return s.execute(renewal).scalar() is not None


@contextmanager
def hold(
    archive: Archive,
    name: str,
    *,
    owner: str,
    now_fn: Callable[[], dt.datetime],
    lease: dt.timedelta = LEASE,
    is_gone: Callable[[str], bool] = lambda _owner: False,
) -> Iterator[Lease]:
    """Holds the lock `name` for the block; raises `Busy` at once when somebody holds it.

    `owner` tells people who it is (command, process, machine). A thread renews the lease three times in each. A holder
    that was killed blocks the others until its lease has run out, or until `is_gone` says of its owner that it has
    ended; then the next one takes over. A holder that outlives its lease is told by `Lease.check`, and leaves the new
    holder's lock alone.
    """
    held = Lease(archive, name, uuid.uuid4().hex, now_fn, lease)
    with archive.write() as s:
        _take(s, LockRow(name=name, owner=owner, token=held.token), now=now_fn(), lease=lease, is_gone=is_gone)
    try:
        with kept(held.renew, lease, name=name):
            yield held
    finally:
        with archive.write() as s:
            s.execute(delete(LockRow).where(LockRow.name == name, LockRow.token == held.token))


@contextmanager
def kept(renew: Callable[[], bool], lease: dt.timedelta, *, name: str) -> Iterator[Event]:
    """A thread renews a lease three times in each, until the block ends or `renew` says that it is somebody else's.

    Then the event that is yielded is set. A renewal that raises `MeetingsError` is soon tried again.
    """
    ended, lost = Event(), Event()
    keeper = Thread(
        target=_keep, args=(renew, lease.total_seconds(), ended, lost), name=f"lease of {name}", daemon=True
    )
    keeper.start()
    try:
        yield lost
    finally:
        ended.set()
        keeper.join()


def live_locks(s: Session, now: dt.datetime, is_gone: Callable[[str], bool]) -> dict[str, dt.datetime]:
    """What somebody who still lives holds a lock for, by its name, with the time since when."""
    rows = s.scalars(select(LockRow).order_by(LockRow.acquired_at))
    return {row.name: row.acquired_at for row in rows if is_held(row.owner, row.expires_at, now, is_gone)}


def is_held(owner: str, until: dt.datetime, now: dt.datetime, is_gone: Callable[[str], bool]) -> bool:
    """Whether a lease counts: it has not run out, and its owner may still live."""
    return now < until <= now + _LONGEST and not is_gone(owner)


def _keep(renew: Callable[[], bool], seconds: float, ended: Event, lost: Event) -> None:
    wait = seconds / 3
    while not ended.wait(wait):
        try:
            if not renew():
                lost.set()
                return
            wait = seconds / 3
        except MeetingsError:
            # the database is away; the next check says what is left of the lease
            wait = seconds / _TRIES


def _take(s: Session, lock: LockRow, *, now: dt.datetime, lease: dt.timedelta, is_gone: Callable[[str], bool]) -> None:
    row = s.get(LockRow, lock.name)
    if row is not None and is_held(row.owner, row.expires_at, now, is_gone):
        holder = row.owner.partition(" (")[0]
        raise Busy(
            f"{holder} has held “{lock.name}” since {row.acquired_at:%Y-%m-%d %H:%M} UTC and may until "
            f"{row.expires_at:%Y-%m-%d %H:%M} UTC; try again when it has ended."
        )
    lock.acquired_at, lock.expires_at = now, now + lease
    s.merge(lock)
