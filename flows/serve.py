"""`meetings serve`: Prefect's server with its UI, and our flows on schedule, as one thing that starts and stops.

    meetings serve -> keeper of signals (this process, without Prefect)
                        -> python -m flows.serve, in a session of its own
                             -> prefect server start
                             -> one process per flow run

The keeper passes a stop on, waits, and then ends what is left of the session, so that no process stays. Nothing that
the user's environment or profile says of Prefect gets through: the server, its database and its address are ours
(prefect.md §4). Prefect's ephemeral mode runs no schedules, hence a real server.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.console import put, warn
from flows.owner import server_lock
from flows.prefect_api import PrefectApi
from flows.settings import Settings, load_settings, shipped
from flows.watchdog import attended
from parsers.records import MeetingsError

if TYPE_CHECKING:
    from prefect.runner import Runner

    from flows.deployments import Deployment

START_SECONDS = 180.0  # the first start migrates Prefect's database: 17 s measured, more on a busy machine
TOLD_EVERY = 10.0
STOP_SECONDS = 45.0  # Prefect gives a flow run 30 s to end, we give the server 10 s more
SERVER_STOP_SECONDS = 10.0
STOPPED_BY_US = "Runner is shutting down."  # Prefect's own words for what it cancels when it stops
LOOKED_BACK = 50

# prefect.md §3 and §4 have the measurements behind the batch sizes
TUNED = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_TASKS_DEFAULT_NO_CACHE": "true",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_RUNNER_POLL_FREQUENCY": "5",
}


class _Stopped(Exception):  # noqa: N818 - a signal came; nothing went wrong
    """Raised out of waiting when we are told to stop."""


def environment(settings: Settings, base: Mapping[str, str]) -> dict[str, str]:
    """The environment of everything we start: `base` without any `PREFECT_*`, with ours, and the settings in force."""
    ours = {key: value for key, value in base.items() if not key.startswith("PREFECT_")}
    ours |= TUNED
    ours["PREFECT_HOME"] = str(prefect_home(settings))
    ours["PREFECT_API_URL"] = PrefectApi(settings).url
    ours["MEETINGS_HOME"] = str(settings.home.resolve())
    if settings.sources_file:
        ours["MEETINGS_SOURCES_FILE"] = str(settings.sources_file.resolve())
    return ours


def prefect_home(settings: Settings) -> Path:
    """Prefect's own folder: run history that may be thrown away."""
    return server_lock(settings.home).parent


def serve(settings: Settings, *, deployments: Path | None = None) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP; then leave no process. Returns the exit code.

    `deployments` is another `prefect.yaml` than the shipped one. Errors are told on stderr by what we start.
    """
    from flows.prefect_database import require_own

    path = (deployments or shipped("prefect.yaml")).resolve()
    require_own(settings)
    _make_folders(settings)
    command = [sys.executable, "-m", "flows.serve", str(path)]
    stops = _Stops()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stops)
    with subprocess.Popen(  # noqa: S603 - our own module
        command, env=environment(settings, os.environ), stdin=subprocess.PIPE, start_new_session=True
    ) as child:
        try:
            with stops:
                return child.wait()
        except _Stopped:
            child.terminate()
            with suppress(subprocess.TimeoutExpired, _Stopped), stops:  # told twice: at once
                child.wait(STOP_SECONDS)
            put("Stopped.")
            return 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


class _Stops:
    """What signals do: they end the block that is under way, or the one that is entered next.

    Between the blocks, while the server is started or ended, they wait: nothing is left half done.
    """

    def __init__(self) -> None:
        self._came = self._entered = 0
        self._waiting = False

    def __call__(self, *_signal: object) -> None:
        self._came += 1
        if self._waiting:
            self._waiting = False
            raise _Stopped

    def __enter__(self) -> None:
        self._entered += 1
        self._waiting = True
        if self._came >= self._entered:
            self._waiting = False
            raise _Stopped

    def __exit__(self, *_error: object) -> None:
        self._waiting = False


def _serve_here(settings: Settings, path: Path) -> None:
    """Server and runner, until SIGTERM."""
    from flows.prefect_database import require_reachable

    # before Prefect is loaded, which takes seconds
    require_reachable(settings)
    from flows.automations import install_automations
    from flows.deployments import read_deployments, runner_of

    deployments = read_deployments(path)
    api = PrefectApi(settings)
    with _alone(settings), _server(settings) as server:
        _stop_after(server.wait)
        _wait_until_up(api)
        for name in resume_interrupted():
            _tell(f"begins again, because it was cut short: {name}")
        runner = runner_of(deployments)
        install_automations()
        _announce(api, deployments)
        asyncio.run(_run(runner, api))


async def _run(runner: Runner, api: PrefectApi) -> None:
    async with attended(api.healthy):
        await runner.start()


def _make_folders(settings: Settings) -> None:
    folder = prefect_home(settings)
    try:
        for path in (folder.parent, folder):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        server_lock(settings.home).touch()
    except OSError as error:
        raise MeetingsError(f"{folder} cannot be written: {error.strerror}") from error


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold this home for one `meetings serve`: two servers on one SQLite file would lose runs."""
    with server_lock(settings.home).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise MeetingsError(f"another `meetings serve` is running for {settings.home}; stop it first") from error
        yield


