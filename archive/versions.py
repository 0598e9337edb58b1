"""Pages that change after they were read: when one is asked for again, and what becomes of its new text.

    listed under another title -> changed_listings -> waits for its page again -> add_version -> undetected
                                                               -> record_detection -> put_in_force

A new text is kept as a version. It takes the place of the text in force together with what the rules read in it, in one
transaction, so that evidence never points into another text (docs/decisions/0005-article-identity.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.articles import cleaned, row_of_key
from archive.columns import batches
from archive.models import ArticleRow, ListingRow, VersionRow
from archive.records import PendingEntry
from parsers.records import Article, Entry, Kind, Source, article_key

MOST_RETURNS = 3
"""How often the page of one article is asked for again, by each source that lists it."""
PAUSE = dt.timedelta(hours=6)
"""How long a page is left alone between two requests."""
WATCHED = dt.timedelta(days=14)
"""How long after it was stored an article's listing is looked at."""
_KEPT = 0.5
"""The part of the text in force that a new one must have in length: less is a page that lost its text."""


def note_listing(s: Session, entry: PendingEntry, number: int, *, now: dt.datetime) -> None:
    """Remembers how a source lists the article of this number, which was stored from `entry`; once is enough."""
    key = article_key(entry.url)
    if s.get(ListingRow, (entry.source_id, key)) is None:
        s.add(
            ListingRow(
                source_id=entry.source_id,
                key=key,
                article_number=number,
                title=entry.title,
                published=entry.published,
                first_seen=now,
                returns=0,
                next_return=now + PAUSE,
            )
        )


def changed_listings(s: Session, entries: Collection[Entry], *, source: Source, now: dt.datetime) -> list[Entry]:
    """Those of `entries` whose page is to be asked for again, since `source` lists them otherwise than before.

    That is: under another title, or, in a sitemap, with a later date; within WATCHED, at most MOST_RETURNS times, PAUSE
    apart. What was stored before listings were remembered is never asked for again.
    """
    by_key = {article_key(entry.url): entry for entry in entries}
    open_ = (
        ListingRow.source_id == source.id,
        ListingRow.returns < MOST_RETURNS,
        ListingRow.next_return <= now,
        ListingRow.first_seen > now - WATCHED,
    )
    changed = []
    for batch in batches(by_key):
        rows = s.scalars(select(ListingRow).where(*open_, ListingRow.key.in_(batch)))
        changed += [by_key[row.key] for row in rows if _changed(row, by_key[row.key], source)]
    return changed


def note_return(s: Session, entry: Entry, *, source: Source, now: dt.datetime) -> None:
    """Remembers how an entry that `changed_listings` named is listed now: its page is about to be asked for."""
    row = s.get_one(ListingRow, (source.id, article_key(entry.url)))
    row.title, row.published = entry.title, entry.published
    row.returns += 1
    row.next_return = now + PAUSE


def add_version(s: Session, article: Article, *, now: dt.datetime) -> bool:
    """Keeps what the page of a stored article says now; True when it never said so before.

    A text in which much is missing, or that only the generic reader could take from a page that the outlet's own read
    before, is kept but never comes into force; nor does any in place of an imported file, which a person chose.
    """
    row = row_of_key(s, article.key)
    article = cleaned(article)
    if row is None or _known_text(s, row, article.text_sha256):
        return False
    latest = s.scalar(select(func.max(VersionRow.version)).where(VersionRow.article_number == row.number))
    if latest is None:
        s.add(_version(row.number, 1, row, seen_at=row.stored_at, taken_at=row.stored_at))
    number = (latest or 1) + 1
    s.add(_version(row.number, number, article, seen_at=now, taken_at=None))
    if _is_better(row, article):
        row.due_version, row.detected_rules = number, None
    s.flush()
    return True


def put_in_force(s: Session, row: ArticleRow, read: Article, *, now: dt.datetime) -> bool:
    """Makes the text that was read the one in force; False when a newer one came meanwhile and is still to be read.

    Its file is written anew and its text compared with others again.
    """
    if row.due_version is None:
        return True
    query = select(VersionRow).where(VersionRow.article_number == row.number)
    version = s.scalars(query.where(VersionRow.text_sha256 == read.text_sha256)).one()
    if version.version != row.version:
        row.title, row.paragraphs, row.captions = version.title, version.paragraphs, version.captions
        row.text_sha256, row.method, row.version = version.text_sha256, version.method, version.version
        row.published, row.published_on = row.published or version.published, row.published_on or version.published_on
        row.path, row.compared = None, False
        version.taken_at = now
    if row.due_version == row.version:
        row.due_version = None
    return row.due_version is None


def _changed(row: ListingRow, entry: Entry, source: Source) -> bool:
    if _plain(entry.title) != _plain(row.title):
        return True
    dated = source.kind in (Kind.NEWS_SITEMAP, Kind.SITEMAP_INDEX)  # feeds often date an item anew at every request
    return bool(dated and entry.published and (row.published is None or entry.published > row.published))


def _plain(title: str) -> str:
    return " ".join(title.split()).casefold()


def _known_text(s: Session, row: ArticleRow, sha256: str) -> bool:
    """Whether the page said so before: pages that go to and fro between two titles add nothing."""
    query = select(VersionRow.version).where(VersionRow.article_number == row.number, VersionRow.text_sha256 == sha256)
    return sha256 == row.text_sha256 or s.scalar(query) is not None


def _version(
    number: int, version: int, text: ArticleRow | Article, *, seen_at: dt.datetime, taken_at: dt.datetime | None
) -> VersionRow:
    return VersionRow(
        article_number=number,
        version=version,
        title=text.title,
        paragraphs=list(text.paragraphs),
        captions=list(text.captions),
        text_sha256=text.text_sha256,
        method=text.method,
        published=text.published,
        published_on=text.published_on,
        seen_at=seen_at,
        taken_at=taken_at,
    )


def _is_better(row: ArticleRow, article: Article) -> bool:
    before, after = sum(map(len, row.paragraphs)), sum(map(len, article.paragraphs))
    own_before, own_after = row.method.startswith("outlet:"), article.method.startswith("outlet:")
    chosen = row.method.startswith("seed:")
    return not chosen and after >= _KEPT * before and (own_after or not own_before)
