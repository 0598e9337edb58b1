"""The pieces that a stored file is made of, each to be unpacked by itself: gzip members, zstd frames, or plain bytes.

A WARC file has one piece per record (WARC/1.1 annex D; the zstd form by iipc's "WARC-Zstandard-Compression"), so that
its reading can begin at any of them; whoever packed a file as a whole left one piece of many records.
"""

from __future__ import annotations

import io
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import BinaryIO, ClassVar

import zstandard
from isal import isal_zlib
from typing_extensions import Buffer

RECORD = re.compile(rb"WARC/[01]\.\d{1,2}\r?\n(?i:WARC-[A-Z-]{3,32}|Content-Type|Content-Length)[ \t]?:")
"""How each record of a WARC file begins."""
NO_RECORD = "no WARC record begins here"

_BLOCK = 1 << 18
"""Bytes read from a file at once; of those before, as many stay at hand."""
_FEED = 1 << 16
_PIECE = 1 << 17
_FIRST = 512
"""Bytes of a piece that tell what it holds."""
_GZIP = re.compile(rb"\x1f\x8b\x08")
_GZIP_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its types call the class an instance
_GZIP_MEMBER = 31  # zlib's wbits for a gzip member with header and CRC
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd")
_ZSTD_SKIPPED = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_ZSTD_DICTIONARY = b"\x5d\x2a\x4d\x18"
_ZSTD_REPEATED = 1  # the type of a block that is one byte, many times
_SEARCHED = 1 << 24
"""Bytes in which a file that does not begin as it should shows how it is packed."""
_ZSTD_WINDOW = 1 << 27  # bytes; what zstd's own command takes without being asked for more
_MAX_DICTIONARY = 1 << 24


class DamagedError(Exception):
    """What was read is not whole; the text says why."""


