"""What needs a person: the decisions one by one, `meetings status` on real archives, and the heartbeat of each run."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from archive import deliveries, issues, sources
from archive.errors import ArchiveError
from archive.records import Delivery, DeliveryState, IssueState, StoredIssue
from archive.store import DATABASE_NAME, Archive
from flows.heartbeat import NAME
from flows.steps import now_utc
from parsers.records import Alarm, AlarmKind, Outcome, SourceState
from reports import supervision
from reports.health import survey
from reports.supervision import Beat, Finding, Look, RunKind, Trouble, worst_first
from reports.week import Week, last_complete_week
from tests.commandline import ROOT, Meetings
from tests.databases import PostgreSQL
from tests.policykit import SOURCE

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Wednesday afternoon; the issue of 2024-W50 was due on Monday
NOW = datetime(2024, 12, 18, 8, tzinfo=UTC)
MONDAY = datetime(2024, 12, 15, 17, tzinfo=UTC)
LOOK = Look(NOW, ZONE, 7 * HOUR)
WEEK, EARLIER = "2024-W50", "2024-W49"


def troubles(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.trouble.value, finding.subject) for finding in found]


@pytest.mark.parametrize(
    ("beats", "expected"),
    [
        pytest.param([], [], id="no run ever ended here"),
        pytest.param([(RunKind.INGEST, 3, True)], [], id="well"),
        pytest.param([(RunKind.INGEST, 7, True)], [], id="just in time"),
        pytest.param([(RunKind.INGEST, 7.1, True)], [("heartbeat_stale", "")], id="stale"),
        pytest.param([(RunKind.DIGEST, 50, True), (RunKind.INGEST, 1, True)], [], id="the newest counts"),
        pytest.param([(RunKind.INGEST, 3, False)], [("run_failed", "ingest")], id="ingest failed"),
        pytest.param(
            [(RunKind.INGEST, 9, False)], [("run_failed", "ingest"), ("heartbeat_stale", "")], id="failed and stale"
        ),
        pytest.param(
            [(RunKind.DIGEST, 11, False), (RunKind.INGEST, 1, True)], [("run_failed", "digest")], id="digest failed"
        ),
        pytest.param(
            [(RunKind.DIGEST, 12, False), (RunKind.INGEST, 1, True)], [], id="by now its issue and mail tell of it"
        ),
    ],
)
def test_runs(beats: list[tuple[RunKind, float, bool]], expected: list[tuple[str, str]]) -> None:
    told = [Beat(run, NOW - hours * HOUR, well, "" if well else "it broke") for run, hours, well in beats]
    found = supervision.run_findings(told, LOOK)
    assert troubles(found) == expected
    assert all("it broke" in each.message for each in found if each.trouble is Trouble.RUN_FAILED)


@pytest.mark.parametrize(
    ("states", "first_run", "expected"),
    [
        pytest.param({}, None, [], id="no source"),
        pytest.param({"a": {}}, NOW - HOUR, [], id="a new archive"),
        pytest.param({"a": {}}, NOW - 8 * HOUR, [("poll_overdue", "")], id="never polled"),
        pytest.param({"a": {"last": 8, "due": 1}}, NOW - DAY, [], id="nothing was due for long"),
        pytest.param({"a": {"last": 8, "due": 7.5}}, NOW - DAY, [("poll_overdue", "")], id="due for long"),
        pytest.param(
            {"a": {"last": 8, "due": 7.5}, "b": {"last": 1, "due": -2}}, NOW - DAY, [], id="another was asked"
        ),
        pytest.param({"a": {"last": 1, "due": -2}, "b": {}}, NOW - DAY, [], id="a new one beside"),
        pytest.param({"a": {"due": -2}, "b": {"due": -1}}, NOW - DAY, [("network_down", "")], id="never reached"),
        pytest.param({"a": {"last": 30, "due": -2}}, NOW - 9 * DAY, [("network_down", "")], id="not reached since"),
        pytest.param({"a": {"due": -2}, "b": {"last": 8, "due": -2}}, NOW - DAY, [], id="one was reached"),
        pytest.param({"a": {"due": -2}}, NOW - HOUR, [], id="a new archive"),
    ],
)
def test_polls(
    states: dict[str, dict[str, float]], first_run: datetime | None, expected: list[tuple[str, str]]
) -> None:
    catalogue = [replace(SOURCE, id=name) for name in states]
    known = {
        name: SourceState(
            name,
            Outcome.OK if "last" in hours else Outcome.NEVER_POLLED,
            last_attempt=NOW - hours["last"] * HOUR if "last" in hours else None,
            next_due=NOW - hours["due"] * HOUR,
        )
        for name, hours in states.items()
        if hours
    }
    assert troubles(supervision.source_findings(survey(catalogue, known, ()), first_run, LOOK)) == expected


def test_each_alarm_is_told_and_a_mere_failure_is_not() -> None:
    alarm = Alarm(AlarmKind.SILENT, NOW - 3 * DAY, "Nothing new since Sunday.")
    known = {
        "loud": SourceState("loud", Outcome.TIMEOUT, last_attempt=NOW, next_due=NOW, failures=2),
        "quiet": SourceState("quiet", Outcome.OK, last_attempt=NOW, next_due=NOW, alarms=(alarm,)),
    }
    [found] = supervision.source_findings(survey([replace(SOURCE, id=name) for name in known], known, ()), NOW, LOOK)
    assert (found.trouble, found.subject) == (Trouble.SOURCE_ALARM, "quiet")
    assert str(found) == "source_alarm: quiet, silent: Nothing new since Sunday."


@pytest.mark.parametrize(
    ("now", "closed", "first_run", "expected"),
    [
        pytest.param(NOW, {WEEK}, NOW - 90 * DAY, [], id="closed"),
        pytest.param(NOW, {EARLIER}, NOW - 90 * DAY, [("issue_missing", WEEK)], id="missing"),
        pytest.param(NOW, set(), NOW - 2 * DAY, [], id="before the first run: a back issue"),
        pytest.param(NOW, set(), None, [], id="never run"),
        pytest.param(MONDAY + 11 * HOUR, {EARLIER}, NOW - 90 * DAY, [], id="Monday before noon"),
        pytest.param(MONDAY + 12 * HOUR, {EARLIER}, NOW - 90 * DAY, [("issue_missing", WEEK)], id="Monday noon"),
        pytest.param(
            MONDAY + HOUR, set(), NOW - 90 * DAY, [("issue_missing", EARLIER)], id="still that of the week before"
        ),
    ],
)
def test_issues(now: datetime, closed: set[str], first_run: datetime | None, expected: list[tuple[str, str]]) -> None:
    assert troubles(supervision.issue_findings(closed, first_run, replace(LOOK, now=now))) == expected


def sent(week: str, state: DeliveryState, *, held: bool = False) -> Delivery:
    made = Delivery(week, "reader@example.org", state, "<id@example.org>", 1, "reader@example.org said no", NOW)
    return replace(made, held=held)


@pytest.mark.parametrize(
    ("ledger", "hours", "expected"),
    [
        pytest.param([(WEEK, DeliveryState.ACCEPTED)], 40, [], id="accepted"),
        pytest.param([(WEEK, DeliveryState.PLANNED)], 11, [], id="not yet for long"),
        pytest.param([(WEEK, DeliveryState.PLANNED)], 13, [("delivery_overdue", WEEK)], id="planned"),
        pytest.param([(WEEK, DeliveryState.SENDING)], 13, [("delivery_overdue", WEEK)], id="sending"),
        pytest.param([(WEEK, DeliveryState.UNKNOWN)] * 3, 13, [("delivery_overdue", WEEK)], id="three of one week"),
        pytest.param([(EARLIER, DeliveryState.PLANNED)], 1, [("delivery_overdue", EARLIER)], id="of an earlier week"),
        pytest.param([(WEEK, DeliveryState.REFUSED)], 1, [("delivery_refused", WEEK)], id="refused"),
        pytest.param([(EARLIER, DeliveryState.REFUSED)], 1, [], id="refused, and known for a week"),
    ],
)
def test_deliveries(ledger: list[tuple[str, DeliveryState]], hours: int, expected: list[tuple[str, str]]) -> None:
    closed_at = {WEEK: NOW - hours * HOUR, EARLIER: NOW - 9 * DAY}
    found = supervision.delivery_findings([sent(*each) for each in ledger], closed_at, LOOK)
    assert troubles(found) == expected
    assert not any("@" in each.message for each in found), "no recipient is named"
    assert all(each.message.startswith(f"{len(ledger)} message") for each in found)


def test_what_is_held_is_told_at_once_and_as_that() -> None:
    ledger = [sent(WEEK, DeliveryState.UNKNOWN, held=True), sent(EARLIER, DeliveryState.ACCEPTED, held=True)]
    assert troubles(supervision.delivery_findings(ledger, {WEEK: NOW}, LOOK)) == [("delivery_held", WEEK)]


@pytest.mark.parametrize(("free", "expected"), [(499_999_999, [("disk_low", "")]), (500_000_000, [])])
def test_the_disk(free: int, expected: list[tuple[str, str]]) -> None:
    assert troubles(supervision.disk_findings(free, 500_000_000, "/data")) == expected


@pytest.mark.parametrize(
    ("age", "expected"), [(None, []), (8 * DAY, []), (8 * DAY + HOUR, [("backup_overdue", "")])], ids=str
)
def test_backups(age: timedelta | None, expected: list[tuple[str, str]]) -> None:
    assert troubles(supervision.backup_findings(NOW - age if age else None, LOOK)) == expected


def test_the_worst_comes_first() -> None:
    mixed = [Finding(trouble, "x", subject) for trouble in reversed(Trouble) for subject in "ba"]
    told = worst_first(mixed)
    assert [each.trouble for each in told[::2]] == list(Trouble)
    assert "".join(each.subject for each in told) == "ab" * len(Trouble)


def test_the_operations_page_says_what_to_do_about_each() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [A-Z`].+\. \|$", page.partition("### What needs a person")[2], re.MULTILINE)
    assert rows == [trouble.value for trouble in Trouble]


# The command


def status(meetings: Meetings) -> tuple[int, dict[str, Any], list[str]]:
    ran = meetings("status", "--json")
    facts = json.loads(ran.out)
    assert facts["well"] == (not facts["findings"]) == (ran.code == 0)
    return ran.code, facts, [finding["trouble"] for finding in facts["findings"]]


@pytest.fixture
def at_work(meetings: Meetings) -> Meetings:
    """Weeks after its first run; its one source was asked just now, and everything is well."""
    state = SourceState(
        "town", Outcome.OK, last_attempt=now_utc(), next_due=now_utc() + HOUR, url="http://127.0.0.1:9/feed.xml"
    )
    with Archive.open(meetings.home) as archive, archive.write() as session:
        issues.mark_first_run(session, now_utc() - 90 * DAY)
        sources.save_state(session, state)
    return meetings


def issue_of(week: Week, closed_at: datetime) -> StoredIssue:
    return StoredIssue(week.label, "Asia/Ho_Chi_Minh", IssueState.FINAL, closed_at, "Two met", "0" * 64, ())


def closes(meetings: Meetings, *, weeks_ago: int = 0, reader: DeliveryState | None = None) -> None:
    """An issue closed by its week's end; and what became of its one message."""
    now = now_utc()
    week = last_complete_week(now - weeks_ago * timedelta(weeks=1), ZONE)
    closed_at = min(week.bounds(ZONE)[1], now - 13 * HOUR)
    with Archive.open(meetings.home) as archive, archive.write() as session:
        issues.save_issue(session, issue_of(week, closed_at))
        if reader:
            to = "reader@example.org"
            deliveries.plan(session, week.label, "Asia/Ho_Chi_Minh", [(to, "<1@example.org>")], now=closed_at)
            deliveries.claim(session, week.label, "Asia/Ho_Chi_Minh", to, sender="x", now=closed_at)
            deliveries.settle(
                session, week.label, "Asia/Ho_Chi_Minh", to, reader, f"{to}: no", sender="x", now=closed_at
            )


