"""What better rules change by reading stored articles again: noted with each article, told as one list of changes.

The note is written in the transaction that changes the meeting, and holds what was told before the first of them. So
the list is whole however often the reading was cut off, and what the next article takes back is no change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from archive.models import AliasRow, MeetingRow, RereadingRow
from archive.placing import same_people
from archive.records import MeetingChange, Rereading
from meetings.jsonform import meeting_from_dict, meeting_to_dict
from meetings.records import Meeting

Record = Mapping[str, Any] | None
_BATCH = 200


def records_of(s: Session, ids: Collection[str]) -> dict[str, dict[str, Any] | None]:
    """What is told of these meetings now, None of a withdrawn one; for the modules of this room."""
    rows = s.scalars(select(MeetingRow).where(MeetingRow.id.in_(ids)))
    return {row.id: row.record if row.withdrawn_at is None else None for row in rows}


def note_rereading(
    s: Session,
    before: Mapping[str, Record],
    touched: Collection[str],
    former: Sequence[str],
    *,
    rules_version: str,
    now: dt.datetime,
) -> None:
    """Notes what reading one article again made of the meetings `touched`; those not in `before` are new.

    `former` are the meetings that the article told until now: a new one of the same people was split from such a one.
    """
    after = records_of(s, touched)
    for id_ in dict.fromkeys(touched):
        noted = s.get(RereadingRow, id_)
        if noted is not None and noted.rules_version != rules_version:
            s.delete(noted)
            s.flush()
            noted = None
        was = noted.before if noted is not None else before.get(id_)
        if _plain(was) == _plain(after[id_]):
            if noted is not None:
                s.delete(noted)
        elif noted is not None:
            noted.after, noted.read_at = after[id_], now
        else:
            new = id_ not in before
            origin = next((old for old in former if new and _alike(before.get(old), after[id_])), None)
            note = RereadingRow(meeting_id=id_, rules_version=rules_version, is_new=new, split_from=origin)
            note.before, note.after, note.read_at = dict(was) if was is not None else None, after[id_], now
            s.add(note)
    s.flush()


def forget_rereadings(s: Session, *, but: str) -> None:
    """Forgets what rules of other versions than `but` changed."""
    s.execute(delete(RereadingRow).where(RereadingRow.rules_version != but))


def changes(s: Session, rules_version: str) -> Iterator[MeetingChange]:
    """All that rules of this version changed by reading again, by placing date; a few at a time are held in memory."""
    note, meeting = RereadingRow, MeetingRow
    query = (
        select(note.meeting_id)
        .join(meeting, meeting.id == note.meeting_id)
        .where(note.rules_version == rules_version)
        .order_by(meeting.placed_on.is_(None), meeting.placed_on, meeting.id)
    )
    for ids in s.scalars(query.execution_options(yield_per=_BATCH)).partitions():
        for id_ in ids:
            change = _change(s, s.get_one(RereadingRow, id_))
            if change is not None:
                yield change
        s.expunge_all()


def differing(before: Meeting, after: Meeting) -> dict[str, tuple[Any, Any]]:
    """The fields of the record that differ, as JSON values of both; neither ids nor evidence count."""
    one, two = _plain(meeting_to_dict(before)) or {}, _plain(meeting_to_dict(after)) or {}
    return {name: (one[name], two[name]) for name in one if one[name] != two[name]}


def _change(s: Session, note: RereadingRow) -> MeetingChange | None:
    """What to tell of one meeting; None where it is told of the one that it goes on as."""
    before, after = _meeting(note.meeting_id, note.before), _meeting(note.meeting_id, note.after)
    filed = s.get_one(MeetingRow, note.meeting_id).filed
    if after is None:
        return _gone(s, note, before)
    if not note.is_new:
        return MeetingChange(Rereading.CHANGED if before else Rereading.RESTORED, note.meeting_id, before, after)
    carried = _carried(s, note.meeting_id)
    if carried is not None:
        told = _meeting(carried.meeting_id, carried.before)
        return MeetingChange(Rereading.CHANGED, note.meeting_id, told, after, carried.meeting_id)
    origin = _present(s, note.split_from) if note.split_from else None
    split = origin is not None and origin != note.meeting_id and s.get_one(MeetingRow, origin).withdrawn_at is None
    kind = Rereading.SPLIT if split else Rereading.NEW
    return MeetingChange(kind, note.meeting_id, None, after, origin if split else None, filed)


def _gone(s: Session, note: RereadingRow, before: Meeting | None) -> MeetingChange | None:
    heir = _present(s, note.meeting_id)
    if heir == note.meeting_id:
        return MeetingChange(Rereading.WITHDRAWN, note.meeting_id, before, None)
    own = s.get(RereadingRow, heir)
    carried = _carried(s, heir) if own is not None and own.is_new else None
    if carried is not None and carried.meeting_id == note.meeting_id:
        return None
    after = _meeting(heir, s.get_one(MeetingRow, heir).record)
    return MeetingChange(Rereading.MERGED, note.meeting_id, before, after, heir)


def _carried(s: Session, heir: str) -> RereadingRow | None:
    """Of the meetings that the same rules found to be a new one, that which was known longest: it goes on as that."""
    query = (
        select(RereadingRow)
        .join(AliasRow, AliasRow.alias == RereadingRow.meeting_id)
        .join(MeetingRow, MeetingRow.id == RereadingRow.meeting_id)
        .where(AliasRow.meeting_id == heir)
        .order_by(MeetingRow.first_seen, MeetingRow.id)
    )
    return s.scalars(query.limit(1)).first()


def _present(s: Session, id_: str) -> str:
    alias = s.get(AliasRow, id_)
    return alias.meeting_id if alias is not None else id_


def _meeting(id_: str, record: Record) -> Meeting | None:
    return meeting_from_dict({**record, "id": id_}) if record is not None else None


def _alike(one: Record, two: Record) -> bool:
    return one is not None and two is not None and same_people(meeting_from_dict(one), meeting_from_dict(two))


def _plain(record: Record) -> dict[str, Any] | None:
    """The record without what only its articles' texts tell: where in them each field was found."""
    if record is None:
        return None
    told = {name: value for name, value in record.items() if name not in ("id", "evidence", "part")}
    return told | {"topics": [topic["id"] for topic in record["topics"]]}
