"""Issues are drafts, final or corrected; which later issues correct one stands beside it.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ISSUES = sa.table(
    "issues",
    sa.column("week", sa.String),
    sa.column("zone", sa.String),
    sa.column("state", sa.String),
    sa.column("context", sa.JSON),
    sa.column("corrected_in", sa.JSON),
)
_TOLD = sa.table("issue_meetings", *(sa.column(name, sa.String) for name in ("week", "zone", "meeting_id")))
_ALIASES = sa.table("meeting_aliases", sa.column("alias", sa.String), sa.column("meeting_id", sa.String))


def upgrade() -> None:
    """Renames the states. A closed issue that the correction of another closed one names is corrected."""
    op.add_column("issues", sa.Column("corrected_in", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.execute("UPDATE issues SET state = 'draft' WHERE state = 'open'")
    op.execute("UPDATE issues SET state = 'final' WHERE state = 'closed'")
    connection = op.get_bind()
    for (week, zone), correcting in _corrected(connection).items():
        own = sa.and_(_ISSUES.c.week == week, _ISSUES.c.zone == zone, _ISSUES.c.state == "final")
        values = {"state": "corrected", "corrected_in": sorted(correcting)}
        connection.execute(sa.update(_ISSUES).where(own).values(**values))


def downgrade() -> None:
    """Takes it back: a corrected issue is a closed one."""
    op.execute("UPDATE issues SET state = 'open' WHERE state = 'draft'")
    op.execute("UPDATE issues SET state = 'closed' WHERE state IN ('final', 'corrected')")
    op.drop_column("issues", "corrected_in")


def _corrected(connection: sa.Connection) -> dict[tuple[str, str], set[str]]:
    """The weeks of the issues that correct one, by its week and zone; before 0004 none was corrected."""
    present = dict(connection.execute(sa.select(_ALIASES.c.alias, _ALIASES.c.meeting_id)).tuples().all())
    told: dict[tuple[str, str], set[str]] = {}
    for week, zone, id_ in connection.execute(sa.select(_TOLD)).tuples():
        told.setdefault((week, present.get(id_, id_)), set()).add(zone)
    found: dict[tuple[str, str], set[str]] = {}
    query = sa.select(_ISSUES.c.week, _ISSUES.c.context).where(_ISSUES.c.state == "final")
    for week, context in connection.execute(query).tuples():
        for correction in (context or {}).get("corrections", ()):
            id_ = correction["meeting_id"]
            for zone in told.get((correction["week"], present.get(id_, id_)), ()):
                found.setdefault((correction["week"], zone), set()).add(week)
    return found
