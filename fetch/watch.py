"""What is wrong with a source for so long that a person should look, and which fall-back then stands in for it.

    a poll's findings + what is remembered -> alarms -> fall-backs needed

Pure: time enters as an argument. Every bound is a constant here and a row of docs/watching.md, compared by a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from parsers.records import Alarm, AlarmKind, Entry, Outcome, Source, SourceState, article_key

DAY = timedelta(days=1)

FAILING_AFTER = DAY
FAILING_INTERVALS = 4
SILENT_RHYTHMS = 3
STALE_RHYTHMS = 3
STALE_AFTER = 14 * DAY
ASTRAY_PAGES = 3
DUPLICATE_SHARE = 0.90
DUPLICATES_LEAST = 20
DUPLICATES_WITHIN = 30 * DAY
RETIRED_AFTER = 7 * DAY
# A fall-back goes on for so long after its source's alarm is over: a flapping one does not switch it about.
REST_AFTER = DAY
# Of listings, so many as long as the last one are remembered, in keys no fewer and no more than these: caches that
# answer in turn give the same few lists again and again, of which none is news.
LISTINGS = 3
KEYS_LEAST, KEYS_MOST = 100, 6_000
# Outlets date tomorrow's print edition today, and in zones ahead of ours; a date further off is a mistake.
AHEAD = DAY

# The alarms on which a fall-back stands in; copies bring all their news, only not first.
_TROUBLES = frozenset(AlarmKind) - {AlarmKind.DUPLICATES}


@dataclass(frozen=True, slots=True)
class Findings:
    """The counted facts of one poll.

    `entries` the whole listing held, `new_entries` of them its last ones did not (`unseen`: all of them, whether or not
    they concern us), `newest` the latest date among them. The counts of pages are of pages whose outlet has a parser of
    its own: read by it, read by the generic one, or holding no text. `duplicates`: the share of copies among the
    source's articles of the last `DUPLICATES_WITHIN`, None when there are fewer than `DUPLICATES_LEAST`.
    """

    entries: int = 0
    new_entries: int = 0
    newest: datetime | None = None
    pages_by_outlet: int = 0
    pages_by_generic: int = 0
    pages_without_text: int = 0
    duplicates: float | None = None


def listed(entries: Iterable[Entry], state: SourceState) -> tuple[str, ...]:
    """What `SourceState.listed` is after a listing: its keys, and those last seen before, as many as are remembered."""
    keys = _keys(entries)
    most = max(len(keys), KEYS_LEAST, min(LISTINGS * len(keys), KEYS_MOST))
    return tuple(dict.fromkeys((*keys, *state.listed)))[:most]


def unseen(entries: Iterable[Entry], state: SourceState) -> int:
    """How many of a listing's entries the last listings did not hold."""
    return len(set(_keys(entries)) - set(state.listed))


def newest(entries: Iterable[Entry], *, now: datetime) -> datetime | None:
    """The latest date among entries, UTC, leaving out dates that have not come; None when none is dated."""
    dates = (entry.published for entry in entries if entry.published is not None)
    return max((date for date in dates if date <= now + AHEAD), default=None)


def failing_after(source: Source) -> timedelta:
    """How long a source may go without a good answer."""
    return max(FAILING_AFTER, FAILING_INTERVALS * source.interval)


def silent_after(source: Source) -> timedelta:
    """How long a source that answers may go without a new entry."""
    return SILENT_RHYTHMS * source.rhythm


def stale_after(source: Source) -> timedelta:
    """How old the newest item of a source may be."""
    return max(STALE_AFTER, STALE_RHYTHMS * source.rhythm)


def is_retired(state: SourceState, *, now: datetime) -> bool:
    """Whether a source has said nothing but "gone for good" for so long that it is believed."""
    return state.gone_since is not None and now - state.gone_since >= RETIRED_AFTER


def alarms(source: Source, state: SourceState, *, findings: Findings | None, now: datetime) -> tuple[Alarm, ...]:
    """The alarms that stand now, in the order of `AlarmKind`. `state.alarms` are those that stood before.

    `findings` are those of the poll that led to `state`; None when only time has passed since.
    """
    if state.gone_since and is_retired(state, now=now):
        return (_retired(source, state.gone_since),)
    before = {alarm.kind: alarm for alarm in state.alarms}
    found = {AlarmKind.FAILING: _failing(source, state, before, now)}
    if findings is None or state.failures:  # a source that does not answer tells nothing new of the rest
        rest = (AlarmKind.SILENT, AlarmKind.STALE, AlarmKind.DUPLICATES)
        found |= {kind: before.get(kind) for kind in rest}
    else:
        stale = _stale(source, state, now)
        found[AlarmKind.STALE] = stale
        found[AlarmKind.SILENT] = None if stale else _silent(source, state, now)
        found[AlarmKind.DUPLICATES] = _duplicates(source, findings, before, now)
    found[AlarmKind.LAYOUT] = _layout(source, state, before, now)
    return tuple(alarm for kind in AlarmKind if (alarm := found.get(kind)) is not None)


