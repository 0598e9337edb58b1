"""One issue from the archive to paper and mail: composed, closed, written, delivered.

An open issue is composed anew each time; a closed one is what was closed, to the byte, so that a recipient served
later reads what the others read. Nothing here depends on when it runs: an issue speaks for the moment of the last poll.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from archive import articles, deliveries, issues, meetings, sources
from archive.records import Delivery, DeliveryState, IssueState, StoredIssue, StoredMeeting
from archive.store import Archive
from flows.owner import is_gone, owner
from flows.settings import Settings, read_text
from flows.watching import standing_by
from parsers.records import InputError, Source
from reports.context import build_context
from reports.issue_files import FOLDER, write_issue_files
from reports.mail import build_message, message_id, parse_sender
from reports.recipients import Recipient, parse_recipients
from reports.render import Forms, on_disk, render_forms
from reports.select import Selection, is_back, select_issue
from reports.smtp import SendResult, SmtpSettings, send
from reports.week import Week, last_complete_week

# an announced meeting may lie far ahead, and its announcement a little behind the week
BEFORE = timedelta(weeks=2)
AHEAD = timedelta(weeks=104)


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue as it is read: `dated` is the moment of its mail's Date header, UTC."""

    week: Week
    state: IssueState
    subject: str
    meeting_ids: tuple[str, ...]
    forms: Forms
    dated: datetime

    @property
    def stored(self) -> StoredIssue:
        """What the archive remembers of it, but for the zone."""
        sha256 = hashlib.sha256(self.forms.html.encode()).hexdigest()
        closed_at = self.dated if self.state is IssueState.CLOSED else None
        return StoredIssue(
            week=self.week.label,
            zone="",
            state=self.state,
            closed_at=closed_at,
            subject=self.subject,
            sha256=sha256,
            meeting_ids=self.meeting_ids,
            markdown=self.forms.markdown,
            html=self.forms.html,
        )


def compose(
    settings: Settings,
    archive: Archive,
    catalogue: Sequence[Source],
    week: Week,
    told: Sequence[StoredMeeting] | None = None,
) -> Issue:
    """The issue of a week: as it was closed, else from what the archive holds now.

    `told`: all meetings of the archive, for whoever composes many issues at once; else those that may matter are read.
    """
    with archive.read() as session:
        stored = issues.get_issue(session, week.label, settings.zone)
        if stored and stored.state is IssueState.CLOSED and stored.closed_at:
            return _as_closed(week, stored, stored.closed_at)
        first_run = issues.first_run_at(session)
        states = sources.states(session)
        back = is_back(week, settings.tz, first_run)
        start, end = (moment.astimezone(settings.tz) for moment in week.bounds(settings.tz))
        if told is None:
            # what a late report may be about goes back to the first run, for which nothing was ever mailed
            since = week.days()[0] if back or not first_run else first_run.astimezone(settings.tz).date()
            told = meetings.meetings_between(session, min(since, week.days()[0]) - BEFORE, week.days()[1] + AHEAD)
        selection = select_issue(
            told,
            week=week,
            zone=settings.tz,
            closed=issues.closed_issues(session),
            first_run=first_run,
            as_of=end if back else max((s.last_attempt for s in states.values() if s.last_attempt), default=end),
        )
        read = articles.articles_between(session, start, end)
        present = sources.states_of(session, catalogue)
    idle = standing_by(catalogue, present, now=selection.as_of)
    context = build_context(selection, sources=catalogue, states=present, standing_by=idle, articles_read=read)
    return _issue(selection, context.subject, render_forms(context))


def _as_closed(week: Week, stored: StoredIssue, closed_at: datetime) -> Issue:
    forms = Forms(stored.markdown, stored.html)
    return Issue(week, stored.state, stored.subject, stored.meeting_ids, forms, closed_at)


def _issue(selection: Selection, subject: str, forms: Forms) -> Issue:
    state = IssueState.BACK if selection.back else IssueState.OPEN
    return Issue(selection.week, state, subject, selection.meeting_ids, forms, selection.as_of)


