"""A backfill: inputs of any size in chunks, each done once by whoever is there, then joined by one.

    inputs -> chunks -> (workers: read, detect, write) -> join: meetings, copies, files

Nothing depends on the order of workers, stops or kills: what is left is done by the next run, and the join goes
through the articles in a fixed order. The same steps serve `meetings backfill` and the flow.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue

from archive import articles, backfills, issues
from archive.locks import Busy
from archive.records import BackfillProgress, ChunkState
from archive.store import Archive
from flows.backfill_report import BackfillReport, BackfillUpdate
from flows.chunkwork import Order, Stopped, patiently
from flows.crews import Crew, Pending, process_crew
from flows.inputs import plan, seeds_told
from flows.opening import keep_in_use, open_archive
from flows.owner import is_gone
from flows.runners import CHUNK_MB, cores
from flows.settings import Settings
from flows.steps import alone, load_catalogue, now_utc, read_due
from meetings.detect import RULES_VERSION
from parsers.records import InputError, MeetingsError

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks at what others do."""
REFUSED_FOR = 10.0
"""Seconds for which a chunk that a worker could not have is left alone: of a holder on another machine than its own it
cannot know, as this run may, that it is gone."""
BREAKS = 10
"""So many times in a row workers may be lost, or their tasks fail, without a chunk done."""
JOIN_EVERY = 5.0
JOIN_PATIENCE = 1800.0
"""Seconds to wait for an ingest under way."""
_OPEN = (ChunkState.TODO, ChunkState.RUNNING, ChunkState.FAILED)


OnProgress = Callable[[BackfillUpdate], None]
Hire = Callable[[], AbstractContextManager[Crew]]


def open_backfill(
    settings: Settings, inputs: Sequence[str], *, chunk_bytes: int = CHUNK_MB * 2**20, again: bool = False
) -> Order:
    """Enters the backfill of these inputs, or finds the one that was begun; what its workers need.

    `again`: chunks that were set aside get their attempts anew. Raises `InputError` for inputs that are not there.
    """
    if not inputs:
        raise InputError("a backfill needs inputs: name WARC, JSON Lines or seed files, folders, patterns or URLs")
    catalogue = load_catalogue(settings)
    chunks = plan(inputs, chunk_bytes=chunk_bytes)
    contents = seeds_told(chunks)
    with open_archive(settings) as archive, archive.write() as s:
        now = now_utc()
        issues.mark_first_run(s, now)
        backfill = backfills.begin(s, chunks, rules_version=RULES_VERSION, now=now, contents=contents)
        if again:
            backfills.release(s, backfill)
    return Order(backfill, settings.home.resolve(), settings.database_url, catalogue.sources)


def backfill_once(
    settings: Settings,
    inputs: Sequence[str],
    *,
    workers: int | None = None,
    chunk_bytes: int = CHUNK_MB * 2**20,
    again: bool = False,
    on_progress: OnProgress | None = None,
) -> BackfillReport:
    """One backfill in `workers` processes of this machine (default: one for each processor), joined at its end.

    A run that was stopped goes on where it was, beside others too. Raises `InputError` for inputs that are not there,
    `archive.locks.Busy` when an ingest holds the archive for longer than the join waits.
    """
    order = open_backfill(settings, inputs, chunk_bytes=chunk_bytes, again=again)
    return run_backfill(settings, order, partial(process_crew, order, workers or cores()), on_progress=on_progress)


def run_backfill(
    settings: Settings, order: Order, hire: Hire, *, on_progress: OnProgress | None = None
) -> BackfillReport:
    """Has every chunk done by the crew that `hire` opens, then joins what they brought."""
    with open_archive(settings) as archive:
        lead = _Lead(archive, order, on_progress or (lambda _: None))
        lead.all_done(hire)
        return lead.joined()


class _CrewLostError(Exception):
    """The processes of a crew ended; another one is to be hired."""


