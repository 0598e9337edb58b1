"""Backfills end to end without Prefect: what is found, counted, set aside, stopped, killed and gone on with."""

from __future__ import annotations

import gzip
import json
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from archive import backfills
from archive.errors import ArchiveError
from archive.locks import hold
from archive.meetings import all_meetings
from archive.records import Capture, ChunkState
from archive.store import Archive
from flows import backfilling, chunkwork
from flows.backfill_report import BackfillUpdate, report_to_dict
from flows.backfilling import backfill_once, open_backfill, run_backfill
from flows.capturing import CaptureReader, Fate
from flows.chunkwork import Order, Stopped, work_chunk
from flows.crews import Crew
from flows.settings import Settings
from flows.steps import now_utc
from parsers.records import Article, MeetingsError
from tests.backfillkit import crawl, days_of, deadly, expected, pages, response, write_warc
from tests.commandline import Meetings
from tests.prefect_server import until

PAGES = 60
MIXED = pages(PAGES)


@pytest.fixture
def settings(tmp_path: Path, database: str | None) -> Settings:
    """A fresh home; a test that takes it runs on both databases."""
    return Settings(home=tmp_path / "home", database_url=SecretStr(database) if database else None)


@pytest.fixture
def warc(tmp_path: Path) -> Path:
    return crawl(tmp_path / "crawl.warc.gz", PAGES)


def found(settings: Settings) -> dict[date | None, set[str | None]]:
    with Archive.open(settings.home, settings.archive_url) as archive, archive.read() as s:
        told = [(m.meeting.date, [mention.article.article.url for mention in m.mentions]) for m in all_meetings(s)]
    return days_of(told)


class Here:
    """A future that was done at once, in this process."""

    def __init__(self, do: Callable[[], str]) -> None:
        self._do = do

    def result(self) -> str:
        return self._do()

    def add_done_callback(self, fn: Callable[[Any], None], /) -> None:
        fn(self)


@contextmanager
def alone(order: Order, work: Callable[[Order, int], str] = work_chunk) -> Iterator[Crew]:
    """A crew of nobody but this process."""
    yield Crew(lambda number: Here(lambda: work(order, number)), lambda: 1)


def run_here(settings: Settings, inputs: list[str], *, chunk_bytes: int = 2**20, again: bool = False) -> dict[str, Any]:
    order = open_backfill(settings, inputs, chunk_bytes=chunk_bytes, again=again)
    return report_to_dict(run_backfill(settings, order, lambda: alone(order)))


