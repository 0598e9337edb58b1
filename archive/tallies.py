"""Held meetings counted without reading their articles: what figures and charts of many weeks need."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from archive.models import ArticleRow, MeetingRow, MentionRow
from meetings.records import Rank
from parsers.records import Side


@dataclass(frozen=True, slots=True)
class Tally:
    """One held meeting: the day by which it is placed, its level, and the sides that tell it.

    A copy is the telling of the side whose text it prints.
    """

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
    original = aliased(ArticleRow)
    tellers = (
        select(MentionRow.meeting_id, original.side)
        .join(ArticleRow, ArticleRow.number == MentionRow.article_number)
        .join(original, original.number == func.coalesce(ArticleRow.copy_of, ArticleRow.number))
        .join(MeetingRow, MeetingRow.id == MentionRow.meeting_id)
        .where(*chosen, original.side.is_not(None))
        .distinct()
    )
    for meeting_id, side in s.execute(tellers):
        sides.setdefault(meeting_id, set()).add(side)
    level = MeetingRow.record["level"].as_string()
    held = select(MeetingRow.id, MeetingRow.placed_on, level).where(*chosen).order_by(MeetingRow.placed_on)
    return [Tally(day, Rank(rank), frozenset(sides.get(id_, ()))) for id_, day, rank in s.execute(held) if day]
