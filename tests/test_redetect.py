"""Stored articles read again by better rules: what changes is told whole, and nothing old is mailed as new."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from archive import rereading
from archive.articles import count_undetected
from archive.issues import mark_first_run
from archive.keys import refresh_keys
from archive.locks import Busy, hold
from archive.meetings import all_meetings
from archive.records import MeetingChange, StoredMeeting
from archive.store import Archive
from flows import redetecting, steps
from flows.redetecting import change_to_dict
from flows.settings import Settings
from meetings.detect import RULES_VERSION, detect
from meetings.records import Detection, Status
from parsers.records import Article
from tests.archive_samples import HOUR, everything
from tests.commandline import Meetings
from tests.databases import ON_SQLITE
from tests.issuekit import BEIJING, Desk

HANOI = "Vietnamese Foreign Minister Bui Thanh Son received Chinese ambassador He Wei in Hanoi on December 12."
KUNMING = "Bui Thanh Son, Foreign Minister of Viet Nam, met Chinese Foreign Minister Wang Yi in Kunming on December 3."
DULL = "Trade across the land border of China and Viet Nam grew."


@pytest.fixture
def desk(archive: Archive, database: str | None) -> Desk:
    """On both databases, at work since the beginning of December 2024."""
    refresh_keys(archive)
    with archive.write() as s:
        mark_first_run(s, datetime(2024, 12, 1, tzinfo=UTC))
    return Desk(Settings(home=archive.home, database_url=SecretStr(database) if database else None), archive)


Patch = Callable[[dict[str, str]], None]


@pytest.fixture
def earlier_rules(monkeypatch: pytest.MonkeyPatch) -> Patch:
    """Puts rules in force that read other texts in the articles of these names; `{}` brings today's back."""

    def put(readings: dict[str, str]) -> None:
        def read(article: Article) -> Detection:
            text = readings.get((article.url or "").rpartition("/")[2])
            return detect(replace(article, paragraphs=(text,)) if text else article)

        monkeypatch.setattr(steps, "RULES_VERSION", "earlier" if readings else RULES_VERSION)
        monkeypatch.setattr(steps, "detect", read)

    return put


def again(desk: Desk, **options: Any) -> tuple[list[dict[str, Any]], redetecting.RedetectReport]:
    found: list[MeetingChange] = []
    options = {"since": None, "dry_run": False, "advance": lambda _what, _total: None, **options}
    report = redetecting.redetect(desk.settings, on_change=found.append, **options)
    return [change_to_dict(each) for each in found], report


def held(desk: Desk) -> list[StoredMeeting]:
    with desk.archive.read() as s:
        return all_meetings(s)


def fill(desk: Desk, earlier_rules: Patch) -> None:
    """Three articles that earlier rules read otherwise than today's will; nothing is closed yet."""
    earlier_rules({"changed": BEIJING.replace("December 10", "December 2"), "found": DULL, "gone": KUNMING})
    desk.tell("changed", BEIJING, "2024-12-11")
    desk.tell("found", HANOI, "2024-12-13")
    desk.tell("gone", DULL, "2024-12-04")
    earlier_rules({})


KINDS = ["withdrawn", "changed", "new"]


def test_the_list_and_the_archive_after(desk: Desk, earlier_rules: Patch) -> None:
    fill(desk, earlier_rules)
    seen: list[int] = []
    found, report = again(desk, advance=lambda _what, total: seen.append(total))
    assert [each["change"] for each in found] == KINDS
    assert found[1]["fields"] == ["date"]
    assert (report, seen) == (redetecting.RedetectReport(3, 0, 3), [3, 3, 3])
    assert [str(each.meeting.date) for each in held(desk)] == ["2024-12-10", "2024-12-12"]
    assert again(desk) == (found, redetecting.RedetectReport(0, 0, 3))


