"""Meetings under their permanent ids: every telling kept whole, the meeting merged anew from all its tellings.

How an id is given and kept is explained in docs/decisions/0003-meeting-ids.md.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from archive.articles import articles_where, by_publication
from archive.bulk import in_bulk
from archive.columns import batches
from archive.issues import is_past
from archive.lookups import keep_lookups, like_it, session_ids
from archive.models import AliasRow, ArticleRow, MeetingRow, MentionRow
from archive.placing import Candidate, Telling, choose, reread, same_people, tellings
from archive.records import Mention, StoredArticle, StoredMeeting
from archive.rereading import note_rereading, records_of
from archive.versions import put_in_force
from meetings.identity import HINT_REACH, merge
from meetings.jsonform import meeting_from_dict, meeting_to_dict
from meetings.records import Detection, Status

DATED_REACH = dt.timedelta(days=2)
"""How far apart two datings of one meeting are looked for; `same_meeting` allows less."""


def record_detection(
    s: Session, stored: StoredArticle, detection: Detection, *, rules_version: str, now: dt.datetime
) -> list[tuple[str, bool]]:
    """Stores what rules of this version read in an article: (permanent id, True when news) for each meeting, in order.

    Records of one article that are one meeting by `meetings.identity` count once. Again with the same version:
    nothing changes. With another one, or of another text of its page, the article's tellings are replaced, and the text
    that was read is in force from now on; meetings that fit keep their ids, and one that nobody tells any more is
    withdrawn, never deleted. What other rules change by reading the same text again is noted (`archive.rereading`).
    """
    article = s.get_one(ArticleRow, stored.number)
    # most articles are read once: what they cannot have told is not asked for
    told_before = _told_by(MentionRow.article_number == stored.number)
    before = s.scalars(told_before).all() if article.detected_at is not None else []
    former = list(dict.fromkeys(mention.meeting_id for mention in before))
    if article.detected_rules == rules_version:
        return [(mention.meeting_id, False) for mention in before]
    if (article.published_on, article.side) != (stored.article.published_on, stored.article.side):
        # the page of an imported file came while the file was read: it is read again with what the page tells
        return []
    told = tellings(detection.meetings, article.published_on)
    again = article.detected_rules is not None
    if before:
        s.execute(delete(MentionRow).where(MentionRow.article_number == stored.number))
    known = _recognise(s, told, former)
    earlier = records_of(s, {*former, *filter(None, known)}) if again else {}
    ids = [id_ or _new_meeting(s, article.key, t, now) for id_, t in zip(known, told, strict=True)]
    for position, (id_, telling) in enumerate(zip(ids, told, strict=True)):
        s.add(_mention(stored.number, position, id_, telling, rules_version, now))
    newest = put_in_force(s, article, stored.article, now=now)
    article.detected_rules, article.detected_at = rules_version if newest else None, now
    article.notes = list(detection.notes)
    article.language = article.language or detection.language
    s.flush()
    for id_ in dict.fromkeys([*ids, *former]):
        _refresh(s, id_, now, article if again else None)
    for id_ in former:
        _alias_if_vacated(s, id_, ids, told, now)
    if again:
        note_rereading(s, earlier, (*ids, *former), former, rules_version=rules_version, now=now)
    return [(id_, id_ not in known and not s.get_one(MeetingRow, id_).filed) for id_ in ids]


def all_meetings(s: Session) -> list[StoredMeeting]:
    """Every meeting, by placing date, those without one last."""
    return load_meetings(s)


def outlines(s: Session) -> list[StoredMeeting]:
    """Every meeting without its mentions, by placing date: what the whole archive knows, cheaply."""
    return load_outlines(s)


def forum_outlines(s: Session, monday: dt.date, sunday: dt.date) -> list[StoredMeeting]:
    """The outlines of the meetings that the calendar of forums needs for a week (`archive.lookups.session_ids`)."""
    ids = session_ids(s, monday, sunday)
    return [each for batch in batches(ids) for each in load_outlines(s, MeetingRow.id.in_(batch))]


def meetings_by_id(s: Session, ids: Collection[str]) -> list[StoredMeeting]:
    """The meetings of these ids or aliases, each once; those that nobody tells any more are left out."""
    heirs = s.scalars(select(AliasRow.meeting_id).where(AliasRow.alias.in_(ids))).all()
    return load_meetings(s, MeetingRow.id.in_({*ids, *heirs}))


def get_meeting(s: Session, meeting_id: str) -> StoredMeeting | None:
    """The meeting of this id or alias; None when there is none, or nobody tells it any more."""
    return next(iter(meetings_by_id(s, [meeting_id])), None)


def count_meetings(s: Session) -> int:
    """How many meetings are told by at least one article."""
    return s.scalar(select(func.count()).select_from(MeetingRow).where(MeetingRow.withdrawn_at.is_(None))) or 0


def _recognise(s: Session, told: Sequence[Telling], former: Sequence[str]) -> list[str | None]:
    """The known id of each telling, None for a new meeting. One article's tellings never share an id.

    Where no candidate fits, an id that this article alone told is kept for what better rules made of that telling.
    """
    ids: list[str | None] = []
    for telling in told:
        candidates = _candidates(s, telling)
        ids.append(choose(telling.meeting, [c for c in candidates if c.id not in ids], former))
    own = _rows_as_candidates(s, MeetingRow.id.in_(former)) if former else []
    left = [c for c in own if c.id not in ids and not _told(s, c.id)]
    left.sort(key=lambda c: former.index(c.id))
    for position, telling in enumerate(told):
        kept = next((c for c in left if reread(c.meeting, telling.meeting)), None)
        if ids[position] is None and kept is not None:
            ids[position] = kept.id
            left.remove(kept)
    return ids


def _candidates(s: Session, telling: Telling) -> list[Candidate]:
    """Stored meetings near in time and alike in people, found by index; `same_meeting` itself decides."""
    day, placed = telling.meeting.date, telling.placed_on
    first, last = day or placed, telling.meeting.end_date or day or placed
    if first is None or last is None:
        return []
    alike = like_it(telling.meeting, first - HINT_REACH, last + HINT_REACH)
    if day is None:
        return _rows_as_candidates(s, alike)
    dated = MeetingRow.date.between(first - DATED_REACH, last + DATED_REACH)
    return _rows_as_candidates(s, and_(alike, or_(MeetingRow.date.is_(None), dated)))


def _rows_as_candidates(s: Session, condition: ColumnElement[bool]) -> list[Candidate]:
    aliased = exists().where(AliasRow.alias == MeetingRow.id)
    rows = s.scalars(select(MeetingRow).where(condition, ~aliased).order_by(MeetingRow.first_seen, MeetingRow.id))
    return [Candidate(row.id, meeting_from_dict(row.record), row.first_seen) for row in rows]


def _told(s: Session, meeting_id: str) -> bool:
    return bool(s.scalar(select(exists().where(MentionRow.meeting_id == meeting_id))))


def _new_meeting(s: Session, article_key: str, telling: Telling, now: dt.datetime) -> str:
    """Enters a meeting under an id that depends on the article that told of it first, not on what it told."""
    digests = (hashlib.sha256(f"{article_key}/{n}".encode()).hexdigest()[:12] for n in count())
    id_ = next(f"m-{digest}" for digest in digests if s.get(MeetingRow, f"m-{digest}") is None)
    record = meeting_to_dict(telling.meeting)
    s.add(MeetingRow(id=id_, record=record, date=telling.meeting.date, placed_on=telling.placed_on, first_seen=now))
    s.flush()
    return id_


def _mention(
    number: int, position: int, meeting_id: str, telling: Telling, rules_version: str, now: dt.datetime
) -> MentionRow:
    return MentionRow(
        article_number=number,
        position=position,
        meeting_id=meeting_id,
        record=meeting_to_dict(telling.meeting),
        placed_on=telling.placed_on,
        rules_version=rules_version,
        recorded_at=now,
    )


def _refresh(s: Session, meeting_id: str, now: dt.datetime, again: ArticleRow | None) -> None:
    """Merges a meeting anew from its tellings; withdraws it when there are none.

    What makes it known as held is news, unless it is an article read `again` and its week's issue is past.
    """
    row = s.get_one(MeetingRow, meeting_id)
    mentions = s.scalars(_told_by(MentionRow.meeting_id == meeting_id)).all()
    if not mentions:
        row.withdrawn_at = row.withdrawn_at or now
        keep_lookups(s, row, meeting_from_dict(row.record))
        return
    merged = merge([meeting_from_dict(mention.record) for mention in mentions])
    borrowed = next((mention.placed_on for mention in mentions if mention.placed_on is not None), None)
    row.record = meeting_to_dict(merged)
    row.date, row.placed_on = merged.date, merged.date or borrowed
    if merged.status is not Status.HELD:
        row.held_known_at, row.filed = None, False
    elif row.held_known_at is None:
        day = row.placed_on or (again.stored_at.date() if again else None)
        row.held_known_at, row.filed = now, again is not None and day is not None and is_past(s, day)
    row.withdrawn_at = None
    keep_lookups(s, row, merged)


def _alias_if_vacated(s: Session, old: str, ids: Sequence[str], told: Sequence[Telling], now: dt.datetime) -> None:
    """When what an article told under `old` is now told under another id, `old` leads there from now on."""
    row = s.get_one(MeetingRow, old)
    if row.withdrawn_at is None:
        return
    lost = meeting_from_dict(row.record)
    heir = next((i for i, t in zip(ids, told, strict=True) if same_people(t.meeting, lost)), None)
    if heir is None:
        return
    s.execute(update(AliasRow).where(AliasRow.meeting_id == old).values(meeting_id=heir))
    s.add(AliasRow(alias=old, meeting_id=heir, merged_at=now))
    kept = s.get_one(MeetingRow, heir)
    kept.first_seen = min(kept.first_seen, row.first_seen)
    kept.new_in = kept.new_in or row.new_in
    if kept.held_known_at is not None and row.held_known_at is not None:
        kept.held_known_at = min(kept.held_known_at, row.held_known_at)
        kept.filed = kept.filed and row.filed
    s.flush()


def _told_by(condition: ColumnElement[bool]) -> Select[tuple[MentionRow]]:
    return select(MentionRow).join(ArticleRow).where(condition).order_by(*by_publication(), MentionRow.position)


def load_meetings(s: Session, *conditions: ColumnElement[bool]) -> list[StoredMeeting]:
    """The meetings of these conditions, by placing date; for the modules of this room."""
    with in_bulk():
        mentions = _mentions(s, *conditions)
        found = load_outlines(s, *conditions)
        return [replace(stored, mentions=tuple(mentions.get(stored.meeting.id, ()))) for stored in found]


def _mentions(s: Session, *conditions: ColumnElement[bool]) -> dict[str, list[Mention]]:
    """The mentions of the meetings of these conditions by the meeting's id; each article is read once."""
    row, told = MentionRow, (MeetingRow.withdrawn_at.is_(None), *conditions)
    numbers = select(row.article_number).join(MeetingRow).where(*told)
    articles = {each.number: each for each in articles_where(s, ArticleRow.number.in_(numbers))}
    query = select(row.meeting_id, row.article_number, row.record).join(MeetingRow).where(*told)
    found: dict[str, list[Mention]] = {}
    for id_, number, record in s.execute(query.join(ArticleRow).order_by(*by_publication(), row.position)):
        found.setdefault(id_, []).append(Mention(articles[number], meeting_from_dict({**record, "id": id_})))
    return found


def load_outlines(s: Session, *conditions: ColumnElement[bool]) -> list[StoredMeeting]:
    """The meetings of these conditions without their mentions, by placing date; for the modules of this room."""
    row = MeetingRow
    columns = row.id, row.record, row.date, row.placed_on, row.first_seen, row.held_known_at, row.filed
    with in_bulk():
        return [_outline(*values) for values in s.execute(_in_order(*conditions).with_only_columns(*columns))]


def _in_order(*conditions: ColumnElement[bool]) -> Select[tuple[MeetingRow]]:
    told = select(MeetingRow).where(MeetingRow.withdrawn_at.is_(None), *conditions)
    return told.order_by(MeetingRow.placed_on.is_(None), MeetingRow.placed_on, MeetingRow.id)


def _outline(
    id_: str,
    record: Mapping[str, Any],
    date: dt.date | None,
    placed_on: dt.date | None,
    first_seen: dt.datetime,
    held_known_at: dt.datetime | None,
    filed: bool,
) -> StoredMeeting:
    meeting = meeting_from_dict({**record, "id": id_})
    return StoredMeeting(meeting, first_seen, held_known_at, (), placed_on if date is None else None, filed)