class Window:
    """A file read from front to back; what was read last can be read again, all of it where the file can seek."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._seeks = file.seekable()
        self._data = b""
        self._base = 0

    @property
    def reached(self) -> int:
        """How far the file was read: its length, once a view was cut short."""
        return self._base + len(self._data)

    def view(self, at: int, size: int) -> bytes:
        """Bytes [at, at + size) of the file, fewer at its end; `at` is one that `back_to` gives. Raises OSError."""
        return bytes(self.loan(at, size))

    def loan(self, at: int, size: int) -> memoryview:
        """As `view`, but not copied."""
        if self._seeks and not self._base <= at <= self.reached + _BLOCK:
            self._file.seek(at)
            self._data, self._base = b"", at
        while at + size > self.reached:
            piece = self._file.read(max(size, _BLOCK))
            if not piece:
                break
            spare = max(0, min(at - self._base, len(self._data)) - _BLOCK)
            self._data = self._data[spare:] + piece
            self._base += spare
        return memoryview(self._data)[at - self._base : at - self._base + size]

    def back_to(self, at: int) -> int:
        """The first offset from `at` on that can still be read."""
        return at if self._seeks else max(at, self._base)

    def find(self, pattern: re.Pattern[bytes], at: int, stop: int | None = None) -> Iterator[int]:
        """Where in [at, stop) `pattern` begins, which is shorter than 64 bytes."""
        while True:
            data = self.view(at, _PIECE)
            for found in pattern.finditer(data):
                if stop is not None and at + found.start() >= stop:
                    return
                yield at + found.start()
            if len(data) < _PIECE or (stop is not None and at + _PIECE >= stop + 64):
                return
            at += _PIECE - 64


class Unit:
    """One piece being unpacked, some 128 KiB at once; `end` is known when nothing more comes.

    Reading raises `DamagedError` where what follows cannot be unpacked.
    """

    def __init__(self, packing: Packing, at: int) -> None:
        self.start = self.end = at
        self._pieces = packing.unpack(self)
        self._held = b""

    def begin(self) -> bytes:
        """What it begins with, but for empty lines; still to be read."""
        while len(self._held) < _FIRST and (piece := next(self._pieces, b"")):
            self._held += piece
        return self._held.lstrip(b"\r\n")

    def read(self) -> bytes:
        """What comes next; nothing at its end."""
        held, self._held = self._held, b""
        return held or next(self._pieces, b"")


class Packing(ABC):
    """How a file is packed. `exact`: offsets in what a piece holds are offsets in the file."""

    exact: ClassVar[bool] = False
    magic: ClassVar[re.Pattern[bytes]]

    def __init__(self, window: Window) -> None:
        self.window = window
        self._found: Unit | None = None

    @abstractmethod
    def unpack(self, unit: Unit) -> Iterator[bytes]:
        """What `unit` holds, piece by piece; moves its `end` on."""

    def begins(self, at: int) -> bool:
        """Whether a piece begins at `at`, as far as its first bytes say."""
        return bool(self.magic.match(self.window.view(at, _FIRST)))

    def unit(self, at: int) -> Unit:
        """The piece that begins at `at`, to be read once."""
        found, self._found = self._found, None
        return found if found and found.start == at else Unit(self, at)

    def begins_record(self, at: int) -> bool:
        """Whether a piece begins at `at`, and in it a record."""
        if self._found and self._found.start == at:
            return True
        unit = Unit(self, at)
        try:
            if not self.begins(at) or not RECORD.match(unit.begin()):
                return False
        except DamagedError:
            return False
        # it is mostly read next, and what is unpacked already need not be unpacked again
        self._found = unit
        return True

    def fault(self, at: int, until: int) -> str:
        """Why no record begins at `at`, where the next one is at `until`; nothing where nothing but blanks is lost."""
        at = self.window.back_to(at)
        try:
            if not self.window.view(at, min(until - at, _PIECE)).strip(b"\r\n") or not Unit(self, at).begin():
                return ""
        except DamagedError as error:
            return str(error) if self.begins(at) else NO_RECORD
        return NO_RECORD

    def find_record(self, at: int, stop: int | None = None) -> int | None:
        """Where in [at, stop) the first piece begins that a record begins; None where none does."""
        if (stop is None or at < stop) and self.begins_record(at):
            return at
        return next((place for place in self.window.find(self.magic, at, stop) if self.begins_record(place)), None)


class Plain(Packing):
    """Not packed at all."""

    exact = True
    magic = RECORD

    def unpack(self, unit: Unit) -> Iterator[bytes]:
        """See `Packing`."""
        while piece := self.window.view(unit.end, _PIECE):
            unit.end += len(piece)
            yield piece


class Gzip(Packing):
    """Gzip members (RFC 1952), each checked by its CRC."""

    magic = _GZIP

    def unpack(self, unit: Unit) -> Iterator[bytes]:
        """See `Packing`."""
        engine = isal_zlib.decompressobj(_GZIP_MEMBER)
        while not engine.eof:
            given: bytes | memoryview = engine.unconsumed_tail
            if not given:
                given = self.window.loan(unit.end, _FEED)
                unit.end += len(given)
            try:
                piece = engine.decompress(given, _PIECE)
            except _GZIP_ERROR as error:
                raise DamagedError(f"its gzip data is damaged ({error})") from error
            if piece:
                yield piece
            elif not given:
                raise DamagedError("the file ends within it")
        unit.end -= len(engine.unused_data)


class Zstd(Packing):
    """Zstandard frames (RFC 8878), each checked by its checksum where it has one; the first may be a dictionary."""

    magic = _ZSTD

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._dictionary = self._read_dictionary()

    def unpack(self, unit: Unit) -> Iterator[bytes]:
        """See `Packing`."""
        head = self.window.view(unit.start, 8)
        if _ZSTD_SKIPPED.match(head):
            unit.end = unit.start + 8 + int.from_bytes(head[4:], "little")
            return
        frame = _Frame(self.window, unit.start)
        engine = zstandard.ZstdDecompressor(dict_data=self._dictionary, max_window_size=_ZSTD_WINDOW)
        reader = engine.stream_reader(frame, read_size=_FEED)  # type: ignore[arg-type]  # any object that reads will do
        try:
            while piece := reader.read1(_PIECE):
                yield piece
        except zstandard.ZstdError as error:
            raise DamagedError(f"its zstd data is damaged ({error})") from error
        unit.end = frame.end()

    def _read_dictionary(self) -> zstandard.ZstdCompressionDict | None:
        """The dictionary that a skippable frame at the file's beginning holds, itself packed or not."""
        head = self.window.view(0, 8)
        size = int.from_bytes(head[4:], "little")
        if not head.startswith(_ZSTD_DICTIONARY) or size > _MAX_DICTIONARY:
            return None
        data = self.window.view(8, size)
        if _ZSTD.match(data):
            try:
                data = zstandard.ZstdDecompressor().stream_reader(data).read(_MAX_DICTIONARY)
            except zstandard.ZstdError as error:
                raise DamagedError(f"its zstd dictionary is damaged ({error})") from error
        return zstandard.ZstdCompressionDict(data)


