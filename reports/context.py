"""From what was selected to what an issue says. Nothing here asks the clock: a re-run changes no byte."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from archive.records import StoredMeeting
from meetings.records import RANK_ORDER, Status
from parsers.records import Side, Source, SourceState
from reports import words
from reports.accounts import Outlets
from reports.clean import one_line
from reports.health import Health, SourceHealth, gaps_line, health_view, sources_line, survey
from reports.records import IssueContext, MeetingView
from reports.select import Selection
from reports.views import headline, line_view, meeting_view

NAME = "China–Viet Nam Meetings"
SUBJECT_LIMIT = 160


def build_context(
    selection: Selection,
    *,
    sources: Sequence[Source],
    states: Mapping[str, SourceState],
    articles_read: int,
    standing_by: Collection[str] = (),
) -> IssueContext:
    """The issue in words. `sources` is the catalogue, `articles_read` the number of the week's articles.

    `standing_by`: the ids of the fall-backs that nothing needs at present.
    """
    outlets = Outlets.of(sources)
    zone, back = selection.zone, selection.back
    as_of = None if back else selection.as_of.astimezone(zone).date()
    monday, sunday = selection.week.days()
    period = words.period(monday, sunday)

    def views(chosen: Sequence[StoredMeeting]) -> tuple[MeetingView, ...]:
        return tuple(meeting_view(stored, outlets=outlets, zone=zone, as_of=as_of) for stored in chosen)

    watched = [] if back else survey(sources, states, standing_by)
    ill = [item for item in watched if item.health.watched and item.health is not Health.WELL]
    return IssueContext(
        week=selection.week.label,
        zone=zone.key,
        name=NAME,
        subject=_subject(selection, period, silent=_none_answered(watched)),
        period=period,
        back=back,
        standing=_standing(selection),
        lead=_lead(selection, outlets, watched),
        meetings=views(selection.new),
        late=views(selection.late),
        awaited=tuple(line_view(stored, outlets=outlets, zone=zone) for stored in selection.awaited),
        ahead=tuple(line_view(stored, outlets=outlets, zone=zone) for stored in selection.ahead),
        articles_line=f"{words.counted(articles_read, 'article')} read for this week.",
        sources_line=sources_line(watched),
        health=tuple(health_view(item, zone) for item in ill),
    )


def _none_answered(watched: Sequence[SourceHealth]) -> bool:
    polled = [item.state for item in watched if item.health.watched]
    return bool(polled) and not any(state.outcome.good for state in polled)


def _standing(selection: Selection) -> str:
    """For which moment the issue speaks."""
    if selection.back:
        return (
            "Back issue: this week ended before the archive began to read the news, "
            "so it holds only what was imported or found since."
        )
    return f"As of {words.moment(selection.as_of, selection.zone)} ({selection.zone.key})."


def _subject(selection: Selection, period: str, *, silent: bool) -> str:
    """The news first, since a phone shows forty characters; then which issue it is."""
    issue = f"{NAME}, {period}"
    news = selection.new or selection.late
    if not news:
        return f"{'No source answered' if silent else 'No meetings reported'} · {issue}"
    top = headline(min(news, key=lambda stored: RANK_ORDER.index(stored.meeting.level)).meeting)
    others = len(selection.meeting_ids) - 1
    late = "" if selection.new else "Late report: "
    more = f", and {others} more" if others else ""
    return f"{late}{one_line(top, SUBJECT_LIMIT - len(issue))}{more} · {issue}"


def _lead(selection: Selection, outlets: Outlets, watched: Sequence[SourceHealth]) -> str:
    """Two or three sentences of figures: how many meetings, told by whom, what stands ahead."""
    number = len(selection.new)
    if number:
        first = f"{words.counted(number, 'meeting')} between officials of China and Viet Nam this week."
    else:
        first = "No meeting between officials of China and Viet Nam is known for this week."
    return " ".join(
        filter(
            None,
            (
                first,
                _told(selection.new, outlets),
                _and_more(selection),
                gaps_line(watched) if not number else "",
            ),
        )
    )


def _told(meetings: Sequence[StoredMeeting], outlets: Outlets) -> str:
    """How many meetings both sides gave an account of, and how many only one did."""
    sides = [{outlets.side(mention.article.article) for mention in stored.mentions} for stored in meetings]
    both = sum({Side.CHINA, Side.VIETNAM} <= found for found in sides)
    beijing = sum(Side.CHINA in found and Side.VIETNAM not in found for found in sides)
    hanoi = sum(Side.VIETNAM in found and Side.CHINA not in found for found in sides)
    parts = [
        f"{count} {teller}"
        for count, teller in ((both, "told by both sides"), (beijing, "by Beijing alone"), (hanoi, "by Hanoi alone"))
        if count
    ]
    return f"Accounts: {', '.join(parts)}." if parts else ""


def _and_more(selection: Selection) -> str:
    late = words.counted(len(selection.late), "late report of an earlier week", "late reports of earlier weeks")
    coming = sum(stored.meeting.status is Status.ANNOUNCED for stored in selection.ahead)
    parts = [late] if selection.late else []
    if coming:
        parts.append(f"{coming} announced for the coming weeks")
    return f"{' and '.join(parts)}.".capitalize() if parts else ""
