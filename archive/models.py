"""The tables of the archive, as docs/data_dictionary.md explains them. Nothing outside this room sees these classes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, ForeignKeyConstraint, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from archive.records import ChunkState, DeliveryState, InputKind, IssuePart, IssueState
from archive.source_models import EMPTY_LIST, NONE
from archive.source_models import Base as Base  # noqa: PLC0414 - whoever takes it from here knows all tables
from parsers.records import Side


class ArticleRow(Base):
    """One article in normalised form."""

    __tablename__ = "articles"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(16), unique=True)
    title: Mapped[str]
    paragraphs: Mapped[list[str]]
    text_sha256: Mapped[str] = mapped_column(String(64))
    published: Mapped[dt.datetime | None] = mapped_column(index=True)
    published_on: Mapped[dt.date | None] = mapped_column(index=True)
    language: Mapped[str | None]
    url: Mapped[str | None]
    outlet: Mapped[str | None]
    side: Mapped[Side | None]
    source_id: Mapped[str | None]
    method: Mapped[str]
    stored_at: Mapped[dt.datetime] = mapped_column(index=True)
    path: Mapped[str | None] = mapped_column(index=True)
    old_name: Mapped[str | None]
    detected_rules: Mapped[str | None] = mapped_column(index=True)
    detected_at: Mapped[dt.datetime | None]
    notes: Mapped[list[str]]
    captions: Mapped[list[int]] = mapped_column(server_default=EMPTY_LIST)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    due_version: Mapped[int | None]
    copy_of: Mapped[int | None] = mapped_column(index=True)
    compared: Mapped[bool] = mapped_column(server_default=false(), index=True)


class VersionRow(Base):
    """One text of an article that was seen with more than one; the one in force stands in its row of `articles` too."""

    __tablename__ = "article_versions"

    article_number: Mapped[int] = mapped_column(ForeignKey("articles.number"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    paragraphs: Mapped[list[str]]
    captions: Mapped[list[int]]
    text_sha256: Mapped[str] = mapped_column(String(64))
    method: Mapped[str]
    published: Mapped[dt.datetime | None]
    published_on: Mapped[dt.date | None]
    seen_at: Mapped[dt.datetime]
    taken_at: Mapped[dt.datetime | None]


class KeyRow(Base):
    """Another key under which an article is known: that of its URL in a form that came later than the article."""

    __tablename__ = "article_keys"

    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    article_number: Mapped[int] = mapped_column(ForeignKey("articles.number"))
    url: Mapped[str]


class ListingRow(Base):
    """How a source lists an article that it brought: what a changed title or date is told by."""

    __tablename__ = "article_listings"

    source_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    article_number: Mapped[int] = mapped_column(ForeignKey("articles.number"))
    title: Mapped[str]
    published: Mapped[dt.datetime | None]
    first_seen: Mapped[dt.datetime]
    returns: Mapped[int]
    next_return: Mapped[dt.datetime]


class SketchRow(Base):
    """One value of the sketch by which articles of common text find each other (`meetings.similarity`)."""

    __tablename__ = "article_sketches"
    __table_args__ = ({"sqlite_with_rowid": False},)

    value: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    article_number: Mapped[int] = mapped_column(ForeignKey("articles.number"), primary_key=True)


_HELD = "held_known_at IS NOT NULL AND withdrawn_at IS NULL"


def _placed(name: str, which: str) -> Index:
    """An index of the placing days of some meetings alone: those of this condition, in words of both databases."""
    return Index(name, "placed_on", sqlite_where=text(which), postgresql_where=text(which))


class MeetingRow(Base):
    """A meeting under its permanent id, merged from its mentions. Rows are never deleted."""

    __tablename__ = "meetings"
    __table_args__ = (
        _placed("ix_meetings_held", _HELD),
        _placed("ix_meetings_news", f"{_HELD} AND new_in IS NULL"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    record: Mapped[dict[str, Any]]
    date: Mapped[dt.date | None] = mapped_column(index=True)
    placed_on: Mapped[dt.date | None] = mapped_column(index=True)
    first_seen: Mapped[dt.datetime]
    held_known_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    filed: Mapped[bool] = mapped_column(server_default=false(), default=False)
    new_in: Mapped[str | None] = mapped_column(String(8))


class PersonRow(Base):
    """One name under which a meeting is looked up (`archive.lookups`)."""

    __tablename__ = "meeting_people"
    __table_args__ = ({"sqlite_with_rowid": False},)

    name: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), primary_key=True, index=True)
    held: Mapped[bool]
    direction: Mapped[str]


class SessionRow(Base):
    """One held meeting of a forum, as the calendar of forums looks it up."""

    __tablename__ = "forum_sessions"
    __table_args__ = (Index(None, "forum", "ordinal", "day", "meeting_id"),)

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    forum: Mapped[str]
    ordinal: Mapped[int | None]
    day: Mapped[dt.date]


class AliasRow(Base):
    """A permanent id that turned out to name a meeting known under another one."""

    __tablename__ = "meeting_aliases"

    alias: Mapped[str] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), index=True)
    merged_at: Mapped[dt.datetime]


class RereadingRow(Base):
    """A meeting that rules of a version changed by reading again what others had read."""

    __tablename__ = "rereadings"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    rules_version: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    is_new: Mapped[bool]
    split_from: Mapped[str | None] = mapped_column(ForeignKey("meetings.id"))
    read_at: Mapped[dt.datetime]


class MentionRow(Base):
    """One article's telling of one meeting, evidence included."""

    __tablename__ = "mentions"

    article_number: Mapped[int] = mapped_column(ForeignKey("articles.number"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), index=True)
    record: Mapped[dict[str, Any]]
    placed_on: Mapped[dt.date | None]
    rules_version: Mapped[str]
    recorded_at: Mapped[dt.datetime]


