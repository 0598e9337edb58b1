"""The mail to the operator: when it is worth one, what it says, and that it is neither lost nor repeated."""

from __future__ import annotations

import email
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.alert import alert
from flows.alerting import NAME, REMINDED, RUNS_KEPT, Told, seen_to, tell_operator, worth_telling
from flows.heartbeat import beat, last_beats
from flows.settings import Settings
from parsers.records import InputError, MeetingsError
from reports.supervision import Finding, RunKind, Trouble
from tests.commandline import Meetings
from tests.mailserver import Inbox, mail_server

NOW = datetime(2024, 12, 18, 8, tzinfo=UTC)
OPERATOR = "operator@example.org"
DISK = Finding(Trouble.DISK_LOW, "3 MB are free on the disk of data.")
ALARM = Finding(Trouble.SOURCE_ALARM, "xinhua-zh, silent: Nichts Neues – từ hôm qua – 没有消息.", "xinhua-zh")
LATE = Finding(Trouble.RUN_LATE, "“digest 2024-12-16 07:00” is late.", "digest")


@pytest.mark.parametrize(
    ("keys", "told", "hours", "expected"),
    [
        pytest.param("", None, 0, False, id="all is well, as ever"),
        pytest.param("", "", 99, False, id="all is well, and said so"),
        pytest.param("a", None, 0, True, id="the first trouble"),
        pytest.param("a", "", 1, True, id="trouble after peace"),
        pytest.param("a", "a", 23, False, id="known"),
        pytest.param("a", "a", 24, True, id="known, and forgotten"),
        pytest.param("ab", "a", 1, True, id="one more"),
        pytest.param("a", "ab", 1, False, id="one less"),
        pytest.param("", "a", 1, True, id="over"),
    ],
)
def test_what_is_worth_a_mail(keys: str, told: str | None, hours: int, expected: bool) -> None:
    last = None if told is None else Told(NOW - timedelta(hours=hours), frozenset(told))
    assert worth_telling(keys, last, now=NOW) is expected


