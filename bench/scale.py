"""What weekly use costs as the archive grows: 10,000, 100,000 and 1,000,000 articles, on both databases.

The week that is measured is the same in all of them, and so is the year before it; what differs is the past
(`bench.history`). Measured are: a digest from the question what is to do to its files, in a process of its own; taking
in articles, which tell of a meeting that is known by then, print the others' text or are new, until they are compared;
finding out which meeting an account is of. The fastest of several counts: anything slower is the machine's doing.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import text

from archive import articles, copies, meetings
from archive.store import Archive
from bench import telling
from bench.big_archive import LAST_WEEK, OUTLETS, ZONE
from bench.history import Past, cut_bytes, make_base, write
from meetings.detect import RULES_VERSION
from meetings.records import Detection, Meeting, Status
from parsers.records import Article, Side, article_key
from tests.databases import running_server

SIZES = (10_000, 100_000, 1_000_000)
BUDGET = 2.0
ROUNDS, TAKEN_IN = 3, 25

DIGEST = """
import json, sys, time
from pathlib import Path
import matplotlib.backends.backend_agg, matplotlib.figure, matplotlib.font_manager
from bench.memory import peak_mb
from flows import issue_steps, steps, weeks
from flows.opening import existing_archive
from flows.settings import Settings
from reports.week import parse_week
settings = Settings(home=Path(sys.argv[1]), zone=sys.argv[2])
times = []
for _ in range(int(sys.argv[4])):
    started, spent = time.perf_counter(), time.process_time()
    with existing_archive(settings) as archive:
        weeks.to_do(settings, archive, scheduled=steps.now_utc(), now=steps.now_utc())
    issue = issue_steps.write_issue(settings, parse_week(sys.argv[3]))
    times.append((time.perf_counter() - started, time.process_time() - spent))
print(json.dumps({"seconds": min(times)[0], "cpu": min(each[1] for each in times), "subject": issue.subject,
    "peak_mb": peak_mb()}))
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What one archive costs: seconds of a digest, milliseconds of an article and of an account, bytes in all."""

    digest_s: float
    ingest_ms: float
    identity_ms: float
    size: int


def main(most: str = str(SIZES[-1])) -> dict[str, object]:
    """The ratios of the largest archive to the smallest, of the database that does worse; `most`: the largest size."""
    sizes = [size for size in SIZES if size <= int(most)]
    found: dict[str, dict[int, Found]] = {"sqlite": {}, "postgresql": {}}
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        base = make_base(Path(folder) / "base")
        for size in sizes:
            for name, results in found.items():
                home = Path(folder) / "home"
                url = server.new_database() if name == "postgresql" else None
                started = time.perf_counter()
                write(Past(base, size), home, url)
                made = time.perf_counter() - started
                results[size] = measure(home, url)
                print(f"{name}, {size:,} articles, made in {made:.0f} s: {results[size]}", flush=True)
                shutil.rmtree(home)
                if url:
                    server.execute(f"DROP DATABASE {url.rpartition('/')[2].partition('?')[0]}")
        left_out = cut_bytes(base) * (1 - 1 / (sizes[-1] // sizes[0]))
    print(f"budget: digest_ratio <= {BUDGET:g}")
    least, large = sizes[0], sizes[-1]
    return {
        "digest_ratio": max(each[large].digest_s / each[least].digest_s for each in found.values()),
        "ingest_ratio": max(each[large].ingest_ms / each[least].ingest_ms for each in found.values()),
        "identity_ms": max(each[large].identity_ms for each in found.values()),
        "bytes_per_article": round(found["sqlite"][large].size / large + left_out),
    }


def measure(home: Path, url: str | None) -> Found:
    """What an archive costs."""
    made = run(home, url)
    with Archive.open(home, url) as archive:
        ingest_ms, identity_ms = take_in(archive)
        with archive.read() as session:
            asked = "pg_database_size(current_database())" if url else "page_count * page_size"
            tables = "" if url else " FROM pragma_page_count(), pragma_page_size()"
            size = session.execute(text(f"SELECT {asked}{tables}")).scalar_one()
    print(f"  {made['subject']}: {made['cpu']:.2f} s of work, {made['peak_mb']:.0f} MB at most")
    return Found(made["seconds"], ingest_ms, identity_ms, size)


def run(home: Path, url: str | None) -> dict[str, Any]:
    """The digest of the last week, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", DIGEST, str(home), ZONE.key, LAST_WEEK.label, str(ROUNDS)]
    given = os.environ | ({"MEETINGS_DATABASE_URL": url} if url else {})
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=given)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def take_in(archive: Archive) -> tuple[float, float]:
    """Milliseconds of one article from its storing until it is compared, and of its meeting's identity among them."""
    rounds = []
    news = _news()
    for _ in range(ROUNDS):
        identity = 0.0
        batch = [next(news) for _ in range(TAKEN_IN)]
        started = time.perf_counter()
        for article, told in batch:
            with archive.write() as session:
                stored, _ = articles.add_article(session, article, now=NOW)
            asked = time.perf_counter()
            with archive.write() as session:
                meetings.record_detection(
                    session, stored, Detection("en", (told,)), rules_version=RULES_VERSION, now=NOW
                )
            identity += time.perf_counter() - asked
        copies.group_copies(archive)
        rounds.append((time.perf_counter() - started, identity))
    return min(rounds)[0] / TAKEN_IN * 1000, min(each[1] for each in rounds) / TAKEN_IN * 1000


NOW = dt.datetime(2025, 1, 5, 12, tzinfo=dt.UTC)


def _news() -> Iterator[tuple[Article, Meeting]]:
    """Accounts of meetings of the last week: of each two, every fifth of which prints the text of the one before."""
    dice = random.Random(1)
    monday, _ = LAST_WEEK.days()
    last: tuple[Article, Meeting] | None = None
    event: telling.Event | None = None
    for number in count():
        day = monday + dt.timedelta(days=number // 2 % 7)
        if event is None or number % 2 == 0:
            event = _event(dice, day)
        outlet, language, side = OUTLETS[number % len(OUTLETS)]
        url = f"https://{outlet}.example/{language}/news-{number}.html"
        if last and number % 5 == 0:
            told = replace(last[0], url=url, key=article_key(url)), last[1]
        else:
            told = telling.tell(dice, event, url=url, language=language, side=side, published=day)
        yield told
        last = told


def _event(dice: random.Random, day: dt.date) -> telling.Event:
    china, vietnam = (dice.choice(telling.holders(side, day.replace(day=1))) for side in (Side.CHINA, Side.VIETNAM))
    topics = tuple(dice.sample([*telling.TOPICS], 2))
    return telling.Event(day, Status.HELD, china, vietnam, dice.choice(telling.CITIES), None, topics, told_day=True)
