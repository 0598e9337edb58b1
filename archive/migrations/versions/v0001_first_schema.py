"""The first schema: sources, articles, meetings, issues, deliveries, locks.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "source_states",
    "fetch_log",
    "pending_entries",
    "articles",
    "meetings",
    "meeting_aliases",
    "mentions",
    "issues",
    "issue_meetings",
    "deliveries",
    "locks",
    "meta",
)


def upgrade() -> None:
    """Creates every table."""
    _sources()
    _articles()
    _meetings()
    _issues()
    _rest()


def downgrade() -> None:
    """Drops every table, those that refer to others first."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _sources() -> None:
    op.create_table(
        "source_states",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(30), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True)),
        sa.Column("last_attempt", sa.DateTime(timezone=True)),
        sa.Column("last_success", sa.DateTime(timezone=True)),
        sa.Column("last_full_fetch", sa.DateTime(timezone=True)),
        sa.Column("last_new", sa.DateTime(timezone=True)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_due", sa.DateTime(timezone=True)),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("permanent_url", sa.Text()),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_source_states")),
    )
    op.create_table(
        "fetch_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(30), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("screened_out", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("new_articles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetch_log")),
    )
    op.create_index(op.f("ix_fetch_log_source_id_id"), "fetch_log", ["source_id", "id"], unique=False)
    op.create_table(
        "pending_entries",
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("teaser", sa.Text(), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(30), nullable=False),
        sa.Column("outlet", sa.Text()),
        sa.Column("given_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pending_entries")),
    )
    op.create_index(
        op.f("ix_pending_entries_source_id_next_attempt"),
        "pending_entries",
        ["source_id", "next_attempt"],
        unique=False,
    )


def _articles() -> None:
    op.create_table(
        "articles",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("paragraphs", sa.JSON(), nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True)),
        sa.Column("published_on", sa.Date()),
        sa.Column("language", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("outlet", sa.Text()),
        sa.Column("side", sa.String(30)),
        sa.Column("source_id", sa.Text()),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("path", sa.Text()),
        sa.Column("old_name", sa.Text()),
        sa.Column("detected_rules", sa.Text()),
        sa.Column("detected_at", sa.DateTime(timezone=True)),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_articles")),
        sa.UniqueConstraint("key", name=op.f("uq_articles_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_articles_detected_rules"), "articles", ["detected_rules"], unique=False)
    op.create_index(op.f("ix_articles_path"), "articles", ["path"], unique=False)
    op.create_index(op.f("ix_articles_published"), "articles", ["published"], unique=False)
    op.create_index(op.f("ix_articles_published_on"), "articles", ["published_on"], unique=False)
    op.create_index(op.f("ix_articles_stored_at"), "articles", ["stored_at"], unique=False)


def _meetings() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("date", sa.Date()),
        sa.Column("placed_on", sa.Date()),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_known_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
    )
    op.create_index(op.f("ix_meetings_date"), "meetings", ["date"], unique=False)
    op.create_index(op.f("ix_meetings_placed_on"), "meetings", ["placed_on"], unique=False)
    op.create_table(
        "meeting_aliases",
        sa.Column("alias", sa.String(40), nullable=False),
        sa.Column("meeting_id", sa.String(40), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alias"], ["meetings.id"], name=op.f("fk_meeting_aliases_alias")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_aliases_meeting_id")),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_meeting_aliases")),
    )
    op.create_index(op.f("ix_meeting_aliases_meeting_id"), "meeting_aliases", ["meeting_id"], unique=False)
    op.create_table(
        "mentions",
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.String(40), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("placed_on", sa.Date()),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_number"], ["articles.number"], name=op.f("fk_mentions_article_number")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_mentions_meeting_id")),
        sa.PrimaryKeyConstraint("article_number", "position", name=op.f("pk_mentions")),
    )
    op.create_index(op.f("ix_mentions_meeting_id"), "mentions", ["meeting_id"], unique=False)


def _issues() -> None:
    op.create_table(
        "issues",
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("week", "zone", name=op.f("pk_issues")),
    )
    op.create_table(
        "issue_meetings",
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("meeting_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_issue_meetings_meeting_id")),
        sa.ForeignKeyConstraint(
            ["week", "zone"], ["issues.week", "issues.zone"], name=op.f("fk_issue_meetings_week_zone")
        ),
        sa.PrimaryKeyConstraint("week", "zone", "meeting_id", name=op.f("pk_issue_meetings")),
    )
    op.create_table(
        "deliveries",
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("sender", sa.Text()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["week", "zone"], ["issues.week", "issues.zone"], name=op.f("fk_deliveries_week_zone")),
        sa.PrimaryKeyConstraint("week", "zone", "recipient", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", name=op.f("uq_deliveries_message_id")),
    )


def _rest() -> None:
    op.create_table(
        "locks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_locks")),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
