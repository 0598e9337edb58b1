"""Scores detections against the labels of a folder of tests/gold, as /work/shared/gold/score.py does, in small.

A record is right when every side that the label names has a right person; an optional record may be missed. `date` is
an F1: a date where the label has none is a false one. Shares of city, status and mode are over right records.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from meetings.folding import key
from meetings.records import Detection, Meeting, Person

GOLD = Path(__file__).parent / "gold" / "restated"
EVENTS = Path(__file__).parent / "gold" / "events"
SIDES = ("china", "vietnam")
Label = Mapping[str, Any]


def labels(prefixes: Sequence[str], folder: Path = GOLD) -> dict[str, Label]:
    """The scored labels whose id begins with one of `prefixes`, by id."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    left_out = ("unscored", "borderline", "doubtful")
    return {r["id"]: r for r in rows if r["id"].startswith(tuple(prefixes)) and not any(r.get(k) for k in left_out)}


def digest(ids: Sequence[str], folder: Path = GOLD) -> str:
    """A hash of the texts and labels of a set, by which the gate sees that the set was changed."""
    found = hashlib.sha256()
    for name in sorted(ids):
        found.update((folder / f"{name}.txt").read_bytes() + (folder / f"{name}.json").read_bytes())
    return found.hexdigest()[:16]


def score(gold: Mapping[str, Label], detections: Mapping[str, Detection]) -> dict[str, float]:
    """The figures of a set, each from 0 to 1."""
    n: Counter[str] = Counter()
    for name, label in gold.items():
        _count_article(label["meetings"], detections[name].meetings, n)
    return {
        "article_f1": _f1(n, "article"),
        "record_f1": _f1(n, "record"),
        "people_f1": _f1(n, "people"),
        "date": _f1(n, "date"),
        **{field: n[f"{field} right"] / max(1, n[f"{field} all"]) for field in ("city", "status", "mode")},
    }


def told_events(gold: Mapping[str, Label], detections: Mapping[str, Detection]) -> list[tuple[str, str]]:
    """The event and the id of every right record of an event."""
    return [
        (label["event"], meeting.id)
        for name, row in gold.items()
        for label, meeting in _pairs(row["meetings"], detections[name].meetings)
        if label.get("event")
    ]


def bcubed(told: Sequence[tuple[str, str]]) -> float:
    """B-cubed F1 of ids against events (Bagga and Baldwin 1998): one event, one id, and only its own."""
    if not told:
        return 0.0
    both, events, ids = Counter(told), Counter(event for event, _ in told), Counter(name for _, name in told)
    precision = sum(both[event, name] / ids[name] for event, name in told) / len(told)
    recall = sum(both[event, name] / events[event] for event, name in told) / len(told)
    return 2 * precision * recall / (precision + recall)


def _count_article(told: Sequence[Label], found: Sequence[Meeting], n: Counter[str]) -> None:
    if told or found:
        n["article tp" if told and found else "article fn" if told else "article fp"] += 1
    pairs = _pairs(told, found)
    n["record tp"] += len(pairs)
    n["record fp"] += len(found) - len(pairs)
    matched = {id(label) for label, _ in pairs}
    missed = [label for label in told if id(label) not in matched and not label.get("optional")]
    n["record fn"] += len(missed)
    n["people fn"] += sum(len(_named(label[side])) for label in missed for side in SIDES)
    taken = {id(meeting) for _, meeting in pairs}
    n["people fp"] += sum(_named_people(m, side) for m in found if id(m) not in taken for side in SIDES)
    for label, meeting in pairs:
        _count_pair(label, meeting, n)


def _count_pair(label: Label, meeting: Meeting, n: Counter[str]) -> None:
    day = meeting.date.isoformat() if meeting.date else None
    right = label["date"] is not None and label["date"] == day
    n["date tp"] += right
    n["date fn"] += label["date"] is not None and not right
    n["date fp"] += day is not None and not right
    expected = {"city": label["city"], "status": label["status"], "mode": label["mode"]}
    got = {"city": meeting.place.city, "status": meeting.status.value, "mode": meeting.mode.value}
    for field, value in expected.items():
        if value and value != "unknown":
            n[f"{field} all"] += 1
            n[f"{field} right"] += key(value) == key(got[field] or "")
    for side in SIDES:
        hits = _hits(label[side], getattr(meeting, side))
        n["people tp"] += hits
        n["people fn"] += len(_named(label[side])) - hits
        n["people fp"] += _named_people(meeting, side) - hits


def _pairs(told: Sequence[Label], found: Sequence[Meeting]) -> list[tuple[Label, Meeting]]:
    """Labels and records put together, the likest first."""
    likeness = [
        (value, i, j) for i, t in enumerate(told) for j, m in enumerate(found) if (value := _likeness(t, m)) is not None
    ]
    pairs, used_labels, used_records = [], set(), set()
    for _, i, j in sorted(likeness, reverse=True):
        if i not in used_labels and j not in used_records:
            used_labels.add(i)
            used_records.add(j)
            pairs.append((told[i], found[j]))
    return pairs


def _likeness(label: Label, meeting: Meeting) -> float | None:
    """How like a record is to a label; None when a side that the label names has nobody right."""
    hits = {side: _hits(label[side], getattr(meeting, side)) for side in SIDES}
    if any(_named(label[side]) and not hits[side] for side in SIDES):
        return None
    same_day = meeting.date is not None and label["date"] == meeting.date.isoformat()
    return sum(hits.values()) * 2.0 + (1.0 if same_day else 0.0) + (0.5 if label["city"] == meeting.place.city else 0.0)


def _named(people: Sequence[Mapping[str, str]]) -> list[str]:
    return [key(person["name"]) for person in people if person.get("name")]


def _named_people(meeting: Meeting, side: str) -> int:
    return sum(1 for person in getattr(meeting, side) if person.name)


def _hits(told: Sequence[Mapping[str, str]], found: Sequence[Person]) -> int:
    names = {frozenset(key(form).split()) for p in found for form in (p.name, p.as_written) if form}
    return sum(frozenset(name.split()) in names for name in _named(told))


def _f1(n: Counter[str], what: str) -> float:
    right, wrong = n[f"{what} tp"], n[f"{what} fp"] + n[f"{what} fn"]
    return 2 * right / (2 * right + wrong) if right else 0.0
