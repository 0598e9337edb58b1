"""The quality gate: the detector over the restated articles may not fall below the floors."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from meetings.detect import detect
from meetings.records import Detection
from parsers.seedfile import seed_article
from tests.gold_floors import moved, rewritten
from tests.gold_score import GOLD, digest, labels, score

FLOORS = tomllib.loads((Path(__file__).parent / "gold" / "floors.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=sorted(set(FLOORS) - {"events"}))
def gate(request: pytest.FixtureRequest) -> tuple[dict[str, object], dict[str, Detection]]:
    table = FLOORS[request.param]
    found = {}
    for name in labels(table["prefixes"]):
        found[name] = detect(seed_article((GOLD / f"{name}.txt").read_bytes(), name=f"{name}.txt"))
    return table, found


def below(table: dict[str, object], detections: dict[str, Detection]) -> dict[str, float]:
    """The figures that lie below their floor."""
    floors, prefixes = table["floors"], table["prefixes"]
    assert isinstance(floors, dict)
    assert isinstance(prefixes, list)
    figures = score(labels(prefixes), detections)
    return {name: figures[name] for name, floor in floors.items() if figures[name] < floor}


def test_no_figure_is_below_its_floor(gate: tuple[dict[str, object], dict[str, Detection]]) -> None:
    assert below(*gate) == {}


def test_the_set_is_the_one_the_floors_were_set_for(gate: tuple[dict[str, object], dict[str, Detection]]) -> None:
    table, detections = gate
    assert digest(list(detections)) == table["digest"]


def test_the_gate_shuts_when_meetings_are_missed(gate: tuple[dict[str, object], dict[str, Detection]]) -> None:
    table, detections = gate
    fewer = {name: d if n % 4 else replace(d, meetings=()) for n, (name, d) in enumerate(sorted(detections.items()))}
    assert {"article_f1", "record_f1", "people_f1"} <= set(below(table, fewer))


def test_the_gate_shuts_when_meetings_are_invented(gate: tuple[dict[str, object], dict[str, Detection]]) -> None:
    table, detections = gate
    some = next(d.meetings[0] for d in detections.values() if d.meetings)
    more = {name: replace(d, meetings=d.meetings or (some,)) for name, d in detections.items()}
    assert {"article_f1", "record_f1"} <= set(below(table, more))


def test_the_gate_shuts_when_days_are_wrong(gate: tuple[dict[str, object], dict[str, Detection]]) -> None:
    table, detections = gate
    undated = {n: replace(d, meetings=tuple(replace(m, date=None) for m in d.meetings)) for n, d in detections.items()}
    assert set(below(table, undated)) == {"date"}


def test_floors_are_raised_but_lowered_only_when_told() -> None:
    floors = {"date": 0.9, "city": 0.9}
    figures = {"date": 0.95, "city": 0.5}
    assert moved(floors, figures, lower=False) == {"date": 0.94, "city": 0.9}
    assert moved(floors, figures, lower=True) == {"date": 0.94, "city": 0.49}


def test_only_the_named_section_is_rewritten() -> None:
    text = '# why\n[a]\ndigest = "1"\n\n[a.floors]\ndate = 0.9\n\n[b.floors]\ndate = 0.8\n'
    assert rewritten(text, "a.floors", {"date": 0.95}) == text.replace("0.9", "0.95", 1)
    assert rewritten(text, "a", {"digest": "2"}) == text.replace('"1"', '"2"')
