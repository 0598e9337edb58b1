"""Files of a backfill wherever they are, through fsspec: on this machine, behind a URL, in a store of objects."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]  # it has no types
from typing_extensions import Buffer

from parsers.records import InputError, MeetingsError

UNKNOWN_SIZE = 1 << 40
"""Bytes; stands for the size of a file whose server does not tell it, and no file is as long."""

_WEB = ("http://", "https://")
_LOCAL = "file://"
_PASSWORD = re.compile(r"([^/]*://)[^/]*:[^/]*@")
_GONE = (404, 410)
_SMALL = 1 << 16
_WAIT = 60.0
"""Seconds for a connection, and between two parts of an answer; there is no bound on the whole."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is there: its full path or URL, its size in bytes, and whether its reading can begin anywhere."""

    name: str
    size: int
    seeks: bool = True


def is_url(name: str) -> bool:
    """Whether a name is an address rather than a path."""
    return "://" in name


def full_name(name: str) -> str:
    """The one name of a path, whatever folder or link it is reached by; a URL is left as it is.

    Raises `InputError` for a URL with a password: names of inputs are kept, shown and logged.
    """
    if is_url(name) and not name.startswith(_LOCAL):
        if found := _PASSWORD.match(name):
            raise InputError(
                f"{found[1]}{name[found.end() :]} is given with a password, which would be kept and shown; put it into "
                "~/.netrc (of a store of objects into the environment) and leave it out of the address"
            )
        return name
    path = Path(name.removeprefix(_LOCAL)).expanduser()
    return str(path.absolute() if is_pattern(name) and not path.exists() else path.resolve())


def full_names(files: Iterable[str]) -> Iterator[str]:
    """The one name of each, as `full_name`, for many: folders are resolved once."""
    folders: dict[str, str] = {}
    for file in files:
        folder, _, base = file.rpartition("/")
        if is_url(file):
            yield file
            continue
        if folder not in folders:
            folders[folder] = os.path.realpath(folder or "/")
        path = Path(folders[folder], base)
        yield os.path.realpath(path) if path.is_symlink() else str(path)


def is_pattern(name: str) -> bool:
    """Whether a name has wildcards: `*`, `**`, `?`, `[…]`. In the address of a web page `?` is none."""
    return any(mark in name for mark in ("*[" if name.startswith(_WEB) else "*?["))


def listed(name: str) -> list[str]:
    """The files that a full name means, sorted: itself, those in a folder and below it, those that a pattern fits.

    A link to a file is one, under its own name; in a folder what a link to another leads to is not looked for.
    What begins with a dot is passed over where it is not named so. Raises `InputError` when there is none.
    """
    with _told(name):
        fs, path = _file_system(name)
        literal = not is_pattern(name) or fs.exists(path)
        roots = [path] if literal else [root for root in fs.glob(path) if _is_shown(root, path)]
        files = sorted({file for root in roots for file in _below(fs, root)})
    if not files:
        raise InputError(f"{name} holds no file" if roots else f"{name} fits no file; correct the pattern")
    return [fs.unstrip_protocol(file) for file in files] if is_url(name) else files


def look_at(name: str) -> Found:
    """A file's size and whether its reading can begin anywhere. Raises `InputError` when it cannot be read."""
    with _told(name):
        fs, path = _file_system(name)
        info = fs.info(path)
        if info["type"] != "file":
            raise InputError(f"{name} is no file; name a file, a folder or a pattern")
        size = info["size"]
    if size is None or _is_unsaid(name, size):
        return Found(name, UNKNOWN_SIZE, seeks=False)
    with open_file(name, block=_SMALL) as file:
        return Found(name, size, seeks=file.seekable())


def local_size(name: str) -> int | None:
    """The size in bytes of a file on this machine; None for any other, which would have to be asked for one by one."""
    try:
        return None if is_url(name) else Path(name).stat().st_size
    except OSError:
        return None


@contextmanager
def open_file(name: str, *, block: int = 1 << 22) -> Iterator[io.RawIOBase]:
    """A file to read, `block` bytes at a time where it is far away; one that is not `seekable` is read once.

    Raises `InputError` when it cannot be opened. Reading raises `MeetingsError` where a network fails, OSError where a
    disk does.
    """
    with _told(name):
        fs, path = _file_system(name)
        file = _far(name, fs, path, block) if is_url(name) else io.FileIO(path)
    with file:
        yield file


