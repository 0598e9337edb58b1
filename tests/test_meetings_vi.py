"""Vietnamese: small articles of our own, and the parts of the language that English has not."""

from __future__ import annotations

import pytest

from meetings.detect import detect
from meetings.folding import lowered
from meetings.names import split_names
from parsers.records import Side
from tests.meeting_articles import Case, article, cases, told


@pytest.mark.parametrize("case", cases("vietnamese"), ids=lambda case: case.name)
def test_article(case: Case) -> None:
    assert sorted(map(told, detect(case.article).meetings)) == sorted(case.expected)


@pytest.mark.parametrize("case", cases("vietnamese"), ids=lambda case: case.name)
def test_evidence_cuts_out_its_words(case: Case) -> None:
    for meeting in detect(case.article).meetings:
        for evidence in meeting.evidence:
            assert case.article.text[evidence.start : evidence.end] == evidence.text != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ủy ban", "Uỷ ban"), ("hòa", "hoà"), ("Thụy", "Thuỵ"), ("khỏe", "khoẻ")],
)
def test_both_ways_of_setting_tones_are_one(one: str, other: str) -> None:
    assert lowered(one) == lowered(other)
    assert len(lowered(one)) == len(one)


@pytest.mark.parametrize(("one", "other"), [("tôi", "tới"), ("bán", "bàn"), ("đi", "di"), ("Nga", "Ngã")])
def test_words_that_differ_in_diacritics_stay_apart(one: str, other: str) -> None:
    assert lowered(one) != lowered(other)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Nguyễn Xuân Phúc", [(0, 3, Side.VIETNAM)]),
        ("Phạm Thị Thanh Trà", [(0, 4, Side.VIETNAM)]),
        ("Tô Lâm", [(0, 2, Side.VIETNAM)]),
        ("Tập Cận Bình", [(0, 3, Side.CHINA)]),
        ("Bộ Ngoại Giao", []),
        ("Đảng Cộng", []),
        ("Ban Tuyên Giáo", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_by_shape(words: str, expected: list[tuple[int, int, Side]]) -> None:
    assert split_names(words.split(), exact=True) == expected


DAYS = [
    ("ngày 10/12", "2024-12-10"),
    ("ngày 10-12", "2024-12-10"),
    ("sáng 10.12", "2024-12-10"),
    ("ngày 10 tháng 12 năm 2024", "2024-12-10"),
    ("chiều 10/12/2024", "2024-12-10"),
    ("sáng nay", "2024-12-10"),
    ("chiều qua", "2024-12-09"),
    ("hôm kia", "2024-12-08"),
    ("ngày mùng 8 tháng 12", "2024-12-08"),
]


@pytest.mark.parametrize(("day", "expected"), DAYS, ids=[day for day, _ in DAYS])
def test_days(day: str, expected: str) -> None:
    body = (
        f"Theo TTXVN, {day}, tại Hà Nội, Thủ tướng Phạm Minh Chính đã tiếp Bộ trưởng Ngoại giao Trung Quốc Vương Nghị."
    )
    found = detect(article("Tin đối ngoại", body, "2024-12-10"))
    assert [str(meeting.date) for meeting in found.meetings] == [expected]


def test_a_forum_has_its_number() -> None:
    body = (
        "Ngày 10/12, tại Bắc Kinh, Phó Thủ tướng Bùi Thanh Sơn và Bộ trưởng Ngoại giao Trung Quốc Vương Nghị "
        "đồng chủ trì Phiên họp lần thứ 16 Ủy ban chỉ đạo hợp tác song phương."
    )
    (meeting,) = detect(article("Phiên họp", body, "2024-12-10")).meetings
    assert meeting.forum is not None
    assert (meeting.forum.name, meeting.forum.ordinal) == ("Steering Committee for Bilateral Cooperation", 16)


def test_a_role_is_told_in_the_text_s_own_words() -> None:
    body = "Ngày 10/12, Thủ tướng Phạm Minh Chính tiếp Bộ trưởng Bộ Ngoại giao Trung Quốc Vương Nghị tại Hà Nội."
    (meeting,) = detect(article("Tin", body, "2024-12-10")).meetings
    assert [person.role for person in meeting.china] == ["Bộ trưởng Bộ Ngoại giao Trung Quốc"]


@pytest.mark.parametrize(
    ("lead", "office"),
    [
        ("Thủ tướng Việt Nam được Trung Quốc đón tiếp với những nghi thức trọng thể nhất.", "Bộ trưởng"),
        ("The prime minister of Vietnam said that the talks with China were of use to both.", "Minister"),
    ],
    ids=["vi", "en"],
)
@pytest.mark.parametrize("filling", ["A" * 60, "A." * 30, "(A) " * 17], ids=["capitals", "initials", "brackets"])
def test_what_stands_between_office_and_name_is_read_in_one_way(lead: str, office: str, filling: str) -> None:
    """A pattern that can be read in two ways for each letter would never come to an end here."""
    body = f"{lead} {office} {filling}; Nguyễn Văn Hải gặp Vương Nghị."
    assert detect(article("Tin", f"{lead}\n{body}", "2024-12-10")).language is not None
