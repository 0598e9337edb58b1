"""Kind and days of a visit, as articles in three languages name them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import pytest

from meetings import lexicon, visitwords
from meetings.visitwords import Trip, VisitKind, find_visit_days, find_visit_words
from parsers.records import Article, MeetingsError

TRIP = Trip(frozenset({"To Lam", "Tô Lâm", "苏林"}), "CN", dt.date(2024, 8, 18), dt.date(2024, 8, 20))
SPANS: Mapping[str, tuple[str, str, tuple[int, int] | None]] = {
    "from … to": ("en", "To Lam will visit China from August 18 to 20 at the invitation of Xi Jinping.", (18, 20)),
    "as an adjective": ("en", "To Lam's August 18-20 visit to China is his first abroad this year.", (18, 20)),
    "from one month to the next": ("en", "To Lam is to visit China from 20 August to 2 September 2024.", (20, 2)),
    "of another person": ("en", "Pham Minh Chinh will visit China from August 18 to 20 this summer.", None),
    "of the host": ("en", "Xi Jinping will visit Vietnam from August 18 to 20 this summer.", None),
    "in another country": ("en", "To Lam will visit Laos from August 18 to 20 with his ministers.", None),
    "on other days": ("en", "To Lam will visit China from August 21 to 23 with his ministers.", None),
    "of another year": ("en", "To Lam visited China from August 18 to 20, 2023 with his ministers.", None),
    "of no journey": ("en", "To Lam said that the fair in China is open from August 18 to 20.", None),
    "one day": ("en", "To Lam will visit China on August 18 with his ministers.", None),
    "từ ngày … đến": ("vi", "Tổng Bí thư Tô Lâm thăm cấp Nhà nước Trung Quốc từ ngày 18 đến 20/8.", (18, 20)),
    "both with month": ("vi", "Tổng Bí thư Tô Lâm thăm Trung Quốc từ ngày 18/8 đến ngày 20/8/2024.", (18, 20)),
    "từ ngày, to the next month": ("vi", "Tổng Bí thư Tô Lâm thăm Trung Quốc từ ngày 20/8 đến 2/9.", (20, 2)),
    "thăm, another's": ("vi", "Thủ tướng Phạm Minh Chính thăm Trung Quốc từ ngày 18 đến 20/8.", None),
    "于 … 至": ("zh", "应习近平邀请，越南国家主席苏林将于8月18日至20日对中国进行国事访问。", (18, 20)),
    "访华": ("zh", "越共中央总书记、国家主席苏林于8月18日至20日访华。", (18, 20)),
    "于 … 至, another's": ("zh", "越南总理范明政将于8月18日至20日访华。", None),
}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "To Lam will visit China from December 30 to January 2 at the invitation of Xi Jinping."),
        ("en", "To Lam will visit China from December 30 to January 2, 2025."),
        ("en", "To Lam will visit China from 30 December to 2 January 2025."),
        ("vi", "Tổng Bí thư Tô Lâm thăm Trung Quốc từ ngày 30/12 đến ngày 2/1."),
        ("vi", "Tổng Bí thư Tô Lâm thăm Trung Quốc từ 30/12 đến 2/1/2025."),
        ("zh", "苏林将于12月30日至1月2日对中国进行国事访问。"),
    ],
)
def test_a_visit_from_one_year_into_the_next(language: str, sentence: str) -> None:
    """A year at the end is that of the last day."""
    trip = replace(TRIP, first=dt.date(2024, 12, 30), last=dt.date(2025, 1, 1))
    page = replace(article(language, sentence), published_on=dt.date(2024, 12, 28))
    [days] = find_visit_days(page, trip)
    assert (days.first, days.last) == (dt.date(2024, 12, 30), dt.date(2025, 1, 2))


@pytest.mark.parametrize(("language", "sentence", "days"), SPANS.values(), ids=SPANS)
def test_the_days_of_a_visit_in_three_languages(language: str, sentence: str, days: tuple[int, int] | None) -> None:
    page = replace(article(language, sentence), published_on=dt.date(2024, 8, 16))
    found = find_visit_days(page, TRIP)
    assert [(each.first.day, each.last.day) for each in found] == [days] * bool(days)
    assert [page.text[each.opens : each.closes] for each in found] == [sentence] * bool(days)


def article(language: str, *paragraphs: str) -> Article:
    return Article(key="k", title="Title", paragraphs=paragraphs, language=language, method="test")


KINDS: Mapping[str, tuple[str, str, VisitKind | None]] = {
    "state visit": ("en", "Xi Jinping met To Lam, who is on a state visit to China.", VisitKind.STATE),
    "official friendly visit": ("en", "To Lam begins an official friendly visit to China.", VisitKind.OFFICIAL),
    "working visit": ("en", "To Lam arrived on a working visit.", VisitKind.WORKING),
    "transit": ("en", "To Lam made a stopover in Kunming.", VisitKind.TRANSIT),
    "conference": ("en", "To Lam is to attend the fourth Belt and Road Forum.", VisitKind.CONFERENCE),
    "by other words only": ("en", "To Lam arrived in Beijing.", None),
    "the host's own visit": ("en", "To Lam recalled Xi Jinping’s state visit to Vietnam.", None),
    "the same, of another's": (
        "en",
        "To Lam thanked the guests of Xi Jinping for the official visit of Wang Yi.",
        None,
    ),
    "another's, whom the traveller went with": (
        "en",
        "Pham Minh Chinh was on an official visit to China, and To Lam was of the delegation.",
        None,
    ),
    "to another country": ("en", "To Lam pays a state visit to Laos.", None),
    "of another year": ("en", "To Lam paid a state visit to China in December 2023.", None),
    "since": ("en", "Ties have grown since To Lam paid a state visit to China.", None),
    "thăm cấp Nhà nước": ("vi", "Tổng Bí thư Tô Lâm thăm cấp Nhà nước tới Trung Quốc.", VisitKind.STATE),
    "thăm hữu nghị chính thức": ("vi", "Đồng chí Tô Lâm thăm hữu nghị chính thức Trung Quốc.", VisitKind.OFFICIAL),
    "thăm và làm việc": ("vi", "Tô Lâm thăm và làm việc tại Trung Quốc.", VisitKind.WORKING),
    "quá cảnh": ("vi", "Tô Lâm quá cảnh tại Côn Minh.", VisitKind.TRANSIT),
    "dự hội nghị": ("vi", "Tô Lâm dự Hội nghị cấp cao tại Côn Minh.", VisitKind.CONFERENCE),
    "thăm, as hosts": ("vi", "Tập Cận Bình thăm cấp Nhà nước Việt Nam.", None),
    "国事访问": ("zh", "习近平在北京同来华进行国事访问的越共中央总书记苏林举行会谈。", VisitKind.STATE),
    "國事訪問": ("zh", "越共中央總書記蘇林對中國進行國事訪問。", VisitKind.STATE),
    "正式访问": ("zh", "苏林开始对中国进行正式访问。", VisitKind.OFFICIAL),
    "工作访问": ("zh", "苏林来华进行工作访问。", VisitKind.WORKING),
    "过境": ("zh", "苏林过境昆明。", VisitKind.TRANSIT),
    "出席论坛": ("zh", "苏林来华出席第四届“一带一路”国际合作高峰论坛。", VisitKind.CONFERENCE),
    "访问越南": ("zh", "习近平回顾对越南进行的国事访问。", None),
}


@pytest.mark.parametrize(("language", "sentence", "kind"), KINDS.values(), ids=KINDS)
def test_the_kind_of_a_visit_in_three_languages(language: str, sentence: str, kind: VisitKind | None) -> None:
    found = find_visit_words(article(language, sentence), TRIP)
    assert [word.kind for word in found] == [kind] * bool(kind)
    text = article(language, sentence).text
    assert [text[word.opens : word.closes] for word in found] == [sentence] * bool(kind)


FIRSTS: Mapping[str, tuple[str, str, bool]] = {
    "since taking office": ("en", "It is To Lam’s first visit to China since taking office.", True),
    "since becoming": ("en", "This is To Lam’s first overseas trip since becoming general secretary.", True),
    "as president": ("en", "To Lam’s first state visit to China as general secretary comes at a good time.", True),
    "after assuming the post": ("en", "It is To Lam’s first visit after assuming the post.", True),
    "a first of another kind": ("en", "It is To Lam’s first visit to a high-tech zone.", False),
    "another's": ("en", "It is Xi Jinping’s first visit to Vietnam since taking office.", False),
    "trên cương vị": (
        "vi",
        "Đây là chuyến thăm Trung Quốc đầu tiên của đồng chí Tô Lâm trên cương vị Tổng Bí thư.",
        True,
    ),
    "kể từ khi nhậm chức": ("vi", "Đây là chuyến thăm đầu tiên của Tô Lâm kể từ khi nhậm chức.", True),
    "lần đầu tiên": ("vi", "Lần đầu tiên Tô Lâm ăn phở tại Bắc Kinh.", False),
    "就任后首次出访": ("zh", "苏林就任越共中央总书记后首次出访就来到中国。", True),
    "首访": ("zh", "这是苏林当选后的首访。", True),
    "首次": ("zh", "苏林首次参观故宫。", False),
}


@pytest.mark.parametrize(("language", "sentence", "first"), FIRSTS.values(), ids=FIRSTS)
def test_a_source_that_calls_a_visit_the_first(language: str, sentence: str, first: bool) -> None:
    found = [word for word in find_visit_words(article(language, sentence), TRIP) if word.kind is None]
    assert bool(found) is first


def test_what_stands_far_down_is_of_other_visits() -> None:
    page = article("en", *["They met."] * visitwords.HEAD_PARAGRAPHS, "To Lam is on a state visit to China.")
    assert find_visit_words(page, TRIP) == ()


def test_a_traveller_whom_the_lexicon_does_not_know() -> None:
    trip = replace(TRIP, names=frozenset({"Nguyen Van Moi", "Nguyễn Văn Mới"}))
    ours = article("en", "Wang Yi received Nguyen Van Moi, who is on an official visit to China.")
    theirs = article("en", "Wang Yi spoke of his official visit to China.")
    assert [word.kind for word in find_visit_words(ours, trip)] == [VisitKind.OFFICIAL]
    assert find_visit_words(theirs, trip) == ()


@pytest.mark.parametrize("text", ["", "1234", "Nous sommes en France et il fait beau.", "\ufffd" * 50])
def test_a_text_in_no_known_language_says_nothing(text: str) -> None:
    assert find_visit_words(replace(article("en", text), language=None), TRIP) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "(a"}, "Lexicon en/visits.toml: key state is no regular expression"),
        ({"first": ["(a"]}, "Lexicon en/visits.toml: key first is no regular expression"),
        ({"state": ""}, "Lexicon en/visits.toml: key state must be a non-empty string"),
        ({"stat": "a"}, "Lexicon en/visits.toml: unknown key stat"),
    ],
    ids=["pattern", "pattern of a list", "empty", "misspelt key"],
)
def test_a_mistake_in_the_lexicon_names_file_and_key(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, object], words: str
) -> None:
    table = {**lexicon.read("en/visits.toml"), **change}
    monkeypatch.setattr(lexicon, "read", lambda _name: table)
    with pytest.raises(MeetingsError, match="^" + words.replace("/", "/")):
        visitwords._load.__wrapped__("en")
