"""The command `deliveries`, and what a run of the ingest tells of the mail that it sent; for `flows.cli`."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli_options import Json, settings_of
from flows.console import put, put_json, table, warn
from parsers.records import InputError

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from archive.deliveries import Act
    from archive.records import Delivery
    from flows.settings import Settings

app = typer.Typer()


class Doing(StrEnum):
    """What `deliveries` may do to them."""

    RETRY = "retry"
    HOLD = "hold"
    RESOLVE = "resolve"


@app.command()
def deliveries(
    context: typer.Context,
    doing: Annotated[
        Doing | None,
        typer.Argument(
            help="retry: send refused, held and waiting ones now. hold: send open ones no more. resolve: say what "
            "became of unknown ones.",
            show_default=False,
        ),
    ] = None,
    recipients: Annotated[list[str] | None, typer.Argument(metavar="ADDR", hidden=True)] = None,
    issue: Annotated[str | None, typer.Option(metavar="WEEK", help="Only those of this issue.")] = None,
    accepted: Annotated[bool, typer.Option("--accepted", help="With resolve: they have it.")] = False,
    lost: Annotated[bool, typer.Option("--lost", help="With resolve: they do not; it is sent again.")] = False,
    as_json: Json = False,
) -> None:
    """Show who got which issue; send again, hold, or settle it.

    With ADDR only what goes to these addresses.
    """
    from flows import delivering
    from reports.week import parse_week

    settings, week = settings_of(context), parse_week(issue).label if issue else None
    act = _act(doing, accepted=accepted, lost=lost)
    if act is None:
        _show(delivering.ledger(settings, week), settings.tz, as_json=as_json)
        return
    changed = delivering.act(settings, act, week, recipients or ())
    if as_json:
        for each in delivering.ledger(settings, changed[0].week):
            if each.recipient in {one.recipient for one in changed}:
                put_json(asdict(each))
    else:
        _tell(act, changed)


def _act(doing: Doing | None, *, accepted: bool, lost: bool) -> Act | None:
    from archive.deliveries import Act

    if (doing is Doing.RESOLVE) != (accepted != lost) or (accepted and lost):
        raise InputError("resolve takes either --accepted or --lost, and nothing else takes them")
    if doing is Doing.RESOLVE:
        return Act.ACCEPTED if accepted else Act.LOST
    return Act(doing.value) if doing else None


def _show(found: list[Delivery], zone: ZoneInfo, *, as_json: bool) -> None:
    if as_json:
        for each in found:
            put_json(asdict(each))
    elif found:
        columns = ("issue", "recipient", "state", "tries", "next try", "what was said last")
        table(f"Deliveries, times in {zone.key}", columns, [_row(each, zone) for each in found])
    else:
        put("Nothing was to be sent yet.")


def _row(each: Delivery, zone: ZoneInfo) -> tuple[object, ...]:
    state = f"{each.state}, held" if each.held else each.state.value
    again = _shown(each.next_attempt, zone) if each.next_attempt else ""
    return each.week, each.recipient, state, each.attempts, again, each.message


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d %b %H:%M}"


def _tell(act: Act, changed: list[Delivery]) -> None:
    from archive.deliveries import Act
    from reports.words import counted

    week = changed[0].week
    done = {Act.RETRY: "due again", Act.HOLD: "held", Act.ACCEPTED: "settled as accepted", Act.LOST: "due again"}[act]
    put(f"{counted(len(changed), 'message')} of {week} {'is' if len(changed) == 1 else 'are'} {done}.")
    if act in (Act.RETRY, Act.LOST):
        put(f"The next ingest of this week sends what is due, or at once: meetings digest --week {week} --send")


def after_ingest(settings: Settings) -> None:
    """Send what is due of the last issues; what came of it on stderr, for it is no part of what an ingest tells."""
    from flows.delivering import send_what_waits

    sentence = send_what_waits(settings)
    if sentence:
        warn(f"meetings: {sentence}")
