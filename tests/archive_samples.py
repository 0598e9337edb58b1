"""Small records for the tests of the archive, each a plain one with the named changes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from archive.articles import add_article, stored_article, to_read, undetected
from archive.models import ArticleRow, Base
from archive.records import StoredArticle
from archive.store import Archive
from meetings.records import (
    Channel,
    Codes,
    DateBasis,
    Direction,
    Evidence,
    Meeting,
    Mode,
    Person,
    Place,
    Plover,
    Rank,
    Status,
)
from parsers.records import Answer, Article, Outcome, article_key

NOW = dt.datetime(2024, 12, 12, 3, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
WANG_YI = Person("Wang Yi", "Wang Yi", "foreign minister", Rank.MINISTER)
BUI_THANH_SON = Person("Bui Thanh Son", "Bui Thanh Son", "deputy prime minister", Rank.DEPUTY_LEADER)
TO_LAM = Person("To Lam", "To Lam", "general secretary", Rank.LEADER)
HE_WEI = Person("He Wei", "He Wei", "ambassador", Rank.DIRECTOR)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def article(name: str = "one", **changes: Any) -> Article:
    plain = Article(
        key=article_key(f"https://news.example/{name}"),
        title=f"Article {name}",
        paragraphs=("HANOI – They met.", "They spoke."),
        published=dt.datetime(2024, 12, 11, 2, tzinfo=dt.UTC),
        published_on=day("2024-12-11"),
        language="en",
        url=f"https://news.example/{name}",
        outlet="example",
        source_id="example-en",
        method="outlet:example",
    )
    return replace(plain, **changes)


def meeting(date: str | None = "2024-12-10", **changes: Any) -> Meeting:
    plain = Meeting(
        date=day(date) if date else None,
        end_date=None,
        date_basis=DateBasis.EXPLICIT if date else DateBasis.UNKNOWN,
        status=Status.HELD,
        mode=Mode.IN_PERSON,
        place=Place(city="Beijing", country="CN"),
        direction=Direction.TO_CHINA,
        china=(WANG_YI,),
        vietnam=(BUI_THANH_SON,),
        level=Rank.DEPUTY_LEADER,
        channel=Channel.STATE,
        forum=None,
        topics=(),
        codes=Codes("042", Plover("CONSULT", "visit", ("diplomatic",))),
        evidence=(Evidence("status", "met", 20, 23),),
    )
    return replace(plain, **changes)


def answer(url: str = "https://news.example/one", body: bytes = b"<p>They met.</p>", **changes: Any) -> Answer:
    plain = Answer(
        url=url,
        outcome=Outcome.OK,
        fetched_at=NOW,
        status=200,
        reason="OK",
        headers=(("Content-Type", "text/html"), ("Content-Length", str(len(body))), ("ETag", '"a1"')),
        request_headers=(("Host", "news.example"), ("User-Agent", "meetings/0.1")),
        body=body,
    )
    return replace(plain, **changes)


def store(archive: Archive, name: str = "one", **changes: Any) -> StoredArticle:
    with archive.write() as s:
        return add_article(s, article(name, **changes), now=NOW)[0]


def everything(archive: Archive) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with archive.read() as s:
        names = [table.name for table in Base.metadata.sorted_tables]
        return {name: sorted(map(tuple, s.execute(text(f"SELECT * FROM {name}"))), key=repr) for name in names}  # noqa: S608


def get_article(s: Session, number: int) -> StoredArticle | None:
    """The article of this number."""
    row = s.get(ArticleRow, number)
    return stored_article(row) if row is not None else None


def unread(s: Session, rules_version: str) -> list[StoredArticle]:
    """All that rules of this version have not read, in the order in which they do."""
    return to_read(s, rules_version, undetected(s, rules_version))
