from __future__ import annotations

from reports.keysentences import key_sentences
from tests.report_samples import meeting, mention, stored_article


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
