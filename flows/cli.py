"""The command line. Thin: each command calls one step and shows what came of it.

Exit codes: 0 done, 1 failed, 2 wrong input. Imports are made inside the commands, so that `--help` and `detect` start
at once and nothing but `serve` and `trigger` loads Prefect.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import cli_backfill, cli_deliveries, cli_digest, cli_operations, cli_site, cli_sources
from flows.cli_options import Globals, Json, SourcesFile, settings_of
from flows.console import progress, put, put_json, sentence_of, table, warn
from parsers.records import MeetingsError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from flows.polling import SourceReport
    from flows.results import IngestReport
    from flows.settings import Settings

app = typer.Typer(
    name="meetings",
    help="Read the news of China and Viet Nam, recognise their official meetings, mail one digest a week.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    # plain help: rich's boxes call every flag a <bool>, and take as long to load as all the rest
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_sources.app, name="sources")
app.add_typer(cli_site.app, name="site")
app.add_typer(cli_digest.app)
app.add_typer(cli_backfill.app)
app.add_typer(cli_operations.app)
app.add_typer(cli_deliveries.app)


class DetectFormat(StrEnum):
    """How `detect` prints."""

    TABLE = "table"
    JSONL = "jsonl"


class ExportFormat(StrEnum):
    """How `export` prints."""

    JSONL = "jsonl"
    CSV = "csv"
    ICS = "ics"
    ATOM = "atom"
    PLOVER = "plover"


class Deployment(StrEnum):
    """What `trigger` starts."""

    INGEST = "ingest"
    DIGEST = "digest"
    BACKFILL = "backfill"


Paths = Annotated[list[Path], typer.Argument(metavar="PATH", hidden=True)]
SourceIds = Annotated[
    list[str] | None, typer.Option("--source", metavar="ID", help="Poll this source, due or not; may be repeated.")
]
Force = Annotated[bool, typer.Option("--force", help="Poll every source now, due or not, but fall-backs that rest.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        put(f"meetings {version('china-vietnam-meetings')}")
        raise typer.Exit


@app.callback()
def _globals(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where everything is written; also MEETINGS_HOME. Default: ./data"),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and log every step.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    del version
    context.obj = Globals(home)
    logging.basicConfig(level=logging.DEBUG if debug else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    if debug:
        # below this level it would show every row that it reads, recipients' among them
        logging.getLogger("sqlalchemy").setLevel(logging.INFO)


@app.command()
def run(context: typer.Context) -> None:
    """Do everything once: ingest, last week's digest, web archive.

    The back issues of earlier weeks are written, too.
    """
    from flows import issue_steps

    settings = settings_of(context)
    report = _ingest(settings)
    _show_ingest(report, settings.tz)
    _stop_without_storage(report)
    written = [*issue_steps.write_back_issues(settings), issue_steps.write_issue(settings)]
    for issue in {issue.week: issue for issue in written}.values():
        cli_digest.show_issue(issue)
    cli_site.after_run(settings)
    cli_deliveries.after_ingest(settings)


@app.command()
def ingest(
    context: typer.Context,
    source: SourceIds = None,
    sources: SourcesFile = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Poll the sources that are due; find the new meetings."""
    settings = settings_of(context, sources)
    report = _ingest(settings, source or (), force=force)
    if as_json:
        put_json(asdict(report))
    else:
        _show_ingest(report, settings.tz)
    _stop_without_storage(report)
    cli_deliveries.after_ingest(settings)


def _stop_without_storage(report: IngestReport) -> None:
    if report.failure:
        raise MeetingsError(report.failure)


def _ingest(settings: Settings, only: list[str] | tuple[()] = (), *, force: bool = False) -> IngestReport:
    from flows.heartbeat import beating
    from flows.steps import ingest_once
    from reports.supervision import RunKind

    with progress("polling") as advance, beating(settings, RunKind.INGEST, by_hand=bool(only)) as problems:

        def told(report: SourceReport, total: int) -> None:
            advance(report.source_id, total)

        report = ingest_once(settings, only=only, force=force, on_report=told)
        if report.failure:
            problems.append(report.failure)
        return report


