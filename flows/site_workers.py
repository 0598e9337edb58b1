"""The pages of meetings, a chunk at a time: in this process where there are few, else in as many as there are cores."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
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
"""Up to so many meetings it takes longer to start further processes than to make them here."""
MOST = 4


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
class Job:
    """A task, and the ids of all meetings to read for it."""

    task: Task
    reads: tuple[str, ...]


def made(jobs: Sequence[Job], archive: Archive, past: Past, means: Means) -> Iterator[list[Done]]:
    """What comes of each job, in their order."""
    if sum(len(job.task.told) for job in jobs) <= ALONE:
        yield from (_make(job, archive, past, means) for job in jobs)
        return
    with ProcessPoolExecutor(
        min(os.cpu_count() or 1, MOST),
        # a forked copy of a process with threads and an open database may hang
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(means,),
    ) as pool:
        done = 0
        try:
            for made_here in pool.map(_make_here, jobs):
                done += 1
                yield made_here
        except BrokenProcessPool:
            # killed for want of memory, or started where no program can be started again
            log.warning("the helping processes ended; one goes on alone")
    yield from (_make(job, archive, past, means) for job in jobs[done:])


def chunks(ids: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """The ids so many at a time."""
    return (tuple(ids[at : at + CHUNK]) for at in range(0, len(ids), CHUNK))


@in_bulk()
def _make(job: Job, archive: Archive, past: Past, means: Means) -> list[Done]:
    with archive.read() as session:
        told = meetings.meetings_by_id(session, job.reads)
    return make_pages(told, job.task, past=past, outlets=means.outlets, zone=means.zone, out=means.out, site=means.site)


_here: list[tuple[Archive, Past, Means]] = []


def _begin(means: Means) -> None:
    """Once in each process."""
    archive = Archive.open(means.home, means.url)
    with archive.read() as session:
        past = Past.of_held(held_meetings(session))
    _here.append((archive, past, means))


def _make_here(job: Job) -> list[Done]:
    archive, past, means = _here[0]
    return _make(job, archive, past, means)
