"""How fast and in how little memory the detector reads, on one core, in articles made up by `newsroom.py`.

`irrelevant_per_s`: of articles in three languages of which 1.5 % speak of both countries; `relevant_per_s`: of such as
all do; text in memory. `ratio`: the time of the first over plainly reading and decoding the same articles from files.
Seconds are those that one core spent on it, and the best of several rounds counts, since anything slower is the
machine's doing; for single articles of 50 kB and 1 MB the slowest. Memory is that of a process of its own that reads
35,000 articles, beside that after the first 5,000.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.memory import peak_mb
from bench.newsroom import articles
from meetings.detect import detect
from meetings.vocabulary import LANGUAGES
from parsers.records import Article

SEED, ROUNDS = 20_241_211, 5
IRRELEVANT, RELEVANT, STREAM, WARM = 4_000, 400, 35_000, 5_000
ALL = ("en", "vi", "zh")
BOTH = 0.015
LONG = {"50kb_ms": 50_000, "1mb_ms": 1_000_000}


def seconds(work: Callable[[], object]) -> list[float]:
    """The times of the rounds of some work."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return times


def read_all(found: Sequence[Article]) -> int:
    """Detects in every article; how many tell of a meeting."""
    return sum(bool(detect(article).meetings) for article in found)


def plainly(found: Sequence[Article]) -> list[float]:
    """The times of opening, reading and decoding the articles' texts as files."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{article.key}.txt" for article in found]
        for path, article in zip(paths, found, strict=True):
            path.write_text(article.text, encoding="utf-8")
        return seconds(lambda: [path.read_bytes().decode() for path in paths])


def stream() -> None:
    """Reads the whole stream, keeping nothing; prints the peak memory in MB after the first part and at the end."""
    for count, article in enumerate(articles(STREAM, seed=SEED, both=BOTH, languages=ALL), 1):
        detect(article)
        if count in (WARM, STREAM):
            print(peak_mb())


def main() -> dict[str, object]:
    """All figures."""
    common = list(articles(IRRELEVANT, seed=SEED, both=BOTH, languages=ALL))
    rare = list(articles(RELEVANT, seed=SEED, both=1, languages=LANGUAGES))
    for name, found in (("irrelevant", common), ("relevant", rare)):
        size = statistics.mean(len(article.text.encode()) for article in found)
        print(f"  {name}: {len(found)} articles of {size / 1000:.1f} kB, {read_all(found)} tell of a meeting")
    ours, theirs = seconds(lambda: read_all(common)), seconds(lambda: read_all(rare))
    plain = plainly(common)
    print("  seconds: irrelevant", _rounded(ours), "relevant", _rounded(theirs), "plain reading", _rounded(plain))
    long = {}
    for name, size in LONG.items():
        [article] = articles(1, seed=SEED, both=1, languages=LANGUAGES[:1], size=size)
        long[name] = max(seconds(partial(detect, article))) * 1000
    done = subprocess.run(
        [sys.executable, "-c", "from bench.detect import stream; stream()"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    warm, peak = (float(line) for line in done.stdout.split())
    return {
        "irrelevant_per_s": len(common) / min(ours),
        "relevant_per_s": len(rare) / min(theirs),
        "ratio": min(ours) / min(plain),
        **long,
        f"mb_after_{WARM}": warm,
        f"mb_after_{STREAM}": peak,
    }


def _rounded(times: Sequence[float]) -> list[float]:
    return [round(t, 3) for t in times]
