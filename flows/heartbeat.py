"""`HOME/heartbeat.json`: how the last run of each kind ended on this machine, for whatever watches from outside.

One JSON object, replaced as a whole: `{"ingest": {"ended": "2026-11-22T05:05:41+00:00", "well": true, "message": ""}}`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from archive.errors import ArchiveError
from archive.files import sole_writer, write_atomically
from archive.locks import Busy
from flows.settings import Settings
from flows.steps import now_utc
from reports.supervision import Beat, RunKind

NAME = "heartbeat.json"
_ADDRESS = re.compile(r"[^\s<>@,;:'\"]+@[^\s<>@,;:'\"]+")

log = logging.getLogger(__name__)


def without_addresses(text: str) -> str:
    """The text with every mail address hidden: states, logs and the heartbeat are no place for them."""
    return _ADDRESS.sub("<address>", text)


@contextmanager
def beating(settings: Settings, run: RunKind, *, by_hand: bool = False) -> Iterator[list[str]]:
    """Records how the run in the block ended: failed when it raises, or when sentences are put into what is yielded.

    A run that gives way to another (`Busy`) has not begun. `by_hand`: it is of sources or a week that a person chose,
    who is told of its failure; only its success is recorded.
    """
    problems: list[str] = []
    try:
        yield problems
    except Busy:
        raise
    except Exception as error:
        if not by_hand:
            _record(settings, run, [*problems, str(error) or type(error).__name__])
        raise
    if not (problems and by_hand):
        _record(settings, run, problems)


def last_beats(settings: Settings) -> tuple[Beat, ...]:
    """What the heartbeat file tells; nothing where it is missing or unreadable, since the next run writes it anew."""
    try:
        told = json.loads((settings.home / NAME).read_text(encoding="utf-8"))
        return tuple(
            Beat(RunKind(run), datetime.fromisoformat(beat["ended"]), beat["well"], beat["message"])
            for run, beat in told.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _record(settings: Settings, run: RunKind, problems: list[str]) -> None:
    """Puts it beside what is known of the other kinds. A disk that refuses is no reason to call the run failed."""
    ended = Beat(run, now_utc(), well=not problems, message=without_addresses("; ".join(problems)))
    try:
        with sole_writer(settings.home):
            beats = {beat.run: beat for beat in last_beats(settings)} | {run: ended}
            told = {beat.run.value: _values(beat) for beat in beats.values()}
            write_atomically(settings.home / NAME, json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n")
    except ArchiveError as error:
        log.warning("the heartbeat was not written: %s", error)


def _values(beat: Beat) -> dict[str, Any]:
    return {"ended": beat.ended.isoformat(), "well": beat.well, "message": beat.message}