class _Far(io.RawIOBase):
    """A file behind a network, as fsspec reads it: little at first and after each seek, then ever more at a time."""

    def __init__(self, name: str, file: Any, block: int, *, seeks: bool) -> None:
        super().__init__()
        self._name, self._file, self._block, self._seeks = name, file, block, seeks
        self._held = memoryview(b"")
        self._at = 0
        self._ahead = _SMALL

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seeks

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_CUR:
            offset, whence = self._at + offset, os.SEEK_SET
        self._at = int(self._file.seek(offset, whence))
        self._held, self._ahead = memoryview(b""), _SMALL
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        room = memoryview(buffer)
        if not self._held:
            with _told(self._name, at=MeetingsError):
                asked = max(len(room), self._ahead)
                self._held = memoryview(self._file.read(asked))
                if len(self._held) > asked:
                    raise ValueError("its server sends more than it is asked for")
            self._ahead = min(2 * self._ahead, self._block)
        size = min(len(room), len(self._held))
        room[:size] = self._held[:size]
        self._held = self._held[size:]
        self._at += size
        return size

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _far(name: str, fs: Any, path: str, block: int) -> _Far:
    """A far file that can be read from anywhere, where its server gives parts of it; else from its beginning, once."""
    file = fs.open(path, "rb", cache_type="none")
    size = getattr(file, "size", None)
    if size is not None:
        if not _is_unsaid(name, size) and _gives_parts(file, size):
            return _Far(name, file, block, seeks=True)
        file.close()
        file = fs.open(path, "rb", block_size=0)
    return _Far(name, file, block, seeks=False)


def _is_unsaid(name: str, size: int) -> bool:
    """Some web servers answer HEAD as if the file were empty."""
    return size == 0 and name.startswith(_WEB)


def _gives_parts(file: Any, size: int) -> bool:
    """Whether a server gives the last byte alone: one that knows no ranges sends all, whatever it calls that."""
    try:
        file.seek(max(0, size - 1))
        last = file.read(1)
        file.seek(0)
    except ValueError:
        return False
    return len(last) == min(1, size)


def _below(fs: Any, root: str) -> Iterator[str]:
    """A file itself; the files of a folder and of those in it. A folder of the web ends with a slash."""
    if (root.startswith(_WEB) and not root.endswith("/")) or not fs.isdir(root):
        yield root
        return
    for file, info in fs.find(root, detail=True).items():
        is_file = info["type"] == "file" or (info.get("islink") and not Path(file).is_dir())
        if is_file and _is_shown(file, root):
            yield file


def _is_shown(file: str, named: str) -> bool:
    said = set(named.split("/"))
    return all(part in said or not part.startswith(".") for part in file.split("/"))


def _file_system(name: str) -> tuple[Any, str]:
    if not is_url(name):
        return fsspec.filesystem("file"), name
    options: dict[str, Any] = {}
    if name.startswith(_WEB):
        from aiohttp import ClientTimeout

        # what is stored is wanted as it is, though its server calls a packed file a coding
        client = {"auto_decompress": False, "trust_env": True, "timeout": ClientTimeout(None, None, _WAIT, _WAIT)}
        options = {"client_kwargs": client, "headers": {"Accept-Encoding": "identity"}}
    fs, path = fsspec.core.url_to_fs(name, **options)
    return fs, path


@contextmanager
def _told(name: str, *, at: type[MeetingsError] = InputError) -> Iterator[None]:
    """What goes wrong with a file, in one sentence that names it."""
    try:
        yield
    except ImportError as error:
        raise InputError(f"{name} is of a kind that needs another package: {error}") from error
    except FileNotFoundError as error:
        # of an address fsspec says so whatever came of asking
        cause = error.__cause__
        if cause and getattr(cause, "status", None) not in _GONE:
            raise InputError(f"{name} cannot be read: {cause}") from error
        raise InputError(f"{name} is not there; name a file, a folder, a pattern or a URL") from error
    except _failures() as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise at(f"{name} cannot be read: {why}") from error


def _failures() -> tuple[type[Exception], ...]:
    """What fsspec's file systems raise. Asked for only when something went wrong: aiohttp loads slowly."""
    from aiohttp import ClientError

    return OSError, ValueError, ClientError
