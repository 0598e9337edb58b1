"""What reading articles again changed, and which meetings only that brought to light when their issue was past.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table, and the mark of a filed meeting; of those known so far none is taken for one."""
    op.create_table(
        "rereadings",
        sa.Column("meeting_id", sa.String(40), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("split_from", sa.String(40)),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_rereadings_meeting_id")),
        sa.ForeignKeyConstraint(["split_from"], ["meetings.id"], name=op.f("fk_rereadings_split_from")),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_rereadings")),
    )
    op.add_column("meetings", sa.Column("filed", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Takes them away again; a filed meeting may then be mailed as a late report."""
    op.drop_column("meetings", "filed")
    op.drop_table("rereadings")
