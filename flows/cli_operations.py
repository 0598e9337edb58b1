"""The commands of whoever keeps the program running; `flows.cli` shows them among its own."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli_options import Json, settings_of
from flows.console import progress, put, put_json, table, warn
from parsers.records import InputError

if TYPE_CHECKING:
    from archive.records import MeetingChange

app = typer.Typer()


@app.command()
def status(
    context: typer.Context,
    as_json: Json = False,
    mail: Annotated[
        bool, typer.Option("--mail", help="Mail the operator (alert_to) when there is news of it.")
    ] = False,
) -> None:
    """Show how everything is; ends 1 when something needs a person."""
    from flows.supervising import supervise

    settings = settings_of(context)
    facts, findings = supervise(settings)
    if as_json:
        put_json(facts | {"well": not findings, "findings": [asdict(finding) for finding in findings]})
    else:
        table("Status", ("what", "value"), [(key.replace("_", " "), value) for key, value in facts.items()])
        for finding in findings or ["Nothing needs a person."]:
            put(str(finding))
    if mail:
        from flows.alerting import tell_operator

        tell_operator(settings, findings)
    if findings:
        raise typer.Exit(1)


@app.command()
def backup(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it here instead of into backup_dir.")] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Then delete all but the newest so many in backup_dir.")
    ] = None,
) -> None:
    """Write the whole archive into one file; others go on working."""
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


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", hidden=True)] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move what is there aside first, instead of refusing.")
    ] = False,
) -> None:
    """Bring a backup back into an empty home.

    FILE is the newest one in backup_dir unless it is named. Every file in it is checked first. The database must be
    empty, too.
    """
    from flows.backing import restore as bring_back
    from reports.words import counted

    with progress("restoring") as advance:
        report = bring_back(settings_of(context), file, replace=replace, advance=advance)
    rows = report.manifest.counts
    put(
        f"{counted(rows['articles'], 'article')}, {counted(rows['meetings'], 'meeting')} and "
        f"{counted(rows['issues'], 'issue')} restored from {report.path}."
    )
    for place in report.aside:
        put(f"  what was there before: {place}")
    made = report.manifest.made_at[:16].replace("T", " ")
    put(f"What may have been mailed after {made} UTC is unknown, and held; look at: meetings deliveries")


@app.command()
def move(
    context: typer.Context,
    to: Annotated[
        str, typer.Option(metavar="URL", help="An empty database; docs/cluster.md says where its password goes.")
    ],
) -> None:
    """Move the archive into another database, such as PostgreSQL.

    The files stay in the home folder. Every row is compared; the old database stays, and is used no more.
    """
    from flows.moving import move as carry
    from reports.words import counted

    with progress("moving") as advance:
        report = carry(settings_of(context), to, advance=advance)
    rows = report.counts
    put(
        f"{counted(rows['articles'], 'article')}, {counted(rows['meetings'], 'meeting')} and "
        f"{counted(rows['issues'], 'issue')} moved; {sum(rows.values())} rows compared."
    )
    put("Now unset MEETINGS_DATABASE_URL." if report.to is None else f"Now set MEETINGS_DATABASE_URL to {report.to}")
    put(f"{report.before} is kept, and no command uses it any more.")


@app.command()
def verify(context: typer.Context, as_json: Json = False) -> None:
    """Check database, files and hashes; ends 1 when one is wrong."""
    from flows.verifying import verify as check

    with progress("verifying") as advance:
        found = check(settings_of(context), advance)
    for each in found:
        if as_json:
            put_json({"damage": each.damage, "subject": each.subject, "detail": each.detail})
        else:
            put(f"{each.damage}: {each.subject}: {each.detail}")
    if found:
        mendable = sum(each.damage.mendable for each in found)
        warn(f"meetings: {len(found)} found; {mendable} can be mended with: meetings repair")
        raise typer.Exit(1)
    if not as_json:
        put("All is as it should be.")


@app.command()
def repair(context: typer.Context) -> None:
    """Mend what `verify` finds, where nothing is lost by it.

    What was there before is moved aside.
    """
    from flows.verifying import repair as mend

    with progress("repairing") as advance:
        report = mend(settings_of(context), advance)
    for each in report.mended:
        put(f"mended: {each.damage}: {each.subject}")
    for each in report.left:
        put(f"not mended: {each.damage}: {each.subject}: {each.detail}")
    if report.aside:
        put(f"  what was moved: {report.aside}")
    if report.left:
        warn("meetings: what is left needs a backup: meetings restore")
        raise typer.Exit(1)
    if not report.mended:
        put("There was nothing to mend.")


@app.command()
def redetect(
    context: typer.Context,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Read again only what was published from then on, such as 2024-01-01."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Read stored articles by today's rules; list what changes.

    It goes on where it was cut off.
    """
    from flows.redetecting import change_to_dict, line_of
    from flows.redetecting import redetect as read_again
    from reports.words import counted

    def tell(change: MeetingChange) -> None:
        if as_json:
            put_json(change_to_dict(change))
        else:
            put(line_of(change))

    day = _day(since) if since else None
    with progress("reading") as advance:
        report = read_again(settings_of(context), since=day, dry_run=dry_run, on_change=tell, advance=advance)
    if as_json:
        return
    would = "would be " if dry_run else ""
    put(f"{counted(report.read, 'article')} {would}read again; {counted(report.changed, 'meeting')} {would}changed.")
    if report.left:
        put(f"{counted(report.left, 'article')} from before {day} left: the next ingest reads them.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--since {text} is no day; write it as 2024-01-31") from error
