"""Workers of a backfill in processes of this machine: how they begin, how they end.

They end with whoever started them, whatever ended that one; asked to stop, they give back what they have taken.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Protocol

from flows.chunkwork import Order, work_chunk
from flows.orphans import end_with_parent


class Pending(Protocol):
    """A chunk that a crew was given: a future of `concurrent.futures`, of Prefect or of Dask."""

    def result(self) -> str:
        """What `work_chunk` said; raises what it raised."""

    def add_done_callback(self, fn: Callable[[Any], None], /) -> None:
        """Has `fn` called with the future when it is done."""


class Flag(Protocol):
    """A `threading.Event` or one of `multiprocessing`."""

    def is_set(self) -> bool:
        """Whether it was raised."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Takes chunks by their numbers; `lanes` says how many workers there are now."""

    submit: Callable[[int], Pending]
    lanes: Callable[[], int]


_flags: list[Flag] = []


@contextmanager
def heeding(flag: Flag) -> Iterator[None]:
    """While the block runs, the workers among this process's threads stop when the flag is raised."""
    _flags.append(flag)
    try:
        yield
    finally:
        _flags.remove(flag)


def stopping() -> bool:
    """Whether the workers of this process are asked to stop."""
    return any(flag.is_set() for flag in _flags)


def begin_worker(flag: Flag, level: int) -> None:
    """Once in each process: it heeds the flag, logs from this level on, and leaves Ctrl-C to whoever started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    _flags.append(flag)
    end_with_parent()


def work_here(order: Order, number: int) -> str:
    """`work_chunk` in a process that `begin_worker` has prepared."""
    return work_chunk(order, number, stopping=stopping)


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C waits, for this thread until the end of the block; a process that begins in it never hears of it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def process_crew(order: Order, count: int) -> Iterator[Crew]:
    """So many processes; when the block ends before their work, they give it back."""
    # a forked copy of a process with threads and an open database may hang
    context = get_context("spawn")
    flag = context.Event()
    level = logging.getLogger().getEffectiveLevel()
    with ProcessPoolExecutor(count, mp_context=context, initializer=begin_worker, initargs=(flag, level)) as pool:

        def submit(number: int) -> Pending:
            with _deaf():
                return pool.submit(work_here, order, number)

        try:
            yield Crew(submit, lambda: count)
        finally:
            flag.set()
            pool.shutdown(cancel_futures=True)
