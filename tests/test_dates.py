"""Dates as feeds and pages of our outlets write them; what reads both ways is never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.dates import Stamp, midnight, read_day, read_stamp, split_leading_day, url_day
from parsers.records import DateOrder

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
BEIJING = ZoneInfo("Asia/Shanghai")
DMY, MDY = DateOrder.DMY, DateOrder.MDY


def utc(day: int, hour: int, minute: int, second: int = 0, *, month: int = 9, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("Mon, 14 Sep 2026 18:48:23 +07:00", utc(14, 11, 48, 23), id="RFC 822, offset with a colon"),
        pytest.param("Thu, 24 Sep 2026 05:00:00 +0700", utc(23, 22, 0), id="RFC 822"),
        pytest.param("Mon, 14 Sep 2026 18:48 GMT", utc(14, 18, 48), id="RFC 822, no seconds"),
        pytest.param("Mon, 14 Sep 2026 18:48:00 EST", utc(14, 23, 48), id="RFC 822, US zone"),
        pytest.param("9/14/2026 6:44:00 PM", utc(14, 11, 44), id="baochinhphu.vn feed"),
        pytest.param("2026-09-14T18:48:23+07:00", utc(14, 11, 48, 23), id="ISO"),
        pytest.param("2026-09-14T18:48:23.123Z", utc(14, 18, 48, 23), id="ISO, UTC, fraction"),
        pytest.param("2026-09-14T18:48:23-0330", utc(14, 22, 18, 23), id="ISO, west"),
        pytest.param("2026-09-14 18:48", utc(14, 11, 48), id="ISO without zone"),
        pytest.param("20260914T184823Z", utc(14, 18, 48, 23), id="GDELT"),
        pytest.param("September 09, 2026 9:33 AM GMT+7", utc(9, 2, 33), id="VGP page"),
        pytest.param("September 20, 2017 12:06 AM GMT+7", utc(19, 17, 6, year=2017), id="half past midnight"),
        pytest.param("September 20, 2017 12:06 p.m.", utc(20, 5, 6, year=2017), id="noon"),
        pytest.param("Tuesday | 12:47 | 17/09/2026", utc(17, 5, 47), id="time before date"),
        pytest.param("2026年9月8日 9:05:10", utc(8, 2, 5, 10), id="VOV zh"),
        pytest.param("星期三 | 2026年09月08日09:05", utc(8, 2, 5), id="glued Chinese"),
        pytest.param("14 tháng 9, 2026 18:48", utc(14, 11, 48), id="Vietnamese words"),
        pytest.param("August 30, 2026 | 2:34 pm GMT+7", utc(30, 7, 34, month=8), id="VnExpress"),
        pytest.param("(Xinhua) 08:40, January 15, 2025", utc(15, 1, 40, month=1, year=2025), id="en.people.cn"),
        pytest.param("14:55 UTC+8, 2024-08-19", utc(19, 6, 55, month=8, year=2024), id="SHINE"),
        pytest.param("21:50, 18-Aug-2024", utc(18, 14, 50, month=8, year=2024), id="CGTN"),
    ],
)
def test_moment_in_hanoi(text: str, moment: datetime) -> None:
    found = read_stamp(text, HANOI)
    assert found is not None
    assert (found.moment, found.day) == (moment, moment.astimezone(HANOI).date())


def test_time_without_zone_is_in_the_sources_zone() -> None:
    text = "Published: Jul 06, 2026 06:19 PM"
    assert read_stamp(text, BEIJING) == Stamp(date(2026, 7, 6), utc(6, 10, 19, month=7))
    assert read_stamp(text, HANOI) == Stamp(date(2026, 7, 6), utc(6, 11, 19, month=7))


def test_cst_is_chinas_in_china_and_unread_elsewhere() -> None:
    text = "Mon, 14 Sep 2026 08:00:00 CST"
    assert read_stamp(text, BEIJING) == Stamp(date(2026, 9, 14), utc(14, 0, 0))
    assert read_stamp(text, HANOI) == Stamp(date(2026, 9, 14))


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("07/08/2026 12:47", None, None),
        ("07/08/2026 12:47", DMY, date(2026, 8, 7)),
        ("07/08/2026 12:47", MDY, date(2026, 7, 8)),
        ("14/09/2026", MDY, date(2026, 9, 14)),
        ("9/14/2026", DMY, date(2026, 9, 14)),
        ("8/8/2026", None, date(2026, 8, 8)),
        ("07.08.2026", DMY, date(2026, 8, 7)),
        ("40/40/2026", DMY, None),
        ("2026-02-30", None, None),
        ("no date here", None, None),
        ("", None, None),
    ],
)
def test_order_of_day_and_month(text: str, order: DateOrder | None, day: date | None) -> None:
    found = read_stamp(text, HANOI, order)
    assert (found.day if found else None) == day
    assert read_day(text, order) == day


@pytest.mark.parametrize(
    "text",
    ["September 9, 2026", "2026-09-09", "9 Sep 2026, at 25:61", "2026-09-09 10:00:00 XYZT"],
    ids=["words", "ISO", "no such time", "unknown zone"],
)
def test_date_without_readable_time_is_a_bare_day(text: str) -> None:
    assert read_stamp(text, HANOI) == Stamp(date(2026, 9, 9))


def test_day_is_the_outlets_own() -> None:
    assert read_stamp("2026-09-14T20:00:00Z", HANOI) == Stamp(date(2026, 9, 15), utc(14, 20, 0))


def test_first_date_counts() -> None:
    found = read_stamp("Published: Jul 06, 2026 06:19 PM Updated: 2026-07-07 08:00", BEIJING)
    assert found == Stamp(date(2026, 7, 6), utc(6, 10, 19, month=7))


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://english.news.cn/20260318/0123456789abcdef0123456789abcdef/c.html", date(2026, 3, 18)),
        ("http://www.xinhuanet.com/english/2024-03/05/c_1310766.htm", date(2024, 3, 5)),
        ("http://en.people.cn/n3/2026/0127/c90000-20418984.html", date(2026, 1, 27)),
        ("https://www.chinadaily.com.cn/a/202608/30/WS66d1.html", date(2026, 8, 30)),
        ("https://www.mfa.gov.cn/eng/xw/zyxw/202608/t20260828_12012299.html", date(2026, 8, 28)),
        ("https://news.cgtn.com/news/2024-08-19/Xi-1wbD/p.html", date(2024, 8, 19)),
        ("https://www.globaltimes.cn/page/202607/1365253.shtml", None),
        ("https://en.baochinhphu.vn/talks-111260904103625767.htm", None),
        ("https://example.org/20261350/x", None),
    ],
)
def test_day_in_a_url(url: str, day: date | None) -> None:
    assert url_day(url) == day


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("2023-07-14 Title", (date(2023, 7, 14), " Title")),
        ("July 14, 2023 Title", (date(2023, 7, 14), " Title")),
        ("2023-09 Title", (None, " Title")),
        ("unknown Title", (None, " Title")),
        ("Title of 2023-07-14", None),
    ],
)
def test_leading_day(text: str, split: tuple[date | None, str] | None) -> None:
    assert split_leading_day(text) == split


def test_midnight_is_the_beginning_of_the_day_there() -> None:
    assert midnight(date(2026, 9, 14), HANOI) == utc(13, 17, 0)


@given(st.text() | st.from_regex(r"[\d/:.+\- TZAPM年月日]{0,40}"), st.sampled_from([None, DMY, MDY]))
def test_any_text_gives_a_utc_moment_or_none(text: str, order: DateOrder | None) -> None:
    found = read_stamp(text, BEIJING, order)
    assert found is None or found.moment is None or found.moment.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - zone follows
def test_iso_and_rfc_822_forms_read_alike(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC, microsecond=0)
    for text in (moment.isoformat(), moment.strftime("%a, %d %b %Y %H:%M:%S +0000"), moment.strftime("%Y%m%dT%H%M%SZ")):
        found = read_stamp(text, HANOI)
        assert found is not None
        assert found.moment == moment
