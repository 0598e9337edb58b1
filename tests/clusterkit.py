"""Several machines on one: Prefect's server on PostgreSQL, its workers, and a Dask cluster, each a process of its own.

The commands are those of docs/cluster.md, in that order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import make_url

from flows.prefect_api import PrefectApi
from flows.settings import Settings, shipped
from parsers.records import MeetingsError
from tests.databases import EMPTY, PostgreSQL
from tests.prefect_server import free_port, until

PREFECT = (sys.executable, "-m", "prefect", "--no-prompt")
PASSWORD = "hunter2hunter2"
"""That of the archive; this server asks for none."""
DASK = (sys.executable, "-m", "dask")


class Cluster:
    """Servers and workers, started one by one and all ended with the block. `home` is a folder that all share."""

    def __init__(self, folder: Path, server: PostgreSQL) -> None:
        self.folder = folder
        self._server = server
        self.url = make_url(server.new_database()).set(password=PASSWORD).render_as_string(hide_password=False)
        self.settings = Settings(home=folder / "home", database_url=self.url, prefect_port=free_port())
        self.api = PrefectApi(self.settings)
        self._prefect_url = make_url(server.new_database(EMPTY)).set(drivername="postgresql+asyncpg")
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        foreign = ("MEETINGS_", "PREFECT_", "DASK_", "COVERAGE_")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(foreign)} | {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.api.url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "MEETINGS_ROOT": str(folder),
            "MEETINGS_HOME": str(self.settings.home),
            "MEETINGS_DATABASE_URL": self.url,
            "MEETINGS_ALLOW_PRIVATE_ADDRESSES": "true",
            "MEETINGS_HOST_DELAY": "0",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # workers before those they belong to, which they would look for
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def serve(self) -> None:
        """A Prefect server that knows our deployments and automations."""
        database = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": self._prefect_url.render_as_string(hide_password=False)}
        address = ("--host", "127.0.0.1", "--port", str(self.settings.prefect_port))
        self._start("server", *PREFECT, "server", "start", *address, **database)
        until(lambda: self.api.healthy() or self._ended("server"), "the server to be up")
        assert not self._ended("server"), self.said("server")
        self.run(*PREFECT, "work-pool", "create", "meetings", "--type", "process")
        self.run(*PREFECT, "deploy", "--all")
        self.run(sys.executable, "-m", "flows.automations")

    def add_worker(self, name: str) -> None:
        """A worker of the pool, which takes one run at a time."""
        self._start(name, *PREFECT, "worker", "start", "--pool", "meetings", "--name", name, "--limit", "1")

    def add_dask(self, *names: str) -> None:
        """A scheduler and a worker of each name, with one thread; Prefect workers that begin later use them."""
        port = str(free_port())
        self._start("scheduler", *DASK, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        address = f"tcp://127.0.0.1:{port}"
        for name in names:
            self._start(
                name,
                *DASK,
                "worker",
                address,
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--name",
                name,
                "--local-directory",
                str(self.folder),
            )
        self.env["MEETINGS_TASK_RUNNER"] = f"dask:{address}"

    def registered(self, name: str) -> bool:
        """Whether a Dask worker has been taken in by its scheduler."""
        return "Registered to" in self.said(name)

    def run(self, *words: str) -> str:
        """A command to its end; what it printed."""
        done = subprocess.run(
            words,
            cwd=shipped("prefect.yaml").parent,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def trigger(self, deployment: str, **parameters: object) -> str:
        """Starts a run and does not wait for it; its id."""
        found = self.api.call("GET", f"/deployments/name/{deployment}/{deployment}")
        asked = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        return str(self.api.call("POST", f"/deployments/{found['id']}/create_flow_run", asked)["id"])

    def state(self, run: str) -> dict[str, Any]:
        """What the server says of a run's state."""
        found: dict[str, Any] = self.api.call("GET", f"/flow_runs/{run}")["state"]
        return found

    def scheduled(self, deployment: str) -> list[dict[str, Any]]:
        """The scheduled runs of a deployment, as yet without those of the server's first seconds."""
        wanted = {
            "deployments": {"name": {"any_": [deployment]}},
            "flow_runs": {"state": {"name": {"any_": ["Scheduled"]}}},
        }
        try:
            found: list[dict[str, Any]] = self.api.call("POST", "/flow_runs/filter", wanted)
        except MeetingsError:
            return []
        return found

    def pid(self, name: str) -> int:
        """The number of a process."""
        return self._running[name].pid

    def run_of(self, name: str) -> str | None:
        """The flow run that a worker is at."""
        for pid in _below(self.pid(name)):
            with suppress(OSError):
                environment = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
                if run := dict(each.partition("=")[::2] for each in environment).get("PREFECT__FLOW_RUN_ID"):
                    return run
        return None

    def said(self, name: str) -> str:
        """What a process wrote so far."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def remembered(self) -> str:
        """All that Prefect's server keeps, and what every process wrote."""
        plain = self._prefect_url.set(drivername="postgresql").render_as_string(hide_password=False)
        dump = [str(self._server.bin / "pg_dump"), "--data-only", f"--dbname={plain}"]
        told = [log.read_text(encoding="utf-8") for log in self.folder.glob("*.log")]
        return "\n".join([subprocess.run(dump, capture_output=True, text=True, check=True).stdout, *told])

    def kill(self, name: str) -> None:
        """Ends a process and all that it started, at once and without a word."""
        process = self._running.pop(name)
        for pid in (*_below(process.pid), process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()

    def _ended(self, name: str) -> bool:
        return self._running[name].poll() is not None

    def _start(self, name: str, *words: str, **more: str) -> None:
        # a worker that a script starts in the background may have SIGINT ignored, and would not stop
        with (self.folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                words,
                cwd=self.folder,
                env=self.env | more,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


def _below(pid: int) -> list[int]:
    """The processes that one started, and theirs (Linux: /proc)."""
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [each for child in children for each in (*_below(child), child)]
