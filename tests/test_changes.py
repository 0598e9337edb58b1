"""What has changed since closed issues told of it, and which of them are corrected by it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import IssuePart, Said
from meetings.records import Evidence, Forum, Meeting, Mode, Place, Rank, Status, Topic
from reports.changes import Aspect, continuing, corrected, find_changes
from reports.week import Week
from tests.report_parts import person
from tests.retold_parts import BASE, W49, WANG, B, said, told

TOPIC = Topic("trade", Evidence("trade", "trade", 0, 5))


@pytest.mark.parametrize(
    ("change", "aspects"),
    [
        pytest.param({"date": dt.date(2024, 12, 9)}, [Aspect.DATE], id="another day"),
        pytest.param({"end_date": dt.date(2024, 12, 11)}, [Aspect.DATE], id="a day longer"),
        pytest.param({"date": None}, [Aspect.DATE], id="no day any more"),
        pytest.param({"place": Place(None, "Nanning", "CN")}, [Aspect.PLACE], id="another city"),
        pytest.param({"place": Place()}, [Aspect.PLACE], id="no place any more"),
        pytest.param({"place": Place("Great Hall", "Beijing", "CN")}, [Aspect.PLACE], id="another venue"),
        pytest.param({"place": Place("DIAOYUTAI", "Beijing", "CN")}, [], id="the venue in capitals"),
        pytest.param({"place": Place(None, "Beijing", "CN")}, [], id="the venue not told any more"),
        pytest.param({"mode": Mode.VIDEO}, [Aspect.MODE], id="by video"),
        pytest.param({"mode": Mode.UNKNOWN}, [], id="mode not told any more"),
        pytest.param({"china": (WANG, person("Dong Jun", "Minister"))}, [Aspect.CHINA], id="one person more"),
        pytest.param({"vietnam": ()}, [Aspect.VIETNAM], id="nobody any more"),
        pytest.param({"china": (replace(WANG, as_written="Vương Nghị", role="FM"),)}, [], id="name and office respelt"),
        pytest.param({"forum": None}, [Aspect.FORUM], id="no forum any more"),
        pytest.param({"forum": Forum("Talks", 17)}, [Aspect.FORUM], id="another session"),
        pytest.param({"forum": Forum("talks", 16)}, [], id="the forum in small letters"),
        pytest.param({"status": Status.CANCELLED}, [Aspect.STATUS], id="called off after all"),
        pytest.param({"topics": (TOPIC,), "evidence": (TOPIC.evidence,)}, [], id="topics and evidence added"),
        pytest.param({"level": Rank.LEADER}, [], id="another level"),
        pytest.param(
            {"date": dt.date(2024, 12, 9), "forum": None}, [Aspect.DATE, Aspect.FORUM], id="two things, in order"
        ),
    ],
)
def test_a_change_is_what_a_reader_saw_otherwise(change: dict[str, object], aspects: list[Aspect]) -> None:
    now = told(replace(BASE, **change))  # type: ignore[arg-type]  # mixed values
    assert [found.aspect for found in find_changes({"m": said()}, {"m": now})] == aspects


@pytest.mark.parametrize(
    ("before", "now", "aspects"),
    [
        pytest.param([said()], [], [Aspect.WITHDRAWN], id="nobody tells it any more"),
        pytest.param([said(part=IssuePart.EXPECTED)], [], [Aspect.WITHDRAWN], id="nobody announces it any more"),
        pytest.param([said(part=IssuePart.GONE)], [], [], id="told to be gone, and gone"),
        pytest.param([said(part=IssuePart.GONE)], [BASE], [Aspect.RESTORED], id="told to be gone, and back"),
        pytest.param([said(part=IssuePart.GONE, id_="b")], [B], [], id="told to be one with another"),
        pytest.param([said(id_="b"), said(B)], [B], [Aspect.MERGED], id="two told, one meeting now"),
        pytest.param([said(id_="b")], [B], [], id="one told, known under another id now"),
        pytest.param([said(id_="b"), said(B, part=IssuePart.GONE)], [B], [Aspect.RESTORED], id="the heir was gone"),
        pytest.param([said(part=IssuePart.EXPECTED)], [replace(BASE, date=None)], [], id="announced ones may change"),
        pytest.param(
            [said(part=IssuePart.EXPECTED, id_="b"), said(B)], [B], [], id="announced, and one with a told meeting"
        ),
    ],
)
def test_meetings_that_come_and_go(before: list[Said], now: list[Meeting], aspects: list[Aspect]) -> None:
    changes = find_changes({each.meeting.id: each for each in before}, {each.id: told(each) for each in now})
    assert [change.aspect for change in changes] == aspects


ELSEWHERE = replace(BASE, place=Place(None, "Nanning", "CN"))
LONGER = replace(BASE, end_date=dt.date(2024, 12, 11))


@pytest.mark.parametrize(
    ("tellings", "now", "weeks"),
    [
        pytest.param([said()], [BASE], set(), id="all holds"),
        pytest.param([said()], [ELSEWHERE], {50}, id="the last to say so"),
        pytest.param([said(week=W49), said(part=IssuePart.AGAIN)], [ELSEWHERE], {49, 50}, id="and an earlier one"),
        pytest.param([said(ELSEWHERE, week=W49), said()], [ELSEWHERE], {50}, id="the first was right after all"),
        pytest.param([said(LONGER, week=W49), said()], [ELSEWHERE], {49, 50}, id="wrong in more than the last one"),
        pytest.param([said(LONGER, week=W49), said(ELSEWHERE)], [BASE], {50}, id="only in what changes now"),
        pytest.param(
            [said(week=W49, part=IssuePart.EXPECTED), said()], [ELSEWHERE], {50}, id="announcements may change"
        ),
        pytest.param([said(week=W49), said()], [], {49, 50}, id="withdrawn"),
        pytest.param([said(week=W49, part=IssuePart.EXPECTED)], [], {49}, id="an announcement withdrawn"),
        pytest.param([said(week=W49), said(part=IssuePart.GONE)], [BASE], {50}, id="a withdrawal taken back"),
        pytest.param([said(id_="b", week=W49), said(B)], [B], {49}, id="one with another"),
        pytest.param(
            [said(id_="b", week=W49), said(replace(ELSEWHERE, id="b"))], [B], {49, 50}, id="and that one moved"
        ),
    ],
)
def test_an_issue_is_corrected_that_said_what_is_taken_back(
    tellings: list[Said], now: list[Meeting], weeks: set[int]
) -> None:
    changes = find_changes({each.meeting.id: each for each in tellings}, {each.id: told(each) for each in now})
    zones = [(zone, each) for zone in ("Asia/Shanghai", "UTC") for each in tellings]
    assert corrected(changes, zones) == {(Week(2024, number).label, zone) for number in weeks for zone, _ in zones}


@given(st.permutations([said(id_="b"), said(B), said(replace(BASE, id="c"), id_="b", part=IssuePart.EXPECTED)]))
def test_which_telling_is_continued_does_not_depend_on_order(order: list[Said]) -> None:
    assert continuing({each.meeting.id: each for each in order}) == {"b": said(B)}
