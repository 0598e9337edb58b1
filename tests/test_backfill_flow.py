"""The flow `backfill` with Prefect's engine on a throw-away server: its runners, its progress, how it ends."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from flows import chunkwork, inputs, task_runners
from flows.backfill import backfill, require_cluster
from flows.runners import parse_runner
from flows.settings import Settings, load_settings
from flows.task_runners import make_runner
from parsers.records import InputError, MeetingsError
from tests.backfillkit import crawl, expected
from tests.test_backfilling import PAGES, found
from tests.test_flows_runs import engine, latest_artifact, said

__all__ = ["engine"]


@pytest.fixture
def settings(engine: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    del engine
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEETINGS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MEETINGS_TASK_RUNNER", "threads:2")
    crawl(tmp_path / "crawl.warc.gz", PAGES)
    return load_settings()


def run(*inputs: str, **named: Any) -> State[Any]:
    return backfill(inputs=list(inputs), return_state=True, **named)


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["threads:2", "processes:2", "dask:2"])
def test_every_runner_finds_the_same(settings: Settings, runner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEETINGS_TASK_RUNNER", runner)
    kind, words = said(run("crawl.warc.gz"))
    assert (kind, words) == ("COMPLETED", "60 pages read, 48 dismissed, 12 stored (12 new), 3 new meetings")
    assert found(settings) == expected(PAGES)


@pytest.mark.slow
def test_what_it_shows(settings: Settings) -> None:
    del settings
    run("crawl.warc.gz")
    rows = {row["what"]: row["how many"] for row in json.loads(latest_artifact("backfill-report"))}
    assert (rows["read"], rows["stored"], rows["joined"]) == ("60", "12", "6")
    assert float(latest_artifact("backfill")) == 100.0
    assert said(run("crawl.warc.gz"))[1].endswith("0 new meetings"), "the second time there is nothing to do"


@pytest.mark.slow
def test_inputs_that_are_not_there_fail_the_run_in_a_sentence(settings: Settings) -> None:
    del settings
    for given, words in (((), "a backfill needs inputs"), (("nowhere.warc.gz",), "nowhere.warc.gz is not there")):
        kind, told = said(run(*given))
        assert kind == "FAILED"
        assert words in told


@pytest.mark.slow
def test_a_part_that_cannot_be_read_fails_the_run_when_all_else_is_done(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.backfills.PAUSE", timedelta(0))
    crawl(tmp_path / "other.warc.gz", 10)
    sound = inputs.read_chunk

    def read_chunk(chunk: Any) -> Any:
        if chunk.input.endswith("other.warc.gz"):
            raise OSError("the disk reports an error")
        return sound(chunk)

    monkeypatch.setattr(chunkwork, "read_chunk", read_chunk)
    kind, words = said(run("crawl.warc.gz", "other.warc.gz"))
    assert kind == "FAILED"
    assert "the disk reports an error" in words
    assert "1 of 2 chunks" in words
    assert len(found(settings)) == 3


def test_a_cluster_needs_an_archive_that_it_can_share() -> None:
    with pytest.raises(InputError, match="meetings move"):
        make_runner(parse_runner("dask:tcp://10.0.0.5:8786"), database="sqlite", initializer=print, initargs=())


def test_dask_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_runners, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"china-vietnam-meetings\[dask\]"):
        make_runner(parse_runner("dask:2"), database="sqlite", initializer=print, initargs=())


def test_a_cluster_that_does_not_answer_is_named() -> None:
    def lanes() -> int:
        raise OSError("timed out")

    with pytest.raises(MeetingsError, match=r"tcp://10\.0\.0\.5:8786"):
        require_cluster(parse_runner("dask:tcp://10.0.0.5:8786"), lanes)
