"""What makes an article the same one: its versions, other keys and listings, and whose text it prints.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ADDED = ("captions", "version", "due_version", "copy_of", "compared")
TABLES = ("article_versions", "article_keys", "article_listings", "article_sketches")


def upgrade() -> None:
    """Adds columns to `articles`: an older article has one version, and is compared with others at the next run."""
    op.add_column("articles", sa.Column("captions", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("articles", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("articles", sa.Column("due_version", sa.Integer()))
    op.add_column("articles", sa.Column("copy_of", sa.Integer()))
    op.add_column("articles", sa.Column("compared", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_articles_copy_of"), "articles", ["copy_of"], unique=False)
    op.create_index(op.f("ix_articles_compared"), "articles", ["compared"], unique=False)
    _versions()
    _keys_and_listings()
    op.create_table(
        "article_sketches",
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_number"], ["articles.number"], name=op.f("fk_article_sketches_article_number")
        ),
        sa.PrimaryKeyConstraint("value", "day", "article_number", name=op.f("pk_article_sketches")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Takes them away again; all that version 0002 knew stays, the text in force included."""
    for table in reversed(TABLES):
        op.drop_table(table)
    for index in ("copy_of", "compared"):
        op.drop_index(op.f(f"ix_articles_{index}"), table_name="articles")
    # not by copying the table, to which mentions refer: SQLite drops columns itself since 3.35
    for name in ADDED:
        op.drop_column("articles", name)


def _versions() -> None:
    op.create_table(
        "article_versions",
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("paragraphs", sa.JSON(), nullable=False),
        sa.Column("captions", sa.JSON(), nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True)),
        sa.Column("published_on", sa.Date()),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["article_number"], ["articles.number"], name=op.f("fk_article_versions_article_number")
        ),
        sa.PrimaryKeyConstraint("article_number", "version", name=op.f("pk_article_versions")),
    )


def _keys_and_listings() -> None:
    op.create_table(
        "article_keys",
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_number"], ["articles.number"], name=op.f("fk_article_keys_article_number")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_article_keys")),
    )
    op.create_table(
        "article_listings",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True)),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("next_return", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_number"], ["articles.number"], name=op.f("fk_article_listings_article_number")
        ),
        sa.PrimaryKeyConstraint("source_id", "key", name=op.f("pk_article_listings")),
    )
