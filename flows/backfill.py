"""The flow `backfill`: inputs of any size, a task for each chunk, then the join.

    open_backfill -> chunk (one task each, at most two for each worker at a time) -> join -> table of what came of it

The work is in `flows.backfilling` and `flows.chunkwork`; here it gets Prefect's task runners and progress. Several runs
of the same inputs may work side by side: the archive's ledger deals out the chunks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Annotated, Any, cast
from uuid import UUID

from prefect import flow, task
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from pydantic import Field

from archive.locks import Busy
from archive.store import address_of
from flows.backfill_report import BackfillReport, BackfillUpdate, line_of, rows_of, share_of
from flows.backfilling import open_backfill, run_backfill
from flows.chunkwork import Order
from flows.crews import Crew, begin_worker, heeding, work_here
from flows.ingest import run_name
from flows.runners import Runner, RunnerKind, parse_runner
from flows.settings import Settings, load_settings
from flows.task_runners import make_runner
from parsers.records import MeetingsError
from reports.words import counted

log = logging.getLogger(__name__)

TASK_MB = 256
"""Megabytes of a file in one task: tens of seconds of work, for each task costs the server as many milliseconds."""
SHOWN_EVERY = 5.0
"""Seconds between two changes of the progress in the UI: each is a call to the server."""
NO_INPUTS: list[str] = []


def _backfill_name() -> str:
    return run_name("backfill")


@task(task_run_name="chunk {number}", cache_policy=NO_CACHE, persist_result=False)
def chunk(order: Order, number: int) -> str:
    """Read one chunk and write what it tells; what came of it in one line, empty when another has it."""
    told = work_here(order, number)
    if told:
        get_run_logger().info("%s", told)
    return told


@contextmanager
def prefect_crew(settings: Settings, order: Order, runner: Runner) -> Iterator[Crew]:
    """Workers of Prefect's task runner; when the block ends before their work, those of this machine give it back."""
    database = address_of(settings.home, settings.archive_url).get_backend_name()
    flag = get_context("spawn").Event()
    level = logging.getLogger().getEffectiveLevel()
    made = make_runner(runner, database=database, initializer=begin_worker, initargs=(flag, level))
    with made as hired, heeding(flag):

        def lanes() -> int:
            if runner.kind is RunnerKind.DASK:
                return sum(hired.client.nthreads().values())  # type: ignore[attr-defined]
            return runner.count

        try:
            require_cluster(runner, lanes)
            yield Crew(lambda number: hired.submit(chunk, {"order": order, "number": number}), lanes)
        finally:
            flag.set()


def require_cluster(runner: Runner, lanes: Callable[[], int]) -> None:
    """Raises `MeetingsError` that names a cluster of which nothing is heard."""
    try:
        lanes()
    except OSError as error:
        raise MeetingsError(
            f"no Dask scheduler answers at {runner.address}; start it, or set MEETINGS_TASK_RUNNER"
        ) from error


class _Shown:
    """The progress in the UI."""

    def __init__(self) -> None:
        self._artifact: UUID | None = None
        self._last = 0.0

    def __call__(self, update: BackfillUpdate) -> None:
        done, size = share_of(update)
        finished = done >= size
        if self._artifact is not None and time.monotonic() - self._last < SHOWN_EVERY and not finished:
            return
        self._last = time.monotonic()
        share, words = 100.0 * done / size if size else 100.0, line_of(update)
        try:
            if self._artifact is None:
                made = create_progress_artifact(share, key="backfill", description=words)
                self._artifact = cast("UUID", made)  # not awaited in a flow without async
            else:
                update_progress_artifact(self._artifact, share, description=words)
        except Exception:
            # the work is worth more than its picture
            log.exception("the progress could not be shown")


def summary(report: BackfillReport) -> str:
    """One sentence for the run's final state."""
    counts = report.progress.counts
    return (
        f"{counted(counts.read, 'page')} read, {counts.dismissed:,} dismissed, {counts.stored:,} stored "
        f"({counts.new:,} new), {counted(report.new_meetings, 'new meeting')}"
    )


def _publish(report: BackfillReport) -> None:
    rows = [dict(zip(("what", "how many", "which are"), row, strict=True)) for row in rows_of(report)]
    rows += [
        {"what": "set aside", "how many": f"{each.chunk.input} from {each.chunk.start}", "which are": each.reason}
        for each in report.progress.set_aside
    ]
    create_table_artifact(rows, key="backfill-report", description=f"Backfill {report.backfill}, all its runs.")


@flow(name="backfill", flow_run_name=_backfill_name, validate_parameters=True)
def backfill(
    inputs: list[str] = NO_INPUTS, chunk_mb: Annotated[int, Field(ge=1, le=4096)] = TASK_MB, again: bool = False
) -> State[Any]:
    """Read WARC, JSON Lines or seed files of any size, and join what they tell with the archive.

    Args:
        inputs: Paths, patterns and URLs, as every worker can open them.
        chunk_mb: Megabytes of a file that are done at one go.
        again: Try what was set aside once more.
    """
    try:
        settings = load_settings()
        runner = parse_runner(settings.task_runner)
        order = open_backfill(settings, inputs, chunk_bytes=chunk_mb * 2**20, again=again)
        report = run_backfill(settings, order, partial(prefect_crew, settings, order, runner), on_progress=_Shown())
    except Busy as busy:
        return Failed(message=f"every chunk is done, and the next ingest joins them: {busy}")
    except MeetingsError as error:
        return Failed(message=str(error))
    _publish(report)
    if report.failure:
        return Failed(message=report.failure)
    return Completed(message=summary(report))
