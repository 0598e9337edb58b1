"""Stored articles read again by better rules: what changes is told whole, and nothing old is mailed as new."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from archive import rereading
from archive.articles import add_article, count_undetected
from archive.issues import is_past, mark_first_run, save_issue
from archive.keys import refresh_keys
from archive.locks import Busy, hold
from archive.meetings import all_meetings, get_meeting, record_detection
from archive.records import IssueState, MeetingChange, StoredIssue, StoredMeeting
from archive.rereading import changes, forget_rereadings
from archive.store import Archive
from archive.versions import add_version
from flows import redetecting, steps
from flows.redetecting import change_to_dict, line_of
from flows.settings import Settings
from meetings.detect import RULES_VERSION, detect
from meetings.records import Detection, Evidence, Forum, Meeting, Status
from parsers.records import Article
from tests.archive_samples import (
    BUI_THANH_SON,
    HE_WEI,
    HOUR,
    NOW,
    TO_LAM,
    WANG_YI,
    article,
    day,
    everything,
    get_article,
    meeting,
    store,
)
from tests.commandline import Meetings
from tests.databases import ON_SQLITE
from tests.issuekit import BEIJING, Desk

TEA = Forum("tea reception")
HANOI = "Vietnamese Foreign Minister Bui Thanh Son received Chinese ambassador He Wei in Hanoi on December 12."
KUNMING = "Bui Thanh Son, Foreign Minister of Viet Nam, met Chinese Foreign Minister Wang Yi in Kunming on December 3."
DULL = "Trade across the land border of China and Viet Nam grew."

Told = Sequence[Meeting]


def tell(archive: Archive, name: str, *told: Meeting, rules: str, hours: int = 0) -> list[tuple[str, bool]]:
    """What rules of a version read in an article, which is stored first if need be."""
    stored = store(archive, name)
    with archive.write() as s:
        return record_detection(s, stored, Detection("en", told), rules_version=rules, now=NOW + hours * HOUR)


def listed(archive: Archive, rules: str = "2") -> list[MeetingChange]:
    with archive.read() as s:
        return list(changes(s, rules))


def read_again(archive: Archive, before: Sequence[Told], after: Sequence[Told]) -> dict[str, Any]:
    """Articles read by rules 1, then by rules 2: the changes as kind and differing fields, and by whose ids."""
    ids = [id_ for n, told in enumerate(before) for id_, _ in tell(archive, f"a{n}", *told, rules="1", hours=n)]
    ids += [id_ for n, told in enumerate(after) for id_, _ in tell(archive, f"a{n}", *told, rules="2", hours=50 + n)]
    names = {id_: f"m{n}" for n, id_ in enumerate(dict.fromkeys(ids))}
    return {
        names[each.id]: (each.kind.value, *change_to_dict(each)["fields"], *filter(None, [names.get(each.other or "")]))
        for each in listed(archive)
    }


A, NEXT_DAY, TEA_TOLD = meeting("2024-12-10"), meeting("2024-12-13"), meeting(forum=TEA)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param([[A]], [[A]], {}, id="nothing"),
        pytest.param([[A]], [[replace(A, evidence=(Evidence("status", "m", 1, 2),))]], {}, id="other evidence"),
        pytest.param([[]], [[A]], {"m0": ("new",)}, id="found"),
        pytest.param([[A]], [[NEXT_DAY]], {"m0": ("changed", "date")}, id="another day"),
        pytest.param([[A]], [[]], {"m0": ("withdrawn",)}, id="withdrawn"),
        pytest.param([[A], [A]], [[], [A]], {}, id="told by another article still"),
        pytest.param([[A], [NEXT_DAY]], [[A], [A]], {"m1": ("merged", "date", "m0")}, id="merged"),
        pytest.param([[A]], [[A, TEA_TOLD]], {"m1": ("split", "m0")}, id="split"),
        pytest.param([[A]], [[A, meeting(china=(HE_WEI,), vietnam=(TO_LAM,))]], {"m1": ("new",)}, id="others' meeting"),
        pytest.param([[A], [A]], [[NEXT_DAY], [NEXT_DAY]], {"m1": ("changed", "date", "m0")}, id="goes on as another"),
        pytest.param([[A], [A]], [[NEXT_DAY], [A]], {"m1": ("split", "m0")}, id="one account is of another day"),
        pytest.param(
            [[A], [NEXT_DAY]],
            [[meeting("2024-12-16")], [meeting("2024-12-16")]],
            {"m0": ("changed", "date"), "m1": ("merged", "date", "m0")},
            id="two that are one of another day",
        ),
    ],
)
def test_what_reading_again_changes(
    archive: Archive, before: Sequence[Told], after: Sequence[Told], told: dict[str, Any]
) -> None:
    assert read_again(archive, before, after) == told


def test_a_meeting_told_again_is_restored(archive: Archive) -> None:
    [(id_, _)] = tell(archive, "one", A, rules="1")
    tell(archive, "one", rules="2")
    with archive.write() as s:
        forget_rereadings(s, but="3")
    assert listed(archive) == []
    tell(archive, "one", A, rules="3")
    assert [(each.kind.value, each.id) for each in listed(archive, "3")] == [("restored", id_)]


def test_the_list_is_of_one_version_of_the_rules(archive: Archive) -> None:
    tell(archive, "one", A, rules="1")
    tell(archive, "one", NEXT_DAY, rules="2")
    tell(archive, "one", meeting("2024-12-14"), rules="3")
    assert listed(archive) == []
    (change,) = listed(archive, "3")
    assert (change.before and change.before.date, change.after and change.after.date) == (
        day("2024-12-13"),
        day("2024-12-14"),
    )


def test_what_an_ordinary_article_changes_is_not_listed(archive: Archive) -> None:
    tell(archive, "one", A, rules="2")
    tell(archive, "two", replace(A, forum=Forum("Steering Committee", 16)), rules="2")
    assert listed(archive) == []


class TestFiled:
    """Known as held only by reading again, when its week's issue was past."""

    @pytest.fixture
    def at_work(self, archive: Archive) -> Archive:
        """Since Tuesday of 2024-W49; the issue of that week is closed."""
        with archive.write() as s:
            mark_first_run(s, datetime(2024, 12, 3, tzinfo=UTC))
            save_issue(s, StoredIssue("2024-W49", "Asia/Tokyo", IssueState.FINAL, NOW, "subject", "0" * 64, ()))
        return archive

    @pytest.mark.parametrize(
        ("on", "past"),
        [
            pytest.param("2024-12-01", True, id="before the first run"),
            pytest.param("2024-12-02", True, id="closed, in whatever zone"),
            pytest.param("2024-12-08", True, id="its last day"),
            pytest.param("2024-12-09", False, id="not closed"),
        ],
    )
    def test_a_new_meeting_of_a_past_week(self, at_work: Archive, on: str, past: bool) -> None:
        tell(at_work, "one", rules="1")
        [(id_, news)] = tell(at_work, "one", meeting(on), rules="2")
        with at_work.read() as s:
            assert is_past(s, day(on)) is past
            stored = get_meeting(s, id_)
        assert stored is not None
        assert (stored.filed, news) == (past, not past)
        (change,) = listed(at_work)
        assert change.filed is past
        assert ("never mailed as new" in line_of(change)) is past

    @pytest.mark.parametrize(
        ("readings", "filed"),
        [
            pytest.param([("one", "1", "held")], False, id="first reading: a late report"),
            pytest.param([("one", "1", None), ("one", "2", "held"), ("two", "2", "held")], True, id="later account"),
            pytest.param([("one", "1", "announced"), ("one", "2", "held")], True, id="announced, in truth held"),
            pytest.param([("one", "1", "announced"), ("two", "2", "held")], False, id="announced, then news of it"),
            pytest.param([("one", "1", "held"), ("one", "2", None), ("one", "3", "held")], False, id="known before"),
            pytest.param(
                [("one", "1", None), ("one", "2", "held"), ("one", "3", "announced"), ("two", "3", "held")],
                False,
                id="news of what only seemed held",
            ),
        ],
    )
    def test_what_makes_it_known_decides(
        self, at_work: Archive, readings: list[tuple[str, str, str | None]], filed: bool
    ) -> None:
        for hours, (name, rules, status) in enumerate(readings):
            tell(
                at_work,
                name,
                *([meeting("2024-12-05", status=Status(status))] if status else []),
                rules=rules,
                hours=hours,
            )
        with at_work.read() as s:
            assert [each.filed for each in all_meetings(s)] == [filed]

    def test_without_any_date_the_week_that_brought_the_article_counts(self, at_work: Archive) -> None:
        undated = meeting(None)
        for name, at in (("old", datetime(2024, 12, 4, tzinfo=UTC)), ("fresh", NOW)):
            with at_work.write() as s:
                stored, _ = add_article(s, article(name, published=None, published_on=None), now=at)
                record_detection(s, stored, Detection("en"), rules_version="1", now=at)
                record_detection(s, stored, Detection("en", (undated,)), rules_version="2", now=NOW + 24 * HOUR)
        with at_work.read() as s:
            assert [each.filed for each in all_meetings(s)].count(True) == 1

    @pytest.mark.parametrize(
        ("filed_first", "into"), [(True, "filed"), (False, "known")], ids=["into the filed one", "into the known one"]
    )
    def test_one_with_a_meeting_that_was_news_it_is_news(self, at_work: Archive, filed_first: bool, into: str) -> None:
        """`into` names the one whose id is kept."""
        filed, known = meeting("2024-12-05"), meeting("2024-12-08")
        tell(at_work, "f", rules="1")
        tell(at_work, "k", known, rules="1")
        [(filed_id, _)] = tell(at_work, "f", filed, rules="2")
        told = filed if into == "filed" else known
        [(kept, _)] = tell(at_work, "k" if filed_first else "f", told, rules="3")
        assert (kept == filed_id) is filed_first
        with at_work.read() as s:
            assert [(each.meeting.id, each.filed) for each in all_meetings(s)] == [(kept, False)]

    def test_a_new_text_of_a_page_is_news(self, at_work: Archive) -> None:
        tell(at_work, "one", rules="1")
        with at_work.write() as s:
            stored = get_article(s, 1)
            assert stored is not None
            newer = replace(stored.article, paragraphs=("HANOI – They met and spoke.", "They signed."))
            assert add_version(s, newer, now=NOW)
            read = replace(stored, article=newer)
            record_detection(s, read, Detection("en", (meeting("2024-12-05"),)), rules_version="2", now=NOW)
        with at_work.read() as s:
            assert [each.filed for each in all_meetings(s)] == [False]
        assert listed(at_work) == []


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


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (A, replace(A, china=(WANG_YI, HE_WEI)), "china: Wang Yi → Wang Yi, He Wei"),
        (A, replace(A, vietnam=(TO_LAM, BUI_THANH_SON)), "vietnam: Bui Thanh Son → To Lam, Bui Thanh Son"),
        (A, replace(A, forum=TEA), "forum: – → tea reception"),
        (A, replace(A, china=()), "china: Wang Yi → –"),
    ],
    ids=["names", "several", "nothing before", "nobody"],
)
def test_a_field_in_words(archive: Archive, before: Meeting, after: Meeting, words: str) -> None:
    tell(archive, "one", before, rules="1")
    tell(archive, "one", after, rules="2")
    assert [words in line_of(each) for each in listed(archive)] == [True]
