"""Whether two records tell of the same meeting, ids for a whole run, and one record out of several.

Pure and symmetric. Two records are the same meeting when their people, dates, forum, mode and status all fit; the
rules are explained in docs/detection.md. Uncertainty keeps meetings apart: a digest may show one twice, but never two
as one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace

from meetings import forums
from meetings.folding import key
from meetings.records import DateBasis, Forum, Meeting, Mode, Person, Place, Status, Topic

DAY = dt.timedelta(days=1)
HINT_REACH = dt.timedelta(days=10)
WEAK = {DateBasis.DATELINE, DateBasis.PUBLISHED, DateBasis.RELATIVE}
BASIS_ORDER = list(DateBasis)
STATUS_ORDER = [Status.HELD, Status.CANCELLED, Status.ANNOUNCED]


def same_meeting(a: Meeting, b: Meeting) -> bool:
    """Whether `a` and `b` are accounts of one meeting. Symmetric; a meeting is the same as itself."""
    return a == b or (
        _forums_fit(a.forum, b.forum)
        and _modes_fit(a.mode, b.mode)
        and _dates_fit(a, b)
        and _places_fit(a, b)
        and _people_fit(a, b)
    )


def cluster(meetings: Sequence[tuple[Meeting, dt.date | None]]) -> list[str]:
    """An id for each meeting of a run, equal for accounts of one meeting, whatever the order of the run.

    Beside each meeting stands the day its article was published, which places a meeting without a date.
    """
    keys = [_sort_key(*meeting) for meeting in meetings]
    groups: list[list[int]] = []
    by_word: dict[str, list[int]] = {}
    before, group = -1, -1
    for index in sorted(range(len(meetings)), key=keys.__getitem__):
        meeting, _ = meetings[index]
        if (
            before >= 0 and keys[before] == keys[index]
        ):  # told in the same words: where the one belongs, so does the other
            groups[group].append(index)
            continue
        before = index
        near = sorted({g for word in _index_words(meeting) for g in by_word.get(word, ())})
        fitting = [g for g in near if all(_same_with_hint(meetings[index], meetings[other]) for other in groups[g])]
        if len(fitting) == 1 or (fitting and meeting.date is not None):
            group = fitting[0]
            groups[group].append(index)
        else:
            group = len(groups)
            groups.append([index])
        for word in _index_words(meeting):
            if group not in by_word.setdefault(word, []):
                by_word[word].append(group)
    return _name_groups(groups, meetings)


def merge(meetings: Sequence[Meeting]) -> Meeting:
    """One record with the best of every field, under the id of the first.

    Its `evidence` and `part` are empty when it comes from several records: offsets point into one article only, so they
    stay with each article's own record. A topic keeps the evidence of the record that it was found in.
    """
    first = meetings[0]
    if len(meetings) == 1:
        return first
    dated = min(meetings, key=lambda m: (m.date is None, STATUS_ORDER.index(m.status), BASIS_ORDER.index(m.date_basis)))
    status = min((m.status for m in meetings), key=STATUS_ORDER.index)
    topics: dict[str, Topic] = {}
    for meeting in meetings:
        for topic in meeting.topics:
            topics.setdefault(topic.id, topic)
    lead = min(meetings, key=lambda m: (m.status is not status, STATUS_ORDER.index(m.status)))
    return replace(
        lead,
        id=first.id,
        date=dated.date,
        end_date=dated.end_date,
        date_basis=dated.date_basis,
        mode=next((m.mode for m in meetings if m.mode is not Mode.UNKNOWN), Mode.UNKNOWN),
        place=max((m.place for m in meetings), key=_place_weight),
        direction=max((m.direction for m in meetings), key=lambda d: d.value != "unknown"),
        china=_merge_people([m.china for m in meetings]),
        vietnam=_merge_people([m.vietnam for m in meetings]),
        level=min((m.level for m in meetings), key=list(type(first.level)).index),
        forum=max((m.forum for m in meetings), key=lambda f: (f is not None, f is not None and f.ordinal is not None)),
        topics=tuple(topics.values()),
        evidence=(),
        part=(),
    )


def _forums_fit(a: Forum | None, b: Forum | None) -> bool:
    """Talks without a forum may be a session that the other article names, but no tea ceremony or banquet."""
    if a is None or b is None:
        named = a or b
        return named is None or not forums.is_social(named.name)
    if a.ordinal is not None and b.ordinal is not None and a.ordinal != b.ordinal:
        return False
    one, two = set(key(a.name).split()), set(key(b.name).split())
    return one <= two or two <= one or (a.ordinal is not None and a.ordinal == b.ordinal and len(one & two) > 1)


def _modes_fit(a: Mode, b: Mode) -> bool:
    return Mode.UNKNOWN in (a, b) or a is b


def _dates_fit(a: Meeting, b: Meeting) -> bool:
    """Days overlap; a day beside each other is enough when one basis is weak or one was only announced."""
    if a.date is None or b.date is None:
        return True
    loose = a.date_basis in WEAK or b.date_basis in WEAK or a.status is not b.status
    slack = DAY if loose else dt.timedelta(0)
    return a.date - (b.end_date or b.date) <= slack and b.date - (a.end_date or a.date) <= slack


def _places_fit(a: Meeting, b: Meeting) -> bool:
    """Another country is another meeting; another city only when the days don't already say that it is one."""
    if Mode.PHONE in (a.mode, b.mode) or Mode.VIDEO in (a.mode, b.mode):
        return True
    one, two = a.place, b.place
    if one.country and two.country and one.country != two.country:
        return a.forum is not None and b.forum is not None
    if one.city and two.city and one.city != two.city:
        return a.date is not None and a.date == b.date
    return True


