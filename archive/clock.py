"""Whether this machine's clock was found to be plainly wrong, by the servers polled last."""

from __future__ import annotations

import datetime as dt
import json

from sqlalchemy import delete
from sqlalchemy.orm import Session

from archive.models import MetaRow

_CLOCK = "clock"


def note(s: Session, wrong_by: dt.timedelta, *, now: dt.datetime) -> None:
    """Remembers by how much the clock that says `now` is ahead of the servers' (negative: behind); zero forgets it."""
    if wrong_by:
        seconds = wrong_by.total_seconds()
        s.merge(MetaRow(key=_CLOCK, value=json.dumps({"at": now.astimezone(dt.UTC).isoformat(), "ahead": seconds})))
    else:
        s.execute(delete(MetaRow).where(MetaRow.key == _CLOCK))


def wrong_by(s: Session, *, now: dt.datetime) -> dt.timedelta:
    """By how much the clock that says `now` is ahead of the servers' as far as is known (negative: behind).

    Zero when it was well, or when it was set right since: a clock that was ahead then shows an earlier time than then.
    """
    row = s.get(MetaRow, _CLOCK)
    if row is None:
        return dt.timedelta(0)
    known = json.loads(row.value)
    ahead = dt.timedelta(seconds=known["ahead"])
    return dt.timedelta(0) if now < dt.datetime.fromisoformat(known["at"]) else ahead
