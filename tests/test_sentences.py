from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.sentences import key_sentences, split_sentences
from tests.report_samples import meeting, mention, stored_article


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        pytest.param("They met. He said so.", ["They met.", "He said so."], id="two"),
        pytest.param("On Dec. 10 Mr. Son met J. Wang.", ["On Dec. 10 Mr. Son met J. Wang."], id="abbreviations"),
        pytest.param("It grew 3.5 percent. Trade too.", ["It grew 3.5 percent.", "Trade too."], id="decimal"),
        pytest.param("“Good.” He left.", ["“Good.”", "He left."], id="closing quote"),
        pytest.param("a co. of the north", ["a co. of the north"], id="goes on in lower case"),
        pytest.param("双方会谈。他说：“好。”会后离开！", ["双方会谈。", "他说：“好。”", "会后离开！"], id="Chinese"),
        pytest.param(
            "Tại TP. Hồ Chí Minh, GS. Lan dự. Đây là lần đầu.",
            ["Tại TP. Hồ Chí Minh, GS. Lan dự.", "Đây là lần đầu."],
            id="Vietnamese",
        ),
        pytest.param("A heading\nThe text", ["A heading", "The text"], id="line break"),
        pytest.param("", [], id="empty"),
    ],
)
def test_split(text: str, sentences: list[str]) -> None:
    assert [sentence.text for sentence in split_sentences(text)] == sentences


@given(st.text(alphabet=st.sampled_from('aB .!?\n。”"中Đ…1'), max_size=80), st.integers(0, 5))
def test_sentences_are_cut_out_of_the_text_in_order_and_lose_no_letter(text: str, start: int) -> None:
    found = split_sentences(text, start)
    assert all(text[each.start : each.end] == each.text for each in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert "".join("".join(each.text.split()) for each in found) == "".join(text[start:].split())


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
    texts = [key.sentence.text for key in key_sentences(mentions, limit=3)]
    assert texts == ["Railways shall be built.", "Wang met Son on Tuesday in Beijing, too."]
    assert key_sentences(mentions, limit=0) == ()


def test_evidence_in_the_title_alone_gives_no_sentence() -> None:
    article = stored_article(1, "xinhua", "en", None, "Title", "Body.")
    assert key_sentences([mention(meeting("m", None, [], []), article, {})], limit=2) == ()
