"""Articles through the real chain to an issue: what its lead and its comparisons say holds of what was read."""

from __future__ import annotations

import pytest

from parsers.records import Side
from reports.records import IssueContext
from tests.issuekit import BEIJING, Desk

TRADE = (
    BEIJING,
    "Wang said China is ready to speed up the railway across the border and to import more durians this year.",
    "Son said Vietnam abides by the one-China principle and hopes for more trade with China in the years to come.",
)
GATE = "The two sides also agreed to open a new border gate for coffee and to hold a tourism fair next spring."
SEA = (BEIJING, "Son proposed that both sides keep peace on the East Sea.")
POLICE = (
    "Chinese Minister of Public Security Wang Xiaohong met with Vietnamese Minister of Public Security Luong Tam Quang "
    "in Hanoi on December 11."
)


def issue(desk: Desk, *told: tuple[str, Side | None, str, tuple[str, ...]]) -> IssueContext:
    """The issue of the week, from articles as outlet, side, title and paragraphs."""
    for number, (outlet, side, title, paragraphs) in enumerate(told):
        name = f"{outlet}-{number}"
        desk.tell(name, "", "2024-12-12", title=title, paragraphs=paragraphs, outlet=outlet, side=side)
    context = desk.compose().context
    assert context is not None
    return context


@pytest.mark.parametrize(
    ("title", "paragraphs", "teller"),
    [
        ("Ministers meet in Beijing", SEA, "china"),
        ("Ministers agree on a border gate in Beijing", SEA, "both"),
        ("Ministers meet in Beijing", (*SEA, "Son hoped that a border gate for farmers opens soon."), "both"),
    ],
    ids=["nowhere", "in the title alone", "in a sentence"],
)
def test_what_a_copy_adds_or_a_title_names_is_not_unmentioned(
    desk: Desk, title: str, paragraphs: tuple[str, ...], teller: str
) -> None:
    context = issue(
        desk,
        ("xinhua", Side.CHINA, "China, Vietnam to speed up railway", TRADE),
        ("cgtn", Side.CHINA, "China, Vietnam to speed up railway", (*TRADE, GATE)),
        ("vietnamplus", Side.VIETNAM, title, paragraphs),
    )
    (view,) = context.meetings
    assert [len(article.also) for account in view.accounts for article in account.articles] == [1, 0]
    (row,) = (row for row in view.comparison.rows if row.label == "land border")
    assert (row.told_by, row.china.words, row.china.quote) == (teller, "border gate", GATE)
    assert (row.vietnam.missing == "not mentioned") is (teller == "china")
    assert all(title not in quote.text for account in view.accounts for quote in account.quotes)


def test_no_meeting_is_the_highest_among_equals(desk: Desk) -> None:
    lead = issue(desk, ("xinhua", Side.CHINA, "One", TRADE), ("vov", Side.VIETNAM, "Two", (POLICE,))).lead
    assert "one of two meetings this week, both at the level of ministers." in lead
    assert "Of these, 1 is told by Beijing alone and 1 by Hanoi alone." in lead


def test_what_an_unknown_outlet_tells_too_is_told_by_nobody_alone(desk: Desk) -> None:
    context = issue(desk, ("xinhua", Side.CHINA, "One", TRADE), ("", None, "Two", SEA))
    assert context.lead.endswith("the only meeting known for this week.")
    (unknown,) = (account for account in context.meetings[0].accounts if account.side == "unknown")
    assert [article.outlet for article in unknown.articles] == ["news.example"]
