"""`meetings redetect`: today's rules read stored articles again; what that changes, as one list.

It does what every ingest does after an upgrade, at a time of one's own choosing, and tells what came of either.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from archive.articles import count_undetected
from archive.locks import Check, unasked
from archive.records import MeetingChange, Rereading
from archive.rereading import changes, differing
from archive.store import Archive
from archive.transfer import copy_archive
from flows.opening import existing_archive
from flows.settings import Settings
from flows.steps import alone, read_due
from meetings.detect import RULES_VERSION
from meetings.jsonform import meeting_to_dict
from parsers.records import Advance
from reports.views import headline, when

_UNTOUCHED = (
    "article_keys",
    "article_listings",
    "article_sketches",
    "backfill_chunks",
    "backfill_set_aside",
    "backfills",
    "deliveries",
    "fetch_log",
    "host_holds",
    "issue_meetings",
    "issue_variants",
    "pending_entries",
    "source_states",
)
"""Tables that reading again neither reads nor writes."""


@dataclass(frozen=True, slots=True)
class RedetectReport:
    """How many articles were `read`, how many older ones are `left` to the next ingest, how many meetings `changed`."""

    read: int
    left: int
    changed: int


def redetect(
    settings: Settings,
    *,
    since: date | None,
    dry_run: bool,
    on_change: Callable[[MeetingChange], None],
    advance: Advance,
) -> RedetectReport:
    """Reads what today's rules have not read, of what was published from `since` on; `on_change` gets the whole list.

    The list holds all that today's rules changed so far, by an ingest or a reading that was cut off, too. `dry_run`
    works on a copy, and changes nothing. Raises `archive.locks.Busy` while an ingest is under way, `InputError` where
    there is no archive.
    """
    with existing_archive(settings) as kept, _at_work(kept, dry_run=dry_run) as (archive, check):
        with archive.read() as session:
            total = count_undetected(session, RULES_VERSION, since=since)
        read = changed = 0
        for _ in read_due(archive, since=since, check=check):
            read += 1
            advance("articles", total)
        with archive.read() as session:
            for change in changes(session, RULES_VERSION):
                changed += 1
                on_change(change)
            return RedetectReport(read, count_undetected(session, RULES_VERSION), changed)


@contextmanager
def _at_work(kept: Archive, *, dry_run: bool) -> Iterator[tuple[Archive, Check]]:
    """The archive, and what asks whether it is ours alone still; or a copy, which is thrown away."""
    if not dry_run:
        with alone(kept, "ingest") as lease:
            yield kept, lease.check
        return
    with tempfile.TemporaryDirectory(prefix="redetect-") as folder, Archive.open(Path(folder)) as scratch:
        copy_archive(kept, scratch, lambda _table, _total: None, without=_UNTOUCHED)
        yield scratch, unasked


def change_to_dict(change: MeetingChange) -> dict[str, Any]:
    """A change in JSON values: `fields` those that differ; `before` and `after` the records, null where nothing was."""
    return {
        "change": change.kind.value,
        "id": change.id,
        "other": change.other,
        "filed": change.filed,
        "fields": list(_fields(change)),
        "before": meeting_to_dict(change.before) if change.before else None,
        "after": meeting_to_dict(change.after) if change.after else None,
    }


def line_of(change: MeetingChange) -> str:
    """A change in one line for a person."""
    meeting = change.after if change.kind is not Rereading.MERGED and change.after else change.before
    told = [f"{when(meeting)}: {headline(meeting, past=True)}"] if meeting else []
    told += [f"{name}: {_short(before)} → {_short(after)}" for name, (before, after) in _fields(change).items()]
    if change.filed:
        told.append("filed under its week, never mailed as new")
    other = f" {_OTHER[change.kind]} {change.other}" if change.other else ""
    return f"{change.kind} {change.id}{other}  {'; '.join(told)}"


_OTHER = {Rereading.MERGED: "into", Rereading.SPLIT: "from", Rereading.CHANGED: "before"}


def _fields(change: MeetingChange) -> Mapping[str, tuple[Any, Any]]:
    return differing(change.before, change.after) if change.before and change.after else {}


def _short(value: Any) -> str:
    """A value of the record in few words."""
    if isinstance(value, Mapping):
        named = [value["name"]] if value.get("name") else value.values()
        return ", ".join(_short(each) for each in named if each) or "–"
    if isinstance(value, list):
        return ", ".join(map(_short, value)) or "–"
    return "–" if value is None else str(value)
