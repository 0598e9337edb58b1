"""Where the chunks of a backfill are worked on: by one setting, loaded only when a flow begins.

processes, processes:4, threads:4     on this machine
dask:4                                on this machine, with a scheduler of Dask's
dask:tcp://10.0.0.5:8786              on a cluster that is there
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from parsers.records import InputError

if TYPE_CHECKING:
    from prefect.task_runners import TaskRunner

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


def make_runner(
    runner: Runner, *, database: str, initializer: Callable[..., None], initargs: tuple[Any, ...]
) -> TaskRunner[Any]:
    """Prefect's own runner. Each process of this machine begins with `initializer(*initargs)`.

    `database`: the kind of the archive's. Raises `InputError` when the extra is missing, or when workers on other
    machines cannot reach the archive.
    """
    if runner.address and database == "sqlite":
        raise InputError(
            "task_runner names a cluster, whose machines cannot share an archive in SQLite; move it to PostgreSQL "
            "first: meetings move --to URL"
        )
    if runner.kind is RunnerKind.DASK:
        return _dask(runner)
    from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

    if runner.kind is RunnerKind.THREADS:
        return ThreadPoolTaskRunner(max_workers=runner.count)
    return ProcessPoolTaskRunner(max_workers=runner.count, initializer=initializer, initargs=initargs)


def _dask(runner: Runner) -> TaskRunner[Any]:
    if find_spec("prefect_dask") is None:
        raise InputError(
            "task_runner names Dask, which is not installed; get it with: pip install 'china-vietnam-meetings[dask]'"
        )
    from prefect_dask.task_runners import DaskTaskRunner

    if runner.address:
        return DaskTaskRunner(address=runner.address)
    # Python holds back all threads of a process but one; without an address its page would take a port of its choice
    local = {"n_workers": runner.count, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    return DaskTaskRunner(cluster_kwargs=local)
