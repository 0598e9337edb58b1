"""Who works on the chunks of a backfill, by one setting."""

from __future__ import annotations

import pytest

from flows.runners import Runner, RunnerKind, cores, parse_runner

PARSED = [
    pytest.param("processes:3", RunnerKind.PROCESSES, 3, None, id="processes"),
    pytest.param("threads:1", RunnerKind.THREADS, 1, None, id="one thread"),
    pytest.param("dask:2", RunnerKind.DASK, 2, None, id="dask here"),
]


@pytest.mark.parametrize(("text", "kind", "count", "address"), PARSED)
def test_a_runner_by_its_setting(text: str, kind: RunnerKind, count: int, address: str | None) -> None:
    assert parse_runner(text) == Runner(kind, count, address)


def test_without_a_number_there_is_a_worker_for_each_processor() -> None:
    assert parse_runner("processes") == Runner(RunnerKind.PROCESSES, cores())
    assert parse_runner("dask:tcp://10.0.0.5:8786").address == "tcp://10.0.0.5:8786"


@pytest.mark.parametrize(
    "text",
    ["", "ray:2", "processes:0", "threads:1000", "dask:", "dask:10.0.0.5:8786", "processes:tcp://10.0.0.5:8786"],
)
def test_no_runner_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="dask:tcp://HOST:8786"):
        parse_runner(text)
