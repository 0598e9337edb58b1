"""A small crawl for backfills: news pages of which it is known what they tell, in a WARC file.

Of every ten pages one tells of a meeting, each meeting by two outlets; one names both countries and no meeting, seven
one country only, one nothing.
"""

from __future__ import annotations

import gzip
import os
import signal
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from archive import backfills
from flows.chunkwork import Order, work_chunk
from flows.owner import is_gone, owner
from flows.steps import now_utc

FIRST_DAY = date(2024, 1, 2)
_TALKS = (
    "{day:%B} {day.day}, {day.year} – Chinese Foreign Minister Wang Yi met with Vietnamese Foreign Minister Bui Thanh "
    "Son in Beijing on {day:%B} {day.day}, and they spoke of railways and of trade across the land border."
)
_BOTH = "Trade between China and Vietnam grew by a tenth, customs said, since more fruit crosses the border by rail."
_ONE = "Farmers in the north of Vietnam expect a good harvest after a summer with little rain, the ministry said."
_NOTHING = "A chess club in a small town has won the cup of its county for the third time in a row, to its surprise."
_MORE = "Officials said that further steps would follow in the months to come, and that details would be made public."


def page(title: str, text: str, day: date) -> bytes:
    """A news page as outlets make them, in UTF-8."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:title" content="{title}">'
        f'<meta property="article:published_time" content="{day}T09:00:00+00:00"></head><body><nav>News Sport</nav>'
        f"<article><h1>{title}</h1><p>{text}</p><p>{_MORE}</p><p>{_MORE} Number {day:%j}.</p></article></body></html>"
    ).encode()


def pages(count: int) -> list[tuple[str, bytes]]:
    """So many pages with their addresses, a fifth of them about both countries."""
    return [(_url(number), _page(number)) for number in range(count)]


def expected(count: int) -> dict[date, set[str]]:
    """The days of the meetings that so many pages tell of, with the addresses that do."""
    days: dict[date, set[str]] = {}
    for number in range(0, count, 10):
        days.setdefault(_day(number), set()).add(_url(number))
    return days


def _url(number: int) -> str:
    return f"https://outlet{number // 10 % 2}.example/news/{number:06}.html"


def _day(number: int) -> date:
    # far enough apart for no two meetings to be one
    return FIRST_DAY + timedelta(days=5 * (number // 20))


def _page(number: int) -> bytes:
    day, kind = _day(number), number % 10
    if kind == 0:
        return page(f"Foreign ministers hold talks {number}", _TALKS.format(day=day), day)
    return page(f"News of the day {number}", {1: _BOTH, 9: _NOTHING}.get(kind, _ONE), day)


def response(url: str, body: bytes, at: datetime = datetime(2024, 12, 1, tzinfo=UTC)) -> bytes:
    """A WARC record of an answer (ISO 28500:2017, §6.3)."""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {at:%Y-%m-%dT%H:%M:%SZ}\r\n"
        f"WARC-Record-ID: <urn:uuid:{abs(hash(url)):032x}>\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def write_warc(path: Path, records: Iterable[bytes]) -> Path:
    """The records in a file, each in a gzip member of its own where the name ends in .gz."""
    packed = path.suffix == ".gz"
    path.write_bytes(b"".join(gzip.compress(record, 1) if packed else record for record in records))
    return path


def crawl(path: Path, count: int) -> Path:
    """A WARC file of so many pages."""
    return write_warc(path, [response(url, body) for url, body in pages(count)])


def days_of(meetings: Sequence[tuple[date | None, Iterable[str | None]]]) -> dict[date | None, set[str | None]]:
    """Meetings as `expected` gives them; fails where two are of one day."""
    days = {day: set(urls) for day, urls in meetings}
    assert len(days) == len(meetings), "a meeting stands there twice"
    return days


def deadly(order: Order, number: int) -> str:
    """`work_chunk` in a worker that the second chunk kills."""
    if number != 2:
        return work_chunk(order, number)
    with order.open() as archive, archive.write() as s:
        claimed = backfills.claim(s, order.backfill, owner=owner(), now=now_utc(), is_gone=is_gone, chunk=number)
    if claimed:
        os.kill(os.getpid(), signal.SIGKILL)
    return ""
