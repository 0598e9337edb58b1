"""The body of an answer, decoded piece by piece so that no packed body can fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import brotli

from fetch.outcomes import FetchError
from parsers.records import Outcome

# What is asked for, and all that is understood.
ACCEPT_ENCODING = "gzip, br"

_PIECE = 64 * 1024
# HTML and feeds pack 5 to 30 times smaller; gzip cannot pass 1032. The floor lets small, very regular feeds through.
MAX_RATIO = 250
RATIO_FLOOR = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


def read_body(chunks: Iterable[bytes], *, host: str, encoding: str, max_body: int) -> bytes:
    """All of `chunks`, decoded from `encoding` (a Content-Encoding value).

    Raises `FetchError`: `too_large` beyond `max_body` decoded bytes or when it unpacks like a bomb, `protocol_error`
    when it is no such encoding or ends too early.
    """
    decode = _decoder(encoding.strip().lower(), host)
    body = bytearray()
    packed = 0
    try:
        for chunk in chunks:
            packed += len(chunk)
            for piece in decode.pieces(chunk):
                body += piece
                if len(body) > max_body:
                    raise FetchError(Outcome.TOO_LARGE, f"{host} sent more than {max_body:,} bytes.")
                if len(body) > RATIO_FLOOR and len(body) > packed * MAX_RATIO:
                    raise FetchError(
                        Outcome.TOO_LARGE, f"{host} sent a body that unpacks to more than {MAX_RATIO} times."
                    )
    except (zlib.error, brotli.error) as error:
        raise FetchError(
            Outcome.PROTOCOL_ERROR, f"{host} sent a body that is not the {encoding} it says: {error}."
        ) from error
    if packed and not decode.complete:
        raise FetchError(Outcome.PROTOCOL_ERROR, f"{host} sent a {encoding} body that ends too early.")
    return bytes(body)


class _Plain:
    complete = True

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Gzip:
    def __init__(self) -> None:
        self._engine = _gzip_engine()
        self._after = b""

    @property
    def complete(self) -> bool:
        return self._engine.eof

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._engine.eof:
                # a further member (RFC 1952 §2.2); anything else after the end is padding, which browsers ignore too
                self._after = data = self._after + data
                if not data.startswith(_GZIP_MAGIC):
                    self._after = data[: len(_GZIP_MAGIC)]
                    return
                self._engine, self._after = _gzip_engine(), b""
            piece = self._engine.decompress(data, _PIECE)
            data = self._engine.unconsumed_tail or self._engine.unused_data
            yield piece
            if not data and len(piece) < _PIECE:
                return


class _Brotli:
    def __init__(self) -> None:
        self._engine = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._engine.is_finished())

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while not self._engine.is_finished():
            piece = self._engine.process(data, output_buffer_limit=_PIECE)
            yield piece
            # a full piece may have more behind it even when all input is taken in
            if len(piece) < _PIECE and self._engine.can_accept_more_data():
                return
            data = b""


def _gzip_engine() -> zlib._Decompress:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _decoder(encoding: str, host: str) -> _Plain | _Gzip | _Brotli:
    match encoding:
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip()
        case "br":
            return _Brotli()
    raise FetchError(Outcome.PROTOCOL_ERROR, f"{host} answered in the encoding {encoding}, which was not asked for.")
