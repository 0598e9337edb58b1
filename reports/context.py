"""From what was selected to what an issue says. Nothing here asks the clock: a re-run changes no byte."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from archive.records import StoredMeeting
from meetings.records import RANK_ORDER, Status
from parsers.records import Source, SourceState
from reports import words
from reports.accounts import ARTICLES_LISTED, Outlets, article_view, ordered
from reports.chart import chart_text
from reports.corrections import corrections, further_note, outcome
from reports.figures import WeekCount, average_of, figures
from reports.firsts import NOTHING, Known, firsts
from reports.health import UNTRIED, Health, SourceHealth, gaps_line, health_view, sources_line, survey, untried
from reports.lead import NAME, lead, subject
from reports.records import ComparisonView, CorrectionView, HealthView, IssueContext, LineView, MeetingView
from reports.retold import Further, Settled
from reports.select import Selection, placed_on
from reports.series import calendar
from reports.views import headline, line_view, meeting_page, meeting_view
from reports.visits import visit_view, visits_of

FORUM_HORIZON = timedelta(days=60)
"""How far ahead the next session of a forum is told of."""


def build_context(
    selection: Selection,
    *,
    sources: Sequence[Source],
    states: Mapping[str, SourceState],
    articles_read: int,
    standing_by: Collection[str] = (),
    counts: Sequence[WeekCount] = (),
    past: Known = NOTHING,
    sessions: Sequence[StoredMeeting] = (),
    web: str = "",
) -> IssueContext:
    """The issue in words. `sources` is the catalogue, `articles_read` the number of the week's articles.

    `standing_by`: the ids of the fall-backs that nothing needs at present. `counts`: the meetings of this week and of
    those before it. `past`: the held meetings of the whole archive; `sessions`: its meetings of forums, with or without
    what tells them. `web`: the base address of the web archive, without a slash at its end.
    """
    zone, back = selection.zone, selection.back
    as_of = None if back else selection.as_of.astimezone(zone).date()
    tell = _Teller(Outlets.of(sources), zone, as_of, web, past)
    trips = visits_of((*selection.new, *selection.late))
    visits = tuple(visit_view(trip, outlets=tell.outlets, zone=zone) for trip in trips)
    visit_of = {id_: visit.id for visit in visits for id_ in visit.meeting_ids}
    new, late = (by_rank(chosen, visit_of, zone) for chosen in (selection.new, selection.late))
    told = tuple(tell.meeting(stored, visit_of) for stored in new)
    watched = [] if back else survey(sources, states, standing_by)
    period = words.period(*selection.week.days())
    weeks = average_of(counts) if counts else 0
    gaps = "" if new else gaps_line(watched)
    return IssueContext(
        week=selection.week.label,
        zone=zone.key,
        name=NAME,
        subject=_subject(selection, (*new, *late), period, watched),
        period=period,
        back=back,
        standing=_standing(selection),
        lead=lead(new, told, visits, selection=selection, gaps=gaps),
        meetings=told,
        late=tuple(tell.meeting(stored, visit_of) for stored in late),
        ahead=tuple(map(tell.line, selection.ahead)),
        articles_line=f"{words.counted(articles_read, 'article')} read for this week.",
        sources_line=sources_line(watched),
        health=_ill(watched, zone),
        figures=figures(counts) if weeks else (),
        average_weeks=weeks,
        chart_text=chart_text(counts) if weeks else "",
        visits=visits,
        series=calendar(_sessions(selection, sessions), day=selection.week.days()[1], within=FORUM_HORIZON),
        settled=tuple(map(tell.settled, selection.settled)),
        further=tuple(map(tell.further, selection.further)),
        corrections=tuple(map(tell.correction, corrections(selection.changes))),
        web=web,
        gaps=gaps,
    )


@dataclass(frozen=True, slots=True)
class _Teller:
    """What all meetings of an issue are told with."""

    outlets: Outlets
    zone: ZoneInfo
    as_of: date | None
    web: str
    past: Known

    def meeting(self, stored: StoredMeeting, visit_of: Mapping[str, str]) -> MeetingView:
        view = meeting_view(stored, outlets=self.outlets, zone=self.zone, as_of=self.as_of, web=self.web)
        notable = firsts(stored, known=self.past, outlets=self.outlets, zone=self.zone)
        return replace(
            view, firsts=notable, visit=visit_of.get(stored.meeting.id, ""), comparison=_of_two(view.comparison)
        )

    def line(self, stored: StoredMeeting) -> LineView:
        return line_view(stored, outlets=self.outlets, zone=self.zone, web=self.web)

    def settled(self, item: Settled) -> LineView:
        return replace(self.line(item.stored), outcome=outcome(item, as_of=self.as_of))

    def further(self, item: Further) -> LineView:
        articles = [article_view(mention, self.outlets, self.zone) for mention in ordered(item.mentions)]
        left = words.more(len(articles) - ARTICLES_LISTED, "article")
        shown = tuple(articles[:ARTICLES_LISTED])
        return replace(self.line(item.stored), articles=shown, more=left, outcome=further_note(item))

    def correction(self, view: CorrectionView) -> CorrectionView:
        return replace(view, page=meeting_page(self.web, view.meeting_id))


def _of_two(comparison: ComparisonView) -> ComparisonView:
    """Without rows where one side gave no account: there is nothing to hold beside the other's."""
    sides = zip(*((row.china, row.vietnam) for row in comparison.rows), strict=True)
    told = all(any(cell.missing or cell.words or cell.quote for cell in cells) for cells in sides)
    return comparison if told else replace(comparison, rows=(), more="")


