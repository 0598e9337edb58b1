"""What has changed in a meeting since a closed issue told of it. Decides only; `reports.corrections` has the words.

A reader saw days, place, names, status, way of meeting and forum: a difference in these is a change, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from archive.records import IssuePart, Said, StoredMeeting
from meetings.folding import key
from meetings.records import Meeting, Mode, Person, Place


class Aspect(StrEnum):
    """What of a meeting has changed."""

    STATUS = "status"
    DATE = "date"
    PLACE = "place"
    MODE = "mode"
    CHINA = "china"
    VIETNAM = "vietnam"
    FORUM = "forum"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a closed issue said and that holds no more. `now` is None for a meeting that nobody tells."""

    aspect: Aspect
    said: Said
    now: StoredMeeting | None


def find_changes(said: Mapping[str, Said], now: Mapping[str, StoredMeeting]) -> tuple[Change, ...]:
    """What changed in the meetings that closed issues told of, by the order of `said`.

    `said` by the id of then, `now` by the present id; a meeting missing in `now` is one that nobody tells any more. Of
    announced meetings only a withdrawal is a change: what became of them is told elsewhere.
    """
    continued = {last.meeting.id for last in continuing(said).values()}
    found: list[Change] = []
    for last in said.values():
        present = now.get(last.id)
        own = present is not None and last.id == last.meeting.id
        if last.part is IssuePart.GONE:
            if own:
                found.append(Change(Aspect.RESTORED, last, present))
        elif present is None:
            found.append(Change(Aspect.WITHDRAWN, last, None))
        elif last.part is not IssuePart.EXPECTED:
            merged = last.meeting.id not in continued
            aspects = (Aspect.MERGED,) if merged else differences(last.meeting, present.meeting)
            found += [Change(aspect, last, present) for aspect in aspects]
    return tuple(found)


def corrected(changes: Sequence[Change], tellings: Iterable[tuple[str, Said]]) -> frozenset[tuple[str, str]]:
    """The issues, by week and zone, that said what these changes take back, be it the last ones to say so or earlier.

    `tellings`: what closed issues said of these meetings, each with the zone of its issue.
    """
    return frozenset(
        (said.week, zone) for zone, said in tellings if any(_takes_back(change, said) for change in changes)
    )


def _takes_back(change: Change, said: Said) -> bool:
    if change.aspect in (Aspect.MERGED, Aspect.WITHDRAWN, Aspect.RESTORED):
        gone = said.part is IssuePart.GONE
        return said.meeting.id == change.said.meeting.id and gone is (change.aspect is Aspect.RESTORED)
    told = said.id == change.said.id and said.part in (IssuePart.NEW, IssuePart.AGAIN)
    return told and change.now is not None and change.aspect in differences(said.meeting, change.now.meeting)


def continuing(said: Mapping[str, Said]) -> dict[str, Said]:
    """For each present id the telling that it continues: of several that are one meeting now, one of a held meeting,
    else under its own id, else the earliest. What was told to be gone is continued by none."""
    found: dict[str, Said] = {}
    for last in sorted(said.values(), key=_precedence):
        if last.part is not IssuePart.GONE:
            found.setdefault(last.id, last)
    return found


def differences(before: Meeting, after: Meeting) -> tuple[Aspect, ...]:
    """What a reader would see differently: neither evidence nor topics, nor the spelling of a name or of an office."""
    return tuple(aspect for aspect, differ in _DIFFER.items() if differ(before, after))


def _precedence(said: Said) -> tuple[bool, bool, str, str]:
    return said.part is IssuePart.EXPECTED, said.id != said.meeting.id, said.week, said.meeting.id


def _dates(before: Meeting, after: Meeting) -> bool:
    return (before.date, before.end_date) != (after.date, after.end_date)


def _places(before: Meeting, after: Meeting) -> bool:
    """A venue that is added to a known city is no change of place."""
    one, two = before.place, after.place
    if (_word(one.country), _word(one.city)) != (_word(two.country), _word(two.city)):
        return _known(one) or _known(two)
    return one.venue is not None and two.venue is not None and key(one.venue) != key(two.venue)


def _known(place: Place) -> bool:
    return place.city is not None or place.country is not None


def _modes(before: Meeting, after: Meeting) -> bool:
    return before.mode is not after.mode and Mode.UNKNOWN not in (before.mode, after.mode)


def _forums(before: Meeting, after: Meeting) -> bool:
    one, two = before.forum, after.forum
    if one is None or two is None:
        return one is not two
    return (key(one.name), one.ordinal) != (key(two.name), two.ordinal)


def _names(people: Sequence[Person]) -> frozenset[str]:
    return frozenset(key(person.name) for person in people if person.name)


def _word(text: str | None) -> str:
    return key(text or "")


_DIFFER: dict[Aspect, Callable[[Meeting, Meeting], bool]] = {
    Aspect.STATUS: lambda before, after: before.status is not after.status,
    Aspect.DATE: _dates,
    Aspect.PLACE: _places,
    Aspect.MODE: _modes,
    Aspect.CHINA: lambda before, after: _names(before.china) != _names(after.china),
    Aspect.VIETNAM: lambda before, after: _names(before.vietnam) != _names(after.vietnam),
    Aspect.FORUM: _forums,
}
