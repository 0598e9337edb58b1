"""Raw answers as WARC/1.1 (ISO 28500:2017), one file per run, each exchange on the disk before the next begins.

An answer's body is decoded from its content-coding, so the headers that describe the encoded bytes are kept under
`X-Archive-Orig-` and `Content-Length` counts what is stored. HTTP/2 exchanges are written in HTTP/1.1 form, which is
all that WARC readers take, with the true protocol in `WARC-Protocol`.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import threading
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.errors import file_error
from parsers.records import Answer

FOLDER = "raw"
_ORIGINAL = "X-Archive-Orig-"
_CODINGS = {"content-encoding", "transfer-encoding"}
# the identifiers of iipc/warc-specifications issue 42
_PROTOCOLS = {"HTTP/2": "h2", "HTTP/1.1": "http/1.1", "HTTP/1.0": "http/1.0"}


class RawWriter:
    """Appends exchanges to `home/raw/YYYY-MM-DD-<run>.warc.gz`, made at the first of them. Safe for threads.

    A kill loses at most the exchange being written: every one before it is whole and readable.
    """

    def __init__(self, home: Path, run: str, now: dt.datetime) -> None:
        self._folder = home / FOLDER
        self._stem = f"{now.astimezone(dt.UTC):%Y-%m-%d}-{re.sub(r'[^A-Za-z0-9._-]+', '-', run)}"
        self._now = now
        self._lock = threading.Lock()
        self._file: io.FileIO | None = None
        self.path: Path | None = None

    def write(self, answer: Answer) -> None:
        """Keeps an exchange; nothing when no answer came. Raises `ArchiveError` when it cannot be written."""
        if answer.status is None:
            return
        exchange = exchange_bytes(answer)
        with self._lock:
            try:
                file = self._file or self._create()
                _append(file, exchange)
                if answer.body:
                    # a 304 says nothing that the next poll would not say again
                    os.fsync(file.fileno())
            except OSError as error:
                raise file_error(error, f"The raw archive {self.path or self._folder}") from error

    def close(self) -> None:
        """Closes the file, if there is one; a later `write` begins another."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _create(self) -> io.FileIO:
        """A file of our own: what a killed run of the same name left may end in half a record."""
        self._folder.mkdir(exist_ok=True)
        number = 1
        while True:
            self.path = self._folder / f"{self._stem}{'' if number == 1 else f'-{number}'}.warc.gz"
            try:
                self._file = io.FileIO(self.path, "x")
            except FileExistsError:
                number += 1
                continue
            _append(self._file, _warcinfo(self.path.name, self._now))
            return self._file


def exchange_bytes(answer: Answer) -> bytes:
    """The gzipped records of one exchange: response, request and, after redirects, the address first asked for."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
    url = answer.read_from
    dated = {
        "WARC-Date": _warc_date(answer.fetched_at),
        "WARC-Protocol": _PROTOCOLS.get(answer.http_version, "http/1.1"),
    }
    body = io.BytesIO(answer.body)
    response = writer.create_warc_record(
        url,
        "response",
        payload=body,
        length=len(answer.body),
        http_headers=_response_head(answer),
        warc_headers_dict=dated,
    )
    request = writer.create_warc_record(
        url, "request", http_headers=_request_head(answer, url), warc_headers_dict=dated
    )
    writer.write_request_response_pair(request, response)
    if url != answer.url:
        writer.write_record(_metadata(writer, answer, url, response))
    return out.getvalue()


class _Head(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """A start line and headers, written as they are; warcio would percent-encode every letter beyond ASCII."""

    def to_ascii_bytes(self, filter_func: None = None) -> bytes:
        """The block in UTF-8; the name is warcio's."""
        return bytes(self.to_bytes(filter_func, encoding="utf-8"))


def _response_head(answer: Answer) -> StatusAndHeaders:
    length = str(len(answer.body))
    headers = [
        (name if _describes_body(name, value, length) else f"{_ORIGINAL}{name}", value)
        for name, value in answer.headers
    ]
    if not any(name.lower() == "content-length" for name, _ in headers):
        headers.append(("Content-Length", length))
    return _Head(f"{answer.status} {answer.reason}".rstrip(), headers, protocol=_http_1(answer))


def _describes_body(name: str, value: str, length: str) -> bool:
    """False for a header that describes the bytes on the wire where those differ from the stored ones."""
    folded = name.lower()
    return folded not in _CODINGS and (folded != "content-length" or value.strip() == length)


def _request_head(answer: Answer, url: str) -> StatusAndHeaders:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Head(f"{target} {_http_1(answer)}", list(answer.request_headers), protocol="GET")


def _http_1(answer: Answer) -> str:
    return answer.http_version if answer.http_version in ("HTTP/1.0", "HTTP/1.1") else "HTTP/1.1"


def _metadata(writer: WARCWriter, answer: Answer, url: str, response: ArcWarcRecord) -> ArcWarcRecord:
    fields = f"via: {answer.url}\r\n".encode()
    named = {
        "WARC-Date": _warc_date(answer.fetched_at),
        "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
    }
    return writer.create_warc_record(
        url, "metadata", payload=io.BytesIO(fields), length=len(fields), warc_headers_dict=named
    )


def _warcinfo(name: str, now: dt.datetime) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
    facts = {
        "software": "china-vietnam-meetings",
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    }
    record = writer.create_warcinfo_record(name, facts)
    record.rec_headers.replace_header("WARC-Date", _warc_date(now))
    writer.write_record(record)
    return out.getvalue()


def _warc_date(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _append(file: io.FileIO, data: bytes) -> None:
    """Writes all of `data`, or none of it: a half record would make what follows unreadable."""
    start = file.tell()
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(start)
        file.seek(start)
        raise
