"""What a meeting is, as design §5 fixes it: the record that `meetings detect --format jsonl` prints."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


class DateBasis(StrEnum):
    """How the date was found."""

    EXPLICIT = "explicit"
    WEEKDAY = "weekday"
    RELATIVE = "relative"
    DATELINE = "dateline"
    PUBLISHED = "published"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """Whether it took place, is going to, or was called off."""

    HELD = "held"
    ANNOUNCED = "announced"
    CANCELLED = "cancelled"


class Mode(StrEnum):
    """How they talked."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    VIDEO = "video"
    UNKNOWN = "unknown"


class Direction(StrEnum):
    """Who travelled to whom."""

    TO_CHINA = "visit_to_china"
    TO_VIETNAM = "visit_to_vietnam"
    THIRD_COUNTRY = "third_country"
    REMOTE = "remote"
    UNKNOWN = "unknown"


class Rank(StrEnum):
    """Ranks from the highest down; a meeting's level is the highest present."""

    LEADER = "leader"
    HEAD_OF_GOVERNMENT = "head_of_government"
    DEPUTY_LEADER = "deputy_leader"
    MINISTER = "minister"
    VICE_MINISTER = "vice_minister"
    DIRECTOR = "director"
    LOCAL = "local"


RANK_ORDER: tuple[Rank, ...] = tuple(Rank)


class Channel(StrEnum):
    """Through which institutions they met."""

    STATE = "state"
    PARTY = "party"
    LEGISLATURE = "legislature"
    MILITARY = "military"
    POLICE = "police"
    SUBNATIONAL = "subnational"
    EMBASSY = "embassy"


Part = tuple[tuple[int, int], ...]
"""Stretches [start, end) of an article's text, in order; none stands for all of it."""


def holds(part: Part, at: int) -> bool:
    """Whether an offset of the article's text lies in the part."""
    return not part or any(start <= at < end for start, end in part)


@dataclass(frozen=True, slots=True)
class Person:
    """A principal. `name`: canonical Latin form, family name first, no diacritics; `role` as the text gives it, in the
    text's language; either may be null when the text gives only the other."""

    name: str | None
    as_written: str | None
    role: str | None
    rank: Rank | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where; `city` in its usual English form without diacritics, `country` as ISO 3166-1 alpha-2."""

    venue: str | None = None
    city: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Forum:
    """A standing mechanism or named occasion, with its ordinal when the text numbers the session."""

    name: str
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a field was read: `text` equals the article's text[start:end], in Unicode code points."""

    field: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Topic:
    """One of the fixed topics, with the words that show it."""

    id: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Plover:
    """PLOVER coding (peers.md §6.2). `mode` is null for AGREE."""

    event: str
    mode: str | None
    contexts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Codes:
    """CAMEO and PLOVER codes of a meeting."""

    cameo: str
    plover: Plover


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting as one article tells it. `id` is empty until a run is clustered or the archive names it.

    `part`: what tells of it in an article of several meetings; empty where the whole article does.
    """

    date: dt.date | None
    end_date: dt.date | None
    date_basis: DateBasis
    status: Status
    mode: Mode
    place: Place
    direction: Direction
    china: tuple[Person, ...]
    vietnam: tuple[Person, ...]
    level: Rank
    channel: Channel
    forum: Forum | None
    topics: tuple[Topic, ...]
    codes: Codes
    evidence: tuple[Evidence, ...]
    id: str = ""
    part: Part = ()


@dataclass(frozen=True, slots=True)
class Detection:
    """What one article says of meetings; `notes` tell why there are none, or what was doubtful."""

    language: str | None
    meetings: tuple[Meeting, ...] = ()
    notes: tuple[str, ...] = field(default=())
