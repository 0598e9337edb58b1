"""The command `backfill`; `flows.cli` shows it among its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli_options import Json, settings_of
from flows.console import put, put_json, table, warn
from flows.runners import CHUNK_MB

if TYPE_CHECKING:
    from flows.backfill_report import BackfillReport, BackfillUpdate
    from flows.backfilling import OnProgress

app = typer.Typer()


@app.command()
def backfill(
    context: typer.Context,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT", hidden=True)],
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, metavar="N", help="Processes; one for each processor unless given.")
    ] = None,
    chunk_mb: Annotated[
        int, typer.Option(min=1, max=4096, metavar="N", help="Megabytes of a file that are done at one go.")
    ] = CHUNK_MB,
    again: Annotated[bool, typer.Option("--again", help="Try what was set aside once more.")] = False,
    as_json: Json = False,
) -> None:
    """Read WARC, JSON Lines or seed files: paths, patterns, URLs.

    What was stopped goes on where it was. Ends 1 when a part, or all of it, could not be read.
    """
    from flows.backfilling import backfill_once

    settings = settings_of(context)
    try:
        with _stopped_by_sigterm(), _watched() as told:
            report = backfill_once(
                settings, inputs, workers=workers, chunk_bytes=chunk_mb * 2**20, again=again, on_progress=told
            )
    except KeyboardInterrupt:
        warn("meetings: stopped; what is done stays done, and the same command goes on with the rest")
        raise typer.Exit(130) from None
    if as_json:
        from flows.backfill_report import report_to_dict

        put_json(report_to_dict(report))
    else:
        _show(report)
    if report.failure:
        warn(f"meetings: {report.failure}")
        raise typer.Exit(1)


def _show(report: BackfillReport) -> None:
    from flows.backfill_report import rows_of

    table("Backfill", ("what", "how many", "which are"), rows_of(report))
    for each in report.progress.set_aside:
        put(f"set aside: {each.chunk.input} [{each.chunk.start}, {each.chunk.end}): {each.reason}")
    for lost in report.progress.unreadable:
        put(f"unreadable: {lost.where}: {lost.reason}")
    left = report.progress.counts.unreadable - len(report.progress.unreadable)
    if left > 0:
        put(f"unreadable: {left} more")


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """A supervisor's stop is as good as Ctrl-C: what is under way is given back."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _watched() -> Iterator[OnProgress | None]:
    """A progress line on stderr while the block runs; none where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking at what there is", total=None)

        def told(update: BackfillUpdate) -> None:
            from flows.backfill_report import line_of, share_of

            done, total = share_of(update)
            bar.update(task, completed=done, total=total, description=line_of(update))

        yield told
