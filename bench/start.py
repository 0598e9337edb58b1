"""How long a person waits: `meetings --help`, and `meetings detect` on the two founding articles.

The best of several starts, since anything slower is the machine's doing; beside them a bare `python -c pass`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 7
SEEDS = Path(__file__).resolve().parent.parent / "seeds"


def best(command: list[str]) -> float:
    """Seconds of the fastest of several runs of a command."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
        print(f"  {' '.join(command[1:])}: {times[-1]:.3f} s")
    return min(times)


def main() -> dict[str, object]:
    """Seconds of each start."""
    meetings = str(Path(sys.executable).parent / "meetings")
    return {
        "help_s": best([meetings, "--help"]),
        "detect_s": best([meetings, "detect", "--format", "jsonl", str(SEEDS)]),
        "python_s": best([sys.executable, "-c", "pass"]),
    }
