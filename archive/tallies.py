"""Held meetings read in short, without their articles: what figures of many weeks and firsts of all time need."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cache

from sqlalchemy import and_, case, exists, or_, select
from sqlalchemy.orm import Session, aliased

from archive.bulk import in_bulk
from archive.lookups import name_key
from archive.models import ArticleRow, MeetingRow, MentionRow
from archive.placing import placing_date
from archive.records import StoredMeeting
from meetings.records import Direction, Rank, Status
from parsers.records import Side


@dataclass(frozen=True, slots=True)
class Tally:
    """One held meeting: the day by which it is placed, its level, and the sides that tell it.

    A copy is the telling of the side whose text it prints, if that text tells the meeting too; an article that only
    announces it is none.
    """

    day: dt.date
    level: Rank
    sides: frozenset[Side]


@dataclass(frozen=True, slots=True)
class Held:
    """One held meeting: the day that places it, its level, who travelled to whom, and who is named, by
    `archive.lookups.name_key`.
    """

    id: str
    day: dt.date
    level: Rank
    direction: Direction
    names: frozenset[str]

    @classmethod
    def of(cls, stored: StoredMeeting) -> Held | None:
        """A meeting in short; None when it was not held, or no day places it."""
        meeting, day = stored.meeting, placing_date(stored)
        if day is None or meeting.status is not Status.HELD:
            return None
        names = frozenset(name_key(each.name) for each in (*meeting.china, *meeting.vietnam) if each.name)
        return cls(meeting.id, day, meeting.level, meeting.direction, names)


def held_meetings(s: Session) -> list[Held]:
    """All held meetings that a day places."""
    row, record = MeetingRow, MeetingRow.record
    # a column of text is not taken apart for each row: the same people meet again and again
    words = (record[key].as_string() for key in ("level", "direction", "china", "vietnam"))
    chosen = row.withdrawn_at.is_(None), row.held_known_at.is_not(None), row.placed_on.is_not(None)
    names = cache(_names)
    with in_bulk():
        return [
            Held(id_, day, Rank(level), Direction(direction), names(china) | names(vietnam))
            for id_, day, level, direction, china, vietnam in s.execute(
                select(row.id, row.placed_on, *words).where(*chosen)
            )
        ]


def _names(people: str) -> frozenset[str]:
    return frozenset(name_key(person["name"]) for person in json.loads(people) if person["name"])


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
    original, printed = aliased(ArticleRow), aliased(MentionRow)
    tells_too = exists().where(
        printed.meeting_id == MentionRow.meeting_id, printed.article_number == ArticleRow.copy_of
    )
    text = case((tells_too, ArticleRow.copy_of), else_=ArticleRow.number)
    tellers = (
        select(MentionRow.meeting_id, original.side)
        .join(ArticleRow, ArticleRow.number == MentionRow.article_number)
        .join(original, original.number == text)
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
