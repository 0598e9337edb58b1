"""Locks are kept by renewal while their holder lives; one that was away for too long learns that it is not alone."""

from __future__ import annotations

import datetime as dt
import itertools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from archive.issues import first_run_at, mark_first_run
from archive.locks import LEASE, Busy, Lease, LeaseLost, hold, live_locks
from archive.models import LockRow
from archive.store import Archive, ArchiveError
from flows import issuing
from flows.issue_steps import write_issue
from flows.publishing import build_site
from flows.settings import Settings
from flows.steps import detect_new, now_utc, open_run
from tests.archive_samples import HOUR, NOW, everything, store
from tests.commandline import Meetings
from tests.issuekit import Desk

SHORT, BLINK = dt.timedelta(seconds=1), dt.timedelta(microseconds=1)


def take(archive: Archive, *, now: Callable[[], dt.datetime] = lambda: NOW, lease: dt.timedelta = LEASE) -> Lease:
    """Somebody's lock, for good: as if they had been killed, nothing releases it and nothing renews it."""
    with archive.write() as s:
        s.merge(LockRow(name="ingest", owner="another", token="theirs", acquired_at=now(), expires_at=now() + lease))
    return Lease(archive, "ingest", "theirs", now, lease)


def expires_at(archive: Archive) -> dt.datetime:
    with archive.read() as s:
        return s.scalars(select(LockRow.expires_at)).one()


def until(true: Callable[[], bool]) -> None:
    """Waits for something that is sure to come."""
    while not true():
        time.sleep(0.02)


class Clock:
    """Stands still until it is set."""

    now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


