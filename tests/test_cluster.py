"""Prefect's server on PostgreSQL, two workers of its pool and a Dask cluster, each a process of its own.

Kills and outages strike in the middle: the files of a backfill come from a web server that holds back some of them.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from archive import backfills, meetings
from archive.models import ChunkRow
from archive.records import BackfillProgress, ChunkState
from archive.store import Archive
from flows.backfilling import backfill_once
from flows.settings import Settings
from tests import prefect_server
from tests.backfillkit import days_of, expected, pages, response, write_warc
from tests.clusterkit import PASSWORD, Cluster
from tests.databases import PostgreSQL
from tests.prefect_server import FEED_PATH, PAGE, PAGE_PATH, catalogue, feed
from tests.webserver import Reply, Seen, Web

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
FILES = 10
until = partial(prefect_server.until, patience=400)  # a dozen processes on two cores


@pytest.fixture(scope="module")
def cluster(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster"), postgresql) as one:
        one.add_dask("dask-1", "dask-2")
        one.serve()
        one.add_worker("worker-1")
        one.add_worker("worker-2")
        for name in ("dask-1", "dask-2"):
            until(lambda name=name: one.registered(name), f"{name} to be there")  # type: ignore[misc]
        yield one


class Library:
    """A crawl in files on a web server, which gives away parts of them; the later half only once it is let."""

    def __init__(self, web: Web, folder: Path, count: int) -> None:
        self.open = threading.Event()
        records = [response(url, body) for url, body in pages(count)]
        size = count // FILES
        self.urls = []
        for number in range(FILES):
            part = records[number * size : (number + 1) * size]
            content = write_warc(folder / f"{number}.warc.gz", part).read_bytes()
            held = number >= FILES // 2
            self.urls.append(web.add(f"/{number}.warc.gz", lambda seen, c=content, h=held: self._give(seen, c, held=h)))  # type: ignore[misc]

    def _give(self, seen: Seen, content: bytes, *, held: bool) -> Reply:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", seen.headers.get("range", ""))
        told = {"Accept-Ranges": "bytes", "Content-Type": "application/warc"}
        if seen.method == "HEAD":
            return Reply(headers=told, content_length=len(content))
        assert asked is not None, "each part is asked for by itself"
        start, end = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
        # its last byte is asked for to see whether parts are given at all
        if held and start < len(content) - 1:
            self.open.wait()
        return Reply(content[start : end + 1], 206, told | {"Content-Range": f"bytes {start}-{end}/{len(content)}"})


@pytest.fixture
def library(web: Web, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Library]:
    """A library of so many pages as the test is told to have."""
    one = Library(web, tmp_path, request.param)
    yield one
    one.open.set()


def at_work(archive: Archive) -> set[int]:
    """The numbers of the processes that read a chunk now, once half of the chunks are done."""
    with archive.read() as s:
        rows = s.execute(select(ChunkRow.state, ChunkRow.owner)).tuples().all()
    if sum(state is ChunkState.DONE for state, _ in rows) < FILES // 2:
        return set()
    found = (re.search(r":(\d+)", owner or "") for state, owner in rows if state is ChunkState.RUNNING)
    return {int(match[1]) for match in found if match}


def told_by(archive: Archive) -> tuple[BackfillProgress, dict[date | None, set[str | None]]]:
    """What is known of the backfill, and the meetings of its pages with the addresses that tell of each."""
    with archive.read() as s:
        [id_] = set(s.scalars(select(ChunkRow.backfill)))
        progress = backfills.progress(s, id_)
        found = []
        for stored in meetings.all_meetings(s):
            urls = [mention.article.article.url for mention in stored.mentions]
            if any("//outlet" in (url or "") for url in urls):
                found.append((stored.meeting.date, urls))
    return progress, days_of(found)


def test_the_scheduler_creates_runs_and_a_worker_does_them(cluster: Cluster, web: Web) -> None:
    (cluster.folder / "sources.toml").write_text(catalogue(("wire", web.url(FEED_PATH))), encoding="utf-8")
    web.add(FEED_PATH, Reply(feed(web.url(PAGE_PATH)), headers={"Content-Type": "application/rss+xml"}))
    # far from the days of the backfill's meetings
    page = PAGE.replace("2024-12-10", "2022-12-10").encode()
    web.add(PAGE_PATH, Reply(page, headers={"Content-Type": "text/html; charset=utf-8"}))
    until(lambda: cluster.scheduled("digest"), "the scheduler to create a run")
    run = cluster.trigger("ingest", sources=["wire"])
    until(lambda: cluster.state(run)["type"] in FINAL, "the ingest to end")
    assert cluster.state(run)["type"] == "COMPLETED", cluster.state(run)
    assert '"wire"' in cluster.api.call("GET", "/artifacts/sources/latest")["data"]


@pytest.mark.parametrize("library", [2000], indirect=True)
def test_a_backfill_outlives_a_worker_of_each_kind(cluster: Cluster, library: Library) -> None:
    runs = {cluster.trigger("backfill", inputs=library.urls, chunk_mb=1) for _ in range(2)}
    with Archive.open(cluster.settings.home, cluster.url) as archive:
        both = {cluster.pid("dask-1"), cluster.pid("dask-2")}
        until(lambda: {cluster.run_of("worker-1"), cluster.run_of("worker-2")} == runs, "both workers to have a run")
        until(lambda: at_work(archive) == both, "both Dask workers to be in the middle of a chunk")
        left = cluster.run_of("worker-2")
        assert left is not None
        cluster.kill("dask-1")
        cluster.kill("worker-1")
        library.open.set()
        until(lambda: cluster.state(left)["type"] in FINAL, "the other run to end")
        assert cluster.state(left)["type"] == "COMPLETED", cluster.state(left)
        progress, found = told_by(archive)
    assert progress.chunks[ChunkState.DONE] == FILES == sum(progress.chunks.values())
    assert (progress.counts.read, progress.counts.unreadable, progress.set_aside) == (2000, 0, ())
    assert found == expected(2000)
    kept = cluster.remembered()
    assert "chunk_mb" in kept
    assert PASSWORD not in kept


@pytest.mark.parametrize("library", [200], indirect=True)
def test_a_database_that_goes_away_for_a_while_loses_nothing(
    postgresql: PostgreSQL, library: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgresql.new_database()
    settings = Settings(home=tmp_path / "home", database_url=SecretStr(url))
    with (
        Archive.open(settings.home, url) as archive,
        ThreadPoolExecutor(1) as pool,
        caplog.at_level(logging.WARNING, "flows"),
    ):
        working = pool.submit(backfill_once, settings, library.urls, workers=2)
        until(lambda: len(at_work(archive)) == 2 or working.done(), "both workers to be in the middle of a chunk")
        assert not working.done(), working.result()
        postgresql.server.stop()
        try:
            library.open.set()
            until(lambda: caplog.text.count("trying again in") > 2, "the loss to be noticed")
        finally:
            postgresql.start()
        report = working.result()
        progress, found = told_by(archive)
    assert report.failure == ""
    assert progress.chunks[ChunkState.DONE] == FILES
    assert (progress.counts.read, progress.set_aside) == (200, ())
    assert found == expected(200)
