"""Small records from which the samples of weeks are made: an article, a person, a meeting, a mention."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from archive.records import Mention, StoredArticle, StoredMeeting
from meetings.records import (
    Channel,
    Codes,
    DateBasis,
    Direction,
    Evidence,
    Forum,
    Meeting,
    Mode,
    Person,
    Place,
    Plover,
    Rank,
    Status,
    Topic,
)
from parsers.records import Article, article_key
from tests.report_catalogue import SOURCES, at, day

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST_RUN = dt.datetime(2024, 12, 1, 2, tzinfo=dt.UTC)


_OUTLETS = {item.outlet: item for item in SOURCES}


def stored_article(
    number: int, outlet: str | None, language: str | None, published: str | None, title: str, *paragraphs: str
) -> StoredArticle:
    """An article of an outlet of `SOURCES`; without outlet an imported file."""
    url = f"https://{outlet}.example/{language}/{number:06d}.html" if outlet else None
    key = article_key(url or f"file {number}")
    article = Article(
        key=key,
        title=title,
        paragraphs=paragraphs,
        published_on=day(published) if published else None,
        language=language,
        url=url,
        outlet=outlet,
        side=_OUTLETS[outlet].side if outlet in _OUTLETS else None,
        method="test",
    )
    path = f"articles/2024/{number:03d}_{key}.txt"
    return StoredArticle(number, article, at("2024-12-11T01:00"), path, None if outlet else f"{number:03d}_{key}.txt")


def person(name: str | None, role: str | None, written: str | None = None, rank: Rank | None = None) -> Person:
    return Person(name, written, role, rank)


def meeting(
    meeting_id: str,
    date: str | None,
    china: Sequence[Person],
    vietnam: Sequence[Person],
    *,
    end_date: str | None = None,
    basis: DateBasis = DateBasis.EXPLICIT,
    status: Status = Status.HELD,
    mode: Mode = Mode.IN_PERSON,
    place: Place | None = None,
    level: Rank = Rank.MINISTER,
    channel: Channel = Channel.STATE,
    forum: Forum | None = None,
    direction: Direction = Direction.UNKNOWN,
) -> Meeting:
    return Meeting(
        date=day(date) if date else None,
        end_date=day(end_date) if end_date else None,
        date_basis=basis if date else DateBasis.UNKNOWN,
        status=status,
        mode=mode,
        place=place or Place(),
        direction=direction,
        china=tuple(china),
        vietnam=tuple(vietnam),
        level=level,
        channel=channel,
        forum=forum,
        topics=(),
        codes=Codes("042", Plover("CONSULT", "visit", ())),
        evidence=(),
        id=meeting_id,
    )


def evidence(article: StoredArticle, field: str, phrase: str) -> Evidence:
    """Where the phrase stands first in the article's body."""
    text = article.article.text
    start = text.index(phrase, text.index("\n\n"))
    return Evidence(field, phrase, start, start + len(phrase))


def mention(
    base: Meeting, article: StoredArticle, fields: Mapping[str, str], topics: Mapping[str, str] | None = None
) -> Mention:
    """The article's telling of `base`, with evidence for fields and topics by phrases of its text."""
    told = dataclasses.replace(
        base,
        evidence=tuple(evidence(article, field, phrase) for field, phrase in fields.items()),
        topics=tuple(Topic(topic, evidence(article, topic, phrase)) for topic, phrase in (topics or {}).items()),
    )
    return Mention(article, told)


def stored(base: Meeting, *mentions: Mention, first_seen: str = "2024-12-11T01:00") -> StoredMeeting:
    topics = {topic.id: topic for item in mentions for topic in item.meeting.topics}
    merged = dataclasses.replace(base, topics=tuple(topics.values()), evidence=mentions[0].meeting.evidence)
    known = at(first_seen) if base.status is Status.HELD else None
    return StoredMeeting(merged, at(first_seen), known, mentions)