def _show_ingest(report: IngestReport, zone: ZoneInfo) -> None:
    from reports.words import counted

    failed = [r for r in report.sources if not r.outcome.good]
    put(
        f"{counted(len(report.sources), 'source')} polled, {len(report.sources) - len(failed)} answered; "
        f"{counted(report.new_articles, 'new article')}; {report.detected.articles} read, "
        f"{counted(len(report.detected.new_meetings), 'new meeting')}."
    )
    if report.left:
        put(f"{report.left}; later runs go on with them.")
    if report.watched.network_down:
        whys = ", ".join(f"{outcome} {count}" for outcome, count in Counter(r.outcome for r in failed).most_common())
        put(f"No host could be reached ({whys}), so our own network is down; no source is blamed for it.")
        put("When it is up again, `meetings ingest --force` polls them at once.")
    for change in report.watched.changes:
        put(str(change))
    if report.next_due:
        when = report.next_due.astimezone(zone)
        put(f"No source is due before {when:%d %b %H:%M} ({zone.key}); `meetings ingest --force` polls them now.")
    if failed and not report.watched.network_down:
        table(
            "Sources that failed", ("source", "outcome", "why"), [(r.source_id, r.outcome, r.message) for r in failed]
        )


@app.command("import")
def import_(context: typer.Context, paths: Paths) -> None:
    """Take seed-format files, or folders of them, into the archive."""
    from flows.steps import import_paths
    from reports.words import counted

    with progress("importing") as advance:
        report = import_paths(settings_of(context), paths, on_file=advance)
    put(f"{counted(report.new, 'article')} imported, {report.known} known already.")
    for sentence in report.refused:
        warn(f"meetings: {sentence}")
    if report.refused:
        raise typer.Exit(2)


@app.command()
def detect(
    paths: Paths,
    output: Annotated[
        DetectFormat, typer.Option("--format", help="A table to read, or JSON Lines.")
    ] = DetectFormat.TABLE,
    with_text: Annotated[bool, typer.Option("--with-text", help="Print each article's text in its line.")] = False,
) -> None:
    """Show the meetings in seed-format files, or folders of them.

    Nothing is stored.
    """
    from flows.detecting import detect_paths, rows_of

    with progress("reading") as advance:
        lines, refused = detect_paths(paths, with_text=with_text, on_file=advance)
    if output is DetectFormat.JSONL:
        for line in lines:
            put_json(line)
    else:
        columns = ("date", "status", "place", "China", "Viet Nam", "forum", "file")
        if lines:
            table("Meetings", columns, [row for line in lines for row in rows_of(line)])
    for sentence in refused:
        warn(f"meetings: {sentence}")
    if refused:
        raise typer.Exit(2)


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(metavar="FILE", hidden=True)],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as an HTML page to this file instead.")
    ] = None,
) -> None:
    """Show what is found in a seed-format file, and why.

    Every meeting, word by word and rule by rule, and what was rejected.
    """
    from flows.explaining import explain_file, show, write_page

    explanation = explain_file(file)
    if html is None:
        show(explanation)
    else:
        write_page(explanation, html)
        put(str(html))


@app.command()
def export(
    context: typer.Context,
    output: Annotated[
        ExportFormat, typer.Option("--format", help="How to print them: docs/exports.md.")
    ] = ExportFormat.JSONL,
) -> None:
    """Print every meeting of the archive with its permanent id."""
    from flows.overview import exported

    for line in exported(settings_of(context), output.value):
        sys.stdout.write(line)


@app.command()
def serve(context: typer.Context) -> None:
    """Run everything on schedule until stopped, with Prefect's UI."""
    from flows.serve import serve as start

    raise typer.Exit(start(settings_of(context)))


@app.command()
def trigger(
    context: typer.Context,
    deployment: Deployment,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME=JSON",
            help="A parameter of the flow, as in docs/operations.md; repeatable.",
        ),
    ] = None,
    watch: Annotated[bool, typer.Option(help="Wait for the end of the run.")] = True,
) -> None:
    """Start one run now on the server that `meetings serve` started."""
    from flows.trigger import parse_parameters
    from flows.trigger import trigger as start

    raise typer.Exit(start(settings_of(context), deployment.value, parse_parameters(parameter or []), watch=watch))


def main() -> None:
    """Run the command line; every error a person can mend is one sentence on stderr."""
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # the reader of our output has gone, as `head` does; there is nobody left to tell
        sys.stderr.close()
        raise SystemExit(1) from None
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        warn(f"meetings: {sentence_of(error)}")
        raise SystemExit(error.exit_code if isinstance(error, MeetingsError) else 1) from None
