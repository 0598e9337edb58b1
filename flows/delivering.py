"""A closed issue's messages, one by one: planned, claimed, sent, settled; what waits is sent when the ledger says so.

plan_all -> send_due -> SendReport      `send_open` does it for all that later runs find open
ledger, act                             what a person sees of it, and does to it
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from archive import deliveries, issues
from archive.deliveries import Act, Patience
from archive.locks import Busy, Lease
from archive.records import Delivery, DeliveryState, StoredVariant
from archive.store import Archive
from flows import issuing
from flows.heartbeat import without_addresses
from flows.opening import existing_archive, open_archive
from flows.owner import is_gone, owner
from flows.settings import Settings
from flows.steps import alone, now_utc
from parsers.records import InputError, MeetingsError
from reports.recipients import Recipient
from reports.smtp import SendResult, SmtpSettings, send
from reports.week import parse_week

FRESH = timedelta(days=7)
"""So long after an issue closed its open messages are sent by runs of their own accord; later a person asks for it."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SendReport:
    """How an issue's deliveries stand after a sending, for the recipients on the list.

    `accepted` now, `skipped` before; `waiting`: not delivered, `unknown`: nobody knows, both to be tried again from
    `again` on (UTC), but for the `held` ones among them.
    """

    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    waiting: int = 0
    skipped: int = 0
    held: int = 0
    again: datetime | None = None
    problems: tuple[str, ...] = ()

    def in_words(self, zone: ZoneInfo) -> str:
        """One sentence without its full stop, and without any address."""
        known = f"{self.accepted} accepted, {self.refused} refused, {self.unknown} unknown"
        held = f", {self.held} of them held" if self.held else ""
        again = f", the next on {self.again.astimezone(zone):%d %b at %H:%M}" if self.again else ""
        return f"{known}, {self.waiting} to be tried again, {self.skipped} served before{held}{again}"


@dataclass
class Pace:
    """At most so many messages are begun in any minute of one sending; 0 is no limit."""

    per_minute: int
    _begun: deque[datetime] = field(default_factory=deque)

    def pause(self, now: datetime) -> timedelta:
        """How long to wait before the next one is begun; it counts as begun then."""
        while self._begun and now - self._begun[0] >= _MINUTE:
            self._begun.popleft()
        full = bool(self.per_minute) and len(self._begun) >= self.per_minute
        wait = self._begun[-self.per_minute] + _MINUTE - now if full else timedelta(0)
        self._begun.append(now + wait)
        return wait


def patience(settings: Settings) -> Patience:
    """What the person set of waiting and giving up."""
    return Patience(
        retry_for=timedelta(seconds=settings.mail_retry_for),
        unknown_after=timedelta(seconds=settings.mail_unknown_after),
        hold_unknown=settings.mail_unknown == "hold",
    )


def plan_all(
    settings: Settings, session: Session, issue: issuing.Issue, recipients: Sequence[Recipient], *, now: datetime
) -> None:
    """Enter everybody on the list into the ledger, and keep what the choices of theirs leave of the issue.

    So a repetition under the same Message-ID says the same, and what was begun is finished by whoever comes next. What
    may have been mailed already by the archive that a backup replaced waits for a person.
    """
    week, zone = issue.week.label, settings.zone
    restored = issues.restored_at(session)
    over = restored is not None and issue.week.bounds(settings.tz)[1] <= restored
    doubt = deliveries.BEFORE_RESTORE if over else ""
    texts = {choice: issue.for_reader(choice) for choice in dict.fromkeys(to.choice for to in recipients)}
    named = [(to.address, issuing.message_id_of(settings, issue, to)) for to in recipients]
    choices = {to.address: texts[to.choice].choice for to in recipients}
    deliveries.plan(session, week, zone, named, now=now, choices=choices, doubt=doubt)
    for text in texts.values():
        if text.choice:
            issues.keep_variant(session, week, zone, text)


