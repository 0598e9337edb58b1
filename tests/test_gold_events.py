"""The gate of `same`: real events told in two or three languages get one id each, and no two events share one."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from meetings.detect import detect
from meetings.identity import cluster
from meetings.records import Detection
from meetings.vocabulary import LANGUAGES
from parsers.seedfile import seed_article
from tests.gold_score import EVENTS, Label, bcubed, digest, labels, score, told_events

FLOORS = tomllib.loads((Path(__file__).parent / "gold" / "floors.toml").read_text(encoding="utf-8"))["events"]


@pytest.fixture(scope="module")
def gold() -> dict[str, Label]:
    """The labels in languages that can be read."""
    return {name: row for name, row in labels([""], EVENTS).items() if row["language"] in LANGUAGES}


@pytest.fixture(scope="module")
def found(gold: dict[str, Label]) -> dict[str, Detection]:
    return clustered(list(gold))


def clustered(names: list[str]) -> dict[str, Detection]:
    """Detections of a run in this order, with ids."""
    articles = {name: seed_article((EVENTS / f"{name}.txt").read_bytes(), name=f"{name}.txt") for name in names}
    detections = {name: detect(article) for name, article in articles.items()}
    ids = iter(cluster([(m, articles[name].published_on) for name, d in detections.items() for m in d.meetings]))
    return {
        name: replace(d, meetings=tuple(replace(meeting, id=next(ids)) for meeting in d.meetings))
        for name, d in detections.items()
    }


def figures(gold: Mapping[str, Label], detections: Mapping[str, Detection]) -> dict[str, float]:
    return score(gold, detections) | {"same": bcubed(told_events(gold, detections))}


def below(gold: Mapping[str, Label], detections: Mapping[str, Detection]) -> dict[str, float]:
    """The figures that lie below their floor."""
    told = figures(gold, detections)
    return {name: told[name] for name, floor in FLOORS["floors"].items() if told[name] < floor}


def test_no_figure_is_below_its_floor(gold: dict[str, Label], found: dict[str, Detection]) -> None:
    assert below(gold, found) == {}


def test_the_set_is_the_one_the_floors_were_set_for() -> None:
    assert digest(list(labels([""], EVENTS)), EVENTS) == FLOORS["digest"]


def test_there_are_thirty_events_in_two_languages_or_more() -> None:
    languages = defaultdict(set)
    for row in labels([""], EVENTS).values():
        for meeting in row["meetings"]:
            languages[meeting["event"]].add(row["language"])
    assert len(languages) >= 30
    assert all(len(told) >= 2 for told in languages.values())
    assert sum(len(told) == 3 for told in languages.values()) >= 15


def test_the_ids_do_not_depend_on_the_order(gold: dict[str, Label], found: dict[str, Detection]) -> None:
    turned = clustered(sorted(gold, reverse=True))
    assert {name: turned[name] for name in gold} == found


def test_the_gate_shuts_when_every_record_is_a_meeting_of_its_own(
    gold: dict[str, Label], found: dict[str, Detection]
) -> None:
    apart = {
        name: replace(d, meetings=tuple(replace(m, id=f"{name} {n}") for n, m in enumerate(d.meetings)))
        for name, d in found.items()
    }
    assert set(below(gold, apart)) == {"same"}


def test_the_gate_shuts_when_meetings_of_one_week_are_thrown_together(
    gold: dict[str, Label], found: dict[str, Detection]
) -> None:
    together = {
        name: replace(d, meetings=tuple(replace(m, id=str(m.date)[:7]) for m in d.meetings))
        for name, d in found.items()
    }
    assert set(below(gold, together)) == {"same"}


BCUBED = [
    pytest.param([("a", "1"), ("a", "1"), ("b", "2")], 1.0, id="right"),
    pytest.param([("a", "1"), ("a", "2")], 2 / 3, id="torn apart"),
    pytest.param([("a", "1"), ("b", "1")], 2 / 3, id="thrown together"),
    pytest.param([], 0.0, id="nothing"),
]


@pytest.mark.parametrize(("told", "expected"), BCUBED)
def test_bcubed(told: list[tuple[str, str]], expected: float) -> None:
    assert bcubed(told) == pytest.approx(expected)
