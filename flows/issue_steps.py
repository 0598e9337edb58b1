"""The steps that follow an ingest, in plain functions, without Prefect: issues are written and mailed.

    flows.steps -> write_issue -> send_issue

Each step is safe to repeat and to run twice at once: one sender at a time holds a lock of ours in the archive.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from archive import files, issues, meetings
from archive.locks import Busy
from archive.records import IssueState
from flows import delivering, issuing
from flows.delivering import SendReport
from flows.opening import existing_archive
from flows.settings import Settings
from flows.steps import alone, load_catalogue, now_utc
from flows.weeks import begun, never_mailed
from meetings.records import Status
from reports.issue_files import FOLDER
from reports.select import is_back, placed_on
from reports.smtp import SendResult, send
from reports.week import Week, last_complete_week, week_of_day

BUSY_SECONDS, LEAST_SECONDS = 5.0, 1.0
"""Pauses: while another sender is at work, and before an attempt that is due already."""


@dataclass(frozen=True, slots=True)
class IssueReport:
    """One issue as written: how many meetings are new in it, and where its files are."""

    week: str
    subject: str
    meetings: int
    back: bool
    paths: tuple[Path, ...]
    markdown: str

    @property
    def page(self) -> Path:
        """The file to look at in a browser."""
        return next(path for path in self.paths if path.name == issuing.PAGE)


def write_issue(
    settings: Settings, week: Week | None = None, *, close: bool = False, out: Path | None = None
) -> IssueReport:
    """Write one issue's files, of the last complete week unless told otherwise; `close` fixes what is new in it.

    Raises `archive.locks.Busy` when it is to be closed and a sender is at work.
    """
    with existing_archive(settings) as archive, alone(archive, "send") if close else nullcontext() as lease:
        issue = issuing.compose(settings, archive, load_catalogue(settings).sources, _chosen(settings, week))
        if lease:
            issue = issuing.close(
                settings, archive, issue, now=now_utc(), also=lambda session, _closed: lease.check(session)
            )
        return _written(settings, issue, out)


def write_back_issues(settings: Settings) -> list[IssueReport]:
    """Write the issue of every week before the archive's first run that holds a meeting, oldest first."""
    with existing_archive(settings) as archive:
        with archive.read() as session:
            first_run = issues.first_run_at(session)
            told = meetings.all_meetings(session)
        held = [stored for stored in told if stored.meeting.status is Status.HELD]
        weeks = {week_of_day(placed_on(meeting, settings.tz)) for meeting in held}
        back = sorted(week for week in weeks if is_back(week, settings.tz, first_run))
        catalogue = load_catalogue(settings).sources
        return [_written(settings, issuing.compose(settings, archive, catalogue, week, told), None) for week in back]


def write_messages(settings: Settings, week: Week | None = None, *, out: Path | None = None) -> list[Path]:
    """Write each recipient's message as a file instead of sending it, in a folder that only its owner can read."""
    recipients = issuing.load_recipients(settings)
    with existing_archive(settings) as archive:
        issue = issuing.compose(settings, archive, load_catalogue(settings).sources, _chosen(settings, week))
    folder = (out or settings.home / FOLDER) / issue.week.label / "mail"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths = []
    for number, recipient in enumerate(recipients, start=1):
        paths.append(folder / f"{number:03d}.eml")
        files.write_atomically(paths[-1], issuing.message(settings, issue, recipient).as_bytes(), mode=files.PRIVATE)
    return paths


def send_issue(settings: Settings, week: Week | None = None) -> SendReport:
    """Send one issue to every recipient not yet served, one message each; the first sending closes the issue.

    Raises `InputError` when there is nobody to send to, no mail server, or the week is a back issue or not over;
    `archive.locks.Busy` when another sender is at work.
    """
    with (
        existing_archive(settings) as archive,
        alone(archive, "send") as lease,
    ):
        now = now_utc()
        issue = issuing.compose(settings, archive, load_catalogue(settings).sources, _chosen(settings, week))
        if issue.state is IssueState.BACK:
            raise never_mailed(settings, archive, issue.week, now=now)
        recipients, smtp = issuing.load_recipients(settings), issuing.smtp_settings(settings)

        def plan(session: Session, closed: issuing.Issue) -> None:
            lease.check(session)
            delivering.plan_all(settings, session, closed, recipients, now=now)

        # a closed issue without a ledger would never be mailed
        issue = issuing.close(settings, archive, issue, now=now, also=plan)
        issuing.write(settings, issue, None)
        return delivering.send_due(settings, archive, issue, recipients, smtp, lease=lease)


def send_until(
    settings: Settings,
    week: Week,
    until: datetime,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> SendReport:
    """Send one issue, and wait for what the ledger has tried again, as long as that comes before `until` (aware).

    The lock is free while it waits. Raises what `send_issue` raises, but `Busy` only when it is `until`.
    """
    accepted, skipped = 0, None
    while True:
        try:
            sent = send_issue(settings, week)
        except Busy:
            if now_utc() >= until:
                raise
            sleep(BUSY_SECONDS)
            continue
        accepted, skipped = accepted + sent.accepted, sent.skipped if skipped is None else skipped
        if sent.again is None or sent.again >= until:
            return replace(sent, accepted=accepted, skipped=skipped)
        sleep(max((sent.again - now_utc()).total_seconds(), LEAST_SECONDS))


def send_trial(settings: Settings, address: str, week: Week | None = None) -> SendResult:
    """Send the issue as it is now to one address alone, marked as a test: nothing is closed, nothing recorded.

    A recipient on the list gets what their choice leaves of it. Raises `InputError` when there is no mail server or
    `address` is none.
    """
    to = issuing.reader_at(settings, address)
    smtp = issuing.smtp_settings(settings)
    with existing_archive(settings) as archive:
        issue = issuing.compose(settings, archive, load_catalogue(settings).sources, _chosen(settings, week))
    return send(issuing.trial_message(settings, issue, to, now=now_utc()), smtp)


def _chosen(settings: Settings, week: Week | None) -> Week:
    """The week asked for, else the last complete one; raises `InputError` for a week that has not begun."""
    now = now_utc()
    return begun(settings, week, now=now) if week else last_complete_week(now, settings.tz)


def _written(settings: Settings, issue: issuing.Issue, out: Path | None) -> IssueReport:
    return IssueReport(
        week=issue.week.label,
        subject=issue.subject,
        meetings=len(issue.meeting_ids),
        back=issue.state is IssueState.BACK,
        paths=issuing.write(settings, issue, out),
        markdown=issue.forms.markdown,
    )
