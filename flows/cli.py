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

from flows import cli_deliveries, cli_operations, cli_site, cli_sources
from flows.cli_options import Globals, Json, SourcesFile, settings_of
from flows.console import progress, put, put_json, sentence_of, table, warn
from parsers.records import InputError, MeetingsError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from flows.issue_steps import IssueReport
    from flows.polling import SourceReport
    from flows.results import IngestReport
    from flows.settings import Settings
    from reports.week import Week

app = typer.Typer(
    name="meetings",
    help="Read the news of China and Viet Nam, recognise their official meetings, mail one digest a week.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_sources.app, name="sources")
app.add_typer(cli_site.app, name="site")
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


Paths = Annotated[list[Path], typer.Argument(help="Seed-format files, or folders of them.", show_default=False)]
SourceIds = Annotated[list[str] | None, typer.Option("--source", help="Poll this source, due or not; may be repeated.")]
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
        Path | None, typer.Option(help="Folder that holds everything written; also MEETINGS_HOME. Default: ./data")
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
    """Ingest, detect, write the digest of the last complete week, the back issues and the web archive; once."""
    from flows import issue_steps

    settings = settings_of(context)
    report = _ingest(settings)
    _show_ingest(report, settings.tz)
    _stop_without_storage(report)
    written = [*issue_steps.write_back_issues(settings), issue_steps.write_issue(settings)]
    for issue in {issue.week: issue for issue in written}.values():
        _show_issue(issue)
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
    """Poll every source that is due, store what is new, find the meetings in it."""
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


def _show_issue(issue: IssueReport) -> None:
    from reports.words import counted

    kind = "back issue" if issue.back else "digest"
    put(f"{kind} {issue.week}: {counted(issue.meetings, 'new meeting')} – {issue.subject}")
    for path in issue.paths:
        put(f"  {path}")


@app.command("import")
def import_(context: typer.Context, paths: Paths) -> None:
    """Take seed-format files and folders into the archive."""
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
    """Show the meetings in seed-format files; nothing is stored."""
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
    file: Annotated[Path, typer.Argument(help="A seed-format file.", show_default=False)],
    html: Annotated[Path | None, typer.Option(help="Write it as an HTML page to this file instead.")] = None,
) -> None:
    """Show one article with what was found in it, by which rule, and what was rejected and why."""
    from flows.explaining import explain_file, show, write_page

    explanation = explain_file(file)
    if html is None:
        show(explanation)
    else:
        write_page(explanation, html)
        put(str(html))


@app.command()
def digest(
    context: typer.Context,
    week: Annotated[str | None, typer.Option(help="ISO week such as 2024-W50. Default: the last complete one.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the issue's files here instead of HOME/issues.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write each recipient's .eml instead of sending.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send it to every recipient not yet served.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Open the page in the browser.")] = False,
    test_send: Annotated[
        str | None,
        typer.Option(metavar="ADDR", help="Send it as it is now to this address alone; nothing is closed or recorded."),
    ] = None,
) -> None:
    """Write one issue, and send it when asked to."""
    from flows import issue_steps
    from flows.heartbeat import beating, without_addresses
    from reports.supervision import RunKind
    from reports.week import parse_week

    if sum(map(bool, (send, dry_run, test_send))) > 1:
        raise InputError("--send, --dry-run and --test-send exclude each other; give one of them")
    settings = settings_of(context)
    chosen = parse_week(week) if week else None
    messages = issue_steps.write_messages(settings, chosen, out=out) if dry_run else []
    if send:
        with progress("sending"), beating(settings, RunKind.DIGEST, by_hand=bool(chosen)) as problems:
            sent = issue_steps.send_issue(settings, chosen)
            if sent.problems:
                problems.append("not every message was delivered")
    issue = issue_steps.write_issue(settings, chosen, out=out)
    _show_issue(issue)
    for path in messages:
        put(f"  {path}")
    if preview:
        _preview(issue.page)
    if test_send:
        _test_send(settings, test_send, chosen)
    if send:
        put(f"{sent.in_words(settings.tz)}.")
        for sentence in dict.fromkeys(map(without_addresses, sent.problems)):
            warn(f"meetings: {sentence}")
        if sent.problems:
            warn(f"meetings: who that is: meetings deliveries --issue {issue.week}")
            raise typer.Exit(1)


def _preview(page: Path) -> None:
    from flows.preview import can_show, show_in_browser

    if can_show():
        show_in_browser(page)
    else:
        put(f"There is no browser here; open {page.resolve()} in one.")


def _test_send(settings: Settings, address: str, week: Week | None) -> None:
    from archive.records import DeliveryState
    from flows.issue_steps import send_trial

    with progress("sending"):
        sent = send_trial(settings, address, week)
    if sent.state is not DeliveryState.ACCEPTED:
        warn(f"meetings: {sent.message}")
        raise typer.Exit(1)
    put(sent.message)


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
    """Start Prefect's server with its UI, and run the flows on schedule until stopped."""
    from flows.serve import serve as start

    raise typer.Exit(start(settings_of(context)))


@app.command()
def trigger(
    context: typer.Context,
    deployment: Deployment,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="A parameter of the flow as name=JSON; may be repeated."),
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
