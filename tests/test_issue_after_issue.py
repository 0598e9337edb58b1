"""Week after week through the archive: what one issue said is taken up by the next one, and only by it."""

from __future__ import annotations

import pytest

from reports.records import IssueContext
from tests.issuekit import BEIJING, Desk

NANNING = BEIJING.replace("Beijing", "Nanning")
COMING = BEIJING.replace("met with", "will meet with").replace("10", "18")
HELD = COMING.replace("will meet", "met")


def close(desk: Desk, week: str) -> IssueContext:
    issue = desk.compose(week)
    assert desk.compose(week) == issue, "composed again, it says the same"
    closed = desk.close(issue)
    assert closed.context == issue.context
    assert closed.context is not None
    return closed.context


def test_a_further_account_is_told_once(desk: Desk) -> None:
    desk.tell("one", BEIJING, "2024-12-11")
    assert len(close(desk, "2024-W50").meetings) == 1
    desk.tell("two", BEIJING.replace("met with", "held talks with"), "2024-12-17")
    after = close(desk, "2024-W51")
    assert [line.outcome for line in after.further] == ["1 further account of a meeting told in 2024-W50."]
    assert (after.meetings, after.late, after.corrections) == ((), (), ())
    assert close(desk, "2024-W52").further == ()


def test_a_correction_is_told_once(desk: Desk) -> None:
    number = desk.tell("one", BEIJING, "2024-12-11")
    close(desk, "2024-W50")
    again = desk.tell("two", NANNING, "2024-12-11")
    desk.untell(number)
    after = close(desk, "2024-W51")
    assert again != number
    assert [(view.field, view.before, view.now, view.week) for view in after.corrections] == [
        ("Place", "Beijing, China", "Nanning, China", "2024-W50")
    ]
    assert close(desk, "2024-W52").corrections == ()


def test_a_withdrawn_meeting_is_told_once(desk: Desk) -> None:
    number = desk.tell("one", BEIJING, "2024-12-11")
    close(desk, "2024-W50")
    desk.untell(number)
    after = close(desk, "2024-W51")
    assert [view.now for view in after.corrections] == ["withdrawn: no article read tells of it any more"]
    assert close(desk, "2024-W52").corrections == ()


@pytest.mark.parametrize(
    ("report", "published", "settled", "new"),
    [
        pytest.param(HELD, "2024-12-19", "Held: see this issue.", 1, id="held"),
        pytest.param("", "", "No report of it found as of 23 December 2024.", 0, id="no report"),
    ],
)
def test_what_was_announced_is_taken_up(desk: Desk, report: str, published: str, settled: str, new: int) -> None:
    desk.tell("one", COMING, "2024-12-12")
    assert len(close(desk, "2024-W50").ahead) == 1
    if report:
        desk.tell("two", report, published)
    after = close(desk, "2024-W51")
    told = "Announced for Wednesday 18 December 2024 in 2024-W50. "
    assert [line.outcome for line in after.settled] == [told + settled]
    assert (len(after.meetings), after.ahead) == (new, ())
    assert close(desk, "2024-W52").settled == ()
