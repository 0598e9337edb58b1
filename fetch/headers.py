"""Response headers: whether they can be taken, and what they say of when to come again. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from fetch.outcomes import FetchError
from parsers.records import Outcome

# Beyond a year nothing is meant; it also keeps absurd numbers inside timedelta.
LONGEST = timedelta(days=366)

# Twice what the busiest sites send. The size is httpcore's own limit for HTTP/2.
MAX_FIELDS = 200
MAX_SIZE = 64 * 1024
# RFC 9110 §5.5, RFC 9113 §8.2.1; httpcore lets them through in HTTP/2.
_FORBIDDEN = re.compile(rb"[\0\r\n]")

Header = Callable[[str], str | None]


def check(fields: Sequence[tuple[bytes, bytes]], host: str) -> None:
    """Raises `FetchError` (`protocol_error`) when headers are too many, too long or could forge others."""
    if len(fields) > MAX_FIELDS or sum(len(name) + len(value) for name, value in fields) > MAX_SIZE:
        limits = f"{MAX_FIELDS} header fields or {MAX_SIZE:,} bytes of them"
        raise FetchError(Outcome.PROTOCOL_ERROR, f"{host} sent more than {limits}.")
    if any(_FORBIDDEN.search(part) for field in fields for part in field):
        raise FetchError(Outcome.PROTOCOL_ERROR, f"{host} sent a header field with a line break or a zero byte in it.")


def retry_after(header: Header, *, now: datetime) -> timedelta | None:
    """Retry-After (RFC 9110 §10.2.3), in seconds or as an HTTP date; None when absent, unreadable or past.

    A date counts from the server's own Date when it gives one, so that a wrong clock on either side does no harm.
    """
    value = (header("retry-after") or "").strip()
    seconds = _number(value)
    return _until(value, header, now) if seconds is None else _span(seconds)


def max_age(header: Header, *, now: datetime) -> timedelta | None:
    """How long the answer stays fresh (RFC 9111 §4.2): max-age less Age, else Expires less Date; None when it is not.

    `no-cache` and `no-store` forbid reuse, which says nothing of how often to ask.
    """
    directives = [part.strip().lower() for part in (header("cache-control") or "").split(",")]
    if {"no-cache", "no-store"} & set(directives):
        return None
    for directive in directives:
        name, _, value = directive.partition("=")
        seconds = _number(value.strip(' "'))
        if name == "max-age" and seconds is not None:
            return _span(seconds - (_number((header("age") or "").strip()) or 0))
    return _until((header("expires") or "").strip(), header, now)


def ahead(header: Header, *, now: datetime) -> timedelta | None:
    """By how much our clock, which says `now`, is ahead of the server's (RFC 9110 §6.6.1 Date); None without a Date.

    What a cache kept counts from when it answers: Age is added (RFC 9111 §5.1).
    """
    moment = http_date(header("date") or "")
    age = timedelta(seconds=_number((header("age") or "").strip()) or 0)
    return now - moment - age if moment else None


def _number(digits: str) -> int | None:
    """What digits say, at most `LONGEST`: `int` refuses thousands of them. None for anything else."""
    if not (digits.isascii() and digits.isdigit()):
        return None
    longest = int(LONGEST.total_seconds())
    return longest if len(digits.lstrip("0")) > len(str(longest)) else min(int(digits[-len(str(longest)) :]), longest)


def _until(value: str, header: Header, now: datetime) -> timedelta | None:
    moment = http_date(value)
    if moment is None:
        return None
    seconds = (moment - (http_date(header("date") or "") or now)).total_seconds()
    return _span(int(seconds))


def _span(seconds: int) -> timedelta | None:
    return timedelta(seconds=min(seconds, int(LONGEST.total_seconds()))) if seconds > 0 else None


def http_date(value: str) -> datetime | None:
    """An HTTP date as UTC, None when unreadable. One without a zone is UTC, as HTTP dates always are (§5.6.7)."""
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
