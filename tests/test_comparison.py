"""Both accounts side by side: the summit of tests/data/summit, and small meetings for each kind of row."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import Mention, StoredMeeting
from reports.accounts import accounts, originals
from reports.comparison import MOST, compare
from reports.records import ComparisonView, RowView
from tests.report_catalogue import SOURCES, at
from tests.report_parts import meeting, mention, person, stored, stored_article
from tests.summit import AS_OF, DATA, OUTLETS, ROOT, ZONE, as_table, compared, meetings_of

PAGE = ROOT / "docs" / "comparison.md"
MARKED = re.compile(r"(?<=<!-- summit -->\n).*?(?=<!-- /summit -->)", re.DOTALL)


@pytest.fixture(scope="module")
def summit(tmp_path_factory: pytest.TempPathFactory) -> list[StoredMeeting]:
    return meetings_of(tmp_path_factory.mktemp("summit"), DATA)


@pytest.fixture(scope="module")
def talks(summit: list[StoredMeeting]) -> ComparisonView:
    return compared(summit[0])


def row(view: ComparisonView, label: str) -> RowView:
    return next(row for row in view.rows if row.label == label)


def test_the_page_shows_what_the_program_makes_of_the_summit(talks: ComparisonView, update_golden: bool) -> None:
    page = PAGE.read_text("utf-8")
    if update_golden:
        page = MARKED.sub(lambda _: as_table(talks), page)
        PAGE.write_text(page, encoding="utf-8")
    shown = MARKED.search(page)
    assert shown is not None
    assert shown[0] == as_table(talks)


# what a person who read the seven files and the table would not do without
BY_HAND = [
    ("the sea between them", "both", "South China Sea", "East Sea"),
    ("Taiwan", "both", "one-China principle", "một Trung Quốc"),
    ("how differences at sea are to be settled", "both", "friendly consultation", "international law"),
    ("national reunification", "china", "国家统一", ""),
    ("interference and “colour revolution”", "china", "color revolutions", ""),
    ("the “right side of history”", "china", "right side of history", ""),
    ("the law of the sea (UNCLOS 1982)", "vietnam", "", "UNCLOS"),
    ("the “six mores”", "vietnam", "", "6 hơn"),
    ("“Two Corridors, One Belt”", "vietnam", "", "Two Corridors, One Belt"),
    ("balanced trade and the deficit", "vietnam", "", "deficit"),
    ("the code of conduct (DOC, COC)", "both", "Code of Conduct", "Code of Conduct"),
    ("standard-gauge railways", "both", "standard-gauge", "khổ tiêu chuẩn"),
    ("smart border gates", "both", "智慧口岸", "cửa khẩu thông minh"),
    ("28 documents", "both", "28份合作文件", "28 văn kiện"),
]


@pytest.mark.parametrize(("label", "told_by", "china", "vietnam"), BY_HAND, ids=[line[0] for line in BY_HAND])
def test_the_table_holds_what_a_person_wrote_down(
    talks: ComparisonView, label: str, told_by: str, china: str, vietnam: str
) -> None:
    found = row(talks, label)
    assert found.told_by == told_by
    for words, cell in ((china, found.china), (vietnam, found.vietnam)):
        assert words in cell.words
        assert (cell.missing == "") == bool(words)
        assert (cell.article is None) == (not words)


def test_every_cell_quotes_a_sentence_of_its_own_article(summit: list[StoredMeeting]) -> None:
    texts = {m.article.article.title: m.article.article.text for stored in summit for m in stored.mentions}
    cells = [cell for stored in summit for row in compared(stored).rows for cell in (row.china, row.vietnam)]
    assert sum(cell.article is not None for cell in cells) > 20
    for cell in cells:
        if cell.article is not None:
            assert cell.quote in texts[cell.article.title]
            assert cell.article.language == cell.language
            assert any(words.casefold() in cell.quote.casefold() for words in cell.words.split("; "))


def test_an_account_of_another_meeting_of_the_same_article_is_not_mixed_in(summit: list[StoredMeeting]) -> None:
    premier = compared(summit[1])
    assert [person.name for person in summit[1].meeting.china] == ["Li Qiang"]
    assert {row.label for row in premier.rows} == {"trade", "agriculture", "energy"}
    assert "energy" not in {row.label for row in compared(summit[0]).rows}


def test_a_side_without_account_is_said_once(summit: list[StoredMeeting]) -> None:
    premier = compared(summit[1])
    assert premier.summary.startswith("Hanoi: no account found as of 20 October 2031; Beijing’s account mentions trade")
    assert {(row.told_by, row.vietnam.missing, row.vietnam.words) for row in premier.rows} == {("china", "", "")}


def test_a_copy_counts_once_and_is_named_beside_its_original(summit: list[StoredMeeting]) -> None:
    beijing, hanoi, *_ = accounts(summit[0], OUTLETS, ZONE, AS_OF)
    assert [(article.outlet, [copy.outlet for copy in article.also]) for article in beijing.articles] == [
        ("Xinhua", []),
        ("CGTN", []),
        ("Xinhua", ["cns"]),
    ]
    assert [article.outlet for article in hanoi.articles] == ["VietnamPlus", "Viet Nam Government Portal", "Nhan Dan"]


def test_who_is_quoted_on_each_side(summit: list[StoredMeeting]) -> None:
    beijing, hanoi, *_ = accounts(summit[0], OUTLETS, ZONE, AS_OF)
    assert [speaker.name for speaker in beijing.speakers] == ["Xi Jinping", "To Lam"]
    assert [speaker.name for speaker in hanoi.speakers] == ["To Lam", "Xi Jinping"]
    assert "preferential loans" in hanoi.speakers[0].quote.text
    assert "scholarships" in hanoi.speakers[1].quote.text


# --- small meetings -------------------------------------------------------------------------------------------------


def two_accounts(china: Sequence[str], vietnam: Sequence[str], *, language: str = "en") -> StoredMeeting:
    """A meeting of two ministers, told by Xinhua and VietnamPlus in these sentences."""
    base = meeting("m", "2024-12-10", [person("Wang Yi", "Foreign Minister")], [person("Bui Thanh Son", "Minister")])
    told = [
        mention(base, stored_article(number, outlet, language, "2024-12-10", "Title", *sentences), {})
        for number, (outlet, sentences) in enumerate([("xinhua", china), ("vietnamplus", vietnam)], 1)
        if sentences
    ]
    known = at("2024-12-11T01:00")
    return stored(base, *told) if told else StoredMeeting(base, known, known, ())


def told_of(china: Sequence[str], vietnam: Sequence[str], *, language: str = "en") -> list[tuple[str, str, str]]:
    return [(r.label, r.kind, r.told_by) for r in view_of(two_accounts(china, vietnam, language=language)).rows]


def view_of(meeting_: StoredMeeting) -> ComparisonView:
    return compare(meeting_, outlets=OUTLETS, zone=ZONE, as_of=AS_OF)


KINDS_OF_ROWS = [
    pytest.param(
        ["They spoke of the South China Sea."], ["They spoke of the East Sea."],
        [("the sea between them", "term", "both")], id="each side its own name",
    ),
    pytest.param(
        ["They spoke of the South China Sea."], ["They spoke of the South China Sea."],
        [("the South China Sea", "phrase", "both")], id="the same name",
    ),
    pytest.param(
        ["They spoke."], ["They spoke of the East Sea."],
        [("the East Sea", "phrase", "vietnam")], id="one side alone",
    ),
    pytest.param(
        ["They praised the Belt and Road."], ["They praised the Two Corridors, One Belt and the Belt and Road."],
        [("“Two Corridors, One Belt”", "phrase", "vietnam"), ("the Belt and Road", "phrase", "both")],
        id="both use one name, one side a second",
    ),
    pytest.param(
        ["Trade rose to $205.2 billion."], ["Trade rose to 205 billion USD, up 20 percent."],
        [("20%", "figure", "vietnam"), ("US$205.2 billion", "figure", "both")], id="one figure, less exactly",
    ),
    pytest.param(
        ["They signed 14 agreements."], ["They signed 16 documents."],
        [("14 documents", "figure", "both")], id="two numbers of one thing",
    ),
    pytest.param(["China-Vietnam ties grew."], ["Viet Nam - China ties grew."],
                 [("whose name comes first", "term", "both")], id="order of names"),
    pytest.param(["They spoke."], ["They spoke."], [], id="nothing known"),
    pytest.param([], ["They signed 16 documents."], [("16 documents", "figure", "vietnam")], id="one account alone"),
    pytest.param([], [], [], id="no account at all"),
]  # fmt: skip


@pytest.mark.parametrize(("china", "vietnam", "expected"), KINDS_OF_ROWS)
def test_kinds_of_rows(china: list[str], vietnam: list[str], expected: list[tuple[str, str, str]]) -> None:
    assert told_of(china, vietnam) == expected


def test_longer_mankind_is_not_read_as_the_bilateral_future() -> None:
    rows = told_of(["A community with a shared future for mankind."], ["Community of shared future."])
    assert ("a community with a shared future for mankind", "phrase", "china") in rows
    assert ("a community with a shared future", "phrase", "vietnam") in rows


SUMMARIES = [
    pytest.param(["They spoke of the Global South."], ["They spoke of the Global South, and of the East Sea."],
                 "Both accounts mention the Global South; only Hanoi’s mentions the East Sea.", id="shared and alone"),
    pytest.param(["The one-China principle."], ["Six mores."],
                 "Only Hanoi’s mentions the “six mores”; only Beijing’s mentions the one-China principle.", id="alone"),
    pytest.param(["The South China Sea."], ["The East Sea."],
                 "They have words of their own for the sea between them.", id="terms"),
    pytest.param(["They spoke."], ["They spoke."], "The accounts hold no subject known here.", id="nothing"),
    pytest.param([], ["The East Sea."],
                 "Beijing: no account found as of 20 October 2031; Hanoi’s account mentions the East Sea.", id="one"),
    pytest.param([], ["They spoke."], "Beijing: no account found as of 20 October 2031.", id="one, nothing"),
    pytest.param([], [], "", id="none"),
]  # fmt: skip


@pytest.mark.parametrize(("china", "vietnam", "expected"), SUMMARIES)
def test_summaries(china: list[str], vietnam: list[str], expected: str) -> None:
    assert view_of(two_accounts(china, vietnam)).summary == expected


def test_of_an_endless_sentence_the_part_around_the_words_is_quoted() -> None:
    quote = (
        view_of(two_accounts(["They agreed, " * 60 + "on the East Sea, " + "and on more, " * 60], []))
        .rows[0]
        .china.quote
    )
    assert (quote[0], quote[-1], "East Sea" in quote, len(quote) <= 420) == ("…", "…", True, True)


def test_what_does_not_fit_is_counted() -> None:
    figures = [f"It came to {n} billion dollars." for n in range(1, MOST + 4)]
    view = view_of(two_accounts(figures, ["They spoke."]))
    assert (len(view.rows), view.more) == (MOST, "and 3 more things compared")


def test_a_copy_by_the_other_side_is_no_account_of_it() -> None:
    both = two_accounts(["They spoke of the East Sea."], ["They spoke of the East Sea."])
    ours, theirs = both.mentions
    copied = dataclasses.replace(theirs, article=dataclasses.replace(theirs.article, copy_of=ours.article.number))
    view = view_of(dataclasses.replace(both, mentions=(ours, copied)))
    assert view.summary.startswith("Hanoi: no account found")
    assert [row.told_by for row in view.rows] == ["china"]


def test_copies_of_a_text_that_is_not_among_the_articles_still_count_once() -> None:
    both = two_accounts(["One."], ["One."])
    copies = tuple(Mention(dataclasses.replace(m.article, copy_of=77), m.meeting) for m in reversed(both.mentions))
    assert [(first.article.number, [m.article.number for m in more]) for first, more in originals(copies)] == [(1, [2])]


HOSTILE = [
    pytest.param("<script>alert(1)</script> on the East Sea <b>", id="html"),
    pytest.param("\u202eeaS tsaE eht\u202c East Sea", id="bidi"),
    pytest.param("East Sea " + "x" * 3_000, id="long word"),
    pytest.param("East Sea " * 5_000, id="no sentence ends"),
    pytest.param("\x00\x07East Sea\ud800", id="control characters"),
    pytest.param("", id="empty"),
    pytest.param("9" * 400 + " billion dollars " + "1," * 500, id="numbers without end"),
    pytest.param("他说" * 4_000 + "东海", id="one long line of Han"),
]


@pytest.mark.parametrize("language", ["en", "vi", "zh", "", "xx"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_sentences_stay_one_line_and_short(text: str, language: str) -> None:
    both = two_accounts([text], [text], language=language)
    views = [cell for row in view_of(both).rows for cell in (row.china, row.vietnam)]
    quotes = [q for account in accounts(both, OUTLETS, ZONE, AS_OF) for q in account.quotes]
    for quote in [*(cell.quote for cell in views), *(q.text for q in quotes), *(cell.words for cell in views)]:
        assert len(quote) <= 420
        assert quote.isprintable()


@given(st.lists(st.text(max_size=80), max_size=6), st.lists(st.text(max_size=80), max_size=6))
def test_no_text_is_too_odd(china: list[str], vietnam: list[str]) -> None:
    both = two_accounts(china, vietnam)
    assert view_of(both) == view_of(both)
    assert len(accounts(both, OUTLETS, ZONE, None)) >= 2


def test_sources_of_the_samples_have_sides() -> None:
    assert {OUTLETS.sides[outlet].value for outlet in ("xinhua", "vietnamplus")} == {"china", "vietnam"}
    assert {source.outlet for source in SOURCES} >= {"xinhua", "vietnamplus"}
