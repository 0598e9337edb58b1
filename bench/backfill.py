"""Pages per second of a whole backfill against two readers of news pages, each followed by our detector.

`bench.webpages` writes one WARC file. `meetings backfill` reads it into a fresh archive with one worker and with two:
from its start to its end, lexicons loaded, pages read, stored and joined. The readers take a sample of the same pages
from memory, decoded, and store nothing; seconds are those that processors spent, on both sides. `speedup2` is by the
clock. `peak_mb`: of the largest process. `write_per_s`: articles of 3 kB into PostgreSQL, by the clock, every commit
waited for. `meetings`: those found by both runs with exactly the pages that tell of them, of those there are.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from archive.articles import add_articles, count_articles
from archive.meetings import all_meetings
from archive.records import Capture
from archive.store import Archive
from bench.memory import Usage, usage
from bench.newsroom import articles
from bench.webpages import SEED, SHARES, Crawl, WebPage, write
from flows.capturing import CaptureReader, Fate
from flows.inputs import plan, read_chunk
from flows.runners import CHUNK_MB
from meetings.detect import detect
from meetings.records import Person
from parsers.records import Article, InputError, article_key
from parsers.text import decode
from tests.databases import running_server

PAGES, SAMPLE = 50_000, 300
WORKERS = (1, 2)
WRITTEN, AT_ONCE = 20_000, 1_000
BUDGETS = "vs_trafilatura >= 10, vs_newspaper4k >= 20, speedup2 >= 1.8, peak_mb <= 400, write_per_s >= 5000"
SAFE = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
"""What `tests.databases` switches off, and no real server does."""

Known = tuple[dt.date | None, str, str]
"""A meeting by its day and first principals."""
Reader = Callable[[WebPage, str], Article]


@dataclass(frozen=True, slots=True)
class Run:
    """One backfill: what it took, what the archive holds, and by what is known of a meeting who tells of it."""

    took: Usage
    articles: int
    archive_bytes: int
    meetings: dict[Known, list[set[str]]]


def main(pages: str = str(PAGES)) -> dict[str, object]:
    """All figures, for so many pages."""
    if not pages.isdecimal() or int(pages) < SAMPLE:
        raise InputError(f"'{pages}' is no number of pages; give one of at least {SAMPLE}")
    with tempfile.TemporaryDirectory(prefix="backfill-") as folder:
        crawl = made(int(pages), Path(folder) / "pages.warc.gz")
        runs = {workers: backfilled(Path(folder), workers, int(pages)) for workers in WORKERS}
        steps(crawl, Path(folder) / "pages.warc.gz")
    one, two = runs.values()
    seconds = one.took.processor_seconds / int(pages)
    expected = {(told.day, told.china, told.vietnam): told.urls for told in crawl.meetings}
    found = sum(one.meetings.get(known) == two.meetings.get(known) == [urls] for known, urls in expected.items())
    never = (one.meetings.keys() | two.meetings.keys()) - expected.keys()
    peers = {name: read_by(name, reader, crawl) for name, reader in PEERS.items()}
    read_by("trafilatura with fast=True, for comparison", partial(_by_trafilatura, fast=True), crawl)
    print(f"  meetings that there never were: {len(never)}; budgets: {BUDGETS}")
    return {
        **{f"vs_{name}": peer / seconds for name, peer in peers.items()},
        "speedup2": one.took.seconds / two.took.seconds,
        "peak_mb": max(run.took.peak_mb for run in runs.values()),
        "write_per_s": written_per_s(),
        "meetings": f"{found}/{len(expected)}",
    }


def made(pages: int, path: Path) -> Crawl:
    """The WARC file, and what is in it."""
    started = time.process_time()
    crawl = Crawl(pages)
    size = write(crawl, path)
    seconds, packed = time.process_time() - started, path.stat().st_size
    shares = ", ".join(f"{share:.1%} {matter}" for matter, share in SHARES.items())
    print(f"  {pages} pages of {size / pages / 1e3:.0f} kB, gzipped {packed / 1e6:.0f} MB, made in {seconds:.0f} s")
    print(f"  {shares}; {len(crawl.meetings)} meetings")
    return crawl


def backfilled(folder: Path, workers: int, pages: int) -> Run:
    """A backfill of the file by the command, into a home of its own."""
    home = folder / f"home-{workers}"
    command = [str(Path(sys.executable).parent / "meetings"), "backfill", str(folder / "pages.warc.gz")]
    took = usage([*command, "--workers", str(workers)], {**os.environ, "MEETINGS_HOME": str(home)})
    found: dict[Known, list[set[str]]] = defaultdict(list)
    with Archive.open(home) as archive, archive.read() as session:
        for stored in all_meetings(session):
            meeting = stored.meeting
            known = (meeting.date, _first(meeting.china), _first(meeting.vietnam))
            found[known].append({mention.article.article.url or "" for mention in stored.mentions})
        count = count_articles(session)
    size = sum(file.stat().st_size for file in home.glob("archive.db*"))
    per_page = took.processor_seconds / pages * 1000
    print(
        f"  {workers} workers: {took.seconds:.1f} s, {per_page:.2f} ms of processors a page, "
        f"{took.peak_mb:.0f} MB; {count} articles, {sum(map(len, found.values()))} meetings in {size / 1e6:.1f} MB"
    )
    return Run(took, count, size, dict(found))


def _first(people: Sequence[Person]) -> str:
    return (people[0].name or "") if people else ""


def steps(crawl: Crawl, path: Path) -> None:
    """Prints what single steps take of one core: of another mixture of pages the whole can be told from them."""
    [chunk, *_] = plan([str(path)], chunk_bytes=CHUNK_MB * 2**20)
    started = time.process_time()
    with read_chunk(chunk) as records:
        count = sum(isinstance(each, Capture) for each in records)
    print(f"  reading: {(time.process_time() - started) / count * 1000:.2f} ms a page")
    reader, taken = CaptureReader(()), defaultdict[str, list[float]](list)
    for page in crawl.sample(SAMPLE):
        capture = Capture(page.url, page.body, page.content_type, page.captured_at, "")
        started = time.process_time()
        found = reader.read(capture)
        taken[found if isinstance(found, Fate) else "article"].append(time.process_time() - started)
        if isinstance(found, Article):
            started = time.process_time()
            detect(found)
            taken["rules"].append(time.process_time() - started)
    for name, times in sorted(taken.items()):
        # what is loaded once is in the first
        print(f"  {name}: {len(times)} pages, {statistics.median(times) * 1000:.2f} ms each in the median")


def read_by(name: str, reader: Reader, crawl: Crawl) -> float:
    """Seconds a page that a peer and the detector take for the sample, in which all matters have their shares."""
    pages = crawl.sample(SAMPLE)
    told = {url: (told.day, told.china, told.vietnam) for told in crawl.meetings for url in told.urls}
    texts = [decode(page.body, page.content_type, page.outlet.language) for page in pages]
    reader(pages[0], texts[0])  # what is loaded only once
    started = time.process_time()
    found = [detect(reader(page, text)).meetings for page, text in zip(pages, texts, strict=True)]
    seconds = (time.process_time() - started) / len(pages)
    right = sum(
        [(each.date, _first(each.china), _first(each.vietnam)) for each in meetings] == [told[page.url]]
        for page, meetings in zip(pages, found, strict=True)
        if page.url in told
    )
    print(
        f"  {name}: {seconds * 1000:.1f} ms a page; of {sum(page.url in told for page in pages)} pages that tell of a "
        f"meeting {right} read rightly, {sum(map(len, found)) - right} found that are none"
    )
    return seconds


def _by_trafilatura(page: WebPage, text: str, *, fast: bool = False) -> Article:
    """As it comes, with the date that our detector needs; `fast`: without the other readers that it asks beside."""
    import trafilatura

    found: Any = trafilatura.bare_extraction(text, url=page.url, with_metadata=True, fast=fast)
    if found is None:
        return Article(article_key(page.url), "", ())
    day = dt.date.fromisoformat(found.date) if found.date else None
    return Article(article_key(page.url), found.title or "", tuple(found.text.splitlines()), published_on=day)


def _by_newspaper(page: WebPage, text: str) -> Article:
    """Chinese is read without a Chinese tokenizer, which is an extra of newspaper4k's and would cost it more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages for what is not asked of it
        import newspaper

    language = "en" if page.outlet.language == "zh" else page.outlet.language
    found = newspaper.Article(url=page.url, language=language, fetch_images=False)
    found.download(input_html=text)
    found.parse()
    day = found.publish_date.date() if found.publish_date else None
    paragraphs = tuple(line for line in found.text.splitlines() if line)
    return Article(article_key(page.url), found.title, paragraphs, published_on=day)


PEERS: dict[str, Reader] = {"trafilatura": _by_trafilatura, "newspaper4k": _by_newspaper}


def written_per_s() -> float:
    """Articles a second that one writer brings into PostgreSQL, in transactions of AT_ONCE."""
    found = list(articles(WRITTEN, seed=SEED, both=1, languages=("en", "vi", "zh")))
    now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        for name in SAFE:
            server.execute(f"ALTER SYSTEM SET {name} = 'on'")
        server.execute("SELECT pg_reload_conf()")
        with Archive.open(Path(folder), server.new_database()) as archive:
            started = time.perf_counter()
            for at in range(0, WRITTEN, AT_ONCE):
                with archive.write() as session:
                    add_articles(session, found[at : at + AT_ONCE], now=now)
            seconds = time.perf_counter() - started
    print(f"  PostgreSQL: {WRITTEN} articles in {seconds:.1f} s, fsync on")
    return WRITTEN / seconds
