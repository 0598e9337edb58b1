"""Pages out of WARC files, ours and others' (ISO 28500:2017): plain, gzip or zstd, whole or a part of a file.

A part [start, end) takes the records that begin in it and finds the first of them by itself. Whatever is damaged is
told as such, and the reading goes on at the next record.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from typing import BinaryIO

from archive.codings import CodingError, decoded
from archive.members import NO_RECORD, RECORD, DamagedError, Packing, Window, packing_of
from archive.records import Capture, Chunk, Unreadable

MAX_PAGE = 5 * 1024 * 1024
"""Bytes of a page that are kept, packed and unpacked; `parsers.text` reads a fifth of that."""

_MAX_HEAD = 1 << 16
_MAX_BLOCK = MAX_PAGE + _MAX_HEAD
_MAX_DIGITS = 18
_LONGEST_MARK = 64
_ENDS = (b"\r\n\r\n", b"\n\n")
_END = 4
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FIELDS = re.compile(
    rb"^(WARC-Type|WARC-Target-URI|WARC-Date|Content-Length|Content-Type)[ \t]*:[ \t]*([^\r\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_HTTP_FIELDS = re.compile(
    rb"^(Content-Type|Content-Encoding|Transfer-Encoding)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE
)
_STATUS = re.compile(rb"(?:HTTP/\d(?:\.\d)?[ \t]+|:status:[ \t]*)(\d{3})\b")
_GOOD = (b"200", b"203")
_HTML = re.compile(r"\s*(?:text/html|application/xhtml\+xml)\b", re.IGNORECASE)
_LIKE_HTML = re.compile(rb"[\s\xef\xbb\xbf]*(?:<!doctype html|<html|<!--[^>]*-->\s*<html)\b", re.IGNORECASE)
_LIKE_FEED = re.compile(
    rb"[\s\xef\xbb\xbf]*(?:<\?xml[^>]*>\s*)?(?:<!--(?>.*?-->)\s*)*+<(?:rss|feed|rdf:rdf|urlset|sitemapindex)\b",
    re.IGNORECASE | re.DOTALL,
)


class CaptureReader:
    """The records of a chunk of a WARC file, in their order; None for a record that is no page.

    `first`: where the first record begins, None when none does; `next`: where the record begins that follows the last,
    or the file ends. Asking for a record raises OSError where the file cannot be read.
    """

    def __init__(self, file: BinaryIO, chunk: Chunk) -> None:
        self._window = Window(file)
        self._chunk = chunk
        self.first: int | None = None
        self.next: int | None = None

    def __iter__(self) -> Iterator[Capture | Unreadable | None]:
        if not self._window.view(0, 1):
            yield self._unreadable(0, "the file is empty")
            return
        try:
            packing = packing_of(self._window)
        except DamagedError as error:
            yield self._unreadable(0, str(error))
            return
        at = self.first = packing.find_record(self._chunk.start, self._chunk.end)
        if self._chunk.start == 0 < self._chunk.end:
            yield from self._gap(packing, 0, at)
        while at is not None and at < self._chunk.end:
            behind, damage = yield from self._run(packing, at)
            at = packing.find_record(behind)
            self.next = self._window.reached if at is None else at
            if not damage:
                yield from self._gap(packing, behind, at)

    def _gap(self, packing: Packing, behind: int, found: int | None) -> Iterator[Unreadable]:
        """What lies between a record's end, or the file's beginning, and the next record, if it is anything."""
        fault = packing.fault(behind, self._window.reached if found is None else found) if found != behind else ""
        if fault or (found is None and behind == 0):
            yield self._unreadable(behind, fault or NO_RECORD)

    def _run(self, packing: Packing, at: int) -> Generator[Capture | Unreadable | None, None, tuple[int, str]]:
        """The records from a piece's beginning to its end, or the chunk's; the offset to go on at, and the damage."""
        stream = _Stream(packing, at)
        while stream.begins_more() and stream.place < self._chunk.end:
            found = self._record(stream)
            if found is not None or not stream.damage:  # of a record that is cut off, the damage is told
                yield found
        if not stream.damage:
            return stream.place, ""
        yield self._unreadable(stream.place, stream.damage)
        return self._window.back_to(stream.place + 1), stream.damage

    def _record(self, stream: _Stream) -> Capture | Unreadable | None:
        place = stream.place
        head, start, length = _head(stream.have(_MAX_HEAD))
        if not head:
            head, start, length = _head(stream.have(_MAX_HEAD, joined=True))
        if length is None:
            stream.drop_to_next(max(1, start))
            return self._unreadable(place, "its head does not say how long it is" if head else NO_RECORD)
        block = stream.block(start, length)
        where = f"{self._chunk.input} at byte {place:,}"
        if block is None:
            return None if stream.damage else Unreadable(where, "it is cut off")
        try:
            return _page(head, block, where)
        except CodingError as error:
            return Unreadable(where, str(error))

    def _unreadable(self, at: int, reason: str) -> Unreadable:
        return Unreadable(f"{self._chunk.input} at byte {at:,}", reason)


def splits(file: BinaryIO) -> bool:
    """Whether the reading of a WARC file can begin at any of its records. Raises OSError.

    It can where each is packed by itself or none is; the first one tells.
    """
    window = Window(file)
    try:
        packing = packing_of(window)
    except DamagedError:
        return False
    if packing.exact:
        return True
    at = packing.find_record(0)
    if at is None:
        return False
    stream = _Stream(packing, at)
    stream.begins_more()
    _, start, length = _head(stream.have(_MAX_HEAD))
    if length is None or stream.block(start, length) is None:
        return False
    return not stream.begins_more() and not stream.joined and not stream.damage


def _head(data: bytes) -> tuple[dict[bytes, bytes], int, int | None]:
    """A record's fields that matter, where its block begins, and how long that is said to be, if it is."""
    head_end = _HEAD_END.search(data, 0, _MAX_HEAD)
    if not head_end or not RECORD.match(data) or RECORD.search(data, 1, head_end.end()):
        return {}, 0, None
    # of a field that stands twice, the first counts
    head = {name.lower(): value.strip() for name, value in reversed(_FIELDS.findall(data, 0, head_end.end()))}
    length = head.get(b"content-length", b"")
    return head, head_end.end(), int(length) if length.isdigit() and len(length) <= _MAX_DIGITS else None


