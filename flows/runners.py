"""Where the chunks of a backfill are worked on, as one setting names it; `flows.task_runners` makes it.

processes, processes:4, threads:4     on this machine
dask:4                                on this machine, with a scheduler of Dask's
dask:tcp://10.0.0.5:8786              on a cluster that is there
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum

CHUNK_MB = 64
"""Megabytes of a file that are done at one go, unless it is said otherwise: some seconds of work."""
MOST = 256
_FORM = re.compile(
    r"(?P<kind>processes|threads|dask)(?::(?P<count>\d+)|:(?P<address>(?:tcp|tls|ws|wss)://[^\s/]+:\d+))?"
)


class RunnerKind(StrEnum):
    """Whose workers they are."""

    PROCESSES = "processes"
    THREADS = "threads"
    DASK = "dask"


@dataclass(frozen=True, slots=True)
class Runner:
    """So many workers of a kind; with an `address` (of a Dask scheduler) as many as that one has."""

    kind: RunnerKind
    count: int
    address: str | None = None


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parse_runner(text: str) -> Runner:
    """The runner that a setting names; without a number one worker for each processor. Raises `ValueError`."""
    found = _FORM.fullmatch(text)
    count = int(found["count"]) if found and found["count"] else cores()
    if not found or not 1 <= count <= MOST or (found["address"] and found["kind"] != RunnerKind.DASK):
        raise ValueError(
            f"{text!r} is no task runner; write processes, processes:4, threads:4, dask:4 or dask:tcp://HOST:8786, "
            f"with at most {MOST} workers"
        )
    return Runner(RunnerKind(found["kind"]), count, found["address"])
