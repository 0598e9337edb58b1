"""`meetings site …`: the web archive made, and looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli_options import settings_of
from flows.console import progress, put, warn

if TYPE_CHECKING:
    from flows.settings import Settings

app = typer.Typer(help="Build the web archive, or look at it.", no_args_is_help=True)
Out = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Build it here instead of in HOME/site.")]


def after_run(settings: Settings) -> None:
    """Build it at the end of a run, which its failure does not undo."""
    from flows.publishing import build_site
    from parsers.records import MeetingsError

    try:
        with progress("building") as advance:
            report = build_site(settings, on_chunk=advance)
    except MeetingsError as error:
        warn(f"meetings: the web archive was not built: {error}")
    else:
        put(f"web archive: {report.index}")


@app.command("build")
def build(
    context: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="Make every page anew, not only what changed.")] = False,
    out: Out = None,
) -> None:
    """Bring the web archive up to date."""
    from flows.publishing import build_site
    from reports.words import counted

    with progress("building") as advance:
        report = build_site(settings_of(context), full=full, out=out, on_chunk=advance)
    put(f"{counted(report.files, 'file')}, {report.written:,} of them new or changed.")
    put(f"  {report.index}")


@app.command("serve")
def serve(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="PORT", help="Listen on this port of this machine alone.")
    ] = 8080,
    out: Out = None,
) -> None:
    """Build it, then show it on this machine until stopped."""
    from flows.publishing import build_site
    from flows.site_server import serve_folder

    with progress("building") as advance:
        report = build_site(settings_of(context), out=out, on_chunk=advance)
    serve_folder(report.index.parent, port, ready=lambda address: put(f"{address} (Ctrl-C stops it)"))
