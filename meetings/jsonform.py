"""A meeting as plain JSON values and back, exactly; and the line that `meetings detect --format jsonl` prints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from meetings.records import (
    Channel,
    Codes,
    DateBasis,
    Detection,
    Direction,
    Evidence,
    Forum,
    Meeting,
    Mode,
    Person,
    Place,
    Plover,
    Rank,
    Status,
    Topic,
)
from parsers.records import Article


def meeting_to_dict(m: Meeting) -> dict[str, object]:
    """The record of design §5 in JSON values: dates ISO, enums by value, keys in the design's order.

    Beside them `part`, where the article tells of several meetings.
    """
    return {
        "id": m.id,
        "date": m.date.isoformat() if m.date else None,
        "end_date": m.end_date.isoformat() if m.end_date else None,
        "date_basis": m.date_basis.value,
        "status": m.status.value,
        "mode": m.mode.value,
        "place": {"venue": m.place.venue, "city": m.place.city, "country": m.place.country},
        "direction": m.direction.value,
        "china": [_person_to_dict(p) for p in m.china],
        "vietnam": [_person_to_dict(p) for p in m.vietnam],
        "level": m.level.value,
        "channel": m.channel.value,
        "forum": {"name": m.forum.name, "ordinal": m.forum.ordinal} if m.forum else None,
        "topics": [{"id": t.id, "evidence": _evidence_to_dict(t.evidence)} for t in m.topics],
        "codes": {
            "cameo": m.codes.cameo,
            "plover": {
                "event": m.codes.plover.event,
                "mode": m.codes.plover.mode,
                "contexts": list(m.codes.plover.contexts),
            },
        },
        "evidence": [_evidence_to_dict(e) for e in m.evidence],
        **({"part": [list(stretch) for stretch in m.part]} if m.part else {}),
    }


def meeting_from_dict(d: Mapping[str, Any]) -> Meeting:
    """The meeting that `meeting_to_dict` made `d` from. Raises KeyError, TypeError or ValueError on anything else."""
    return Meeting(
        id=d["id"],
        date=_day(d["date"]),
        end_date=_day(d["end_date"]),
        date_basis=DateBasis(d["date_basis"]),
        status=Status(d["status"]),
        mode=Mode(d["mode"]),
        place=Place(**d["place"]),
        direction=Direction(d["direction"]),
        china=tuple(_person_from_dict(p) for p in d["china"]),
        vietnam=tuple(_person_from_dict(p) for p in d["vietnam"]),
        level=Rank(d["level"]),
        channel=Channel(d["channel"]),
        forum=Forum(**d["forum"]) if d["forum"] is not None else None,
        topics=tuple(Topic(t["id"], Evidence(**t["evidence"])) for t in d["topics"]),
        codes=Codes(
            d["codes"]["cameo"],
            Plover(
                d["codes"]["plover"]["event"],
                d["codes"]["plover"]["mode"],
                tuple(d["codes"]["plover"]["contexts"]),
            ),
        ),
        evidence=tuple(Evidence(**e) for e in d["evidence"]),
        part=tuple((start, end) for start, end in d.get("part", ())),
    )


def detection_line(path: str, article: Article, detection: Detection, *, with_text: bool = False) -> dict[str, object]:
    """One line of JSON Lines for one article (design §5); `with_text` adds the text that the offsets point into."""
    line: dict[str, object] = {
        "path": path,
        "title": article.title,
        "published": article.published_on.isoformat() if article.published_on else None,
        "language": detection.language,
        "text_sha256": article.text_sha256,
        "meetings": [meeting_to_dict(m) for m in detection.meetings],
        "notes": list(detection.notes),
    }
    return {**line, "text": article.text} if with_text else line


def _day(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value is not None else None


def _person_to_dict(p: Person) -> dict[str, object]:
    return {"name": p.name, "as_written": p.as_written, "role": p.role, "rank": p.rank.value if p.rank else None}


def _person_from_dict(d: Mapping[str, Any]) -> Person:
    return Person(d["name"], d["as_written"], d["role"], Rank(d["rank"]) if d["rank"] is not None else None)


def _evidence_to_dict(e: Evidence) -> dict[str, object]:
    return {"field": e.field, "text": e.text, "start": e.start, "end": e.end}
