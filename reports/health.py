"""How the sources are: which are troubled, since when, what that means for an issue, who stands in for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from parsers.records import AlarmKind, Outcome, Source, SourceState
from reports import words
from reports.clean import one_line
from reports.records import HealthView

NAME_LIMIT = 80
UNTRIED = "No source has been polled yet."


class Health(StrEnum):
    """How a source is, worst first: documented in docs/vocabulary.md."""

    ALARM = "alarm"
    FAILED = "failed"
    UNPOLLED = "unpolled"
    WELL = "well"
    STANDBY = "standby"
    OFF = "off"

    @property
    def troubled(self) -> bool:
        """True when a person should know of it."""
        return self in (Health.ALARM, Health.FAILED)

    @property
    def watched(self) -> bool:
        """True when the source is polled at present."""
        return self not in (Health.STANDBY, Health.OFF)


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source of the catalogue; `stand_ins` are the fall-backs that are polled in its place now."""

    source: Source
    state: SourceState
    health: Health
    stand_ins: tuple[Source, ...] = ()


def survey(
    catalogue: Sequence[Source], states: Mapping[str, SourceState], standing_by: Collection[str]
) -> list[SourceHealth]:
    """The health of every source, the worst first. `standing_by`: the fall-backs that nothing needs at present."""
    stand_ins: dict[str, list[Source]] = {}
    for source in catalogue:
        if source.fallback_for and source.enabled and source.id not in standing_by:
            stand_ins.setdefault(source.fallback_for, []).append(source)
    found = []
    for source in catalogue:
        state = states.get(source.id, SourceState(source.id))
        health = _health(source, state, source.id in standing_by)
        found.append(SourceHealth(source, state, health, tuple(stand_ins.get(source.id, ()))))
    worst_first = list(Health)
    return sorted(found, key=lambda item: (worst_first.index(item.health), item.source.id))


def _health(source: Source, state: SourceState, stands_by: bool) -> Health:
    if not source.enabled:
        return Health.OFF
    if stands_by:
        return Health.STANDBY
    if state.alarms:
        return Health.ALARM
    if state.outcome is Outcome.NEVER_POLLED:
        return Health.UNPOLLED
    return Health.FAILED if state.failures else Health.WELL


def untried(sources: Sequence[SourceHealth]) -> bool:
    """True when there are sources to poll and none was polled yet: a new archive, or one that only imports."""
    watched = [item for item in sources if item.health.watched]
    return bool(watched) and all(item.health is Health.UNPOLLED for item in watched)


def sources_line(sources: Sequence[SourceHealth]) -> str:
    """`36 of 40 sources are well; 4 fall-backs stand by.`; empty when none is polled."""
    watched = [item for item in sources if item.health.watched]
    if not watched:
        return ""
    if untried(sources):
        return UNTRIED
    well = sum(item.health is Health.WELL for item in watched)
    idle = sum(item.health is Health.STANDBY for item in sources)
    more = f"; {words.counted(idle, 'fall-back stands by', 'fall-backs stand by')}" if idle else ""
    return f"{well} of {words.counted(len(watched), 'source')} {'is' if len(watched) == 1 else 'are'} well{more}."


def gaps_line(sources: Sequence[SourceHealth]) -> str:
    """Why a quiet week may be quiet; empty when no source is polled."""
    watched = [item for item in sources if item.health.watched]
    ill = sum(item.health is not Health.WELL for item in watched)
    if not watched:
        return ""
    if untried(sources):
        return UNTRIED
    if not ill:
        return f"All {len(watched)} sources are well." if len(watched) > 1 else "The one source is well."
    are = "is" if ill == 1 else "are"
    return f"{ill} of {words.counted(len(watched), 'source')} {are} not well, so something may be missing."


def health_view(item: SourceHealth, zone: ZoneInfo) -> HealthView:
    """One troubled source in one line: what is wrong, since when, and what that means for the issue."""
    source, state = item.source, item.state
    alarm = state.alarms[0] if state.alarms else None
    told = words.OUTCOMES[state.outcome]
    wrong = "; ".join(words.ALARMS.get(alarm.kind, told) for alarm in state.alarms) or told
    since = alarm.since if alarm else state.since
    return HealthView(
        name=f"{one_line(source.outlet_name, NAME_LIMIT)} ({one_line(source.id, NAME_LIMIT)})",
        words=wrong,
        since=f"since {words.moment(since, zone)}" if since else "",
        meaning="; ".join(filter(None, (_missing(state, zone), _stand_ins(item)))),
    )


def _missing(state: SourceState, zone: ZoneInfo) -> str:
    """What the issue may lack of a source."""
    match state.alarms[0].kind if state.alarms else None:
        case AlarmKind.DUPLICATES:
            return "others tell the same, so nothing is missing"
        case AlarmKind.LAYOUT:
            return "its articles may be missing"
        case AlarmKind.STALE if state.newest:
            return f"its newest item is of {words.plain_day(state.newest.astimezone(zone).date())}"
    last: datetime | None = state.last_new if _answers(state) else state.last_success
    return f"nothing from it since {words.moment(last, zone)}" if last else "nothing from it yet"


def _answers(state: SourceState) -> bool:
    return bool(state.alarms) and not state.failures


def _stand_ins(item: SourceHealth) -> str:
    if item.state.alarms and item.state.alarms[0].kind is AlarmKind.DUPLICATES:
        return ""
    names = [one_line(source.id, NAME_LIMIT) for source in item.stand_ins]
    return f"{words.listed(names)} {'stand' if len(names) > 1 else 'stands'} in for it" if names else ""
