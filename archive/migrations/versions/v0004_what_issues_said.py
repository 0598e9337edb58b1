"""What an issue said: its whole context and chart, and the record of each meeting as it was told.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds columns; an older issue has no context, and its meetings no record. The Markdown is the plain text now."""
    op.add_column("issues", sa.Column("context", sa.JSON()))
    op.add_column("issues", sa.Column("chart", sa.LargeBinary()))
    op.drop_column("issues", "text")
    new, no_list = sa.text("'new'"), sa.text("'[]'")
    op.add_column("issue_meetings", sa.Column("part", sa.String(30), nullable=False, server_default=new))
    op.add_column("issue_meetings", sa.Column("record", sa.JSON()))
    op.add_column("issue_meetings", sa.Column("articles", sa.JSON(), nullable=False, server_default=no_list))


def downgrade() -> None:
    """Takes them away again. The plain text of every issue is its Markdown; only meetings that were new stay listed."""
    op.execute("DELETE FROM issue_meetings WHERE part <> 'new'")
    for name in ("articles", "record", "part"):
        op.drop_column("issue_meetings", name)
    op.add_column("issues", sa.Column("text", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.execute("UPDATE issues SET text = markdown")
    for name in ("chart", "context"):
        op.drop_column("issues", name)
