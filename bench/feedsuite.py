"""feedparser's public test suite through our parser of feeds: `python -m bench feedsuite DIR`, DIR its `tests` folder.

A child process reads file after file, each within a time limit: a file beyond it is a hang, one at which the child
raises or dies is a crash, and a new child goes on behind it.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.memory import peak_mb
from parsers.records import InputError, Kind, Side, Source

SECONDS = 10.0
"""For one file; the longest of the suite takes a hundredth of it."""


def _read_files(pipe: Connection) -> None:
    """The child: for each file name received, what came of it."""
    from parsers.entries import parse_entries

    url = "https://suite.example/feed.xml"
    source = Source("suite", "suite", "Suite", Side.OTHER, "en", "UTC", Kind.RSS, url, timedelta(hours=1))
    while name := pipe.recv():
        try:
            listing = parse_entries(Path(name).read_bytes(), source=source, url=url)
            came: dict[str, Any] = {"outcome": listing.outcome.value, "entries": len(listing.entries)}
        except Exception as error:  # noqa: BLE001 - a crash of any kind is what is counted
            came = {"crash": f"{type(error).__name__}: {error}"}
        pipe.send(came | {"peak_mb": peak_mb()})


class _Reader:
    """A child that reads files, begun anew when one was its last."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_read_files, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def read(self, path: Path) -> dict[str, Any]:
        """What came of one file; `hang` or `crash` when the child is of no more use."""
        self._pipe.send(str(path))
        if not self._pipe.poll(SECONDS):
            return {"hang": f"more than {SECONDS:.0f} s", "over": True}
        try:
            return dict(self._pipe.recv())
        except EOFError:
            return {"crash": "the process died", "over": True}

    def close(self) -> None:
        """End the child, whatever it does."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def main(folder: str) -> dict[str, object]:
    """Counts of files, crashes and hangs, and the highest memory of a child."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file() and path.suffix != ".py")
    if not files:
        raise InputError(f"{folder} holds no files: give the folder `tests` of a copy of feedparser.")
    counts: Counter[str] = Counter()
    peak = 0.0
    reader = _Reader()
    for path in files:
        came = reader.read(path)
        peak = max(peak, came.get("peak_mb", 0.0))
        counts["entries"] += came.get("entries", 0)
        for fault in ("crash", "hang"):
            if fault in came:
                counts[fault] += 1
                print(f"  {fault}: {path}: {came[fault]}")
        counts[came.get("outcome", "none")] += 1
        if came.get("over"):
            reader.close()
            reader = _Reader()
    reader.close()
    print("  " + ", ".join(f"{name} {number}" for name, number in sorted(counts.items())))
    return {"files": len(files), "crashes": counts["crash"], "hangs": counts["hang"], "peak_mb": round(peak)}