class _Lead:
    """One run: deals out chunks, at most as many as there are hands, and keeps account."""

    def __init__(self, archive: Archive, order: Order, on_progress: OnProgress) -> None:
        self._archive, self._order, self._on_progress = archive, order, on_progress
        self._began = time.monotonic()
        self._at_first = self._now = self._look()
        self._lost = 0
        self._careful = self._window = 0
        self._refused: dict[int, float] = {}

    def all_done(self, hire: Hire) -> None:
        """Until every chunk of the backfill is done or set aside, by this run or another."""
        while True:
            try:
                with hire() as crew:
                    self._deal(crew)
            except _CrewLostError as lost:
                self._count_loss(lost)
            else:
                if not patiently(self._realign) and not self._is_open():
                    return

    def joined(self) -> BackfillReport:
        """Joins what the articles tell, alone in the archive, and reports."""
        pages = self._pages_per_second()
        read = new = 0
        with self._archive.read() as s:
            total = articles.count_undetected(s, RULES_VERSION)

        def join() -> None:
            nonlocal read, new
            with alone(self._archive, "ingest") as lease:
                for recorded in read_due(self._archive, check=lease.check):
                    read += 1
                    new += sum(is_new for _, is_new in recorded)
                    self._on_progress(replace(self._update(), joined=read, to_join=max(total, read)))

        patiently(lambda: _when_free(join))
        self._now = self._look()
        return BackfillReport(self._order.backfill, self._now, time.monotonic() - self._began, pages, read, new)

    def _look(self) -> BackfillProgress:
        def look() -> BackfillProgress:
            with self._archive.read() as s:
                return backfills.progress(s, self._order.backfill)

        return patiently(look)

    def _ready(self, limit: int) -> list[int]:
        def ready() -> list[int]:
            with self._archive.read() as s:
                return backfills.ready(s, self._order.backfill, now=now_utc(), is_gone=is_gone, limit=limit)

        return patiently(ready)

    def _realign(self) -> int:
        with self._archive.write() as s:
            return backfills.realign(s, self._order.backfill, now=now_utc())

    def _is_open(self) -> bool:
        """Whether a chunk is still to be done; another run may have had one done again."""
        self._now = self._look()
        return any(self._now.chunks[state] for state in _OPEN)

    def _deal(self, crew: Crew) -> None:
        """Deals out what is to be had; waits for what others hold, and for what is to be tried again later."""
        under_way: dict[int, Pending] = {}
        ended: SimpleQueue[int] = SimpleQueue()
        while True:
            self._tell()
            # one is always waiting at each hand; after a loss only one goes at a time, to see whose fault it was
            self._window = window = 1 if self._careful else 2 * max(1, crew.lanes())
            self._refused = {each: until for each, until in self._refused.items() if until > time.monotonic()}
            busy = {*under_way, *self._refused}
            for number in self._ready(window + len(busy)):
                if number not in busy and len(under_way) < window:
                    under_way[number] = _submitted(crew, number, ended)
            if not under_way and not any(self._now.chunks[state] for state in _OPEN):
                return
            try:
                number = ended.get(timeout=EVERY)
            except Empty:
                continue
            self._settle(number, under_way.pop(number))

    def _settle(self, number: int, pending: Pending) -> None:
        try:
            told = pending.result()
        except BrokenExecutor as error:
            raise _CrewLostError(f"a worker ended in the middle: {error}") from error
        except Stopped:
            return
        except Exception as error:
            log.warning("a worker failed", exc_info=True)
            patiently(partial(keep_in_use, self._archive))
            self._count_loss(error)
            return
        if told:
            log.info("%s", told)
            self._lost = 0
            self._careful = max(0, self._careful - 1)
        else:
            self._refused[number] = time.monotonic() + REFUSED_FOR

    def _count_loss(self, error: Exception) -> None:
        self._lost += 1
        if self._lost > BREAKS:
            raise MeetingsError(f"the workers fail again and again, the last time because {error}") from error
        if isinstance(error, _CrewLostError):
            self._careful = max(self._careful, self._window)

    def _tell(self) -> None:
        self._now = self._look()
        self._on_progress(self._update())

    def _update(self) -> BackfillUpdate:
        done, size = self._now.size_done - self._at_first.size_done, self._now.size - self._now.size_done
        left = timedelta(seconds=round((time.monotonic() - self._began) / done * size)) if done > 0 else None
        return BackfillUpdate(self._now, self._pages_per_second(), left)

    def _pages_per_second(self) -> float:
        read = self._now.counts.read - self._at_first.counts.read
        return read / max(time.monotonic() - self._began, 1e-9)


def _submitted(crew: Crew, number: int, ended: SimpleQueue[int]) -> Pending:
    try:
        pending = crew.submit(number)
    except BrokenExecutor as error:
        raise _CrewLostError(f"a worker ended in the middle: {error}") from error
    pending.add_done_callback(lambda _: ended.put(number))
    return pending


def _when_free(join: Callable[[], None]) -> None:
    """Does it as soon as no ingest is under way."""
    latest = time.monotonic() + JOIN_PATIENCE
    while True:
        try:
            join()
        except Busy:
            if time.monotonic() >= latest:
                raise
            time.sleep(JOIN_EVERY)
        else:
            return
