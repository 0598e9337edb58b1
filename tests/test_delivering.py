"""The ledger in a person's hands, and how long a digest run waits for what the ledger has tried again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive import deliveries
from archive.issues import save_issue
from archive.locks import Busy
from archive.records import DeliveryState, IssueState, StoredIssue
from archive.store import Archive
from flows import issue_steps
from flows.delivering import SendReport
from flows.settings import Settings
from flows.steps import now_utc
from reports.week import parse_week
from tests.commandline import Meetings

ZONE = "Asia/Ho_Chi_Minh"
NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)
PLANNED, SENDING, ACCEPTED, REFUSED, UNKNOWN = DeliveryState
LEDGER = {"ann": ACCEPTED, "bob": REFUSED, "chi": UNKNOWN, "dan": PLANNED, "eve": SENDING}


@pytest.fixture
def ledger(meetings: Meetings) -> Meetings:
    """One of each in 2024-W50; one to Ann that is unknown in the week before."""
    now = now_utc()  # a claim lasts for minutes, and the suite for longer
    with Archive.open(meetings.home) as archive, archive.write() as s:
        for week, states in {"2024-W49": {"ann": UNKNOWN}, "2024-W50": LEDGER}.items():
            save_issue(s, StoredIssue(week, ZONE, IssueState.FINAL, now, "News", "a" * 64, ()))
            for name, state in states.items():
                to = f"{name}@example.org"
                deliveries.plan(s, week, ZONE, [(to, f"<{week}.{name}>")], now=now)
                deliveries.claim(s, week, ZONE, to, sender="x", now=now)
                if state is not SENDING:
                    deliveries.settle(s, week, ZONE, to, state, f"{state} it was", sender="x", now=now)
    return meetings


def shown(meetings: Meetings, *words: str) -> dict[str, tuple[str, bool]]:
    """State and whether it is held, by who, of 2024-W50."""
    lines = meetings("deliveries", "--issue", "2024-W50", "--json", *words).out.splitlines()
    return {line["recipient"].partition("@")[0]: (line["state"], line["held"]) for line in map(json.loads, lines)}


def test_the_ledger_is_shown_to_a_person(ledger: Meetings) -> None:
    told = ledger("deliveries")
    assert told.code == 0
    for words in ("2024-W49", "ann@example.org", "accepted it was", "refused it was", "unknown it was", "sending"):
        assert words in told.out
    assert "2024-W49" not in ledger("deliveries", "--issue", "2024-W50").out
    assert "Nothing was to be sent yet." in ledger("deliveries", "--issue", "2024-W40").out


@pytest.mark.parametrize(
    ("words", "says", "changed"),
    [
        (["retry"], "3 messages of 2024-W50 are due again.", {"bob": "planned", "chi": "unknown", "dan": "planned"}),
        (["retry", "bob@example.org"], "1 message of 2024-W50 is due again.", {"bob": "planned"}),
        (["hold"], "3 messages of 2024-W50 are held.", {"chi": "held", "dan": "held", "eve": "held"}),
        (["resolve", "--accepted"], "1 message of 2024-W50 is settled as accepted.", {"chi": "accepted"}),
        (["resolve", "--lost", "chi@example.org"], "1 message of 2024-W50 is due again.", {"chi": "planned"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_a_person_does(ledger: Meetings, words: Sequence[str], says: str, changed: dict[str, str]) -> None:
    before = shown(ledger)
    told = ledger("deliveries", *words, "--issue", "2024-W50")
    assert (told.code, told.out.splitlines()[0]) == (0, says)
    for name, (state, held) in shown(ledger).items():
        expected = changed.get(name, before[name][0])
        assert (state, held) == ((before[name][0], True) if expected == "held" else (expected, False))
    assert ("meetings digest --week 2024-W50 --send" in told.out) is ("due again" in says)


def test_what_was_changed_is_told_to_a_script(ledger: Meetings) -> None:
    assert shown(ledger, "resolve", "--accepted") == {"chi": ("accepted", False)}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["retry", "--lost"], "resolve takes either --accepted or --lost"),
        (["resolve"], "resolve takes either --accepted or --lost"),
        (["resolve", "--lost", "--accepted"], "resolve takes either --accepted or --lost"),
        (["--lost"], "resolve takes either --accepted or --lost"),
        (["resolve", "--lost"], "there are such messages of 2024-W49, 2024-W50; name one with --issue"),
        (["retry", "zoe@example.org"], "there is no refused, held or waiting message to zoe@example.org"),
        (["hold", "--issue", "2024-W40"], "there is no open message of 2024-W40; see: meetings deliveries"),
        (["--issue", "last"], "last"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_meant_is_told_and_changes_nothing(ledger: Meetings, words: Sequence[str], says: str) -> None:
    before = shown(ledger)
    told = ledger("deliveries", *words)
    assert (told.code, says in told.err) == (2, True), told
    assert shown(ledger) == before


def test_without_an_archive_there_is_no_ledger(meetings: Meetings) -> None:
    assert (meetings("deliveries").code, meetings.home.exists()) == (2, False)


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("answers", "minutes", "accepted"),
    [
        pytest.param([(2, None)], 0, 2, id="all at once"),
        pytest.param([(1, 1), (0, 5), (1, None)], 6, 2, id="waits as the ledger says"),
        pytest.param([(1, 1), (0, 30)], 1, 1, id="not beyond its time"),
        pytest.param([(1, 25)], 0, 1, id="not to the very end of it"),
        pytest.param([Busy("another sender"), (2, None)], 5 / 60, 2, id="another sender is at work"),
    ],
)
def test_a_digest_run_waits_for_what_the_ledger_has_tried_again(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    answers: list[tuple[int, int | None] | Busy],
    minutes: float,
    accepted: int,
) -> None:
    clock, left = Clock(), list(answers)

    def sent(*_: object) -> SendReport:
        answer = left.pop(0)
        if isinstance(answer, Busy):
            raise answer
        served, wait = answer
        return SendReport(accepted=served, skipped=7, again=clock.now + wait * MINUTE if wait else None)

    monkeypatch.setattr(issue_steps, "send_issue", sent)
    monkeypatch.setattr(issue_steps, "now_utc", clock)
    settings = Settings(home=tmp_path)
    report = issue_steps.send_until(settings, parse_week("2024-W50"), NOW + 25 * MINUTE, sleep=clock.sleep)
    assert (report.accepted, report.skipped, left) == (accepted, 7, [])
    assert (clock.now - NOW) / MINUTE == pytest.approx(minutes)


def test_a_sender_that_never_ends_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clock = Clock()

    def busy(*_: object) -> SendReport:
        raise Busy("another sender")

    monkeypatch.setattr(issue_steps, "send_issue", busy)
    monkeypatch.setattr(issue_steps, "now_utc", clock)
    with pytest.raises(Busy):
        issue_steps.send_until(Settings(home=tmp_path), parse_week("2024-W50"), NOW + MINUTE, sleep=clock.sleep)
    assert clock.now == NOW + MINUTE