def test_what_is_found_and_counted(settings: Settings, warc: Path) -> None:
    report = run_here(settings, [str(warc)], chunk_bytes=-(-warc.stat().st_size // 3))
    counts = report["counts"]
    assert found(settings) == expected(PAGES)
    assert report["chunks"]["done"] == 3
    assert (counts["read"], counts["stored"], counts["new"], counts["detected"]) == (60, 12, 12, 6)
    assert counts["read"] == counts["dismissed"] + counts["without_text"] + counts["extracted"]
    assert counts["extracted"] == counts["one_sided"] + counts["stored"]
    assert (report["joined"], report["new_meetings"]) == (6, 3)
    assert (report["set_aside"], report["unreadable"]) == ([], [])


def test_again_and_named_twice_changes_nothing(settings: Settings, warc: Path) -> None:
    first = run_here(settings, [str(warc), str(warc)])
    again = run_here(settings, [str(warc)])
    assert first["backfill"] == again["backfill"]
    assert first["counts"] == again["counts"]
    assert (again["joined"], again["new_meetings"]) == (0, 0)
    other_chunks = run_here(settings, [str(warc)], chunk_bytes=1000)
    assert other_chunks["counts"] == first["counts"] | {"new": 0}
    assert found(settings) == expected(PAGES)


@pytest.mark.slow
def test_other_seed_files_at_the_same_places_are_read(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b", "b"):
        file = folder / f"{name}.txt"
        file.write_text(f"Title: Of {name}\n\nChina and Vietnam trade in {name}.\n", encoding="utf-8")
        counts = run_here(settings, [str(folder)])["counts"]
        assert (counts["read"], counts["new"]) == (1, 1)  # the third time those of the second, which is gone on with
        if name == "a":
            file.unlink()


@pytest.mark.slow
def test_one_process_for_each_worker_finds_the_same(settings: Settings, warc: Path) -> None:
    told: list[BackfillUpdate] = []
    report = backfill_once(settings, [str(warc)], workers=2, chunk_bytes=1000, on_progress=told.append)
    assert found(settings) == expected(PAGES)
    assert report.progress.counts.read == PAGES
    assert not report.failure
    assert told[-1].joined == told[-1].to_join == 6


@pytest.mark.slow
def test_two_runs_side_by_side_share_the_work(settings: Settings, warc: Path) -> None:
    order = open_backfill(settings, [str(warc)], chunk_bytes=500)
    reports: list[dict[str, Any]] = []

    def run() -> None:
        reports.append(report_to_dict(run_backfill(settings, order, lambda: alone(order))))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 2
    assert reports[0]["counts"] == reports[1]["counts"]
    assert reports[0]["counts"]["read"] == PAGES
    assert sum(report["new_meetings"] for report in reports) == 3
    assert found(settings) == expected(PAGES)


def test_what_is_damaged_is_set_aside_and_the_rest_is_read(settings: Settings, tmp_path: Path) -> None:
    report = run_here(settings, [str(damaged(tmp_path))])
    assert report["counts"]["read"] == PAGES - 1
    assert report["counts"]["unreadable"] == 1
    [lost] = report["unreadable"]
    assert str(tmp_path / "damaged.warc.gz") in lost["where"]
    assert lost["reason"]
    assert len(found(settings)) == 3


def damaged(folder: Path) -> Path:
    """The crawl with a page in its middle that lacks its end."""
    records = [gzip.compress(response(url, body)) for url, body in MIXED]
    records[35] = records[35][:-40]
    path = folder / "damaged.warc.gz"
    path.write_bytes(b"".join(records))
    return path


def test_a_page_that_no_parser_bears_is_set_aside(
    settings: Settings, warc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = CaptureReader.read

    def read(self: CaptureReader, capture: Capture) -> Article | Fate:
        if capture.url == MIXED[10][0]:
            raise RecursionError
        return sound(self, capture)

    monkeypatch.setattr(CaptureReader, "read", read)
    report = run_here(settings, [str(warc)])
    assert report["counts"]["unreadable"] == 1
    assert "RecursionError" in report["unreadable"][0]["reason"]
    assert len(found(settings)) == 3


def test_what_fails_is_tried_again_then_set_aside_and_again_on_demand(
    settings: Settings, warc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfills, "PAUSE", backfills.PAUSE * 0)
    text = warc.read_bytes()
    order = open_backfill(settings, [str(warc)])
    warc.rename(warc.with_suffix(".away"))
    report = run_backfill(settings, order, lambda: alone(order))
    assert report.progress.chunks[ChunkState.SET_ASIDE] == 1
    assert str(warc) in report.failure
    warc.write_bytes(text)
    assert run_here(settings, [str(warc)], chunk_bytes=64 * 2**20)["chunks"]["set_aside"] == 1
    assert run_here(settings, [str(warc)], chunk_bytes=64 * 2**20, again=True)["chunks"]["done"] == 1
    assert found(settings) == expected(PAGES)


def test_a_chunk_is_written_in_batches(settings: Settings, warc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunkwork, "BATCH", 5)
    report = run_here(settings, [str(warc)])
    assert (report["counts"]["stored"], report["counts"]["new"]) == (12, 12)
    assert found(settings) == expected(PAGES)


def test_who_is_asked_to_stop_gives_the_chunk_back(settings: Settings, warc: Path) -> None:
    order = open_backfill(settings, [str(warc)])
    with pytest.raises(Stopped):
        work_chunk(order, 1, stopping=lambda: True)
    with order.open() as archive, archive.write() as s:
        assert backfills.progress(s, order.backfill).chunks[ChunkState.TODO] == 1
        claim = backfills.claim(s, order.backfill, owner="me", now=now_utc(), is_gone=lambda _: False)
        assert claim is not None
        assert claim.attempt == 1


def test_who_was_away_too_long_leaves_the_chunk_to_the_other(
    settings: Settings, warc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = open_backfill(settings, [str(warc)])

    def renewed(*_: object, **__: object) -> bool:
        return False

    monkeypatch.setattr(backfills, "renew", renewed)
    monkeypatch.setattr(chunkwork, "BATCH", 1)
    assert "another worker" in work_chunk(order, 1)
    monkeypatch.undo()
    with order.open() as archive, archive.read() as s:
        assert backfills.progress(s, order.backfill).chunks[ChunkState.RUNNING] == 1


def test_a_chunk_that_others_have_is_nothing_to_do(settings: Settings, warc: Path) -> None:
    order = open_backfill(settings, [str(warc)])
    assert work_chunk(order, 1)
    assert work_chunk(order, 1) == ""


def test_the_database_may_be_away_for_a_while(settings: Settings, warc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transactions of a claim and of a chunk's end fail twice before they go through."""
    monkeypatch.setattr(chunkwork, "WAITS", (0.0, 0.0))
    failures = dict.fromkeys(("claim", "finish"), 2)
    order = open_backfill(settings, [str(warc)])
    for name in failures:
        monkeypatch.setattr(backfills, name, flaky(name, getattr(backfills, name), failures))
    assert work_chunk(order, 1)
    assert failures == {"claim": 0, "finish": 0}
    run_backfill(settings, order, lambda: alone(order))
    assert found(settings) == expected(PAGES)


def flaky(name: str, sound: Callable[..., Any], failures: dict[str, int]) -> Callable[..., Any]:
    """Does what it should, and then the connection breaks: nothing of it is kept."""

    def act(*given: Any, **named: Any) -> Any:
        told = sound(*given, **named)
        if failures[name]:
            failures[name] -= 1
            raise ArchiveError("away")
        return told

    return act


def test_workers_that_fail_again_and_again_end_the_run(settings: Settings, warc: Path) -> None:
    order = open_backfill(settings, [str(warc)])

    def broken(_order: Order, _number: int) -> str:
        raise ArchiveError("the disk is full")

    with pytest.raises(MeetingsError, match="the disk is full"):
        run_backfill(settings, order, lambda: alone(order, broken))


def test_the_join_waits_for_an_ingest(settings: Settings, warc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    order = open_backfill(settings, [str(warc)])
    with Archive.open(settings.home, settings.archive_url) as archive:
        holding = hold(archive, "ingest", owner="an ingest", now_fn=now_utc)
        holding.__enter__()

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            holding.__exit__(None, None, None)

        monkeypatch.setattr(backfilling.time, "sleep", sleep)  # type: ignore[attr-defined]
        report = run_backfill(settings, order, lambda: alone(order))
    assert waits == [backfilling.JOIN_EVERY]
    assert report.new_meetings == 3


@pytest.mark.slow
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=["killed", "Ctrl-C", "stopped"])
def test_a_run_that_ends_in_the_middle_is_gone_on_with(tmp_path: Path, blow: signal.Signals) -> None:
    """The command and its workers in processes of their own; the blow strikes when the first chunk is done."""
    count, settings = 400, Settings(home=tmp_path / "home")
    padding = random.Random(7)  # noqa: S311 - padding
    padded = [response(url, body + padding.randbytes(40_000).hex().encode()) for url, body in pages(count)]
    warc = write_warc(tmp_path / "crawl.warc.gz", padded)
    order = open_backfill(settings, [str(warc)], chunk_bytes=2**20)
    meetings = [str(Path(sys.executable).parent / "meetings"), "--home", str(settings.home)]
    command = [*meetings, "backfill", str(warc), "--json", "--workers", "2", "--chunk-mb", "1"]
    with (
        order.open() as archive,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as run,
    ):
        until(lambda: states(archive, order)[ChunkState.DONE] or run.poll() is not None, "a chunk that is done")
        run.send_signal(blow)
        _, told = run.communicate(timeout=100)
        assert run.returncode == (-blow if blow is signal.SIGKILL else 130)
        if blow is not signal.SIGKILL:
            assert "the same command goes on" in told.decode()
            assert states(archive, order)[ChunkState.RUNNING] == 0, "every chunk was given back"
        assert states(archive, order)[ChunkState.TODO] > 0
    done = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path)
    report = json.loads(done.stdout)
    assert report["counts"]["read"] == count
    assert report["counts"]["new"] == report["counts"]["stored"] == count // 5
    assert found(settings) == expected(count)


@pytest.mark.parametrize("content", [b"no records at all", b"", b"\x1f\x8b\x08 packed, and cut off"])
def test_inputs_in_which_nothing_can_be_read_are_a_failure(tmp_path: Path, content: bytes) -> None:
    settings = Settings(home=tmp_path / "home")
    warc = tmp_path / "crawl.warc.gz"
    warc.write_bytes(content)
    order = open_backfill(settings, [str(warc)])
    report = run_backfill(settings, order, lambda: alone(order))
    assert report.failure.startswith(f"nothing could be read; the first: {warc}")


TALKS = "Chinese Foreign Minister Wang Yi met Vietnamese Foreign Minister Bui Thanh Son in Beijing{}."


@pytest.mark.parametrize(
    ("published", "when", "stored"),
    [
        ("2013-05-06", "", 1),
        ("2013-05-06", " on Monday", 1),
        (None, " on May 6, 2013", 1),
        (None, "", 0),
        ("7/8/13", "", 0),
    ],
)
def test_an_old_meeting_without_a_day_does_not_become_todays(
    tmp_path: Path, published: str | None, when: str, stored: int
) -> None:
    settings, lines = Settings(home=tmp_path / "home"), tmp_path / "old.jsonl"
    told = {"url": "https://old.example/1", "title": "Wang Yi meets Bui Thanh Son", "text": TALKS.format(when)}
    lines.write_text(json.dumps(told | ({"published": published} if published else {})), encoding="utf-8")
    order = open_backfill(settings, [str(lines)])
    report = run_backfill(settings, order, lambda: alone(order))
    assert (report.progress.counts.stored, report.progress.counts.unreadable) == (stored, 1 - stored)
    assert [each.where for each in report.progress.unreadable] == ["https://old.example/1"] * (1 - stored)
    assert report.new_meetings == stored


def states(archive: Archive, order: Order) -> Mapping[ChunkState, int]:
    with archive.read() as s:
        return backfills.progress(s, order.backfill).chunks


@pytest.mark.slow
def test_a_chunk_that_kills_its_workers_is_set_aside_and_no_other_is_blamed(tmp_path: Path, warc: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    order = open_backfill(settings, [str(warc)], chunk_bytes=warc.stat().st_size // 5)

    @contextmanager
    def crew() -> Iterator[Crew]:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            yield Crew(lambda number: pool.submit(deadly, order, number), lambda: 2)

    report = run_backfill(settings, order, crew)
    assert report.progress.chunks[ChunkState.SET_ASIDE] == 1
    assert report.progress.chunks[ChunkState.DONE] == sum(report.progress.chunks.values()) - 1
    [aside] = report.progress.set_aside
    assert aside.chunk.start > 0
    assert "3 attempts" in aside.reason


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["nowhere.warc.gz"], "nowhere.warc.gz", id="not there"),
        pytest.param(["seeds.pdf"], "seeds.pdf", id="of no kind"),
    ],
)
def test_an_input_that_cannot_be_read_is_named(
    meetings: Meetings, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "seeds.pdf").write_bytes(b"%PDF")
    ran = meetings("backfill", *arguments)
    assert ran.code == 2
    assert words in ran.err


@pytest.mark.slow
def test_the_command_shows_what_it_did(meetings: Meetings, tmp_path: Path) -> None:
    ran = meetings("backfill", damaged(tmp_path), "--workers", "1")
    assert ran.code == 0, ran.err
    assert f"unreadable: {tmp_path / 'damaged.warc.gz'}" in ran.out
    assert "3 new meetings" in ran.out
