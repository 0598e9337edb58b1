"""The ledger of backfills, on both databases: each chunk is done once, and what came of it is counted once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from archive import backfills
from archive.locks import LEASE
from archive.records import (
    BackfillProgress,
    Chunk,
    ChunkCounts,
    ChunkResult,
    ChunkState,
    Claim,
    InputKind,
    Unreadable,
)
from archive.store import Archive
from tests.archive_samples import NOW

SECOND = dt.timedelta(seconds=1)
CHUNKS = [Chunk("b.warc.gz", InputKind.WARC, at, at + 100) for at in (0, 100, 200)]
SEEDS = Chunk("a", InputKind.SEEDS, 0, 7)
DONE = ChunkResult(ChunkCounts(read=10, dismissed=6, extracted=3, one_sided=1, stored=2, new=2), 0, 100)
TODO, RUNNING, FAILED, ASIDE = ChunkState.TODO, ChunkState.RUNNING, ChunkState.FAILED, ChunkState.SET_ASIDE


class Ledger:
    """One backfill, and the worker "me" unless another is named; those in `gone` have ended."""

    def __init__(self, archive: Archive, chunks: list[Chunk]) -> None:
        self.archive, self.gone = archive, set[str]()
        self.id = self.begin(chunks)

    def begin(self, chunks: list[Chunk], rules: str = "1") -> str:
        with self.archive.write() as s:
            return backfills.begin(s, chunks, rules_version=rules, now=NOW)

    def claim(self, now: dt.datetime = NOW, owner: str = "me", chunk: int | None = None) -> Claim | None:
        with self.archive.write() as s:
            return backfills.claim(s, self.id, owner=owner, now=now, is_gone=self.gone.__contains__, chunk=chunk)

    def claimed(self, now: dt.datetime = NOW, owner: str = "me", chunk: int | None = None) -> Claim:
        claim = self.claim(now, owner, chunk)
        assert claim is not None
        return claim

    def finish(self, claim: Claim, result: ChunkResult = DONE) -> bool:
        with self.archive.write() as s:
            return backfills.finish(s, claim, result, now=NOW)

    def fail(self, claim: Claim, now: dt.datetime = NOW, reason: str = "The disk is full.") -> ChunkState:
        with self.archive.write() as s:
            return backfills.fail(s, claim, reason, now=now)

    def renew(self, claim: Claim, now: dt.datetime = NOW, new: int = 0) -> bool:
        with self.archive.write() as s:
            return backfills.renew(s, claim, now=now, new=new)

    def ready(self, now: dt.datetime = NOW, limit: int = 9) -> list[int]:
        with self.archive.read() as s:
            return backfills.ready(s, self.id, now=now, is_gone=self.gone.__contains__, limit=limit)

    def progress(self) -> BackfillProgress:
        with self.archive.read() as s:
            return backfills.progress(s, self.id)

    def states(self) -> list[ChunkState]:
        """Of all chunks, in no order."""
        return [state for state, n in self.progress().chunks.items() for _ in range(n)]


@pytest.fixture
def ledger(archive: Archive) -> Ledger:
    return Ledger(archive, CHUNKS)


class TestBegin:
    """A backfill is known by its chunks and its rules."""

    def test_chunks_are_numbered_in_a_fixed_order_each_once(self, archive: Archive) -> None:
        ledger = Ledger(archive, [*reversed(CHUNKS), SEEDS, CHUNKS[0]])
        assert [ledger.claimed().chunk for _ in range(4)] == [SEEDS, *CHUNKS]
        assert ledger.claim() is None

    def test_again_it_goes_on_where_it_was(self, ledger: Ledger) -> None:
        ledger.finish(ledger.claimed())
        assert ledger.begin(CHUNKS[::-1]) == ledger.id
        assert ledger.progress().chunks[ChunkState.DONE] == 1

    def test_other_chunks_or_better_rules_are_another_one(self, ledger: Ledger) -> None:
        ids = {ledger.id, ledger.begin(CHUNKS[:2]), ledger.begin(CHUNKS, rules="2")}
        assert len(ids) == 3
        assert ledger.progress().chunks[TODO] == 3

    def test_thousands_of_chunks_of_huge_files(self, archive: Archive) -> None:
        big = [Chunk("big.warc.gz", InputKind.WARC, at << 32, at + 1 << 32) for at in range(2500)]
        told = Ledger(archive, big).progress()
        assert (told.chunks[TODO], told.size, told.size_done) == (2500, 2500 << 32, 0)


class TestClaim:
    """Who may read a chunk."""

    def test_every_chunk_goes_to_one_worker(self, ledger: Ledger) -> None:
        taken = [ledger.claimed(owner=f"worker {n}") for n in range(3)]
        assert [claim.number for claim in taken] == [1, 2, 3]
        assert len({claim.token for claim in taken}) == 3
        assert (ledger.claim(), ledger.ready()) == (None, [])

    def test_of_another_backfill_nothing_is_taken(self, ledger: Ledger) -> None:
        ledger.begin([SEEDS])
        assert [ledger.claimed().chunk for _ in CHUNKS] == CHUNKS
        assert ledger.claim() is None

    @pytest.mark.parametrize(
        ("gone", "after", "taken"),
        [
            (False, LEASE - SECOND, False),
            (False, LEASE, True),
            (True, SECOND, True),
            (False, dt.timedelta(hours=-4), True),
        ],
        ids=["it lives", "its lease is over", "it was killed", "its clock ran ahead"],
    )
    def test_what_another_has_begun(self, ledger: Ledger, gone: bool, after: dt.timedelta, taken: bool) -> None:
        first = ledger.claimed(owner="other")
        ledger.gone.update(["other"] if gone else [])
        second = ledger.claimed(NOW + after)
        assert (second.number, second.attempt) == ((1, 2) if taken else (2, 1))
        assert (first.token != second.token, ledger.ready(NOW + after)[0]) == (True, 2 if taken else 3)

    def test_by_number(self, ledger: Ledger) -> None:
        assert ledger.claimed(chunk=2).number == 2
        assert [ledger.claim(chunk=number) for number in (2, 99)] == [None, None]
        assert ledger.ready() == [1, 3]
        assert ledger.ready(limit=1) == [1]

    def test_a_renewed_lease_lasts(self, ledger: Ledger) -> None:
        claim = ledger.claimed(owner="other")
        assert ledger.renew(claim, NOW + LEASE)
        assert ledger.claimed(NOW + LEASE + SECOND).number == 2
        assert ledger.claimed(NOW + 2 * LEASE).number == 1
        assert not ledger.renew(claim, NOW + 2 * LEASE)

    def test_what_ends_its_workers_is_set_aside(self, ledger: Ledger) -> None:
        ledger.gone.add("killed")
        assert [ledger.claimed(owner="killed").attempt for _ in range(3)] == [1, 2, 3]
        assert ledger.ready()[0] == 1
        assert ledger.claimed().number == 2
        (aside,) = ledger.progress().set_aside
        assert (aside.chunk, "worker" in aside.reason) == (CHUNKS[0], True)

    def test_what_is_given_back_counts_as_no_attempt(self, ledger: Ledger) -> None:
        claims = []
        for _ in range(5):
            claims.append(ledger.claimed())
            with ledger.archive.write() as s:
                backfills.give_back(s, claims[-1])
        assert {claim.attempt for claim in claims} == {1}
        last = ledger.claimed()
        with ledger.archive.write() as s:
            backfills.give_back(s, claims[0])
        assert (last.number, ledger.ready()) == (1, [2, 3])

    def test_whether_anything_is_being_read(self, ledger: Ledger) -> None:
        def running() -> bool:
            with ledger.archive.read() as s:
                return backfills.running(s, now=NOW, is_gone=ledger.gone.__contains__)

        assert not running()
        ledger.claimed(owner="other")
        assert running()
        ledger.gone.add("other")
        assert not running()


class TestEnd:
    """Done, failed, set aside."""

    def test_done_once(self, ledger: Ledger) -> None:
        slow = ledger.claimed(owner="slow")
        quick = ledger.claimed(NOW + LEASE, owner="quick")
        assert quick.number == slow.number
        assert ledger.finish(slow)
        assert not ledger.finish(quick, replace(DONE, counts=ChunkCounts(read=9)))
        assert ledger.fail(quick) is ChunkState.DONE
        assert ledger.progress().counts == DONE.counts
        assert ledger.claim(chunk=1) is None

    def test_articles_stored_before_a_kill_are_counted_once(self, ledger: Ledger) -> None:
        assert ledger.renew(ledger.claimed(owner="killed"), new=1000)
        ledger.gone.add("killed")
        claim = ledger.claimed(chunk=1)
        ledger.finish(claim, replace(DONE, counts=ChunkCounts(stored=1200, new=200)))
        assert ledger.progress().counts == ChunkCounts(stored=1200, new=1200)

    def test_a_failure_is_tried_again_after_a_while_and_then_set_aside(self, ledger: Ledger) -> None:
        now = NOW
        for attempt in (1, 2):
            assert ledger.fail(ledger.claimed(now, chunk=1), now, "It broke.") is FAILED
            pause = attempt * backfills.PAUSE
            assert ledger.claim(now + pause - SECOND, chunk=1) is None
            assert ledger.ready(now + pause) == [1, 2, 3]
            now += pause
        assert ledger.fail(ledger.claimed(now, chunk=1), now, "Broken.") is ASIDE
        assert ledger.claim(now + LEASE, chunk=1) is None
        told = ledger.progress()
        assert (told.chunks[ASIDE], told.size_done, told.size) == (1, 100, 300)
        assert [(aside.chunk, aside.reason) for aside in told.set_aside] == [(CHUNKS[0], "Broken.")]

    def test_what_was_set_aside_can_be_released(self, ledger: Ledger) -> None:
        for hour in range(3):
            now = NOW + hour * LEASE
            ledger.fail(ledger.claimed(now, chunk=2), now)
        with ledger.archive.write() as s:
            assert backfills.release(s, ledger.id) == 1
        assert (ledger.claimed(chunk=2).attempt, ledger.progress().set_aside) == (1, ())

    def test_what_a_lost_worker_says_is_no_failure_of_the_next(self, ledger: Ledger) -> None:
        lost = ledger.claimed(owner="lost")
        ledger.claimed(NOW + LEASE)
        assert ledger.fail(lost) is RUNNING

    def test_a_failure_that_was_mended_leaves_no_reason(self, ledger: Ledger) -> None:
        ledger.fail(ledger.claimed())
        assert ledger.finish(ledger.claimed(NOW + backfills.PAUSE))
        assert [*filter(None, ledger.states())] == [TODO, TODO, ChunkState.DONE]


class TestProgress:
    """What is told of a backfill."""

    def test_counts_and_sizes_are_summed(self, ledger: Ledger) -> None:
        every = ChunkCounts(*range(1, 12))
        for _ in CHUNKS[1:]:
            ledger.finish(ledger.claimed(), ChunkResult(every, 0, 100))
        told = ledger.progress()
        assert told.counts == every + every
        assert (told.size_done, told.size) == (200, 300)
        assert (told.chunks[TODO], told.chunks[RUNNING], told.chunks[ChunkState.DONE]) == (1, 0, 2)

    def test_what_could_not_be_read_is_named_up_to_a_number(self, ledger: Ledger) -> None:
        lost = tuple(Unreadable(f"b.warc.gz, byte {n}", "It is \0 cut off.") for n in range(backfills.KEPT + 5))
        ledger.finish(ledger.claimed(), replace(DONE, unreadable=lost))
        ledger.finish(ledger.claimed(), replace(DONE, unreadable=lost[:1]))
        told = ledger.progress().unreadable
        assert [each.where for each in told] == [each.where for each in (*lost[: backfills.KEPT], lost[0])]
        assert told[0].reason == "It is \ufffd cut off."

    def test_of_no_backfill_there_is_nothing(self, ledger: Ledger) -> None:
        ledger.id = "unknown"
        told = ledger.progress()
        assert (sum(told.chunks.values()), told.size, told.counts) == (0, 0, ChunkCounts())


class TestAlignment:
    """Chunks of a file meet where a record begins."""

    @pytest.mark.parametrize(
        ("ends", "astray"),
        [
            ([(0, 110), (110, 210), (210, 300)], []),
            ([(0, 110), (150, 210), (210, 300)], [(2, 110)]),
            ([(0, 110), (150, 210), (230, 300)], [(2, 110)]),
            ([(0, 110), (None, 200), (210, 300)], [(2, 110)]),
            ([(0, 210), (None, 200), (210, 300)], []),
            ([(0, 310), (None, 200), (None, 300)], []),
            ([(0, 210), (150, 200), (210, 300)], [(2, 210)]),
            ([(0, 110), None, (210, 300)], []),
            ([None, (150, 210), (220, 300)], [(3, 210)]),
            ([(5, 100), (100, 210), (None, 300)], [(3, 210)]),
        ],
        ids=[
            "they do",
            "one began too late",
            "only the first is judged",
            "one found nothing",
            "a long record covers one",
            "a long record covers all that follows",
            "one began inside a long record",
            "behind one that is not done nothing is known",
            "the first is not done",
            "the last found nothing",
        ],
    )
    def test_each_begins_where_the_one_before_ended(
        self, ledger: Ledger, ends: list[tuple[int | None, int] | None], astray: list[tuple[int, int]]
    ) -> None:
        claims = [ledger.claimed() for _ in CHUNKS]
        for claim, end in zip(claims, ends, strict=True):
            if end is not None:
                ledger.finish(claim, ChunkResult(ChunkCounts(read=5, new=1), *end))
        with ledger.archive.write() as s:
            assert backfills.misaligned(s, ledger.id) == astray
            assert backfills.realign(s, ledger.id, now=NOW) == len(astray)

    def test_one_that_was_fooled_is_done_again_from_where_it_should(self, ledger: Ledger) -> None:
        for end in ((0, 110), (150, 210), (230, 300)):
            ledger.finish(ledger.claimed(), ChunkResult(ChunkCounts(read=5, new=1), *end))
        for number, offset, behind in ((2, 110, 205), (3, 205, 300)):
            self.realign(ledger)
            claim = ledger.claimed()
            assert (claim.number, claim.chunk.start, claim.chunk.end) == (number, offset, number * 100)
            ledger.finish(claim, ChunkResult(ChunkCounts(read=6), offset, behind))
        with ledger.archive.read() as s:
            assert backfills.misaligned(s, ledger.id) == []
        assert ledger.progress().counts == ChunkCounts(read=17, new=3)

    def test_one_that_still_finds_nothing_is_not_done_for_ever(self, ledger: Ledger) -> None:
        for end in ((0, 110), (150, 210), (210, 300)):
            ledger.finish(ledger.claimed(), ChunkResult(ChunkCounts(), *end))
        self.realign(ledger)
        ledger.finish(ledger.claimed(), ChunkResult(ChunkCounts(unreadable=1), None, 200))
        with ledger.archive.read() as s:
            assert backfills.misaligned(s, ledger.id) == []

    def test_one_that_a_long_record_covers_holds_nothing(self, ledger: Ledger) -> None:
        for end in ((0, 210), (150, 200), (210, 300)):
            ledger.finish(ledger.claimed(), ChunkResult(ChunkCounts(read=5), *end))
        self.realign(ledger)
        assert (ledger.claim(), ledger.progress().counts) == (None, ChunkCounts(read=10))

    def test_files_are_judged_by_themselves(self, archive: Archive) -> None:
        ledger = Ledger(archive, [*CHUNKS[:2], *(replace(chunk, input="c.warc.gz") for chunk in CHUNKS[:2])])
        for end in ((0, 110), (120, 200), (0, 110), (130, 200)):
            ledger.finish(ledger.claimed(), ChunkResult(ChunkCounts(), *end))
        with ledger.archive.read() as s:
            assert backfills.misaligned(s, ledger.id) == [(2, 110), (4, 110)]

    @staticmethod
    def realign(ledger: Ledger) -> None:
        with ledger.archive.write() as s:
            assert backfills.realign(s, ledger.id, now=NOW) == 1