class _Frame:
    """One zstd frame as a file to read from, which ends where its blocks say (RFC 8878 §3.1.1)."""

    def __init__(self, window: Window, start: int) -> None:
        self._window = window
        self._at = start
        head = window.view(start, _FIRST)
        try:
            self._known: int = start + zstandard.frame_header_size(head)
            self._checked = zstandard.get_frame_parameters(head).has_checksum
        except zstandard.ZstdError as error:
            raise DamagedError(f"its zstd data is damaged ({error})") from error
        self._last = False

    def read(self, size: int) -> bytes:
        """The next bytes of the frame, at most `size`; nothing at its end. Raises `DamagedError`."""
        if self._at == self._known and not self._last:
            self._next_block()
        data = self._window.view(self._at, min(size, self._known - self._at))
        if not data and self._at < self._known:
            raise DamagedError("the file ends within it")
        self._at += len(data)
        return data

    def end(self) -> int:
        """Where it ends. Raises `DamagedError`."""
        while not self._last:
            self._next_block()
        return self._known

    def _next_block(self) -> None:
        head = self._window.view(self._known, 3)
        if len(head) < 3:
            raise DamagedError("the file ends within it")
        block = int.from_bytes(head, "little")
        self._last = bool(block & 1)
        self._known += 3 + (1 if block >> 1 & 3 == _ZSTD_REPEATED else block >> 3)
        if self._last and self._checked:
            self._known += 4


class Unpacked(io.RawIOBase):
    """What all pieces of a file hold, one after the other, as a file. Reading raises `DamagedError`, OSError."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self._packing = packing_of(window)
        self._unit = self._packing.unit(0)
        self._data = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """See `io.RawIOBase`."""
        while not self._data:
            self._data = self._unit.read()
            if not self._data:
                if not self._packing.window.view(self._unit.end, 1):
                    return 0
                self._unit = self._packing.unit(self._unit.end)
        room = memoryview(buffer)
        size = min(len(room), len(self._data))
        room[:size] = self._data[:size]
        self._data = self._data[size:]
        return size


def packing_of(window: Window) -> Packing:
    """How a file is packed, as its first bytes say, else its first record. Raises `DamagedError`, OSError."""
    begin = window.view(0, _FIRST)
    if _GZIP.match(begin):
        return Gzip(window)
    if _ZSTD.match(begin) or _ZSTD_SKIPPED.match(begin):
        return Zstd(window)
    plain = Plain(window)
    if RECORD.match(begin.lstrip(b"\r\n")):
        return plain
    found = {packing: packing.find_record(0, _SEARCHED) for packing in (plain, Gzip(window), Zstd(window))}
    return min(found, key=lambda packing: _SEARCHED if (at := found[packing]) is None else at)
