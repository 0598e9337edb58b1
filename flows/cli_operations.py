"""The commands of whoever keeps the program running; `flows.cli` shows them among its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import settings_of
from flows.console import progress, put

app = typer.Typer()


@app.command()
def backup(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it here instead of into backup_dir.")] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Then delete all but the newest so many in backup_dir.")
    ] = None,
) -> None:
    """Write the database, articles, raw answers and issues into one file, while others go on working."""
    from flows.backing import back_up
    from reports.words import counted

    with progress("backing up") as advance:
        report = back_up(settings_of(context), to, keep=keep, advance=advance)
    rows, size = report.manifest.counts, report.path.stat().st_size
    put(
        f"{counted(rows['articles'], 'article')}, {counted(rows['meetings'], 'meeting')} and "
        f"{counted(rows['issues'], 'issue')} backed up, {size / 1e6:,.1f} MB."
    )
    put(f"  {report.path}")
    for path in report.dropped:
        put(f"  deleted: {path}")