def close(settings: Settings, archive: Archive, issue: Issue, *, now: datetime) -> Issue:
    """Fix what is new in the issue, once and for all; a closed or a back issue stays as it is.

    Raises `InputError` when the week is not over.
    """
    if issue.state is not IssueState.OPEN:
        return issue
    if issue.week > last_complete_week(now, settings.tz):
        raise InputError(f"{issue.week.label} is not over yet; it can be sent from its next Monday on")
    closed = replace(issue, state=IssueState.CLOSED, dated=now)
    with archive.write() as session:
        issues.save_issue(session, replace(closed.stored, zone=settings.zone))
        # another process may have closed it since it was composed, and readers must all read the same
        kept = issues.get_issue(session, issue.week.label, settings.zone)
    return _as_closed(issue.week, kept, kept.closed_at) if kept and kept.closed_at else closed


def write(settings: Settings, issue: Issue, out: Path | None) -> tuple[Path, ...]:
    """Write the issue's files below `out` (default: the home's `issues`); the paths."""
    sender = Recipient(parse_sender(settings.mail_from).addr_spec)
    forms: dict[str, str | bytes] = {
        "md": issue.forms.markdown,
        "html": on_disk(issue.forms.html),
        "txt": issue.forms.markdown,
        "eml": message(settings, issue, sender).as_bytes(),
    }
    return write_issue_files(out or settings.home / FOLDER, issue.week.label, forms)


def message(settings: Settings, issue: Issue, recipient: Recipient) -> EmailMessage:
    """The issue as a mail to one recipient; the same bytes whenever it is built again."""
    return build_message(
        issue.forms,
        subject=issue.subject,
        sender=settings.mail_from,
        recipient=recipient,
        date=issue.dated,
        message_id=_message_id(settings, issue, recipient),
    )


def _message_id(settings: Settings, issue: Issue, recipient: Recipient) -> str:
    return message_id(issue.week.label, settings.zone, recipient.address, parse_sender(settings.mail_from).domain)


def deliver(
    settings: Settings,
    archive: Archive,
    issue: Issue,
    recipient: Recipient,
    smtp: SmtpSettings,
    *,
    now_fn: Callable[[], datetime],
) -> SendResult | None:
    """Send one message unless the ledger says that it was accepted, refused, or is under way: then None.

    The claim is committed before the first word to the mail server, the outcome after the last (design §6.3).
    """
    week, zone = issue.week.label, settings.zone
    with archive.write() as session:
        deliveries.give_up_abandoned(session, week, zone, is_gone=is_gone, now=now_fn())
        deliveries.plan(
            session, week, zone, [(recipient.address, _message_id(settings, issue, recipient))], now=now_fn()
        )
        claimed = deliveries.claim(session, week, zone, recipient.address, sender=owner(), now=now_fn())
        standing = None if claimed else deliveries.delivery(session, week, zone, recipient.address)
    if claimed is None:
        return _refused_before(standing)
    result = send(message(settings, issue, recipient), smtp)
    with archive.write() as session:
        deliveries.settle(session, week, zone, recipient.address, result.state, result.message, now=now_fn())
    return result


def _refused_before(standing: Delivery | None) -> SendResult | None:
    """A refusal is told again at every sending, because somebody has to mend it; nothing else is."""
    if standing is None or standing.state is not DeliveryState.REFUSED:
        return None
    return SendResult(
        DeliveryState.REFUSED, f"{standing.recipient} was refused and is not tried again: {standing.message}"
    )


def load_recipients(settings: Settings) -> tuple[Recipient, ...]:
    """Who gets the digest; raises `InputError` when nobody does, naming the file and what is wrong in it."""
    path = settings.recipients_file
    if not path.exists():
        raise InputError(f"there is no {path} yet; name in it who gets the digest (docs/digest.md)")
    recipients = parse_recipients(read_text(path, "list of recipients"), name=str(path))
    if not recipients:
        raise InputError(f"{path} names nobody; add a [[recipient]] table with an address (docs/digest.md)")
    return recipients


def smtp_settings(settings: Settings) -> SmtpSettings:
    """How to reach the mail server; raises `InputError` when none is set."""
    if not settings.smtp_host:
        raise InputError("no mail server is set; give smtp_host in meetings.toml or MEETINGS_SMTP_HOST")
    if settings.smtp_password and not settings.smtp_username:
        raise InputError("smtp_password is set without smtp_username; give both, or neither for a server without login")
    return SmtpSettings(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        timeout=settings.smtp_timeout,
        ca_file=settings.smtp_ca_file,
    )
