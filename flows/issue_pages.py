"""The issues' pages of the web archive: closed ones as they were closed, the others as they are composed now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from archive import articles, issues
from archive.markers import Marker, digest
from archive.records import IssueState, StoredIssue, StoredMeeting
from archive.store import Archive
from flows import issuing
from flows.settings import Settings
from flows.site_workers import Bench, Workers
from flows.steps import now_utc
from meetings.records import Status
from parsers.records import Source
from reports.figures import WEEKS
from reports.firsts import Past
from reports.jsonform import context_from_dict
from reports.records import CorrectionView, IssueContext
from reports.select import is_back, placed_on, said_since
from reports.site.folder import Folder, KeptIssue, put
from reports.site.front import IssueLine, issue_line
from reports.site.meeting_pages import Told
from reports.site.paths import chart_file, issue_page
from reports.site.render import render
from reports.week import Week, last_complete_week, parse_week, week_of_day

RECENT = 4
"""So many of the last weeks have a page even without a meeting."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to make: that of a week's issue of this kind, from inputs of this digest, between two others."""

    week: Week
    kind: IssueState
    inputs: str
    before: IssueLine | None
    after: IssueLine | None


@dataclass(frozen=True, slots=True)
class ClosedPage:
    """The page of a closed issue, which is read where it is made."""

    page: Page
    outline: StoredIssue


@dataclass(frozen=True, slots=True)
class Made:
    """A page that was made: whether it has a chart, and how many files are new or changed."""

    issue: KeptIssue
    charted: bool
    written: int


class IssuePages:
    """All issues of the archive: those that were closed, and the other weeks in the zone in force."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        catalogue: Sequence[Source],
        outlines: Sequence[StoredMeeting],
        past: Past,
        markers: Mapping[str, Marker],
        known: Mapping[str, KeptIssue],
    ) -> None:
        self._settings, self._archive, self._catalogue = settings, archive, catalogue
        self._past, self._known = past, known
        self._sessions = [each for each in outlines if each.meeting.forum]
        with archive.read() as session:
            closed = issues.closed_issues(session)
            first_run = issues.first_run_at(session)
        # what was mailed while another zone was in force keeps its page
        closed.sort(key=lambda each: each.zone == settings.zone)
        self._closed = {parse_week(each.week): each for each in closed}
        self._last = last_complete_week(now_utc(), settings.tz)
        self._kinds = {week: each.state for week, each in self._closed.items()}
        held = (each for each in outlines if each.meeting.status is Status.HELD)
        filed = {week_of_day(placed_on(each, settings.tz)) for each in held}
        recent = {_before(self._last, number) for number in range(RECENT)}
        begun = {week for week in recent if not is_back(week, settings.tz, first_run)}
        for week in {*filed, *begun, self._last, *map(parse_week, known)}:
            if week <= self._last:
                self._kinds.setdefault(week, _unclosed(is_back(week, settings.tz, first_run)))
        composed = {week: kind for week, kind in self._kinds.items() if not kind.closed}
        self._inputs = _inputs(composed, outlines, markers, settings.tz, self._said(markers))

    def build(self, folder: Folder, workers: Workers) -> dict[str, KeptIssue]:
        """Writes the pages that changed; every issue by its week.

        Weeks without a meeting have a page while they are recent, or once they had one.
        """
        weeks = sorted(self._kinds)
        lines = [issue_line(week, "", self._kinds[week], 0) for week in weeks]
        beside = dict(zip(weeks, zip([None, *lines[:-1]], [*lines[1:], None], strict=True), strict=True))
        built: dict[str, KeptIssue] = {}

        def stale(week: Week, made_from: object) -> Page | None:
            page = Page(week, self._kinds[week], digest(made_from, *beside[week]), *beside[week])
            kept = self._known.get(week.label)
            if folder.wants(issue_page(week.label), page.inputs) or kept is None or kept.inputs != page.inputs:
                return page
            folder.keep(chart_file(week.label))
            built[week.label] = kept
            return None

        listed = [(stale(week, self._known_by(week)), outline) for week, outline in self._closed.items()]
        closed = [ClosedPage(page, outline) for page, outline in listed if page]
        tells_of = sum(len(each.outline.meeting_ids) for each in closed)
        made = workers.each(make_closed, closed, self._past, tells_of=tells_of)
        # composed here while others make those
        for week in (week for week in weeks if not self._kinds[week].closed):
            # what the last one says of sources changes with every poll
            context = self._compose(week) if week == self._last else None
            if page := stale(week, context or self._known_by(week)):
                written = _written(folder.out, page, context or self._compose(week), chart=None)
                built[week.label] = _entered(folder, page, written)
        for each, one in zip(closed, made, strict=True):
            built[each.page.week.label] = _entered(folder, each.page, one)
        return dict(sorted(built.items()))

    def _said(self, markers: Mapping[str, Marker]) -> str:
        """A word that changes with the meetings that closed issues told of, as far back as a draft remembers."""
        drafts = (week for week, kind in self._kinds.items() if kind is IssueState.DRAFT)
        remembered = [said_since(week) for week in drafts if week != self._last]
        if not remembered:
            return ""
        with self._archive.read() as session:
            said = issues.said_in_closed(session, None, since=min(remembered))
        return digest(*(f"{id_} {last.id} {markers.get(last.id)}" for id_, last in sorted(said.items())))

    def _compose(self, week: Week) -> IssueContext:
        return issuing.context_of(
            self._settings, self._archive, self._catalogue, week, past=self._past, sessions=self._sessions
        )

    def _known_by(self, week: Week) -> str:
        """What a week's page is made from, without composing it."""
        closed = self._closed.get(week)
        if closed is not None:
            fixed = closed.zone, closed.closed_at, closed.sha256
            return digest(*fixed, closed.meeting_ids, closed.state, closed.corrected_in)
        start, end = (moment.astimezone(self._settings.tz) for moment in week.bounds(self._settings.tz))
        with self._archive.read() as session:
            read = articles.articles_between(session, start, end)
        return digest(self._kinds[week], self._inputs[week], read, *self._closed)


