"""What meetings are looked up by, kept beside them: who is in each of them, and the sessions of forums.

However much the archive holds, a question about one meeting reads what it asks for and no more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.util import AliasedClass

from archive.models import MeetingRow, PersonRow, SessionRow
from meetings.folding import key
from meetings.records import RANK_ORDER, Direction, Meeting, Rank

NOBODY, AT_FORUM = "", " forum"
"""Stand for a name: where nobody is named, and, beside the names, where there is a forum. No folded name is one."""
_NAME_LIMIT = 200
"""Characters of a name by which it is looked up: an index of PostgreSQL takes no longer ones."""


def name_key(name: str) -> str:
    """A name as meetings are looked up by it: two forms that are one by `meetings.identity` are one here."""
    return key(name)[:_NAME_LIMIT]


def keep_lookups(s: Session, row: MeetingRow, meeting: Meeting) -> None:
    """Brings what a meeting is looked up by in line with its row, whose record `meeting` is."""
    held = row.held_known_at is not None and row.withdrawn_at is None
    people, forum = lookups(row.id, meeting, row.placed_on, held=held)
    query = select(PersonRow.name, PersonRow.day, PersonRow.held, PersonRow.direction)
    kept = {tuple(each) for each in s.execute(query.where(PersonRow.meeting_id == row.id))}
    if kept != {(each["name"], each["day"], each["held"], each["direction"]) for each in people}:
        s.execute(delete(PersonRow).where(PersonRow.meeting_id == row.id))
        if people:
            s.execute(insert(PersonRow), people)
    known = s.execute(
        select(SessionRow.forum, SessionRow.ordinal, SessionRow.day).where(SessionRow.meeting_id == row.id)
    )
    if {tuple(each) for each in known} != {(each["forum"], each["ordinal"], each["day"]) for each in forum}:
        s.execute(delete(SessionRow).where(SessionRow.meeting_id == row.id))
        if forum:
            s.execute(insert(SessionRow), forum)


def lookups(
    id_: str, meeting: Meeting, placed_on: dt.date | None, *, held: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows by which a meeting is looked up: its people; its session of a forum, if it is one that was held."""
    if placed_on is None:
        return [], []
    row = {"meeting_id": id_, "day": placed_on}
    about = {"held": held, "direction": meeting.direction.value}
    people = [row | about | {"name": name} for name in sorted(_words(meeting))]
    forum = meeting.forum if held else None
    return people, [row | {"forum": name_key(forum.name), "ordinal": forum.ordinal}] if forum else []


def _words(meeting: Meeting) -> frozenset[str]:
    names = _names(meeting)
    return names | {AT_FORUM} if meeting.forum else names


def _names(meeting: Meeting) -> frozenset[str]:
    people = (*meeting.china, *meeting.vietnam)
    return frozenset(name_key(person.name) for person in people if person.name) or frozenset({NOBODY})


def like_it(meeting: Meeting, first: dt.date, last: dt.date) -> ColumnElement[bool]:
    """The meetings placed from `first` to `last` that `meetings.identity` could take for this one.

    That is: with a name in common; as nameless; or of a forum on the same day.
    """
    near = and_(PersonRow.name.in_(sorted(_names(meeting))), PersonRow.day.between(first, last))
    if meeting.forum and meeting.date:
        near = or_(near, and_(PersonRow.name == AT_FORUM, PersonRow.day == meeting.date))
    return MeetingRow.id.in_(select(PersonRow.meeting_id).where(near))


