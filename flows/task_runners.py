"""Prefect's own runners for the workers that a setting names; Dask is loaded only where it is named."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from flows.runners import Runner, RunnerKind
from parsers.records import InputError


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
