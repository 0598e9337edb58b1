"""First and second poll of 200 local feeds × 30 items at 50 ms, beside lemon24/reader with 10 workers.

Every round starts each program as a process of its own on a fresh home; what is timed is the poll alone, imports left
out on both sides: what ours imports when it is first wanted (the migrations' and the feeds' libraries) is imported
before. The second poll is forced and all 304. Ratios are ours / reader, medians of the rounds. `peak_mb_1000` is the
most memory that both polls of 1,000 such feeds ever took.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FEEDS, ITEMS, LATENCY, ROUNDS = 200, 30, 0.05, 5
MANY = 1000

OURS = """
import json, sys, time
from pathlib import Path
import alembic.command, parsers.feeds
from bench.feedserver import address
from bench.memory import peak_mb
from flows.settings import Settings
from flows.steps import ingest_once
home, port, feeds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
(home / "sources.toml").write_text("".join(f'''
[[source]]
id = "town-{n}"
outlet = "town-{n}"
outlet_name = "Town {n}"
side = "other"
language = "en"
zone = "UTC"
kind = "rss"
url = "http://{address(n)}:{port}/feed.xml"
interval = "3h"
''' for n in range(1, feeds + 1)))
settings = Settings(home=home / "data", sources_file=home / "sources.toml", allow_private_addresses=True)
times, seen = [], []
for _ in range(2):
    started = time.perf_counter()
    report = ingest_once(settings, force=True)
    times.append(time.perf_counter() - started)
    seen.append(sorted({(s.outcome.value, s.entries) for s in report.sources}))
print(json.dumps({"times": times, "seen": seen, "peak_mb": peak_mb()}))
"""

READER = """
import json, sys, time
from reader import make_reader
from bench.feedserver import address
home, port, feeds = sys.argv[1], sys.argv[2], int(sys.argv[3])
reader = make_reader(home + "/reader.sqlite")
for n in range(1, feeds + 1):
    reader.add_feed(f"http://{address(n)}:{port}/feed.xml")
times, seen = [], []
for _ in range(2):
    started = time.perf_counter()
    reader.update_feeds(workers=10, scheduled=False)
    times.append(time.perf_counter() - started)
    seen.append(reader.get_entry_counts().total)
print(json.dumps({"times": times, "seen": seen}))
"""


@contextmanager
def feed_server(feeds: int) -> Iterator[str]:
    """The port of a local server of so many feeds, while it runs."""
    command = [sys.executable, "-m", "bench.feedserver", str(feeds), str(ITEMS), str(LATENCY)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        yield server.stdout.readline().strip()
        server.stdin.close()


def polled(script: str, port: str, feeds: int) -> dict[str, Any]:
    """What one program tells of its two polls on a fresh home; `times` in seconds."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-W", "ignore", "-c", script, home, port, str(feeds)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print("  ours  " if script is OURS else "  reader", [f"{t:.3f}" for t in told["times"]], told["seen"])
    return told


def main() -> dict[str, object]:
    """Ratios and the medians behind them."""
    with feed_server(FEEDS) as port:
        rounds = [(polled(OURS, port, FEEDS)["times"], polled(READER, port, FEEDS)["times"]) for _ in range(ROUNDS)]
    ours, theirs = zip(*rounds, strict=True)
    first, second, reader_first, reader_second = (
        statistics.median(column) for side in (ours, theirs) for column in zip(*side, strict=True)
    )
    with feed_server(MANY) as port:
        peak = polled(OURS, port, MANY)["peak_mb"]
    return {
        "ratio": first / reader_first,
        "second_ratio": second / reader_second,
        "first_s": first,
        "second_s": second,
        "reader_first_s": reader_first,
        "reader_second_s": reader_second,
        "peak_mb_1000": peak,
    }
