"""Commands of ours in processes that die when told to: after some seconds, or at a named step.

`Launcher` starts a process that has imported the program already and forks it for each command, so that kills fall into
the work and not into the imports. What that process runs has its clock set ahead of the machine's.

A step is `module:attribute before|after [nth call]`; the process kills itself there, before or after the call's work.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import math
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from parsers.records import MeetingsError

PACKAGES = ("flows", "parsers", "reports", "fetch", "meetings", "archive")
# none of the commands that are run loads these before a kill could have hit the loading
LATE = ("flows.cli", "flows.cli_site", "flows.issue_steps", "flows.publishing", "alembic.command", "parsers.feeds")
POSTGRESQL = ("psycopg", "sqlalchemy.dialects.postgresql.psycopg")


@dataclass(frozen=True, slots=True)
class Job:
    """One command: its words, its MEETINGS_ settings, seconds by which its clock is ahead, when it dies if at all.

    What it prints goes to the file `log`. `fork`: False runs it in the launching process itself, to load everything.
    """

    words: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    ahead: float = 0.0
    delay: float | None = None
    step: str = ""
    fork: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: its exit code, -9 when it was killed, and after how many seconds."""

    code: int
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether the signal met it alive."""
        return self.code == -signal.SIGKILL


@dataclass
class Launcher:
    """Runs jobs, for several threads at once; `with` it, so that its process ends."""

    _process: subprocess.Popen[bytes] = field(init=False)
    _address: bytes = field(init=False)

    def __enter__(self) -> Self:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("")  # Linux chooses a name that is no file (unix(7), autobind)
            listener.listen()
            self._address = listener.getsockname()
            command = [sys.executable, "-W", "ignore", "-m", "bench.killing", str(listener.fileno())]
            # what it forks ends without a word, so what coverage would measure there would only take time
            env = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE_")}
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listener.fileno()], env=env)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, job: Job) -> Ended:
        """Run one command to its end, or to its death. Raises `MeetingsError` when the launching process is gone."""
        answer = b""
        with socket.socket(socket.AF_UNIX) as asking, suppress(ConnectionError):
            asking.connect(self._address)
            asking.sendall(json.dumps(asdict(job), default=str).encode() + b"\n")
            with asking.makefile("rb") as lines:
                answer = lines.readline()
        if not answer:
            raise MeetingsError("the process that starts the commands has ended; its last words above say why")
        return Ended(**json.loads(answer))


def arm(step: str) -> None:
    """This process kills itself at the step from now on."""
    target, when, *count = step.split()
    module, attribute = target.split(":")
    owner: Any = importlib.import_module(module)
    *path, name = attribute.split(".")
    for part in path:
        owner = getattr(owner, part)
    real = getattr(owner, name)
    deadly = _deadly(real, when, int(count[0]) if count else 1)
    setattr(owner, name, deadly)
    ours = [loaded for key, loaded in sys.modules.items() if key.partition(".")[0] in PACKAGES]
    for imported in ours:  # whoever took the name over when it was imported
        for own in [key for key, value in vars(imported).items() if value is real]:
            setattr(imported, own, deadly)


def _deadly(real: Callable[..., Any], when: str, last: int) -> Callable[..., Any]:
    calls = 0

    @functools.wraps(real)
    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        this = calls
        if this == last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **kwargs)
        if this == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return deadly


class _Clock:
    """The program's clock in the launching process and all that it forks."""

    ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def _run(job: dict[str, Any], clock: _Clock) -> int:
    """The command in this very process; its exit code."""
    for name in [name for name in os.environ if name.startswith("MEETINGS_")]:
        del os.environ[name]
    os.environ.update(job["env"])
    clock.ahead = timedelta(seconds=job["ahead"])
    if job["step"]:
        arm(job["step"])
    sys.argv = ["meetings", *job["words"]]
    from flows.cli import main

    with Path(job["log"]).open("w", encoding="utf-8", buffering=1) as log:
        sys.stdout = sys.stderr = log
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        finally:
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    return 0


@dataclass(slots=True)
class _Running:
    """A forked command: who asked for it, since when it runs, when it is killed; both by `time.perf_counter()`."""

    pid: int
    asked: socket.socket
    started: float
    dies: float


def _begin(asked: socket.socket, clock: _Clock) -> _Running | None:
    """The command that comes over the connection, in a process of its own; None when it ran in this one."""
    with asked.makefile() as lines:
        job = json.loads(lines.readline())
    started = time.perf_counter()
    if not job["fork"]:
        _answer(asked, _run(job, clock), started)
        return None
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = _run(job, clock)
        finally:
            os._exit(code)
    return _Running(pid, asked, started, math.inf if job["delay"] is None else started + job["delay"])


def _answer(asked: socket.socket, code: int, started: float) -> None:
    with asked, suppress(BrokenPipeError):
        asked.sendall(json.dumps({"code": code, "seconds": time.perf_counter() - started}).encode() + b"\n")


def _serve(listener: socket.socket) -> None:
    """Take jobs, a connection each, until standard input closes."""
    from flows import steps

    steps.now_utc = clock = _Clock()  # before anything else takes the name over
    for name in (*LATE, *POSTGRESQL):
        importlib.import_module(name)
    running: dict[int, _Running] = {}
    while True:
        pause = min((each.dies for each in running.values()), default=math.inf) - time.perf_counter()
        timeout = None if pause == math.inf else max(pause, 0)
        ready, _, _ = select.select([sys.stdin, listener, *running], [], [], timeout)
        if sys.stdin in ready:
            return
        for handle in running.keys() & ready:
            ended = running.pop(handle)
            os.close(handle)
            _answer(ended.asked, os.waitstatus_to_exitcode(os.waitpid(ended.pid, 0)[1]), ended.started)
        for each in running.values():
            if each.dies <= time.perf_counter():
                os.kill(each.pid, signal.SIGKILL)
                each.dies = math.inf
        if listener in ready and (begun := _begin(listener.accept()[0], clock)):
            running[os.pidfd_open(begun.pid)] = begun


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
