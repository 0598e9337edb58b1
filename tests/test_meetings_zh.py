"""Chinese: whole small articles, and what no other language asks for - characters, names without blanks, days alone."""

from __future__ import annotations

import datetime as dt

import pytest
from opencc import OpenCC

from meetings.dates import Calendar
from meetings.detect import detect
from meetings.folding import fold, key
from meetings.hannames import after_offices
from meetings.reading import Reading, read
from parsers.records import Side
from tests.meeting_articles import Case, article, cases, told

CASES = cases("chinese")


def reading(text: str, published: str | None = "2024-09-20") -> Reading:
    return read(article("题目", text, published), "zh")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_article(case: Case) -> None:
    found = detect(case.article)
    assert sorted(map(told, found.meetings)) == sorted(case.expected)
    assert found.meetings or found.notes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_evidence_cuts_out_its_words(case: Case) -> None:
    for meeting in detect(case.article).meetings:
        assert {"status", "mode"} <= {evidence.field for evidence in meeting.evidence}
        for evidence in meeting.evidence:
            assert case.article.text[evidence.start : evidence.end] == evidence.text != ""


def in_traditional(text: str) -> str:
    return str(OpenCC("s2t").convert(text))


LISTED = [case for case in CASES if not any("\u4e00" <= char <= "\u9fff" for line in case.expected for char in line)]


@pytest.mark.parametrize("case", LISTED, ids=lambda case: case.name)
def test_traditional_characters_tell_the_same(case: Case) -> None:
    body = "\n".join(map(in_traditional, case.article.paragraphs))
    found = detect(article(in_traditional(case.article.title), body, case.article.published_on))
    assert sorted(map(told, found.meetings)) == sorted(case.expected)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("習近平會見範明政", "习近平会见范明政", id="traditional"),
        pytest.param("（新華社）１２日，北京；", "(新华社)12日,北京;", id="wide marks and digits"),
        pytest.param("ＡＰＥＣ峰會", "apec峰会", id="wide letters"),
    ],
)
def test_folding_keeps_the_length(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert len(fold(text)) == len(text)


def test_a_name_has_one_key_in_both_ways_of_writing() -> None:
    assert key("範明政") == key("范明政")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("越南外交部副部长阮孟东率团出席。", ["阮孟东"], id="before a word"),
        pytest.param("云南省副省长王浩在昆明说。", ["王浩"], id="before what may follow a name"),
        pytest.param("越南国会副主席丛氏兰英19日到访。", ["丛氏兰英"], id="four characters"),
        pytest.param("广西壮族自治区副主席欧阳明会见客人。", ["欧阳明"], id="family name of two characters"),
        pytest.param("副省长李明热情欢迎客人。李明说，李明将访越。", ["李明", "李明", "李明"], id="what recurs"),
        pytest.param("越南公安部副部长黎国强上将发言。", ["黎国强"], id="before a rank"),
        pytest.param("外交部部长同志高度评价此访。", [], id="no family name"),
        pytest.param("部长级会议和总理府都在河内。", [], id="office within another word"),
    ],
)
def test_names_after_offices(text: str, names: list[str]) -> None:
    found = reading(text)
    spans = [span for sentence in found.sentences for span in after_offices(found, sentence)]
    assert [found.text[start:end] for start, end, _ in spans] == names[: len(spans)]
    assert bool(spans) == bool(names)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        pytest.param("国务院副秘书长阮氏兰出席。", Side.VIETNAM, id="a woman's name"),
        pytest.param("副部长陈兰出席。", None, id="both have such names"),
    ],
)
def test_side_by_the_shape_of_a_name(text: str, side: Side | None) -> None:
    found = reading(text)
    ((_, _, shape),) = after_offices(found, found.sentences[1])
    assert shape is side


@pytest.mark.parametrize(
    ("text", "days"),
    [
        pytest.param("双方5月17日会谈。", ["2024-05-17"], id="month and day"),
        pytest.param("双方2023年12月12日会谈。", ["2023-12-12"], id="with the year"),
        pytest.param("双方30日会谈。", ["2024-09-30"], id="day alone, near the end of a month"),
        pytest.param("双方9月12日至13日会谈。", ["2024-09-12"], id="span of days"),
        pytest.param("双方9月30日至10月2日会谈。", ["2024-09-30"], id="span over two months"),
        pytest.param("双方今天上午会谈，昨日会见。", ["2024-09-20", "2024-09-19"], id="relative"),
        pytest.param("今年前8月贸易额增长5.2%，第17届博览会在19楼。", [], id="numbers that are no days"),
    ],
)
def test_days(text: str, days: list[str]) -> None:
    found = reading(text[:-1] + "，就两国关系深入交换了意见。")
    calendar = Calendar(found)
    told_days = [calendar.resolve(day, ahead=False) for s in found.sentences for day in calendar.in_sentence(s)]
    assert [str(day[0]) for day in told_days if day] == days


def test_a_day_alone_is_nowhere_without_a_publication() -> None:
    found = detect(article("李强会见越南总理", "国务院总理李强24日在大连会见越南总理范明政。"))
    assert [meeting.date for meeting in found.meetings] == [None]


def test_the_dateline_says_which_day_is_today() -> None:
    found = detect(article("李强会见越南总理", "新华社大连2024年6月24日电 国务院总理李强今天会见越南总理范明政。"))
    assert [(m.date, m.place.city) for m in found.meetings] == [(dt.date(2024, 6, 24), "Dalian")]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        pytest.param("第十六次", 16, id="characters"),
        pytest.param("第8次", 8, id="digits"),
        pytest.param("第三轮", 3, id="rounds"),
    ],
)
def test_ordinals_behind_a_forum(written: str, number: int) -> None:
    body = f"王毅9月18日在河内同越南副总理裴青山共同主持中越双边合作指导委员会{written}会议。"
    (meeting,) = detect(article("委员会开会", body, "2024-09-19")).meetings
    assert meeting.forum is not None
    assert meeting.forum.ordinal == number


def test_an_outlet_leaves_out_its_own_country() -> None:
    body = "国务院副秘书长陈立9月18日在京会见越南政府办公厅副主任陈文山。"
    (meeting,) = detect(article("陈立会见越南客人", body, "2024-09-19")).meetings
    assert ([p.name for p in meeting.china], [p.name for p in meeting.vietnam]) == (["陈立"], ["陈文山"])
