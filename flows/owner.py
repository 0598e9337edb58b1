"""Who holds a lock, in words that also tell whether that process still lives.

`vm3:4711 (9f1c…)`: host and process for people; in brackets what makes the number unambiguous. A lock of a process that
was killed on this machine need not wait for its lease to run out; one of another machine must.
"""

from __future__ import annotations

import os
import re
import socket
from functools import cache
from pathlib import Path

_OWNER = re.compile(r".*:(?P<pid>\d+) \((?P<space>[0-9a-f-]+)/(?P<started>\d+)\)")
_START_FIELD = 19  # of /proc/PID/stat after the command's name: the start in ticks since boot (proc(5), field 22)


def owner() -> str:
    """This process. Where there is no /proc, only host and process number."""
    pid = os.getpid()
    space, started = _space(), _started(pid)
    return f"{socket.gethostname()}:{pid}" + (f" ({space}/{started})" if space and started else "")


def is_gone(other: str) -> bool:
    """True only when `other` is known to be a process of this boot and process space that has ended."""
    match = _OWNER.fullmatch(other)
    return bool(match and match["space"] == _space() and match["started"] != _started(int(match["pid"])))


def server_lock(home: Path) -> Path:
    """The file that `meetings serve` keeps locked (flock) for as long as it serves a home."""
    return home.resolve() / "prefect" / "serve.lock"


@cache
def _space() -> str | None:
    """This boot and this process-number space (a container has its own); None where it cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot[:13]}-{Path('/proc/self/ns/pid').stat().st_ino:x}"
    except OSError:
        return None


def _started(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    # a zombie has ended, and only its parent has not asked yet
    return None if state in "ZX" else fields[_START_FIELD - 1]
