"""Backfills, their chunks and what was set aside in them, and what the rules read before it is recorded.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from archive.migrations import lookups

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COUNTS = (
    "read",
    "dismissed",
    "extracted",
    "one_sided",
    "stored",
    "new",
    "detected",
    "meetings",
    "without_text",
    "unreadable",
    "other",
)


def upgrade() -> None:
    """Adds the tables; no backfill was begun before."""
    op.create_table(
        "readings",
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(16), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("records", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["article_number"], ["articles.number"], name=op.f("fk_readings_article_number")),
        sa.PrimaryKeyConstraint("article_number", name=op.f("pk_readings")),
    )
    op.create_table(
        "backfills",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfills")),
    )
    op.create_table(
        "backfill_chunks",
        sa.Column("backfill", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("owner", sa.Text()),
        sa.Column("token", sa.String(32)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("next_attempt", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text()),
        sa.Column("first", sa.BigInteger()),
        sa.Column("next", sa.BigInteger()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        *(sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")) for name in _COUNTS),
        sa.ForeignKeyConstraint(["backfill"], ["backfills.id"], name=op.f("fk_backfill_chunks_backfill")),
        sa.PrimaryKeyConstraint("backfill", "number", name=op.f("pk_backfill_chunks")),
    )
    op.create_index(
        op.f("ix_backfill_chunks_backfill_state_number"), "backfill_chunks", ["backfill", "state", "number"]
    )
    op.create_table(
        "backfill_set_aside",
        sa.Column("backfill", sa.String(16), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["backfill", "chunk"],
            ["backfill_chunks.backfill", "backfill_chunks.number"],
            name=op.f("fk_backfill_set_aside_backfill_chunk"),
        ),
        sa.PrimaryKeyConstraint("backfill", "chunk", "position", name=op.f("pk_backfill_set_aside")),
    )
    lookups.add()


def downgrade() -> None:
    """Takes them away again: an article whose reading was not recorded yet is read anew."""
    lookups.drop()
    op.drop_table("backfill_set_aside")
    op.drop_table("backfill_chunks")
    op.drop_table("backfills")
    op.drop_table("readings")
