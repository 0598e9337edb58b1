"""How the sources are at this moment, for `meetings sources check`, `meetings status` and the table of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from archive import sources
from archive.records import FetchLogLine
from archive.store import Archive
from flows.opening import existing_archive
from flows.settings import Settings
from flows.steps import load_catalogue, now_utc
from flows.watching import standing_by
from parsers.records import Source
from parsers.source_tables import interval_text
from reports.health import SourceHealth, survey

COLUMNS = ("source", "state", "since", "ok", "new", "newest", "rhythm", "due")
"""What a table of sources shows; all but the first two as spans of time."""


def health_of(archive: Archive, catalogue: Sequence[Source], *, now: datetime) -> list[SourceHealth]:
    """The health of every source of the catalogue, the worst first."""
    with archive.read() as session:
        states = sources.states_of(session, catalogue)
    return survey(catalogue, states, standing_by(catalogue, states, now=now))


def source_health(settings: Settings) -> tuple[list[SourceHealth], Mapping[str, FetchLogLine]]:
    """The health of the sources in force, the worst first, and the last poll of each by its id."""
    catalogue = load_catalogue(settings).sources
    with existing_archive(settings) as archive:
        found = health_of(archive, catalogue, now=now_utc())
        with archive.read() as session:
            return found, sources.last_fetches(session)


def row(item: SourceHealth, *, now: datetime) -> tuple[str, ...]:
    """One line of a table of sources, under `COLUMNS`: narrow enough for a terminal of 80 columns.

    The state is the alarms that stand, else how the last poll failed, else the `Health`.
    """
    state = item.state
    since = state.alarms[0].since if state.alarms else state.since
    told: str = item.health
    if item.health.troubled:
        told = ", ".join(alarm.kind for alarm in state.alarms) or state.outcome
    due = span(state.next_due - now) if state.next_due and state.next_due > now else "now"
    return (
        item.source.id,
        told,
        *(
            span(now - moment) if moment else "–"
            for moment in (since, state.last_success, state.last_new, state.newest)
        ),
        interval_text(item.source.rhythm),
        due if item.health.watched else "–",
    )


def why(item: SourceHealth) -> str:
    """What is wrong with a troubled source, in one sentence or one for each alarm; empty for any other."""
    if not item.health.troubled:
        return ""
    return " ".join(alarm.message for alarm in item.state.alarms) or item.state.message


def span(time: timedelta) -> str:
    """`5m`, `3h` or `12d`: the largest unit of which at least two have passed, rounded down."""
    minutes = max(int(time.total_seconds() // 60), 0)
    if minutes >= 2 * 1440:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes >= 120 else f"{minutes}m"


def health_json(item: SourceHealth, poll: FetchLogLine | None, settings: Settings) -> dict[str, Any]:
    """All that is known of how one source is; times in ISO 8601, in the digest's zone."""

    def shown(moment: datetime | None) -> str | None:
        return moment.astimezone(settings.tz).isoformat(timespec="minutes") if moment else None

    source, state = item.source, item.state
    return {
        "source": source.id,
        "outlet": source.outlet,
        "health": item.health.value,
        "alarms": [{"kind": a.kind.value, "since": shown(a.since), "message": a.message} for a in state.alarms],
        "outcome": state.outcome.value,
        "failing": item.health.troubled,
        "message": state.message,
        "since": shown(state.since),
        "failing_since": shown(state.failing_since),
        "last_attempt": shown(state.last_attempt),
        "last_success": shown(state.last_success),
        "last_new": shown(state.last_new),
        "newest": shown(state.newest),
        "rhythm": interval_text(source.rhythm),
        "interval": interval_text(state.interval or source.interval),
        "next_due": shown(state.next_due),
        "failures": state.failures,
        "fallback_for": source.fallback_for,
        "stand_ins": [stand_in.id for stand_in in item.stand_ins],
        "entries": poll.entries if poll else None,
        "new_articles": poll.new_articles if poll else None,
        "by_outlet": poll.by_outlet if poll else None,
        "by_generic": poll.by_generic if poll else None,
        "skipped": poll.skipped if poll else {},
    }