def send_due(
    settings: Settings,
    archive: Archive,
    issue: issuing.Issue,
    recipients: Sequence[Recipient],
    smtp: SmtpSettings,
    *,
    lease: Lease,
    sleep: Callable[[float], None] = time.sleep,
) -> SendReport:
    """Send the messages of a closed issue that are due, to those on the list, one after the other.

    A mail server that turns away one message for reasons that hold for all is not asked again in this sending. Raises
    `archive.locks.LeaseLost` before a message when another sender took over.
    """
    week, zone, pace = issue.week.label, settings.zone, Pace(settings.mail_per_minute)
    listed = {to.address.lower(): to for to in recipients}
    with archive.write() as session:
        waits = patience(settings)
        deliveries.give_up_abandoned(session, is_gone=is_gone, now=now_utc(), patience=waits)
        deliveries.set_right(session, now=now_utc(), patience=waits)
        deliveries.give_up_unlisted(session, week, zone, listed, now=now_utc(), patience=waits)
        # among them those that were kept when the messages were planned, after the issue was composed
        issue = replace(issue, variants=issues.get_variants(session, week, zone))
    before = _standing(archive, week, zone, listed)
    turned_away = ""
    for each in before:
        if not each.is_due(now_utc()):
            continue
        if not turned_away:
            sleep(pace.pause(now_utc()).total_seconds())
        to = listed[each.recipient.lower()]
        result = deliver(settings, archive, issue, to, smtp, now_fn=now_utc, check=lease.check, turned_away=turned_away)
        turned_away = turned_away or (result.turned_away if result else "")
    return _report(before, _standing(archive, week, zone, listed))


def deliver(
    settings: Settings,
    archive: Archive,
    issue: issuing.Issue,
    recipient: Recipient,
    smtp: SmtpSettings,
    *,
    now_fn: Callable[[], datetime],
    check: Callable[[Session], None],
    turned_away: str = "",
) -> SendResult | None:
    """Send one planned message unless the ledger says that it is not to be sent now: then None.

    `issue` comes with all variants that were planned.
    The claim is committed before the first word to the mail server, the outcome after the last (design §6.3).
    `check` raises when another sender took over. `turned_away`: why the server takes no message now; then it is not
    asked.
    """
    week, zone, me = issue.week.label, settings.zone, owner()
    lease = max(deliveries.LEASE, timedelta(seconds=smtp.longest))
    with archive.write() as session:
        check(session)
        claimed = deliveries.claim(session, week, zone, recipient.address, sender=me, now=now_fn(), lease=lease)
        text = _as_planned(session, settings, issue, recipient, claimed.choice) if claimed else None
    if claimed is None or text is None:
        return None
    if turned_away:
        result = SendResult(DeliveryState.PLANNED, f"The message to {recipient.address} was not tried: {turned_away}")
    else:
        result = send(issuing.message(settings, issue, recipient, text, name=claimed.message_id), smtp)
    with archive.write() as session:
        deliveries.settle(
            session,
            week,
            zone,
            claimed.recipient,
            result.state,
            result.message,
            sender=me,
            now=now_fn(),
            patience=patience(settings),
        )
    return result


def _as_planned(
    session: Session, settings: Settings, issue: issuing.Issue, recipient: Recipient, choice: str | None
) -> StoredVariant:
    """What a recipient's message was planned to say, whatever their choice is now.

    `choice` is the one planned then; None when that is not known, and theirs of today counts.
    """
    if choice is None:
        text = issue.for_reader(recipient.choice)
        return issues.keep_variant(session, issue.week.label, settings.zone, text) if text.choice else text
    return next((each for each in issue.variants if each.choice == choice), issue.whole)


def _standing(archive: Archive, week: str, zone: str, listed: Mapping[str, Recipient]) -> list[Delivery]:
    """The deliveries to those on the list, in its order."""
    with archive.read() as session:
        known = {each.recipient.lower(): each for each in deliveries.deliveries(session, week, zone=zone)}
    return [known[address] for address in listed if address in known]


def _report(before: Sequence[Delivery], after: Sequence[Delivery]) -> SendReport:
    served = {each.recipient for each in before if each.state is DeliveryState.ACCEPTED}
    refused = {each.recipient for each in before if each.state is DeliveryState.REFUSED}
    states = Counter(each.state for each in after)
    still = [each for each in after if each.state in deliveries.OPEN]
    return SendReport(
        accepted=states[DeliveryState.ACCEPTED] - len(served),
        refused=states[DeliveryState.REFUSED],
        unknown=states[DeliveryState.UNKNOWN],
        waiting=states[DeliveryState.PLANNED] + states[DeliveryState.SENDING],
        skipped=len(served),
        held=sum(each.held for each in still),
        again=min((each.next_attempt for each in still if not each.held and each.next_attempt), default=None),
        problems=tuple(_problem(each, each.recipient in refused) for each in after if _is_problem(each)),
    )