@given(st.lists(st.frozensets(st.sampled_from("abc")), max_size=60))
def test_nothing_stands_for_longer_than_a_day_untold_and_nothing_is_told_twice_in_an_hour(
    hours: list[frozenset[str]],
) -> None:
    told: Told | None = None
    for hour, keys in enumerate(hours):
        now = NOW + timedelta(hours=hour)
        if worth_telling(keys, told, now=now):
            assert told is None or keys != told.keys or now - told.at >= REMINDED
            told = Told(now, keys)
        assert keys <= (told.keys if told else frozenset())
        assert not keys or (told and now - told.at < REMINDED)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def settings(inbox: Inbox, tmp_path: Path) -> Iterator[Settings]:
    home = tmp_path / "home"
    home.mkdir()
    with mail_server(inbox) as port:
        yield Settings(home=home, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", alert_to=OPERATOR)


def mails(inbox: Inbox) -> list[tuple[str, str]]:
    """Subject and text of each mail that came."""
    assert {to for to, _ in inbox.accepted} <= {OPERATOR}
    parsed = [email.message_from_bytes(content, policy=default) for _, content in inbox.accepted]
    return [(message["Subject"], message.get_content()) for message in parsed]


def test_a_trouble_is_told_once_until_it_is_over(settings: Settings, inbox: Inbox) -> None:
    assert tell_operator(settings, []) == "the operator knows"
    assert tell_operator(settings, [ALARM]).startswith("the operator was told: Meetings: 1 thing needs a person")
    assert tell_operator(settings, [ALARM]) == "the operator knows"
    tell_operator(settings, [DISK, ALARM])
    tell_operator(settings, [])
    subjects = [subject for subject, _ in mails(inbox)]
    assert subjects == [
        "Meetings: 1 thing needs a person: source_alarm",
        "Meetings: 2 things need a person: disk_low, source_alarm",
        "Meetings: all is well again",
    ]
    assert ALARM.message in mails(inbox)[0][1]
    assert str(settings.home) in mails(inbox)[0][1]
    assert len({email.message_from_bytes(content)["Message-ID"] for _, content in inbox.accepted}) == 3


def test_what_passes_is_told_at_once_each_time_and_its_end_is_no_news(settings: Settings, inbox: Inbox) -> None:
    tell_operator(settings, [ALARM])
    tell_operator(settings, [ALARM], [LATE])
    tell_operator(settings, [ALARM], [LATE])
    assert tell_operator(settings, [ALARM]) == "the operator knows"
    assert [subject.rpartition(": ")[2] for subject, _ in mails(inbox)] == [
        "source_alarm",
        "run_late, source_alarm",
        "run_late, source_alarm",
    ]


def test_of_one_run_the_operator_is_told_once_however_often_prefect_says_it(settings: Settings, inbox: Inbox) -> None:
    tell_operator(settings, [], [LATE], run="late 1")
    assert tell_operator(settings, [], [LATE], run="late 1") == "the operator was told of this run before"
    tell_operator(settings, [], [LATE], run="late 2")
    assert tell_operator(settings, [ALARM], run="late 2") == "the operator was told of this run before"
    assert len(mails(inbox)) == 2
    for number in range(RUNS_KEPT):
        tell_operator(settings, [], run=f"failed {number}")
    assert (seen_to(settings, "late 1"), seen_to(settings, "failed 0"), seen_to(settings, "")) == (False, True, False)


@pytest.mark.parametrize(("event", "told"), [("late", ["run_late"]), ("failed", [])])
def test_the_first_run_of_all_that_is_late_is_told_though_there_is_no_archive_yet(
    settings: Settings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, event: Literal["late", "failed"], told: list[str]
) -> None:
    monkeypatch.setattr("flows.alert.load_settings", lambda: settings)
    state = alert.fn(event, RunKind.INGEST, "ingest 2024-12-18", attempt="1 0")
    assert (state.is_completed(), "no archive" in str(state.message)) == (bool(told), not told)
    assert [subject.rpartition(": ")[2] for subject, _ in mails(inbox)] == told


@pytest.mark.parametrize("run", ["failed 1", ""], ids=["of one run", "of none"])
def test_who_tells_at_the_same_time_as_another_waits_and_then_knows(settings: Settings, inbox: Inbox, run: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        said = [*pool.map(lambda _: tell_operator(settings, [ALARM], run=run), range(4))]
    assert Counter(word.startswith("the operator was told: ") for word in said) == {True: 1, False: 3}
    assert len(mails(inbox)) == 1


def test_an_alert_of_a_crash_that_comes_again_does_not_hide_the_run_that_went_well_since(
    settings: Settings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.alert.load_settings", lambda: settings)
    crashed = partial(alert.fn, event="crashed", deployment=RunKind.INGEST, run="ingest 07:00", message="it died")
    crashed(attempt="1 1")
    beat(settings, RunKind.INGEST)
    again = crashed(attempt="1 1")
    assert (again.type, again.message) == ("COMPLETED", "the operator was told of this run before")
    assert [known.well for known in last_beats(settings)] == [True]
    crashed(attempt="1 2")
    assert [known.well for known in last_beats(settings)] == [False]
    assert len(mails(inbox)) == 1


def test_a_mail_that_was_not_accepted_is_tried_again(settings: Settings, inbox: Inbox) -> None:
    inbox.content = "451 4.3.0 later"
    with pytest.raises(MeetingsError, match=r"the operator was not told: .* 451") as refused:
        tell_operator(settings, [ALARM])
    assert OPERATOR not in str(refused.value)
    inbox.content = None
    tell_operator(settings, [ALARM])
    assert len(mails(inbox)) == 1


@pytest.mark.parametrize("text", ["", "[1]", '{"at": "noon", "keys": []}', '{"at": "2024-12-18T08:00:00+00:00"}'])
def test_a_broken_memory_is_none(settings: Settings, inbox: Inbox, text: str) -> None:
    (settings.home / NAME).write_text(text)
    tell_operator(settings, [ALARM])
    assert len(mails(inbox)) == 1
    assert json.loads((settings.home / NAME).read_text())["keys"] == [ALARM.key]


@pytest.mark.parametrize(
    ("missing", "words"), [("alert_to", "nobody is set to be told"), ("smtp_host", "no mail server is set")]
)
def test_who_is_told_must_be_set(settings: Settings, missing: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        tell_operator(settings.model_copy(update={missing: ""}), [ALARM])


def test_the_command_mails_what_it_says(
    meetings: Meetings, settings: Settings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEETINGS_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("MEETINGS_SMTP_PORT", str(settings.smtp_port))
    monkeypatch.setenv("MEETINGS_SMTP_SECURITY", "none")
    monkeypatch.setenv("MEETINGS_ALERT_TO", OPERATOR)
    meetings("ingest")
    Path("sources.toml").write_text("[[source]]\nid = 3\n")
    shown = meetings("status", "--mail")
    assert shown.code == 1
    [(subject, text)] = mails(inbox)
    assert subject == "Meetings: 1 thing needs a person: settings_wrong"
    assert shown.out.splitlines()[-1] in text


def test_an_address_of_the_operator_that_is_none_is_refused(
    meetings: Meetings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEETINGS_ALERT_TO", "nobody")
    assert (meetings("status").code, "alert_to" in meetings("status").err) == (2, True)
