"""Where a meeting stands in time, and which stored meetings a newly told one may be. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from archive.records import StoredMeeting
from meetings.folding import key
from meetings.identity import cluster, merge, same_meeting
from meetings.records import Meeting, Person


@dataclass(frozen=True, slots=True)
class Telling:
    """A meeting as one article tells it, and the day by which it is placed."""

    meeting: Meeting
    placed_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored meeting that a newly told one may be."""

    id: str
    meeting: Meeting
    first_seen: dt.datetime


def placing_date(stored: StoredMeeting) -> dt.date | None:
    """The date by which a meeting belongs to a week (design §6.4).

    Its own; else the one borrowed from a dated meeting of the same article; else its first article's publication.
    """
    published = (mention.article.article.published_on for mention in stored.mentions)
    return stored.meeting.date or stored.placed_on or next((day for day in published if day is not None), None)


def tellings(meetings: Sequence[Meeting], published_on: dt.date | None) -> list[Telling]:
    """What one article tells, each meeting once: records that are one by `meetings.identity` become one telling."""
    groups: dict[str, list[Meeting]] = {}
    for label, told in zip(cluster([(m, published_on) for m in meetings]), meetings, strict=True):
        groups.setdefault(label, []).append(replace(told, id=""))
    told_once = [_joined(group) for group in groups.values()]
    return [Telling(told, _place(told, told_once, published_on)) for told in told_once]


def choose(told: Meeting, candidates: Sequence[Candidate], former: Collection[str]) -> str | None:
    """The id of the candidate that `told` is another telling of; None when it is a meeting of its own.

    `former` are the ids that an earlier reading of the same article gave: such a one is kept. A meeting without date
    that fits several is kept apart, as `meetings.identity.cluster` does.
    """
    fitting = [c for c in candidates if same_meeting(told, c.meeting)]
    own = [c for c in fitting if c.id in former]
    if not fitting or (told.date is None and len(fitting) > 1 and not own):
        return None
    return min(own or fitting, key=lambda c: (c.meeting.date != told.date, c.first_seen, c.id)).id


def reread(before: Meeting, after: Meeting) -> bool:
    """True when `after` may be what better rules make of `before`: the same people, or nobody named in either."""
    nobody = not _names(*before.china, *before.vietnam, *after.china, *after.vietnam)
    return nobody or same_people(before, after)


def same_people(a: Meeting, b: Meeting) -> bool:
    """True when a named person took part in both, and no side names only others."""
    sides = ((_names(*a.china), _names(*b.china)), (_names(*a.vietnam), _names(*b.vietnam)))
    return _share_principal(a, b) and all(one & two or not (one and two) for one, two in sides)


def _joined(group: Sequence[Meeting]) -> Meeting:
    """One record of several of one article, whose evidence points into one text and so can be kept together."""
    if len(group) == 1:
        return group[0]
    evidence = dict.fromkeys(item for told in group for item in told.evidence)
    return replace(merge(group), evidence=tuple(evidence))


def _place(meeting: Meeting, others: Sequence[Meeting], published_on: dt.date | None) -> dt.date | None:
    """The placing date of a meeting as one article tells it, `others` being all meetings of that article.

    A meeting without date takes that of a dated one with a common principal, else of the first dated one; but one that
    was held never takes the date of one that is still ahead.
    """
    dated = [other for other in others if other.date is not None and other.status is meeting.status]
    near = next((other for other in dated if _share_principal(meeting, other)), dated[0] if dated else None)
    return meeting.date or (near.date if near else None) or published_on


def _share_principal(a: Meeting, b: Meeting) -> bool:
    return bool(_names(*a.china, *a.vietnam) & _names(*b.china, *b.vietnam))


def _names(*people: Person) -> set[str]:
    return {key(person.name) for person in people if person.name is not None}