def watched(source: Source, state: SourceState, *, findings: Findings | None = None, now: datetime) -> SourceState:
    """`state` with the alarms that stand now; without `findings` when the source was not polled just now."""
    standing = alarms(source, state, findings=findings, now=now)
    if standing == state.alarms:
        return state
    recovered = state.recovered
    if _in_trouble(standing):
        recovered = None
    elif _in_trouble(state.alarms):
        recovered = now
    return replace(state, alarms=standing, recovered=recovered)


def fallback_needed(
    source: Source, catalogue: Mapping[str, Source], states: Mapping[str, SourceState], *, now: datetime
) -> bool:
    """Whether a fall-back has to be polled: the source that it stands in for is in trouble, or was until just now.

    One that is switched off counts as in trouble. In a chain the second stands in only where the first is needed too.
    """
    primary = catalogue.get(source.fallback_for or "")
    if primary is None:
        return False
    if primary.fallback_for and not fallback_needed(primary, catalogue, states, now=now):
        return False
    state = states.get(primary.id)
    if not primary.enabled or state is None:
        return not primary.enabled
    if _in_trouble(state.alarms):
        return True
    if state.recovered is None:
        return False
    proved = state.last_success is not None and state.last_success > state.recovered
    return not proved or now - state.recovered < REST_AFTER


def _keys(entries: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(article_key(entry.url) for entry in entries)


def _in_trouble(standing: Iterable[Alarm]) -> bool:
    return any(alarm.kind in _TROUBLES for alarm in standing)


def _failing(source: Source, state: SourceState, before: Mapping[AlarmKind, Alarm], now: datetime) -> Alarm | None:
    since = state.failing_since
    if since is None or now - since <= failing_after(source):
        return None
    if state.outcome is Outcome.NO_ENTRIES and AlarmKind.FAILING not in before:  # a matter of layout
        return None
    said = f"No good answer since {_at(since)} ({state.outcome if state.failures else 'its host wants a pause'})"
    return Alarm(AlarmKind.FAILING, since, f"{said}: {_look(source)} shows what comes back.")


def _silent(source: Source, state: SourceState, now: datetime) -> Alarm | None:
    since = state.last_new or state.since  # a search that never found anything is no better
    if since is None or now - since <= silent_after(source):
        return None
    said = f"Nothing new since {_at(since)}, though something is expected every {_span(source.rhythm)}"
    return Alarm(AlarmKind.SILENT, since, f"{said}: {_look(source)} shows what is read of it.")


def _stale(source: Source, state: SourceState, now: datetime) -> Alarm | None:
    since = state.newest or state.last_new
    if since is None or now - since <= stale_after(source):
        return None
    said = f"It answers, and its newest item is of {since:%Y-%m-%d}"
    return Alarm(AlarmKind.STALE, since, f"{said}: {_look(source)} shows whether the outlet lists its news elsewhere.")


def _layout(source: Source, state: SourceState, before: Mapping[AlarmKind, Alarm], now: datetime) -> Alarm | None:
    stood = before.get(AlarmKind.LAYOUT)
    since = stood.since if stood else None
    if _listless(state):
        said = "Its listing gave no links twice running"
        message = f"{said}: {_look(source)} shows what its kind and selectors in sources.toml find."
        return Alarm(AlarmKind.LAYOUT, since or state.since or now, message)
    if state.astray >= ASTRAY_PAGES:
        said = f"Its last {state.astray} pages could not be read by the outlet's own parser"
        message = f"{said}: {_look(source)} shows how its articles are read now."
        return Alarm(AlarmKind.LAYOUT, since or now, message)
    return stood if state.failures else None


def _listless(state: SourceState) -> bool:
    if state.outcome is not Outcome.NO_ENTRIES:
        return False
    return state.since is not None and state.last_attempt is not None and state.last_attempt > state.since


def _duplicates(source: Source, findings: Findings, before: Mapping[AlarmKind, Alarm], now: datetime) -> Alarm | None:
    # an aggregator is asked for what others have
    if source.kind.aggregates or findings.duplicates is None or findings.duplicates < DUPLICATE_SHARE:
        return None
    stood = before.get(AlarmKind.DUPLICATES)
    said = f"{findings.duplicates:.0%} of its articles of the last {_span(DUPLICATES_WITHIN)} are copies of others"
    message = f"{said}: `enabled = false` in sources.toml spares its requests, if {source.url} has nothing of its own."
    return Alarm(AlarmKind.DUPLICATES, stood.since if stood else now, message)


def _retired(source: Source, since: datetime) -> Alarm:
    said = f"It has said since {_at(since)} that it is gone for good (410)"
    return Alarm(AlarmKind.RETIRED, since, f"{said}: {_look(source)} shows whether it is back at another address.")


def _look(source: Source) -> str:
    return f"open {source.url} in a browser; `meetings sources try '{source.url}'`"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _span(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours / 24:.3g} days" if hours >= 48 else f"{hours:.3g} hours"
