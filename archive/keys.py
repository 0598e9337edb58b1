"""Articles stay known when the table of addresses learns more: under the key of their URL as it is written now, too.

An article keeps its key and its URL for ever, since its file, its meetings' ids and other people's notes hang on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.articles import row_of_key
from archive.models import ArticleRow, KeyRow, ListingRow, MetaRow
from archive.source_models import PendingRow
from archive.store import Archive
from parsers.records import article_key
from parsers.urls import canonical_url, table_digest

_META = "url_table"
_BATCH = 1000


def refresh_keys(archive: Archive) -> int:
    """Enters the keys that the table of addresses in force gives to what is stored; how many were new.

    Does nothing when that was done with the same table. Call it before anything is listed or stored. Killed anywhere,
    the next call finishes the work.
    """
    digest = table_digest()
    with archive.read() as s:
        done = s.get(MetaRow, _META)
        if done is not None and done.value == digest:
            return 0
        moved = list(_moved_articles(s))
        waiting = [(row.key, url) for row in s.scalars(select(PendingRow)) if (url := _moved(row.url)) is not None]
    with archive.write() as s:
        new = sum(_enter(s, number, url) for number, url in moved)
        for key, url in waiting:
            _rename_pending(s, key, url)
        s.merge(MetaRow(key=_META, value=digest))
    return new


def _moved_articles(s: Session) -> Iterator[tuple[int, str]]:
    """Number and present URL of every article whose stored one is outdated."""
    rows = s.execute(select(ArticleRow.number, ArticleRow.url).where(ArticleRow.url.is_not(None)))
    for number, stored in rows.yield_per(_BATCH).tuples():
        if stored is not None and (url := _moved(stored)) is not None:
            yield number, url


def _moved(url: str) -> str | None:
    present = canonical_url(url)
    return present if present != url else None


def _enter(s: Session, number: int, url: str) -> bool:
    key = article_key(url)
    if row_of_key(s, key) is not None:
        return False
    s.add(KeyRow(key=key, article_number=number, url=url))
    for listing in s.scalars(select(ListingRow).where(ListingRow.article_number == number)):
        if s.get(ListingRow, (listing.source_id, key)) is None:
            listing.key = key
    s.flush()
    return True


def _rename_pending(s: Session, key: str, url: str) -> None:
    """What waits for its page, or was given up, is known under the present URL only; an article needs no waiting."""
    row = s.get(PendingRow, key)
    new = article_key(url)
    if row is None:
        return
    if row_of_key(s, new) is not None or s.get(PendingRow, new) is not None:
        s.delete(row)
    else:
        row.key, row.url = new, url
    s.flush()
