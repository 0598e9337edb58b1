"""Issues and locks: what two runs at once and a killed one leave."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from archive.issues import (
    closed_issues,
    first_run_at,
    get_issue,
    get_variants,
    keep_variant,
    mark_first_run,
    said_in_closed,
    save_issue,
)
from archive.locks import Busy, hold
from archive.meetings import record_detection
from archive.records import IssuePart, IssueState, Said, StoredIssue, StoredVariant
from archive.store import Archive
from meetings.records import Detection
from tests.archive_samples import HOUR, NOW, TO_LAM, everything, meeting, store

WEEK, ZONE = "2024-W50", "Asia/Ho_Chi_Minh"
DRAFT = StoredIssue(WEEK, ZONE, IssueState.DRAFT, None, "Draft", "a" * 64, ())


@pytest.fixture
def ids(archive: Archive) -> list[str]:
    """The permanent ids of two meetings."""
    stored = store(archive)
    told = Detection("en", (meeting(), meeting(vietnam=(TO_LAM,))))
    with archive.write() as s:
        return [id_ for id_, _ in record_detection(s, stored, told, rules_version="1", now=NOW)]


class TestIssues:
    """One issue per week and zone; what it held when it closed stays."""

    def test_open_issue_is_replaced(self, archive: Archive, ids: Sequence[str]) -> None:
        for issue in (DRAFT, replace(DRAFT, subject="Better", meeting_ids=tuple(ids)), replace(DRAFT, subject="Best")):
            with archive.write() as s:
                save_issue(s, issue)
            with archive.read() as s:
                assert get_issue(s, WEEK, ZONE) == issue

    def test_meetings_keep_their_order(self, archive: Archive, ids: Sequence[str]) -> None:
        for order in (ids, ids[::-1]):
            with archive.write() as s:
                save_issue(s, replace(DRAFT, meeting_ids=tuple(order)))
            with archive.read() as s:
                found = get_issue(s, WEEK, ZONE)
            assert found is not None
            assert found.meeting_ids == tuple(order)

    def test_closed_issue_stays(self, archive: Archive, ids: Sequence[str]) -> None:
        final = {"markdown": "# Digest", "html": "<h1>Digest</h1>", "meeting_ids": tuple(ids)}
        closed = replace(DRAFT, state=IssueState.FINAL, closed_at=NOW, **final)  # type: ignore[arg-type]  # mixed values
        for issue in (DRAFT, closed):
            with archive.write() as s:
                save_issue(s, issue)
        before = everything(archive)
        for late in (DRAFT, replace(closed, closed_at=NOW + HOUR, subject="Other", meeting_ids=())):
            with archive.write() as s:
                save_issue(s, late)
        assert everything(archive) == before
        with archive.read() as s:
            assert get_issue(s, WEEK, ZONE) == closed
            assert closed_issues(s, ZONE) == [replace(closed, markdown="", html="")]

    def test_what_an_issue_said_comes_back_exactly(self, archive: Archive, ids: Sequence[str]) -> None:
        said = (
            Said(ids[0], WEEK, IssuePart.NEW, replace(meeting(), id=ids[0]), frozenset({1, 3})),
            Said(
                ids[1], WEEK, IssuePart.EXPECTED, replace(meeting(None, vietnam=(TO_LAM,)), id=ids[1]), frozenset({2})
            ),
        )
        context = {"week": WEEK, "meetings": [{"headline": "王毅会见裴青山"}]}
        issue = replace(DRAFT, meeting_ids=(ids[0],), said=said, context=context, chart=b"\x89PNG\x00\xff")
        with archive.write() as s:
            save_issue(s, replace(issue, said=said[:1], chart=None))
            save_issue(s, issue)
        with archive.read() as s:
            assert get_issue(s, WEEK, ZONE) == issue
            assert said_in_closed(s, ZONE, since=WEEK) == {}, "an open issue has said nothing yet"

    def test_what_closed_issues_said_last_of_a_meeting(self, archive: Archive, ids: Sequence[str]) -> None:
        def close(week: str, zone: str, *told: Said) -> None:
            issue = replace(DRAFT, week=week, zone=zone, state=IssueState.FINAL, closed_at=NOW, said=told)
            with archive.write() as s:
                save_issue(s, issue)

        def said(week: str, part: IssuePart, date: str, *articles: int, of: str = ids[0]) -> Said:
            return Said(of, week, part, replace(meeting(date), id=of), frozenset(articles))

        close("2024-W48", ZONE, said("2024-W48", IssuePart.NEW, "2024-11-26", 9, of=ids[1]))
        close("2024-W50", ZONE, said("2024-W50", IssuePart.AGAIN, "2024-12-03", 1, 2))
        close("2024-W49", ZONE, said("2024-W49", IssuePart.NEW, "2024-12-04", 1, 7))
        close("2024-W51", "Asia/Shanghai", said("2024-W51", IssuePart.GONE, "2024-12-03"))
        last = said("2024-W50", IssuePart.AGAIN, "2024-12-03", 1, 2, 7)
        with archive.read() as s:
            assert said_in_closed(s, ZONE, since="2024-W49") == {ids[0]: last}
            assert said_in_closed(s, ZONE, since="2024-W51") == {}
            everywhere = said_in_closed(s, None, since="2024-W01")
        assert everywhere == {
            ids[0]: said("2024-W51", IssuePart.GONE, "2024-12-03", 1, 2, 7),
            ids[1]: said("2024-W48", IssuePart.NEW, "2024-11-26", 9, of=ids[1]),
        }

    def test_an_older_week_closed_later_said_the_last_word(self, archive: Archive, ids: Sequence[str]) -> None:
        told = {}
        for hours, week, date in ((0, "2024-W50", "2024-12-03"), (1, "2024-W49", "2024-12-04")):
            told[week] = Said(ids[0], week, IssuePart.AGAIN, replace(meeting(date), id=ids[0]), frozenset({1}))
            issue = replace(DRAFT, week=week, state=IssueState.FINAL, closed_at=NOW + hours * HOUR, said=(told[week],))
            with archive.write() as s:
                save_issue(s, issue)
        with archive.read() as s:
            assert said_in_closed(s, ZONE, since="2024-W01") == {ids[0]: told["2024-W49"]}

    def test_closed_issues_of_one_zone_by_week(self, archive: Archive) -> None:
        closed = replace(DRAFT, state=IssueState.FINAL, closed_at=NOW)
        with archive.write() as s:
            for week, zone in (("2024-W51", ZONE), ("2024-W50", ZONE), ("2024-W50", "Asia/Shanghai")):
                save_issue(s, replace(closed, week=week, zone=zone))
            save_issue(s, replace(DRAFT, week="2024-W49"))
            save_issue(s, replace(DRAFT, week="2023-W28", state=IssueState.BACK))
        with archive.read() as s:
            assert [issue.week for issue in closed_issues(s, ZONE)] == ["2024-W50", "2024-W51"]
            assert len(closed_issues(s)) == 3
            assert get_issue(s, "2024-W01", ZONE) is None

    def test_of_one_choice_what_was_kept_first_stays(self, archive: Archive) -> None:
        first = StoredVariant("short", "Subject", "# Short", "<h1>Short</h1>", charted=False)
        other = replace(first, choice="leaders", charted=True)
        with archive.write() as s:
            save_issue(s, DRAFT)
            assert keep_variant(s, WEEK, ZONE, first) == first
            assert keep_variant(s, WEEK, ZONE, other) == other
        with archive.write() as s:
            assert keep_variant(s, WEEK, ZONE, replace(first, subject="Later", charted=True)) == first
            assert get_variants(s, WEEK, ZONE) == (other, first)
            assert get_variants(s, WEEK, "Asia/Shanghai") == ()

    def test_first_run_is_set_once(self, archive: Archive) -> None:
        with archive.write() as s:
            assert first_run_at(s) is None
            mark_first_run(s, NOW.astimezone(dt.timezone(7 * HOUR)))
            mark_first_run(s, NOW + HOUR)
        with archive.read() as s:
            assert first_run_at(s) == NOW

    def test_first_run_needs_a_zone(self, archive: Archive) -> None:
        with pytest.raises(ValueError, match="has no time zone"), archive.write() as s:
            mark_first_run(s, NOW.replace(tzinfo=None))


class TestLocks:
    """One holder at a time, told who it is; a killed one is waited out."""

    LEASE = dt.timedelta(minutes=30)

    def test_second_holder_is_told_who_and_until_when(self, archive: Archive) -> None:
        sentence = r"ingest on alpha, process 7 has held “ingest” since 2024-12-12 03:30 UTC and may until .* 04:00 UTC"
        first = hold(archive, "ingest", owner="ingest on alpha, process 7", now_fn=lambda: NOW, lease=self.LEASE)
        second = hold(archive, "ingest", owner="other", now_fn=lambda: NOW, lease=self.LEASE)
        with first, pytest.raises(Busy, match=sentence):
            second.__enter__()

    def test_another_name_is_free(self, archive: Archive) -> None:
        with (
            hold(archive, "ingest", owner="a", now_fn=lambda: NOW, lease=self.LEASE),
            hold(archive, "send", owner="a", now_fn=lambda: NOW, lease=self.LEASE),
        ):
            assert len(everything(archive)["locks"]) == 2

    def test_released_even_after_a_failure(self, archive: Archive) -> None:
        holder = hold(archive, "ingest", owner="a", now_fn=lambda: NOW, lease=self.LEASE)
        with pytest.raises(ZeroDivisionError), holder:
            raise ZeroDivisionError
        assert everything(archive)["locks"] == []

    def test_expired_lock_is_taken_over_and_left_alone_by_its_old_holder(self, archive: Archive) -> None:
        later = NOW + self.LEASE
        with hold(archive, "ingest", owner="same name", now_fn=lambda: NOW, lease=self.LEASE):
            new = hold(archive, "ingest", owner="same name", now_fn=lambda: later, lease=self.LEASE)
            new.__enter__()
        third = hold(archive, "ingest", owner="third", now_fn=lambda: later, lease=self.LEASE)
        with pytest.raises(Busy, match="same name has held"):
            third.__enter__()
        new.__exit__(None, None, None)
        assert everything(archive)["locks"] == []


def _try_to_hold(home: str, url: str | None, together: Barrier, results: multiprocessing.Queue[str]) -> None:
    with Archive.open(Path(home), url) as archive:
        together.wait(60)
        try:
            with hold(archive, "ingest", owner="x", now_fn=lambda: NOW, lease=HOUR):
                results.put("held")
                together.wait(60)
        except Busy as busy:
            results.put(str(busy))
            together.wait(60)


def test_of_two_processes_exactly_one_holds_a_lock(archive: Archive, database: str | None) -> None:
    spawn = multiprocessing.get_context("spawn")
    together, results = spawn.Barrier(2), spawn.Queue()
    processes = [
        spawn.Process(target=_try_to_hold, args=(str(archive.home), database, together, results)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    told = sorted(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    assert told[0] == "held"
    assert told[1].startswith("x has held “ingest” since 2024-12-12 03:30 UTC")
    assert everything(archive)["locks"] == []
