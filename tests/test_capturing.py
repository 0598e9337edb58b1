"""Captured pages to articles: whose they are, what day they have, and which are not stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from archive.records import Capture
from flows.capturing import CaptureReader, Fate
from flows.settings import shipped
from parsers.catalogue import parse_catalogue
from parsers.records import Article, Side
from tests.backfillkit import page
from tests.prefect_server import PAGE

TALKS = Capture(
    "https://english.news.cn/20241210/0123456789abcdef/c.html",
    PAGE.encode(),
    "text/html",
    datetime(2024, 12, 11, 3, tzinfo=UTC),
    "here",
)


def reader() -> CaptureReader:
    return CaptureReader(parse_catalogue(shipped("sources.toml").read_text("utf-8"), name="sources.toml").sources)


READ = [
    pytest.param({}, Side.CHINA, "xinhua", "en", date(2024, 12, 10), id="an outlet of the catalogue"),
    pytest.param(
        {"url": "https://news.example.org/1234567.html"}, None, "news.example.org", "en", date(2024, 12, 10), id="none"
    ),
]


@pytest.mark.parametrize(("changes", "side", "outlet", "language", "day"), READ)
def test_whose_a_page_is(changes: dict[str, Any], side: Side | None, outlet: str, language: str, day: date) -> None:
    article = reader().read(replace(TALKS, **changes))
    assert isinstance(article, Article)
    assert (article.side, article.outlet, article.language) == (side, outlet, language)
    assert (article.published_on, article.source_id) == (day, None)


def test_a_page_without_a_date_has_that_of_its_capture() -> None:
    undated = TALKS.body.replace(b"article:published_time", b"x")
    article = reader().read(replace(TALKS, body=undated, url="https://news.example.org/1234567.html"))
    assert isinstance(article, Article)
    assert (article.published_on, article.published) == (date(2024, 12, 11), None)


FATES = [
    pytest.param("Farmers in Vietnam expect a good harvest this year, after the rain of the summer.", Fate.DISMISSED),
    pytest.param("<!-- Vietnam and China -->", Fate.DISMISSED),
]


@pytest.mark.parametrize(("text", "fate"), FATES, ids=["one country", "only in a comment"])
def test_what_is_not_stored(text: str, fate: Fate) -> None:
    assert reader().read(replace(TALKS, body=page("Of the day", text, date(2024, 12, 10)))) is fate


def test_one_country_in_the_text_and_the_other_in_the_menu() -> None:
    body = page("Harvest", "Farmers in Vietnam expect a good harvest this year.", date(2024, 12, 10))
    menu = body.replace(b"News Sport", b"<a href='/china'>China</a>")
    assert reader().read(replace(TALKS, body=menu)) is Fate.ONE_SIDED
