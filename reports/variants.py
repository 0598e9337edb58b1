"""A reader's own issue, cut from the whole one by that reader's choice, in words that are true for that reader.

Pure functions of the stored context: a reader served later, whatever the choice, reads of what was closed. Lines about
sources, corrections and the calendar of forums belong to no rank or topic and stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from meetings.records import RANK_ORDER, Rank
from meetings.topics import labels
from reports import words
from reports.clean import one_line
from reports.lead import SENTENCE_LIMIT, and_more, subject, tellers_of
from reports.recipients import EVERYTHING, Choice
from reports.records import IssueContext, LineView, MeetingView

View = TypeVar("View", MeetingView, LineView)

# one whose rank is not told goes as the highest, so that no choice of rank leaves it out
_PLACES = {rank.value: place for place, rank in enumerate(RANK_ORDER)}
_PEOPLE = "between officials of China and Viet Nam"
# each kind of what an issue tells, and what one and several of it are called when they are left out
_KINDS = (
    ("meetings", "meeting of the week", "meetings of the week"),
    ("late", "late report of an earlier week", "late reports of earlier weeks"),
    ("further", "further account of an earlier meeting", "further accounts of earlier meetings"),
    ("settled", "outcome of an announcement", "outcomes of announcements"),
    ("ahead", "meeting ahead", "meetings ahead"),
)


def variant(ctx: IssueContext, choice: Choice) -> IssueContext:
    """The issue as that choice leaves it; what it leaves out is counted in `outside`."""
    if choice == EVERYTHING:
        return ctx
    kept = _kept(ctx, choice)
    left = _left_out(ctx, kept)
    if left:
        kept = replace(kept, subject=_subject(ctx, kept), lead=_lead(ctx, kept, choice))
    outside = [f"Outside your choice{', but on the web' if ctx.web else ''}: {left}."] if left else []
    if choice.short:
        outside.append(
            "This is the short form: both sides’ accounts, figures, visits, forums and the state of each source are "
            f"{'on the web' if ctx.web else 'in the full issue'}."
        )
        kept = replace(_in_short(kept), health=())
    elif not any(getattr(kept, kind) for kind, _, _ in _KINDS):
        kept = _in_short(kept)
    return replace(kept, outside=" ".join(outside))


def _kept(ctx: IssueContext, choice: Choice) -> IssueContext:
    """The context with only what the choice wants, its words still those of the whole issue."""

    def wanted(views: tuple[View, ...]) -> tuple[View, ...]:
        return tuple(view for view in views if _wants(choice, view))

    kept = replace(
        ctx,
        meetings=wanted(ctx.meetings),
        late=wanted(ctx.late),
        further=wanted(ctx.further),
        settled=wanted(ctx.settled),
        ahead=wanted(ctx.ahead),
    )
    ids = {view.id for kind, _, _ in _KINDS for view in getattr(kept, kind)}
    visits = (replace(visit, meeting_ids=tuple(id_ for id_ in visit.meeting_ids if id_ in ids)) for visit in ctx.visits)
    return replace(kept, visits=tuple(visit for visit in visits if visit.meeting_ids))


def _wants(choice: Choice, view: MeetingView | LineView) -> bool:
    """Whether it is of the rank and of one of the topics."""
    high_enough = _place(view) <= _PLACES[choice.least_level]
    return high_enough and (not choice.topics or not set(choice.topics).isdisjoint(view.topic_ids))


def _place(view: MeetingView | LineView) -> int:
    return _PLACES.get(view.level, 0)


def _left_out(ctx: IssueContext, kept: IssueContext) -> str:
    """What the choice leaves out, counted by kind; empty when it leaves out nothing."""
    missing = ((len(getattr(ctx, kind)) - len(getattr(kept, kind)), one, many) for kind, one, many in _KINDS)
    return ", ".join(words.counted(number, one, many) for number, one, many in missing if number)


def _subject(ctx: IssueContext, kept: IssueContext) -> str:
    """As the whole issue's: the reader's own highest meeting, then which issue it is."""
    news = kept.meetings or kept.late
    return subject(
        min(news, key=_place).headline if news else "",
        len(kept.meetings) + len(kept.late),
        late=not kept.meetings,
        none="No meetings within your choice",
        issue=f"{ctx.name}, {ctx.period}",
    )


def _lead(ctx: IssueContext, kept: IssueContext, choice: Choice) -> str:
    sentences = (_share(ctx, kept, choice), ctx.gaps, _highest(kept.meetings), _told(kept.meetings), _ahead(kept))
    return " ".join(filter(None, sentences))


def _highest(views: Sequence[MeetingView]) -> str:
    if len(views) < 2:
        return ""
    top = min(views, key=_place)
    peers = sum(_place(view) == _place(top) for view in views)
    which = "The highest" if peers == 1 else f"One of {peers} of the highest level"
    return f"{which}: {one_line(top.headline, SENTENCE_LIMIT)} ({top.when})."


def _share(ctx: IssueContext, kept: IssueContext, choice: Choice) -> str:
    """How many of the week's meetings the reader wants to know of."""
    number, all_ = len(kept.meetings), len(ctx.meetings)
    if not all_:
        return f"No meeting {_PEOPLE} is known for this week."
    if not number:
        how_many = f"None of the {all_} meetings" if all_ > 1 else "Not the one meeting"
    elif number == all_:
        how_many = f"All {all_} meetings" if all_ > 1 else "The one meeting"
    else:
        how_many = f"{number} of the {all_} meetings"
    verb = "is" if number < 2 else "are"
    return f"{how_many} {_PEOPLE} this week {verb} within your choice, {_in_words(choice)}."


def _in_words(choice: Choice) -> str:
    """A choice that leaves something out, as in `ministers and above, on trade or fisheries`."""
    level = words.RANKS[choice.least_level].lower()
    parts = [] if choice.least_level == Rank.LOCAL else [level if level == "top leaders" else f"{level} and above"]
    topics = [labels().get(topic, topic) for topic in choice.topics]
    if topics:
        parts.append(f"on {words.series(topics, 'or')}")
    return ", ".join(parts)


def _told(views: Sequence[MeetingView]) -> str:
    """How many of the reader's meetings both sides gave an account of, and how many only one did."""
    both, beijing, hanoi = tellers_of(views)
    told = ((both, "told by both sides"), (beijing, "by Beijing alone"), (hanoi, "by Hanoi alone"))
    parts = [f"{count} {teller}" for count, teller in told if count]
    return f"Accounts: {', '.join(parts)}." if parts else ""


def _ahead(kept: IssueContext) -> str:
    return and_more(len(kept.late), f"{len(kept.ahead)} under “Ahead”" if kept.ahead else "")


def _in_short(ctx: IssueContext) -> IssueContext:
    """Every meeting as one line; nothing else but the other lines, corrections, and what the issue rests on."""
    return replace(
        ctx,
        meetings=(),
        late=(),
        in_short=tuple(_line(view) for view in ctx.meetings),
        late_in_short=tuple(_line(view) for view in ctx.late),
        figures=(),
        chart_text="",
        visits=(),
        series=(),
    )


def _line(view: MeetingView) -> LineView:
    """A meeting in one line, with the first article of each account."""
    return LineView(
        headline=view.headline,
        when=view.when,
        where=view.where,
        forum=view.forum,
        note=view.when_note,
        articles=tuple(account.articles[0] for account in view.accounts if account.articles),
        more="",
        id=view.id,
        level=view.level,
        topic_ids=view.topic_ids,
        outcome=view.comparison.summary,
        page=view.page,
    )
