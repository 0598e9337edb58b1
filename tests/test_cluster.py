"""Prefect's server on PostgreSQL, two workers of its pool and a Dask cluster, each a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clusterkit import Cluster
from tests.databases import PostgreSQL
from tests.prefect_server import FEED_PATH, PAGE, PAGE_PATH, catalogue, feed, until
from tests.webserver import Reply, Web

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

WORKERS = ("worker-1", "worker-2")


@pytest.fixture(scope="module")
def cluster(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster"), postgresql) as one:
        one.serve()
        one.add_dask("dask-1", "dask-2")
        for name in WORKERS:
            one.add_worker(name)
        yield one


def test_the_scheduler_creates_runs_and_a_worker_does_them(cluster: Cluster, web: Web) -> None:
    (cluster.folder / "sources.toml").write_text(catalogue(("wire", web.url(FEED_PATH))), encoding="utf-8")
    web.add(FEED_PATH, Reply(feed(web.url(PAGE_PATH)), headers={"Content-Type": "application/rss+xml"}))
    web.add(PAGE_PATH, Reply(PAGE.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
    until(lambda: cluster.scheduled("digest"), "the scheduler to create a run")
    run = cluster.trigger("ingest", "-p", 'sources=["wire"]')
    until(lambda: cluster.state(run)["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"), "the ingest to end")
    assert cluster.state(run)["type"] == "COMPLETED", cluster.state(run)
    assert '"wire"' in cluster.api.call("GET", "/artifacts/sources/latest")["data"]
