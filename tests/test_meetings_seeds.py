"""The founding articles: their full records."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from meetings.detect import detect
from meetings.records import (
    Channel,
    DateBasis,
    Direction,
    Evidence,
    Forum,
    Meeting,
    Mode,
    Person,
    Place,
    Rank,
    Status,
)
from parsers.seedfile import seed_article

SEEDS = Path(__file__).parent.parent / "seeds"


def meetings_of(name: str) -> tuple[Meeting, ...]:
    path = next(SEEDS.glob(f"{name}_*.txt"))
    return detect(seed_article(path.read_bytes(), name=path.name)).meetings


def evidence_for(meeting: Meeting, field: str) -> list[str]:
    return [evidence.text for evidence in meeting.evidence if evidence.field == field]


def test_steering_committee_and_first_dialogue() -> None:
    committee, dialogue = meetings_of("000")
    assert committee.date == dialogue.date == dt.date(2024, 12, 10)
    assert committee.date_basis is DateBasis.WEEKDAY
    assert committee.place == dialogue.place == Place(None, "Beijing", "CN")
    assert (committee.status, committee.mode, committee.direction) == (Status.HELD, Mode.IN_PERSON, Direction.TO_CHINA)
    assert committee.china == (Person("Wang Yi", "Wang Yi", "Foreign Minister", Rank.MINISTER),)
    role = "Deputy Prime Minister and Foreign Minister of Vietnam"
    assert committee.vietnam == (Person("Bui Thanh Son", "Bui Thanh Son", role, Rank.DEPUTY_LEADER),)
    assert committee.level is Rank.DEPUTY_LEADER
    assert committee.channel is Channel.STATE
    assert committee.forum == Forum("Steering Committee for Bilateral Cooperation", 16)
    assert evidence_for(committee, "date") == ["Tuesday"]
    assert evidence_for(committee, "place") == ["Beijing"]
    assert evidence_for(committee, "forum")[0].startswith("16th meeting of the")


def test_dialogue_of_unnamed_heads() -> None:
    dialogue = meetings_of("000")[1]
    assert dialogue.forum == Forum("3+3 Strategic Dialogue", 1)
    roles = {p.role for side in (dialogue.china, dialogue.vietnam) for p in side}
    assert roles == {"heads of foreign affairs, defense, and public security departments"}
    assert all(p.name is None for side in (dialogue.china, dialogue.vietnam) for p in side)


def test_talks_in_a_third_country() -> None:
    (jakarta,) = meetings_of("002")
    assert (jakarta.date, jakarta.date_basis) == (dt.date(2023, 7, 13), DateBasis.EXPLICIT)
    assert jakarta.place == Place(None, "Jakarta", "ID")
    assert (jakarta.mode, jakarta.direction) == (Mode.IN_PERSON, Direction.THIRD_COUNTRY)
    assert [p.name for p in (*jakarta.china, *jakarta.vietnam)] == ["Wang Yi", "Bui Thanh Son"]
    assert (jakarta.codes.cameo, jakarta.codes.plover.mode) == ("044", "third-party")
    assert {"south_china_sea", "belt_and_road", "trade"} <= {topic.id for topic in jakarta.topics}
    assert all(isinstance(topic.evidence, Evidence) for topic in jakarta.topics)


def test_each_meeting_of_an_article_has_its_own_part_and_topics() -> None:
    committee, dialogue = meetings_of("000")
    assert committee.part[-1][1] < dialogue.part[0][0]
    assert {topic.id for topic in dialogue.topics} == {"defence", "security", "political_trust"}
    assert "trade" in {topic.id for topic in committee.topics}
    for meeting in (committee, dialogue):
        assert all(any(start <= t.evidence.start < end for start, end in meeting.part) for t in meeting.topics)
    assert [meeting.part for meeting in meetings_of("002")] == [()]
