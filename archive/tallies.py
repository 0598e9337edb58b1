"""Held meetings counted without reading their articles: what figures and charts of many weeks need."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.models import ArticleRow, MeetingRow, MentionRow
from meetings.records import Rank
from parsers.records import Side


@dataclass(frozen=True, slots=True)
class Tally:
    """One held meeting: the day by which it is placed, its level, and the sides whose outlets tell it."""

    day: dt.date
    level: Rank
    sides: frozenset[Side]


def tallies(s: Session, start: dt.date, end: dt.date) -> list[Tally]:
    """The held meetings placed from `start` to `end`, both included, by day."""
    chosen = (
        MeetingRow.withdrawn_at.is_(None),
        MeetingRow.held_known_at.is_not(None),
        MeetingRow.placed_on.between(start, end),
    )
    sides: dict[str, set[Side]] = {}
    tellers = (
        select(MentionRow.meeting_id, ArticleRow.side)
        .join(ArticleRow, ArticleRow.number == MentionRow.article_number)
        .join(MeetingRow, MeetingRow.id == MentionRow.meeting_id)
        .where(*chosen, ArticleRow.side.is_not(None))
        .distinct()
    )
    for meeting_id, side in s.execute(tellers):
        sides.setdefault(meeting_id, set()).add(side)
    level = MeetingRow.record["level"].as_string()
    held = select(MeetingRow.id, MeetingRow.placed_on, level).where(*chosen).order_by(MeetingRow.placed_on)
    return [Tally(day, Rank(rank), frozenset(sides.get(id_, ()))) for id_, day, rank in s.execute(held) if day]