def make_closed(job: ClosedPage, bench: Bench) -> Made:
    """The page of a closed issue as it was closed; of one of an early version its text is all there is."""
    outline, page, out = job.outline, job.page, bench.means.out
    with bench.archive.read() as session:
        stored = issues.get_issue(session, outline.week, outline.zone) or outline
    if stored.context is not None:
        context = context_from_dict(stored.context)
        return _written(out, page, context, chart=stored.chart, corrected_in=stored.corrected_in)
    line = issue_line(page.week, stored.subject, page.kind, len(stored.meeting_ids), stored.corrected_in)
    written = put(out, line.page, render("old_issue", line.page, line=line, text=stored.markdown))
    return Made(KeptIssue(page.inputs, line, "", stored.meeting_ids, ()), charted=False, written=written)


def _written(
    out: Path, page: Page, context: IssueContext, *, chart: bytes | None, corrected_in: tuple[str, ...] = ()
) -> Made:
    """The page of an issue, with the chart that it was mailed with."""
    new = tuple(view.id for view in (*context.meetings, *context.late))
    line = issue_line(page.week, context.subject, page.kind, len(new), corrected_in)
    values = {"ctx": context, "line": line, "before": page.before, "after": page.after, "chart": bool(chart)}
    written = int(put(out, line.page, render("issue", line.page, **values)))
    if chart:
        written += put(out, chart_file(page.week.label), chart)
    return Made(KeptIssue(page.inputs, line, context.lead, new, context.corrections), bool(chart), written)


def _entered(folder: Folder, page: Page, made: Made) -> KeptIssue:
    """Enters what was made in the folder's record."""
    folder.written += made.written
    if made.charted:
        folder.enter(chart_file(page.week.label), page.inputs)
    return made.issue


def told(built: Mapping[str, KeptIssue], merged: Mapping[str, str]) -> dict[str, Told]:
    """What issues say of each meeting, by its present id; `merged` leads from former ids to present ones."""
    weeks: dict[str, dict[str, None]] = {}
    corrected: dict[str, list[CorrectionView]] = {}
    former: dict[str, list[str]] = {}
    for week, issue in sorted(built.items()):
        for id_ in issue.new:
            weeks.setdefault(merged.get(id_, id_), {})[week] = None
        for correction in issue.corrections:
            corrected.setdefault(merged.get(correction.meeting_id, correction.meeting_id), []).append(correction)
    for old, heir in merged.items():
        former.setdefault(heir, []).append(old)
    return {
        id_: Told(tuple(weeks.get(id_, ())), tuple(corrected.get(id_, ())), tuple(former.get(id_, ())))
        for id_ in {*weeks, *corrected, *former}
    }


def _unclosed(back: bool) -> IssueState:
    return IssueState.BACK if back else IssueState.DRAFT


def _before(week: Week, number: int) -> Week:
    """The week so many before."""
    return week_of_day(week.days()[0] - timedelta(weeks=number))


def _inputs(
    kinds: Mapping[Week, IssueState],
    outlines: Sequence[StoredMeeting],
    markers: Mapping[str, Marker],
    zone: ZoneInfo,
    said: str,
) -> dict[Week, str]:
    """For each week a word that changes with what its issue may tell of.

    That is: the meetings before it and those ahead, the accounts of the weeks that its figures count and, in a draft,
    those of late reports and of whatever closed issues told of, which is `said`.
    """
    filed = sorted((placed_on(each, zone), each.meeting.id) for each in outlines)
    ahead = digest(*(markers[each.meeting.id].whole for each in outlines if each.meeting.status is not Status.HELD))
    found: dict[Week, str] = {}
    past, accounts, at = "", "", 0
    for week in sorted(kinds):
        while at < len(filed) and filed[at][0] <= week.days()[1]:
            id_ = filed[at][1]
            past = digest(past, id_, markers[id_].record)
            accounts = digest(accounts, markers[id_].whole)
            at += 1
        counted = bisect_left(filed, (_before(week, WEEKS).days()[0], ""))
        here = (markers[id_].whole for _, id_ in filed[counted:at])
        found[week] = digest(past, ahead, *here, *((accounts, said) if kinds[week] is IssueState.DRAFT else ()))
    return found
