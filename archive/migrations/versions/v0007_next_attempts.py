"""When a delivery is tried again, since when it has been tried, whether it is held, and whether it may have arrived.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns. What was open stays open: due at once, its time for trying begins with the next attempt."""
    op.add_column("deliveries", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("in_doubt", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("first_attempt", sa.DateTime(timezone=True)))
    op.add_column("deliveries", sa.Column("next_attempt", sa.DateTime(timezone=True)))
    op.execute("UPDATE deliveries SET in_doubt = true WHERE state = 'unknown'")


def downgrade() -> None:
    """Takes them away again: each sending tries whatever is open."""
    for column in ("next_attempt", "first_attempt", "in_doubt", "held"):
        op.drop_column("deliveries", column)
