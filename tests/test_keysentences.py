"""Which sentences are quoted: small cases, and how often they are those that a person would have quoted."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from archive.records import Mention, StoredArticle
from meetings.detect import detect
from parsers.records import Article
from parsers.seedfile import seed_article
from reports.keysentences import key_sentences
from tests.report_catalogue import at
from tests.report_parts import meeting, mention, stored_article

ROOT = Path(__file__).parent.parent
QUOTES = 2
PRECISION = 0.85
"""Part of the quoted sentences that a person would have quoted too, at the least."""


@dataclass(frozen=True)
class Judged:
    """An account, and words by which its quotable sentences are known."""

    name: str
    mention: Mention
    marks: Sequence[str]

    def quotable(self, sentence: str) -> bool:
        """Whether somebody marked this sentence."""
        return any(mark in sentence for mark in self.marks)


ROWS = tomllib.loads((ROOT / "tests" / "data" / "quotable.toml").read_text("utf-8"))["account"]
NAMES = [row.get("file") or row["title"] for row in ROWS]


@cache
def judged() -> dict[str, Judged]:
    """The accounts of quotable.toml by name, read by the real rules."""
    return {name: _judged(name, row) for name, row in zip(NAMES, ROWS, strict=True)}


def _judged(name: str, row: Mapping[str, Any]) -> Judged:
    if "file" in row:
        article, marks = seed_article((ROOT / name).read_bytes(), name=Path(name).name), row["quotable"]
    else:
        lines = row["text"].strip().split("\n")
        plain = tuple(line.removeprefix("* ") for line in lines)
        article = Article(key="0" * 16, title=name, paragraphs=plain, language=row["language"])
        marks = [line.removeprefix("* ") for line in lines if line.startswith("* ")]
    meetings = detect(article).meetings
    return Judged(name, Mention(StoredArticle(1, article, at("2024-12-11T01:00")), meetings[0]), marks)


@pytest.mark.parametrize("name", NAMES)
def test_a_sentence_that_a_person_would_quote_is_among_those_quoted(name: str) -> None:
    case = judged()[name]
    assert all(mark in case.mention.article.article.text for mark in case.marks)
    assert any(case.quotable(key.text) for key in key_sentences([case.mention], limit=QUOTES))


def test_most_quoted_sentences_are_those_a_person_would_quote() -> None:
    quoted = [(case, key.text) for case in judged().values() for key in key_sentences([case.mention], limit=QUOTES)]
    assert len(quoted) == QUOTES * len(NAMES)
    assert sum(case.quotable(text) for case, text in quoted) / len(quoted) >= PRECISION


def test_key_sentences_cover_most_and_repeat_nothing() -> None:
    base = meeting("m", "2024-12-10", [], [])
    first = stored_article(
        1, "xinhua", "en", None, "Wang meets Son on Tuesday",
        "Wang met Son on Tuesday in Beijing. The weather was fine. Railways shall be built. Wang was glad.",
    )  # fmt: skip
    copy = stored_article(2, "xinhua", "en", None, "The same", "Wang met Son on Tuesday in Beijing, too.")
    mentions = [
        mention(base, first, {"date": "Tuesday", "china": "Wang", "vietnam": "Son"}, {"rail": "Railways"}),
        mention(base, copy, {"date": "Tuesday", "china": "Wang", "vietnam": "Son", "place": "Beijing"}),
    ]
    texts = [key.text for key in key_sentences(mentions, limit=3)]
    assert texts == ["Railways shall be built.", "Wang met Son on Tuesday in Beijing, too."]
    assert key_sentences(mentions, limit=0) == ()


def test_evidence_in_the_title_alone_gives_no_sentence() -> None:
    article = stored_article(1, "xinhua", "en", None, "Title", "Body.")
    assert key_sentences([mention(meeting("m", None, [], []), article, {})], limit=2) == ()


def test_abbreviations_do_not_cut_a_vietnamese_or_english_sentence() -> None:
    vietnamese = stored_article(1, "nhandan", "vi", None, "Tên", "Tại TP. Hồ Chí Minh, GS. Lan gặp ông Wang. Trời đẹp.")
    english = stored_article(2, "xinhua", "en", None, "Title", "On Dec. 10 Mr. Son met J. Wang. It rained.")
    chinese = stored_article(3, "xinhua", "zh", None, "标题", "王毅会见裴青山。天气晴朗。")
    base = meeting("m", None, [], [])
    mentions = [
        mention(base, vietnamese, {"china": "Wang"}),
        mention(base, english, {"date": "Dec. 10", "china": "J. Wang"}),
        mention(base, chinese, {"china": "王毅"}),
    ]
    assert [key.text for key in key_sentences(mentions, limit=3)] == [
        "Tại TP. Hồ Chí Minh, GS. Lan gặp ông Wang.",
        "On Dec. 10 Mr. Son met J. Wang.",
        "王毅会见裴青山。",
    ]


WORTH = [
    pytest.param("They signed an agreement.", "They spoke in a friendly atmosphere.", id="outcome before boilerplate"),
    pytest.param("Trade came to 5 billion dollars.", "Wang thanked Son.", id="figure before courtesy"),
    pytest.param("China opposes the drilling.", "They attended a banquet.", id="warning before ceremony"),
    pytest.param("Son proposed a railway.", "Railways of the two, Wang said, are old.", id="proposal before remark"),
    pytest.param(
        "The two sides agreed to meet.", "Photo: both sides agreed to meet (Xinhua/X)", id="text before caption"
    ),
    pytest.param(
        "They signed an agreement.", "They signed an agreement" + " and spoke of it" * 60 + ".", id="short first"
    ),
]


@pytest.mark.parametrize(("better", "worse"), WORTH)
@pytest.mark.parametrize("turned", [False, True])
def test_what_a_sentence_is_worth_does_not_hang_on_its_place(better: str, worse: str, turned: bool) -> None:
    lines = [worse, better] if turned else [better, worse]
    told = mention(meeting("m", None, [], []), stored_article(1, "xinhua", "en", None, "Title", *lines), {})
    assert [key.text for key in key_sentences([told], limit=1)] == [better]


def test_an_account_of_courtesies_alone_is_quoted_by_its_evidence() -> None:
    article = stored_article(1, "xinhua", "en", None, "Title", "Wang thanked all.", "Wang met Son over tea on Monday.")
    told = mention(meeting("m", None, [], []), article, {"china": "Wang", "vietnam": "Son", "date": "Monday"})
    assert [key.text for key in key_sentences([told], limit=2)] == ["Wang met Son over tea on Monday."]


def test_captions_and_another_meetings_part_are_not_quoted() -> None:
    lines = ["They signed a caption.", "They signed a treaty.", "Others signed a protocol."]
    stored = stored_article(1, "xinhua", "en", None, "Title", *lines)
    stored = dataclasses.replace(stored, article=dataclasses.replace(stored.article, captions=(0,)))
    end = stored.article.text.index("Others")
    base = dataclasses.replace(meeting("m", None, [], []), part=((0, end),))
    assert [key.text for key in key_sentences([mention(base, stored, {})], limit=3)] == ["They signed a treaty."]
