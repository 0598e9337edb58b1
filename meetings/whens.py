"""When a meeting took place: the day told nearest to the words of encounter, and how it was known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from meetings.dates import Calendar, DayWord
from meetings.encounters import Encounter
from meetings.reading import Reading
from meetings.records import DateBasis, Status
from meetings.stories import Story

LOOK_BACK, LOOK_AHEAD = 2, 1
LEAD_SENTENCES = 6
BASIS_RANK = {DateBasis.EXPLICIT: 0, DateBasis.WEEKDAY: 1, DateBasis.RELATIVE: 1}


@dataclass(frozen=True, slots=True)
class When:
    """The day or days, with the words that told it."""

    first: dt.date | None = None
    last: dt.date | None = None
    basis: DateBasis = DateBasis.UNKNOWN
    word: tuple[int, int] | None = None


def find_when(reading: Reading, calendar: Calendar, story: Story, stories: list[Story]) -> When:
    """The day of a story: from its own sentences; then the one before, unless that is another meeting's; then the lead."""
    ahead = story.status is Status.ANNOUNCED
    for encounter in story.encounters:
        told, journey = _told(reading, calendar, encounter, ahead)
        if told is not None:
            return told
        if journey and encounter.index > 0:
            return When()
    indexes = {e.index for e in story.encounters}
    others = {e.index for s in stories if s is not story for e in s.encounters}
    first = min((i for i in indexes if i > 0), default=0)
    for index in (*range(first - 1, max(-1, first - 1 - LOOK_BACK), -1), *range(first + 1, first + 1 + LOOK_AHEAD)):
        if 0 <= index < len(reading.sentences) and index not in indexes:
            told = _in(reading, calendar, index, ahead, others=index in others and not _same_day(reading, first))
            if told is not None:
                return told
            if _has_journey(reading, calendar, index):
                return When()
    return _from_lead(reading, calendar, story, stories, ahead)


def _told(reading: Reading, calendar: Calendar, encounter: Encounter, ahead: bool) -> tuple[When | None, bool]:
    """The day in the encounter's sentence nearest to its words, single days first; and whether only a journey is told."""
    days = calendar.in_sentence(reading.sentences[encounter.index])
    usable = [day for day in days if not day.journey]
    usable.sort(key=lambda day: abs(_middle(day) - encounter.anchor.start))
    for day in usable:
        when = _resolved(calendar, day, ahead)
        if when is not None and not _stale(calendar, when, ahead):
            return when, False
    return None, any(day.journey for day in days)


def _in(reading: Reading, calendar: Calendar, index: int, ahead: bool, *, others: bool) -> When | None:
    if others:
        return None
    for day in calendar.in_sentence(reading.sentences[index]):
        when = None if day.journey else _resolved(calendar, day, ahead)
        if when is not None and not _stale(calendar, when, ahead):
            return when
    return None


def _has_journey(reading: Reading, calendar: Calendar, index: int) -> bool:
    return any(day.journey for day in calendar.in_sentence(reading.sentences[index]))


def _from_lead(reading: Reading, calendar: Calendar, story: Story, stories: list[Story], ahead: bool) -> When:
    """The day of the article's first sentences, or of the meeting that this one is tied to by "the same day"."""
    others = {e.index for s in stories if s is not story for e in s.encounters}
    first = min((e.index for e in story.encounters), default=0)
    tied = _same_day(reading, first)
    for index in range(min(LEAD_SENTENCES, len(reading.sentences))):
        told = _in(reading, calendar, index, ahead, others=index in others and not tied)
        if told is not None:
            return told
    if calendar.dateline is not None and first <= LEAD_SENTENCES and not ahead:
        return When(calendar.dateline, calendar.dateline, DateBasis.DATELINE, None)
    return When()


def _same_day(reading: Reading, index: int) -> bool:
    sentence = reading.sentences[index]
    return any("same_day" in token.value.cues for token in reading.within(sentence.start, sentence.end))


def _resolved(calendar: Calendar, day: DayWord, ahead: bool) -> When | None:
    resolved = calendar.resolve(day, ahead=ahead)
    if resolved is None:
        return None
    return When(resolved[0], resolved[1], day.basis, (day.start, day.end))


def _stale(calendar: Calendar, when: When, ahead: bool) -> bool:
    """Whether a day lies too far from the article's own to be the news."""
    if calendar.today is None or when.first is None:
        return False
    distance = (calendar.today - when.first).days
    return distance > 45 or (not ahead and distance < -2) or distance < -200


def _middle(day: DayWord) -> int:
    return (day.start + day.end) // 2
