"""`meetings digest`: issues written, looked at and sent; `flows.cli` shows it among its own commands."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli_options import settings_of
from flows.console import progress, put, warn
from parsers.records import InputError

if TYPE_CHECKING:
    from flows.delivering import SendReport
    from flows.issue_steps import IssueReport
    from flows.settings import Settings
    from reports.week import Week

app = typer.Typer()


def show_issue(issue: IssueReport) -> None:
    """One issue as it was written, and where."""
    from reports.words import counted

    kind = "back issue" if issue.back else "digest"
    put(f"{kind} {issue.week}: {counted(issue.meetings, 'new meeting')} – {issue.subject}")
    for path in issue.paths:
        put(f"  {path}")


@app.command()
def digest(
    context: typer.Context,
    week: Annotated[
        str | None, typer.Option(metavar="WEEK", help="ISO week such as 2024-W50. Default: the last one.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WEEK", help="After a long outage: every week still to do from this one, oldest first."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the files here, not in HOME/issues.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write each recipient's .eml instead of sending.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send it to every recipient not yet served.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Open the page in the browser.")] = False,
    test_send: Annotated[
        str | None,
        typer.Option(metavar="ADDR", help="Send it as it is now to this address alone; nothing is closed or recorded."),
    ] = None,
) -> None:
    """Write the issue of a week; send it when asked to.

    With --since: of every week that is still to be written.
    """
    from flows import issue_steps
    from reports.week import parse_week

    if sum(map(bool, (send, dry_run, test_send))) > 1:
        raise InputError("--send, --dry-run and --test-send exclude each other; give one of them")
    if since and (week or dry_run or preview or test_send):
        raise InputError("--since is of many weeks; beside it only --send and --out may be given")
    settings = settings_of(context)
    if send:
        _require_due(settings, named=bool(week or since))
    if since:
        _catch_up(settings, since, out=out, send=send)
        return
    chosen = parse_week(week) if week else None
    messages = issue_steps.write_messages(settings, chosen, out=out) if dry_run else []
    sent = _send(settings, chosen, by_hand=bool(chosen)) if send else None
    tried = _test_send(settings, test_send, chosen) if test_send else ""
    issue = issue_steps.write_issue(settings, chosen, out=out)
    show_issue(issue)
    for path in messages:
        put(f"  {path}")
    if preview:
        _preview(issue.page)
    if tried:
        put(tried)
    if sent and not _show_sent(settings, issue, sent):
        raise typer.Exit(1)


def _require_due(settings: Settings, *, named: bool) -> None:
    """Raises `InputError` where there is nothing to send yet, before the heartbeat records it as a run that failed."""
    from archive.errors import ArchiveError
    from flows.opening import existing_archive
    from flows.steps import now_utc
    from flows.weeks import require_last_mailed

    # what ails the archive itself the run meets as well, and records
    with suppress(ArchiveError), existing_archive(settings) as archive:
        if not named:
            require_last_mailed(settings, archive, now=now_utc())


def _catch_up(settings: Settings, since: str, *, out: Path | None, send: bool) -> None:
    """One week after the other; an error ends it, so that no issue is closed before an earlier one."""
    from flows import issue_steps
    from flows.opening import existing_archive
    from flows.steps import now_utc
    from flows.weeks import nothing_to_do, to_do_since

    now = now_utc()
    with existing_archive(settings) as archive:
        weeks = to_do_since(settings, archive, since, now=now)
        if not weeks:
            put(nothing_to_do(settings, archive, since, now=now))
    well = True
    for week in weeks:
        sent = _send(settings, week, by_hand=True) if send else None
        issue = issue_steps.write_issue(settings, week, out=out)
        show_issue(issue)
        well = (sent is None or _show_sent(settings, issue, sent)) and well
    if not well:
        raise typer.Exit(1)


def _send(settings: Settings, week: Week | None, *, by_hand: bool) -> SendReport:
    from flows.heartbeat import beating
    from flows.issue_steps import send_issue
    from reports.supervision import RunKind

    with progress("sending"), beating(settings, RunKind.DIGEST, by_hand=by_hand) as problems:
        sent = send_issue(settings, week)
        if sent.problems:
            problems.append("not every message was delivered")
    return sent


def _show_sent(settings: Settings, issue: IssueReport, sent: SendReport) -> bool:
    """What became of an issue's messages; whether all is well."""
    from flows.heartbeat import without_addresses

    put(f"{sent.in_words(settings.tz)}.")
    for sentence in dict.fromkeys(map(without_addresses, sent.problems)):
        warn(f"meetings: {sentence}")
    if sent.problems:
        warn(f"meetings: who that is: meetings deliveries --issue {issue.week}")
    return not sent.problems


def _preview(page: Path) -> None:
    from flows.preview import can_show, show_in_browser

    if can_show():
        show_in_browser(page)
    else:
        put(f"There is no browser here; open {page.resolve()} in one.")


def _test_send(settings: Settings, address: str, week: Week | None) -> str:
    """What became of the trial, when it was accepted."""
    from archive.records import DeliveryState
    from flows.issue_steps import send_trial

    with progress("sending"):
        sent = send_trial(settings, address, week)
    if sent.state is not DeliveryState.ACCEPTED:
        warn(f"meetings: {sent.message}")
        raise typer.Exit(1)
    return sent.message