def test_all_is_well(at_work: Meetings) -> None:
    closes(at_work, reader=DeliveryState.ACCEPTED)
    code, facts, found = status(at_work)
    assert (code, found) == (0, [])
    assert (facts["sources_well"], facts["deliveries_accepted"]) == (1, 1)
    assert at_work("status").code == 0


def alarm(meetings: Meetings) -> None:
    with Archive.open(meetings.home) as archive, archive.write() as session:
        state = sources.states(session)["town"]
        sources.save_state(session, replace(state, alarms=(Alarm(AlarmKind.STALE, now_utc(), "Its newest is old."),)))


def beat_long_ago(meetings: Meetings) -> None:
    told = {"ingest": {"ended": (now_utc() - DAY).isoformat(), "well": False, "message": "the disk is full"}}
    (meetings.home / NAME).write_text(json.dumps(told))


def full_disk(_meetings: Meetings) -> None:
    os.environ["MEETINGS_DISK_FREE_MB"] = str(shutil.disk_usage("/").total)


def read_only(meetings: Meetings) -> None:
    os.environ["MEETINGS_DATABASE_URL"] = f"sqlite:///file:{meetings.home / DATABASE_NAME}?mode=ro&uri=true"


def damaged(meetings: Meetings) -> None:
    (meetings.home / DATABASE_NAME).write_bytes(b"no database at all" * 100)


