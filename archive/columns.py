"""What every database takes: column types (UTC moments, durations, text, words), and so many keys a query."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import DateTime, Dialect, Enum, Integer, Text
from sqlalchemy.types import TypeDecorator

# UTF-8 has no lone surrogates and PostgreSQL's text no NUL; damaged pages bring both
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# below the number of bound parameters that every SQLite takes (999 before 3.32)
_KEYS_A_QUERY = 500
K = TypeVar("K")


def storable(text: str) -> str:
    """`text` with what no database takes replaced by U+FFFD, one for one, so that offsets stay."""
    return text if is_storable(text) else _UNSTORABLE.sub("\ufffd", text)


def is_storable(text: str) -> bool:
    """Whether every database takes `text`; found out ten times as quickly as by searching."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware when bound, stored and returned as UTC. A naive one raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - fixed by SQLAlchemy
        """Any zone to UTC."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone and cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """UTC again: SQLite gives naive values back, PostgreSQL the session's zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Seconds(TypeDecorator[timedelta]):
    """A duration, stored as whole seconds."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Rounded to the second."""
        return None if value is None else round(value.total_seconds())

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002
        """A duration again."""
        return None if value is None else timedelta(seconds=value)


class Words(TypeDecorator[str]):
    """Text from outside, made storable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Without lone surrogates and NUL."""
        return None if value is None else storable(value)


def vocabulary(kind: type[StrEnum]) -> Enum:
    """A word of `kind`, stored by its value as plain text, so that a longer vocabulary needs no migration."""
    return Enum(kind, native_enum=False, length=30, values_callable=lambda words: [word.value for word in words])


def batches(keys: Collection[K]) -> Iterator[list[K]]:
    """Keys as many at a time as one query may ask for, in their order."""
    wanted = list(keys)
    return (wanted[start : start + _KEYS_A_QUERY] for start in range(0, len(wanted), _KEYS_A_QUERY))
