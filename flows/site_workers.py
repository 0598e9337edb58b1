"""The pages of the web archive, a job at a time: in this process where there is little to do, else on every core."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from archive import meetings
from archive.bulk import in_bulk
from archive.errors import ArchiveError
from archive.store import Archive
from archive.tallies import held_meetings
from flows.orphans import end_with_parent
from flows.runners import cores
from reports.accounts import Outlets
from reports.firsts import Past
from reports.site.meeting_pages import Done, Task, make_pages

log = logging.getLogger(__name__)

CHUNK = 100
"""Meetings made at a time."""
ALONE = 400
"""Up to so many meetings it takes longer to start further processes than to tell of them here."""
MOST = 4
_ENDED = "the helping processes ended, or cannot read the archive; one goes on alone"

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
    """Does jobs here, or in processes of their own, which are started once.

    They end with the `with` block, or soon after it when they were dismissed; and with this process, whatever ends it.
    """

    def __init__(self, archive: Archive, means: Means) -> None:
        self._archive, self._means = archive, means
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def dismiss(self) -> None:
        """Lets the processes end, which takes a while, after the last job."""
        if self._pool:
            self._pool.shutdown(wait=False)

    def begin(self, tells_of: int) -> None:
        """Starts the processes, which get ready meanwhile, if jobs that tell of so many meetings are worth it."""
        if tells_of <= ALONE or self._pool:
            return
        self._pool = _pool(self._means)
        # one is started for each job that finds none without work
        with suppress(BrokenProcessPool):
            for _ in range(_processes()):
                self._pool.submit(_ready)

    def each(self, make: Callable[[J, Bench], R], jobs: Sequence[J], past: Past, *, tells_of: int) -> Iterator[R]:
        """What comes of each job, in their order; `tells_of`: how many meetings all of them tell of.

        Other processes begin at once; what this one does itself, with `past`, it does when it is asked for.
        `make` is a function of a module, so that it can be named to another process.
        """
        self.begin(tells_of)
        made: Iterator[R] = iter(())
        if self._pool and tells_of > ALONE:
            try:
                made = self._pool.map(partial(_make_there, make), jobs)
            except BrokenProcessPool:
                log.warning(_ENDED)
        return _all(made, make, jobs, Bench(self._archive, past, self._means))


def _all(made: Iterator[R], make: Callable[[J, Bench], R], jobs: Sequence[J], bench: Bench) -> Iterator[R]:
    """What was made elsewhere, then what is left."""
    done = 0
    try:
        for each in made:
            done += 1
            yield each
    except (BrokenProcessPool, ArchiveError):
        # killed for want of memory, started where no program can be started again, or one too many for the database
        log.warning(_ENDED)
    yield from (make(job, bench) for job in jobs[done:])


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


def _processes() -> int:
    return min(cores(), MOST)


def _pool(means: Means) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        _processes(),
        # a forked copy of a process with threads and an open database may hang
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(means,),
    )


_given: list[Means] = []


def _begin(means: Means) -> None:
    """Once in each process, which has everything imported then."""
    _given.append(means)
    end_with_parent()


def _ready() -> None:
    """The least that a process can be asked for."""


@cache
def _there() -> Bench:
    """Once in each process, when it has work: what it reads is not older than what its work was chosen by.

    What stays to its end is no garbage, and is not searched for any.
    """
    means = _given[0]
    archive = Archive.open(means.home, means.url)
    with archive.read() as session:
        past = Past.of_held(held_meetings(session))
    gc.freeze()
    return Bench(archive, past, means)


@in_bulk()
def _make_there(make: Callable[[J, Bench], R], job: J) -> R:
    return make(job, _there())
