"""Texts made to break the detector: what hangs or crashes it, and meetings that it must not invent."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from meetings.detect import detect
from meetings.identity import same_meeting
from tests.meeting_articles import article
from tests.test_meetings_properties import check

TOLD = "Chinese President Xi Jinping met Vietnamese Prime Minister Pham Minh Chinh in Hanoi"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"中国外交部长{'中央委员会' * 12}!王毅会见阮文海,双方在河内表示", id="Chinese bodies"),
        pytest.param(f"{TOLD}. Minister {'A’ ' * 22}; Wang met Son.", id="apostrophes"),
        pytest.param(f"Thủ tướng Việt Nam và Trung Quốc. Bộ trưởng {'I ' * 34}; Vương Nghị gặp.", id="numerals"),
        pytest.param(f"{TOLD}{'.' * 50_000}", id="full stops"),
    ],
)
def test_long_runs_come_to_an_end(body: str) -> None:
    check(article("China, Vietnam", body))


@pytest.mark.parametrize("published", [dt.date.min, dt.date.max])
@pytest.mark.parametrize(
    "when", ["yesterday", "tomorrow", "on Monday", "on Sunday", "from Sunday to Monday", "will meet again tomorrow"]
)
def test_the_calendar_s_ends(published: dt.date, when: str) -> None:
    check(article("Talks", f"{TOLD} {when}.", published))
    check(article("会谈", "31日,中国国家主席习近平在河内会见越南总理范明政。昨天和明天双方继续会谈。", published))
    (meeting,) = detect(article("Talks", f"{TOLD}.", "2024-12-10")).meetings
    assert same_meeting(replace(meeting, date=published), replace(meeting, date=published))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "Thai Foreign Minister Maris Sangiampongsa met with Chinese Foreign Minister Wang Yi and Vietnamese "
            "Foreign Minister Bui Thanh Son separately in Chiang Mai on Friday.",
            id="host of a third country, en",
        ),
        pytest.param(
            "Ngày 10/3, tại Bangkok, Thủ tướng Thái Lan Paetongtarn Shinawatra lần lượt tiếp Bộ trưởng "
            "Ngoại giao Trung Quốc Vương Nghị và Bộ trưởng Ngoại giao Việt Nam Bùi Thanh Sơn.",
            id="host of a third country, vi",
        ),
        pytest.param(
            "3月10日,泰国总理佩通坦在曼谷分别会见中国外长王毅和越南外长裴青山。", id="host of a third country, zh"
        ),
        pytest.param(
            "BANGKOK, March 10 -- Chinese Foreign Minister Wang Yi and Vietnamese Foreign Minister Bui Thanh Son "
            "attended the meeting of foreign ministers of the region in Bangkok on Monday.",
            id="both merely attend, en",
        ),
        pytest.param(
            "In 1991 Vietnamese Party chief Do Muoi visited China and held talks with Chinese President Yang Shangkun.",
            id="a year long past, en",
        ),
        pytest.param("1991年,杜梅访华,江泽民同其会谈,中越关系正常化。展览11日在北京开幕。", id="a year long past, zh"),
    ],
)
def test_no_meeting_is_invented(body: str) -> None:
    assert detect(article("-", body, "2025-03-12")).meetings == ()


def test_a_third_host_s_headline_names_both_ministers_in_one_word() -> None:
    body = "3月10日,泰国总理佩通坦在曼谷分别会见中国外长王毅和越南外长裴青山。"
    assert detect(article("泰国总理分别会见中越外长", body, "2025-03-12")).meetings == ()
