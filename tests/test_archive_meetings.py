"""Permanent ids: given at first sight, kept when the data improve, found again under old names."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.issues import closed_issues, save_issue
from archive.meetings import (
    all_meetings,
    count_meetings,
    get_meeting,
    meetings_by_id,
    outlines,
    record_detection,
)
from archive.models import ArticleRow
from archive.placing import placing_date
from archive.records import IssueState, StoredArticle, StoredIssue, StoredMeeting
from archive.store import Archive
from meetings.identity import merge
from meetings.records import DateBasis, Detection, Evidence, Forum, Meeting, Status
from tests.archive_samples import (
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

TEA = Forum("tea reception")
TALKS = Forum("Steering Committee for Bilateral Cooperation", 16)
TALKS_TOLD = meeting(forum=TALKS)
WEAK = meeting("2024-12-11", date_basis=DateBasis.DATELINE)


def tell(
    archive: Archive, stored: StoredArticle | str, *told: Meeting, rules: str = "1", hours: int = 0
) -> list[tuple[str, bool]]:
    """Records what an article tells; a name stores a new article first."""
    if isinstance(stored, str):
        stored = store(archive, stored)
    with archive.write() as s:
        return record_detection(s, stored, Detection("en", told), rules_version=rules, now=NOW + hours * HOUR)


def found(archive: Archive, meeting_id: str) -> StoredMeeting:
    with archive.read() as s:
        stored = get_meeting(s, meeting_id)
    assert stored is not None
    return stored


def counted(archive: Archive) -> int:
    with archive.read() as s:
        assert count_meetings(s) == len(all_meetings(s))
        return count_meetings(s)


def test_first_sight_gives_an_id_and_keeps_the_telling_whole(archive: Archive) -> None:
    [(id_, new)] = tell(archive, "one", meeting())
    stored = found(archive, id_)
    assert new
    assert stored.meeting == replace(meeting(), id=id_)
    assert [mention.meeting for mention in stored.mentions] == [stored.meeting]
    assert stored.mentions[0].article.article == article("one")
    assert (stored.first_seen, stored.held_known_at) == (NOW, NOW)


def test_same_rules_again_change_nothing(archive: Archive) -> None:
    stored = store(archive)
    first = tell(archive, stored, meeting(), meeting(vietnam=(TO_LAM,)))
    before = everything(archive)
    assert tell(archive, stored, meeting("2024-12-01"), hours=5) == [(id_, False) for id_, _ in first]
    assert everything(archive) == before


def test_article_without_meetings_is_read_all_the_same(archive: Archive) -> None:
    stored = store(archive, language=None)
    with archive.write() as s:
        assert record_detection(s, stored, Detection("vi", notes=("nobody met",)), rules_version="1", now=NOW) == []
    with archive.read() as s:
        row = s.get_one(ArticleRow, stored.number)
        again = get_article(s, stored.number)
    assert (row.detected_rules, row.notes) == ("1", ["nobody met"])
    assert again is not None
    assert again.article.language == "vi"


def test_second_account_joins_the_meeting(archive: Archive) -> None:
    ambassador = replace(HE_WEI, role=None)
    [(id_, _)] = tell(archive, "one", meeting())
    assert tell(archive, "two", meeting(china=(WANG_YI, ambassador), forum=TALKS), hours=1) == [(id_, False)]
    stored = found(archive, id_)
    assert stored.meeting == replace(merge([m.meeting for m in stored.mentions]), id=id_)
    assert stored.meeting.forum == TALKS
    assert {mention.article.number for mention in stored.mentions} == {1, 2}
    assert stored.first_seen == NOW


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(meeting("2024-12-20"), id="another day"),
        pytest.param(meeting(vietnam=(TO_LAM,)), id="other people"),
        pytest.param(meeting(forum=TEA), id="tea after the talks"),
    ],
)
def test_another_meeting_gets_an_id_of_its_own(archive: Archive, other: Meeting) -> None:
    [(one, _)] = tell(archive, "one", meeting())
    [(two, new)] = tell(archive, "two", other)
    assert new
    assert one != two
    assert counted(archive) == 2


def test_one_meeting_told_twice_by_one_article_is_one_telling(archive: Archive) -> None:
    talks = replace(TALKS_TOLD, evidence=(Evidence("forum", "16th", 5, 9),))
    [(id_, _), (tea, _)] = tell(archive, "one", meeting(), meeting(forum=TEA), talks)
    [mention] = found(archive, id_).mentions
    assert mention.meeting.evidence == (*meeting().evidence, *talks.evidence)
    assert mention.meeting.forum == TALKS
    assert found(archive, tea).meeting.forum == TEA


def test_two_meetings_of_one_article_never_share_an_id(archive: Archive) -> None:
    [(known, _)] = tell(archive, "one", WEAK)
    ids = tell(archive, "two", meeting("2024-12-10"), meeting("2024-12-11"))
    assert sorted((id_ == known, new) for id_, new in ids) == [(False, True), (True, False)]


def test_of_two_that_fit_the_one_on_the_day_is_joined(archive: Archive) -> None:
    tell(archive, "one", meeting("2024-12-10"))
    [(second, new)] = tell(archive, "two", meeting("2024-12-11"), hours=1)
    assert new
    assert tell(archive, "three", WEAK) == [(second, False)]


def test_announced_meeting_keeps_its_id_when_held(archive: Archive) -> None:
    [(id_, _)] = tell(archive, "one", meeting(status=Status.ANNOUNCED))
    assert found(archive, id_).held_known_at is None
    assert tell(archive, "two", meeting(), hours=30) == [(id_, False)]
    assert found(archive, id_).held_known_at == NOW + 30 * HOUR
    tell(archive, "three", meeting(), hours=60)
    stored = found(archive, id_)
    assert (stored.meeting.status, stored.first_seen) == (Status.HELD, NOW)
    assert stored.held_known_at == NOW + 30 * HOUR


class TestPlacing:
    """Which week a meeting belongs to."""

    @pytest.mark.parametrize(
        ("told", "published_on", "placed"),
        [
            pytest.param([meeting("2024-12-10")], "2024-12-11", "2024-12-10", id="its own date"),
            pytest.param([meeting(None), meeting("2024-12-08", forum=TEA)], "2024-12-11", "2024-12-08", id="borrowed"),
            pytest.param(
                [meeting(None), meeting("2024-12-07", china=(HE_WEI,), vietnam=(TO_LAM,)), meeting("2024-12-08")],
                "2024-12-11",
                "2024-12-08",
                id="borrowed from the same people",
            ),
            pytest.param(
                [meeting(None), meeting("2024-12-25", status=Status.ANNOUNCED)],
                "2024-12-11",
                "2024-12-11",
                id="not borrowed from one ahead",
            ),
            pytest.param([meeting(None)], "2024-12-11", "2024-12-11", id="publication"),
            pytest.param([meeting(None)], None, None, id="nothing known"),
        ],
    )
    def test_first_told(
        self, archive: Archive, told: list[Meeting], published_on: str | None, placed: str | None
    ) -> None:
        stored = store(archive, published=None, published_on=day(published_on) if published_on else None)
        id_ = tell(archive, stored, *told)[0][0]
        assert placing_date(found(archive, id_)) == (day(placed) if placed else None)

    def test_listed_by_placing_date(self, archive: Archive) -> None:
        tell(archive, "one", meeting("2024-12-09"), meeting("2024-12-15", vietnam=(TO_LAM,)))
        tell(archive, "two", meeting("2024-12-08", forum=TEA), meeting("2024-12-16", china=(HE_WEI,)))
        tell(archive, "three", meeting(None, china=(HE_WEI,), vietnam=(TO_LAM,)))
        stored = store(archive, "four", published=None, published_on=None)
        tell(archive, stored, meeting(None, china=(HE_WEI,), vietnam=(TO_LAM,)))
        with archive.read() as s:
            every = [str(placing_date(m)) for m in all_meetings(s)]
        assert every == ["2024-12-08", "2024-12-09", "2024-12-11", "2024-12-15", "2024-12-16", "None"]

    def test_date_learned_later_moves_the_meeting(self, archive: Archive) -> None:
        [(id_, _)] = tell(archive, "one", meeting(None))
        assert tell(archive, "two", meeting("2024-12-08")) == [(id_, False)]
        assert placing_date(found(archive, id_)) == day("2024-12-08")


class TestUndated:
    """A telling without date joins a meeting near in time with a common principal, if there is just one."""

    @pytest.mark.parametrize(
        ("known", "joins"),
        [
            pytest.param(meeting("2024-12-08"), True, id="three days before"),
            pytest.param(meeting("2024-11-25"), False, id="sixteen days before"),
            pytest.param(meeting("2024-12-08", china=(), vietnam=()), False, id="nobody named"),
        ],
    )
    def test_near_and_shared(self, archive: Archive, known: Meeting, joins: bool) -> None:
        [(id_, _)] = tell(archive, "one", known)
        [(other, new)] = tell(archive, "two", meeting(None))
        assert (other == id_, new) == (joins, not joins)

    def test_two_that_fit_are_left_apart(self, archive: Archive) -> None:
        tell(archive, "one", meeting("2024-12-08"))
        tell(archive, "two", meeting("2024-12-10"))
        [(_, new)] = tell(archive, "three", meeting(None))
        assert new

    def test_dated_telling_finds_an_undated_meeting(self, archive: Archive) -> None:
        [(id_, _)] = tell(archive, "one", meeting(None))
        assert tell(archive, "two", meeting("2024-12-09")) == [(id_, False)]


class TestNewRules:
    """Reading an article again with better rules."""

    def test_better_data_keep_the_id(self, archive: Archive) -> None:
        stored = store(archive)
        [(id_, _)] = tell(archive, stored, meeting())
        assert tell(archive, stored, meeting(forum=TALKS), rules="2", hours=9) == [(id_, False)]
        assert found(archive, id_).meeting == replace(meeting(forum=TALKS), id=id_)
        assert found(archive, id_).first_seen == NOW

    def test_corrected_date_keeps_the_id(self, archive: Archive) -> None:
        stored = store(archive)
        [(id_, _)] = tell(archive, stored, meeting("2024-12-10"))
        assert tell(archive, stored, meeting("2023-12-10"), rules="2") == [(id_, False)]
        assert found(archive, id_).meeting.date == day("2023-12-10")

    def test_meetings_of_one_article_keep_their_ids_in_any_order(self, archive: Archive) -> None:
        stored = store(archive)
        talks, tea, ambassador = meeting(forum=TALKS), meeting(forum=TEA), meeting(china=(HE_WEI,))
        first = tell(archive, stored, talks, tea, ambassador)
        again = tell(archive, stored, ambassador, talks, tea, rules="2")
        assert again == [(id_, False) for id_, _ in (first[2], first[0], first[1])]

    def test_id_told_before_goes_before_an_older_one(self, archive: Archive) -> None:
        tell(archive, "older", meeting("2024-12-11"))
        stored = store(archive, "one")
        [(id_, _)] = tell(archive, stored, meeting("2024-12-09"), hours=1)
        tell(archive, "two", meeting("2024-12-09"), hours=2)
        told = meeting("2024-12-10", date_basis=DateBasis.DATELINE)
        assert tell(archive, stored, told, rules="2") == [(id_, False)]

    def test_meetings_without_names_keep_their_ids(self, archive: Archive) -> None:
        stored = store(archive)
        told = [meeting(date, china=(), vietnam=()) for date in ("2024-12-08", "2024-12-10")]
        first = tell(archive, stored, *told)
        assert tell(archive, stored, *told, rules="2") == [(id_, False) for id_, _ in first]

    def test_other_people_are_another_meeting(self, archive: Archive) -> None:
        stored = store(archive)
        [(id_, _)] = tell(archive, stored, meeting())
        [(other, new)] = tell(archive, stored, meeting(vietnam=(TO_LAM,)), rules="2")
        assert new
        assert other != id_
        assert counted(archive) == 1

    def test_meeting_that_nobody_tells_any_more_is_withdrawn(self, archive: Archive) -> None:
        stored = store(archive)
        [(id_, _)] = tell(archive, stored, meeting())
        tell(archive, stored, rules="2")
        with archive.read() as s:
            assert get_meeting(s, id_) is None
            assert all_meetings(s) == []
        assert counted(archive) == 0

    def test_withdrawn_meeting_comes_back_under_its_id(self, archive: Archive) -> None:
        stored = store(archive)
        [(id_, _)] = tell(archive, stored, meeting())
        tell(archive, stored, rules="2")
        assert tell(archive, "two", meeting(), hours=3) == [(id_, False)]
        assert found(archive, id_).first_seen == NOW

    def test_not_held_after_all(self, archive: Archive) -> None:
        stored = store(archive)
        [(id_, _)] = tell(archive, stored, meeting())
        tell(archive, stored, meeting(status=Status.ANNOUNCED), rules="2")
        assert found(archive, id_).held_known_at is None

    def test_telling_that_belonged_to_another_meeting_leaves_an_alias(self, archive: Archive) -> None:
        wrong = store(archive, "wrong")
        [(old, _)] = tell(archive, wrong, meeting("2024-12-01"))
        [(id_, _)] = tell(archive, "right", meeting(), hours=5)
        with archive.write() as s:
            save_issue(s, StoredIssue("2024-W48", "UTC", IssueState.FINAL, NOW, "", "", (old,)))
        assert tell(archive, wrong, meeting(), rules="2", hours=9) == [(id_, False)]
        stored = found(archive, old)
        assert stored == found(archive, id_)
        assert (stored.meeting.id, stored.first_seen, stored.held_known_at) == (id_, NOW, NOW)
        assert counted(archive) == 1
        with archive.read() as s:
            assert closed_issues(s, "UTC")[0].meeting_ids == (id_,)
            assert meetings_by_id(s, [old, "m-unknown"]) == [stored]
            assert outlines(s) == [replace(stored, mentions=())]
        [(third, new)] = tell(archive, "third", meeting("2024-12-01"))
        assert new
        assert found(archive, third).meeting.id == third

    def test_alias_of_an_alias_leads_to_the_end(self, archive: Archive) -> None:
        stored = store(archive, "moving")
        [(a, _)] = tell(archive, stored, meeting("2024-11-01"))
        second = store(archive, "also moving")
        [(b, _)] = tell(archive, second, meeting("2024-11-20"))
        [(c, _)] = tell(archive, "right", meeting())
        tell(archive, stored, meeting("2024-11-20"), rules="2")
        tell(archive, stored, meeting(), rules="3")
        tell(archive, second, meeting(), rules="3")
        assert {found(archive, id_).meeting.id for id_ in (a, b, c)} == {c}

    def test_telling_split_off_gets_a_new_id(self, archive: Archive) -> None:
        [(id_, _)] = tell(archive, "one", meeting())
        stored = store(archive, "two")
        tell(archive, stored, meeting())
        [(other, new)] = tell(archive, stored, meeting("2024-12-20"), rules="2")
        assert new
        assert [len(found(archive, i).mentions) for i in (id_, other)] == [1, 1]


def test_id_does_not_depend_on_what_is_told(tmp_path: Path) -> None:
    ids = []
    for name, told in (("a", meeting()), ("b", meeting("2024-01-01", vietnam=(TO_LAM,)))):
        with Archive.open(tmp_path / name) as archive:
            ids.append(tell(archive, "one", told))
    assert ids[0] == ids[1]


TELLINGS = st.builds(
    meeting,
    st.sampled_from(["2024-12-08", "2024-12-10", "2024-12-11", None]),
    vietnam=st.sampled_from([(TO_LAM,), ()]) | st.just(meeting().vietnam),
    forum=st.sampled_from([None, TEA, TALKS]),
    status=st.sampled_from(list(Status)),
)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.lists(TELLINGS, max_size=3)), min_size=1, max_size=8))
def test_whatever_is_told_every_telling_has_its_meeting(steps: Sequence[tuple[int, list[Meeting]]]) -> None:
    given_ids: set[str] = set()
    with tempfile.TemporaryDirectory() as home, Archive.open(Path(home)) as archive:
        latest: dict[int, list[str]] = {}
        for rules, (number, told) in enumerate(steps):
            recorded = tell(archive, store(archive, str(number)), *told, rules=str(rules), hours=rules)
            assert {id_ for id_, new in recorded if new}.isdisjoint(given_ids)
            latest[number] = [id_ for id_, _ in recorded]
            given_ids.update(latest[number])
        with archive.read() as s:
            every = all_meetings(s)
        assert sorted(itertools.chain(*latest.values())) == sorted(m.meeting.id for m in every for _ in m.mentions)
        assert all(m.mentions for m in every)
        assert all((m.held_known_at is not None) == (m.meeting.status is Status.HELD) for m in every)
