"""What an issue tells again of meetings that earlier ones told of: changes, accounts, announcements settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.articles import add_article
from archive.issues import closed_issues, said_in_closed, save_issue
from archive.meetings import all_meetings, meetings_by_id, record_detection
from archive.records import IssuePart, IssueState, Said, StoredIssue, StoredMeeting
from archive.store import Archive
from meetings.records import Detection, Meeting, Place, Status
from reports.changes import Aspect, find_changes
from reports.corrections import corrections, further_note, outcome
from reports.retold import Fate
from reports.select import Selection, said_since, select_issue
from reports.week import Week, week_of_day
from tests import archive_samples
from tests.report_catalogue import at
from tests.report_parts import FIRST_RUN, HANOI
from tests.retold_parts import BASE, W50, W51, W52, B, said, told


def issue_of(
    week: Week, meetings: Sequence[StoredMeeting], *before: Said, closed: Sequence[StoredIssue] = ()
) -> Selection:
    return select_issue(
        meetings,
        week=week,
        zone=HANOI,
        closed=closed,
        first_run=FIRST_RUN,
        as_of=week.bounds(HANOI)[1],
        said={each.meeting.id: each for each in before},
    )


@pytest.mark.parametrize(
    ("now", "numbers"),
    [
        pytest.param(told(BASE, 1), [], id="none"),
        pytest.param(told(BASE, 1, 2, 3), [2, 3], id="two"),
        pytest.param(told(BASE, 1, 2, copy_of=1), [], id="a copy of the one told"),
        pytest.param(told(BASE, 1, 2, copy_of=9), [2], id="a copy of one not told"),
        pytest.param(told(replace(BASE, status=Status.ANNOUNCED), 1, 2), [], id="not held after all"),
    ],
)
def test_further_accounts_are_those_that_no_issue_had(now: StoredMeeting, numbers: list[int]) -> None:
    further = issue_of(W51, [now], said(), closed=[closed(W50, said())]).further
    assert [m.article.number for item in further for m in item.mentions] == numbers
    assert [further_note(item) for item in further] == [
        f"{len(numbers)} further account{'s' * (len(numbers) > 1)} of a meeting told in 2024-W50."
    ] * bool(numbers)


def closed(week: Week, *told_then: Said) -> StoredIssue:
    new = tuple(each.meeting.id for each in told_then if each.part is IssuePart.NEW)
    return StoredIssue(week.label, HANOI.key, IssueState.FINAL, at("2024-12-16T00:00"), "", "", new, said=told_then)


COMING = replace(BASE, date=dt.date(2024, 12, 18), status=Status.ANNOUNCED)
ANNOUNCED = said(COMING, part=IssuePart.EXPECTED)


@pytest.mark.parametrize(
    ("before", "now", "fate", "words"),
    [
        pytest.param(
            ANNOUNCED, replace(COMING, status=Status.HELD), Fate.HELD,
            "Announced for Wednesday 18 December 2024 in 2024-W50. Held: see this issue.", id="held",
        ),
        pytest.param(
            ANNOUNCED, replace(BASE, date=dt.date(2024, 12, 17)), Fate.HELD,
            "Announced for Wednesday 18 December 2024 in 2024-W50. Held: see this issue.", id="held a day early",
        ),
        pytest.param(
            ANNOUNCED, replace(COMING, status=Status.CANCELLED), Fate.CALLED_OFF,
            "Announced for Wednesday 18 December 2024 in 2024-W50. Called off.", id="called off",
        ),
        pytest.param(
            ANNOUNCED, COMING, Fate.NO_REPORT,
            "Announced for Wednesday 18 December 2024 in 2024-W50. No report of it found as of 23 December 2024.",
            id="no report",
        ),
        pytest.param(
            ANNOUNCED, replace(COMING, date=dt.date(2024, 12, 28)), Fate.MOVED,
            "Announced for Wednesday 18 December 2024 in 2024-W50. Now announced for Saturday 28 December 2024.",
            id="moved to a later week",
        ),
        pytest.param(None, COMING, Fate.NO_REPORT, "No report of it found as of 23 December 2024.", id="told by none"),
        pytest.param(None, replace(COMING, status=Status.CANCELLED), Fate.CALLED_OFF, "Called off.", id="off at once"),
        pytest.param(
            said(replace(COMING, date=None), part=IssuePart.EXPECTED), replace(COMING, status=Status.HELD), Fate.HELD,
            "Announced for a day not named in 2024-W50. Held: see this issue.", id="announced without a day",
        ),
        pytest.param(
            said(replace(COMING, date=dt.date(2024, 12, 12)), part=IssuePart.EXPECTED),
            replace(BASE, date=dt.date(2024, 12, 12)), Fate.HELD,
            "Announced for Thursday 12 December 2024 in 2024-W50. Held: see this issue.", id="reported late",
        ),
        pytest.param(
            said(replace(COMING, date=dt.date(2024, 12, 12)), part=IssuePart.EXPECTED),
            replace(COMING, date=dt.date(2024, 12, 12)), None, "", id="no report, as the last issue said",
        ),
        pytest.param(
            said(replace(COMING, date=dt.date(2024, 12, 28)), part=IssuePart.EXPECTED),
            replace(COMING, date=dt.date(2024, 12, 30)), None, "", id="not due yet",
        ),
        pytest.param(None, replace(COMING, status=Status.HELD), None, "", id="held, never announced"),
    ],
)  # fmt: skip
def test_what_became_of_an_announcement(before: Said | None, now: Meeting, fate: Fate | None, words: str) -> None:
    settled = issue_of(W51, [told(now)], *filter(None, [before])).settled
    assert [item.fate for item in settled] == [fate] * bool(fate)
    assert [outcome(item, as_of=dt.date(2024, 12, 23)) for item in settled] == [words] * bool(fate)


@pytest.mark.parametrize(
    ("now", "field", "before", "after"),
    [
        pytest.param([replace(BASE, date=dt.date(2024, 12, 9))], "Date", "Tuesday 10 December 2024",
                     "Monday 9 December 2024", id="date"),
        pytest.param([replace(BASE, place=Place())], "Place", "Diaoyutai, Beijing, China", "not reported", id="place"),
        pytest.param([replace(BASE, forum=None)], "Forum", "Talks, 16th session", "none named", id="forum"),
        pytest.param([replace(BASE, china=())], "China’s side", "Wang Yi", "nobody named", id="people"),
        pytest.param([replace(BASE, status=Status.ANNOUNCED)], "Status", "held", "announced", id="status"),
        pytest.param([], "Meeting", "told as a meeting", "withdrawn: no article read tells of it any more", id="gone"),
    ],
)  # fmt: skip
def test_corrections_in_words(now: list[Meeting], field: str, before: str, after: str) -> None:
    [view] = corrections(find_changes({"m": said()}, {each.id: told(each) for each in now}))
    assert (view.meeting_id, view.week, view.field, view.before, view.now) == ("m", "2024-W50", field, before, after)


def test_a_merged_meeting_says_with_which() -> None:
    [view] = corrections(find_changes({"m": said(id_="b"), "b": said(B)}, {"b": told(B)}))
    assert view.now == "the same meeting as Wang Yi met Bui Thanh Son in Beijing, Tuesday 10 December 2024"


class Readers:
    """Issues closed week after week, from an archive that is given as it stands each time."""

    def __init__(self) -> None:
        self.issues: list[StoredIssue] = []
        self.said: dict[str, Said] = {}

    def close(self, week: Week, meetings: Sequence[StoredMeeting], leads: Callable[[str], str] = str) -> Selection:
        present = {id_: replace(last, id=leads(id_)) for id_, last in self.said.items()}
        known = [replace(each, meeting_ids=tuple(map(leads, each.meeting_ids))) for each in self.issues]
        issue = issue_of(week, meetings, *present.values(), closed=known)
        self.issues.append(closed(week, *issue.said))
        for each in issue.said:
            before = self.said.get(each.meeting.id)
            self.said[each.meeting.id] = replace(
                each, articles=each.articles | (before.articles if before else frozenset())
            )
        return issue


def test_everything_is_told_again_once() -> None:
    readers = Readers()
    moved = replace(BASE, date=dt.date(2024, 12, 9))
    assert readers.close(W50, [told(BASE, 1)]).meeting_ids == ("m",)
    second = readers.close(W51, [told(moved, 1, 2)])
    assert (second.meeting_ids, len(second.further), len(second.changes)) == ((), 1, 1)
    third = readers.close(W52, [told(moved, 1, 2)])
    assert (third.meeting_ids, third.further, third.changes, third.said) == ((), (), (), ())


def test_a_withdrawal_and_a_return_are_told_once_each() -> None:
    readers = Readers()
    weeks = [week_of_day(dt.date(2024, 12, 9) + dt.timedelta(weeks=number)) for number in range(5)]
    archives = [[told()], [], [], [told()], [told()]]
    changes = [readers.close(week, each).changes for week, each in zip(weeks, archives, strict=True)]
    assert [[change.aspect for change in each] for each in changes] == [
        [], [Aspect.WITHDRAWN], [], [Aspect.RESTORED], []
    ]  # fmt: skip


@pytest.mark.parametrize("both_told", [True, False])
def test_a_merger_is_told_once_and_the_heir_goes_on(both_told: bool) -> None:
    readers = Readers()
    readers.close(W50, [told(BASE, 1), told(B, 2)] if both_told else [told(BASE, 1)])
    heir = {"m": "b"}
    after = readers.close(W51, [told(B, 1, 2)], lambda id_: heir.get(id_, id_))
    assert [change.aspect for change in after.changes] == [Aspect.MERGED] * both_told
    assert (after.meeting_ids, len(after.further)) == ((), 0 if both_told else 1)
    last = readers.close(W52, [told(B, 1, 2)], lambda id_: heir.get(id_, id_))
    assert (last.meeting_ids, last.changes, last.further) == ((), (), ())


def test_a_back_issue_and_a_closed_one_tell_nothing_again() -> None:
    now, before = [told(replace(BASE, date=None), 1, 2)], said()
    again = issue_of(W50, now, before, closed=[closed(W50, before)])
    back = select_issue(
        now, week=W51, zone=HANOI, closed=(), first_run=None, as_of=at("2025-01-01T00:00"), said={"m": before}
    )
    for issue in (again, back):
        assert (issue.further, issue.changes) == ((), ())


WEEKS = [week_of_day(dt.date(2024, 12, 2) + dt.timedelta(weeks=number)) for number in range(6)]
STATES = st.tuples(
    st.sampled_from([Status.HELD, Status.ANNOUNCED, Status.CANCELLED]), st.integers(0, 27), st.integers(1, 3)
)


@given(histories=st.lists(st.lists(st.none() | STATES, min_size=6, max_size=6), min_size=1, max_size=4))
def test_nothing_is_told_twice_whatever_becomes_of_meetings(
    histories: list[list[tuple[Status, int, int] | None]],
) -> None:
    """Each history is what the archive holds of one meeting at each Monday: status, day and how many articles."""
    readers = Readers()
    new: list[str] = []
    for number, week in enumerate(WEEKS):
        now = []
        for index, history in enumerate(histories):
            state = history[number]
            if state is not None:
                status, day, articles = state
                record = replace(BASE, id=f"m{index}", status=status, date=WEEKS[0].days()[0] + dt.timedelta(days=day))
                now.append(told(record, *range(10 * index, 10 * index + articles)))
        issue = readers.close(week, now)
        new.extend(issue.meeting_ids)
        again = issue_of(
            week_of_day(week.days()[1] + dt.timedelta(days=1)), now, *readers.said.values(), closed=readers.issues
        )
        assert (again.further, again.changes) == ((), ()), "what was told is told"
        assert not set(again.meeting_ids) & set(new)
        ids = [each.meeting.id for each in issue.said]
        assert len(ids) == len(set(ids))
        assert {item.stored.meeting.id for item in issue.further}.isdisjoint(issue.meeting_ids)
    assert len(new) == len(set(new))


class TestInTheArchive:
    """With a real database: closed, read again by other rules, and told again in the next issue."""

    @pytest.fixture
    def archive(self, tmp_path: Path) -> Iterator[Archive]:
        with Archive.open(tmp_path / "home") as opened:
            yield opened

    @staticmethod
    def tell(archive: Archive, name: str, record: Meeting | None, rules: str) -> None:
        with archive.write() as s:
            article, _ = add_article(s, archive_samples.article(name), now=archive_samples.NOW)
            detection = Detection("en", (record,) if record else ())
            record_detection(s, article, detection, rules_version=rules, now=archive_samples.NOW)

    @staticmethod
    def close(archive: Archive, week: Week) -> Selection:
        with archive.write() as s:
            before = said_in_closed(s, None, since=said_since(week))
            told = {each.meeting.id: each for each in all_meetings(s)}
            told |= {each.meeting.id: each for each in meetings_by_id(s, [last.id for last in before.values()])}
            issue = select_issue(
                list(told.values()),
                week=week,
                zone=HANOI,
                closed=closed_issues(s),
                first_run=FIRST_RUN,
                as_of=week.bounds(HANOI)[1],
                said=before,
            )
            kept = closed(week, *issue.said)
            save_issue(s, replace(kept, meeting_ids=issue.meeting_ids))
        return issue

    def test_a_better_reading_corrects_once(self, archive: Archive) -> None:
        self.tell(archive, "one", archive_samples.meeting(), "1")
        assert len(self.close(archive, W50).meeting_ids) == 1
        self.tell(archive, "one", archive_samples.meeting("2024-12-11"), "2")
        self.tell(archive, "two", archive_samples.meeting("2024-12-11"), "2")
        second = self.close(archive, W51)
        assert [view.field for view in corrections(second.changes)] == ["Date"]
        assert [len(item.mentions) for item in second.further] == [1]
        third = self.close(archive, W52)
        assert (third.meeting_ids, third.changes, third.further) == ((), (), ())

    @pytest.mark.parametrize(
        ("moved_to", "words"),
        [
            ("2024-12-18", "Announced for Wednesday 18 December 2024 in 2024-W50. Held: see this issue."),
            ("2024-12-25", "Announced for Wednesday 25 December 2024 in 2024-W51. Held: see this issue."),
        ],
        ids=["no report in its week", "moved in its week"],
    )
    def test_the_first_week_that_announced_the_day_is_named(self, archive: Archive, moved_to: str, words: str) -> None:
        coming = archive_samples.meeting("2024-12-18", status=Status.ANNOUNCED)
        moved = replace(coming, date=dt.date.fromisoformat(moved_to))
        self.tell(archive, "one", coming, "1")
        assert self.close(archive, W50).settled == ()
        self.tell(archive, "one", moved, "2")
        fate = Fate.NO_REPORT if moved == coming else Fate.MOVED
        assert [item.fate for item in self.close(archive, W51).settled] == [fate]
        self.tell(archive, "two", replace(moved, status=Status.HELD), "2")
        assert [outcome(item, as_of=None) for item in self.close(archive, W52).settled] == [words]

    def test_a_withdrawn_and_a_merged_meeting(self, archive: Archive) -> None:
        self.tell(archive, "one", archive_samples.meeting(), "1")
        self.tell(archive, "wrong", archive_samples.meeting("2024-12-04"), "1")
        self.tell(archive, "gone", archive_samples.meeting(vietnam=(archive_samples.TO_LAM,)), "1")
        assert len(self.close(archive, W50).meeting_ids) == 3
        self.tell(archive, "wrong", archive_samples.meeting(), "2")
        self.tell(archive, "gone", None, "2")
        second = self.close(archive, W51)
        assert sorted(change.aspect for change in second.changes) == [Aspect.MERGED, Aspect.WITHDRAWN]
        third = self.close(archive, W52)
        assert (third.meeting_ids, third.changes, third.further) == ((), (), ())
