"""Mends what `archive.checks` finds and can be mended without loss: what was there is moved aside, never deleted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import update

from archive.backup import unreadable
from archive.columns import batches
from archive.errors import file_error
from archive.files import project_articles, sync_folder, write_atomically
from archive.locks import Check, unasked
from archive.models import ArticleRow
from archive.restoring import SET_ASIDE
from archive.store import Archive
from archive.warcscan import spans


def set_aside(home: Path, name: str, stamp: str, *, keep: bool = False) -> Path:
    """Moves a file of the home to `set-aside/<stamp>/<name>`, or with `keep` copies it there; where it is then.

    Raises `ArchiveError` when it cannot be moved.
    """
    path, aside = home / name, home / SET_ASIDE / stamp / name
    while aside.exists():
        aside = aside.with_name(f"{aside.name}~")
    try:
        aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not keep:
            path.rename(aside)
        else:
            shutil.copy2(path, aside)
            with aside.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(aside.parent)
    except OSError as error:
        raise file_error(error, f"The file {aside}") from error
    return aside


def mend_articles(archive: Archive, names: Collection[str], *, check: Check = unasked) -> int:
    """Writes the files of these names, and those never written, from the database; how many.

    `check` is asked in each transaction that writes, and raises when another one may be at it.
    """
    for batch in batches(names):
        with archive.write() as s:
            check(s)
            s.execute(update(ArticleRow).where(ArticleRow.path.in_(batch)).values(path=None))
    return project_articles(archive, check=check)


def mend_raw(home: Path, name: str, stamp: str) -> int:
    """Leaves in a raw file its whole records alone, how many; the file as it was goes aside.

    Raises `ArchiveError` when it cannot be read or moved.
    """
    path = home / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    whole = [data[span.start : span.end] for span in spans(data) if span.whole]
    set_aside(home, name, stamp, keep=bool(whole))
    if whole:
        write_atomically(path, b"".join(whole))
    return len(whole)
