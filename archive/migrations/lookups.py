"""What meetings are looked up by, made from the meetings that there are: a part of revision 0009."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from meetings.folding import key

_HELD = "held_known_at IS NOT NULL AND withdrawn_at IS NULL"
_INDEXES = {"ix_meetings_held": _HELD, "ix_meetings_news": f"{_HELD} AND new_in IS NULL"}
_LIMIT, _BATCH = 200, 500
_CLOSED = ("final", "corrected")


def add() -> None:
    """Tables, the column that says in which issue a meeting was new, and indexes; filled from what is stored."""
    people = op.create_table(
        "meeting_people",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("meeting_id", sa.String(40), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_people_meeting_id")),
        sa.PrimaryKeyConstraint("name", "day", "meeting_id", name=op.f("pk_meeting_people")),
        sqlite_with_rowid=False,
    )
    sessions = op.create_table(
        "forum_sessions",
        sa.Column("meeting_id", sa.String(40), nullable=False),
        sa.Column("forum", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer()),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_forum_sessions_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_forum_sessions")),
    )
    op.add_column("meetings", sa.Column("new_in", sa.String(8)))
    op.create_index(op.f("ix_issue_meetings_meeting_id"), "issue_meetings", ["meeting_id"])
    op.create_index(op.f("ix_issues_state_week_zone"), "issues", ["state", "week", "zone"])
    _fill(people, sessions)
    _claim()
    op.create_index(op.f("ix_meeting_people_meeting_id"), "meeting_people", ["meeting_id"])
    op.create_index(
        op.f("ix_forum_sessions_forum_ordinal_day_meeting_id"),
        "forum_sessions",
        ["forum", "ordinal", "day", "meeting_id"],
    )
    for name, which in _INDEXES.items():
        op.create_index(name, "meetings", ["placed_on"], sqlite_where=sa.text(which), postgresql_where=sa.text(which))


def drop() -> None:
    """Takes them away again: all of it can be told from the meetings and issues."""
    for name in _INDEXES:
        op.drop_index(name, table_name="meetings")
    op.drop_index(op.f("ix_issues_state_week_zone"), table_name="issues")
    op.drop_index(op.f("ix_issue_meetings_meeting_id"), table_name="issue_meetings")
    op.drop_column("meetings", "new_in")
    op.drop_table("forum_sessions")
    op.drop_table("meeting_people")


def _fill(people: sa.Table, sessions: sa.Table) -> None:
    known: tuple[Any, ...] = sa.column("id"), sa.column("record", sa.JSON), sa.column("placed_on", sa.Date)
    columns = (*known, sa.text(_HELD))
    query = sa.select(*columns).select_from(sa.table("meetings")).where(sa.column("placed_on").is_not(None))
    connection = op.get_bind()
    for rows in connection.execute(query.execution_options(yield_per=_BATCH)).partitions():
        named, held = [], []
        for id_, record, day, is_held in rows:
            row = {"day": day, "meeting_id": id_, "held": bool(is_held), "direction": record["direction"]}
            named += [row | {"name": name} for name in sorted(_words(record))]
            if is_held and record["forum"]:
                forum = {"forum": key(record["forum"]["name"])[:_LIMIT], "ordinal": record["forum"]["ordinal"]}
                held.append(forum | {"meeting_id": id_, "day": day})
        connection.execute(sa.insert(people), named)
        if held:
            connection.execute(sa.insert(sessions), held)


def _words(record: Mapping[str, Any]) -> Iterator[str]:
    names = {key(person["name"])[:_LIMIT] for side in ("china", "vietnam") for person in record[side] if person["name"]}
    yield from names or {""}
    if record["forum"]:
        yield " forum"


def _claim() -> None:
    """A meeting was new in the first closed issue that said so, under the id that it has now."""
    states = ", ".join(f"'{state}'" for state in _CLOSED)
    op.execute(
        "UPDATE meetings SET new_in = (SELECT min(told.week) FROM issue_meetings AS told "  # noqa: S608 - our own words
        "JOIN issues ON issues.week = told.week AND issues.zone = told.zone "
        f"WHERE issues.state IN ({states}) AND told.part = 'new' AND told.meeting_id = meetings.id)"
    )
    op.execute(
        "UPDATE meetings SET new_in = (SELECT min(old.new_in) FROM meetings AS old "
        "JOIN meeting_aliases ON meeting_aliases.alias = old.id WHERE meeting_aliases.meeting_id = meetings.id) "
        "WHERE new_in IS NULL AND id IN (SELECT meeting_id FROM meeting_aliases)"
    )
