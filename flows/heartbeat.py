"""`HOME/heartbeat.json`: how the last run of each kind ended on this machine, for whatever watches from outside.

One JSON object, replaced as a whole: `{"ingest": {"ended": "2026-11-22T05:05:41+00:00", "well": true, "message": ""}}`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
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
# an apostrophe is a letter of an address, and the quotation mark around one
_ADDRESS = re.compile(r"""[^\s<>@,;:'"]+(?:'[^\s<>@,;:'"]+)*@[^\s<>@,;:'"]+""")

log = logging.getLogger(__name__)


def without_addresses(text: str) -> str:
    """The text with every mail address hidden: states, logs and the heartbeat are no place for them."""
    return _ADDRESS.sub("<address>", text)


@contextmanager
def masking() -> Iterator[None]:
    """Whatever is raised in the block leaves it without mail addresses in its words: Prefect shows and logs them."""
    try:
        yield
    except Exception as error:
        error.args = tuple(without_addresses(part) if isinstance(part, str) else part for part in error.args)
        # what it came from would be shown with it
        raise error from None


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
            beat(settings, run, [*problems, str(error) or type(error).__name__])
        raise
    if not (problems and by_hand):
        beat(settings, run, problems)


def last_beats(settings: Settings) -> tuple[Beat, ...]:
    """What the heartbeat file tells; nothing where it is missing or unreadable, since the next run writes it anew."""
    try:
        told = json.loads((settings.home / NAME).read_text(encoding="utf-8"))
        return tuple(
            Beat(RunKind(run), datetime.fromisoformat(known["ended"]), known["well"], known["message"])
            for run, known in told.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def beat(settings: Settings, run: RunKind, problems: Sequence[str] = ()) -> None:
    """Records that a run ended now, beside the other kinds; never raises, for no run fails for want of a heartbeat."""
    ended = Beat(run, now_utc(), well=not problems, message=without_addresses("; ".join(problems)))
    try:
        with sole_writer(settings.home):
            beats = {known.run: known for known in last_beats(settings)} | {run: ended}
            told = {known.run.value: _values(known) for known in beats.values()}
            write_atomically(settings.home / NAME, json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n")
    except ArchiveError as error:
        log.warning("the heartbeat was not written: %s", error)


def _values(known: Beat) -> dict[str, Any]:
    return {"ended": known.ended.isoformat(), "well": known.well, "message": known.message}
