"""What must hold of any text: no crash, evidence that cuts out its words, an exact JSON round trip."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meetings.detect import RULES_VERSION, detect
from meetings.folding import fold
from meetings.identity import cluster, same_meeting
from meetings.jsonform import detection_line, meeting_from_dict, meeting_to_dict
from meetings.reading import MAX_LENGTH
from parsers.records import Article
from tests.meeting_articles import Case, article, cases, told

WORDS = [
    *(
        "Chinese President Xi Jinping",
        "met with",
        "Vietnamese",
        "Prime Minister",
        "Pham Minh Chinh",
        "in Beijing",
        "said",
    ),
    *(
        "on Tuesday",
        ",",
        ".",
        "\n",
        "Wang",
        "Son",
        "To Lam",
        "held talks",
        "will",
        "hosted",
        "of",
        "and",
        "Hanoi",
        "from",
    ),
    *(
        "the 16th meeting of the Steering Committee",
        "his counterpart",
        "December 10, 2024",
        "Nov. 15-17",
        "to",
        "(R)",
        "–",
    ),
    *("“", "China", "Vietnam", "phone", "Lao", "he", "him", "delegation", "led by", "led the", "tomorrow", "cancelled"),
]
ANY_TEXT = st.text(max_size=400)
NEWS_LIKE = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)
CASES = [case for case in cases() if case.expected]


def check(given_article: Article) -> None:
    detection = detect(given_article)
    text = given_article.text
    for meeting in detection.meetings:
        for evidence in (*meeting.evidence, *(topic.evidence for topic in meeting.topics)):
            assert text[evidence.start : evidence.end] == evidence.text
        assert meeting_from_dict(json.loads(json.dumps(meeting_to_dict(meeting)))) == meeting
        assert meeting.end_date is None or (meeting.date is not None and meeting.end_date > meeting.date)
        assert same_meeting(meeting, meeting)
    line = detection_line("x.txt", given_article, detection, with_text=True)
    assert json.loads(json.dumps(line))["text"] == text


@given(ANY_TEXT, ANY_TEXT)
def test_any_text(title: str, body: str) -> None:
    check(article(title, body))


@settings(max_examples=200)
@given(NEWS_LIKE, NEWS_LIKE, st.none() | st.dates())
def test_news_like_text(title: str, body: str, day: object) -> None:
    check(article(title, body, str(day)) if day else article(title, body))


@given(ANY_TEXT)
def test_folding_keeps_length(text: str) -> None:
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_unrelated_paragraph_changes_nothing(case: Case) -> None:
    more = replace(
        case.article, paragraphs=(*case.article.paragraphs, "Shares rose and the weather stayed fine all week.")
    )
    assert sorted(map(told, detect(more).meetings)) == sorted(case.expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_order_of_a_run_does_not_change_ids(case: Case) -> None:
    meetings = [(meeting, case.article.published_on) for meeting in detect(case.article).meetings]
    assert cluster(meetings) == cluster(meetings[::-1])[::-1]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("Президент Си Цзиньпин встретился с China Vietnam делегацией в Пекине вчера.", None, id="russian"),
    ],
)
def test_another_language_gives_no_meeting_and_a_note(text: str, language: str | None) -> None:
    found = detect(article(text, text))
    assert (found.language, found.meetings) == (language, ())
    assert found.notes


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("\u202e\u200f China \u202d Vietnam \u0000 \ufffd \ud800", id="marks and half a character"),
        pytest.param("Chinese President Xi Jinping met Vietnam " * 30_000, id="a megabyte in one line"),
        pytest.param("A" * 200_000 + " China Vietnam the of and to in", id="one long word"),
        pytest.param("Wang, " * 40_000 + "China Vietnam the of and to in", id="commas"),
        pytest.param(
            "General Secretary of the Communist Party of China " * 4_000 + "met Vietnam", id="offices without end"
        ),
    ],
)
def test_hostile_text(body: str) -> None:
    check(Article(key="0" * 16, title="China and Vietnam", paragraphs=(body,)))


def test_a_cut_text_is_noted() -> None:
    found = detect(article("China and Vietnam", "The sun rose over the hills of the north. " * (MAX_LENGTH // 40)))
    assert any(str(MAX_LENGTH) in note for note in found.notes)


def test_rules_version_is_a_hash() -> None:
    assert len(RULES_VERSION) == 16
    assert int(RULES_VERSION, 16) >= 0
