"""What of the whole program needs a person: each finding from a fixed vocabulary, with a sentence that says what to do.

beats, sources, issues, deliveries, disk -> findings, those that stop the most first
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from archive.deliveries import OPEN
from archive.records import Delivery, DeliveryState
from parsers.records import SourceState
from reports import words
from reports.health import Health, SourceHealth
from reports.select import is_back
from reports.week import Week, last_complete_week

PATIENCE = timedelta(hours=12)
"""So long after Monday began its issue may still come; so long after an issue closed its mail may be under way."""
BACKUP_PATIENCE = timedelta(days=8)
POSTPONED = timedelta(days=1)
"""So long after its last answer a source is due only when runs put it off because no host could be reached."""


class RunKind(StrEnum):
    """What the heartbeat tells of: documented in docs/vocabulary.md."""

    INGEST = "ingest"
    DIGEST = "digest"


class Trouble(StrEnum):
    """What needs a person, that which stops the most first: documented in docs/vocabulary.md."""

    ARCHIVE_UNUSABLE = "archive_unusable"
    SETTINGS_WRONG = "settings_wrong"
    DISK_LOW = "disk_low"
    CLOCK_WRONG = "clock_wrong"
    HEARTBEAT_STALE = "heartbeat_stale"
    RUN_LATE = "run_late"
    RUN_FAILED = "run_failed"
    POLL_OVERDUE = "poll_overdue"
    NETWORK_DOWN = "network_down"
    BACKUP_OVERDUE = "backup_overdue"
    ISSUE_MISSING = "issue_missing"
    DELIVERY_OVERDUE = "delivery_overdue"
    DELIVERY_HELD = "delivery_held"
    DELIVERY_REFUSED = "delivery_refused"
    SOURCE_ALARM = "source_alarm"


@dataclass(frozen=True, slots=True)
class Beat:
    """How the last run of a kind ended on this machine, and when (UTC). `message` is empty when it went well."""

    run: RunKind
    ended: datetime
    well: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """When it is looked, in which zone times are told, and for how long nothing may have run."""

    now: datetime
    zone: ZoneInfo
    overdue_after: timedelta


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that needs a person. `subject`: the run, source or week that it is about; it names no recipient."""

    trouble: Trouble
    message: str
    subject: str = ""

    @property
    def key(self) -> str:
        """The same as long as it is the same trouble with the same thing, whatever its sentence says."""
        return f"{self.trouble}:{self.subject}"

    def __str__(self) -> str:
        return f"{self.trouble}: {self.message}"


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings in the order of `Trouble`, then by subject."""
    order = list(Trouble)
    return tuple(sorted(findings, key=lambda each: (order.index(each.trouble), each.subject)))


def disk_findings(free: int, least: int, place: str) -> list[Finding]:
    """`free` and `least` in bytes."""
    if free >= least:
        return []
    megabytes = f"{free // 1_000_000:,} MB are free on the disk of {place}, fewer than the {least // 1_000_000:,} set"
    return [Finding(Trouble.DISK_LOW, f"{megabytes} (disk_free_mb); make room before a run fails.")]


def clock_findings(wrong_by: timedelta) -> list[Finding]:
    """`wrong_by`: how far the clock is ahead of the servers' (negative: behind), zero when it is well."""
    if not wrong_by:
        return []
    where = "ahead of" if wrong_by > timedelta(0) else "behind"
    clock = f"This machine's clock is {words.span(abs(wrong_by))} {where} those of the servers polled last"
    return [Finding(Trouble.CLOCK_WRONG, f"{clock}; set it, then poll again with: meetings ingest --force")]


def run_findings(beats: Sequence[Beat], at: Look) -> list[Finding]:
    """Runs that failed, or of which none has ended for too long; a machine on which none ever ended has no such duty.

    What a failed digest left undone is told by its issue and its deliveries once `PATIENCE` is over.
    """
    found = [
        Finding(
            Trouble.RUN_FAILED,
            f"The {beat.run} of {words.moment(beat.ended, at.zone)} failed: {beat.message}",
            beat.run,
        )
        for beat in beats
        if not beat.well and (beat.run is RunKind.INGEST or at.now - beat.ended < PATIENCE)
    ]
    latest = max((beat.ended for beat in beats), default=at.now)
    if at.now - latest > at.overdue_after:
        since = f"No run has ended on this machine since {words.moment(latest, at.zone)}"
        found.append(Finding(Trouble.HEARTBEAT_STALE, f"{since}; look whether `meetings serve` runs."))
    return found


