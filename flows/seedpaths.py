"""Seed-format files on disk: which ones a person means, and their articles or what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from parsers.records import Advance, Article, InputError
from parsers.seedfile import SeedError, seed_article


def read_seeds(paths: Sequence[Path], *, on_file: Advance | None = None) -> Iterator[tuple[Path, Article | SeedError]]:
    """Each file meant by `paths` with its article, or with the error that says why it is none.

    `on_file` is told each file's name and how many there are. Raises `InputError` when a path does not exist.
    """
    files = list(_files(paths))
    for path in files:
        if on_file:
            on_file(path.name, len(files))
        yield path, _read(path)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if _is_folder(path):
            found = sorted(path.rglob("*.txt"))
            if not found:
                raise InputError(f"{path} holds no .txt file; name a seed-format file or a folder of them")
            yield from found
        elif path.exists():
            yield path
        else:
            raise InputError(f"{path} does not exist; name a seed-format file or a folder of them")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise InputError(f"{path} cannot be looked at: {error.strerror}") from error


def _read(path: Path) -> Article | SeedError:
    try:
        return seed_article(path.read_bytes(), name=str(path))
    except SeedError as error:
        return error
    except OSError as error:
        return SeedError(f"{path} cannot be read: {error.strerror}; name a seed-format file")
