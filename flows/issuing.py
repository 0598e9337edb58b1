"""One issue from the archive to paper and mail: composed, closed, written, delivered.

A draft is composed anew each time; a closed one is what was closed, to the byte, so that a recipient served
later reads what the others read. Nothing here depends on when it runs: an issue speaks for the moment of the last poll.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path

from sqlalchemy.orm import Session

from archive import articles, clock, issues, meetings, sources
from archive.bulk import in_bulk
from archive.lookups import HeldBefore
from archive.records import IssueState, Said, StoredIssue, StoredMeeting, StoredVariant
from archive.store import Archive
from archive.tallies import tallies
from archive.weekly import meetings_for_issue
from flows.settings import Settings, read_text
from flows.watching import standing_by
from parsers.records import InputError, MeetingsError, Source
from reports.changes import Change, corrected
from reports.chart import weekly_chart
from reports.context import build_context
from reports.figures import WEEKS, WeekCount, count_weeks, weeks_before
from reports.firsts import Known, Past
from reports.issue_files import FOLDER, write_issue_files
from reports.jsonform import context_from_dict, context_to_dict
from reports.mail import CHART_NAME, build_message, message_id, parse_sender
from reports.recipients import EVERYTHING, Choice, Recipient, check_address, parse_recipients
from reports.records import IssueContext
from reports.render import Forms, render_forms, with_chart
from reports.select import Selection, is_back, said_since, select_issue
from reports.smtp import SmtpSettings
from reports.unsubscribe import Unsubscribe
from reports.variants import variant
from reports.week import Week, last_complete_week
from reports.words import span

PAGE = "digest.html"


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue as it is read: `dated` is the moment of its mail's Date header, UTC.

    `context` is None for an issue that was closed before contexts were kept; then every reader gets it whole.
    `variants` are those that readers of a choice of their own have been sent, `changes` what a draft takes back.
    """

    week: Week
    state: IssueState
    subject: str
    meeting_ids: tuple[str, ...]
    forms: Forms
    dated: datetime
    context: IssueContext | None = None
    chart: bytes | None = None
    said: tuple[Said, ...] = ()
    variants: tuple[StoredVariant, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def stored(self) -> StoredIssue:
        """What the archive remembers of it, but for the zone."""
        return StoredIssue(
            week=self.week.label,
            zone="",
            state=self.state,
            closed_at=self.dated if self.state.closed else None,
            subject=self.subject,
            sha256=hashlib.sha256(self.forms.html.encode()).hexdigest(),
            meeting_ids=self.meeting_ids,
            markdown=self.forms.markdown,
            html=self.forms.html,
            context=context_to_dict(self.context) if self.context else None,
            chart=self.chart,
            said=self.said,
        )

    @property
    def whole(self) -> StoredVariant:
        """What was closed, for who wants everything."""
        return StoredVariant("", self.subject, self.forms.markdown, self.forms.html, self.chart is not None)

    def for_reader(self, choice: Choice) -> StoredVariant:
        """The issue as that choice leaves it: as others of that choice got it, else rendered now."""
        if choice == EVERYTHING or self.context is None:
            return self.whole
        kept = (each for each in self.variants if each.choice == choice.key)
        return next(kept, None) or _variant(self.context, choice)


@lru_cache(maxsize=64)
def _variant(context: IssueContext, choice: Choice) -> StoredVariant:
    """Rendered once for all readers of one choice."""
    own = variant(context, choice)
    forms = render_forms(own)
    return StoredVariant(choice.key, own.subject, forms.markdown, forms.html, bool(own.chart_text))


@in_bulk()
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
        closed = _closed(session, settings, week)
        if closed:
            return closed
        past = HeldBefore(session) if told is None else Past.of(told)
        sessions = meetings.forum_outlines(session, *week.days()) if told is None else told
        selection, context, counts = _composed(session, settings, catalogue, week, told, past, sessions)
    return _issue(selection, context, weekly_chart(counts) if context.chart_text else None)


def context_of(
    settings: Settings,
    archive: Archive,
    catalogue: Sequence[Source],
    week: Week,
    *,
    past: Past,
    sessions: Sequence[StoredMeeting],
) -> IssueContext:
    """What the issue of a week that is not closed says, without its forms.

    `past`: of all meetings of the archive; `sessions`: outlines of those of a forum.
    """
    with archive.read() as session:
        return _composed(session, settings, catalogue, week, None, past, sessions)[1]


def _composed(
    session: Session,
    settings: Settings,
    catalogue: Sequence[Source],
    week: Week,
    told: Sequence[StoredMeeting] | None,
    past: Known,
    sessions: Sequence[StoredMeeting],
) -> tuple[Selection, IssueContext, Sequence[WeekCount]]:
    """What the issue holds, what it says, and the meetings of the weeks before it."""
    selection = _select(session, settings, week, told)
    start, end = week.bounds(settings.tz)
    read = articles.articles_between(session, start.astimezone(settings.tz), end.astimezone(settings.tz))
    shown = weeks_before(week, WEEKS + 1)
    counts = count_weeks(tallies(session, shown[0].days()[0], week.days()[1], settings.tz), week)
    present = sources.states_of(session, catalogue)
    context = build_context(
        selection,
        sources=catalogue,
        states=present,
        standing_by=standing_by(catalogue, present, now=selection.as_of),
        articles_read=read,
        counts=counts,
        past=past,
        sessions=sessions,
        web=settings.site_url,
    )
    return selection, context, counts


def _select(session: Session, settings: Settings, week: Week, told: Sequence[StoredMeeting] | None) -> Selection:
    """What the issue holds, from the meetings that may matter to it and what closed issues said."""
    first_run = issues.first_run_at(session)
    back = is_back(week, settings.tz, first_run)
    monday, sunday = week.days()
    said = issues.said_in_closed(session, None, since=said_since(week))
    if told is None:
        # what a late report may be about goes back to the first run, for which nothing was ever mailed
        since = monday if back or not first_run else first_run.astimezone(settings.tz).date()
        told = meetings_for_issue(session, monday, sunday, since=min(since, monday), said=said.values())
        closed = issues.claims(session, [stored.meeting.id for stored in told])
    else:
        closed = issues.closed_issues(session)
    end = week.bounds(settings.tz)[1]
    attempts = (state.last_attempt for state in sources.states(session).values())
    return select_issue(
        told,
        week=week,
        zone=settings.tz,
        closed=closed,
        first_run=first_run,
        as_of=end if back else max(filter(None, attempts), default=end),
        said=said,
    )


def _closed(session: Session, settings: Settings, week: Week) -> Issue | None:
    """The issue as it was closed; None as long as it is not closed."""
    stored = issues.get_issue(session, week.label, settings.zone)
    if stored is None or not stored.state.closed or stored.closed_at is None:
        return None
    return Issue(
        week=week,
        state=stored.state,
        subject=stored.subject,
        meeting_ids=stored.meeting_ids,
        forms=Forms(stored.markdown, stored.html),
        dated=stored.closed_at,
        context=context_from_dict(stored.context) if stored.context is not None else None,
        chart=stored.chart,
        said=stored.said,
        variants=issues.get_variants(session, week.label, settings.zone),
    )


def _issue(selection: Selection, context: IssueContext, chart: bytes | None) -> Issue:
    state = IssueState.BACK if selection.back else IssueState.DRAFT
    return Issue(
        week=selection.week,
        state=state,
        subject=context.subject,
        meeting_ids=selection.meeting_ids,
        forms=render_forms(context),
        dated=selection.as_of,
        context=context,
        chart=chart,
        said=selection.said,
        changes=selection.changes,
    )


def close(
    settings: Settings,
    archive: Archive,
    issue: Issue,
    *,
    now: datetime,
    also: Callable[[Session, Issue], None] = lambda _session, _closed: None,
) -> Issue:
    """Fix what is new in the issue, once and for all, and mark what it corrects; a closed or a back one stays as it is.

    `also` is done to it in the same transaction: what has to be there as soon as it is closed, whatever happens next.
    Raises `InputError` when the week is not over, `MeetingsError` when it is over by a clock alone that the servers
    polled last found to be wrong.
    """
    if issue.state is not IssueState.DRAFT:
        with archive.write() as session:
            also(session, issue)
        return issue
    if issue.week > last_complete_week(now, settings.tz):
        raise InputError(f"{issue.week.label} is not over yet; it can be sent from its next Monday on")
    with archive.read() as session:
        wrong_by = clock.wrong_by(session, now=now)
    if wrong_by and issue.week > last_complete_week(now - wrong_by, settings.tz):
        raise MeetingsError(
            f"{issue.week.label} is not over yet by the servers polled last: this machine's clock is "
            f"{span(wrong_by)} ahead of theirs; set it, then poll again with: meetings ingest --force"
        )
    closed = replace(issue, state=IssueState.FINAL, dated=now)
    with archive.write() as session:
        corrects = corrected(issue.changes, issues.tellings(session, {each.said.id for each in issue.changes}))
        issues.save_issue(session, replace(closed.stored, zone=settings.zone), corrects=corrects)
        # another process may have closed it since it was composed, and readers must all read the same
        closed = _closed(session, settings, issue.week) or closed
        also(session, closed)
    return closed


def files_of(settings: Settings, issue: Issue) -> dict[str, str | bytes]:
    """What stands in the issue's files, by their names."""
    sender = Recipient(parse_sender(settings.mail_from).addr_spec)
    files: dict[str, str | bytes] = {
        "digest.md": issue.forms.markdown,
        PAGE: with_chart(issue.forms.html, CHART_NAME),
        "digest.txt": issue.forms.markdown,
        "digest.eml": message(settings, issue, sender).as_bytes(),
    }
    if issue.chart:
        files[CHART_NAME] = issue.chart
    return files


def write(settings: Settings, issue: Issue, out: Path | None) -> tuple[Path, ...]:
    """Write the issue's files below `out` (default: the home's `issues`); the paths."""
    return write_issue_files(out or settings.home / FOLDER, issue.week.label, files_of(settings, issue))


def message(
    settings: Settings, issue: Issue, recipient: Recipient, text: StoredVariant | None = None, *, name: str = ""
) -> EmailMessage:
    """The issue as a mail to one recipient; `text` and `name`, its Message-ID, as the ledger has them, if it does."""
    return _message(settings, issue, recipient, text or issue.for_reader(recipient.choice), name=name)


def trial_message(settings: Settings, issue: Issue, recipient: Recipient, *, now: datetime) -> EmailMessage:
    """The issue as it is now, marked as a test in its subject, under a Message-ID and a date of its own."""
    name = message_id_of(settings, issue, recipient, occasion=f"test {now.isoformat()}")
    text = issue.for_reader(recipient.choice)
    return _message(settings, issue, recipient, replace(text, subject=f"[Test] {text.subject}"), date=now, name=name)


def _message(
    settings: Settings,
    issue: Issue,
    recipient: Recipient,
    text: StoredVariant,
    *,
    date: datetime | None = None,
    name: str = "",
) -> EmailMessage:
    """The same bytes from the same text: `date` and `name` (its Message-ID) are the issue's own unless given."""
    return build_message(
        Forms(text.markdown, text.html),
        subject=text.subject,
        sender=settings.mail_from,
        recipient=recipient,
        date=date or issue.dated,
        message_id=name or message_id_of(settings, issue, recipient),
        chart=issue.chart if text.charted else None,
        headers=unsubscribe(settings).headers(recipient.address),
    )


def message_id_of(settings: Settings, issue: Issue, recipient: Recipient, *, occasion: str = "") -> str:
    """The Message-ID of the issue to a recipient, or of a mail on another occasion."""
    domain = parse_sender(settings.mail_from).domain
    return message_id(issue.week.label, settings.zone, recipient.address, domain, occasion)


def unsubscribe(settings: Settings) -> Unsubscribe:
    """How a reader leaves the list; raises `InputError` when the key for its addresses is missing."""
    secret = settings.unsubscribe_secret.get_secret_value() if settings.unsubscribe_secret else ""
    if settings.unsubscribe_url and not secret:
        raise InputError("unsubscribe_url is set without unsubscribe_secret, the key of its tokens (docs/email.md)")
    return Unsubscribe(settings.unsubscribe_url, secret, settings.unsubscribe_mailto)


def load_recipients(settings: Settings) -> tuple[Recipient, ...]:
    """Who gets the digest; raises `InputError` when nobody does, naming the file and what is wrong in it."""
    path = settings.recipients_file
    if not path.exists():
        raise InputError(f"there is no {path} yet; name in it who gets the digest (docs/email.md)")
    recipients = parse_recipients(read_text(path, "list of recipients"), name=str(path))
    if not recipients:
        raise InputError(f"{path} names nobody; add a [[recipient]] table with an address (docs/email.md)")
    return recipients


def reader_at(settings: Settings, address: str) -> Recipient:
    """The recipient on the list with this address, else a reader of everything; `InputError` when it is none."""
    checked = check_address(address, where="the address")
    known = load_recipients(settings) if settings.recipients_file.exists() else ()
    return next((each for each in known if each.address.lower() == checked.lower()), Recipient(checked))


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
