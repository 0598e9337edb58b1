"""Issues: one per week and zone, fixed once closed; and when the archive was first run."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from archive.models import AliasRow, IssueMeetingRow, IssueRow, MetaRow
from archive.records import IssueState, StoredIssue

_FIRST_RUN = "first_run_at"


def get_issue(s: Session, week: str, zone: str) -> StoredIssue | None:
    """The issue of a week as remembered."""
    row = s.get(IssueRow, (week, zone))
    return _issue(row, _present_ids(s)) if row is not None else None


def closed_issues(s: Session, zone: str | None = None) -> list[StoredIssue]:
    """The closed issues of a zone, or of all that were ever in force, by week."""
    query = select(IssueRow).where(IssueRow.state == IssueState.CLOSED)
    if zone is not None:
        query = query.where(IssueRow.zone == zone)
    rows = s.scalars(query.order_by(IssueRow.week, IssueRow.zone).options(selectinload(IssueRow.meetings))).all()
    present = _present_ids(s)
    return [_issue(row, present) for row in rows]


def save_issue(s: Session, issue: StoredIssue) -> None:
    """Remembers an issue in place of what was known of it; one that is closed already stays as it was closed.

    Saving it with the state CLOSED closes it: of two that close it at once, the first one's content stays.
    """
    row = s.get(IssueRow, (issue.week, issue.zone))
    if row is not None and row.state is IssueState.CLOSED:
        return
    if row is None:
        row = IssueRow(week=issue.week, zone=issue.zone)
        s.add(row)
    row.state, row.closed_at = issue.state, issue.closed_at
    row.subject, row.sha256 = issue.subject, issue.sha256
    row.markdown, row.html, row.text = issue.markdown, issue.html, issue.text
    known = {meeting.meeting_id: meeting for meeting in row.meetings}
    row.meetings = [
        known.get(id_) or IssueMeetingRow(week=issue.week, zone=issue.zone, meeting_id=id_)
        for id_ in dict.fromkeys(issue.meeting_ids)
    ]
    for position, meeting in enumerate(row.meetings):
        meeting.position = position
    s.flush()


def first_run_at(s: Session) -> dt.datetime | None:
    """When the archive was first run, UTC: weeks before are back issues."""
    row = s.get(MetaRow, _FIRST_RUN)
    return dt.datetime.fromisoformat(row.value) if row is not None else None


def mark_first_run(s: Session, now: dt.datetime) -> None:
    """Sets the time of the first run, once; later calls change nothing. Raises ValueError for a naive time."""
    if now.utcoffset() is None:
        raise ValueError(f"{now!r} has no time zone and cannot be stored")
    if s.get(MetaRow, _FIRST_RUN) is None:
        s.add(MetaRow(key=_FIRST_RUN, value=now.astimezone(dt.UTC).isoformat()))
        s.flush()


def _present_ids(s: Session) -> dict[str, str]:
    return {row.alias: row.meeting_id for row in s.scalars(select(AliasRow))}


def _issue(row: IssueRow, present: dict[str, str]) -> StoredIssue:
    """The record of a row, its meetings under their present ids."""
    ids = dict.fromkeys(present.get(meeting.meeting_id, meeting.meeting_id) for meeting in row.meetings)
    return StoredIssue(
        week=row.week,
        zone=row.zone,
        state=row.state,
        closed_at=row.closed_at,
        subject=row.subject,
        sha256=row.sha256,
        meeting_ids=tuple(ids),
        markdown=row.markdown,
        html=row.html,
        text=row.text,
    )
