"""iCalendar, Atom and PLOVER: read back by their own parsers, the same each time, harmless whatever is in them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from archive.records import StoredMeeting
from meetings.records import Direction, Place, Status
from reports.atom import LISTED, export_atom
from reports.calendar_export import export_ics
from reports.plover import export_plover
from tests.hostile_samples import hostile_meetings
from tests.report_samples import steering_committee
from tests.report_weeks import rich_meetings

# Event and Entity of PLOVER's manual (reference/peers.md §6.3)
PLOVER_FIELDS = {
    "id", "has_event", "date", "enddate", "actor", "recipient", "event", "event_loc", "event_text", "mode", "context",
    "link", "cite_info", "coder", "coded_date",
}  # fmt: skip
ENTITY_FIELDS = {"code", "sector", "entity_text", "identifier_text", "office"}


def changed(stored: StoredMeeting, **fields: object) -> StoredMeeting:
    return replace(stored, meeting=replace(stored.meeting, **fields))  # type: ignore[arg-type]


def events(text: str) -> list[object]:
    return list(Calendar.from_ical(text).walk("VEVENT"))


def test_a_calendar_holds_every_dated_meeting_once() -> None:
    meetings = rich_meetings()
    dated = [stored for stored in meetings if stored.meeting.date]
    found = Calendar.from_ical(export_ics(meetings)).walk("VEVENT")
    assert [str(event["uid"]) for event in found] == [f"{s.meeting.id}@china-vietnam-meetings" for s in dated]
    first = found[0]
    assert first.decoded("dtstart") == date(2024, 12, 10)
    assert first.decoded("dtend") == date(2024, 12, 11)
    assert str(first["summary"]) == "Wang Yi meets Bui Thanh Son in Beijing"
    assert str(first["location"]) == "Diaoyutai State Guesthouse, Beijing, China"
    assert str(first["url"]).startswith("https://xinhua.example/")


@pytest.mark.parametrize(
    ("status", "word"),
    [(Status.HELD, "CONFIRMED"), (Status.ANNOUNCED, "TENTATIVE"), (Status.CANCELLED, "CANCELLED")],
)
def test_a_calendar_says_how_sure_a_meeting_is(status: Status, word: str) -> None:
    (event,) = Calendar.from_ical(export_ics([changed(steering_committee(), status=status)])).walk("VEVENT")
    assert str(event["status"]) == word


def test_an_end_date_lasts_to_its_end() -> None:
    (event,) = Calendar.from_ical(export_ics([changed(steering_committee(), end_date=date(2024, 12, 12))])).walk(
        "VEVENT"
    )
    assert event.decoded("dtend") == date(2024, 12, 13)


def test_lines_of_a_calendar_are_folded_and_ended_as_the_rfc_wants() -> None:
    lines = export_ics(hostile_meetings()).encode().split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)


@pytest.mark.parametrize("meetings", [rich_meetings(), hostile_meetings()], ids=["rich", "hostile"])
def test_lines_of_a_calendar_are_those_of_its_parser(meetings: list[StoredMeeting]) -> None:
    text = export_ics(meetings, pages={meetings[0].meeting.id: "https://desk.example/?a=b;c,d&END:VCALENDAR"})
    assert Calendar.from_ical(text).to_ical() == text.encode()


@given(st.text(st.sampled_from("ab\\^;,N é会"), max_size=400))
def test_a_place_of_any_length_is_escaped_and_folded_as_by_the_parser(venue: str) -> None:
    text = export_ics([changed(steering_committee(), place=Place(venue, None, None))])
    assert Calendar.from_ical(text).to_ical() == text.encode()


def test_a_feed_lists_held_meetings_newest_first() -> None:
    meetings = rich_meetings()
    held = [stored for stored in meetings if stored.meeting.status is Status.HELD]
    feed = feedparser.parse(export_atom(meetings))
    assert not feed.bozo
    assert len(feed.entries) == len(held)
    assert [entry.updated for entry in feed.entries] == sorted((entry.updated for entry in feed.entries), reverse=True)
    assert len({entry.id for entry in feed.entries}) == len(held)
    assert "Wang Yi meets Bui Thanh Son in Beijing" in {entry.title for entry in feed.entries}


def test_an_entry_leads_to_its_page_where_there_is_one() -> None:
    stored = steering_committee()
    page = "https://desk.example/meetings/m-steering.html"
    feed = feedparser.parse(export_atom([stored], pages={stored.meeting.id: page}, site="https://desk.example/"))
    assert feed.entries[0].link == page
    assert feed.feed.link == "https://desk.example/"


def test_a_filed_meeting_is_no_news_but_stands_in_the_calendar() -> None:
    filed = replace(steering_committee(), filed=True)
    assert feedparser.parse(export_atom([filed])).entries == []
    assert len(events(export_ics([filed]))) == 1


def test_a_feed_is_bounded_and_empty_ones_are_feeds() -> None:
    base = steering_committee()
    many = [
        replace(changed(base, id=f"m-{n}"), first_seen=base.first_seen + timedelta(hours=n)) for n in range(LISTED + 5)
    ]
    assert len(feedparser.parse(export_atom(many)).entries) == LISTED
    assert not feedparser.parse(export_atom([])).bozo


def test_plover_uses_the_manuals_fields() -> None:
    found = [json.loads(line) for line in export_plover(rich_meetings())]
    assert found
    for event in found:
        assert set(event) <= PLOVER_FIELDS
        assert {"id", "date", "actor", "event"} <= set(event)
        assert all(set(entity) <= ENTITY_FIELDS for entity in event["actor"] + event["recipient"])


@pytest.mark.parametrize(
    ("direction", "actor", "recipient"),
    [
        (Direction.TO_CHINA, {"VNM"}, {"CHN"}),
        (Direction.TO_VIETNAM, {"CHN"}, {"VNM"}),
        (Direction.THIRD_COUNTRY, {"CHN", "VNM"}, set()),
        (Direction.UNKNOWN, {"CHN", "VNM"}, set()),
    ],
)
def test_the_visitor_acts_and_the_host_receives(direction: Direction, actor: set[str], recipient: set[str]) -> None:
    (line,) = export_plover([changed(steering_committee(), direction=direction)])
    event = json.loads(line)
    assert {entity["code"] for entity in event["actor"]} == actor
    assert {entity["code"] for entity in event["recipient"]} == recipient


def test_undated_meetings_have_no_event_in_plover_and_no_day_in_a_calendar() -> None:
    undated = changed(steering_committee(), date=None, end_date=None)
    assert list(export_plover([undated])) == []
    assert events(export_ics([undated])) == []
    assert len(feedparser.parse(export_atom([undated])).entries) == 1


def test_a_hostile_week_is_well_formed_in_every_form() -> None:
    meetings = hostile_meetings()
    dated = sum(stored.meeting.date is not None for stored in meetings)
    assert len(events(export_ics(meetings))) == dated
    feed = feedparser.parse(export_atom(meetings))
    assert not feed.bozo
    # feedparser would clean them; what a reader is given must need no cleaning
    assert "&lt;script" not in export_atom(meetings).lower()
    assert sum(1 for line in export_plover(meetings) if json.loads(line)["id"]) == dated


def test_the_same_meetings_give_the_same_bytes() -> None:
    assert export_ics(rich_meetings()) == export_ics(rich_meetings())
    assert export_atom(rich_meetings()) == export_atom(rich_meetings())


def test_every_key_of_a_plover_event_is_documented() -> None:
    text = (Path(__file__).parents[1] / "docs/exports.md").read_text(encoding="utf-8")
    event = json.loads(next(export_plover([changed(steering_committee(), direction=Direction.TO_CHINA)])))
    named = {*event, *(key for entity in event["actor"] for key in entity), *event["cite_info"][0], *event["event_loc"]}
    assert [name for name in sorted(named) if f"`{name}`" not in text] == []
