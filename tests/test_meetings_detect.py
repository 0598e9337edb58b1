"""Whole small articles: what is recognised, field by field. One construction of English each, with its kin."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import pytest

from meetings.detect import detect
from meetings.records import Meeting
from parsers.records import Article


class Case(NamedTuple):
    """An article, and its meetings as "date status mode city: china / vietnam" lines; `-` where there is nothing."""

    name: str
    published: str
    title: str
    body: str
    expected: tuple[str, ...] = ()


def article(title: str, body: str, published: str | None = None) -> Article:
    lines = tuple(line.strip() for line in body.strip().split("\n") if line.strip())
    day = dt.date.fromisoformat(published) if published else None
    return Article(key="0" * 16, title=title, paragraphs=lines, published_on=day)


def told(meeting: Meeting) -> str:
    sides = [", ".join(p.name or "?" for p in side) or "-" for side in (meeting.china, meeting.vietnam)]
    return f"{meeting.date or '-'} {meeting.status} {meeting.mode} {meeting.place.city or '-'}: {sides[0]} / {sides[1]}"


CASES = [
    Case("met with", "2019-04-26", "Xi meets Vietnamese PM",
         "BEIJING, April 25 (Xinhua) -- Chinese President Xi Jinping on Thursday met with Vietnamese Prime Minister Nguyen Xuan Phuc, who is here for the second Belt and Road forum.",
         ("2019-04-25 held in_person Beijing: Xi Jinping / Nguyen Xuan Phuc",)),
    Case("received by, passive", "2024-08-20", "Top leader meets Chinese Premier",
         "BEIJING — Party General Secretary and State President Tô Lâm was received by Chinese Premier Li Qiang in Beijing on August 19.",
         ("2024-08-19 held in_person Beijing: Li Qiang / To Lam",)),
    Case("ambassador received", "2024-10-02", "PM hosts Chinese ambassador",
         "Prime Minister Pham Minh Chinh hosted a reception in Hanoi on October 1 for the new Chinese Ambassador to Vietnam, He Wei.\nThe PM asked Ambassador He to pass on his greetings to Premier Li Qiang.",
         ("2024-10-01 held in_person Hanoi: He Wei / Pham Minh Chinh",)),
    Case("Vietnamese ambassador calls on a Chinese official", "2021-03-10", "Ambassador pays courtesy call",
         "Beijing (VNA) – Vietnamese Ambassador to China Pham Sao Mai paid a courtesy call on Song Tao, head of the International Department of the CPC Central Committee, on March 9.",
         ("2021-03-09 held in_person Beijing: Song Tao / Pham Sao Mai",)),
    Case("phone call", "2026-01-30", "Top leaders hold phone talks",
         "HANOI – General Secretary To Lam had a phone call with Chinese General Secretary and President Xi Jinping on Thursday afternoon.",
         ("2026-01-29 held phone -: Xi Jinping / To Lam",)),
    Case("telephone conversation between", "2021-02-08", "Leaders talk by phone",
         "In a telephone conversation on February 8 between Xi Jinping, general secretary of the CPC Central Committee, and Nguyen Phu Trong, general secretary of the CPV Central Committee, the two exchanged New Year wishes.",
         ("2021-02-08 held phone -: Xi Jinping / Nguyen Phu Trong",)),
    Case("video talks", "2022-01-14", "Foreign ministries talk online",
         "Deputy Foreign Minister Nguyen Minh Vu held video talks with Chinese Vice Foreign Minister Wu Jianghao on January 13.",
         ("2022-01-13 held video -: Wu Jianghao / Nguyen Minh Vu",)),
    Case("unknown people by grammar", "2023-05-12", "Commerce officials talk trade",
         "Chinese Vice Minister of Commerce Guo Tingting met with Vietnamese Deputy Minister of Industry and Trade Phan Thi Thang in Kunming on May 11.",
         ("2023-05-11 held in_person Kunming: Guo Tingting / Phan Thi Thang",)),
    Case("party secretaries of provinces", "2023-04-01", "Lang Son, Guangxi leaders meet",
         "Party Secretary of Lang Son province Nguyen Quoc Doan held talks with Secretary of the Party Committee of China's Guangxi Zhuang Autonomous Region Liu Ning in Nanning on March 31.",
         ("2023-03-31 held in_person Nanning: Liu Ning / Nguyen Quoc Doan",)),
    Case("led delegations", "2022-07-14", "Steering Committee meets",
         "The 14th meeting of the Vietnam-China Steering Committee for Bilateral Cooperation took place in Nanning, Guangxi, on July 13.\nThe Vietnamese delegation was led by Deputy Prime Minister Pham Binh Minh, and the Chinese side was headed by State Councilor and Foreign Minister Wang Yi.",
         ("2022-07-13 held in_person Nanning: Wang Yi / Pham Binh Minh",)),
    Case("sidelines in a third country", "2022-11-12", "PM meets Chinese Premier",
         "On the sidelines of the ASEAN summits, Prime Minister Pham Minh Chinh met with Chinese Premier Li Keqiang in Phnom Penh, Cambodia, on November 11.",
         ("2022-11-11 held in_person Phnom Penh: Li Keqiang / Pham Minh Chinh",)),
    Case("his Chinese counterpart with name", "2024-09-13", "Ministers meet",
         "Defence Minister General Phan Van Giang held talks with his Chinese counterpart, Admiral Dong Jun, in Beijing on Thursday.",
         ("2024-09-12 held in_person Beijing: Dong Jun / Phan Van Giang",)),
    Case("several counterparts in turn", "2023-12-13", "Xi in Hanoi",
         "In Hanoi on Wednesday Chinese President Xi Jinping met with Vietnamese Prime Minister Pham Minh Chinh and National Assembly Chairman Vuong Dinh Hue.",
         ("2023-12-13 held in_person Hanoi: Xi Jinping / Pham Minh Chinh", "2023-12-13 held in_person Hanoi: Xi Jinping / Vuong Dinh Hue")),
    Case("announced: will meet", "2025-04-13", "Xi heads for Hanoi",
         "Chinese President Xi Jinping will meet Vietnamese General Secretary To Lam in Hanoi on April 14, the foreign ministry said.",
         ("2025-04-14 announced in_person Hanoi: Xi Jinping / To Lam",)),
    Case("announced: due to hold talks", "2014-06-17", "Envoy to visit",
         "State Councilor Yang Jiechi is due to hold talks with Vietnamese Foreign Minister Pham Binh Minh in Hanoi on Wednesday.",
         ("2014-06-18 announced in_person Hanoi: Yang Jiechi / Pham Binh Minh",)),
    Case("announced visit with inviter", "2023-12-07", "Chinese leader to pay state visit to Vietnam",
         "At the invitation of General Secretary Nguyen Phu Trong and President Vo Van Thuong, Chinese President Xi Jinping will pay a state visit to Vietnam from December 12 to 13.",
         ("2023-12-12 announced in_person -: Xi Jinping / Nguyen Phu Trong, Vo Van Thuong",)),
    Case("surname only after the first time", "2021-09-12", "Wang Yi in Hanoi",
         "Chinese State Councilor and Foreign Minister Wang Yi is in Vietnam on an official visit.\nDeputy Prime Minister Pham Binh Minh and Wang co-chaired the 13th meeting of the Steering Committee for Bilateral Cooperation in Hanoi on September 10.",
         ("2021-09-10 held in_person Hanoi: Wang Yi / Pham Binh Minh",)),
    Case("venue implies city", "2022-11-01", "Leaders hold talks",
         "Chinese President Xi Jinping and Nguyen Phu Trong, General Secretary of the Communist Party of Vietnam, held talks at the Great Hall of the People on Monday.",
         ("2022-10-31 held in_person Beijing: Xi Jinping / Nguyen Phu Trong",)),
    Case("National Assembly", "2024-04-09", "NA Chairman meets Zhao Leji",
         "National Assembly Chairman Vuong Dinh Hue held talks with Zhao Leji, Chairman of the Standing Committee of the National People's Congress of China, in Beijing on April 8.",
         ("2024-04-08 held in_person Beijing: Zhao Leji / Vuong Dinh Hue",)),
    Case("no year, no publication: no date", "", "Officials meet",
         "Vietnamese Deputy Foreign Minister Ho Xuan Son met with Chinese Vice Foreign Minister Zhang Zhijun in Beijing on June 25.",
         ("- held in_person Beijing: Zhang Zhijun / Ho Xuan Son",)),
    Case("other pair in the same words", "2024-07-01", "Xi meets Lao leader",
         "Chinese President Xi Jinping held talks with Lao President Thongloun Sisoulith in Beijing on Monday on a China-Laos community with a shared future. Vietnam is a neighbour of both."),
    Case("Viet Nam with a third country", "2024-07-01", "PM meets Japanese minister",
         "Prime Minister Pham Minh Chinh received Japanese Foreign Minister Kamikawa Yoko in Hanoi on Monday; they spoke of China's claims at sea."),
    Case("congratulations", "2021-04-06", "Xi congratulates new president",
         "Chinese President Xi Jinping sent a message of congratulations to Nguyen Xuan Phuc on his election as Vietnamese president."),
    Case("multilateral presence", "2023-11-18", "APEC leaders gather",
         "Chinese President Xi Jinping and Vietnamese President Vo Van Thuong were among the leaders at the APEC Economic Leaders' Meeting in San Francisco."),
    Case("spokesperson", "2024-03-15", "Spokesperson on the sea",
         "Chinese Foreign Ministry spokesperson Wang Wenbin told a regular press conference that China and Vietnam would handle maritime issues well. Vietnam's foreign ministry spokeswoman Pham Thu Hang said the same."),
    Case("company chairman", "2024-05-20", "Deputy PM receives investor",
         "Deputy Prime Minister Tran Hong Ha received in Hanoi Wang Chuanfu, Chairman of the Chinese carmaker BYD."),
    Case("own embassy", "2023-10-27", "Minister visits embassy",
         "Minister of National Defence Phan Van Giang met with Vietnamese Ambassador to China Pham Sao Mai and embassy staff in Beijing on October 27."),
    Case("history", "2024-01-18", "Anniversary of ties marked",
         "Ties have grown since Xi Jinping met Nguyen Phu Trong in Hanoi in December 2023, scholars said of China and Vietnam in a seminar."),
    Case("only wished for", "2023-10-05", "Speculation about a visit",
         "China and Vietnam may arrange that President Xi Jinping meets Vietnamese General Secretary Nguyen Phu Trong this year, diplomats said."),
    Case("trade figures", "2023-12-12", "China-Vietnam trade grows",
         "Trade between China and Vietnam rose by 3 percent in November, Chinese customs said. Vietnam's exports to China grew faster."),
    Case("football", "2022-02-01", "Vietnam beat China",
         "Vietnam beat China 3-1 in Hanoi on Tuesday. The two sides meet again in Beijing next year."),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_article(case: Case) -> None:
    found = detect(article(case.title, case.body, case.published or None))
    assert tuple(sorted(map(told, found.meetings))) == tuple(sorted(case.expected))
    assert found.meetings or found.notes
