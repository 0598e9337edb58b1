"""Where the whole records of a `.warc.gz` stand: each is one gzip member (WARC/1.1, annex D), checked by its CRC."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"\x1f\x8b\x08"
_GZIP = 31  # zlib's wbits for a gzip member with header and CRC
_CHUNK = 1 << 16
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, end) of a file: one whole record, or what is none."""

    start: int
    end: int
    whole: bool


def spans(data: bytes) -> Iterator[Span]:
    """The file from beginning to end; between two whole records at most one span that is none."""
    at = lost = 0
    while at < len(data):
        end = _record_end(data, at)
        if end is None:
            at = data.find(_MAGIC, at + 1)
            at = len(data) if at < 0 else at
            continue
        if lost < at:
            yield Span(lost, at, whole=False)
        yield Span(at, end, whole=True)
        at = lost = end
    if lost < len(data):
        yield Span(lost, len(data), whole=False)


def whole_length(path: Path) -> int:
    """How many bytes of a file that may be growing are whole records, or whatever else stands before one."""
    return max((span.end for span in spans(path.read_bytes()) if span.whole), default=0)


def _record_end(data: bytes, start: int) -> int | None:
    """Where the record that begins at `start` ends; None when none does, or it is not whole."""
    if not data.startswith(_MAGIC, start):
        return None
    unzip = zlib.decompressobj(_GZIP)
    parts, at = [], start
    try:
        while not unzip.eof and at < len(data):
            parts.append(unzip.decompress(data[at : at + _CHUNK]))
            at += _CHUNK
    except zlib.error:
        return None
    if not unzip.eof or not _is_record(b"".join(parts)):
        return None
    return min(at, len(data)) - len(unzip.unused_data)


def _is_record(record: bytes) -> bool:
    """Whether it is a head, a block as long as the head says, and the two line ends of the standard (§4)."""
    head, found, rest = record.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(found and head.startswith(b"WARC/1.") and length and len(rest) == int(length[1]) + 4)
