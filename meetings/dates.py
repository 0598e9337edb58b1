"""Days told in a text: found by the words of dates.toml, resolved against dateline and publication.

A day and month without a year takes the year nearest to the publication; without a publication it takes one only
when the text itself clearly fixes it, and stays unresolved otherwise.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from meetings import lexicon
from meetings.reading import Reading
from meetings.records import DateBasis
from meetings.sentences import Sentence, count_words
from meetings.vocabulary import NEVER

CUE_REACH = 24
JOURNEY_REACH = 48
MIN_WORDS = 6
HEAD = 2500


@dataclass(frozen=True, slots=True)
class DayWord:
    """A date in the text at [start, end). `first` and `last` when resolved; a weekday is on demand."""

    start: int
    end: int
    basis: DateBasis
    first: dt.date | None = None
    last: dt.date | None = None
    weekday: int | None = None
    weekday_last: int | None = None
    journey: bool = False
    complete: bool = False


@dataclass(frozen=True)
class _Patterns:
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    relative: Mapping[str, int]
    numbered: tuple[re.Pattern[str], ...]
    month_year: re.Pattern[str]
    words: re.Pattern[str]
    not_meeting: re.Pattern[str]
    journey: re.Pattern[str]
    present: re.Pattern[str]
    dateline: re.Pattern[str]

    def month(self, word: str) -> int:
        """The number of a month told in figures or by name."""
        return int(word) if word.isdecimal() else self.months[word]


_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])")
_UPDATED = re.compile(r"\bupdated\s*(?:on|at)?\s*:?\s*([^\n]{6,40})")
_EDGE, _END = r"(?<![^\W_\u3400-\u9fff])", r"(?![^\W_\u3400-\u9fff])"
_STOPS = ("。", "\n")
_CLOCK = re.compile(r"\d:\d\d")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_YEAR_THEN_THIS = re.compile(r"\bin ((?:19|20)\d\d)\b[^.]{0,120}\bthis year\b")


@cache
def _patterns(language: str) -> _Patterns:
    name = f"{language}/dates.toml"
    table: Mapping[str, Any] = lexicon.read(name)
    months = {word: number for number, row in enumerate(table["months"], 1) for word in row}
    weekdays = {word: number for number, row in enumerate(table["weekdays"]) for word in row}
    relative: Mapping[str, int] = table["relative"]
    month, not_of_meeting = _any(months), lexicon.words(name, table, "not_of_meeting")
    return _Patterns(
        months,
        weekdays,
        relative,
        tuple(re.compile(words.replace("{month}", month)) for words in lexicon.words(name, table, "numbered")),
        re.compile(lexicon.word(name, table, "month_year").replace("{month}", month)),
        re.compile(rf"{_EDGE}(?:({_any(relative)})|({_any(weekdays)})(?:\s(?:to|through|until|and)\s({_any(weekdays)}))?){_END}"),
        re.compile(rf"{_EDGE}(?:{_any(not_of_meeting)})\W{{0,3}}(?:the\s)?(?:\w+day,?\s)?$"),
        re.compile(rf"{_EDGE}(?:{_any(lexicon.words(name, table, 'journey'))}){_END}"),
        re.compile(rf"(?<!\d)((?:19|20)\d\d)(?!\d) (?:{_any(lexicon.words(name, table, 'present_year'))})\b"),
        re.compile(lexicon.word(name, table, "dateline").replace("{month}", month) if "dateline" in table else NEVER),
    )  # fmt: skip


def _any(words: Any) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


class Calendar:
    """The days of one article."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.patterns = _patterns(reading.words.language)
        self._known: dict[int, list[DayWord]] = {}
        self._dateline_span: tuple[int, int] | None = None
        self.dateline: dt.date | None = None
        self.dateline = self._dateline()
        self.today = self.dateline or self._updated() or reading.published
        self._text_year = self._find_text_year() if reading.published is None else None

    def in_sentence(self, sentence: Sentence) -> list[DayWord]:
        """The days told in a sentence, in order, without those that are plainly not of a meeting."""
        if sentence.start not in self._known:
            self._known[sentence.start] = self._read(sentence)
        return list(self._known[sentence.start])

    def _read(self, sentence: Sentence) -> list[DayWord]:
        start, end = sentence.start, sentence.end
        if sentence.paragraph > 0 and self._is_furniture(start, end):
            return []
        found = self._numbered(start, end)
        for match in self.patterns.words.finditer(self.reading.folded, start, end):
            if any(day.start <= match.start() < day.end for day in found):
                continue
            if match[2] and self.reading.text[match.start()].islower():
                continue
            found.append(self._worded(match))
        kept = [
            day
            for day in found
            if not self._in_dateline(day)
            and not self.patterns.not_meeting.search(self.reading.before(day.start, CUE_REACH))
        ]
        return sorted(kept, key=lambda day: day.start)

    def resolve(self, day: DayWord, *, ahead: bool) -> tuple[dt.date, dt.date] | None:
        """First and last day meant; a weekday is the last one up to the dateline, or the next one when `ahead`."""
        if day.weekday is None:
            return (day.first, day.last or day.first) if day.first else None
        if self.today is None:
            return self._same_weekday(day.weekday)
        span = (day.weekday_last - day.weekday) % 7 if day.weekday_last is not None else 0
        if ahead:
            first = _shifted(self.today, (day.weekday - self.today.weekday()) % 7)
            last = _shifted(first, span)
        else:
            final = day.weekday if day.weekday_last is None else day.weekday_last
            last = _shifted(self.today, -((self.today.weekday() - final) % 7))
            first = _shifted(last, -span)
        return (first, last) if first and last else None

    def _numbered(self, start: int, end: int) -> list[DayWord]:
        folded, p = self.reading.folded, self.patterns
        found: list[DayWord] = []
        for pattern in p.numbered:
            for match in pattern.finditer(folded, start, end):
                if any(d.start < match.end() and match.start() < d.end for d in found):
                    continue
                told = match.groupdict()
                month2 = p.month(told["month2"]) if told.get("month2") else None
                day = int(match["day"])
                month = p.month(told["month"]) if told.get("month") else self._nearest_month(day)
                if month is not None:
                    found.append(self._day(match, month, day, month2, told.get("day2"), told.get("year")))
        taken = [(day.start, day.end) for day in found]
        iso, slashed = _ISO.finditer(folded, start, end), _SLASHED.finditer(folded, start, end)
        plain = [self._day(m, int(m[2]), int(m[3]), None, None, m[1]) for m in iso]
        plain += [self._day(m, int(m[2]), int(m[1]), None, None, m[3]) for m in slashed]
        found += [day for day in plain if not any(a < day.end and day.start < b for a, b in taken)]
        return [day for day in found if day.first or not day.complete]

    def _day(
        self, match: re.Match[str], month: int, day: int, month2: int | None, day2: str | None, year: str | None
    ) -> DayWord:
        """One numbered date, resolved when its year is told or can be known."""
        span = match.start(), match.end()
        first = _date(int(year), month, day) if year else self._with_year(month, day)
        last = None
        if first and day2:
            last = _date(first.year, month2 or month, int(day2))
            if last and last < first:
                first, last = self._across_new_year(first, last, told=bool(year)) if month2 else (first, None)
        journey = last is not None and self._near_journey(*span)
        return DayWord(*span, DateBasis.EXPLICIT, first, last, journey=journey, complete=bool(year))

    @staticmethod
    def _across_new_year(first: dt.date, last: dt.date, *, told: bool) -> tuple[dt.date | None, dt.date | None]:
        """A span from one year into the next, read as of one year: a year that is `told` is that of its end."""
        if told:
            return _date(first.year - 1, first.month, first.day), last
        return first, _date(last.year + 1, last.month, last.day)

    def _worded(self, match: re.Match[str]) -> DayWord:
        if match[2]:
            last = self.patterns.weekdays[match[3]] if match[3] else None
            return DayWord(
                match.start(),
                match.end(),
                DateBasis.WEEKDAY,
                weekday=self.patterns.weekdays[match[2]],
                weekday_last=last,
            )
        day = _shifted(self.today, self.patterns.relative[match[1]])
        return DayWord(match.start(), match.end(), DateBasis.RELATIVE, day, day)

    def _in_dateline(self, day: DayWord) -> bool:
        return self._dateline_span is not None and self._dateline_span[0] <= day.start < self._dateline_span[1]

    def _is_furniture(self, start: int, end: int) -> bool:
        """A line of the page around the article: a clock and few words, or hardly any words at all."""
        words = count_words(self.reading.text[start:end])
        return words < MIN_WORDS or (words < 2 * MIN_WORDS and bool(_CLOCK.search(self.reading.text, start, end)))

    def _near_journey(self, start: int, end: int) -> bool:
        folded = self.reading.folded
        left = max(0, start - JOURNEY_REACH, *(folded.rfind(stop, 0, start) for stop in _STOPS))
        right = min(len(folded), end + JOURNEY_REACH, *(folded.find(stop, end) % (len(folded) + 1) for stop in _STOPS))
        return bool(self.patterns.journey.search(folded, left, right))

    def _with_year(self, month: int, day: int) -> dt.date | None:
        """The year nearest to the publication, else the one that the text fixes."""
        published = self.reading.published
        if published is not None:
            days = [
                d for year in (published.year - 1, published.year, published.year + 1) if (d := _date(year, month, day))
            ]
            return min(days, key=lambda d: abs(d - published), default=None)
        if self._text_year is None:
            return None
        year, after = self._text_year
        resolved = _date(year, month, day)
        return resolved if resolved and (after is None or month >= after) else None

    def _nearest_month(self, day: int) -> int | None:
        """The month of a day told alone: the one in which it lies nearest to the article's own day."""
        today = self.dateline or self.reading.published
        if today is None:
            return None
        near = (_shifted(today.replace(day=15), shift) for shift in (-30, 0, 30))
        days = [date for month in near if month and (date := _date(month.year, month.month, day))]
        nearest = min(days, key=lambda date: abs(date - today), default=None)
        return nearest.month if nearest else None

    def _same_weekday(self, weekday: int) -> tuple[dt.date, dt.date] | None:
        """A complete date elsewhere in the text that falls on this weekday, when there is exactly one."""
        whole = {d.first for d in self._complete if d.first and d.first.weekday() == weekday}
        day = whole.pop() if len(whole) == 1 else None
        return (day, day) if day else None

    @cached_property
    def _complete(self) -> list[DayWord]:
        """Every complete date of the article's own sentences."""
        return [
            day
            for sentence in self.reading.sentences
            if count_words(self.reading.text[sentence.start : sentence.end]) >= MIN_WORDS
            for day in self._numbered(sentence.start, sentence.end)
            if day.complete and not day.last
        ]

    def _find_text_year(self) -> tuple[int, int | None] | None:
        """The year that an undated article is plainly of, and the month from which on; None when nothing fixes it."""
        folded = self.reading.folded
        years = [int(year) for year in self.patterns.present.findall(folded)]
        years += [int(year) + 1 for year in _YEAR_THEN_THIS.findall(folded)]
        years += [int(match[0]) for match in _YEAR.finditer(folded) if self._names_occasion(match.end())]
        if years:
            return max(years), None
        latest = max(
            ((int(m["year"]), self.patterns.month(m["month"])) for m in self.patterns.month_year.finditer(folded)),
            default=None,
        )
        if latest is None or latest[0] < max(map(int, _YEAR.findall(folded)), default=0):
            return None
        return latest

    def _names_occasion(self, end: int) -> bool:
        """Whether a forum's name follows a year: "2025 Spring Meeting"."""
        return any(token.value.forum for token in self.reading.within(end + 1, end + 2))

    def _dateline(self) -> dt.date | None:
        """The day of a dateline such as "JAKARTA, July 13 (Xinhua) --"."""
        match = self.patterns.dateline.search(_headline_case(self.reading))
        if match is None:
            return None
        self._dateline_span = match.start("month"), match.end("day")
        month, day = self.patterns.month(match["month"].lower()), int(match["day"])
        if match["year"]:
            return _date(int(match["year"]), month, day)
        return self._dateline_year(month, day)

    def _dateline_year(self, month: int, day: int) -> dt.date | None:
        published = self.reading.published
        if published is None:
            return None
        days = [d for year in (published.year - 1, published.year) if (d := _date(year, month, day))]
        return min(days, key=lambda d: abs(d - published), default=None)

    def _updated(self) -> dt.date | None:
        """The day of an "Updated:" line when it is the publication's or the next: relative words are of that day."""
        published = self.reading.published
        for match in _UPDATED.finditer(self.reading.folded, 0, HEAD):
            for day in self._numbered(match.start(1), match.end(1)):
                if published and day.complete and day.first and 0 <= (day.first - published).days <= 1:
                    return day.first
        return None


def _headline_case(reading: Reading) -> str:
    """The head of the text with its capitals, months in lower case, as the dateline's pattern reads it."""
    head = reading.text[:HEAD]
    return re.sub(r"(?<=, )[A-Z][a-z]{2,8}", lambda word: word[0].lower(), head).replace("—", "-").replace("–", "-")


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _shifted(day: dt.date | None, days: int) -> dt.date | None:
    """A day so many days on; None where no day is known or the calendar ends."""
    try:
        return day + dt.timedelta(days=days) if day else None
    except OverflowError:
        return None
