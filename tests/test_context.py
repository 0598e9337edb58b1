"""The record of an issue: what it says, and that it can be kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from archive.records import StoredMeeting
from archive.tallies import Tally
from meetings.records import Forum, Place, Rank, Status
from reports.context import by_rank
from reports.records import ComparisonView, IssueContext, LineView, MeetingView
from reports.week import Week
from tests.hostile_samples import hostile
from tests.report_catalogue import at, day
from tests.report_parts import FIRST_RUN, HANOI, meeting, mention, stored, stored_article
from tests.report_samples import (
    border_meeting,
    dialogue,
    guangdong,
    imported,
    late_report,
    phone_call,
    sidelines,
    steering_committee,
)
from tests.report_weeks import context, half_a_year, quiet, rich

LATER_RUN = at("2025-06-01T00:00")
WEEKS = {"rich": rich, "quiet": quiet, "hostile": hostile}


@pytest.mark.parametrize("name", WEEKS)
def test_an_issue_comes_back_from_json_as_it_was(name: str) -> None:
    kept = TypeAdapter(IssueContext)
    ctx = WEEKS[name]()
    assert kept.validate_json(kept.dump_json(ctx)) == ctx


def trip(visit_id: str, *meeting_ids: str) -> dict[str, str]:
    return dict.fromkeys(meeting_ids, visit_id)


@pytest.mark.parametrize(
    ("visit_of", "order"),
    [
        pytest.param({}, ["m-dialogue", "m-steering", "m-phone", "m-sidelines", "m-border"], id="by rank, then day"),
        pytest.param(
            trip("v", "m-dialogue", "m-border"),
            ["m-dialogue", "m-border", "m-steering", "m-phone", "m-sidelines"],
            id="a visit stands where its highest meeting does",
        ),
        pytest.param(
            trip("v", "m-border", "m-sidelines") | trip("w", "m-phone"),
            ["m-dialogue", "m-steering", "m-phone", "m-sidelines", "m-border"],
            id="within a visit by rank too",
        ),
    ],
)
def test_meetings_stand_by_rank_those_of_a_visit_together(visit_of: dict[str, str], order: list[str]) -> None:
    chosen = [border_meeting(), phone_call(), steering_committee(), dialogue(), sidelines()]
    for given in (chosen, chosen[::-1]):
        assert [stored.meeting.id for stored in by_rank(given, visit_of, HANOI)] == order


def one(chosen: Sequence[StoredMeeting], **changes: Any) -> IssueContext:
    return context(chosen, Week(2024, 50), "2024-12-16T00:00", **changes)


@pytest.mark.parametrize(
    ("chosen", "lead"),
    [
        pytest.param(
            [phone_call()],
            "Li Wenhai spoke by phone with Tran Minh Duc on Thursday 12 December 2024: the only meeting known for this "
            "week. Told by Hanoi alone.",
            id="one meeting",
        ),
        pytest.param(
            [border_meeting(), sidelines()],
            "Zhao Liming met Nguyen Thu Ha in Vientiane on Wednesday 11 – Thursday 12 December 2024: the higher of the "
            "two meetings this week. Of these, 2 are told by Beijing alone.",
            id="two",
        ),
        pytest.param(
            [imported()],
            "He Wei met Le Quang Vinh in Hanoi: the only meeting known for this week.",
            id="neither day nor side",
        ),
        pytest.param(
            [phone_call(), late_report()],
            "Li Wenhai spoke by phone with Tran Minh Duc on Thursday 12 December 2024: the only meeting known for this "
            "week. Told by Hanoi alone. 1 late report of an earlier week.",
            id="and a late report",
        ),
        pytest.param(
            [late_report()],
            "No meeting between officials of China and Viet Nam is known for this week. 3 of 8 sources are not well, "
            "so something may be missing. 1 late report of an earlier week.",
            id="only a late report",
        ),
        pytest.param(
            [dialogue(), steering_committee(), guangdong()],
            "Wang Yi and 2 others met Bui Thanh Son and 2 others in Beijing on Monday 9 December 2024: one of 3 "
            "meetings this week, all at the level of ministers. Of these, 2 are told by both sides and 1 by Hanoi "
            "alone; 3 were held on one visit, Bui Thanh Son in China. Notable: First session of “3+3” strategic "
            "dialogue on diplomacy, defence and public security; for the sea between them Beijing writes “South China "
            "Sea”, Hanoi “East Sea”.",
            id="a visit, a first and a differing term",
        ),
    ],
)
def test_the_lead_tells_the_highest_meeting_who_tells_of_it_and_what_is_notable(
    chosen: Sequence[StoredMeeting], lead: str
) -> None:
    assert one(chosen).lead == lead


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        pytest.param({}, "Told by both sides.", id="both tell it as held"),
        pytest.param(
            {"vietnamplus": Status.ANNOUNCED, "nhandan": Status.ANNOUNCED}, "Told by Beijing alone.", id="one side"
        ),
        pytest.param({"vietnamplus": Status.ANNOUNCED}, "Told by both sides.", id="one of two articles"),
        pytest.param({"xinhua": Status.CANCELLED}, "Told by Hanoi alone.", id="called off"),
    ],
)
def test_who_only_announced_a_meeting_is_quoted_but_has_not_told_it(statuses: dict[str, Status], told: str) -> None:
    whole = steering_committee()
    mentions = [
        replace(
            each, meeting=replace(each.meeting, status=statuses.get(each.article.article.outlet or "", Status.HELD))
        )
        for each in whole.mentions
    ]
    ctx = one([replace(whole, mentions=tuple(mentions))])
    assert told in ctx.lead
    assert all(account.articles and not account.missing for account in ctx.meetings[0].accounts)


def test_figures_and_chart_need_weeks_to_compare_with() -> None:
    young = one([phone_call()], tallied=[Tally(day("2024-12-12"), Rank.MINISTER, frozenset())])
    assert (young.figures, young.average_weeks, young.chart_text) == ((), 0, "")
    older = one([phone_call()], tallied=half_a_year())
    assert [(row.label, row.value, row.before, row.average) for row in older.figures] == [
        ("Meetings held", "7", "3", "2.4"),
        ("Ministers or higher", "4", "1", "0.9"),
        ("Told by both sides", "2", "1", "1.0"),
    ]
    assert older.average_weeks == 18
    assert older.chart_text.startswith("Meetings held a week over 26 weeks: 7 in the last one")


def test_accounts_are_compared_in_rows_only_where_there_are_two() -> None:
    by_id = {view.id: view for view in rich().meetings}
    assert {row.kind for row in by_id["m-steering"].comparison.rows} == {"term", "topic", "phrase"}
    assert by_id["m-phone"].comparison == ComparisonView(
        "Beijing: no account found as of 16 December 2024; Hanoi’s account mentions infrastructure.", (), ""
    )


def test_with_a_web_archive_every_meeting_and_line_has_its_page() -> None:
    ctx = rich()
    views: list[MeetingView | LineView] = [*ctx.meetings, *ctx.late, *ctx.ahead, *ctx.settled, *ctx.further]
    assert {view.page for view in views} == {f"https://archive.example/meetings/meetings/{view.id}/" for view in views}
    assert [view.page for view in ctx.corrections] == ["https://archive.example/meetings/meetings/m-retold/"]
    assert {view.page for view in one([phone_call()]).meetings} == {""}


def test_what_an_earlier_issue_told_of_is_told_again_where_it_has_changed() -> None:
    ctx = rich()
    assert "m-retold" not in {view.id for view in (*ctx.meetings, *ctx.late)}
    assert [(view.id, view.outcome) for view in ctx.further] == [
        ("m-retold", "1 further account of a meeting told in 2024-W49.")
    ]
    assert [view.title for view in ctx.further[0].articles] == ["Fruit quarantine eased after Nanning talks"]
    assert [(view.field, view.before, view.now) for view in ctx.corrections] == [
        ("Date", "Wednesday 4 December 2024", "Thursday 5 December 2024")
    ]
    assert [(view.id, view.outcome) for view in ctx.settled] == [
        ("m-dialogue", "Announced for Monday 9 December 2024 in 2024-W49. Held: see this issue."),
        ("m-due", "No report of it found as of 16 December 2024."),
    ]
    assert [(view.name, view.last, view.current) for view in ctx.series] == [
        (
            "China-Vietnam Steering Committee for Bilateral Cooperation",
            "15th session, 1 December 2023, Hanoi",
            "16th session, 10 December 2024, Beijing",
        ),
        (
            "“3+3” strategic dialogue on diplomacy, defence and public security",
            "",
            "1st session, 9 December 2024, Beijing",
        ),
    ]


@pytest.mark.parametrize(
    ("published", "first_run", "next_"),
    [
        pytest.param(
            "2024-12-15", LATER_RUN, "17th session, 20 December 2024, Hanoi", id="back, announced by its Sunday"
        ),
        pytest.param("2024-12-16", LATER_RUN, "", id="back, announced after it"),
        pytest.param("2024-12-16", FIRST_RUN, "17th session, 20 December 2024, Hanoi", id="mailed, announced by then"),
        pytest.param("2024-12-17", FIRST_RUN, "", id="mailed, announced after it"),
    ],
)
def test_the_calendar_of_forums_looks_as_far_ahead_as_its_issue(
    published: str, first_run: dt.datetime, next_: str
) -> None:
    """Whatever the archive has learned since."""
    forum = Forum("Steering Committee for Bilateral Cooperation", 17)
    record = meeting("m-next", "2024-12-20", [], [], status=Status.ANNOUNCED, place=Place(None, "Hanoi"), forum=forum)
    news = mention(record, stored_article(900, "xinhua", "en", published, "Title", "They will meet."), {})
    told = [stored(record, news)]
    ctx = context(told, Week(2024, 50), "2024-12-16T00:00", first_run=first_run, known=told)
    assert [view.next for view in ctx.series] == [next_] * bool(next_)
    assert [line.id for line in ctx.ahead] == ["m-next"] * bool(next_)