def _people_fit(a: Meeting, b: Meeting) -> bool:
    """A shared name on each side; an unnamed side counts by its office; no name at all needs the same forum."""
    links = [_side_link(a.china, b.china), _side_link(a.vietnam, b.vietnam)]
    if "apart" in links:
        return False
    if "name" in links:
        return True
    known_day = a.date is not None and a.date == b.date
    return known_day and a.forum is not None and b.forum is not None


def _side_link(one: Sequence[Person], two: Sequence[Person]) -> str:
    """How one side of two records agrees: by `name`, by `office`, or `apart`."""
    a, b = _names(one), _names(two)
    if a and b:
        return "name" if a & b else "apart"
    ranks = {p.rank for p in one if p.rank}, {p.rank for p in two if p.rank}
    return "apart" if all(ranks) and not ranks[0] & ranks[1] else "office"


def _names(people: Sequence[Person]) -> frozenset[str]:
    return frozenset(key(p.name) for p in people if p.name)


def _same_with_hint(a: tuple[Meeting, dt.date | None], b: tuple[Meeting, dt.date | None]) -> bool:
    """`same_meeting`, but an undated record must have been published near the other's day."""
    (one, one_published), (two, two_published) = a, b
    if one.date is None or two.date is None:
        day, other = one.date or one_published, two.date or two_published
        if day and other and abs(day - other) > HINT_REACH:
            return False
    return same_meeting(one, two)


def _index_words(meeting: Meeting) -> set[str]:
    """Words under which a meeting's group is looked up: every name, or the forum when nobody is named."""
    names = _names(meeting.china) | _names(meeting.vietnam)
    if names:
        return set(names)
    return {f"forum {meeting.date}"} if meeting.forum else {f"nobody {meeting.date} {meeting.level.value}"}


def _sort_key(meeting: Meeting, published: dt.date | None) -> tuple[str, ...]:
    """An order that depends on what is told only: dated, named and certain records first."""
    return (
        str(meeting.date or "9999"),
        str(BASIS_ORDER.index(meeting.date_basis)),
        str(STATUS_ORDER.index(meeting.status)),
        str(published or "9999"),
        _principals(meeting),
        f"{meeting.forum}",
        f"{meeting.place}",
        f"{meeting.mode}",
        f"{meeting.end_date} {meeting.china} {meeting.vietnam}",  # whatever else decides what fits
    )


def _principals(meeting: Meeting) -> str:
    return "/".join(" ".join(sorted(_names(side))) for side in (meeting.china, meeting.vietnam))


def _name_groups(groups: Sequence[Sequence[int]], meetings: Sequence[tuple[Meeting, dt.date | None]]) -> list[str]:
    """Ids from what each group tells; equal tellings that must stay apart are numbered."""
    ids = [""] * len(meetings)
    used: dict[str, int] = {}
    for group in groups:
        first = meetings[group[0]][0]
        dates = [m.date for m in (meetings[i][0] for i in group) if m.date]
        forum = f"{first.forum.name} {first.forum.ordinal}" if first.forum else ""
        telling = f"{min(dates, default=None)}|{_principals(first)}|{forum}"
        if not dates:
            telling += f"|{meetings[group[0]][1]}"
        digest = hashlib.sha256(telling.encode()).hexdigest()[:12]
        used[digest] = used.get(digest, 0) + 1
        name = f"m-{digest}" if used[digest] == 1 else f"m-{digest}-{used[digest]}"
        for index in group:
            ids[index] = name
    return ids


def _place_weight(place: Place) -> tuple[bool, bool, bool]:
    return (place.city is not None, place.country is not None, place.venue is not None)


def _merge_people(sides: Sequence[Sequence[Person]]) -> tuple[Person, ...]:
    """Everyone named, once, in order of first mention, with the fullest office; the unnamed only if nobody is named."""
    found: dict[str, Person] = {}
    for person in (p for side in sides for p in side if p.name):
        known = found.get(key(person.name or ""))
        if known is None:
            found[key(person.name or "")] = person
        elif len(person.role or "") > len(known.role or ""):
            found[key(person.name or "")] = replace(known, role=person.role, rank=person.rank or known.rank)
    if found:
        return tuple(found.values())
    return next((tuple(side) for side in sides if side), ())