def _is_problem(each: Delivery) -> bool:
    """What a person held before it was sent is their own doing."""
    return each.state is not DeliveryState.ACCEPTED and not (each.held and each.state is DeliveryState.PLANNED)


def _problem(each: Delivery, refused_before: bool) -> str:
    """A refusal is told again at every sending, because somebody has to mend it."""
    if refused_before:
        return f"{each.recipient} was refused and is not tried again: {each.message}"
    held = " It is held until you say what became of it: meetings deliveries resolve." if each.held else ""
    return f"{each.message}{held}"


def send_open(settings: Settings) -> SendReport | None:
    """Send what is due of the issues closed in the last week; None where there is nothing, or no mail is set up.

    Raises `archive.locks.Busy` when another sender is at work.
    """
    if not settings.smtp_host or not settings.recipients_file.exists():
        return None
    with open_archive(settings) as archive:
        if not _due_issues(settings, archive):
            return None
        recipients, smtp = issuing.load_recipients(settings), issuing.smtp_settings(settings)
        with alone(archive, "send") as lease:
            reports = []
            for week, zone in _due_issues(settings, archive):
                there = settings.model_copy(update={"zone": zone})
                issue = issuing.compose(there, archive, (), parse_week(week))
                reports.append(send_due(there, archive, issue, recipients, smtp, lease=lease))
    return summed(reports)


def send_what_waits(settings: Settings) -> str:
    """`send_open` at the end of an ingest, which it never fails: what came of it, without any address; or nothing."""
    try:
        sent = send_open(settings)
    except Busy:
        return ""
    except MeetingsError as error:
        return f"mail that waits was not sent: {without_addresses(str(error))}"
    return f"mail that waited: {sent.in_words(settings.tz)}" if sent else ""


def _due_issues(settings: Settings, archive: Archive) -> list[tuple[str, str]]:
    now = now_utc()
    with archive.read() as session:
        return deliveries.due_issues(session, now=now, closed_since=now - FRESH, patience=patience(settings))


def summed(reports: Sequence[SendReport]) -> SendReport:
    """Several sendings as one."""
    return SendReport(
        **{name: sum(getattr(each, name) for each in reports) for name in _COUNTS},
        again=min((each.again for each in reports if each.again), default=None),
        problems=tuple(problem for each in reports for problem in each.problems),
    )


_COUNTS = ("accepted", "refused", "unknown", "waiting", "skipped", "held")


def ledger(settings: Settings, week: str | None) -> list[Delivery]:
    """The ledger as it stands, of a week or whole."""
    with existing_archive(settings) as archive, archive.read() as session:
        return deliveries.deliveries(session, week, now=now_utc())


def act(settings: Settings, what: Act, week: str | None, recipients: Sequence[str]) -> list[Delivery]:
    """Do with the ledger what a person says; the deliveries that it changed, as they were.

    Raises `InputError` when there are none, when they are of several issues, or when a recipient has none such.
    """
    with existing_archive(settings) as archive, archive.write() as session:
        deliveries.give_up_abandoned(session, is_gone=is_gone, now=now_utc(), patience=patience(settings))
        found = deliveries.open_to(session, what, week, recipients)
        weeks = sorted({each.week for each in found})
        of_week = f" of {week}" if week else ""
        if missing := [to for to in sorted(recipients) if to.lower() not in {each.recipient.lower() for each in found}]:
            raise InputError(
                f"there is no {_MEANT[what]} message{of_week} to {', '.join(missing)}; see: meetings deliveries"
            )
        if not found:
            raise InputError(f"there is no {_MEANT[what]} message{of_week}; see: meetings deliveries")
        if len(weeks) > 1:
            raise InputError(f"there are such messages of {', '.join(weeks)}; name one with --issue")
        deliveries.carry_out(session, what, weeks[0], recipients, now=now_utc())
    return found


_MEANT = {Act.RETRY: "refused, held or waiting", Act.HOLD: "open", Act.ACCEPTED: "unknown", Act.LOST: "unknown"}
