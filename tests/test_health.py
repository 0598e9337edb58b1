"""How the sources are, in words: which are well, what is wrong with the others, what that means, who stands in."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from parsers.records import Alarm, AlarmKind, Outcome, Side, SourceState
from reports.health import Health, gaps_line, health_view, sources_line, survey
from tests.report_catalogue import at, source

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MAIN = source("vov-en", "VOV", Side.VIETNAM, "en")
SPARE = source("vov-google", "VOV", Side.VIETNAM, "en", "vov-en")
NOW = at("2024-12-15T23:00")
WELL = SourceState(
    "vov-en", Outcome.OK, since=at("2024-12-01T02:00"), last_success=NOW, last_new=at("2024-12-09T05:00")
)
NEW = SourceState("vov-en")
FAILED = replace(WELL, outcome=Outcome.TIMEOUT, since=NOW, failures=1, last_success=at("2024-12-15T05:00"))


def alarmed(kind: AlarmKind, state: SourceState = WELL, **changes: object) -> SourceState:
    alarm = Alarm(kind, at("2024-12-10T05:00"), "Something is wrong.")
    return replace(state, alarms=(*state.alarms, alarm), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "standing_by", "enabled", "health"),
    [
        pytest.param(WELL, False, True, Health.WELL, id="answers"),
        pytest.param(replace(WELL, outcome=Outcome.NO_ENTRIES), False, True, Health.WELL, id="may be empty and is"),
        pytest.param(FAILED, False, True, Health.FAILED, id="failed once"),
        pytest.param(alarmed(AlarmKind.STALE), False, True, Health.ALARM, id="answers, and an alarm stands"),
        pytest.param(SourceState("vov-en"), False, True, Health.UNPOLLED, id="new in the catalogue"),
        pytest.param(alarmed(AlarmKind.SILENT), True, True, Health.STANDBY, id="an alarm of when it was needed"),
        pytest.param(FAILED, False, False, Health.OFF, id="switched off"),
    ],
)
def test_how_a_source_is(state: SourceState, standing_by: bool, enabled: bool, health: Health) -> None:
    subject = replace(MAIN, enabled=enabled)
    [item] = survey([subject], {"vov-en": state}, {"vov-en"} if standing_by else ())
    assert item.health is health


@pytest.mark.parametrize(
    ("state", "spare_polled", "words", "meaning"),
    [
        pytest.param(
            FAILED,
            False,
            "no answer in time since 16 December 2024, 06:00",
            "nothing from it since 15 December 2024, 12:00",
            id="failed",
        ),
        pytest.param(
            alarmed(AlarmKind.FAILING, FAILED),
            True,
            "no answer in time since 10 December 2024, 12:00",
            "nothing from it since 15 December 2024, 12:00; vov-google stands in for it",
            id="failing",
        ),
        pytest.param(
            alarmed(AlarmKind.SILENT),
            True,
            "lists nothing new since 10 December 2024, 12:00",
            "nothing from it since 9 December 2024, 12:00; vov-google stands in for it",
            id="silent",
        ),
        pytest.param(
            alarmed(AlarmKind.STALE, newest=at("2018-06-01T12:00")),
            False,
            "lists only old items since 10 December 2024, 12:00",
            "its newest item is of 1 June 2018",
            id="stale",
        ),
        pytest.param(
            alarmed(AlarmKind.LAYOUT),
            False,
            "its markup has changed and cannot be read well since 10 December 2024, 12:00",
            "its articles may be missing",
            id="layout",
        ),
        pytest.param(
            alarmed(AlarmKind.DUPLICATES),
            True,
            "brings only copies since 10 December 2024, 12:00",
            "others tell the same, so nothing is missing",
            id="duplicates",
        ),
        pytest.param(
            alarmed(AlarmKind.RETIRED, FAILED, last_success=None),
            False,
            "is gone for good (410) since 10 December 2024, 12:00",
            "nothing from it yet",
            id="retired",
        ),
        pytest.param(
            alarmed(AlarmKind.LAYOUT, alarmed(AlarmKind.SILENT)),
            False,
            "lists nothing new; its markup has changed and cannot be read well since 10 December 2024, 12:00",
            "nothing from it since 9 December 2024, 12:00",
            id="two alarms",
        ),
    ],
)
def test_what_is_wrong_and_what_it_means(state: SourceState, spare_polled: bool, words: str, meaning: str) -> None:
    standing_by = () if spare_polled else {"vov-google"}
    item = survey([MAIN, SPARE], {"vov-en": state}, standing_by)[0]
    view = health_view(item, ZONE)
    assert (view.name, f"{view.words} {view.since}", view.meaning) == ("VOV (vov-en)", words, meaning)


def test_the_worst_come_first() -> None:
    named = {health: replace(MAIN, id=f"{health}-b", enabled=health is not Health.OFF) for health in Health}
    states = {Health.ALARM: alarmed(AlarmKind.SILENT), Health.FAILED: FAILED, Health.UNPOLLED: SourceState("x")}
    known = {named[health].id: states.get(health, WELL) for health in Health}
    catalogue = [*reversed(named.values()), replace(MAIN, id="alarm-a")]
    known["alarm-a"] = alarmed(AlarmKind.STALE)
    found = [item.source.id for item in survey(catalogue, known, {"standby-b"})]
    assert found == ["alarm-a", "alarm-b", "failed-b", "unpolled-b", "well-b", "standby-b", "off-b"]


@pytest.mark.parametrize(
    ("states", "standing_by", "line", "gaps"),
    [
        ([], 0, "", ""),
        ([WELL], 0, "1 of 1 source is well.", "The one source is well."),
        ([WELL, WELL], 2, "2 of 2 sources are well; 2 fall-backs stand by.", "All 2 sources are well."),
        ([WELL, FAILED], 1, "1 of 2 sources are well; 1 fall-back stands by.", "1 of 2 sources is not well"),
        ([WELL, NEW], 0, "1 of 2 sources are well.", "1 of 2 sources is not well"),
        ([NEW, NEW], 1, "No source has been polled yet.", "No source has been polled yet."),
    ],
    ids=["none", "one", "all", "one failed", "one new", "all new"],
)
def test_how_many_are_well(states: list[SourceState], standing_by: int, line: str, gaps: str) -> None:
    catalogue = [replace(MAIN, id=f"s-{n}") for n in range(len(states))]
    spares = [replace(SPARE, id=f"spare-{n}") for n in range(standing_by)]
    known = {f"s-{n}": state for n, state in enumerate(states)}
    found = survey(catalogue + spares, known, {spare.id for spare in spares})
    assert sources_line(found) == line
    assert gaps_line(found).startswith(gaps)
    assert bool(gaps_line(found)) == bool(gaps)
