"""What the flows decide before they act: batches, weeks still to do, names, what is shown of a run. No server."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from archive.records import Mention, Skip, StoredArticle, StoredMeeting
from flows.digest import artifact_key
from flows.heartbeat import without_addresses
from flows.ingest import (
    ALARM_EVENTS,
    POLL_TASKS,
    RUN_EVENTS,
    alarm_events,
    batches,
    meeting_events,
    run_events,
    summary,
)
from flows.polling import SourceReport
from flows.prefect_api import PrefectApi, reachable
from flows.results import DetectReport, IngestReport
from flows.serve import environment, serve
from flows.settings import Settings
from flows.trigger import parse_parameters, verdict
from flows.watching import AlarmChange, WatchReport
from flows.weeks import CAUGHT_UP, weeks_since, weeks_to_do
from parsers.records import Alarm, AlarmKind, InputError, Kind, Outcome, Side, Source
from reports.week import Week, parse_week, week_of
from tests.archive_samples import NOW, article, meeting

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def source(number: int) -> Source:
    return Source(
        f"s{number}", "o", "O", Side.CHINA, "en", "Asia/Shanghai", Kind.RSS, "https://o.example", timedelta(hours=3)
    )


def stored(**changes: Any) -> StoredMeeting:
    told = meeting(id="m-1", **changes)
    return StoredMeeting(told, NOW, NOW, (Mention(StoredArticle(1, article(), NOW), told),))


@given(st.integers(0, 300))
def test_batches_hold_every_source_once_in_at_most_40_tasks(count: int) -> None:
    due = [source(number) for number in range(count)]
    dealt = batches(due)
    assert sorted(s.id for batch in dealt for s in batch) == sorted(s.id for s in due)
    assert len(dealt) == min(count, POLL_TASKS)
    assert max(map(len, dealt), default=0) - min(map(len, dealt), default=0) <= 1


def test_a_flow_run_stays_within_50_tasks() -> None:
    polls, detect, write_and_send = len(batches([source(number) for number in range(300)])), 1, 2
    assert polls + detect + CAUGHT_UP * write_and_send <= 50


@pytest.mark.parametrize(
    ("own", "last", "closed", "expected"),
    [
        pytest.param("2024-W50", "2024-W50", [], ["2024-W50"], id="first digest ever, on time"),
        pytest.param("2024-W50", "2024-W50", ["2024-W49"], ["2024-W50"], id="on time"),
        pytest.param("2024-W50", "2024-W50", ["2024-W50"], ["2024-W50"], id="closed: its mail may still be open"),
        pytest.param("2024-W49", "2024-W51", ["2024-W48"], ["2024-W49", "2024-W50", "2024-W51"], id="two weeks late"),
        pytest.param("2024-W51", "2024-W51", ["2024-W49"], ["2024-W50", "2024-W51"], id="the late ones come after it"),
        pytest.param("2024-W50", "2024-W51", ["2024-W51"], ["2024-W50"], id="the later one is done already"),
        pytest.param("2024-W52", "2025-W01", ["2024-W51"], ["2024-W52", "2025-W01"], id="over New Year"),
        pytest.param("2020-W53", "2021-W01", ["2020-W52"], ["2020-W53", "2021-W01"], id="a year of 53 weeks"),
        pytest.param(
            "2024-W50", "2024-W50", ["2024-W10"], [f"2024-W{n}" for n in (47, 48, 49, 50)], id="asleep since spring"
        ),
        pytest.param("2024-W40", "2024-W50", [], [f"2024-W{n}" for n in (47, 48, 49, 50)], id="ten weeks late"),
    ],
)
def test_weeks_to_do(own: str, last: str, closed: list[str], expected: list[str]) -> None:
    assert [week.label for week in weeks_to_do(parse_week(own), parse_week(last), closed, None)] == expected


@pytest.mark.parametrize(
    ("began", "closed", "expected"),
    [
        pytest.param("2024-W45", [], ["2024-W45", "2024-W46", "2024-W47"], id="the first issue was missed"),
        pytest.param("2024-W48", [], ["2024-W47"], id="on the first Monday"),
        pytest.param("2024-W10", [], [f"2024-W{n}" for n in (44, 45, 46, 47)], id="long ago"),
        pytest.param("2024-W40", ["2024-W45"], ["2024-W46", "2024-W47"], id="what was given up stays so"),
    ],
)
def test_nothing_is_made_up_from_before_the_first_run(began: str, closed: list[str], expected: list[str]) -> None:
    own = parse_week("2024-W47")
    assert [week.label for week in weeks_to_do(own, own, closed, parse_week(began))] == expected


@given(st.integers(0, 60), st.integers(0, 60), st.sets(st.integers(0, 60), max_size=8), st.integers(0, 60))
def test_weeks_to_do_are_few_ascending_and_never_in_the_future(
    own: int, last: int, closed: set[int], began: int
) -> None:
    def week(number: int) -> Week:
        return week_of(datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(weeks=number), HANOI)

    own, last = min(own, last), max(own, last)
    found = weeks_to_do(week(own), week(last), {week(number).label for number in closed if number <= last}, week(began))
    assert found == sorted(set(found))
    assert len(found) <= CAUGHT_UP
    assert all(one <= week(last) for one in found)


@pytest.mark.parametrize(
    ("since", "last", "closed", "open_mail", "expected"),
    [
        pytest.param("2024-W44", "2024-W50", [], [], [f"2024-W{n}" for n in range(44, 51)], id="more than four"),
        pytest.param("2024-W48", "2024-W50", ["2024-W49"], [], ["2024-W48", "2024-W50"], id="one is done"),
        pytest.param("2024-W48", "2024-W49", ["2024-W48"], ["2024-W48"], ["2024-W48", "2024-W49"], id="half sent"),
        pytest.param("2024-W48", "2024-W49", [], ["2024-W40"], ["2024-W48", "2024-W49"], id="half sent, but earlier"),
        pytest.param("2024-W52", "2025-W01", [], [], ["2024-W52", "2025-W01"], id="over New Year"),
        pytest.param("2024-W50", "2024-W50", ["2024-W50"], [], [], id="nothing left"),
    ],
)
def test_weeks_since(since: str, last: str, closed: list[str], open_mail: list[str], expected: list[str]) -> None:
    found = weeks_since(parse_week(since), parse_week(last), closed, open_mail)
    assert [week.label for week in found] == expected


@pytest.mark.parametrize(("week", "key"), [("2024-W50", "digest-2024-w50"), ("2025-W01", "digest-2025-w01")])
def test_artifact_keys_are_what_prefect_takes(week: str, key: str) -> None:
    assert artifact_key(parse_week(week)) == key
    assert re.fullmatch(r"[a-z0-9-]+", key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@b.example refused: 550", "<address> refused: 550"),
        ("recipients.toml: 'o.b+c@d.example', <e@f.example>", "recipients.toml: '<address>', <<address>>"),
        ("to o'brien@b.example, 'o'neill@b.example'", "to <address>, '<address>'"),
        ("nothing to hide", "nothing to hide"),
    ],
    ids=["bare", "quoted and bracketed", "apostrophes", "none"],
)
def test_addresses_are_hidden(text: str, expected: str) -> None:
    assert without_addresses(text) == expected


def test_an_event_names_the_meeting_and_its_links_and_is_json() -> None:
    [event] = meeting_events([stored()], most=RUN_EVENTS)
    assert event["event"] == "meeting.detected"
    assert event["resource"]["prefect.resource.id"] == "meetings.meeting.m-1"
    assert event["resource"]["prefect.resource.name"] == "Wang Yi – Bui Thanh Son"
    assert event["payload"]["date"] == "2024-12-10"
    assert event["payload"]["urls"] == ["https://news.example/one"]
    assert all(isinstance(value, str) for value in event["resource"].values())
    json.dumps(event)


def test_an_event_of_nameless_principals_names_the_countries() -> None:
    [event] = meeting_events([stored(date=None, china=(), vietnam=())], most=RUN_EVENTS)
    assert event["resource"]["prefect.resource.name"] == "China – Viet Nam"
    assert event["payload"]["date"] is None


@pytest.mark.parametrize(("new", "summed_up"), [(0, []), (20, []), (21, [(1, 21)]), (500, [(480, 500)])])
def test_at_most_20_meeting_events_then_one_that_sums_up(new: int, summed_up: list[tuple[int, int]]) -> None:
    events = meeting_events([stored()] * new, most=RUN_EVENTS)
    single = [event for event in events if event["event"] == "meeting.detected"]
    others = [event for event in events if event["event"] == "meetings.detected"]
    assert len(single) == min(new, RUN_EVENTS)
    assert [(event["payload"]["count"], event["payload"]["total"]) for event in others] == summed_up


def change(n: int = 0, *, raised: bool = True) -> AlarmChange:
    return AlarmChange(f"wire-{n}", Alarm(AlarmKind.SILENT, NOW, "Nothing new."), raised)


def test_an_alarm_event_names_the_source_and_is_json() -> None:
    raised, withdrawn = alarm_events([change(), change(raised=False)])
    assert raised == {
        "event": "source.alarm.raised",
        "resource": {
            "prefect.resource.id": "meetings.source.wire-0",
            "prefect.resource.name": "wire-0",
            "meetings.alarm": "silent",
        },
        "payload": {"since": NOW.isoformat(), "message": "Nothing new."},
    }
    assert withdrawn["event"] == "source.alarm.withdrawn"
    json.dumps(raised)


@pytest.mark.parametrize(
    ("alarms", "new", "kinds"),
    [
        (0, 0, {}),
        (2, 3, {"source.alarm.raised": 2, "meeting.detected": 3}),
        (2, 40, {"source.alarm.raised": 2, "meeting.detected": 18, "meetings.detected": 1}),
        (
            40,
            40,
            {"source.alarm.raised": ALARM_EVENTS, "sources.alarms": 1, "meeting.detected": 13, "meetings.detected": 1},
        ),
    ],
)
def test_a_run_emits_few_events(alarms: int, new: int, kinds: dict[str, int]) -> None:
    watched = WatchReport(tuple(change(n) for n in range(alarms)))
    events = run_events(IngestReport((), DetectReport(new, (stored(),) * new), watched))
    assert Counter(event["event"] for event in events) == kinds
    assert len(events) <= RUN_EVENTS + 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({}, "2 sources polled, 2 new articles, 1 new meeting; failing: vov", id="plain"),
        pytest.param(
            {"watched": WatchReport(network_down=True)},
            "2 sources polled, 2 new articles, 1 new meeting; failing: vov; "
            "our own network was down, so no source is blamed",
            id="own network down",
        ),
    ],
)
def test_the_sentence_of_a_run(changes: dict[str, Any], sentence: str) -> None:
    good = SourceReport("xinhua", Outcome.OK, entries=30, screened_out=28, pages_failed=1, new_articles=2)
    bad = SourceReport("vov", Outcome.TIMEOUT, "did not answer within 60 s")
    assert summary(IngestReport((good, bad), DetectReport(2, (stored(),)), **changes)) == sentence


def test_what_was_left_is_summed_up_over_the_sources() -> None:
    one = SourceReport("a", Outcome.OK, skipped={Skip.HOST_BUDGET: 2, Skip.ROBOTS: 1})
    other = SourceReport("b", Outcome.OK, skipped={Skip.HOST_BUDGET: 1})
    report = IngestReport((one, other), DetectReport(0, ()))
    assert report.left == "4 entries left without a page (host_budget 3, robots 1)"
    assert IngestReport((SourceReport("a", Outcome.OK),), DetectReport(0, ())).left == ""


def test_nothing_of_the_users_prefect_gets_through(tmp_path: Path) -> None:
    base = {
        "PATH": "/bin",
        "PREFECT_API_URL": "https://api.prefect.cloud/x",
        "PREFECT_API_KEY": "secret",
        "PREFECT_HOME": "/elsewhere",
        "PREFECT_PROFILE": "cloud",
        "MEETINGS_SMTP_PASSWORD": "kept",
    }
    ours = environment(Settings(home=tmp_path, prefect_port=4321, sources_file=Path("my.toml")), base)
    assert ours["PREFECT_API_URL"] == "http://127.0.0.1:4321/api"
    assert ours["PREFECT_HOME"] == str(tmp_path / "prefect")
    assert not {"PREFECT_API_KEY", "PREFECT_PROFILE"} & set(ours)
    assert ours["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert ours["DO_NOT_TRACK"] == "1"
    assert (ours["PATH"], ours["MEETINGS_SMTP_PASSWORD"]) == ("/bin", "kept")
    assert ours["MEETINGS_HOME"] == str(tmp_path)
    assert ours["MEETINGS_SOURCES_FILE"] == str(Path("my.toml").resolve())


@pytest.mark.parametrize(
    "prefect", ["ann:one@db.example/meetings", "bob:two@db.example:5432/meetings?ssl=require"], ids=["plain", "in full"]
)
def test_prefect_has_no_place_among_the_archives_tables(tmp_path: Path, prefect: str) -> None:
    archive = SecretStr("postgresql+psycopg://ann:one@db.example/meetings")
    url = SecretStr(f"postgresql+asyncpg://{prefect}")
    settings = Settings(home=tmp_path / "home", database_url=archive, prefect_database_url=url)
    with pytest.raises(InputError, match="names the archive's own database"):
        serve(settings)
    assert not settings.home.exists()


@pytest.mark.parametrize(
    ("host", "ui"),
    [
        ("127.0.0.1", "http://127.0.0.1:4200"),
        ("0.0.0.0", "http://127.0.0.1:4200"),  # noqa: S104 - what a person may set
        ("::", "http://[::1]:4200"),
        ("news.example", "http://news.example:4200"),
    ],
)
def test_the_address_of_the_server_as_it_is_called(host: str, ui: str) -> None:
    assert PrefectApi(Settings(prefect_host=host)).ui == ui
    assert reachable(host) in ui


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {}),
        (["week=2024-W50"], {"week": "2024-W50"}),
        (["send=false", 'sources=["vov-en"]'], {"send": False, "sources": ["vov-en"]}),
        (["week=a=b"], {"week": "a=b"}),
    ],
    ids=["none", "text", "JSON", "equals sign in the value"],
)
def test_parameters_from_the_shell(words: list[str], expected: dict[str, Any]) -> None:
    assert parse_parameters(words) == expected


@pytest.mark.parametrize("word", ["week", "=2024-W50", ""])
def test_a_parameter_without_name_or_value_is_refused(word: str) -> None:
    with pytest.raises(InputError, match="--parameter"):
        parse_parameters([word])


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            {"type": "CANCELLED", "name": "Cancelled", "message": "Deployment concurrency limit reached."},
            "Cancelled: another ingest is under way",
        ),
        ({"type": "CANCELLED", "name": "Cancelled", "message": "host:1 has held it"}, "Cancelled: host:1 has held it"),
        ({"type": "COMPLETED", "name": "Completed", "message": None}, "Completed."),
        ({"type": "FAILED", "name": "Failed", "message": "no sources.toml"}, "Failed: no sources.toml"),
    ],
    ids=["over the limit", "our own lock", "completed", "failed"],
)
def test_how_a_run_ended_in_words(state: dict[str, Any], words: str) -> None:
    assert verdict(state, "ingest").startswith(words)
