"""What is remembered of sources: their state between polls, every poll, entries still to be fetched, hosts at rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, cast

from sqlalchemy import CursorResult, Table, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from archive.articles import keys_in, known_keys
from archive.columns import storable
from archive.records import FetchLogLine, PendingEntry, Skip
from archive.source_models import FetchRow, HostHoldRow, PendingRow, SourceRow
from parsers.records import Alarm, AlarmKind, Outcome, Source, SourceState, Validators, article_key

LOG_KEPT = dt.timedelta(days=90)
PRUNED_AT_ONCE = 2_000
"""More than a run of very many sources logs: looking at the oldest by their key spares an index of times."""

_STATES, _POLLS = cast("Table", SourceRow.__table__), cast("Table", FetchRow.__table__)
_STATE_FIELDS = [field.name for field in fields(SourceState) if field.name not in ("validators", "alarms", "listed")]
"""The fields of a state that are columns as they stand."""
_LINE_FIELDS = [field.name for field in fields(FetchLogLine)]
# made once: saving state and log line is much of what a poll with nothing new costs us
_SAVE_STATE = update(_STATES).where(_STATES.c.source_id == bindparam("saved_id"))
_NEW_STATE, _LOG_POLL = insert(_STATES), insert(_POLLS)


def states(s: Session) -> dict[str, SourceState]:
    """What is remembered of every source polled so far, by source id."""
    return {row.source_id: _state(row) for row in s.scalars(select(SourceRow))}


def states_of(s: Session, catalogue: Sequence[Source]) -> dict[str, SourceState]:
    """What is remembered of each source of `catalogue`: nothing of one that has another address there now."""
    known = states(s)
    here = {source.id for source in catalogue if source.id in known and known[source.id].url == source.url}
    return {source.id: known[source.id] if source.id in here else SourceState(source.id) for source in catalogue}


def save_state(s: Session, state: SourceState) -> None:
    """Remembers `state` in place of what was known. Save the articles first (design §6.1)."""
    values = _state_values(state)
    saved = s.execute(_SAVE_STATE, values | {"saved_id": state.source_id})
    if cast("CursorResult[object]", saved).rowcount == 0:
        s.execute(_NEW_STATE, values)


def log_fetch(s: Session, line: FetchLogLine) -> None:
    """Appends one poll to the log."""
    s.execute(_LOG_POLL, {name: getattr(line, name) for name in _LINE_FIELDS})


def last_fetches(s: Session) -> dict[str, FetchLogLine]:
    """The latest poll of every source, by source id."""
    latest = select(func.max(FetchRow.id)).group_by(FetchRow.source_id)
    return {row.source_id: _line(row) for row in s.scalars(select(FetchRow).where(FetchRow.id.in_(latest)))}


def prune_log(s: Session, *, now: dt.datetime) -> None:
    """Forgets polls older than `LOG_KEPT`, never a source's last; of very many only the oldest `PRUNED_AT_ONCE`."""
    oldest = select(FetchRow.id).order_by(FetchRow.id).limit(PRUNED_AT_ONCE)
    later = aliased(FetchRow)
    followed = exists().where(later.source_id == FetchRow.source_id, later.id > FetchRow.id)
    s.execute(delete(FetchRow).where(FetchRow.id.in_(oldest), FetchRow.at < now - LOG_KEPT, followed))


def pending(s: Session, source_id: str, *, now: dt.datetime) -> list[PendingEntry]:
    """The entries of a source whose page is to be fetched by now, those that have waited longest first."""
    due = (PendingRow.source_id == source_id, PendingRow.given_up.is_(False), PendingRow.next_attempt <= now)
    rows = s.scalars(select(PendingRow).where(*due).order_by(PendingRow.next_attempt, PendingRow.key))
    return [_entry(row) for row in rows]


def sources_with_pending(s: Session) -> set[str]:
    """The ids of the sources that have an entry waiting for its page, due or not."""
    return set(s.scalars(select(PendingRow.source_id).where(PendingRow.given_up.is_(False)).distinct()))


