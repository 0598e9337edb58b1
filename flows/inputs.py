"""What a backfill reads: files named by path, folder, pattern or URL, cut into chunks, and each chunk's records."""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import lzma
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import BinaryIO, Protocol, cast
from urllib.parse import urlsplit

from archive.captures import CaptureReader, splits
from archive.members import RECORD, DamagedError, Unpacked, Window, packing_of
from archive.records import Capture, Chunk, InputKind, Unreadable
from flows.files import UNKNOWN_SIZE, full_name, full_names, is_url, listed, local_size, look_at, open_file
from flows.jsonlines import read_line
from parsers.records import Article, InputError
from parsers.seedfile import SeedError, seed_article

_KINDS = (
    (InputKind.WARC, re.compile(r"\.warc(\.gz|\.zst)?$", re.IGNORECASE)),
    (InputKind.JSONL, re.compile(r"\.(jsonl|ndjson|jsonlines)(\.gz|\.zst|\.bz2|\.xz)?$", re.IGNORECASE)),
    (InputKind.SEEDS, re.compile(r"\.txt$", re.IGNORECASE)),
)
_FILES = 1000
"""Seed files of a chunk at most: as many articles as are written at once."""
_MAX_LINE = 8 * 1024 * 1024
"""Bytes; a hostile line takes 25 times its size in memory, and of a page 1,000,000 characters are read."""
_MAX_SEED = 4 * 1024 * 1024
_LOOKERS = 16
"""Files looked at side by side: each far one takes two or three answers of its server."""

Item = Capture | Article | Unreadable | None


class Reader(Protocol):
    """The records of a chunk; None for one that is no page. `first` and `next` as in `ChunkResult`, at the end."""

    first: int | None
    next: int | None

    def __iter__(self) -> Iterator[Item]: ...


def plan(inputs: Sequence[str], *, chunk_bytes: int) -> list[Chunk]:
    """All chunks of `inputs` (files, folders, patterns, URLs), of some `chunk_bytes` each, in the order of their names.

    A file that cannot be read from anywhere is one chunk. What is listed twice counts once. Raises `InputError` for
    an input that is not there, cannot be read or holds nothing of a known kind.
    """
    files: dict[str, InputKind] = {}
    seeds: dict[str, list[str]] = {}
    for given in inputs:
        name = full_name(given)
        kinds = _kinds_of(name)
        files |= {file: kind for file, kind in kinds.items() if kind is not InputKind.SEEDS}
        if texts := [file for file, kind in kinds.items() if kind is InputKind.SEEDS]:
            seeds[name] = texts
    with ThreadPoolExecutor(_LOOKERS) as pool:
        chunks = pool.map(lambda file: _cut(file, files[file], chunk_bytes), sorted(files))
        return [chunk for cut in chunks for chunk in cut] + _seed_chunks(seeds)


def seeds_told(chunks: Sequence[Chunk]) -> str:
    """A hash of the names and sizes of the seed files, of which the chunks hold positions alone; '' without any.

    Not of their times, which differ from one machine to another. Raises `InputError`.
    """
    inputs = {chunk.input for chunk in chunks if chunk.kind is InputKind.SEEDS}
    found = [(file, local_size(file)) for name in sorted(inputs) for file in _seeds_of(name)]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest() if found else ""


@contextmanager
def read_chunk(chunk: Chunk) -> Iterator[Reader]:
    """The records of a chunk; damage in it is told as `Unreadable`.

    Raises `InputError` when the input is not there (any more), `MeetingsError` or OSError when reading fails.
    """
    if chunk.kind is InputKind.SEEDS:
        yield _SeedReader(chunk)
        return
    with open_file(chunk.input) as file:
        if chunk.start and not file.seekable():
            raise InputError(f"{chunk.input} can be read only from its beginning now; plan the backfill again")
        yield CaptureReader(cast("BinaryIO", file), chunk) if chunk.kind is InputKind.WARC else _LineReader(file, chunk)


def _kinds_of(name: str) -> dict[str, InputKind]:
    """The files of known kinds that an input means, in the order of its list, each once by its full name.

    Raises `InputError` when there is none.
    """
    names = listed(name)
    kinds: dict[str, InputKind] = {}
    for file, full in zip(names, full_names(names), strict=True):
        if kind := _kind(file):
            kinds.setdefault(full, kind)
    if not kinds and names == [name] and (told := _kind_told(name)):
        kinds = {name: told}
    if not kinds:
        raise InputError(
            f"{name} is nothing that can be read: name WARC files (.warc, .warc.gz, .warc.zst), "
            "JSON Lines (.jsonl, also packed) or seed files (.txt)"
        )
    return kinds


def _seeds_of(name: str) -> list[str]:
    return [file for file, kind in _kinds_of(name).items() if kind is InputKind.SEEDS]


def _kind(name: str) -> InputKind | None:
    path = urlsplit(name).path if is_url(name) else name
    return next((kind for kind, pattern in _KINDS if pattern.search(path)), None)


def _kind_told(name: str) -> InputKind | None:
    """What a file of an unknown name holds, as it begins."""
    with open_file(name) as file:
        try:
            begin = packing_of(Window(cast("BinaryIO", file))).unit(0).begin()
        except DamagedError:
            return None
    if RECORD.match(begin):
        return InputKind.WARC
    return InputKind.JSONL if begin.lstrip().startswith(b"{") else None


