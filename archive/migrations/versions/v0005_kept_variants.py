"""What readers with a choice of their own were sent: each choice's issue as it was first planned.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table, and to each delivery which of them it carries; of an older one that is not known."""
    op.create_table(
        "issue_variants",
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("choice", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("charted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["week", "zone"], ["issues.week", "issues.zone"], name=op.f("fk_issue_variants_week_zone")
        ),
        sa.PrimaryKeyConstraint("week", "zone", "choice", name=op.f("pk_issue_variants")),
    )
    op.add_column("deliveries", sa.Column("choice", sa.String(16)))


def downgrade() -> None:
    """Takes them away again: variants are rendered anew for each sending."""
    op.drop_column("deliveries", "choice")
    op.drop_table("issue_variants")
