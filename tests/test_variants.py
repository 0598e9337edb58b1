"""What each reader gets of one issue: short or full, from a rank on, on topics; nothing left out without a word."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.records import RANK_ORDER, Rank
from meetings.topics import labels
from reports.jsonform import context_from_dict, context_to_dict
from reports.recipients import EVERYTHING, Choice
from reports.records import IssueContext
from reports.render import HTML_LIMIT, render_forms
from reports.variants import variant
from tests.hostile_samples import hostile
from tests.report_weeks import quiet, rich

WEEKS = {"rich": rich, "quiet": quiet, "hostile": hostile}
LISTS = ("meetings", "late", "further", "settled", "ahead")


def ids(ctx: IssueContext, *lists: str) -> list[str]:
    return [view.id for name in lists for view in getattr(ctx, name)]


@pytest.mark.parametrize("week", WEEKS)
def test_who_wants_everything_gets_the_issue_itself(week: str) -> None:
    assert variant(WEEKS[week](), EVERYTHING) == WEEKS[week]()


@pytest.mark.parametrize(
    ("choice", "left_out"),
    [
        pytest.param(Choice(least_level=Rank.LOCAL), set(), id="every rank"),
        pytest.param(Choice(least_level=Rank.DIRECTOR), {"m-border"}, id="directors and above"),
        pytest.param(Choice(least_level=Rank.VICE_MINISTER), {"m-border", "m-imported"}, id="vice ministers and above"),
        pytest.param(
            Choice(least_level=Rank.MINISTER),
            {"m-border", "m-imported", "m-sidelines", "m-late"},
            id="ministers and above",
        ),
    ],
)
def test_rank_chooses_the_meetings(choice: Choice, left_out: set[str]) -> None:
    whole, own = rich(), variant(rich(), choice)
    assert set(ids(whole, "meetings", "late")) - set(ids(own, "meetings", "late")) == left_out
    assert all(view in whole.meetings for view in own.meetings)


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        pytest.param(Choice(topics=("environment",)), ["m-sidelines"], id="one topic"),
        pytest.param(Choice(topics=("environment", "tourism")), ["m-sidelines", "m-imported"], id="two topics"),
        pytest.param(Choice(least_level=Rank.MINISTER, topics=("environment",)), [], id="rank and topic both"),
    ],
)
def test_topics_choose_the_meetings(choice: Choice, kept: list[str]) -> None:
    assert ids(variant(rich(), choice), "meetings", "late") == kept


def test_the_subject_and_lead_are_true_for_the_reader() -> None:
    own = variant(rich(), Choice(topics=("tourism", "environment")))
    number = len(rich().meetings)
    assert own.subject == (
        "Zhao Liming meets Nguyen Thu Ha in Vientiane, and 1 more · China–Viet Nam Meetings, 9–15 December 2024"
    )
    assert own.lead == (
        f"2 of the {number} meetings between officials of China and Viet Nam this week are within your choice, on "
        "tourism or environment. The highest: Zhao Liming meets Nguyen Thu Ha in Vientiane (Wednesday 11 – Thursday "
        "12 December 2024). Accounts: 1 by Beijing alone."
    )
    assert own.outside.startswith(f"Outside your choice, but on the web: {number - 2} meetings of the week, 1 late ")


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        pytest.param(Choice(least_level=Rank.MINISTER), "ministers and above.", id="rank"),
        pytest.param(Choice(least_level=Rank.LEADER), "top leaders.", id="the highest rank"),
        pytest.param(Choice(topics=("crime", "defence", "trade")), "on crime, defence or trade.", id="topics"),
        pytest.param(
            Choice(least_level=Rank.VICE_MINISTER, topics=("trade",)), "vice ministers and above, on trade.", id="both"
        ),
    ],
)
def test_the_lead_names_the_choice(choice: Choice, words: str) -> None:
    assert f"within your choice, {words}" in variant(rich(), choice).lead


@pytest.mark.parametrize(
    ("kept", "all_", "words"),
    [
        (0, 1, "Not the one meeting between officials of China and Viet Nam this week is"),
        (0, 2, "None of the 2 meetings between officials of China and Viet Nam this week is"),
        (1, 1, "The one meeting between officials of China and Viet Nam this week is"),
        (1, 2, "1 of the 2 meetings between officials of China and Viet Nam this week is"),
        (2, 2, "All 2 meetings between officials of China and Viet Nam this week are"),
        (2, 3, "2 of the 3 meetings between officials of China and Viet Nam this week are"),
    ],
)
def test_the_lead_counts_in_words_that_agree(kept: int, all_: int, words: str) -> None:
    base = rich()
    high, low = base.meetings[0], replace(base.meetings[0], level="local")
    ctx = replace(base, meetings=(high,) * kept + (low,) * (all_ - kept), late=(replace(low),))
    assert variant(ctx, Choice(least_level=Rank.MINISTER)).lead.startswith(words)


def test_a_late_report_that_is_all_a_reader_wants_is_named_as_one() -> None:
    ctx = replace(rich(), meetings=(rich().meetings[-1],))
    own = variant(ctx, Choice(least_level=Rank.VICE_MINISTER))
    assert own.subject.startswith("Late report: Sun Jie meets Pham Hong Lan in Ho Chi Minh City · ")
    assert "1 late report of an earlier week" in own.lead


def test_a_choice_that_leaves_nothing_gives_a_short_issue_that_says_so() -> None:
    own = variant(rich(), Choice(least_level=Rank.LEADER))
    assert own.subject == "No meetings within your choice · China–Viet Nam Meetings, 9–15 December 2024"
    assert f"None of the {len(rich().meetings)} meetings" in own.lead
    assert ids(own, *LISTS) == []
    assert (own.figures, own.chart_text, own.visits, own.series) == ((), "", (), ())
    forms = render_forms(own)
    assert len(forms.html) < len(render_forms(rich()).html) / 4
    assert f"Outside your choice, but on the web: {len(rich().meetings)} meetings of the week" in " ".join(
        forms.markdown.split()
    )


def test_a_week_without_meetings_is_told_as_in_the_whole_issue() -> None:
    own = variant(quiet(), Choice(least_level=Rank.LEADER, topics=("trade",)))
    assert (own.subject, own.lead, own.outside) == (quiet().subject, quiet().lead, "")


def test_a_quiet_week_of_which_a_choice_leaves_something_out_still_says_what_may_be_missing() -> None:
    own = variant(replace(quiet(), late=rich().late), Choice(least_level=Rank.LEADER))
    assert own.outside.startswith("Outside your choice: 1 late report")
    assert own.lead == quiet().lead.partition(" missing.")[0] + " missing."
    assert "3 of 8 sources are not well" in own.lead
    assert "not well" not in variant(rich(), Choice(least_level=Rank.LEADER)).lead, "its meetings are known"


def test_the_short_form_tells_every_meeting_in_one_line() -> None:
    own = variant(rich(), Choice(short=True))
    assert ids(own, "in_short") == ids(rich(), "meetings")
    assert ids(own, "late_in_short") == ids(rich(), "late")
    assert (own.subject, own.lead) == (rich().subject, rich().lead)
    assert (own.meetings, own.late, own.figures, own.health) == ((), (), (), ())
    for name in ("further", "settled", "ahead", "corrections"):
        assert getattr(own, name) == getattr(rich(), name)
    steering = next(line for line in own.in_short if line.id == "m-steering")
    assert (steering.when, steering.where) == (
        "Tuesday 10 December 2024",
        "Diaoyutai State Guesthouse, Beijing, China",
    )
    assert [article.outlet for article in steering.articles] == ["Xinhua", "VietnamPlus"]
    assert "This is the short form" in own.outside
    forms = render_forms(own)
    for view in (*rich().meetings, *rich().late):
        assert view.headline in forms.html
    assert len(forms.html) < 0.5 * len(render_forms(rich()).html)


def test_a_long_short_issue_cuts_no_line_without_saying_so() -> None:
    many = replace(rich(), meetings=rich().meetings * 12)
    html = render_forms(variant(many, Choice(short=True))).html
    assert len(html.encode()) < HTML_LIMIT
    left = re.search(r"(\d+) more <a ", html)
    assert left
    assert int(left[1]) == len(many.meetings) - 12


choices = st.builds(
    Choice,
    short=st.booleans(),
    least_level=st.sampled_from(RANK_ORDER),
    topics=st.lists(st.sampled_from(sorted(labels())), max_size=3, unique=True).map(lambda each: tuple(sorted(each))),
)


@given(choices, st.sampled_from(sorted(WEEKS)))
def test_every_choice_is_a_part_of_the_whole_and_counts_the_rest(choice: Choice, week: str) -> None:
    ctx = WEEKS[week]()
    own = variant(ctx, choice)
    missing = 0
    for name in LISTS:
        shown = ids(own, name) + (
            ids(own, {"meetings": "in_short", "late": "late_in_short"}[name]) if name in ("meetings", "late") else []
        )
        whole = ids(ctx, name)
        assert [each for each in whole if each in shown] == shown
        missing += len(whole) - len(shown)
    assert ("Outside your choice" in own.outside) == (missing > 0)
    assert variant(ctx, choice) == own
    for field in ("week", "zone", "name", "period", "standing", "articles_line", "sources_line", "corrections", "web"):
        assert getattr(own, field) == getattr(ctx, field)


@pytest.mark.parametrize("choice", [Choice(short=True), Choice(topics=("trade",)), Choice(least_level=Rank.LEADER)])
@pytest.mark.parametrize("week", WEEKS)
def test_a_kept_context_gives_the_same_variant(week: str, choice: Choice) -> None:
    ctx = WEEKS[week]()
    kept = context_from_dict(context_to_dict(ctx))
    assert kept == ctx
    assert render_forms(variant(kept, choice)) == render_forms(variant(ctx, choice))


def test_a_context_of_before_a_part_came_into_the_record_is_read() -> None:
    values = context_to_dict(quiet())
    for field in fields(IssueContext):
        if field.default == ():
            del values[field.name]
    assert context_from_dict(values) == quiet()
    with pytest.raises(ValueError, match="lead"):
        context_from_dict({key: value for key, value in values.items() if key != "lead"})
