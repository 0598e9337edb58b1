"""Stored articles read again by better rules: which changes are listed, and what is filed as no news."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.articles import add_article
from archive.issues import is_past, mark_first_run, save_issue
from archive.meetings import all_meetings, get_meeting, record_detection
from archive.records import IssueState, MeetingChange, StoredIssue
from archive.rereading import changes, forget_rereadings
from archive.store import Archive
from archive.versions import add_version
from flows.redetecting import change_to_dict, line_of
from meetings.records import Detection, Evidence, Forum, Meeting, Status
from tests.archive_samples import (
    BUI_THANH_SON,
    HE_WEI,
    HOUR,
    NOW,
    TO_LAM,
    WANG_YI,
    article,
    day,
    get_article,
    meeting,
    store,
)

TEA = Forum("tea reception")

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
