"""JSON Lines: what one line holds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
import trafilatura
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.records import Capture, Unreadable
from flows.jsonlines import read_line
from parsers.records import Article, Side, article_key


def article(**fields: object) -> Article:
    found = read_line(json.dumps({"title": "Talks", "text": "They met.", **fields}).encode(), "a.jsonl")
    assert isinstance(found, Article)
    return found


def test_article_of_a_line() -> None:
    found = article(
        url="https://news.example/a?utm_source=x",
        paragraphs=["One. ", "", " Two\u00a0three."],
        published="2024-12-11T08:30:00+07:00",
        language="VI-vn",
        outlet=" Báo Quốc tế ",
        side="vietnam",
    )
    assert found == Article(
        key=article_key("https://news.example/a"),
        title="Talks",
        paragraphs=("One.", "Two three."),
        published=datetime(2024, 12, 11, 1, 30, tzinfo=UTC),
        published_on=date(2024, 12, 11),
        language="vi",
        url="https://news.example/a",
        outlet="Báo Quốc tế",
        side=Side.VIETNAM,
        method="jsonl",
    )


@pytest.mark.parametrize(
    ("written", "published", "day"),
    [
        ("2024-12-11", None, date(2024, 12, 11)),
        ("2024-12-11 23:30:00", None, date(2024, 12, 11)),
        ("2024-12-11T23:30:00Z", datetime(2024, 12, 11, 23, 30, tzinfo=UTC), date(2024, 12, 11)),
        ("2024-12-11T23:30:00-05:00", datetime(2024, 12, 12, 4, 30, tzinfo=UTC), date(2024, 12, 11)),
        ("11 December 2024", None, date(2024, 12, 11)),
        ("2024年12月11日", None, date(2024, 12, 11)),
        ("11/12/2024", None, None),
        ("0001-01-01T00:00:00+14:00", None, None),
        ("soon", None, None),
        (20241211, None, None),
        (None, None, None),
    ],
)
def test_dates_of_lines(written: object, published: datetime | None, day: date | None) -> None:
    found = article(date=written)
    assert (found.published, found.published_on) == (published, day)


@pytest.mark.parametrize(
    ("written", "language"),
    [("zh", "zh"), ("zh-Hant", "zh"), ("en_US", "en"), ("chinese", None), ("中文", None), ("..", None), (5, None)],
)
def test_languages_of_lines(written: object, language: str | None) -> None:
    assert article(language=written).language == language


def test_article_without_address_is_known_by_its_text() -> None:
    assert article().key == article().key != article(text="They met again.").key
    assert article().url is None
    assert article(url="ftp://x").url is None


def test_agency_is_told_by_the_dateline() -> None:
    assert article(text="HANOI, Dec. 11 (Xinhua) -- They met.").side is Side.CHINA


def test_lines_of_trafilatura_and_news_please() -> None:
    page = (
        "<html><body><article><h1>Talks in Hanoi</h1>"
        + "<p>They met in Hanoi and agreed on much.</p><p>A second one.</p>" * 3
    )
    told = trafilatura.extract(page, url="https://news.example/a", output_format="json", with_metadata=True)
    found = read_line(str(told).encode(), "a.jsonl")
    assert isinstance(found, Article)
    assert (found.url, found.title) == ("https://news.example/a", "Talks in Hanoi")
    please = {"maintext": "One.\nTwo.", "date_publish": "2024-12-11 08:30:00", "url": "https://news.example/a"}
    other = article(text=None, **please)
    assert (other.key, other.paragraphs, other.published_on) == (found.key, ("One.", "Two."), date(2024, 12, 11))


@pytest.mark.parametrize("key", ["captured_at", "date_download"])
def test_page_of_a_line(key: str) -> None:
    line = {"url": "https://news.example/a", "html": "<p>Hội đàm</p>", key: "2024-12-11T08:30:00+00:00"}
    found = read_line(json.dumps(line).encode(), "a.jsonl")
    moment = datetime(2024, 12, 11, 8, 30, tzinfo=UTC)
    page = "<p>Hội đàm</p>".encode()
    assert found == Capture("https://news.example/a", page, "text/html; charset=utf-8", moment, "a.jsonl")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "no JSON: Expecting property name enclosed in double quotes, at its character 2"),
        (b"[" * 100_000, "no JSON that can be read: maximum recursion"),
        (b'{"title": ' + b"7" * 5000 + b"}", "no JSON that can be read: Exceeds the limit"),
        (b'{"title": "\xff"}', "no JSON: it is not in UTF-8"),
        (b"[]", "no JSON object"),
        (b"7", "no JSON object"),
        (b"{}", "it needs"),
        (b'{"title": "Talks"}', "it needs"),
        (b'{"title": "Talks", "text": " \\n "}', "it needs"),
        (b'{"title": 7, "text": ["They met."]}', "it needs"),
        (b'{"title": "Talks", "paragraphs": [7, null]}', "it needs"),
        (b'{"html": "<p>x"}', "'url'"),
        (b'{"html": "<p>x", "url": "javascript:x"}', "'url'"),
    ],
)
def test_line_that_cannot_be_read(line: bytes, reason: str) -> None:
    found = read_line(line, "a.jsonl at byte 7")
    assert isinstance(found, Unreadable)
    assert found.where == "a.jsonl at byte 7"
    assert reason in found.reason


KEYS = st.sampled_from(["url", "title", "text", "paragraphs", "html", "date", "side"])


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
        max_leaves=8,
    )
)
def test_any_json_gives_something(value: object) -> None:
    assert isinstance(read_line(json.dumps(value).encode(), "x"), (Article, Capture, Unreadable))
