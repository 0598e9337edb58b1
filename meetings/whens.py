"""When a meeting took place: the day told nearest to the words of encounter, and how it was known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from meetings.dates import MIN_WORDS, Calendar, DayWord
from meetings.encounters import Encounter
from meetings.reading import Reading, Token
from meetings.records import DateBasis, Status
from meetings.sentences import count_words
from meetings.stories import Story

LOOK_BACK, LOOK_AHEAD = 2, 1
LEAD_SENTENCES = 6
RIVAL = 80
OLDEST, SOONEST, FARTHEST = 45, -2, -200
NOWHERE = (0, 0)


@dataclass(frozen=True, slots=True)
class When:
    """The day or days, with the words that told it. `journey`: only a span of travel is told, which fixes no day."""

    first: dt.date | None = None
    last: dt.date | None = None
    basis: DateBasis = DateBasis.UNKNOWN
    word: tuple[int, int] | None = None
    journey: bool = False


class Clock:
    """Finds the days of one article's stories; the first story is its main one."""

    def __init__(self, reading: Reading, calendar: Calendar, stories: list[Story]) -> None:
        self.reading = reading
        self.calendar = calendar
        self.stories = stories
        long = [i for i, s in enumerate(reading.sentences) if count_words(reading.text[s.start : s.end]) >= MIN_WORDS]
        self._lead = long[:LEAD_SENTENCES]

    def find(self, story: Story) -> When:
        """The day of a story: of its own sentences; of those before; of the lead; of the one after; of the dateline."""
        when, rule, reason = self._find(story)
        known = when.first is not None
        self.reading.note("date", f"whens.Clock.{rule}", when.word or NOWHERE, reason, kept=known)
        return when

    def _find(self, story: Story) -> tuple[When, str, str]:
        """The day, the rule that found it, and why."""
        ahead = story.status is Status.ANNOUNCED
        for encounter in story.encounters:
            told = self._told(encounter, ahead)
            if told is not None and (told.first or encounter.index > 0):
                return told, "_told", "told in the sentence of encounter, nearest to its words"
        own = {e.index for e in story.encounters}
        first = min((i for i in own if i > 0), default=0)
        tied = any("same_day" in t.value.cues for t in self._tokens(first))
        others = {e.index for s in self.stories if s is not story for e in s.encounters}
        spread = (
            story is not self.stories[0]
            and not tied
            and (self._main_lasts() or story.status is not self.stories[0].status)
        )
        places = [
            *range(first - 1, max(-1, first - 1 - LOOK_BACK), -1),
            *self._lead,
            *range(first + 1, first + 1 + LOOK_AHEAD),
        ]
        for index in places:
            if (
                index in own
                or index >= len(self.reading.sentences)
                or (spread and (index in others or index in self._lead))
            ):
                continue
            told = self._in(index, ahead, travel=ahead or "visit" in story.first.anchor.kinds)
            if told is not None:
                return told, "_in", "told in a sentence near the meeting's, or in the lead"
        if self.calendar.dateline is not None and first in self._lead and not ahead and not spread:
            day = self.calendar.dateline
            return When(day, day, DateBasis.DATELINE), "find", "no day is told, so that of the dateline"
        return When(), "find", "no day is told that can be meant"

    def _main_lasts(self) -> bool:
        """Whether the article's main meeting took several days: another one's day is then not known by it."""
        when = next(
            (told for e in self.stories[0].encounters if (told := self._told(e, ahead=False)) and told.first), None
        )
        return when is not None and when.last != when.first

    def _told(self, encounter: Encounter, ahead: bool) -> When | None:
        """The day in the encounter's sentence nearest to its words; a journey's span only if there is no other."""
        days = self.calendar.in_sentence(self.reading.sentences[encounter.index])
        start = encounter.anchor.start
        later = any(day.start > start for day in days)
        days.sort(key=lambda day: abs(_middle(day) - start) + (RIVAL if later and self._rival(encounter, day) else 0))
        return self._first(days, ahead, travel=ahead or "visit" in encounter.anchor.kinds)

    def _rival(self, encounter: Encounter, day: DayWord) -> bool:
        """Whether other words of encounter or travel stand before a day that is told before the encounter's own."""
        start = self.reading.sentences[encounter.index].start
        if day.start > encounter.anchor.start:
            return False
        return any(
            t.kind in ("meet", "visit") for token in self.reading.within(start, day.start) for t in token.value.triggers
        )

    def _in(self, index: int, ahead: bool, *, travel: bool) -> When | None:
        return self._first(self.calendar.in_sentence(self.reading.sentences[index]), ahead, travel=travel)

    def _first(self, days: list[DayWord], ahead: bool, *, travel: bool = False) -> When | None:
        """The first day that can be meant; a journey's span only where the journey is the news (`travel`)."""
        found = [
            When(resolved[0], resolved[1], day.basis, (day.start, day.end))
            for day in days
            if (travel or not day.journey)
            and (resolved := self.calendar.resolve(day, ahead=ahead))
            and not self._stale(resolved[0], ahead)
        ]
        if ahead and self.calendar.today is not None:
            found.sort(key=lambda when: when.first == self.calendar.today)
        if found:
            return found[0]
        return When(journey=True) if any(day.journey for day in days) else None

    def _stale(self, day: dt.date, ahead: bool) -> bool:
        """Whether a day lies too far from the article's own to be the news, or on the wrong side of it."""
        today = self.calendar.today
        if today is None:
            return False
        distance = (today - day).days
        return distance > (1 if ahead else OLDEST) or distance < FARTHEST or (not ahead and distance < SOONEST)

    def _tokens(self, index: int) -> tuple[Token, ...]:
        sentence = self.reading.sentences[index]
        return self.reading.within(sentence.start, sentence.end)


def _middle(day: DayWord) -> int:
    return (day.start + day.end) // 2
