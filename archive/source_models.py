"""What all tables have in common, and the tables of what is polled; `archive.models` has the others."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import JSON, Index, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from archive.columns import Seconds, UtcDateTime, Words, vocabulary
from archive.records import ChunkState, DeliveryState, InputKind, IssuePart, IssueState
from parsers.records import Outcome, Side

# what a row of before the column means
NONE, EMPTY_LIST = text("0"), text("'[]'")


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
        list[dict[str, Any]]: JSON,
        list[dict[str, str]]: JSON,
        list[str]: JSON,
        list[int]: JSON,
        Outcome: vocabulary(Outcome),
        Side: vocabulary(Side),
        IssueState: vocabulary(IssueState),
        IssuePart: vocabulary(IssuePart),
        DeliveryState: vocabulary(DeliveryState),
        InputKind: vocabulary(InputKind),
        ChunkState: vocabulary(ChunkState),
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
    astray: Mapped[int] = mapped_column(server_default=NONE)
    gone_since: Mapped[dt.datetime | None]
    alarms: Mapped[list[dict[str, str]]] = mapped_column(server_default=EMPTY_LIST)
    listed: Mapped[list[str]] = mapped_column(server_default=EMPTY_LIST)
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
    followed: Mapped[int] = mapped_column(server_default=NONE)
    new_entries: Mapped[int] = mapped_column(server_default=NONE)
    by_outlet: Mapped[int] = mapped_column(server_default=NONE)
    by_generic: Mapped[int] = mapped_column(server_default=NONE)
    pages_failed: Mapped[int] = mapped_column(server_default=NONE)
    without_text: Mapped[int] = mapped_column(server_default=NONE)
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