@contextmanager
def _server(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A Prefect server, ended with the block. Raises `MeetingsError` when its port is taken or it ends by itself."""
    from flows.prefect_database import variables

    host, port = settings.prefect_host, settings.prefect_port
    _check_port(host, port)
    command = [sys.executable, "-m", "prefect", "--no-prompt", "server", "start", "--host", host, "--port", str(port)]
    # in Prefect's own folder, because a `.env` or prefect.toml of the current one would be obeyed
    server = subprocess.Popen(  # noqa: S603 - Prefect's own command
        command,
        cwd=prefect_home(settings),
        env={**os.environ, **variables(settings)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield server
    finally:
        died = server.poll()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the watcher of the server is about to send one
        server.terminate()
        try:
            server.wait(SERVER_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if died is not None:
            raise MeetingsError(f"the Prefect server stopped by itself (exit code {died}); its last words are above")


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise MeetingsError(
                f"cannot listen on {host} port {port} ({error.strerror}): stop the program that does, "
                "or choose another with MEETINGS_PREFECT_PORT"
            ) from error


def _wait_until_up(api: PrefectApi) -> None:
    _tell("Starting the Prefect server; the first time it sets up its database, which takes half a minute …")
    started = told = time.monotonic()
    while not api.healthy():
        now = time.monotonic()
        if now - started > START_SECONDS:
            raise MeetingsError(f"the Prefect server did not come up within {START_SECONDS:.0f} s at {api.ui}")
        if now - told >= TOLD_EVERY:
            told = now
            _tell(f"still starting, {now - started:.0f} s …")
        time.sleep(0.25)


def resume_interrupted() -> list[str]:
    """Put the flow runs that a stop or a crash of `meetings serve` cut short back on the schedule; their names.

    At our start nothing can be running. A run left as it is would hold its deployment's only slot for ever, because
    the server forgets its leases when it ends, and a digest cut short would wait a week. Both flows may be repeated.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
    from prefect.client.schemas.objects import State, StateType
    from prefect.client.schemas.sorting import FlowRunSort
    from prefect.states import Scheduled

    def in_state(*types: StateType) -> FlowRunFilter:
        return FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types))))

    with get_client(sync_client=True) as client:
        cut = client.read_flow_runs(
            flow_run_filter=in_state(StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)
        )
        latest = client.read_flow_runs(
            flow_run_filter=in_state(StateType.CANCELLED), sort=FlowRunSort.END_TIME_DESC, limit=LOOKED_BACK
        )
        cut += [run for run in latest if run.state and run.state.message == STOPPED_BY_US]
        for run in cut:
            state: State[Any] = Scheduled(message="Cut short when `meetings serve` stopped; begins again")
            client.set_flow_run_state(run.id, state, force=True)
    return [run.name for run in cut]


def _announce(api: PrefectApi, deployments: tuple[Deployment, ...]) -> None:
    for deployment in deployments:
        for s in deployment.schedules:
            _tell(f"{deployment.name}: {s.cron} {s.timezone}{'' if s.active else ' (paused)'}")
    _tell(f"Serving. UI: {api.ui} – stop with Ctrl-C.")


def _tell(line: str) -> None:
    put(line)
    sys.stdout.flush()


def _stop_after(wait: Callable[[], object]) -> None:
    """End this process by SIGTERM when `wait` returns."""

    def watch() -> None:
        wait()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _keeper_gone() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is ever written there: it returns when the keeper's end closes


def _main(path: Path) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _stop_after(_keeper_gone)
    try:
        _serve_here(load_settings(), path)
    except MeetingsError as error:
        warn(f"meetings: {error}")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))
