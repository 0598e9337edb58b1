"""What a run learns of its sources as a whole: whose fault it was, and which alarms it raised or withdrew.

states before, reports -> own network down? -> sources not asked, as time passes -> alarms raised and withdrawn
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive import sources
from archive.locks import Check
from archive.store import Archive
from fetch import policy, watch
from flows.polling import SourceReport
from parsers.records import Alarm, Outcome, Source, SourceState


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm that a run raised, or withdrew."""

    source_id: str
    alarm: Alarm
    raised: bool

    def __str__(self) -> str:
        what = f"{self.source_id}, {self.alarm.kind}"
        return f"alarm: {what}: {self.alarm.message}" if self.raised else f"alarm over: {what}"


@dataclass(frozen=True, slots=True)
class WatchReport:
    """The alarms that a run raised and withdrew. `network_down`: no host could be reached, so no source is blamed."""

    changes: tuple[AlarmChange, ...] = ()
    network_down: bool = False


def standing_by(catalogue: Sequence[Source], states: Mapping[str, SourceState], *, now: datetime) -> frozenset[str]:
    """The ids of the fall-backs that are not polled now, because what they stand in for is well."""
    by_id = {source.id: source for source in catalogue}
    return frozenset(
        source.id
        for source in catalogue
        if source.fallback_for and not watch.fallback_needed(source, by_id, states, now=now)
    )


def resting_behind(catalogue: Sequence[Source], idle: Collection[str]) -> dict[str, list[Source]]:
    """The enabled fall-backs among `idle`, by the id of the source that is polled where they rest."""
    by_id = {source.id: source for source in catalogue}
    found: dict[str, list[Source]] = {}
    for source in catalogue:
        if source.enabled and source.id in idle:
            front = source
            while front.id in idle and front.fallback_for:
                front = by_id[front.fallback_for]
            found.setdefault(front.id, []).append(source)
    return found


def conclude(
    archive: Archive,
    catalogue: Sequence[Source],
    before: Mapping[str, SourceState],
    reports: Sequence[SourceReport],
    *,
    now: datetime,
    check: Check,
) -> WatchReport:
    """After a run's polls: blame nobody for our own network, let time pass for who was not asked, compare alarms.

    `before` is what was known of every source of the catalogue when the run began; `check` is asked first, in the same
    transaction.
    """
    with archive.write() as session:
        check(session)
        known = sources.states_of(session, catalogue)
        asked = {report.source_id: report.outcome for report in reports if not _kept_back(report, before, known)}
        changed = policy.run_over(catalogue, before, known, asked, now=now)
        for state in changed.values():
            sources.save_state(session, state)
    after, down = known | changed, policy.network_down(catalogue, asked)
    return WatchReport(tuple(c for s in catalogue for c in _changes(before[s.id], after[s.id])), down)


def _kept_back(report: SourceReport, before: Mapping[str, SourceState], after: Mapping[str, SourceState]) -> bool:
    """Whether our own pace kept the request back, which says nothing of the network."""
    key = report.source_id
    return report.outcome is Outcome.RATE_LIMITED and before[key].last_attempt == after[key].last_attempt


def _changes(before: SourceState, after: SourceState) -> list[AlarmChange]:
    stood, stand = ({alarm.kind: alarm for alarm in state.alarms} for state in (before, after))
    raised = [AlarmChange(after.source_id, alarm, True) for kind, alarm in stand.items() if kind not in stood]
    return raised + [AlarmChange(after.source_id, alarm, False) for kind, alarm in stood.items() if kind not in stand]
