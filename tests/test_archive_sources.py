"""What is remembered of sources, their polls and their waiting entries."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from archive.records import FetchLogLine, PendingEntry, PollCounts, Skip
from archive.sources import (
    LOG_KEPT,
    drop_pending,
    give_up,
    holds,
    known_entries,
    last_fetches,
    log_fetch,
    pending,
    prune_log,
    save_holds,
    save_pending,
    save_state,
    states,
)
from archive.store import Archive
from parsers.records import Alarm, AlarmKind, Outcome, SourceState, Validators, article_key
from tests.archive_samples import HOUR, NOW, store

STATE = SourceState(
    "xinhua-en",
    url="https://news.example/rss",
    outcome=Outcome.OK,
    message="",
    since=NOW - HOUR,
    last_attempt=NOW,
    last_success=NOW,
    last_full_fetch=NOW,
    last_new=NOW - HOUR,
    failures=0,
    next_due=NOW + HOUR,
    validators=Validators('W/"a;\u00e9"', "Tue, 10 Dec 2024 08:00:00 GMT"),
    permanent_url="https://news.example/feed",
    newest=NOW - 2 * HOUR,
    interval=timedelta(minutes=75),
    astray=2,
    gone_since=NOW - 5 * HOUR,
    listed=("00" * 8, "ff" * 8),
    failing_since=NOW - 4 * HOUR,
    recovered=NOW - 9 * HOUR,
    alarms=(Alarm(AlarmKind.SILENT, NOW - HOUR, "nothing new"), Alarm(AlarmKind.LAYOUT, NOW, "no “links”")),
)
ENTRY = PendingEntry("https://news.example/one", "xinhua-en", "They met", "", NOW, 0, NOW, Outcome.NEVER_POLLED)
SKIPPED = {Skip.HOST_BUDGET: 3, Skip.ROBOTS: 1}
COUNTS = PollCounts(
    entries=30, screened_out=20, known=3, new_entries=7, pages=6, by_outlet=2, by_generic=1, skipped=SKIPPED
)
LINE = FetchLogLine("run-1", "xinhua-en", NOW, Outcome.OK, "", **asdict(COUNTS))


def test_state_replaces_what_was_known(archive: Archive) -> None:
    worse = replace(STATE, outcome=Outcome.TIMEOUT, failures=3, last_new=None, validators=Validators(), alarms=())
    for state in (STATE, SourceState("vnplus-en"), worse):
        with archive.write() as s:
            save_state(s, state)
    with archive.read() as s:
        assert states(s) == {"xinhua-en": worse, "vnplus-en": SourceState("vnplus-en")}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_kept(archive: Archive, outcome: Outcome) -> None:
    with archive.write() as s:
        save_state(s, replace(STATE, outcome=outcome))
    with archive.read() as s:
        assert states(s)["xinhua-en"].outcome is outcome


@pytest.mark.parametrize("kind", list(AlarmKind))
def test_every_alarm_is_kept(archive: Archive, kind: AlarmKind) -> None:
    state = replace(STATE, alarms=(Alarm(kind, NOW, "said \u201cgone\u201d"), *STATE.alarms))
    with archive.write() as s:
        save_state(s, state)
    with archive.read() as s:
        assert states(s)["xinhua-en"] == state


def test_pauses_are_kept_until_they_are_over(archive: Archive) -> None:
    with archive.write() as s:
        save_holds(s, {"slow.example": NOW + HOUR, "long.example": NOW + 9 * HOUR, "over.example": NOW}, now=NOW)
    with archive.read() as s:
        assert holds(s, now=NOW) == {"slow.example": NOW + HOUR, "long.example": NOW + 9 * HOUR}
        assert holds(s, now=NOW + HOUR) == {"long.example": NOW + 9 * HOUR}
    with archive.write() as s:
        save_holds(s, {"slow.example": NOW + 2 * HOUR}, now=NOW)
    with archive.read() as s:
        assert holds(s, now=NOW) == {"slow.example": NOW + 2 * HOUR}


def test_last_fetch_of_each_source(archive: Archive) -> None:
    lines = [LINE, replace(LINE, source_id="vnplus-en"), replace(LINE, run="run-2", outcome=Outcome.NOT_MODIFIED)]
    with archive.write() as s:
        for line in lines:
            log_fetch(s, line)
    with archive.read() as s:
        assert last_fetches(s) == {"vnplus-en": lines[1], "xinhua-en": lines[2]}


def test_old_polls_are_forgotten_but_never_a_sources_last(archive: Archive) -> None:
    def line(source_id: str, age: timedelta) -> FetchLogLine:
        return replace(LINE, source_id=source_id, at=NOW - age)

    kept = LOG_KEPT
    lines = [line("given-up", 3 * kept), line("given-up", 2 * kept), line("slow", 2 * kept), line("busy", kept + HOUR)]
    lines += [line("slow", kept), line("busy", HOUR), line("busy", timedelta(0))]
    with archive.write() as s:
        for each in lines:
            log_fetch(s, each)
    for _ in range(2):
        with archive.write() as s:
            prune_log(s, now=NOW)
            told = s.execute(text("SELECT source_id, id FROM fetch_log ORDER BY id")).all()
        assert [tuple(row) for row in told] == [("given-up", 2), ("slow", 5), ("busy", 6), ("busy", 7)]
    with archive.read() as s:
        assert last_fetches(s) == {"given-up": lines[1], "slow": lines[4], "busy": lines[6]}


def test_of_very_many_old_polls_a_run_forgets_the_oldest(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.sources.PRUNED_AT_ONCE", 3)
    with archive.write() as s:
        for _ in range(6):
            log_fetch(s, replace(LINE, at=NOW - 2 * LOG_KEPT))
    left = []
    for _ in range(3):
        with archive.write() as s:
            prune_log(s, now=NOW)
            left.append(s.scalar(text("SELECT count(*) FROM fetch_log")))
    assert left == [3, 1, 1]


def test_pending_entries_wait_for_their_time(archive: Archive) -> None:
    later = replace(ENTRY, url="https://news.example/two", next_attempt=NOW + HOUR, attempts=1)
    foreign = replace(ENTRY, url="https://news.example/three", source_id="vnplus-en")
    with archive.write() as s:
        for entry in (later, ENTRY, foreign):
            save_pending(s, entry)
        assert pending(s, "xinhua-en", now=NOW) == [ENTRY]
        assert pending(s, "xinhua-en", now=NOW + HOUR) == [ENTRY, later]
        save_pending(s, replace(ENTRY, attempts=1, next_attempt=NOW + 2 * HOUR, outcome=Outcome.TIMEOUT))
        assert pending(s, "xinhua-en", now=NOW + HOUR) == [later]


def test_given_up_entry_is_known_and_not_fetched(archive: Archive) -> None:
    with archive.write() as s:
        save_pending(s, ENTRY)
        give_up(s, ENTRY.url, Outcome.GONE)
    with archive.read() as s:
        assert pending(s, "xinhua-en", now=NOW + HOUR) == []
        assert known_entries(s, [article_key(ENTRY.url)], polled=[ENTRY.source_id]) == {article_key(ENTRY.url)}


def test_dropped_entry_is_forgotten(archive: Archive) -> None:
    with archive.write() as s:
        save_pending(s, ENTRY)
        drop_pending(s, ENTRY.url)
        assert known_entries(s, [article_key(ENTRY.url)], polled=[ENTRY.source_id]) == set()


def test_known_entries_are_articles_and_waiting_ones(archive: Archive) -> None:
    stored = store(archive, "stored")
    waiting = replace(ENTRY, url="https://news.example/waiting")
    with archive.write() as s:
        save_pending(s, waiting)
    keys = {stored.article.key, article_key(waiting.url)}
    with archive.read() as s:
        assert known_entries(s, [*keys, article_key("https://news.example/new")], polled=[ENTRY.source_id]) == keys
