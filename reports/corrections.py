"""The words in which an issue comes back to what earlier ones said: corrections, and what became of announcements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from meetings.records import Meeting, Person
from reports import words
from reports.accounts import NAME_LIMIT
from reports.changes import Aspect, Change
from reports.clean import one_line
from reports.records import CorrectionView
from reports.retold import Fate, Further, Settled
from reports.views import forum_text, headline, when, where

NAMES_LISTED = 8
_FIELDS = {
    Aspect.STATUS: "Status",
    Aspect.DATE: "Date",
    Aspect.PLACE: "Place",
    Aspect.MODE: "Way of meeting",
    Aspect.CHINA: "China’s side",
    Aspect.VIETNAM: "Viet Nam’s side",
    Aspect.FORUM: "Forum",
    Aspect.MERGED: "Meeting",
    Aspect.WITHDRAWN: "Meeting",
    Aspect.RESTORED: "Meeting",
}
_FATES = {
    Fate.HELD: "Held: see this issue.",
    Fate.CALLED_OFF: "Called off.",
    Fate.NO_REPORT: "No report of it found",
}


def corrections(changes: Sequence[Change]) -> tuple[CorrectionView, ...]:
    """What earlier issues said that holds no more, one line for each thing, in the order given."""
    return tuple(_correction(change) for change in changes)


def _correction(change: Change) -> CorrectionView:
    told = change.said.meeting
    present = change.now.meeting if change.now else told
    before, now = _both(change.aspect, told, present)
    return CorrectionView(
        meeting_id=one_line(present.id, NAME_LIMIT),
        headline=headline(told if change.aspect is Aspect.MERGED else present, past=True),
        week=change.said.week,
        field=_FIELDS[change.aspect],
        before=before,
        now=now,
    )


def _both(aspect: Aspect, told: Meeting, present: Meeting) -> tuple[str, str]:
    match aspect:
        case Aspect.MERGED:
            return (
                "told as a meeting of its own",
                f"the same meeting as {headline(present, past=True)}, {when(present)}",
            )
        case Aspect.WITHDRAWN:
            return "told as a meeting", "withdrawn: no article read tells of it any more"
        case Aspect.RESTORED:
            return "withdrawn", "articles tell of it again"
        case _:
            return _TOLD[aspect](told), _TOLD[aspect](present)


def _names(people: Sequence[Person]) -> str:
    names = [one_line(person.name, NAME_LIMIT) for person in people if person.name]
    others = words.more(len(names) - NAMES_LISTED, "person", "people")
    return ", ".join(names[:NAMES_LISTED]) + f" {others}".rstrip() if names else "nobody named"


_TOLD: dict[Aspect, Callable[[Meeting], str]] = {
    Aspect.STATUS: lambda meeting: words.STATUSES[meeting.status],
    Aspect.DATE: when,
    Aspect.PLACE: lambda meeting: where(meeting.place) or "not reported",
    Aspect.MODE: lambda meeting: words.MODES[meeting.mode],
    Aspect.CHINA: lambda meeting: _names(meeting.china),
    Aspect.VIETNAM: lambda meeting: _names(meeting.vietnam),
    Aspect.FORUM: lambda meeting: forum_text(meeting.forum) or "none named",
}


def outcome(settled: Settled, *, as_of: date | None) -> str:
    """What became of an announced meeting, in a sentence; `as_of` dates the one that no report of it is known."""
    meeting, said = settled.stored.meeting, settled.said
    was = f"Announced for {_day(said.meeting)} in {said.since or said.week}. " if said else ""
    if settled.fate is Fate.MOVED:
        return f"{was}Now announced for {_day(meeting)}."
    if settled.fate is Fate.NO_REPORT:
        return f"{was}{_FATES[Fate.NO_REPORT]}{f' as of {words.plain_day(as_of)}' if as_of else ''}."
    return was + _FATES[settled.fate]


def _day(meeting: Meeting) -> str:
    return "a day not named" if meeting.date is None else when(meeting)


def further_note(further: Further) -> str:
    """How many accounts were added to what which issue told."""
    return f"{words.counted(len(further.mentions), 'further account')} of a meeting told in {further.said.week}."
