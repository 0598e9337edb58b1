"""The flow `alert`: started by the automations when a run failed, crashed or is late; tells the operator.

A run that failed has left its own heartbeat; one that crashed could not, so it is left here. When its database is
locked for a moment, Prefect may start this twice for one run: the second time it does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.alerting import seen_to, tell_operator
from flows.heartbeat import beat, without_addresses
from flows.settings import Settings, load_settings
from flows.supervising import supervise
from parsers.records import InputError, MeetingsError
from reports.supervision import Finding, RunKind, Trouble


def _alert_name() -> str:
    given = runtime.flow_run.parameters
    return f"{given['run'] or given['deployment']} {given['event']}"


@flow(name="alert", flow_run_name=_alert_name, validate_parameters=True)
def alert(
    event: Literal["failed", "crashed", "late"] = "failed",
    deployment: RunKind = RunKind.INGEST,
    run: str = "",
    message: str = "",
    attempt: str = "",
) -> State[Any]:
    """Mail the operator what needs a person.

    Args:
        event: What happened to the run.
        deployment: Which deployment's run it is.
        run: The run's name.
        message: What its last state says.
        attempt: The run's id and how often it had begun, so that nobody is told of one twice. Empty: told each time.
    """
    settings = load_settings()
    occasion = f"{event} {attempt}" if attempt else ""
    if event == "crashed" and not seen_to(settings, occasion):
        beat(settings, deployment, [f"“{run}” crashed: {message}"])
    if not settings.alert_to:
        return Completed(message="nobody is set to be told (MEETINGS_ALERT_TO)")
    late = Finding(Trouble.RUN_LATE, f"“{run}” has been due for half an hour, and nothing takes it.", deployment)
    passing = [late] if event == "late" else []
    try:
        return Completed(message=tell_operator(settings, _findings(settings, passing), passing, run=occasion))
    except MeetingsError as error:
        return Failed(message=without_addresses(str(error)))


def _findings(settings: Settings, passing: Sequence[Finding]) -> Sequence[Finding]:
    """What needs a person; nothing more where there is no archive yet since the first run of all is late."""
    try:
        return supervise(settings)[1]
    except InputError:
        if not passing:
            raise
        return ()
