"""Every released schema, with rows as its program wrote them: read on by today's, and back again, on both databases."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from archive.deliveries import deliveries
from archive.issues import closed_issues, first_run_at, get_issue, get_variants, said_in_closed, save_issue
from archive.keys import refresh_keys
from archive.meetings import all_meetings
from archive.models import Base
from archive.records import DeliveryState, IssuePart, IssueState
from archive.schema import HEAD, alembic_config, current_revision
from archive.sources import holds, last_fetches, pending, states
from archive.store import Archive
from flows import issuing
from flows.settings import Settings
from flows.steps import detect_new
from parsers.records import Outcome, Side
from reports.recipients import Recipient
from reports.week import parse_week
from tests import released
from tests.archive_samples import NOW, get_article, store
from tests.databases import ON_SQLITE

pytestmark = pytest.mark.slow  # half a second each, and many of them
Rows = dict[str, list[dict[str, Any]]]
each_revision = pytest.mark.parametrize("revision", released.REVISIONS)
FIRST_WITH = {"host_holds": "0002", "alarms": "0002", "said": "0004", "choice": "0005"}
"""The schema from which on the archive remembers it."""


def move(archive: Archive, revision: str) -> None:
    """To that revision, forward or back."""
    with archive._writer.begin() as connection:
        config = alembic_config(connection)
        back = revision == "base" or revision < (current_revision(connection) or "")
        (command.downgrade if back else command.upgrade)(config, revision)


def as_released(archive: Archive, revision: str) -> Rows:
    """Makes of an empty archive one that the program of that revision left behind; its rows."""
    move(archive, "base")
    move(archive, revision)
    return filled(archive, released.stored(revision))


def filled(archive: Archive, lines: list[str]) -> Rows:
    with archive._writer.begin() as connection:
        released.load(connection, lines)
    return rows(archive)


def rows(archive: Archive) -> Rows:
    """Every row of every table that there is, whatever the revision."""
    with archive.read() as s:
        names = set(inspect(s.connection()).get_table_names()) - {"alembic_version"}
        found = {name: s.execute(text(f"SELECT * FROM {name}")).mappings() for name in names}  # noqa: S608
        return {
            name: sorted(map(dict, each), key=lambda row: repr(sorted(row.items()))) for name, each in found.items()
        }


def without_plain_text(found: Rows) -> Rows:
    """Less the one thing that a migration gave up: the plain text of issues is their Markdown since 0004."""
    return found | {"issues": [{key: row[key] for key in row if key != "text"} for row in found["issues"]]}


def test_every_schema_before_this_one_has_its_rows(archive: Archive) -> None:
    with archive.read() as s:
        scripts = ScriptDirectory.from_config(alembic_config(s.connection())).walk_revisions()
        missing = {script.revision for script in scripts} - {HEAD, *released.REVISIONS}
    assert not missing, "see tests/released.py"


def test_models_and_migrations_agree(archive: Archive) -> None:
    with archive.read() as s:
        connection = s.connection()
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert ScriptDirectory.from_config(alembic_config(connection)).get_current_head() == HEAD


@each_revision
def test_rows_come_back_as_they_were(archive: Archive, database: str | None, revision: str) -> None:
    before = as_released(archive, revision)
    assert all(before.values()), "every table of that schema has a row"
    Archive.open(archive.home, database).close()
    today = rows(archive)
    move(archive, revision)
    after = rows(archive)
    assert without_plain_text(after) == without_plain_text(before)
    assert all(row["text"] == row["markdown"] for row in after["issues"] if "text" in row)
    Archive.open(archive.home, database).close()
    assert rows(archive) == today


@each_revision
def test_articles_and_meetings_are_read_on(archive: Archive, database: str | None, revision: str) -> None:
    as_released(archive, revision)
    with Archive.open(archive.home, database) as today, today.read() as s:
        for mapper in Base.registry.mappers:
            s.scalars(select(mapper)).all()
        stored = [get_article(s, number) for number in (1, 2, 3, 4)]
        told = all_meetings(s)
        assert first_run_at(s) is not None
    assert [each.article.side for each in stored if each] == [Side.CHINA, *[Side.VIETNAM] * 3]
    assert [len(each.mentions) for each in told] == [3, 1]
    # the fourth stands for one that was read by rules of another time
    for mention in (mention for meeting in told for mention in meeting.mentions if mention.article.number < 4):
        for piece in mention.meeting.evidence:
            assert mention.article.article.text[piece.start : piece.end] == piece.text


@each_revision
def test_sources_are_read_on(archive: Archive, database: str | None, revision: str) -> None:
    as_released(archive, revision)
    with Archive.open(archive.home, database) as today, today.read() as s:
        state, line, held = states(s)["xinhua-en"], last_fetches(s)["xinhua-en"], holds(s, now=NOW)
        waiting = pending(s, "xinhua-en", now=NOW)
    assert (state.outcome, state.failures, state.validators.etag) == (Outcome.TIMEOUT, 4, '"e"')
    assert (line.entries, line.pages, line.new_articles) == (9, 3, 2)
    assert [entry.url for entry in waiting] == ["https://news.example/waiting"]
    knew = revision >= FIRST_WITH["alarms"]
    assert (len(state.alarms), state.newest is not None, line.new_entries, len(line.skipped)) == (
        (1, True, 5, 1) if knew else (0, False, 0, 0)
    )
    assert list(held) == (["news.example"] if revision >= FIRST_WITH["host_holds"] else [])


@each_revision
def test_issues_and_ledger_are_read_on(archive: Archive, database: str | None, revision: str) -> None:
    as_released(archive, revision)
    settings = Settings(home=archive.home)
    with Archive.open(archive.home, database) as today:
        issue = issuing.compose(settings, today, (), parse_week(released.WEEK))
        with today.read() as s:
            ledger = {sent.recipient.partition("@")[0]: (sent.state, sent.choice) for sent in deliveries(s)}
            said, kept = said_in_closed(s, settings.zone, since="2024-W01"), get_variants(s, "2024-W50", settings.zone)
    assert issue.state is IssueState.FINAL
    assert (issue.dated, len(issue.meeting_ids)) == (released.CLOSED_AT, 2)
    mail = issuing.message(settings, issue, Recipient("ann@example.org"))
    assert (mail["Subject"], "Bui Thanh Son" in str(mail.get_body(("plain",)))) == (issue.subject, True)
    knew = revision >= FIRST_WITH["said"]
    assert (set(said), issue.context is not None, issue.chart is not None) == (
        (set(issue.meeting_ids), True, True) if knew else (set(), False, False)
    )
    chosen = revision >= FIRST_WITH["choice"]
    assert {name: state for name, (state, _) in ledger.items()} == {
        "ann": DeliveryState.ACCEPTED,
        "bob": DeliveryState.REFUSED,
        "chi": DeliveryState.UNKNOWN,
        "dan": DeliveryState.SENDING,
        "eve": DeliveryState.PLANNED,
    }
    assert {choice for _, choice in ledger.values()} == {"" if chosen else None}
    assert [each.subject for each in kept] == (["Short"] if chosen else [])


@each_revision
def test_the_program_works_on_in_it(archive: Archive, database: str | None, revision: str) -> None:
    as_released(archive, revision)
    with Archive.open(archive.home, database) as today:
        refresh_keys(today)
        assert store(today, "xinhua").number == 1
        assert store(today, "fifth", paragraphs=(released.KUNMING,)).number == 5
        read = detect_new(today)
        assert read.articles >= 2, "the new one, and at least the one read by other rules"
        with today.read() as s:
            assert len(all_meetings(s)) == 3
        assert [path.name[:3] for path in today.home.glob("articles/2024/*.txt")] == ["005"]


@each_revision
def test_a_failed_migration_leaves_the_archive_as_it_was(
    archive: Archive, database: str | None, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, upgrade = as_released(archive, revision), command.upgrade

    def broken(*args: Any) -> None:
        upgrade(*args)
        raise ZeroDivisionError

    monkeypatch.setattr(command, "upgrade", broken)
    if revision != HEAD:
        with pytest.raises(ZeroDivisionError):
            Archive.open(archive.home, database)
    assert rows(archive) == before
    monkeypatch.undo()
    Archive.open(archive.home, database).close()
    with archive.read() as s:
        assert current_revision(s.connection()) == HEAD


def test_what_today_writes_goes_all_the_way_back(archive: Archive) -> None:
    found = filled(archive, released.of_today())
    assert [name for name in found if not found[name]] == [], "tests/released.py fills every table"
    for revision in reversed(released.REVISIONS):
        move(archive, revision)
    left = rows(archive)
    assert {name: len(left[name]) for name in left} == {name: len(found[name]) for name in left}
    move(archive, "base")
    assert rows(archive) == {}
    move(archive, HEAD)
    assert store(archive).number == 1


def test_before_0004_only_meetings_that_were_new_are_listed(archive: Archive) -> None:
    filled(archive, released.of_today())
    zone = Settings(home=archive.home).zone
    with archive.write() as s:
        issue = get_issue(s, released.WEEK, zone)
        assert issue is not None
        told = [replace(said, week="2024-W51", part=IssuePart.AGAIN) for said in issue.said]
        save_issue(s, replace(issue, week="2024-W51", meeting_ids=(), said=tuple(told)))
    move(archive, "0003")
    listed = [(row["week"], row["meeting_id"]) for row in rows(archive)["issue_meetings"]]
    assert sorted(listed) == sorted((released.WEEK, id_) for id_ in issue.meeting_ids)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param((released.WEEK, True), ("corrected", ["2024-W51"]), id="told there"),
        pytest.param((released.WEEK, False), ("final", []), id="of another meeting"),
        pytest.param(("2024-W49", True), ("final", []), id="of another issue"),
    ],
)
def test_what_a_closed_issue_named_as_wrong_is_corrected_from_0006_on(
    archive: Archive, database: str | None, names: tuple[str, bool], expected: tuple[str, list[str]]
) -> None:
    as_released(archive, "0005")
    lines = [json.loads(line) for line in released.stored("0005")]
    issue = next(row for table, row in lines if table == "issues")
    told = next(row["meeting_id"] for table, row in lines if table == "issue_meetings")
    correction = {"week": names[0], "meeting_id": told if names[1] else "m-000000000000"}
    context = json.dumps({**json.loads(issue["context"]), "corrections": [correction]})
    filled(archive, [json.dumps(["issues", issue | {"week": "2024-W51", "context": context}])])
    with Archive.open(archive.home, database) as today, today.read() as s:
        states = [(each.state.value, list(each.corrected_in)) for each in closed_issues(s)]
    assert states == [expected, ("final", [])]
    move(archive, "0005")
    assert {row["state"] for row in rows(archive)["issues"]} == {"closed"}


@ON_SQLITE
def test_home_at_head_opens_without_alembic(archive: Archive) -> None:
    script = (
        "import sys; from pathlib import Path; from archive.store import Archive;"
        "Archive.open(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script, str(archive.home)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
