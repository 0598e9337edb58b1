from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.records import InputError
from reports import words
from reports.week import Week, last_complete_week, parse_week, week_of, week_of_day

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("label", "monday", "sunday"),
    [
        ("2024-W50", "2024-12-09", "2024-12-15"),
        ("2023-W28", "2023-07-10", "2023-07-16"),
        ("2020-W53", "2020-12-28", "2021-01-03"),
        ("2025-W01", "2024-12-30", "2025-01-05"),
    ],
)
def test_a_label_names_monday_to_sunday(label: str, monday: str, sunday: str) -> None:
    week = parse_week(label)
    assert week.label == label
    assert [day.isoformat() for day in week.days()] == [monday, sunday]


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("2024-W60", "does not exist: 2024 has weeks 01 to 52"),
        ("2024-W53", "does not exist: 2024 has weeks 01 to 52"),
        ("2020-W54", "does not exist: 2020 has weeks 01 to 53"),
        ("2024-W00", "does not exist"),
        ("2024-50", "not of the form 2024-W50"),
        ("2024-W5", "not of the form"),
        ("2024-W50\n", "not of the form"),
        ("２０２４-W50", "not of the form"),
        ("9999-W52", "not of the form"),
        ("0001-W01", "not of the form"),
        ("../../etc", "not of the form"),
        ("", "not of the form"),
    ],
)
def test_a_wrong_label_is_refused_in_one_sentence(label: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        parse_week(label)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("moment", "zone", "week"),
    [
        ("2024-12-15T16:59:59", "Asia/Ho_Chi_Minh", "2024-W50"),
        ("2024-12-15T17:00:00", "Asia/Ho_Chi_Minh", "2024-W51"),
        ("2024-12-15T17:00:00", "UTC", "2024-W50"),
        ("2024-12-16T04:59:59", "America/New_York", "2024-W50"),
        ("2024-12-31T00:00:00", "UTC", "2025-W01"),
    ],
)
def test_a_moment_belongs_to_the_week_of_the_zone(moment: str, zone: str, week: str) -> None:
    assert week_of(dt.datetime.fromisoformat(moment + "+00:00"), ZoneInfo(zone)).label == week


@pytest.mark.parametrize(
    ("now", "week"),
    [
        ("2024-12-16T00:00:00", "2024-W50"),
        ("2024-12-15T16:59:59", "2024-W49"),
        ("2025-01-06T00:00:00", "2025-W01"),
    ],
    ids=["Monday 07:00", "a second before Sunday ends", "over New Year"],
)
def test_the_last_complete_week_has_wholly_passed(now: str, week: str) -> None:
    assert last_complete_week(dt.datetime.fromisoformat(now + "+00:00"), HANOI).label == week


@given(
    day=st.dates(dt.date(1000, 1, 8), dt.date(8999, 12, 20)),
    zone=st.sampled_from(["Asia/Ho_Chi_Minh", "UTC", "America/New_York", "Pacific/Apia", "Asia/Tehran"]),
)
def test_weeks_tile_time(day: dt.date, zone: str) -> None:
    week = week_of_day(day)
    assert parse_week(week.label) == week
    assert day in week
    start, end = week.bounds(ZoneInfo(zone))
    following = week_of_day(day + dt.timedelta(days=7))
    assert end == following.bounds(ZoneInfo(zone))[0]
    assert start < end
    assert week < following
    assert (day + dt.timedelta(days=7)) not in week


def test_bounds_follow_daylight_saving_time() -> None:
    start, end = Week(2025, 13).bounds(ZoneInfo("Europe/Paris"))
    assert end - start == dt.timedelta(days=7, hours=-1)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("2024-W50", "9–15 December 2024"),
        ("2024-W48", "25 November – 1 December 2024"),
        ("2025-W01", "30 December 2024 – 5 January 2025"),
    ],
)
def test_a_period_names_month_and_year_once(label: str, text: str) -> None:
    assert words.period(*parse_week(label).days()) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (113, "113th"), (21, "21st")],
)
def test_ordinals(number: int, text: str) -> None:
    assert words.ordinal(number) == text