class _Stream:
    """What the pieces from one on hold, as much of it as is asked for at a time.

    It goes on into the next piece only within a record; `joined`: it did. `damage`: why it cannot go on.
    """

    def __init__(self, packing: Packing, at: int) -> None:
        self._packing = packing
        self._unit = packing.unit(at)
        self._data = b""
        self._taken = 0
        self._ended = False
        self.joined = False
        self.damage = ""

    @property
    def place(self) -> int:
        """The offset of what comes next; where it is packed, that of its piece, and behind the last one its end."""
        if self._packing.exact:
            return self._unit.start + self._taken
        return self._unit.end if self._ended and not self._data and not self.damage else self._unit.start

    def have(self, size: int, *, joined: bool = False) -> bytes:
        """The next bytes, `size` or more unless fewer are left; `joined`: of the pieces behind this one, too."""
        parts, held = [self._data], len(self._data)
        while held < size and not self.damage:
            try:
                piece = self._unit.read()
            except DamagedError as error:
                self.damage = str(error)
                break
            if not piece:
                if joined and self._joins_next():
                    continue
                self._ended = True
                break
            parts.append(piece)
            held += len(piece)
        if len(parts) > 1:
            self._data = b"".join(parts)
        return self._data

    def begins_more(self) -> bool:
        """Whether anything but empty lines is left in the piece."""
        while data := self.have(1):
            blank = len(data) - len(data.lstrip(b"\r\n"))
            self._drop(blank)
            if blank < len(data):
                return True
        return False

    def block(self, start: int, length: int) -> bytes | None:
        """The record's block, which begins at `start` and is said to be of `length` bytes; takes the record away.

        At most `_MAX_BLOCK` bytes are given. A length that the bytes do not bear out counts for nothing: the block ends
        with its piece, or where the next record begins. None where it is cut off.
        """
        kept = min(length, _MAX_BLOCK)
        data = self.have(start + kept + _END, joined=True)
        end = start + kept
        if kept == length and len(data) >= end and not data[end : end + _END].strip(b"\r\n"):
            self._drop(end)
            return data[start:end]
        if kept < length and len(data) > end and not RECORD.search(data, start):
            self._drop(end)
            whole = self._skip(length - kept) or not (self._packing.exact or self.damage)
            return data[start:end] if whole else None
        data = self.have(start + _MAX_BLOCK, joined=True)
        if found := RECORD.search(data, start):
            self._drop(found.start())
            block = data[start : found.start()]
            return block.rstrip(b"\r\n") if block.endswith(_ENDS) else None
        self.drop_to_next(len(data))
        if self.damage or (self._packing.exact and len(data) < end):
            return None
        return data[start : start + _MAX_BLOCK].rstrip(b"\r\n")

    def drop_to_next(self, size: int) -> None:
        """Goes on, by `size` bytes at least, to where the next record begins, or to the piece's end."""
        self._drop(size)
        while data := self.have(_MAX_HEAD):
            if found := RECORD.search(data):
                self._drop(found.start())
                return
            self._drop(max(1, len(data) - _LONGEST_MARK))

    def _skip(self, size: int) -> bool:
        while size and (data := self.have(1, joined=True)):
            dropped = min(size, len(data))
            self._drop(dropped)
            size -= dropped
        return not size

    def _drop(self, size: int) -> None:
        self._data = self._data[size:]
        self._taken += size

    def _joins_next(self) -> bool:
        """Whether the piece behind this one goes on with the same record; it is then the one that is read."""
        at = self._unit.end
        if self._packing.exact or not self._packing.begins(at) or self._packing.begins_record(at):
            return False
        self._unit = self._packing.unit(at)
        self.joined = True
        return True