def backup_findings(newest: datetime | None, at: Look) -> list[Finding]:
    """`newest`: when the last backup was made; where there is none, backups are made by other means."""
    if newest is None or at.now - newest <= BACKUP_PATIENCE:
        return []
    made = f"The newest backup was made on {words.moment(newest, at.zone)}"
    return [Finding(Trouble.BACKUP_OVERDUE, f"{made}; see what `meetings backup` says.")]


def source_findings(sources: Sequence[SourceHealth], first_run: datetime | None, at: Look) -> list[Finding]:
    """Alarms that stand, and whether polling as a whole has stopped although sources are due."""
    found = [
        Finding(Trouble.SOURCE_ALARM, f"{item.source.id}, {alarm.kind}: {alarm.message}", item.source.id)
        for item in sources
        if item.health is Health.ALARM
        for alarm in item.state.alarms
    ]
    states = [item.state for item in sources if item.health.watched]
    last = max((state.last_attempt for state in states if state.last_attempt), default=None)
    since = last or first_run
    waiting = [state for state in states if state.next_due is None or at.now - state.next_due > at.overdue_after]
    if waiting and since and at.now - since > at.overdue_after:
        asked = f"has been asked since {words.moment(since, at.zone)}" if last else "has been asked yet"
        due = f"{words.counted(len(waiting), 'source')} {'is' if len(waiting) == 1 else 'are'} due"
        found.append(
            Finding(Trouble.POLL_OVERDUE, f"No source {asked}, and {due}; start an ingest and see what it says.")
        )
    elif states and since and at.now - since > at.overdue_after and all(map(_is_postponed, states)):
        blamed = f"No host could be reached since {words.moment(since, at.zone)}"
        found.append(Finding(Trouble.NETWORK_DOWN, f"{blamed}; look at this machine's network and its name server."))
    return found


def _is_postponed(state: SourceState) -> bool:
    """Whether runs put a source off without having asked it."""
    return state.last_attempt is None or (
        state.next_due is not None and state.next_due - state.last_attempt > POSTPONED
    )


def issue_findings(closed: Collection[str], first_run: datetime | None, at: Look) -> list[Finding]:
    """The issue that was due last Monday and is not closed; `closed` are the labels of closed ones in `zone`."""
    week: Week = last_complete_week(at.now - PATIENCE, at.zone)
    if week.label in closed or is_back(week, at.zone, first_run):
        return []
    what = f"The issue of {week.label} was due on {words.plain_day(week.bounds(at.zone)[1].astimezone(at.zone).date())}"
    return [
        Finding(
            Trouble.ISSUE_MISSING,
            f"{what} and is not closed; `meetings trigger digest` or `meetings digest --send` makes up for it.",
            week.label,
        )
    ]


def delivery_findings(ledger: Sequence[Delivery], closed_at: Mapping[str, datetime], at: Look) -> list[Finding]:
    """Messages that are held, long under way, or were refused in the newest issue; `closed_at` is by week."""
    newest = max(closed_at, default="")
    counts: Counter[tuple[Trouble, str]] = Counter()
    for each in ledger:
        if each.state in OPEN and each.held:
            counts[Trouble.DELIVERY_HELD, each.week] += 1
        elif each.state in OPEN and at.now - closed_at.get(each.week, at.now) > PATIENCE:
            counts[Trouble.DELIVERY_OVERDUE, each.week] += 1
        elif each.state is DeliveryState.REFUSED and each.week == newest:
            counts[Trouble.DELIVERY_REFUSED, each.week] += 1
    return [_delivery_finding(trouble, week, count) for (trouble, week), count in counts.items()]


def _delivery_finding(trouble: Trouble, week: str, count: int) -> Finding:
    said = {
        Trouble.DELIVERY_OVERDUE: f"not known to be delivered {PATIENCE // timedelta(hours=1)} hours after it closed",
        Trouble.DELIVERY_HELD: "held, and nobody sends what is held until a person says so",
        Trouble.DELIVERY_REFUSED: "refused by the mail server for good",
    }[trouble]
    messages = f"{words.counted(count, 'message')} of {week} {'is' if count == 1 else 'are'}"
    return Finding(trouble, f"{messages} {said}; `meetings deliveries --issue {week}` names them.", week)
