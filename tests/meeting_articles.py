"""Articles for the detector's tests: built from a title and a body, and the table of english_articles.toml."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import NamedTuple

from meetings.records import Meeting
from parsers.records import Article

DATA = Path(__file__).parent / "data"


class Case(NamedTuple):
    """A small article and its meetings, told as `told` does."""

    name: str
    article: Article
    expected: tuple[str, ...]


def article(title: str, body: str, published: dt.date | str | None = None) -> Article:
    lines = tuple(line.strip() for line in body.split("\n") if line.strip())
    day = dt.date.fromisoformat(published) if isinstance(published, str) else published
    return Article(key="0" * 16, title=title, paragraphs=lines, published_on=day)


def told(meeting: Meeting) -> str:
    """One line: date status mode city: China / Viet Nam."""
    sides = [", ".join(p.name or "?" for p in side) or "-" for side in (meeting.china, meeting.vietnam)]
    where = meeting.place.city or "-"
    return f"{meeting.date or '-'} {meeting.status} {meeting.mode} {where}: {sides[0]} / {sides[1]}"


def cases(language: str = "english") -> list[Case]:
    table = tomllib.loads((DATA / f"{language}_articles.toml").read_text(encoding="utf-8"))
    return [
        Case(row["name"], article(row["title"], row["body"], row.get("published")), tuple(row["expected"]))
        for row in table["case"]
    ]
