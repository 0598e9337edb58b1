"""What meetings are looked up by is in line with what they are, whatever was told, read again, closed or migrated."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from archive.issues import claims, closed_issues
from archive.lookups import lookups
from archive.models import AliasRow, IssueMeetingRow, MeetingRow, PersonRow, SessionRow
from archive.store import Archive
from meetings.jsonform import meeting_from_dict
from meetings.records import Forum, Status
from tests import released
from tests.archive_samples import meeting, store
from tests.test_archive_meetings import tell
from tests.test_migrations import as_released


def in_line(s: Session) -> int:
    """Compares all lookups with the meetings' rows; how many people there are."""
    people: set[tuple[object, ...]] = set()
    sessions: set[tuple[object, ...]] = set()
    for row in s.scalars(select(MeetingRow)):
        held = row.held_known_at is not None and row.withdrawn_at is None
        own, forum = lookups(row.id, meeting_from_dict(row.record), row.placed_on, held=held)
        people |= {(each["name"], each["day"], row.id, each["held"], each["direction"]) for each in own}
        sessions |= {(row.id, each["forum"], each["ordinal"], each["day"]) for each in forum}
    person, session = PersonRow, SessionRow
    kept = s.execute(select(person.name, person.day, person.meeting_id, person.held, person.direction))
    assert {tuple(row) for row in kept} == people
    kept = s.execute(select(session.meeting_id, session.forum, session.ordinal, session.day))
    assert {tuple(row) for row in kept} == sessions
    return len(people)


@pytest.mark.slow
@pytest.mark.parametrize("revision", [each for each in released.REVISIONS if each >= "0004"])
def test_a_migration_makes_them_from_the_meetings_and_issues_there_are(
    archive: Archive, database: str | None, revision: str
) -> None:
    as_released(archive, revision)
    with Archive.open(archive.home, database) as today, today.read() as s:
        assert in_line(s) > 0
        new_in = {row.id: row.new_in for row in s.scalars(select(MeetingRow)) if row.new_in}
        assert new_in == {id_: issue.week for issue in closed_issues(s) for id_ in issue.meeting_ids}
        one, other = (
            {each.week: set(each.meeting_ids) for each in some} for some in (claims(s, [*new_in]), closed_issues(s))
        )
        assert one == other


def test_a_migration_knows_what_was_new_under_an_id_of_then(archive: Archive, database: str | None) -> None:
    as_released(archive, "0008")
    with archive.write() as s:
        [(then, now)] = s.execute(select(AliasRow.alias, AliasRow.meeting_id)).tuples()
        told = IssueMeetingRow.meeting_id
        s.execute(update(IssueMeetingRow).where(told == now).values(meeting_id=then))
    with Archive.open(archive.home, database) as today, today.read() as s:
        [issue] = closed_issues(s)
        assert now in issue.meeting_ids
        assert {s.get_one(MeetingRow, id_).new_in for id_ in issue.meeting_ids} == {issue.week}


def test_they_follow_what_is_told_and_read_again(archive: Archive) -> None:
    stored = store(archive, "one")
    forum = Forum("Steering Committee", 16)
    for rules, told in enumerate((meeting(forum=forum), meeting("2024-12-20"), meeting(None, status=Status.ANNOUNCED))):
        tell(archive, stored, told, rules=str(rules))
        with archive.read() as s:
            assert in_line(s) > 0
    tell(archive, stored, rules="none")
    with archive.read() as s:
        assert in_line(s) > 0
        assert not s.scalars(select(PersonRow).where(PersonRow.held.is_(True))).all()
