"""What is wrong with an archive: its database, its articles' files and its raw answers, held against each other.

Nothing is changed here. What a run under way explains is left out: a file not yet written, a record being written.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from archive import files, warc
from archive.articles import stored_article
from archive.backup import unreadable
from archive.errors import file_error
from archive.models import ArticleRow, IssueRow, VersionRow
from archive.records import StoredArticle
from archive.store import Archive
from archive.warcscan import spans
from parsers.records import Advance, Article

_BATCH = 200


class Damage(StrEnum):
    """What `meetings verify` finds; docs/vocabulary.md."""

    DATABASE_DAMAGED = "database_damaged"
    TEXT_CHANGED = "text_changed"
    ISSUE_CHANGED = "issue_changed"
    ARTICLE_FILE_MISSING = "article_file_missing"
    ARTICLE_FILE_CHANGED = "article_file_changed"
    ISSUE_FILE_MISSING = "issue_file_missing"
    ISSUE_FILE_CHANGED = "issue_file_changed"
    RAW_CUT = "raw_cut"
    RAW_DAMAGED = "raw_damaged"
    FILE_UNKNOWN = "file_unknown"

    @property
    def mendable(self) -> bool:
        """Whether `meetings repair` mends it; the others want a backup."""
        return self not in (Damage.DATABASE_DAMAGED, Damage.TEXT_CHANGED, Damage.ISSUE_CHANGED)


@dataclass(frozen=True, slots=True)
class Damaged:
    """One thing that is wrong. `subject`: a path below the home folder, or what of the database."""

    damage: Damage
    subject: str
    detail: str


def check_database(archive: Archive) -> Iterator[Damaged]:
    """What the database itself says of its pages and of rows that lead nowhere; only SQLite has to be asked."""
    if archive.address.get_backend_name() != "sqlite":
        return
    with archive.read() as s:
        for (problem,) in s.execute(text("PRAGMA integrity_check(5)")).tuples():
            if problem != "ok":
                yield Damaged(Damage.DATABASE_DAMAGED, archive.name, f"{problem}.")
        for table, row, parent, _ in s.execute(text("PRAGMA foreign_key_check")).tuples():
            yield Damaged(Damage.DATABASE_DAMAGED, f"{table}, row {row}", f"It leads to a row of {parent} that is not.")


def check_articles(archive: Archive, *, busy: bool, advance: Advance) -> Iterator[Damaged]:
    """Every article against its hash and its file, and every file against the articles."""
    listed = {path.relative_to(archive.home).as_posix() for path in _files(archive.home / files.FOLDER)}
    known: set[str] = set()
    with archive.read() as s:
        yield from _versions(s)
        total = s.scalar(select(func.count()).select_from(ArticleRow)) or 0
        query = select(ArticleRow).order_by(ArticleRow.number).execution_options(yield_per=_BATCH)
        for row in s.scalars(query):
            stored = stored_article(row)
            advance("articles", total)
            if stored.article.text_sha256 != row.text_sha256:
                yield Damaged(Damage.TEXT_CHANGED, f"article {row.number}", "Its text is not the one that was stored.")
            path, content = files.article_file(stored)
            known.add(stored.path or path)
            if not (busy and stored.path is None):
                yield from _file(archive.home, stored, stored.path or path, content)
    for path in sorted(listed - known):
        # a file being written is gone in a moment
        if (archive.home / path).exists():
            yield Damaged(Damage.FILE_UNKNOWN, path, "No article has this file.")


def _file(home: Path, stored: StoredArticle, path: str, content: bytes) -> Iterator[Damaged]:
    try:
        found = content_of(home / path)
    except FileNotFoundError:
        yield Damaged(Damage.ARTICLE_FILE_MISSING, path, f"Article {stored.number} has no file.")
    except OSError as error:
        yield Damaged(Damage.ARTICLE_FILE_CHANGED, path, str(unreadable(home / path, error)))
    else:
        if found != content:
            yield Damaged(Damage.ARTICLE_FILE_CHANGED, path, f"It is not the text of article {stored.number}.")


def _versions(s: Session) -> Iterator[Damaged]:
    for row in s.scalars(select(VersionRow).execution_options(yield_per=_BATCH)):
        told = Article(key="", title=row.title, paragraphs=tuple(row.paragraphs))
        if told.text_sha256 != row.text_sha256:
            named = f"article {row.article_number}, version {row.version}"
            yield Damaged(Damage.TEXT_CHANGED, named, "Its text is not the one that was stored.")


def check_issues(archive: Archive) -> Iterator[Damaged]:
    """Every issue in the database against its hash."""
    with archive.read() as s:
        for week, zone, sha256, html in s.execute(
            select(IssueRow.week, IssueRow.zone, IssueRow.sha256, IssueRow.html).order_by(IssueRow.week)
        ).tuples():
            if hashlib.sha256(html.encode()).hexdigest() != sha256:
                yield Damaged(Damage.ISSUE_CHANGED, f"issue {week} ({zone})", "Its page is not the one that was kept.")


def check_raw(home: Path, *, since: dt.datetime | None, advance: Advance) -> Iterator[Damaged]:
    """Every raw file record by record; of one that changed after `since` the last record may be under way."""
    found = _files(home / warc.FOLDER)
    for path in found:
        advance(path.name, len(found))
        name = path.relative_to(home).as_posix()
        if not path.name.endswith(".warc.gz"):
            yield Damaged(Damage.FILE_UNKNOWN, name, "It is no raw file of a run.")
            continue
        try:
            changed = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
            data = content_of(path)
        except OSError as error:
            yield Damaged(Damage.RAW_DAMAGED, name, str(unreadable(path, error)))
            continue
        parts = list(spans(data))
        lost = [span for span in parts if not span.whole]
        whole = len(parts) - len(lost)
        if not lost or (lost == parts[-1:] and since and changed >= since):
            continue
        if lost == parts[-1:]:
            yield Damaged(Damage.RAW_CUT, name, f"It ends in half a record, after {whole} whole ones.")
        else:
            yield Damaged(
                Damage.RAW_DAMAGED, name, f"{len(lost)} of its parts cannot be read; {whole} records are whole."
            )


def content_of(path: Path) -> bytes:
    """What stands in a file. Raises `ArchiveError` when access to it is denied, which is no damage, else `OSError`."""
    try:
        return path.read_bytes()
    except PermissionError as error:
        raise file_error(error, f"The file {path}") from error


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
