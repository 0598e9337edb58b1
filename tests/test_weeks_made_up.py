"""Missed weeks: made up once, the oldest first, by the command that a person gives after an outage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive import issues
from archive.store import Archive, ArchiveError
from flows import delivering, issuing
from flows.settings import Settings, load_settings
from flows.steps import now_utc
from flows.weeks import nothing_to_do
from reports.week import Week, last_complete_week, parse_week, week_after, week_of
from reports.words import plain_day
from tests.commandline import Meetings
from tests.mailserver import Inbox, mail_server

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MISSED = 6


@pytest.fixture
def missed(meetings: Meetings, database: str | None, monkeypatch: pytest.MonkeyPatch) -> list[Week]:
    """The weeks since the first run, the last of them just over; none was written."""
    if database:
        monkeypatch.setenv("MEETINGS_DATABASE_URL", database)
    began = now_utc() - timedelta(weeks=MISSED)
    with Archive.open(meetings.home, database) as archive, archive.write() as session:
        issues.mark_first_run(session, began)
    last = last_complete_week(now_utc(), ZONE)
    found = [week_of(began + timedelta(weeks=number), ZONE) for number in range(MISSED)]
    assert found[-1] == last
    return found


@pytest.fixture
def inbox(meetings: Meetings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Inbox]:
    del meetings
    tables = "".join(f'[[recipient]]\naddress = "{name}@example.org"\n' for name in ("ann", "bao"))
    (tmp_path / "recipients.toml").write_text(tables, encoding="utf-8")
    box = Inbox()
    with mail_server(box) as port:
        for key, value in {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": port, "SMTP_SECURITY": "none"}.items():
            monkeypatch.setenv(f"MEETINGS_{key}", str(value))
        yield box


def closed(meetings: Meetings, database: str | None) -> list[str]:
    with Archive.open(meetings.home, database) as archive, archive.read() as session:
        return [issue.week for issue in issues.closed_issues(session)]


def test_all_missed_weeks_come_in_their_order_and_once(
    meetings: Meetings, inbox: Inbox, missed: list[Week], database: str | None
) -> None:
    labels = [week.label for week in missed]
    done = meetings("digest", "--since", labels[1], "--send")
    assert (done.code, done.err) == (0, ""), done
    assert [line.split()[1].rstrip(":") for line in done.out.splitlines() if line.startswith("digest ")] == labels[1:]
    assert closed(meetings, database) == labels[1:]
    assert len(inbox.accepted) == 2 * len(labels[1:]) == len({data for _, data in inbox.accepted})
    assert meetings("digest", "--since", labels[1], "--send").out == f"Nothing is left to do since {labels[1]}.\n"
    earlier = meetings("digest", "--since", "2001-W01", "--send")
    assert (earlier.code, closed(meetings, database)) == (0, labels), "weeks before the first run are back issues"
    assert len(inbox.accepted) == 2 * len(labels)


def test_without_send_nothing_is_closed(meetings: Meetings, missed: list[Week], database: str | None) -> None:
    assert meetings("digest", "--since", missed[0].label).code == 0
    assert closed(meetings, database) == []
    assert sorted(path.name for path in (meetings.home / "issues").iterdir()) == [week.label for week in missed]


def test_a_half_sent_week_is_finished_before_the_next(
    meetings: Meetings, inbox: Inbox, missed: list[Week], database: str | None
) -> None:
    first, second = (week.label for week in missed[-2:])
    inbox.recipients = {"bao@example.org": "450 later"}
    assert meetings("digest", "--week", first, "--send").code == 1
    inbox.recipients = {}
    assert meetings("deliveries", "retry", "--issue", first).code == 0
    assert meetings("digest", "--since", first, "--send").code == 0
    assert [to for to, _ in inbox.accepted] == [f"{name}@example.org" for name in ("ann", "bao", "ann", "bao")]
    assert closed(meetings, database) == [first, second]


def test_what_fails_once_an_issue_is_closed_leaves_its_mail_to_later_runs(
    meetings: Meetings, inbox: Inbox, missed: list[Week], database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(*_: object) -> None:
        raise ArchiveError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(issuing, "write", disk_full)
        assert meetings("digest", "--week", missed[-1].label, "--send").code == 1
    assert (closed(meetings, database), inbox.accepted) == ([missed[-1].label], [])
    said = delivering.send_what_waits(load_settings(meetings.home))
    assert said.startswith("mail that waited: 2 accepted, 0 refused")
    assert [to for to, _ in inbox.accepted] == ["ann@example.org", "bao@example.org"]


def test_a_week_that_cannot_be_closed_holds_up_the_later_ones(
    meetings: Meetings, missed: list[Week], database: str | None
) -> None:
    failed = meetings("digest", "--since", missed[0].label, "--send")
    assert (failed.code, "recipients.toml" in failed.err) == (2, True), failed
    assert closed(meetings, database) == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--week", "2024-W50"), "only --send and --out"),
        (("--dry-run",), "only --send and --out"),
        (("--preview",), "only --send and --out"),
        (("--test-send", "ann@example.org"), "only --send and --out"),
    ],
    ids=["week", "dry run", "preview", "test"],
)
def test_what_is_of_one_week_does_not_go_with_since(meetings: Meetings, words: tuple[str, ...], reason: str) -> None:
    refused = meetings("digest", "--since", "2024-W50", *words)
    assert (refused.code, reason in refused.err) == (2, True), refused


def test_before_the_first_issue_is_due_it_is_said_which_and_when(
    meetings: Meetings, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database:
        monkeypatch.setenv("MEETINGS_DATABASE_URL", database)
    with Archive.open(meetings.home, database) as archive, archive.write() as session:
        issues.mark_first_run(session, now_utc())
    this = week_of(now_utc(), ZONE)
    ran = meetings("digest", "--since", "2024-W50", "--send")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"No issue is due yet: the first is that of {this.label}, the week of the first run, ")
    assert f"from {plain_day(week_after(this).days()[0])} on" in ran.out


def test_the_day_of_the_first_issue_is_written_as_all_days_are(tmp_path: Path) -> None:
    now = datetime(2024, 11, 27, tzinfo=UTC)
    with Archive.open(tmp_path) as archive:
        told = nothing_to_do(Settings(home=tmp_path), archive, "2024-W40", now=now)
    assert "that of 2024-W48, the week of the first run, from 2 December 2024 on" in told


def test_a_week_that_is_not_over_has_nothing_to_make_up(meetings: Meetings, missed: list[Week]) -> None:
    del missed
    coming = week_of(now_utc(), ZONE)
    refused = meetings("digest", "--since", coming.label)
    assert (refused.code, "is not over yet" in refused.err) == (2, True), refused
    assert meetings("digest", "--since", "2024-W60").code == 2
    assert parse_week("2024-W52") < coming
