"""How much memory and time a process takes, with those that it starts."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_KIB_PER_MB = 1024


class Usage(NamedTuple):
    """What a command took: seconds on the clock, seconds of processors, and MB of the largest of its processes."""

    seconds: float
    processor_seconds: float
    peak_mb: float


def peak_mb() -> float:
    """The most that this process has held in memory so far, in MB (proc_pid_status(5), VmHWM).

    Not `ru_maxrss`: that is the peak of the process that started this one, if it was larger (getrusage(2)).
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [peak] = (line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / _KIB_PER_MB


def usage(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Runs a command and all that it starts and waits for; what it prints is lost, but for its standard error.

    It is started by a small process, so that its peak is not ours (see `peak_mb`). Raises CalledProcessError.
    """
    starter = [sys.executable, "-m", "bench.memory", *command]
    done = subprocess.run(starter, check=True, stdout=subprocess.PIPE, text=True, env=dict(environment))
    return Usage(*map(float, done.stdout.split()))


def main() -> int:
    """Runs the command given and prints its usage; the exit code is the command's."""
    started = time.perf_counter()
    code = subprocess.run(sys.argv[1:], check=False, stdout=subprocess.DEVNULL).returncode
    seconds, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / _KIB_PER_MB)
    return code


if __name__ == "__main__":
    sys.exit(main())
