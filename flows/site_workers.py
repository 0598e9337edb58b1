"""The pages of the web archive, a job at a time: in this process where there is little to do, else on every core."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from archive import meetings
from archive.bulk import in_bulk
from archive.store import Archive
from archive.tallies import held_meetings
from reports.accounts import Outlets
from reports.firsts import Past
from reports.site.meeting_pages import Done, Task, make_pages

log = logging.getLogger(__name__)

CHUNK = 200
"""Meetings made at a time."""
ALONE = 400
"""Up to so many meetings it takes longer to start further processes than to tell of them here."""
MOST = 4

J = TypeVar("J")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Means:
    """What every process needs: `site` is the address of the archive on the web, empty when it is not known."""

    home: Path
    url: str | None
    outlets: Outlets
    zone: ZoneInfo
    out: Path
    site: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What a job is done with."""

    archive: Archive
    past: Past
    means: Means


@dataclass(frozen=True, slots=True)
class MeetingsJob:
    """A task, and the ids of all meetings to read for it."""

    task: Task
    reads: tuple[str, ...]


class Workers:
    """Does jobs here, or in processes of their own, which are started once and end with the `with` block."""

    def __init__(self, archive: Archive, past: Past, means: Means) -> None:
        self._bench = Bench(archive, past, means)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def each(self, make: Callable[[J, Bench], R], jobs: Sequence[J], *, tells_of: int) -> Iterator[R]:
        """What comes of each job, in their order; `tells_of`: how many meetings all of them tell of.

        `make` is a function of a module, so that it can be named to another process.
        """
        done = 0
        if tells_of > ALONE:
            self._pool = self._pool or _pool(self._bench.means)
            try:
                for made in self._pool.map(partial(_make_here, make), jobs):
                    done += 1
                    yield made
            except BrokenProcessPool:
                # killed for want of memory, or started where no program can be started again
                log.warning("the helping processes ended; one goes on alone")
        yield from (make(job, self._bench) for job in jobs[done:])


def make_meetings(job: MeetingsJob, bench: Bench) -> list[Done]:
    """Reads the meetings of a job and makes their pages."""
    means = bench.means
    with bench.archive.read() as session:
        told = meetings.meetings_by_id(session, job.reads)
    return make_pages(
        told, job.task, past=bench.past, outlets=means.outlets, zone=means.zone, out=means.out, site=means.site
    )


def chunks(ids: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """The ids so many at a time."""
    return (tuple(ids[at : at + CHUNK]) for at in range(0, len(ids), CHUNK))


def _pool(means: Means) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        min(os.cpu_count() or 1, MOST),
        # a forked copy of a process with threads and an open database may hang
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(means,),
    )


_here: list[Bench] = []


def _begin(means: Means) -> None:
    """Once in each process. What stays to its end is no garbage, and is not searched for any."""
    archive = Archive.open(means.home, means.url)
    with archive.read() as session:
        past = Past.of_held(held_meetings(session))
    _here.append(Bench(archive, past, means))
    gc.freeze()


@in_bulk()
def _make_here(make: Callable[[J, Bench], R], job: J) -> R:
    return make(job, _here[0])