def save_pending(s: Session, entry: PendingEntry) -> None:
    """Remembers an entry whose page is still to be fetched, by its canonical URL; again: with its new next attempt."""
    s.merge(
        PendingRow(
            key=article_key(entry.url),
            url=entry.url,
            source_id=entry.source_id,
            title=entry.title,
            teaser=entry.teaser,
            published=entry.published,
            attempts=entry.attempts,
            next_attempt=entry.next_attempt,
            outcome=entry.outcome,
            outlet=entry.outlet,
            given_up=False,
        )
    )


def drop_pending(s: Session, url: str) -> None:
    """Forgets an entry that has become an article."""
    s.execute(delete(PendingRow).where(PendingRow.key == article_key(url)))


def give_up(s: Session, url: str, outcome: Outcome) -> None:
    """Keeps a pending entry as one that is never fetched again, with the outcome that decided it."""
    s.execute(update(PendingRow).where(PendingRow.key == article_key(url)).values(given_up=True, outcome=outcome))


def known_entries(s: Session, keys: Collection[str], *, polled: Collection[str]) -> set[str]:
    """Those of `keys` that are an article, wait to become one or were given up: no page is fetched twice.

    What waits for a source that is not among `polled` may wait in vain, and is not known: whoever lists it now takes it
    over.
    """
    waiting = PendingRow.given_up.is_(False)
    orphaned = s.scalars(select(PendingRow.key).where(waiting, PendingRow.source_id.not_in(list(polled))))
    return known_keys(s, keys) | (keys_in(s, PendingRow.key, keys) - set(orphaned))


def holds(s: Session, *, now: dt.datetime) -> dict[str, dt.datetime]:
    """The hosts that asked for a pause which is not over, with its end, UTC."""
    rows = s.scalars(select(HostHoldRow).where(HostHoldRow.held_until > now))
    return {row.host: row.held_until for row in rows}


def save_holds(s: Session, held: Mapping[str, dt.datetime], *, now: dt.datetime) -> None:
    """Remembers `held` in place of all pauses known; those that are over by `now` are left out."""
    s.execute(delete(HostHoldRow))
    s.add_all(HostHoldRow(host=host, held_until=until) for host, until in held.items() if until > now)


def _state(row: SourceRow) -> SourceState:
    return SourceState(
        **{name: getattr(row, name) for name in _STATE_FIELDS},
        validators=Validators(row.etag, row.last_modified),
        alarms=tuple(map(_alarm, row.alarms)),
        listed=tuple(row.listed),
    )


def _state_values(state: SourceState) -> dict[str, Any]:
    values = {name: getattr(state, name) for name in _STATE_FIELDS}
    validators = {"etag": state.validators.etag, "last_modified": state.validators.last_modified}
    alarms = [_alarm_json(alarm) for alarm in state.alarms]
    return values | validators | {"alarms": alarms, "listed": list(state.listed)}


def _alarm_json(alarm: Alarm) -> dict[str, str]:
    since = alarm.since.astimezone(dt.UTC).isoformat()
    return {"kind": alarm.kind.value, "since": since, "message": storable(alarm.message)}


def _alarm(stored: Mapping[str, str]) -> Alarm:
    return Alarm(AlarmKind(stored["kind"]), dt.datetime.fromisoformat(stored["since"]), stored["message"])


def _line(row: FetchRow) -> FetchLogLine:
    values = {name: getattr(row, name) for name in _LINE_FIELDS}
    return FetchLogLine(**values | {"skipped": {Skip(reason): count for reason, count in row.skipped.items()}})


def _entry(row: PendingRow) -> PendingEntry:
    return PendingEntry(
        url=row.url,
        source_id=row.source_id,
        title=row.title,
        teaser=row.teaser,
        published=row.published,
        attempts=row.attempts,
        next_attempt=row.next_attempt,
        outcome=row.outcome,
        outlet=row.outlet,
    )