class ReadingRow(Base):
    """What the rules read in an article, before it is recorded: the meetings are known by their ids only then."""

    __tablename__ = "readings"

    article_number: Mapped[int] = mapped_column(ForeignKey("articles.number"), primary_key=True)
    rules_version: Mapped[str]
    basis: Mapped[str] = mapped_column(String(16))
    language: Mapped[str | None]
    records: Mapped[list[dict[str, Any]]]
    notes: Mapped[list[str]]


class IssueRow(Base):
    """The digest of one ISO week in one zone."""

    __tablename__ = "issues"
    __table_args__ = (Index(None, "state", "week", "zone"),)

    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    zone: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[IssueState]
    closed_at: Mapped[dt.datetime | None]
    subject: Mapped[str]
    sha256: Mapped[str]
    markdown: Mapped[str]
    html: Mapped[str]
    context: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    chart: Mapped[bytes | None]
    corrected_in: Mapped[list[str]] = mapped_column(server_default=EMPTY_LIST)

    meetings: Mapped[list[IssueMeetingRow]] = relationship(
        order_by="IssueMeetingRow.position", cascade="all, delete-orphan"
    )


class IssueMeetingRow(Base):
    """A meeting that an issue told of, under the id and as the record that it had then."""

    __tablename__ = "issue_meetings"
    __table_args__ = (ForeignKeyConstraint(["week", "zone"], ["issues.week", "issues.zone"]),)

    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    zone: Mapped[str] = mapped_column(primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), primary_key=True, index=True)
    position: Mapped[int]
    part: Mapped[IssuePart] = mapped_column(server_default=text("'new'"))
    record: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    articles: Mapped[list[int]] = mapped_column(server_default=EMPTY_LIST)


class IssueVariantRow(Base):
    """An issue as one choice of readers leaves it, as it was first planned for any of them."""

    __tablename__ = "issue_variants"
    __table_args__ = (ForeignKeyConstraint(["week", "zone"], ["issues.week", "issues.zone"]),)

    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    zone: Mapped[str] = mapped_column(primary_key=True)
    choice: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str]
    markdown: Mapped[str]
    html: Mapped[str]
    charted: Mapped[bool]


class DeliveryRow(Base):
    """One message of one issue to one recipient: the ledger."""

    __tablename__ = "deliveries"
    __table_args__ = (ForeignKeyConstraint(["week", "zone"], ["issues.week", "issues.zone"]),)

    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    zone: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[DeliveryState]
    attempts: Mapped[int]
    message: Mapped[str]
    lease_until: Mapped[dt.datetime | None]
    sender: Mapped[str | None]
    updated_at: Mapped[dt.datetime]
    choice: Mapped[str | None] = mapped_column(String(16))
    held: Mapped[bool] = mapped_column(server_default=false())
    in_doubt: Mapped[bool] = mapped_column(server_default=false())
    first_attempt: Mapped[dt.datetime | None]
    next_attempt: Mapped[dt.datetime | None]


class BackfillRow(Base):
    """A set of inputs that is read in chunks, by rules of one version."""

    __tablename__ = "backfills"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    rules_version: Mapped[str]
    begun_at: Mapped[dt.datetime]


class ChunkRow(Base):
    """A part of one input: how far it is, and what was counted in it."""

    __tablename__ = "backfill_chunks"
    __table_args__ = (Index(None, "backfill", "state", "number"),)

    backfill: Mapped[str] = mapped_column(ForeignKey("backfills.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    input: Mapped[str]
    kind: Mapped[InputKind]
    begins: Mapped[int] = mapped_column(BigInteger)
    ends: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[ChunkState]
    attempts: Mapped[int] = mapped_column(server_default=NONE)
    owner: Mapped[str | None]
    token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[dt.datetime | None]
    next_attempt: Mapped[dt.datetime | None]
    reason: Mapped[str | None]
    first: Mapped[int | None] = mapped_column(BigInteger)
    next: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[dt.datetime | None]
    read: Mapped[int] = mapped_column(server_default=NONE)
    dismissed: Mapped[int] = mapped_column(server_default=NONE)
    extracted: Mapped[int] = mapped_column(server_default=NONE)
    one_sided: Mapped[int] = mapped_column(server_default=NONE)
    stored: Mapped[int] = mapped_column(server_default=NONE)
    new: Mapped[int] = mapped_column(server_default=NONE)
    detected: Mapped[int] = mapped_column(server_default=NONE)
    meetings: Mapped[int] = mapped_column(server_default=NONE)
    without_text: Mapped[int] = mapped_column(server_default=NONE)
    unreadable: Mapped[int] = mapped_column(server_default=NONE)
    other: Mapped[int] = mapped_column(server_default=NONE)


class SetAsideRow(Base):
    """One of the first records of a chunk that could not be read."""

    __tablename__ = "backfill_set_aside"
    __table_args__ = (
        ForeignKeyConstraint(["backfill", "chunk"], ["backfill_chunks.backfill", "backfill_chunks.number"]),
    )

    backfill: Mapped[str] = mapped_column(String(16), primary_key=True)
    chunk: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str]
    reason: Mapped[str]


class LockRow(Base):
    """Who may do what alone, until when."""

    __tablename__ = "locks"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    token: Mapped[str] = mapped_column(String(32))
    acquired_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]


class MetaRow(Base):
    """Facts about the archive as a whole."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
