"""Standing mechanisms as a calendar: their last session, this week's, and when the next one is to be expected. Pure.

The next session is the announced one; else what the usual gap between sessions gives, and then that is said; else
nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from archive.placing import placing_date
from archive.records import StoredMeeting
from meetings import forums
from meetings.folding import key
from meetings.records import Status
from reports import words
from reports.accounts import TEXT_LIMIT
from reports.clean import one_line
from reports.records import SeriesView
from reports.week import week_of_day

SESSIONS = 3
"""Fewer numbered sessions with dates make no rhythm."""
STEADY = 1.6
"""The longest of a forum's gaps may be so many times its median, or it has no rhythm."""
ONE_SESSION = timedelta(days=30)
"""Records of one forum within so many days, of which only one is numbered, are of one session."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a forum: its number where it is told, and the day it began."""

    ordinal: int | None
    day: date
    stored: StoredMeeting


@dataclass(frozen=True, slots=True)
class Series:
    """One forum: its sessions up to a day of reckoning, and those announced after it, each by day."""

    name: str
    held: tuple[Session, ...]
    announced: tuple[Session, ...]


def calendar(
    meetings: Sequence[StoredMeeting], *, day: date, within: timedelta | None = None
) -> tuple[SeriesView, ...]:
    """The forums whose sessions are numbered, as they stand in the week of `day`, which is "this" week.

    `meetings`: the held ones of the archive, of which those of later weeks do not count, and the announced ones that
    may be known. Forums with a session this week come first, then by the day of the next one. `within`: only forums
    with a session this week, or whose next one is announced or expected within so long of the week's end.
    """
    _, sunday = week_of_day(day).days()
    rows = [(_standing(series, day), series) for series in series_of(meetings, day=sunday)]
    chosen = [
        (standing, series)
        for standing, series in rows
        if within is None or standing.current or (standing.due and sunday < standing.due <= sunday + within)
    ]
    chosen.sort(key=lambda row: (row[0].current is None, row[0].due or date.max, row[1].name))
    return tuple(_view(standing, series) for standing, series in chosen)


def series_of(meetings: Iterable[StoredMeeting], *, day: date) -> tuple[Series, ...]:
    """The forums of which at least one session is numbered, by name: held ones up to `day`, announced ones after it."""
    found: dict[str, list[Session]] = {}
    names: dict[str, str] = {}
    for stored in sorted(meetings, key=lambda stored: stored.meeting.id):
        forum, placed = stored.meeting.forum, placing_date(stored)
        if forum is None or placed is None or forums.is_social(forum.name):
            continue
        if stored.meeting.status is Status.CANCELLED or (stored.meeting.status is Status.HELD) != (placed <= day):
            continue
        id_ = key(forum.name)
        names.setdefault(id_, forum.name)
        found.setdefault(id_, []).append(Session(forum.ordinal, placed, stored))
    return tuple(
        Series(
            names[id_],
            _sessions(s for s in sessions if s.day <= day),
            _sessions(s for s in sessions if s.day > day),
        )
        for id_, sessions in sorted(found.items())
        if any(session.ordinal is not None for session in sessions)
    )


def _sessions(told: Iterable[Session]) -> tuple[Session, ...]:
    """One for each session: records of one number, or near in time where one has none, are of one."""
    sessions: list[Session] = []
    for one in sorted(told, key=lambda s: (s.ordinal is None, s.day, s.stored.meeting.id)):
        if not any(_one_session(one, other) for other in sessions):
            sessions.append(one)
    return tuple(sorted(sessions, key=lambda s: (s.day, s.ordinal or 0)))


def _one_session(one: Session, other: Session) -> bool:
    if one.ordinal is not None:
        return one.ordinal == other.ordinal
    return abs(one.day - other.day) <= ONE_SESSION


@dataclass(frozen=True, slots=True)
class _Standing:
    last: Session | None
    current: Session | None
    coming: Session | None
    due: date | None
    gap: timedelta | None


def _standing(series: Series, day: date) -> _Standing:
    monday, _ = week_of_day(day).days()
    current = next((session for session in reversed(series.held) if session.day >= monday), None)
    last = next((session for session in reversed(series.held) if session.day < monday), None)
    coming = series.announced[0] if series.announced else None
    gap = rhythm(series.held)
    newest = current or last
    due = coming.day if coming else newest.day + gap if newest and gap else None
    return _Standing(last, current, coming, due if due and due >= monday else None, gap)


def rhythm(sessions: Sequence[Session]) -> timedelta | None:
    """The usual time from one session to the next: the median of at least two steady gaps; None without one."""
    numbered = [session for session in sessions if session.ordinal is not None]
    steps = [(one, two, (two.ordinal or 0) - (one.ordinal or 0)) for one, two in pairwise(numbered)]
    if len(numbered) < SESSIONS or any(step < 1 for _, _, step in steps):
        return None
    gaps = [(two.day - one.day).days / step for one, two, step in steps]
    usual = median(gaps)
    return timedelta(days=round(usual)) if usual and max(gaps) <= STEADY * usual else None


def _view(standing: _Standing, series: Series) -> SeriesView:
    number = len([session for session in series.held if session.ordinal is not None])
    next_, basis = "", ""
    if standing.coming:
        next_, basis = _phrase(standing.coming), "announced"
    elif standing.due and standing.gap:
        next_ = f"about {words.month(standing.due)}"
        basis = f"by the usual rhythm: {number} sessions known, one about every {_months(standing.gap)}"
    return SeriesView(
        id=key(series.name).replace(" ", "-"),
        name=one_line(series.name, TEXT_LIMIT),
        last=_phrase(standing.last) if standing.last else "",
        current=_phrase(standing.current) if standing.current else "",
        next=next_,
        basis=basis,
    )


def _months(gap: timedelta) -> str:
    return words.counted(max(1, round(gap.days / 30.44)), "month")


def _phrase(session: Session) -> str:
    """`16th session, 10 December 2024, Beijing`."""
    city = one_line(session.stored.meeting.place.city or "", TEXT_LIMIT)
    number = f"{words.ordinal(session.ordinal)} session" if session.ordinal is not None else "session"
    return ", ".join(filter(None, (number, words.plain_day(session.day), city)))
