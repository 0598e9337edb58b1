"""How much memory a process has taken."""

from __future__ import annotations

from pathlib import Path

_KIB_PER_MB = 1024


def peak_mb() -> float:
    """The most that this process has held in memory so far, in MB (proc_pid_status(5), VmHWM).

    Not `ru_maxrss`: that is the peak of the process that started this one, if it was larger (getrusage(2)).
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [peak] = (line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / _KIB_PER_MB
