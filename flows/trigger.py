"""`meetings trigger`: start one run now on the server that `meetings serve` started, and tell how it ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from flows.console import put
from flows.prefect_api import PrefectApi, RefusedError
from flows.settings import Settings
from parsers.records import InputError, MeetingsError
from reports.week import parse_week

POLL_SECONDS = 1.0
FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
# the server's own words for a run that the deployment's limit turned away; it has no other mark
OVER_LIMIT = "concurrency limit reached"
WORDS = {
    "Late": "late: whatever takes runs is not up, or busy",
    "AwaitingConcurrencySlot": "waiting for the run before it to end",
}


def parse_parameters(given: Iterable[str]) -> dict[str, Any]:
    """Flow parameters from `name=JSON` words; what is not JSON is taken as text. Raises `InputError`."""
    parameters = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise InputError(f"--parameter {word}: give it as name=value, such as week=2024-W50 or force=true")
        try:
            parameters[name] = json.loads(value)
        except ValueError:
            parameters[name] = value
    return parameters


def trigger(settings: Settings, deployment: str, parameters: Mapping[str, Any], *, watch: bool = True) -> int:
    """Start a run of the deployment (whose flow has the same name) and, with `watch`, wait until it ended.

    Returns the exit code: 0 when it completed (or was started, without `watch`), else 1. Raises `InputError` when the
    parameters cannot be used, before there is a run, `MeetingsError` when there is no server or no such deployment.
    """
    _check(settings, deployment, parameters)
    api = PrefectApi(settings)
    run = _start(api, deployment, parameters)
    put(f"Run {run['name']}: {api.ui}/runs/flow-run/{run['id']}")
    return _watch(api, run, deployment) if watch else 0


def _check(settings: Settings, deployment: str, parameters: Mapping[str, Any]) -> None:
    """Raises `InputError` for what the run would fail at: a slip of the pen is no alarm."""
    if deployment == "backfill" and not parameters.get("inputs"):
        raise InputError("a backfill needs inputs: -p 'inputs=[\"PATH or URL\"]'")
    from flows.steps import load_catalogue, now_utc, require_sources
    from flows.weeks import begun, over, require_one

    week, since, now = parameters.get("week"), parameters.get("since"), now_utc()
    require_one(week, since)
    if week:
        begun(settings, parse_week(str(week)), now=now)
    if since:
        over(settings, parse_week(str(since)), now=now)
    if isinstance(named := parameters.get("sources"), list) and named:
        require_sources(load_catalogue(settings).sources, map(str, named))


def _start(api: PrefectApi, deployment: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = api.call("GET", f"/deployments/name/{deployment}/{deployment}")
    except RefusedError as error:
        raise MeetingsError(
            f"the server at {api.ui} has no deployment {deployment}: is it another program's? "
            "Set MEETINGS_PREFECT_PORT to the port of `meetings serve`"
        ) from error
    known = found["parameter_openapi_schema"].get("properties", {})
    if unknown := sorted(set(parameters) - set(known)):
        # the server would take them and drop them
        raise InputError(f"{deployment} has no parameter {', '.join(unknown)}; it takes {', '.join(known)}")
    try:
        run: dict[str, Any] = api.call(
            "POST",
            f"/deployments/{found['id']}/create_flow_run",
            {"parameters": dict(parameters), "state": {"type": "SCHEDULED"}, "tags": ["manual"]},
        )
    except RefusedError as error:
        kind = InputError if error.status in (409, 422) else MeetingsError
        raise kind(f"{deployment} was not started: {error}") from error
    return run


def _watch(api: PrefectApi, run: dict[str, Any], deployment: str) -> int:
    told = ""
    while True:
        state = run["state"] or {"type": "PENDING", "name": "Pending"}
        if state["type"] in FINAL:
            put(verdict(state, deployment))
            return 0 if state["type"] == "COMPLETED" else 1
        if state["name"] != told:
            told = state["name"]
            put(f"{told}{': ' + WORDS[told] if told in WORDS else ''} …")
        time.sleep(POLL_SECONDS)
        run = api.call("GET", f"/flow_runs/{run['id']}")


def verdict(state: Mapping[str, Any], deployment: str) -> str:
    """One sentence on a run's final state, as the API gives it."""
    message = state.get("message") or ""
    if state["type"] == "CANCELLED" and OVER_LIMIT in message:
        return f"Cancelled: another {deployment} is under way and only one may be; try again when it has ended."
    return f"{state['name']}: {message}" if message else f"{state['name']}."