def _cut(name: str, kind: InputKind, chunk_bytes: int) -> list[Chunk]:
    found = look_at(name)
    count = -(-found.size // chunk_bytes) or 1
    if count > 1 and not (found.seeks and _splits(name, kind)):
        count = 1
    ends = [found.size * number // count for number in range(count + 1)]
    return [Chunk(name, kind, start, end) for start, end in pairwise(ends)]


def _splits(name: str, kind: InputKind) -> bool:
    with open_file(name, block=1 << 16) as file:
        if kind is InputKind.WARC:
            return splits(cast("BinaryIO", file))
        return _unpacker(file.read(_MARK) or b"") is None


def _seed_chunks(seeds: Mapping[str, Sequence[str]]) -> list[Chunk]:
    """Each file once: an input of which every file is another's, too, is left out."""
    chunks, seen = [], set[str]()
    for name in sorted(seeds, key=lambda name: (-len(seeds[name]), name)):
        if not seen.issuperset(seeds[name]):
            seen.update(seeds[name])
            count = len(seeds[name])
            starts = range(0, count, _FILES)
            chunks += [Chunk(name, InputKind.SEEDS, start, min(start + _FILES, count)) for start in starts]
    return sorted(chunks, key=lambda chunk: (chunk.input, chunk.start))


class _SeedReader:
    """Seed files: those of a folder, pattern or name, by their positions in the sorted list."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self.first: int | None = None
        self.next: int | None = None

    def __iter__(self) -> Iterator[Item]:
        chunk = self._chunk
        names = _seeds_of(chunk.input)
        for name in names[chunk.start : chunk.end]:
            yield _seed(name)
        if len(names) > chunk.start:
            self.first, self.next = chunk.start, min(chunk.end, len(names))


def _seed(name: str) -> Article | Unreadable:
    try:
        with open_file(name) as file, io.BufferedReader(file) as whole:
            data = whole.read(_MAX_SEED + 1)
    except InputError as error:
        return Unreadable(name, str(error))
    if len(data) > _MAX_SEED:
        return Unreadable(name, f"it is longer than {_MAX_SEED:,} bytes, so it is no seed file")
    try:
        return seed_article(data, name=name)
    except SeedError as error:
        return Unreadable(name, str(error))


class _LineReader:
    """JSON Lines: the lines that begin in the chunk; of a packed file all, since it is one chunk."""

    def __init__(self, file: io.RawIOBase, chunk: Chunk) -> None:
        self._file = io.BufferedReader(file, 1 << 18)
        self._chunk = chunk
        self.first: int | None = None
        self.next: int | None = None

    def __iter__(self) -> Iterator[Item]:
        chunk = self._chunk
        if chunk.start == 0 and (unpack := _unpacker(self._file.peek(_MARK))):
            yield from self._lines(unpack(self._file), 0, UNKNOWN_SIZE)
            self.first, self.next = 0, chunk.end
            return
        at = 0
        if chunk.start:
            # the line that the byte before is of belongs to the chunk before
            self._file.seek(chunk.start - 1)
            at = chunk.start - 1 + _skip_line(self._file)
        yield from self._lines(self._file, at, chunk.end)

    def _lines(self, file: BinaryIO, at: int, end: int) -> Iterator[Item]:
        """The lines that begin in [at, end), the file standing at `at`."""
        name, first = self._chunk.input, at
        while at < end:
            where = f"{name} at byte {at:,}"
            try:
                line = file.readline(_MAX_LINE)
                size = len(line) + (0 if len(line) < _MAX_LINE or line.endswith(b"\n") else _skip_line(file))
            except _DAMAGE as error:
                yield Unreadable(where, f"what is packed there is damaged or cut off ({error})")
                return
            if not line:
                break
            self.first, at = first, at + size
            self.next = at
            if size > len(line):
                yield Unreadable(where, f"it is longer than {_MAX_LINE:,} bytes")
            elif line.strip():
                yield read_line(line, where)
        if at == 0:
            yield Unreadable(name, "the file is empty")


def _skip_line(file: BinaryIO) -> int:
    """Reads up to the end of the line and gives how many bytes that was."""
    size = 0
    while line := file.readline(_MAX_LINE):
        size += len(line)
        if line.endswith(b"\n"):
            break
    return size


def _unpacker(begin: bytes) -> Callable[[BinaryIO], BinaryIO] | None:
    """What unpacks a file that begins so, None for one that is not packed."""
    return next((unpack for mark, unpack in _UNPACKERS if begin.startswith(mark)), None)


def _unpacked(file: BinaryIO) -> BinaryIO:
    return io.BufferedReader(Unpacked(Window(file)))


_UNPACKERS: tuple[tuple[bytes, Callable[[BinaryIO], BinaryIO]], ...] = (
    (b"\x1f\x8b", _unpacked),
    (b"\x28\xb5\x2f\xfd", _unpacked),
    (b"BZh", lambda file: cast("BinaryIO", bz2.BZ2File(file))),
    (b"\xfd7zXZ", lambda file: cast("BinaryIO", lzma.LZMAFile(file))),  # noqa: SIM115 - the reader owns the file
)
_MARK = 6
_DAMAGE = (DamagedError, EOFError, lzma.LZMAError)