def _page(head: Mapping[bytes, bytes], block: bytes, where: str) -> Capture | None:
    """The page in a record's block, None where it holds something else. Raises `CodingError`."""
    url = head.get(b"warc-target-uri", b"").strip(b"<>").decode("utf-8", "replace")
    if not url.lower().startswith(("http://", "https://")) or not url.isprintable():
        return None
    kind = head.get(b"warc-type", b"").lower()
    if kind == b"response":
        answer = _answer(block)
    elif kind == b"resource":
        answer = _text(head.get(b"content-type")), block
    else:
        return None
    if answer is None or not _is_html(*answer):
        return None
    content_type, body = answer
    return Capture(url, body, content_type, _moment(head.get(b"warc-date", b"")), where)


def _answer(block: bytes) -> tuple[str | None, bytes] | None:
    """Content-Type and body of a good HTTP answer, None for any other. Raises `CodingError`."""
    head_end = _HEAD_END.search(block, 0, _MAX_HEAD)
    status = _STATUS.match(block)
    if not head_end or not status or status[1] not in _GOOD:
        return None
    head = {name.lower(): _text(value) for name, value in _HTTP_FIELDS.findall(block, 0, head_end.end())}
    content_type = head.get(b"content-type")
    if content_type and not _HTML.match(content_type):
        return None
    transfer, content = head.get(b"transfer-encoding") or "", head.get(b"content-encoding") or ""
    return content_type, decoded(block[head_end.end() :], transfer=transfer, content=content, most=MAX_PAGE)


def _is_html(content_type: str | None, body: bytes) -> bool:
    if content_type is None:
        return bool(_LIKE_HTML.match(body))
    return bool(body) and bool(_HTML.match(content_type)) and not _LIKE_FEED.match(body)


def _text(value: bytes | None) -> str | None:
    return value.decode("latin-1").strip() or None if value is not None else None


def _moment(written: bytes) -> datetime | None:
    """A WARC-Date, which is UTC (§5.4); None for what is none."""
    try:
        moment = datetime.fromisoformat(written.decode("ascii", "replace"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
