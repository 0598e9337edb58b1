"""Issues: one per week and zone, fixed once closed; what they said and what readers got; when all began."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, replace

from sqlalchemy import exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from archive.columns import batches
from archive.models import AliasRow, IssueMeetingRow, IssueRow, IssueVariantRow, MeetingRow, MetaRow
from archive.records import IssuePart, IssueState, Said, StoredIssue, StoredVariant
from meetings.jsonform import meeting_from_dict, meeting_to_dict

_FIRST_RUN = "first_run_at"
_RESTORED = "restored_at"
_CLOSED = [state for state in IssueState if state.closed]


def get_issue(s: Session, week: str, zone: str) -> StoredIssue | None:
    """The issue of a week as remembered."""
    row = s.get(IssueRow, (week, zone))
    if row is None:
        return None
    present = _present_ids(s, [meeting.meeting_id for meeting in row.meetings])
    return replace(
        _outline(row, present),
        markdown=row.markdown,
        html=row.html,
        context=row.context,
        chart=row.chart,
        said=tuple(_said(meeting, present) for meeting in row.meetings if meeting.record is not None),
    )


def closed_issues(s: Session, zone: str | None = None) -> list[StoredIssue]:
    """The closed issues of a zone, or of all that were ever in force, by week; without what they said."""
    issue, meeting = IssueRow, IssueMeetingRow
    closed = [issue.state.in_(_CLOSED), *([issue.zone == zone] if zone is not None else [])]
    listed = (
        select(issue.week, issue.zone, meeting.meeting_id)
        .join(meeting, (meeting.week == issue.week) & (meeting.zone == issue.zone))
        .where(*closed, meeting.part == IssuePart.NEW)
        .order_by(meeting.position)
    )
    told = s.execute(listed).tuples().all()
    present = _present_ids(s, {id_ for _, _, id_ in told})
    new: dict[tuple[str, str], dict[str, None]] = {}
    for week, in_zone, id_ in told:
        new.setdefault((week, in_zone), {})[present.get(id_, id_)] = None
    columns = issue.week, issue.zone, issue.state, issue.closed_at, issue.subject, issue.sha256, issue.corrected_in
    rows = s.execute(select(*columns).where(*closed).order_by(issue.week, issue.zone)).tuples()
    return [StoredIssue(*row[:-1], tuple(new.get(row[:2], ())), corrected_in=tuple(row[-1])) for row in rows]


def closed_weeks(s: Session, zone: str) -> set[str]:
    """The weeks whose issue is closed in a zone."""
    return set(s.scalars(select(IssueRow.week).where(IssueRow.state.in_(_CLOSED), IssueRow.zone == zone)))


def claims(s: Session, ids: Collection[str]) -> list[StoredIssue]:
    """The closed issues of all zones in short: which of the meetings with these present ids were new in each."""
    row, issue = IssueMeetingRow, IssueRow
    present = {id_: id_ for id_ in ids} | _former_ids(s, ids)
    new: dict[tuple[str, str], dict[str, None]] = {}
    for batch in batches(sorted(present)):
        listed = select(row.week, row.zone, row.meeting_id).where(row.part == IssuePart.NEW, row.meeting_id.in_(batch))
        for week, zone, id_ in s.execute(listed):
            new.setdefault((week, zone), {})[present[id_]] = None
    closed = s.execute(select(issue.week, issue.zone, issue.state).where(issue.state.in_(_CLOSED))).tuples()
    return [
        StoredIssue(week, zone, state, None, subject="", sha256="", meeting_ids=tuple(new.get((week, zone), ())))
        for week, zone, state in closed
    ]


def said_in_closed(s: Session, zone: str | None, *, since: str) -> dict[str, Said]:
    """What the issue closed last, of those from the week `since` on, said of each meeting, by the id that it had then.

    Its articles are those of all these issues. Without `zone`, issues of all zones that were ever in force count.
    """
    query = (
        select(IssueMeetingRow)
        .join(IssueRow, (IssueRow.week == IssueMeetingRow.week) & (IssueRow.zone == IssueMeetingRow.zone))
        .where(IssueRow.state.in_(_CLOSED), IssueRow.week >= since, IssueMeetingRow.record.is_not(None))
        .order_by(IssueRow.closed_at, IssueRow.week, IssueRow.zone, IssueMeetingRow.position)
    )
    if zone is not None:
        query = query.where(IssueRow.zone == zone)
    rows = s.scalars(query).all()
    present = _present_ids(s, {row.meeting_id for row in rows})
    found: dict[str, Said] = {}
    for row in rows:
        last = _said(row, present)
        before = found.get(last.meeting.id)
        found[last.meeting.id] = _after(before, last) if before else last
    return found


def _after(before: Said, last: Said) -> Said:
    """What was said last, with the articles of what was said before, and since when the same day was announced."""
    expected = before.part is IssuePart.EXPECTED and last.part is IssuePart.EXPECTED
    days = {(said.meeting.date, said.meeting.end_date) for said in (before, last)}
    since = (before.since or before.week) if expected and len(days) == 1 else None
    return replace(last, articles=last.articles | before.articles, since=since)


def tellings(s: Session, ids: Collection[str]) -> list[tuple[str, Said]]:
    """All that closed issues said of the meetings with these present ids, each with the zone of its issue."""
    present = _former_ids(s, ids)
    found: list[tuple[str, Said]] = []
    for batch in batches(sorted({*ids, *present})):
        query = (
            select(IssueMeetingRow)
            .join(IssueRow, (IssueRow.week == IssueMeetingRow.week) & (IssueRow.zone == IssueMeetingRow.zone))
            .where(IssueRow.state.in_(_CLOSED), IssueMeetingRow.record.is_not(None))
            .where(IssueMeetingRow.meeting_id.in_(batch))
        )
        found += [(row.zone, _said(row, present)) for row in s.scalars(query)]
    return found


def save_issue(s: Session, issue: StoredIssue, *, corrects: Collection[tuple[str, str]] = ()) -> None:
    """Remembers an issue in place of what was known of it; one that is closed already stays as it was closed.

    Saving it with the state FINAL closes it: of two that close it at once, the first one's content stays. `corrects`
    are the closed issues, by week and zone, of which it says that something holds no more: they are corrected from then
    on, and nothing else of them changes.
    """
    row = s.get(IssueRow, (issue.week, issue.zone))
    if row is not None and row.state.closed:
        return
    for earlier in filter(None, (s.get(IssueRow, key) for key in sorted(corrects))):
        earlier.state = IssueState.CORRECTED
        earlier.corrected_in = sorted({*earlier.corrected_in, issue.week})
    if row is None:
        row = IssueRow(week=issue.week, zone=issue.zone, corrected_in=[])
        s.add(row)
    row.state, row.closed_at = issue.state, issue.closed_at
    row.subject, row.sha256 = issue.subject, issue.sha256
    row.markdown, row.html = issue.markdown, issue.html
    row.context, row.chart = dict(issue.context) if issue.context is not None else None, issue.chart
    said = {each.meeting.id: each for each in issue.said}
    known = {meeting.meeting_id: meeting for meeting in row.meetings}
    row.meetings = [
        known.get(id_) or IssueMeetingRow(week=issue.week, zone=issue.zone, meeting_id=id_)
        for id_ in dict.fromkeys((*issue.meeting_ids, *said))
    ]
    for position, meeting in enumerate(row.meetings):
        meeting.position = position
        told = said.get(meeting.meeting_id)
        meeting.part = told.part if told else IssuePart.NEW
        meeting.record = meeting_to_dict(told.meeting) if told else None
        meeting.articles = sorted(told.articles) if told else []
    s.flush()
    if row.state.closed:
        _claim(s, row)


def _claim(s: Session, row: IssueRow) -> None:
    """Marks the meetings that are new in an issue which closes: later ones need not look at them."""
    then = {meeting.meeting_id for meeting in row.meetings if meeting.part is IssuePart.NEW}
    present = _present_ids(s, then)
    for batch in batches(sorted({present.get(id_, id_) for id_ in then})):
        new = MeetingRow.id.in_(batch), MeetingRow.new_in.is_(None)
        s.execute(update(MeetingRow).where(*new).values(new_in=row.week))


def get_variants(s: Session, week: str, zone: str) -> tuple[StoredVariant, ...]:
    """What was kept for readers with a choice of their own, by the key of the choice."""
    row = IssueVariantRow
    query = select(row).where(row.week == week, row.zone == zone).order_by(row.choice)
    return tuple(_variant(each) for each in s.scalars(query))


def keep_variant(s: Session, week: str, zone: str, variant: StoredVariant) -> StoredVariant:
    """Remembers an issue as one choice leaves it, once: what was kept first stays, and is given back."""
    row = s.get(IssueVariantRow, (week, zone, variant.choice))
    if row is None:
        row = IssueVariantRow(week=week, zone=zone, **asdict(variant))
        s.add(row)
        s.flush()
    return _variant(row)


def _variant(row: IssueVariantRow) -> StoredVariant:
    return StoredVariant(row.choice, row.subject, row.markdown, row.html, row.charted)


def is_past(s: Session, day: dt.date) -> bool:
    """Whether the issue of that day's week takes in nothing more: it is closed, or the week ended before the first run.

    Issues of all zones that were ever in force count; UTC parts the week of the first run from those before. Nothing is
    past in an archive that never ran.
    """
    week = day.strftime("%G-W%V")
    first_run = first_run_at(s)
    before = first_run is not None and week < first_run.strftime("%G-W%V")
    return before or s.scalar(select(exists().where(IssueRow.week == week, IssueRow.state.in_(_CLOSED)))) is True


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


def restored_at(s: Session) -> dt.datetime | None:
    """When the archive last came back from a backup, UTC: what was mailed shortly before is not in it."""
    row = s.get(MetaRow, _RESTORED)
    return dt.datetime.fromisoformat(row.value) if row is not None else None


def mark_restored(s: Session, now: dt.datetime) -> None:
    """Notes that the archive came back from a backup."""
    s.merge(MetaRow(key=_RESTORED, value=now.astimezone(dt.UTC).isoformat()))
    s.flush()


def _present_ids(s: Session, then: Collection[str]) -> dict[str, str]:
    """Of the meetings that had the ids of `then`, those that have another one now, by the id of then."""
    return dict(_aliases(s, AliasRow.alias, then))


def _former_ids(s: Session, ids: Collection[str]) -> dict[str, str]:
    """By each id that the meetings with these present ids once had, the present one."""
    return dict(_aliases(s, AliasRow.meeting_id, ids))


def _aliases(s: Session, column: InstrumentedAttribute[str], ids: Collection[str]) -> Iterator[tuple[str, str]]:
    for batch in batches(sorted(ids)):
        yield from s.execute(select(AliasRow.alias, AliasRow.meeting_id).where(column.in_(batch))).tuples()


def _outline(row: IssueRow, present: dict[str, str]) -> StoredIssue:
    """The record of a row but for what it said, the meetings that were new in it under their present ids."""
    new: Iterable[str] = (meeting.meeting_id for meeting in row.meetings if meeting.part is IssuePart.NEW)
    return StoredIssue(
        week=row.week,
        zone=row.zone,
        state=row.state,
        closed_at=row.closed_at,
        subject=row.subject,
        sha256=row.sha256,
        meeting_ids=tuple(dict.fromkeys(present.get(id_, id_) for id_ in new)),
        corrected_in=tuple(row.corrected_in),
    )


def _said(row: IssueMeetingRow, present: dict[str, str]) -> Said:
    if row.record is None:
        raise ValueError(f"issue {row.week} keeps no record of {row.meeting_id}")
    told = replace(meeting_from_dict(row.record), id=row.meeting_id)
    return Said(present.get(row.meeting_id, row.meeting_id), row.week, row.part, told, frozenset(row.articles))
