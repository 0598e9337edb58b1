"""Held meetings counted without reading their articles: what figures and charts of many weeks need."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from archive.models import ArticleRow, MeetingRow, MentionRow
from meetings.records import Rank, Status
from parsers.records import Side


@dataclass(frozen=True, slots=True)
class Tally:
    """One held meeting: the day by which it is placed, its level, and the sides that tell it.

    A copy is the telling of the side whose text it prints; an article that only announces the meeting is none.
    """

    day: dt.date
    level: Rank
    sides: frozenset[Side]


def tallies(s: Session, start: dt.date, end: dt.date, zone: dt.tzinfo = dt.UTC) -> list[Tally]:
    """The held meetings placed from `start` to `end`, both included, by day.

    One that no date places goes by the day in `zone` on which it was first seen, as in an issue.
    """
    first, last = (dt.datetime.combine(day, dt.time(), zone) for day in (start, end + dt.timedelta(days=1)))
    seen = and_(MeetingRow.placed_on.is_(None), MeetingRow.first_seen >= first, MeetingRow.first_seen < last)
    chosen = (
        MeetingRow.withdrawn_at.is_(None),
        MeetingRow.held_known_at.is_not(None),
        or_(MeetingRow.placed_on.between(start, end), seen),
    )
    sides: dict[str, set[Side]] = {}
    original = aliased(ArticleRow)
    tellers = (
        select(MentionRow.meeting_id, original.side)
        .join(ArticleRow, ArticleRow.number == MentionRow.article_number)
        .join(original, original.number == func.coalesce(ArticleRow.copy_of, ArticleRow.number))
        .join(MeetingRow, MeetingRow.id == MentionRow.meeting_id)
        .where(*chosen, original.side.is_not(None), MentionRow.record["status"].as_string() == Status.HELD)
        .distinct()
    )
    for meeting_id, side in s.execute(tellers):
        sides.setdefault(meeting_id, set()).add(side)
    level = MeetingRow.record["level"].as_string()
    held = select(MeetingRow.id, MeetingRow.placed_on, MeetingRow.first_seen, level).where(*chosen)
    found = [
        Tally(day or seen_at.astimezone(zone).date(), Rank(rank), frozenset(sides.get(id_, ())))
        for id_, day, seen_at, rank in s.execute(held.order_by(MeetingRow.placed_on, MeetingRow.first_seen))
    ]
    return sorted(found, key=lambda tally: tally.day)
