"""The meetings that one issue may tell of, found by index among all that the archive ever knew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from archive.columns import batches
from archive.meetings import load_meetings, load_outlines
from archive.models import MeetingRow, MentionRow
from archive.records import IssuePart, Said, StoredMeeting

LONGEST = dt.timedelta(weeks=2)
"""How long an announced meeting may be under way: one placed so long before a week may still end in it."""
FARTHEST = dt.timedelta(weeks=104)
"""How far ahead of a week an announced meeting is told."""


def meetings_for_issue(
    s: Session,
    first: dt.date,
    last: dt.date,
    *,
    since: dt.date,
    said: Collection[Said],
) -> list[StoredMeeting]:
    """What the issue of the days from `first` to `last` may tell of, by placing date, those without one last.

    That is: meetings held from `since` to `last`, both included, but for those that are new in another issue, and those
    that were filed under an earlier week; those announced or called off; of those that no day places, the ones that are
    new in no issue yet, or were announced since shortly before the week; and what earlier issues `said`. Of the last,
    those of which nothing has changed since come without their mentions: an issue has no more to say of them.
    """
    placed, held = MeetingRow.placed_on, MeetingRow.held_known_at
    told, unclaimed = MeetingRow.withdrawn_at.is_(None), and_(held.is_not(None), MeetingRow.new_in.is_(None))
    news = or_(MeetingRow.filed.is_(False), placed >= first)
    new = s.scalars(select(MeetingRow.id).where(told, unclaimed, placed.between(since, last), news))
    coming = placed.between(first - LONGEST, last + FARTHEST)
    expected = s.scalars(select(MeetingRow.id).where(told, held.is_(None), coming))
    # zones differ by a day at most
    shortly_before = dt.datetime.combine(first - dt.timedelta(days=2), dt.time(), dt.UTC)
    undecided = or_(unclaimed, and_(held.is_(None), MeetingRow.first_seen >= shortly_before))
    unplaced = s.scalars(select(MeetingRow.id).where(told, placed.is_(None), undecided))
    whole = {*new, *expected, *unplaced}
    unchanged, changed = _since_told(s, said, whole)
    return sorted([*unchanged, *_with_ids(s, whole | changed)], key=_by_place)


def _since_told(s: Session, said: Collection[Said], others: Collection[str]) -> tuple[list[StoredMeeting], set[str]]:
    """Of the meetings that issues told of, but for `others`: those told as then, and the ids of the rest."""
    told: dict[str, list[Said]] = {}
    for each in said:
        told.setdefault(each.id, []).append(each)
    unchanged, changed = [], set()
    for ids in batches([id_ for id_ in told if id_ not in others]):
        numbers = _article_numbers(s, ids)
        for outline in load_outlines(s, MeetingRow.id.in_(ids)):
            id_ = outline.meeting.id
            if all(_as_told(outline, numbers[id_], each) for each in told[id_]):
                unchanged.append(outline)
            else:
                changed.add(id_)
    return unchanged, changed


def _as_told(outline: StoredMeeting, numbers: Collection[int], said: Said) -> bool:
    settled = said.part not in (IssuePart.EXPECTED, IssuePart.GONE)
    return settled and outline.meeting == said.meeting and said.articles.issuperset(numbers)


def _article_numbers(s: Session, ids: Collection[str]) -> dict[str, set[int]]:
    """By meeting, the articles that tell it."""
    found: dict[str, set[int]] = {id_: set() for id_ in ids}
    tellers = select(MentionRow.meeting_id, MentionRow.article_number).where(MentionRow.meeting_id.in_(ids))
    for id_, number in s.execute(tellers):
        found[id_].add(number)
    return found


def _with_ids(s: Session, ids: Collection[str]) -> Iterator[StoredMeeting]:
    for batch in batches(sorted(ids)):
        yield from load_meetings(s, MeetingRow.id.in_(batch))


def _by_place(stored: StoredMeeting) -> tuple[bool, dt.date, str]:
    """The order in which `archive.meetings` gives meetings."""
    day = stored.meeting.date or stored.placed_on
    return day is None, day or dt.date.min, stored.meeting.id
