"""The body of a stored HTTP answer, out of its transfer-coding and content-codings, as far as it is wanted.

Archives differ in what they keep: some the bytes of the wire, some the decoded body under the headers of the wire. So a
coding that the bytes do not have is passed over.
"""

from __future__ import annotations

import re
import zlib

import brotli
import zstandard

_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_TEXT = re.compile(rb"[\s\xef\xbb\xbf]*<[!?a-zA-Z]")
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW = 1 << 23  # bytes; RFC 9659: what a server may ask of a client
_MEMBERS = 200
"""Of gzip in one body: servers send one, and empty ones without number would be copied once for each."""


class CodingError(ValueError):
    """A body that is not in the coding its head names, nor in none."""


def decoded(body: bytes, *, transfer: str, content: str, most: int) -> bytes:
    """At most `most` bytes of a body, out of `transfer` (Transfer-Encoding) and `content` (Content-Encoding).

    A body that ends too early is given as far as it goes. Raises `CodingError`.
    """
    if "chunked" in transfer.lower():
        body = _unchunked(body)
    for coding in reversed([name.strip().lower() for name in content.split(",")]):
        body = _undone(body, coding, most)
    return body[:most]


def _unchunked(body: bytes) -> bytes:
    """The chunks' data (RFC 9112 §7.1); the body itself where it does not begin with a chunk."""
    parts, at = [], 0
    while found := _CHUNK.match(body, at):
        size = int(found[1], 16)
        parts.append(body[found.end() : found.end() + size])
        at = found.end() + size
        if not size:
            break
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
    return b"".join(parts) if at else body


def _undone(body: bytes, coding: str, most: int) -> bytes:
    try:
        match coding:
            case "gzip" | "x-gzip":
                return _inflated(body, zlib.MAX_WBITS | 16, most) if body.startswith(_GZIP) else body
            case "deflate":
                return _deflated(body, most)
            case "br":
                return _unbrotli(body, most)
            case "zstd":
                return _unzstd(body, most) if body.startswith(_ZSTD) else body
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        if _TEXT.match(body):
            return body
        raise CodingError(f"its body is not in the coding {coding} that it names ({error})") from error
    if coding in ("", "identity", "none", "utf-8") or _TEXT.match(body):
        return body
    raise CodingError(f"its body is in the coding {coding[:40]!r}, which is not known")


def _inflated(body: bytes, form: int, most: int) -> bytes:
    out = b""
    for _ in range(_MEMBERS):
        engine = zlib.decompressobj(form)
        out += engine.decompress(body, most - len(out))
        body = engine.unused_data
        if len(out) >= most or not body.startswith(_GZIP):  # a further member, RFC 1952 §2.2
            break
    return out


def _deflated(body: bytes, most: int) -> bytes:
    """Deflate is sent with zlib's head (RFC 9110 §8.4.1.2) and without."""
    try:
        return _inflated(body, zlib.MAX_WBITS, most)
    except zlib.error:
        if _TEXT.match(body):
            return body
        return _inflated(body, -zlib.MAX_WBITS, most)


def _unbrotli(body: bytes, most: int) -> bytes:
    engine = brotli.Decompressor()
    out = bytearray(engine.process(body, output_buffer_limit=most))
    while len(out) < most and not engine.is_finished() and not engine.can_accept_more_data():
        out += engine.process(b"", output_buffer_limit=most - len(out))
    return bytes(out)


def _unzstd(body: bytes, most: int) -> bytes:
    reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(body, read_across_frames=True)
    out = bytearray()
    while len(out) < most and (piece := reader.read(min(most - len(out), 1 << 16))):
        out += piece
    return bytes(out)