def old_backup(_meetings: Meetings) -> None:
    copied_today = Path("backups/meetings-20240101T000000Z.tar")
    copied_today.parent.mkdir()
    copied_today.touch()


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        pytest.param(lambda it: closes(it, weeks_ago=3), ["issue_missing"], id="the last issue is missing"),
        pytest.param(lambda it: closes(it, reader=DeliveryState.UNKNOWN), ["delivery_overdue"], id="unknown delivery"),
        pytest.param(lambda it: closes(it, reader=DeliveryState.REFUSED), ["delivery_refused"], id="refused delivery"),
        pytest.param(alarm, ["source_alarm"], id="alarm"),
        pytest.param(beat_long_ago, ["heartbeat_stale", "run_failed"], id="failed long ago"),
        pytest.param(full_disk, ["disk_low"], id="disk"),
        pytest.param(read_only, ["archive_unusable"], id="read-only database"),
        pytest.param(damaged, ["archive_unusable"], id="damaged database"),
        pytest.param(old_backup, ["backup_overdue"], id="old backup"),
    ],
)
def test_one_thing_goes_wrong(
    at_work: Meetings, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Meetings], None], expected: list[str]
) -> None:
    for name in ("MEETINGS_DISK_FREE_MB", "MEETINGS_DATABASE_URL"):
        # so that what the case sets goes with the test; of a name that is not set monkeypatch remembers nothing
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    happens(at_work)
    code, facts, found = status(at_work)
    assert (code, found) == (1, expected)
    assert "@" not in json.dumps(facts)
    ran = at_work("status")
    assert ran.code == 1
    assert [line.partition(":")[0] for line in ran.out.splitlines()[-len(expected) :]] == expected


def test_a_home_that_takes_no_files_is_unusable(at_work: Meetings, monkeypatch: pytest.MonkeyPatch) -> None:
    # root may write anywhere, and typer asks whether it may read
    monkeypatch.setattr(os, "access", lambda path, mode: path != at_work.home or not mode & os.W_OK)
    assert status(at_work)[2] == ["archive_unusable"]


def test_both_databases_prove_that_they_take_writes(
    archive: Archive, database: str | None, request: pytest.FixtureRequest
) -> None:
    archive.prove_writable()
    archive.close()
    if database is None:
        (archive.home / DATABASE_NAME).write_bytes(b"overwritten" * 1000)
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        server.execute(f"ALTER DATABASE {archive.address.database} ALLOW_CONNECTIONS false")
    with pytest.raises(ArchiveError):
        archive.prove_writable()
