"""What an issue tells of meetings that earlier issues told of, and what it records of all that it tells. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from archive.records import IssuePart, Mention, Said, StoredMeeting
from meetings.records import Meeting, Status
from reports.changes import Aspect, Change, continuing, find_changes
from reports.week import Week


class Fate(StrEnum):
    """What became of an announced meeting."""

    HELD = "held"
    CALLED_OFF = "called_off"
    MOVED = "moved"
    NO_REPORT = "no_report"


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an announced meeting; `said` is what an earlier issue said of it, None when none did."""

    stored: StoredMeeting
    fate: Fate
    said: Said | None


@dataclass(frozen=True, slots=True)
class Further:
    """Accounts of a meeting that came after an issue had told of it."""

    stored: StoredMeeting
    said: Said
    mentions: tuple[Mention, ...]


def settle(
    due: Sequence[StoredMeeting],
    ahead: Sequence[StoredMeeting],
    new: Sequence[StoredMeeting],
    said: Mapping[str, Said],
    now: Mapping[str, StoredMeeting],
    *,
    week: Week,
) -> tuple[Settled, ...]:
    """What became of the meetings announced for `week`, and of those that an earlier issue said were to come.

    `due` are announced or called off for a day of the week, `ahead` for later, `new` are held and new in this issue.
    """
    expected = {id_: last for id_, last in continuing(said).items() if last.part is IssuePart.EXPECTED}
    later = {stored.meeting.id for stored in ahead}
    here = {stored.meeting.id for stored in new}
    found = [Settled(stored, _fate_of_due(stored), expected.get(stored.meeting.id)) for stored in due]
    settled = {item.stored.meeting.id for item in found}
    for id_, last in expected.items():
        stored = now.get(id_)
        if stored is None or id_ in settled:
            continue
        fate = _fate(stored, last, new=id_ in here, ahead=id_ in later, week=week)
        if fate is not None:
            found.append(Settled(stored, fate, last))
    return tuple(sorted(found, key=lambda item: (last_day(item.stored.meeting) or date.max, item.stored.meeting.id)))


def _fate_of_due(stored: StoredMeeting) -> Fate:
    return Fate.CALLED_OFF if stored.meeting.status is Status.CANCELLED else Fate.NO_REPORT


def _fate(stored: StoredMeeting, last: Said, *, new: bool, ahead: bool, week: Week) -> Fate | None:
    """The news of a meeting that was to come, if there is any; one that lies ahead was due by the end of the week."""
    status = stored.meeting.status
    if status is Status.HELD:
        return Fate.HELD if new else None
    if status is Status.CANCELLED:
        return Fate.CALLED_OFF if last.meeting.status is Status.ANNOUNCED and not ahead else None
    was = last_day(last.meeting)
    return Fate.MOVED if ahead and was is not None and was <= week.days()[1] else None


def retold(
    said: Mapping[str, Said], now: Mapping[str, StoredMeeting], new: Collection[str]
) -> tuple[tuple[Further, ...], tuple[Change, ...]]:
    """Further accounts of meetings that closed issues told of, and what has changed in these, in the order of `said`.

    Those whose ids are `new` in this issue are told there. A further article that prints a text already told of is no
    further account.
    """
    changes = tuple(c for c in find_changes(said, now) if c.now is None or c.now.meeting.id not in new)
    told: dict[str, frozenset[int]] = {}
    for last in said.values():
        told[last.id] = told.get(last.id, frozenset()) | last.articles
    further = []
    for id_, last in continuing(said).items():
        stored = now.get(id_)
        if stored is None or id_ in new or stored.meeting.status is not Status.HELD or last.part is IssuePart.EXPECTED:
            continue
        mentions = tuple(
            mention
            for mention in stored.mentions
            if mention.article.number not in told[id_] and mention.article.copy_of not in told[id_]
        )
        if mentions:
            further.append(Further(stored, last, mentions))
    return tuple(further), changes


def told_by(
    week: str,
    new: Sequence[StoredMeeting],
    ahead: Sequence[StoredMeeting],
    settled: Sequence[Settled],
    further: Sequence[Further],
    changes: Sequence[Change],
    said: Mapping[str, Said],
    now: Mapping[str, StoredMeeting],
    claimed: Collection[str],
) -> tuple[Said, ...]:
    """What the issue of `week` says of each meeting, each once: what the next one compares with.

    A meeting that an earlier issue told under an id that leads to another one now goes on under that one. `claimed` are
    the ids of the meetings that were new in other issues: another one is still expected, unless it was held.
    """
    found: dict[str, Said] = {}

    def tell(part: IssuePart, meetings: Iterable[StoredMeeting]) -> None:
        for stored in meetings:
            found.setdefault(stored.meeting.id, _said(week, part, stored))

    tell(IssuePart.NEW, new)
    tell(IssuePart.EXPECTED, ahead)
    tell(IssuePart.EXPECTED, (item.stored for item in settled if item.fate is not Fate.HELD))
    changed = filter(None, (change.now for change in changes if change.aspect is not Aspect.MERGED))
    for stored in (*(item.stored for item in further), *changed):
        tell(_again(stored, claimed), [stored])
    for last in said.values():
        heir = now.get(last.id)
        if last.part is IssuePart.GONE or (heir is not None and last.id == last.meeting.id):
            continue
        found[last.meeting.id] = Said(last.id, week, IssuePart.GONE, last.meeting, last.articles)
        if heir is not None and last.id not in said:
            tell(_again(heir, claimed), [heir])
    return tuple(found.values())


def _again(stored: StoredMeeting, claimed: Collection[str]) -> IssuePart:
    told = stored.meeting.status is Status.HELD or stored.meeting.id in claimed
    return IssuePart.AGAIN if told else IssuePart.EXPECTED


def _said(week: str, part: IssuePart, stored: StoredMeeting) -> Said:
    articles = frozenset(mention.article.number for mention in stored.mentions)
    return Said(stored.meeting.id, week, part, stored.meeting, articles)


def last_day(meeting: Meeting) -> date | None:
    """The day on which an announced meeting is to be over; None when it has no date."""
    return meeting.end_date or meeting.date