def session_ids(s: Session, monday: dt.date, sunday: dt.date) -> list[str]:
    """The ids of the held meetings that the calendar of forums needs for the week from `monday` to `sunday`.

    Of each forum with numbered sessions: the first that tells of each number, up to that week; and those without a
    number that came after the last numbered one of the weeks before.
    """
    row = SessionRow
    place = func.row_number().over(partition_by=(row.forum, row.ordinal), order_by=(row.day, row.meeting_id))
    told = select(row.forum, row.day, row.meeting_id, place.label("place")).where(
        row.ordinal.is_not(None), row.day <= sunday
    )
    first = told.subquery()
    numbered = s.execute(select(first.c.forum, first.c.day, first.c.meeting_id).where(first.c.place == 1)).all()
    last: dict[str, dt.date] = {}
    for forum, day, _ in numbered:
        last[forum] = max(last.get(forum, dt.date.min), day if day < monday else dt.date.min)
    ids = [id_ for _, _, id_ in numbered]
    for forum, day in sorted(last.items()):
        later = row.forum == forum, row.ordinal.is_(None), row.day > day, row.day <= sunday
        ids += s.scalars(select(row.meeting_id).where(*later))
    return ids


@dataclass(frozen=True, slots=True)
class HeldBefore:
    """The held meetings of the whole archive that a day places, asked one question at a time."""

    session: Session

    def looked_since(self, day: dt.date, silence: dt.timedelta) -> dt.date:
        """From when on the archive knows meetings up to `day` without a gap longer than `silence`.

        It goes back by as long as a gap may be, always to the earliest meeting within: some hundred steps for a
        lifetime.
        """
        row, inner = MeetingRow, aliased(MeetingRow)
        walk = (
            select(func.min(row.placed_on).label("day"))
            .where(*_held(row), row.placed_on.between(day - silence, day))
            .cte("walk", recursive=True)
        )
        back: ColumnElement[dt.date] = walk.c.day - silence.days
        if self.session.get_bind().dialect.name == "sqlite":
            back = func.date(walk.c.day, f"-{silence.days} days")
        earliest = select(inner.placed_on).where(*_held(inner), inner.placed_on.between(back, walk.c.day))
        step = earliest.order_by(inner.placed_on).limit(1).scalar_subquery()
        # a step that leads nowhere gives the same day again, which ends the walk
        walk = walk.union(select(step).where(walk.c.day.is_not(None)))
        return self.session.scalar(select(func.min(walk.c.day))) or day

    def last_visit(self, day: dt.date, meeting: Meeting, name: str, direction: Direction) -> dt.date | None:
        """The day of a person's last visit in that direction before this meeting, which `day` places."""
        own = PersonRow.name == name_key(name), PersonRow.held.is_(True), PersonRow.direction == direction.value
        if self._earlier_that_day(meeting, select(PersonRow.meeting_id).where(*own, PersonRow.day == day)):
            return day
        before = select(PersonRow.day).where(*own, PersonRow.day < day)
        return self.session.scalar(before.order_by(PersonRow.day.desc()).limit(1))

    def have_met(self, day: dt.date, meeting: Meeting, one: str, two: str) -> bool:
        """Whether two people were in one meeting before this one, which `day` places."""
        other = aliased(PersonRow)
        both = (
            select(PersonRow.meeting_id)
            .join(other, and_(other.meeting_id == PersonRow.meeting_id, other.name == name_key(two)))
            .where(PersonRow.name == name_key(one), PersonRow.held.is_(True))
        )
        if self._earlier_that_day(meeting, both.where(PersonRow.day == day)):
            return True
        return self.session.scalar(both.where(PersonRow.day < day).limit(1)) is not None

    def _earlier_that_day(self, meeting: Meeting, others: Select[tuple[str]]) -> bool:
        """Whether one of `others`, of the same day, comes before the meeting: the highest in rank is first."""
        level = MeetingRow.record["level"].as_string()
        rows = self.session.execute(select(MeetingRow.id, level).where(MeetingRow.id.in_(others))).tuples()
        here = RANK_ORDER.index(meeting.level), meeting.id
        return any((RANK_ORDER.index(Rank(word)), id_) < here for id_, word in rows)


def _held(row: type[MeetingRow] | AliasedClass[MeetingRow]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The words of the index of held meetings."""
    return row.held_known_at.is_not(None), row.withdrawn_at.is_(None)
