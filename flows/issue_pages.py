"""The issues' pages of the web archive: closed ones as they were closed, the others as they are composed now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from archive import articles, issues
from archive.markers import Marker, digest
from archive.placing import placing_date
from archive.records import StoredIssue, StoredMeeting
from archive.store import Archive
from flows import issuing
from flows.settings import Settings
from flows.steps import now_utc
from meetings.records import Status
from parsers.records import Source
from reports.jsonform import context_from_dict
from reports.records import CorrectionView, IssueContext
from reports.select import is_back, placed_on
from reports.site.folder import Folder, KeptIssue
from reports.site.front import IssueLine, issue_line
from reports.site.meeting_pages import Told
from reports.site.paths import chart_file
from reports.site.render import render
from reports.week import Week, last_complete_week, parse_week, week_of_day

RECENT = 4
"""So many of the last weeks have a page even without a meeting."""


class IssuePages:
    """All issues of the archive: those that were closed, and the other weeks in the zone in force."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        catalogue: Sequence[Source],
        outlines: Sequence[StoredMeeting],
        markers: Mapping[str, Marker],
        known: Mapping[str, KeptIssue],
    ) -> None:
        self._settings, self._archive, self._catalogue = settings, archive, catalogue
        self._outlines, self._known = outlines, known
        with archive.read() as session:
            closed = issues.closed_issues(session)
            first_run = issues.first_run_at(session)
        # what was mailed while another zone was in force keeps its page
        closed.sort(key=lambda each: each.zone == settings.zone)
        self._closed = {parse_week(each.week): each for each in closed}
        self._last = last_complete_week(now_utc(), settings.tz)
        self._kinds = dict.fromkeys(self._closed, "closed")
        held = (each for each in outlines if each.meeting.status is Status.HELD)
        filed = {week_of_day(placed_on(each, settings.tz)) for each in held}
        recent = {_before(self._last, number) for number in range(RECENT)}
        begun = {week for week in recent if not is_back(week, settings.tz, first_run)}
        for week in {*filed, *begun, self._last, *map(parse_week, known)}:
            if week <= self._last:
                self._kinds.setdefault(week, "back" if is_back(week, settings.tz, first_run) else "open")
        self._inputs = _inputs([week for week, kind in self._kinds.items() if kind != "closed"], outlines, markers)

    def build(self, folder: Folder) -> dict[str, KeptIssue]:
        """Writes the pages that changed; every issue by its week.

        Weeks without a meeting have a page while they are recent, or once they had one.
        """
        weeks = sorted(self._kinds)
        lines = {week: issue_line(week, "", self._kinds[week], 0) for week in weeks}
        built: dict[str, KeptIssue] = {}
        for at, week in enumerate(weeks):
            before = lines[weeks[at - 1]] if at else None
            after = lines[weeks[at + 1]] if at + 1 < len(weeks) else None
            built[week.label] = self._issue(folder, week, before, after, self._known.get(week.label))
        return built

    def _issue(
        self, folder: Folder, week: Week, before: IssueLine | None, after: IssueLine | None, kept: KeptIssue | None
    ) -> KeptIssue:
        kind, page = self._kinds[week], issue_line(week, "", "", 0).page
        # what the last one says of sources changes with every poll
        context = self._compose(week) if kind != "closed" and week == self._last else None
        inputs = digest(context or self._known_by(week), before, after)
        if not folder.wants(page, inputs) and kept is not None and kept.inputs == inputs:
            folder.keep(chart_file(week.label))
            return kept
        if kind == "closed":
            stored = self._stored(week)
            if stored.context is None:
                line = issue_line(week, stored.subject, kind, len(stored.meeting_ids))
                folder.put(page, render("old_issue", page, line=line, text=stored.markdown))
                return KeptIssue(inputs, line, "", stored.meeting_ids, ())
            context = context_from_dict(stored.context)
            if stored.chart and folder.wants(chart_file(week.label), inputs):
                folder.put(chart_file(week.label), stored.chart)
        return self._whole(folder, week, context or self._compose(week), inputs, before, after)

    def _whole(
        self,
        folder: Folder,
        week: Week,
        context: IssueContext,
        inputs: str,
        before: IssueLine | None,
        after: IssueLine | None,
    ) -> KeptIssue:
        new = tuple(view.id for view in (*context.meetings, *context.late))
        line = issue_line(week, context.subject, self._kinds[week], len(new))
        values = {"ctx": context, "kind": line.kind, "before": before, "after": after}
        values["chart"] = chart_file(week.label) in folder.pages
        folder.put(line.page, render("issue", line.page, **values))
        return KeptIssue(inputs, line, context.lead, new, context.corrections)

    def _stored(self, week: Week) -> StoredIssue:
        closed = self._closed[week]
        with self._archive.read() as session:
            return issues.get_issue(session, closed.week, closed.zone) or closed

    def _compose(self, week: Week) -> IssueContext:
        return issuing.context_of(self._settings, self._archive, self._catalogue, week, known=self._outlines)

    def _known_by(self, week: Week) -> str:
        """What a week's page is made from, without composing it."""
        closed = self._closed.get(week)
        if closed is not None:
            return digest("closed", closed.zone, closed.closed_at, closed.sha256, closed.meeting_ids)
        start, end = (moment.astimezone(self._settings.tz) for moment in week.bounds(self._settings.tz))
        with self._archive.read() as session:
            read = articles.articles_between(session, start, end)
        return digest(self._kinds[week], self._inputs[week], read, *self._closed)


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


def _before(week: Week, number: int) -> Week:
    """The week so many before."""
    return week_of_day(week.days()[0] - timedelta(weeks=number))


def _inputs(weeks: Sequence[Week], outlines: Sequence[StoredMeeting], markers: Mapping[str, Marker]) -> dict[Week, str]:
    """For each week a word that changes with what its issue may tell of: its meetings, those before, those ahead."""
    dated = sorted(
        (day, each.meeting.id) for each in outlines if (day := placing_date(each)) and each.meeting.id in markers
    )
    ahead = digest(*(markers[each.meeting.id].whole for each in outlines
                     if each.meeting.status is not Status.HELD and each.meeting.id in markers))  # fmt: skip
    found: dict[Week, str] = {}
    past, at = "", 0
    for week in sorted(weeks):
        monday, sunday = week.days()
        here = []
        while at < len(dated) and dated[at][0] <= sunday:
            day, id_ = dated[at]
            past = digest(past, id_, markers[id_].record)
            if day >= monday:
                here.append(markers[id_].whole)
            at += 1
        found[week] = digest(past, ahead, *here)
    return found
