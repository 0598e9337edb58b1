"""Week after week through the archive: what one issue said is taken up by the next one, and only by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.issues import closed_issues, get_issue
from archive.records import IssueState, StoredIssue
from flows.supervising import supervise
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


def test_an_issue_is_corrected_when_the_one_that_corrects_it_closes(desk: Desk) -> None:
    """All that said it are, and nothing else of them changes: not a byte, not what they said."""
    number = desk.tell("one", BEIJING, "2024-12-11")
    close(desk, "2024-W50")
    again = desk.tell("two", BEIJING.replace("met with", "held talks with"), "2024-12-17")
    close(desk, "2024-W51")
    desk.tell("three", NANNING, "2024-12-12")
    desk.untell(number)
    desk.untell(again)
    before, draft = closed(desk), desk.compose("2024-W52")
    assert closed(desk) == before
    desk.close(draft)
    after = closed(desk)
    assert {week: (each.state, each.corrected_in) for week, each in after.items()} == {
        "2024-W50": (IssueState.CORRECTED, ("2024-W52",)),
        "2024-W51": (IssueState.CORRECTED, ("2024-W52",)),
        "2024-W52": (IssueState.FINAL, ()),
    }
    for week, each in before.items():
        assert replace(after[week], state=IssueState.FINAL, corrected_in=()) == each
    facts, _ = supervise(desk.settings)
    assert (facts["corrected_issues"], facts["last_corrected_issue"]) == (2, "2024-W51 in 2024-W52")
    close(desk, "2025-W01")
    assert desk.compose("2024-W50").state is IssueState.CORRECTED
    assert {week: each for week, each in closed(desk).items() if week != "2025-W01"} == after


def test_an_issue_that_another_closed_first_corrects_nothing(desk: Desk) -> None:
    number = desk.tell("one", BEIJING, "2024-12-11")
    close(desk, "2024-W50")
    close(desk, "2024-W51")
    draft = desk.compose("2024-W52")
    desk.untell(number)
    slower = desk.compose("2024-W52")
    desk.close(draft)
    before = closed(desk)
    desk.close(slower)
    assert slower.changes
    assert closed(desk) == before
    close(desk, "2025-W01")
    assert closed(desk)["2024-W50"].corrected_in == ("2025-W01",)


def closed(desk: Desk) -> dict[str, StoredIssue]:
    """Every closed issue as stored, by week."""
    with desk.archive.read() as session:
        found = [get_issue(session, each.week, each.zone) for each in closed_issues(session)]
    return {each.week: each for each in found if each}


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
