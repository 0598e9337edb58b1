"""WARC files made by hand for tests, whole or wrong in one way, and what a reader takes out of them."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

import zstandard

from archive.captures import CaptureReader
from archive.records import Capture, Chunk, InputKind, Unreadable

HTML = b"<html><title>Talks</title><p>They met in Hanoi.</p></html>"
PACKINGS = ("plain", "gzip", "zstd")


@dataclass(frozen=True)
class Read:
    """What came out of a chunk."""

    pages: list[Capture]
    unreadable: list[Unreadable]
    others: int
    first: int | None
    next: int | None

    @property
    def urls(self) -> list[str]:
        return [page.url for page in self.pages]

    @property
    def reasons(self) -> list[str]:
        return [found.reason for found in self.unreadable]


class OneWay(io.BytesIO):
    """Bytes that can be read once, as a stream of a server without ranges."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise ValueError("it cannot seek")


def url(number: int) -> str:
    return f"https://news.example/{number}"


def http(body: bytes = HTML, *headers: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    """An HTTP answer; without headers it is HTML in UTF-8."""
    lines = [status, *(headers or ("Content-Type: text/html; charset=utf-8",))]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def record(number: int, block: bytes | None = None, *, kind: str = "response", length: object = None) -> bytes:
    """A record; `length` is said instead of the true one."""
    block = http(HTML + b"<!-- %d -->" % number) if block is None else block
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-0000-0000-{number:012d}>",
        "WARC-Target-URI": url(number),
        "WARC-Date": "2024-12-11T08:30:00Z",
        "Content-Type": f"application/http; msgtype={kind}",
        "Content-Length": len(block) if length is None else length,
    }
    head = "WARC/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode() + b"\r\n" + block + b"\r\n\r\n"


def packed(packing: str, data: bytes) -> bytes:
    """A piece of a file."""
    match packing:
        case "gzip":
            return gzip.compress(data, mtime=0)
        case "zstd":
            return zstandard.ZstdCompressor(write_checksum=True).compress(data)
    return data


def warc(packing: str, records: Sequence[bytes]) -> bytes:
    """A file with each record packed by itself."""
    return b"".join(packed(packing, one) for one in records)


def read(data: bytes, start: int = 0, end: int | None = None, *, one_way: bool = False) -> Read:
    """What the reader makes of a chunk of a file."""
    chunk = Chunk("news.warc", InputKind.WARC, start, len(data) if end is None else end)
    reader = CaptureReader(OneWay(data) if one_way else io.BytesIO(data), chunk)
    found = list(reader)
    return Read(
        pages=[one for one in found if isinstance(one, Capture)],
        unreadable=[one for one in found if isinstance(one, Unreadable)],
        others=found.count(None),
        first=reader.first,
        next=reader.next,
    )


RECORDS = [record(number) for number in range(12)]
URLS = [url(number) for number in range(12)]
HARD = random.Random(7).randbytes(400_000)  # noqa: S311
"""Does not pack, so that what is nested stands in the file as it is."""