def test_a_trial_tells_the_same_and_changes_nothing(desk: Desk, earlier_rules: Patch) -> None:
    fill(desk, earlier_rules)
    before = everything(desk.archive)
    trial = again(desk, dry_run=True)
    assert everything(desk.archive) == before
    assert trial == again(desk)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_cut_off_anywhere_the_list_is_whole_in_the_end(desk: Desk, earlier_rules: Patch, cut: int) -> None:
    fill(desk, earlier_rules)
    whole, _ = again(desk, dry_run=True)
    left = [cut]

    def killed(_what: str, _total: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        again(desk, advance=killed)
    found, report = again(desk)
    assert (found, report.read) == (whole, 3 - cut)


def test_an_article_s_change_and_its_note_are_kept_together_or_not_at_all(
    desk: Desk, earlier_rules: Patch, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk, earlier_rules)
    before = everything(desk.archive)
    monkeypatch.setattr(rereading, "_plain", lambda _record: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        again(desk)
    assert everything(desk.archive) | {"locks": []} == before


def test_what_an_ingest_read_again_is_listed_too(desk: Desk, earlier_rules: Patch) -> None:
    fill(desk, earlier_rules)
    whole, _ = again(desk, dry_run=True)
    assert steps.detect_new(desk.archive).articles == 3
    assert again(desk) == (whole, redetecting.RedetectReport(0, 0, 3))


def test_since_a_day_only_later_articles_are_read(desk: Desk, earlier_rules: Patch) -> None:
    fill(desk, earlier_rules)
    found, report = again(desk, since=date(2024, 12, 11))
    assert ([each["change"] for each in found], report.read, report.left) == (["changed", "new"], 2, 1)
    with desk.archive.read() as s:
        assert count_undetected(s, RULES_VERSION) == 1
        assert count_undetected(s, RULES_VERSION, since=date(2024, 12, 5)) == 0


def test_no_second_reader_beside_an_ingest(desk: Desk, earlier_rules: Patch) -> None:
    fill(desk, earlier_rules)
    with hold(desk.archive, "ingest", owner="ingest (pid 1 on elsewhere)", now_fn=steps.now_utc, lease=HOUR):
        with pytest.raises(Busy):
            again(desk)
        assert [each["change"] for each in again(desk, dry_run=True)[0]] == KINDS


def test_more_than_one_batch(desk: Desk, earlier_rules: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(desk, earlier_rules)
    monkeypatch.setattr(steps, "BATCH", 1)
    assert again(desk)[1].read == 3


class TestIssues:
    """What is mailed after reading again."""

    def test_filed_meetings_are_never_late_reports(self, desk: Desk, earlier_rules: Patch) -> None:
        earlier_rules({"old": DULL, "fresh": DULL})
        desk.tell("old", KUNMING, "2024-12-04")
        desk.tell("fresh", HANOI, "2024-12-13")
        desk.close(desk.compose("2024-W49"))
        earlier_rules({})
        found, _ = again(desk)
        assert [(each["change"], each["filed"]) for each in found] == [("new", True), ("new", False)]
        desk.tell("later", KUNMING, "2024-12-05")
        filed, open_week = held(desk)
        assert (len(filed.mentions), filed.filed) == (2, True)
        assert desk.compose("2024-W50").meeting_ids == (open_week.meeting.id,)
        assert desk.compose("2024-W49").meeting_ids == ()
        assert desk.compose("2024-W49", zone="Asia/Tokyo").meeting_ids == ()

    def test_before_the_first_run_it_stands_in_the_back_issue(self, desk: Desk, earlier_rules: Patch) -> None:
        earlier_rules({"old": DULL})
        desk.tell("old", KUNMING.replace("December 3", "November 19"), "2024-11-20")
        earlier_rules({})
        again(desk)
        (filed,) = held(desk)
        assert filed.filed
        assert desk.compose("2024-W47").meeting_ids == (filed.meeting.id,)
        assert desk.compose("2024-W50").meeting_ids == ()

    def test_that_an_awaited_meeting_was_held_is_news(self, desk: Desk, earlier_rules: Patch) -> None:
        announced = KUNMING.replace("met", "will meet").replace("December 3", "December 5")
        earlier_rules({"one": announced})
        desk.tell("one", announced.replace("will meet", "met"), "2024-12-04")
        (awaited,) = held(desk)
        assert awaited.meeting.status is Status.ANNOUNCED
        desk.close(desk.compose("2024-W49"))
        earlier_rules({})
        again(desk)
        (found,) = held(desk)
        assert (found.filed, found.meeting.status) == (True, Status.HELD)
        assert desk.compose("2024-W50").meeting_ids == (found.meeting.id,)

    @pytest.mark.parametrize(
        ("earlier", "field", "now"),
        [
            pytest.param({"two": KUNMING}, "Meeting", "the same meeting as", id="two mailed meetings are one"),
            pytest.param({"one": KUNMING}, "Date", "10 December", id="another day"),
        ],
    )
    def test_what_was_mailed_is_corrected(
        self, desk: Desk, earlier_rules: Patch, earlier: dict[str, str], field: str, now: str
    ) -> None:
        earlier_rules(earlier)
        desk.tell("one", BEIJING, "2024-12-11")
        if "two" in earlier:
            desk.tell("two", BEIJING, "2024-12-11")
        desk.close(desk.compose())
        earlier_rules({})
        again(desk)
        context = desk.compose("2024-W51").context
        assert context is not None
        told = {each.field: each.now for each in context.corrections}
        assert now in told[field]
        assert desk.compose("2024-W51").meeting_ids == ()

    def test_what_is_split_off_is_filed(self, desk: Desk, earlier_rules: Patch) -> None:
        earlier_rules({"one": BEIJING})
        desk.tell("one", f"{BEIJING} {KUNMING}", "2024-12-11")
        desk.close(desk.compose("2024-W49"))
        desk.close(desk.compose())
        (mailed,) = held(desk)
        earlier_rules({})
        split = [each for each in again(desk)[0] if each["change"] == "split"]
        assert [(each["other"], each["filed"]) for each in split] == [(mailed.meeting.id, True)]
        assert len(held(desk)) == 2
        assert desk.compose("2024-W51").meeting_ids == ()

    def test_a_withdrawn_one_becomes_a_correction(self, desk: Desk, earlier_rules: Patch) -> None:
        earlier_rules({"one": BEIJING})
        desk.tell("one", DULL, "2024-12-11")
        desk.close(desk.compose())
        earlier_rules({})
        assert [each["change"] for each in again(desk)[0]] == ["withdrawn"]
        context = desk.compose("2024-W51").context
        assert context is not None
        assert [each.now for each in context.corrections] == ["withdrawn: no article read tells of it any more"]


@ON_SQLITE
class TestCommand:
    """`meetings redetect`."""

    def test_lines_for_a_person(self, desk: Desk, earlier_rules: Patch, meetings: Meetings) -> None:
        fill(desk, earlier_rules)
        trial = meetings("redetect", "--dry-run")
        assert trial.out.endswith("3 articles would be read again; 3 meetings would be changed.\n")
        ran = meetings("redetect", "--since", "2024-12-11")
        assert ran.out.splitlines()[-2:] == [
            "2 articles read again; 2 meetings changed.",
            "1 article from before 2024-12-11 left: the next ingest reads them.",
        ]
        assert "date: 2024-12-02 → 2024-12-10" in ran.out
        assert (trial.code, ran.code) == (0, 0)

    def test_json_lines_for_a_script(self, desk: Desk, earlier_rules: Patch, meetings: Meetings) -> None:
        fill(desk, earlier_rules)
        lines = [json.loads(line) for line in meetings("redetect", "--json").out.splitlines()]
        assert [each["change"] for each in lines] == KINDS
        assert set(lines[0]) == {"change", "id", "other", "filed", "fields", "before", "after"}
        assert lines[0]["after"] is None


def test_without_an_archive(meetings: Meetings) -> None:
    ran = meetings("redetect")
    assert (ran.code, "there is no archive" in ran.err, meetings.home.exists()) == (2, True, False)