def by_rank(chosen: Sequence[StoredMeeting], visit_of: Mapping[str, str], zone: ZoneInfo) -> tuple[StoredMeeting, ...]:
    """The highest level first, then by day; meetings of one visit (`visit_of`: visit by meeting) stand together."""

    def rank(stored: StoredMeeting) -> tuple[object, ...]:
        return RANK_ORDER.index(stored.meeting.level), placed_on(stored, zone), stored.meeting.id

    def group(stored: StoredMeeting) -> str:
        return visit_of.get(stored.meeting.id, stored.meeting.id)

    ranked = sorted(chosen, key=rank)
    first: dict[str, int] = {}
    for at, stored in enumerate(ranked):
        first.setdefault(group(stored), at)
    return tuple(sorted(ranked, key=lambda stored: first[group(stored)]))


def _sessions(selection: Selection, known: Sequence[StoredMeeting]) -> list[StoredMeeting]:
    """What the calendar of forums is made of: of what lies ahead it knows no more than the issue itself."""
    return [*(stored for stored in known if stored.meeting.status is Status.HELD), *selection.ahead]


def _subject(selection: Selection, new: Sequence[StoredMeeting], period: str, watched: Sequence[SourceHealth]) -> str:
    """The line of the mail, from the first of what is `new` in the issue, late reports among it."""
    return subject(
        next((headline(stored.meeting) for stored in new), ""),
        len(selection.meeting_ids),
        late=not selection.new,
        none=_silence(watched) or "No meetings reported",
        issue=f"{NAME}, {period}",
    )


def _ill(watched: Sequence[SourceHealth], zone: ZoneInfo) -> tuple[HealthView, ...]:
    """Every source that is not well; none of them as long as none was ever asked."""
    asked = () if untried(watched) else watched
    return tuple(health_view(item, zone) for item in asked if item.health.watched and item.health is not Health.WELL)


def _silence(watched: Sequence[SourceHealth]) -> str:
    """What kept every source from telling anything, empty when one of them answered."""
    if untried(watched):
        return UNTRIED.rstrip(".")
    polled = [item.state for item in watched if item.health.watched]
    return "No source answered" if polled and not any(state.outcome.good for state in polled) else ""


def _standing(selection: Selection) -> str:
    """For which moment the issue speaks."""
    if selection.back:
        return (
            "Back issue: this week ended before the archive began to read the news, "
            "so it holds only what was imported or found since."
        )
    return f"As of {words.moment(selection.as_of, selection.zone)} ({selection.zone.key})."
