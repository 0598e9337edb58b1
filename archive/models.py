"""The tables of the archive, as docs/data_dictionary.md explains them. Nothing outside this room sees these classes."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, ForeignKeyConstraint, Index, MetaData, String, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from archive.columns import Seconds, UtcDateTime, Words, vocabulary
from archive.records import DeliveryState, IssuePart, IssueState
from parsers.records import Outcome, Side

# what a row of before the column means
_NONE, _EMPTY_LIST = text("0"), text("'[]'")


class Base(DeclarativeBase):
    """Common to all tables: how Python types are stored and constraints are named (Alembic needs names)."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Words,
        dt.datetime: UtcDateTime,
        dt.timedelta: Seconds,
        dict[str, Any]: JSON,
        dict[str, int]: JSON,
        list[dict[str, str]]: JSON,
        list[str]: JSON,
        list[int]: JSON,
        Outcome: vocabulary(Outcome),
        Side: vocabulary(Side),
        IssueState: vocabulary(IssueState),
        IssuePart: vocabulary(IssuePart),
        DeliveryState: vocabulary(DeliveryState),
    }


class SourceRow(Base):
    """What is remembered of a source between polls."""

    __tablename__ = "source_states"

    source_id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    outcome: Mapped[Outcome]
    message: Mapped[str]
    since: Mapped[dt.datetime | None]
    last_attempt: Mapped[dt.datetime | None]
    last_success: Mapped[dt.datetime | None]
    last_full_fetch: Mapped[dt.datetime | None]
    last_new: Mapped[dt.datetime | None]
    failures: Mapped[int]
    next_due: Mapped[dt.datetime | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    permanent_url: Mapped[str | None]
    newest: Mapped[dt.datetime | None]
    interval: Mapped[dt.timedelta | None]
    astray: Mapped[int] = mapped_column(server_default=_NONE)
    gone_since: Mapped[dt.datetime | None]
    alarms: Mapped[list[dict[str, str]]] = mapped_column(server_default=_EMPTY_LIST)
    listed: Mapped[list[str]] = mapped_column(server_default=_EMPTY_LIST)
    failing_since: Mapped[dt.datetime | None]
    recovered: Mapped[dt.datetime | None]


class FetchRow(Base):
    """One poll of one source, counted."""

    __tablename__ = "fetch_log"
    __table_args__ = (Index(None, "source_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[str]
    source_id: Mapped[str]
    at: Mapped[dt.datetime]
    outcome: Mapped[Outcome]
    message: Mapped[str]
    entries: Mapped[int]
    screened_out: Mapped[int]
    known: Mapped[int]
    pages: Mapped[int]
    new_articles: Mapped[int]
    followed: Mapped[int] = mapped_column(server_default=_NONE)
    new_entries: Mapped[int] = mapped_column(server_default=_NONE)
    by_outlet: Mapped[int] = mapped_column(server_default=_NONE)
    by_generic: Mapped[int] = mapped_column(server_default=_NONE)
    pages_failed: Mapped[int] = mapped_column(server_default=_NONE)
    without_text: Mapped[int] = mapped_column(server_default=_NONE)
    skipped: Mapped[dict[str, int]] = mapped_column(server_default=text("'{}'"))


class HostHoldRow(Base):
    """A host that asked to be left alone for a while."""

    __tablename__ = "host_holds"

    host: Mapped[str] = mapped_column(primary_key=True)
    held_until: Mapped[dt.datetime]


class PendingRow(Base):
    """An entry worth a page that has not become an article yet, or never will."""

    __tablename__ = "pending_entries"
    __table_args__ = (Index(None, "source_id", "next_attempt"),)

    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    url: Mapped[str]
    source_id: Mapped[str]
    title: Mapped[str]
    teaser: Mapped[str]
    published: Mapped[dt.datetime | None]
    attempts: Mapped[int]
    next_attempt: Mapped[dt.datetime]
    outcome: Mapped[Outcome]
    outlet: Mapped[str | None]
    given_up: Mapped[bool]


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
    captions: Mapped[list[int]] = mapped_column(server_default=_EMPTY_LIST)
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


class MeetingRow(Base):
    """A meeting under its permanent id, merged from its mentions. Rows are never deleted."""

    __tablename__ = "meetings"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    record: Mapped[dict[str, Any]]
    date: Mapped[dt.date | None] = mapped_column(index=True)
    placed_on: Mapped[dt.date | None] = mapped_column(index=True)
    first_seen: Mapped[dt.datetime]
    held_known_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    filed: Mapped[bool] = mapped_column(server_default=false(), default=False)


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


class IssueRow(Base):
    """The digest of one ISO week in one zone."""

    __tablename__ = "issues"

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
    corrected_in: Mapped[list[str]] = mapped_column(server_default=_EMPTY_LIST)

    meetings: Mapped[list[IssueMeetingRow]] = relationship(
        order_by="IssueMeetingRow.position", cascade="all, delete-orphan"
    )


class IssueMeetingRow(Base):
    """A meeting that an issue told of, under the id and as the record that it had then."""

    __tablename__ = "issue_meetings"
    __table_args__ = (ForeignKeyConstraint(["week", "zone"], ["issues.week", "issues.zone"]),)

    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    zone: Mapped[str] = mapped_column(primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    position: Mapped[int]
    part: Mapped[IssuePart] = mapped_column(server_default=text("'new'"))
    record: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    articles: Mapped[list[int]] = mapped_column(server_default=_EMPTY_LIST)


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
