"""Articles as seed-format files: a projection of the catalogue, made again wherever it is missing."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from sqlalchemy import select

from archive.articles import stored_article
from archive.errors import file_error
from archive.locks import Check, unasked
from archive.models import ArticleRow
from archive.records import StoredArticle
from archive.store import Archive
from parsers.records import Dialect
from parsers.seedfile import Seed, file_name, write_seed

FOLDER = "articles"
PRIVATE = 0o600
_HANDS = 8
"""Files written side by side: a disk makes many last in little more time than one."""
_BATCH = 100
"""Files written between two commits: a kill makes the next run write at most these again."""


def project_articles(archive: Archive, *, check: Check = unasked) -> int:
    """Writes every article that has no file yet as `articles/YYYY/NNN_<16 hex>.txt`; how many that were.

    YYYY is the year of publication, else of storage. Killed anywhere, it leaves no half file under a final name, and
    the next run finishes the work. Raises `ArchiveError` when the folder cannot be written.
    """
    written = 0
    with sole_writer(archive.home / FOLDER), ThreadPoolExecutor(_HANDS) as pool:
        while batch := _without_file(archive):
            names = pool.map(partial(_write_article, archive.home), batch)
            paths = {stored.number: name for stored, name in zip(batch, names, strict=True)}
            with archive.write() as s:
                check(s)
                for row in s.scalars(select(ArticleRow).where(ArticleRow.number.in_(paths))):
                    row.path = paths[row.number]
            written += len(paths)
    return written


def write_atomically(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Writes `data` to `path` so that the file is there whole or not at all, even after a power cut.

    `mode` is cut by the umask; what holds somebody's mail address is `PRIVATE`. Two writers of one path must be kept
    apart by the caller. Raises `ArchiveError` when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        # what is left of it would only take the room that is missing
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise file_error(error, f"The file {path}") from error


def _without_file(archive: Archive) -> list[StoredArticle]:
    with archive.read() as s:
        query = select(ArticleRow).where(ArticleRow.path.is_(None)).order_by(ArticleRow.number).limit(_BATCH)
        return [stored_article(row) for row in s.scalars(query)]


def article_file(stored: StoredArticle) -> tuple[str, bytes]:
    """The path below the home folder at which an article's file belongs, and what stands in it."""
    article = stored.article
    year = (article.published_on or stored.stored_at).year
    seed = Seed(article.title, article.published_on, article.paragraphs, Dialect.LABELLED)
    return f"{FOLDER}/{year:04d}/{file_name(stored.number, article.key)}", write_seed(seed)


def _write_article(home: Path, stored: StoredArticle) -> str:
    """Writes one article's file; its path relative to `home`. A file of it under another year goes."""
    name, content = article_file(stored)
    path = home / name
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            sync_folder(path.parent.parent)
        write_atomically(path, content)
        for other in (home / FOLDER).glob(f"*/{path.name}"):
            if other != path:
                other.unlink()
    except OSError as error:
        raise file_error(error, f"The folder {path.parent}") from error
    return name


def sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` last (fsync(2): syncing the file does not sync its folder's entry)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear(folder: Path) -> None:
    """Removes a folder of ours with all that is in it, if it is there."""
    if folder.is_dir():
        shutil.rmtree(folder)


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """One writer at a time in `folder`, made if need be; the system lets go of the lock of a killed process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise file_error(error, f"The folder {folder}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
