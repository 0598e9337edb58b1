"""Watching sources: what their newest item is, what alarms stand, which hosts asked for a pause, why pages were left.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATES = ("newest", "interval", "astray", "gone_since", "alarms", "listed", "failing_since", "recovered")
COUNTS = ("followed", "new_entries", "by_outlet", "by_generic", "pages_failed", "without_text")


def upgrade() -> None:
    """Adds columns to the two tables of sources, with what an older row means in them, and the table of pauses."""
    none, empty_list, empty_object = sa.text("0"), sa.text("'[]'"), sa.text("'{}'")
    op.add_column("source_states", sa.Column("newest", sa.DateTime(timezone=True)))
    op.add_column("source_states", sa.Column("interval", sa.Integer()))
    op.add_column("source_states", sa.Column("astray", sa.Integer(), nullable=False, server_default=none))
    op.add_column("source_states", sa.Column("gone_since", sa.DateTime(timezone=True)))
    op.add_column("source_states", sa.Column("alarms", sa.JSON(), nullable=False, server_default=empty_list))
    op.add_column("source_states", sa.Column("listed", sa.JSON(), nullable=False, server_default=empty_list))
    op.add_column("source_states", sa.Column("failing_since", sa.DateTime(timezone=True)))
    op.add_column("source_states", sa.Column("recovered", sa.DateTime(timezone=True)))
    for name in COUNTS:
        op.add_column("fetch_log", sa.Column(name, sa.Integer(), nullable=False, server_default=none))
    op.add_column("fetch_log", sa.Column("skipped", sa.JSON(), nullable=False, server_default=empty_object))
    op.create_table(
        "host_holds",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_holds")),
    )


def downgrade() -> None:
    """Takes them away again; all that version 0001 knew stays."""
    op.drop_table("host_holds")
    # SQLite before 3.35 cannot drop a column: Alembic copies the table there
    with op.batch_alter_table("fetch_log") as table:
        for name in (*COUNTS, "skipped"):
            table.drop_column(name)
    with op.batch_alter_table("source_states") as table:
        for name in STATES:
            table.drop_column(name)