class TestLease:
    """What a holder is told."""

    def test_it_is_renewed_while_the_block_lasts(self, archive: Archive) -> None:
        clock = Clock()
        with hold(archive, "ingest", owner="me", now_fn=clock, lease=SHORT):
            clock.now = NOW + HOUR
            until(lambda: expires_at(archive) == NOW + HOUR + SHORT)
        assert everything(archive)["locks"] == []

    def test_a_renewal_that_fails_is_tried_again(self, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
        failed: list[dt.datetime] = []
        write = Archive.write

        @contextmanager
        def away(self: Archive) -> Iterator[object]:
            if len(failed) < 3:
                failed.append(now_utc())
                raise ArchiveError("The archive is away.")
            with write(self) as s:
                yield s

        clock = Clock()
        with hold(archive, "ingest", owner="me", now_fn=clock, lease=SHORT):
            monkeypatch.setattr(Archive, "write", away)
            clock.now = NOW + HOUR
            until(lambda: expires_at(archive) == NOW + HOUR + SHORT)
        assert len(failed) == 3

    def test_one_that_ran_out_and_that_nobody_took_is_its_holders_again(self, archive: Archive) -> None:
        clock = Clock()
        lease = take(archive, now=clock)
        clock.now = NOW + HOUR
        lease.check()
        with pytest.raises(Busy, match="another has held"):
            hold(archive, "ingest", owner="me", now_fn=clock).__enter__()

    @pytest.mark.parametrize("released", [False, True], ids=["still held by the next", "released by the next"])
    def test_who_lost_it_is_told_and_what_it_writes_is_not_written(self, archive: Archive, released: bool) -> None:
        lease = take(archive)
        follower = hold(archive, "ingest", owner="me", now_fn=lambda: NOW + HOUR)
        follower.__enter__()
        if released:
            follower.__exit__(None, None, None)
        with pytest.raises(LeaseLost, match="This process held “ingest” and was away for longer than 300 seconds"):
            lease.check()
        with pytest.raises(LeaseLost), archive.write() as s:  # noqa: PT012 - what is rolled back is the point
            mark_first_run(s, NOW)
            lease.check(s)
        with archive.read() as s:
            assert first_run_at(s) is None
        if not released:
            assert expires_at(archive) == NOW + HOUR + LEASE
            follower.__exit__(None, None, None)

    def test_a_killed_holder_whose_clock_ran_days_ahead_blocks_nobody(self, archive: Archive) -> None:
        take(archive, now=lambda: NOW + 48 * HOUR)
        with archive.read() as s:
            assert live_locks(s, NOW, lambda _: False) == {}
        with hold(archive, "ingest", owner="me", now_fn=lambda: NOW):
            assert expires_at(archive) == NOW + LEASE
            with archive.read() as s:
                assert live_locks(s, NOW, lambda _: False) == {"ingest": NOW}
                assert live_locks(s, NOW, lambda _: True) == {}

    def test_a_clock_that_went_back_does_not_part_a_holder_from_its_lock(self, archive: Archive) -> None:
        clock = Clock()
        lease = take(archive, now=clock)
        clock.now = NOW - HOUR
        lease.check()
        assert expires_at(archive) == NOW - HOUR + LEASE


def _holder(home: str, url: str | None, orders: Connection) -> None:
    """Holds a lock, acts on order and tells of it; ends when it is told that it is not alone."""
    with (
        Archive.open(Path(home), url) as archive,
        hold(archive, "ingest", owner="another machine", now_fn=now_utc, lease=SHORT) as lease,
    ):
        while orders.recv():
            try:
                lease.check()
            except LeaseLost as lost:
                orders.send(str(lost))
                return
            orders.send("acted")


@pytest.fixture
def holder(archive: Archive, database: str | None) -> Iterator[tuple[BaseProcess, Connection]]:
    """Another process that holds the lock, and its orders."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_holder, args=(str(archive.home), database, theirs))
    process.start()
    theirs.close()
    assert ordered(ours) == "acted"
    yield process, ours
    process.kill()
    process.join()
    ours.close()


def ordered(orders: Connection) -> str:
    """What the holder answers."""
    orders.send("act")
    return str(orders.recv())


def taken(archive: Archive, ours: ExitStack, at: dt.datetime) -> bool:
    """Whether the lock can be had by a clock that stands there; then it is held until `ours` ends."""
    try:
        ours.enter_context(hold(archive, "ingest", owner="me", now_fn=lambda: at))
    except Busy:
        return False
    return True


def suspended(archive: Archive, process: BaseProcess) -> dt.datetime:
    """Stops the holder; when its lease runs out."""
    assert process.pid
    # not in the middle of a transaction, in which it would keep all others waiting
    with archive.write():
        os.kill(process.pid, signal.SIGSTOP)
    return expires_at(archive)


def resumed(process: BaseProcess, orders: Connection) -> str:
    """Lets the holder go on; what it answers."""
    assert process.pid
    os.kill(process.pid, signal.SIGCONT)
    return ordered(orders)


@pytest.mark.slow
def test_a_killed_holder_blocks_the_others_until_its_lease_has_run_out(
    archive: Archive, holder: tuple[BaseProcess, Connection]
) -> None:
    process, _ = holder
    first = expires_at(archive)
    until(lambda: expires_at(archive) > first + SHORT)
    with ExitStack() as ours:
        assert not taken(archive, ours, first + SHORT), "it lives, and its first lease is long over"
        process.kill()
        process.join()
        ends = expires_at(archive)
        assert [taken(archive, ours, at) for at in (ends - BLINK, ends)] == [False, True]


@pytest.mark.slow
def test_a_holder_that_was_suspended_does_nothing_more(
    archive: Archive, holder: tuple[BaseProcess, Connection]
) -> None:
    process, orders = holder
    with ExitStack() as ours:
        assert taken(archive, ours, suspended(archive, process))
        assert "another one took over" in resumed(process, orders)
        process.join()
        assert process.exitcode == 0
        assert len(everything(archive)["locks"]) == 1, "it leaves the lock of the one that took over"


@pytest.mark.slow
def test_a_holder_that_was_suspended_and_that_nobody_missed_goes_on(
    archive: Archive, holder: tuple[BaseProcess, Connection]
) -> None:
    process, orders = holder
    ends = suspended(archive, process)
    until(lambda: now_utc() > ends)
    assert resumed(process, orders) == "acted"
    with ExitStack() as ours:
        assert not taken(archive, ours, ends)


def stolen(archive: Archive, name: str) -> None:
    with archive.write() as s:
        assert s.execute(update(LockRow).where(LockRow.name == name).values(token="theirs")).rowcount  # type: ignore[attr-defined]


def test_an_ingest_that_another_took_over_from_stops(meetings: Meetings) -> None:
    settings = Settings(home=meetings.home)
    with open_run(settings) as run:
        source = run.catalogue[0]
        stolen(run.archive, "ingest")
        before = everything(run.archive)
        for act in (lambda: run.poll(source), lambda: run.watch(()), run.detect):
            with pytest.raises(LeaseLost):
                act()
        # a poll under way: not even its failure is written
        with pytest.raises(LeaseLost):
            run._poller.poll(source, run._states[source.id])
        assert everything(run.archive) == before


WRITES = ("forgotten readings", "first article", "second article", "copies", "files")


@pytest.mark.parametrize("at", range(len(WRITES)), ids=WRITES)
def test_detection_writes_nothing_more_once_another_took_over(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The lock is lost right before one of the transactions that write."""
    store(archive, "one")
    store(archive, "two")
    write, begun, left = Archive.write, itertools.count(), {}

    def lost(self: Archive) -> AbstractContextManager[Session]:
        if next(begun) == at:
            with write(self) as s:
                s.execute(update(LockRow).values(token="theirs"))
            left.update(everything(self))
        return write(self)

    with hold(archive, "ingest", owner="me", now_fn=now_utc) as lease:
        monkeypatch.setattr(Archive, "write", lost)
        with pytest.raises(LeaseLost):
            detect_new(archive, check=lease.check)
    assert everything(archive) == left


def test_an_issue_is_closed_under_the_lock_of_the_senders(desk: Desk) -> None:
    with hold(desk.archive, "send", owner="me", now_fn=now_utc):
        assert write_issue(desk.settings).paths, "a draft is nobody's"
        with pytest.raises(Busy, match="me has held “send”"):
            write_issue(desk.settings, close=True)
    assert everything(desk.archive)["issues"] == []


def test_an_issue_that_another_may_be_closing_is_not_closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    compose = issuing.compose

    def away(*given: Any) -> issuing.Issue:
        stolen(desk.archive, "send")
        return compose(*given)

    monkeypatch.setattr(issuing, "compose", away)
    with pytest.raises(LeaseLost):
        write_issue(desk.settings, close=True)
    assert everything(desk.archive)["issues"] == []


def test_a_site_that_another_builds_meanwhile_is_not_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=tmp_path / "home")
    with Archive.open(settings.home) as archive:
        monkeypatch.setattr("flows.publishing._Build._data", lambda *_: stolen(archive, "site"))
        with pytest.raises(LeaseLost):
            build_site(settings)
        assert list((settings.home / "site").glob("*.json")) == []
