"""What the rules read in an article, kept until it is recorded: many read side by side, one records in a fixed order.

    add_articles -> keep          (many workers)          staged -> record_detection -> drop          (one)

What is read depends on the article alone, but which meeting it tells of depends on what was recorded before. An article
in which nothing was found changes no meeting, so it counts as read at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from archive.bulk import among, insert_many
from archive.columns import batches
from archive.models import ArticleRow, ReadingRow
from archive.records import StoredArticle
from meetings.jsonform import meeting_from_dict, meeting_to_dict
from meetings.records import Detection
from parsers.records import Article


def keep(s: Session, read: Sequence[tuple[int, Article, Detection]], *, rules_version: str, now: dt.datetime) -> None:
    """Keeps what rules of this version read in these articles, beside their numbers.

    Left out is what was read in another text than the one in force, and what rules of this version have read already.
    An article that no rules have read, and that tells of no meeting, is entered as read.
    """
    latest = {number: (article, detection) for number, article, detection in read}
    rows = _unread(s, latest, rules_version)
    fits = {number: found for number, (article, found) in latest.items() if _is_of(rows.get(number), article)}
    silent = {n: found for n, found in fits.items() if not found.meetings and rows[n].detected_at is None}
    _mark_read(s, {number: (rows[number], found) for number, found in silent.items()}, rules_version, now)
    drop(s, fits)
    telling = [
        _reading(number, found, rules_version, _basis_of(rows[number]))
        for number, found in fits.items()
        if number not in silent
    ]
    insert_many(s, ReadingRow, telling)


def staged(s: Session, articles: Sequence[StoredArticle], rules_version: str) -> dict[int, Detection]:
    """What rules of this version read in these articles' texts and what else they go by, where that is kept."""
    wanted = {stored.number: _basis_of(stored.article) for stored in articles}
    found = {}
    for batch in batches(wanted):
        for row in s.scalars(
            select(ReadingRow).where(ReadingRow.article_number.in_(batch), ReadingRow.rules_version == rules_version)
        ):
            if row.basis == wanted[row.article_number]:
                told = tuple(map(meeting_from_dict, row.records))
                found[row.article_number] = Detection(row.language, told, tuple(row.notes))
    return found


def drop(s: Session, numbers: Collection[int]) -> None:
    """Forgets what is kept of these articles: it was recorded."""
    for batch in batches(numbers):
        s.execute(delete(ReadingRow).where(among(s, ReadingRow.article_number, batch)))


def _unread(s: Session, numbers: Collection[int], rules_version: str) -> dict[int, Row[Any]]:
    """Of these articles, by number, those that rules of this version have not read and whose text is no old one."""
    row, found = ArticleRow, dict[int, Row[Any]]()
    told = row.number, row.text_sha256, row.published_on, row.side, row.language, row.due_version
    for batch in batches(numbers):
        for each in s.execute(select(*told, row.detected_rules, row.detected_at).where(among(s, row.number, batch))):
            if each.detected_rules != rules_version and each.due_version is None:
                found[each.number] = each
    return found


def _is_of(row: Row[Any] | None, article: Article) -> bool:
    return row is not None and _basis_of(row) == _basis_of(article)


def _basis_of(article: Article | Row[Any]) -> str:
    """What a reading rests on, in 16 hex digits: all of an article that `meetings.detect` goes by."""
    told = f"{article.text_sha256} {article.published_on} {article.side}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _mark_read(
    s: Session, found: Mapping[int, tuple[Row[Any], Detection]], rules_version: str, now: dt.datetime
) -> None:
    """One statement for all of whom the same is to be said: notes are few."""
    alike: dict[tuple[str | None, tuple[str, ...]], list[int]] = {}
    for number, (row, detection) in found.items():
        alike.setdefault((row.language or detection.language, detection.notes), []).append(number)
    read = update(ArticleRow).values(detected_rules=rules_version, detected_at=now)
    for (language, notes), numbers in alike.items():
        told = read.values(language=language, notes=list(notes)).execution_options(synchronize_session=False)
        for batch in batches(numbers):
            s.execute(told.where(among(s, ArticleRow.number, batch)))


def _reading(number: int, found: Detection, rules_version: str, basis: str) -> dict[str, object]:
    return {
        "article_number": number,
        "rules_version": rules_version,
        "basis": basis,
        "language": found.language,
        "records": list(map(meeting_to_dict, found.meetings)),
        "notes": list(found.notes),
    }
