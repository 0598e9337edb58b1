"""The catalogue of articles: each stored once under its key; later texts of its page are kept in `archive.versions`."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, SQLColumnExpression, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from archive.bulk import among, insert_many
from archive.columns import batches, is_storable, storable
from archive.models import ArticleRow, KeyRow, ReadingRow, VersionRow
from archive.records import StoredArticle
from parsers.records import Article


def add_article(
    s: Session, article: Article, *, now: dt.datetime, old_name: str | None = None
) -> tuple[StoredArticle, bool]:
    """Stores `article` under its key; True when it is new. `old_name`: the file it was imported from.

    The key may be any under which the article is known. An article of a known key keeps the text it has. One that had
    no URL (an imported file) takes the address, outlet and times of the page that turned up, and is read again.
    """
    row = row_of_key(s, article.key)
    if row is not None:
        if row.url is None and article.url is not None:
            _fill_in(row, article)
            s.flush()
        return stored_article(row), False
    row = ArticleRow(**_columns(article, now), old_name=old_name)
    s.add(row)
    s.flush()
    s.refresh(row)
    return stored_article(row), True


def add_articles(s: Session, articles: Sequence[Article], *, now: dt.datetime) -> tuple[list[int], set[str]]:
    """As `add_article` for many at once: the number of each, in order, and the keys of those that are new."""
    numbers = _numbers_of(s, {article.key for article in articles})
    known_before = set(numbers)
    new: dict[str, Article] = {}
    for article in articles:
        if article.key not in known_before:
            new.setdefault(article.key, article)
    if new:
        rows = [_columns(article, now) for article in new.values()]
        numbers |= dict(insert_many(s, ArticleRow, rows, returning=("key", "number")))
    _fill_in_known(s, [article for article in articles if article.key in known_before], numbers)
    return [numbers[article.key] for article in articles], set(new)


def known_keys(s: Session, keys: Collection[str]) -> set[str]:
    """Those of `keys` under which an article is known."""
    return keys_in(s, ArticleRow.key, keys) | keys_in(s, KeyRow.key, keys)


def row_of_key(s: Session, key: str) -> ArticleRow | None:
    """The row of the article that is known under this key; for the modules of this room."""
    row = s.scalar(select(ArticleRow).where(ArticleRow.key == key))
    return row or s.scalar(select(ArticleRow).join(KeyRow).where(KeyRow.key == key))


def keys_in(s: Session, column: InstrumentedAttribute[str], keys: Collection[str]) -> set[str]:
    """Those of `keys` that stand in `column`."""
    return {key for batch in batches(keys) for key in s.scalars(select(column).where(column.in_(batch)))}


def newest(s: Session) -> int:
    """The number of the article that was stored last, 0 when there is none."""
    return s.scalar(select(func.max(ArticleRow.number))) or 0


def undetected(
    s: Session, rules_version: str, *, since: dt.date | None = None, newest: int | None = None, staged: bool = True
) -> Sequence[int]:
    """The numbers of the articles that rules of this version have not read yet, in the order of publication.

    `since`: only what was published on that day or later; where the day is not known, what was stored then. `newest`:
    only up to this number. `staged`: those, too, of which a reading is kept (`archive.readings`).
    """
    query = select(ArticleRow.number).where(*_unread(rules_version, since)).order_by(*by_publication())
    if newest is not None:
        query = query.where(ArticleRow.number <= newest)
    if not staged:
        query = query.where(~exists().where(ReadingRow.article_number == ArticleRow.number))
    # a million of them are held for as long as the reading lasts
    return array("q", s.scalars(query))


def to_read(s: Session, rules_version: str, numbers: Sequence[int]) -> list[StoredArticle]:
    """Those of these articles, in their order, that rules of this version have not read yet.

    One whose page has a text that is to take the place of the one in force comes with that text.
    """
    due = and_(VersionRow.article_number == ArticleRow.number, VersionRow.version == ArticleRow.due_version)
    query = select(ArticleRow, VersionRow).outerjoin(VersionRow, due)
    rows = s.execute(query.where(ArticleRow.number.in_(list(numbers)), *_unread(rules_version, None))).tuples()
    found = {row.number: _with_text(stored_article(row), version) for row, version in rows}
    return [found[number] for number in numbers if number in found]


def by_publication() -> list[SQLColumnExpression[Any]]:
    """Puts articles in the order of publication, which does not depend on when they arrived; undated ones come last."""
    row = ArticleRow
    return [row.published_on.is_(None), row.published_on, row.published.is_(None), row.published, row.key]


def count_undetected(s: Session, rules_version: str, *, since: dt.date | None = None) -> int:
    """How many articles `undetected` gives in all."""
    return s.scalar(select(func.count()).select_from(ArticleRow).where(*_unread(rules_version, since))) or 0


def count_articles(s: Session) -> int:
    """How many articles are stored."""
    return s.scalar(select(func.count()).select_from(ArticleRow)) or 0


def articles_between(s: Session, start: dt.datetime, end: dt.datetime) -> int:
    """How many articles fall into [start, end), both aware; those that print one text count once.

    An article falls on the moment of its publication; on its day of publication as the zone of `start` and `end`
    counts days, when only the day is known; on the moment when it was stored, when neither is.
    """
    row = ArticleRow
    by_moment = and_(row.published >= start, row.published < end)
    by_day = and_(row.published.is_(None), row.published_on >= start.date(), row.published_on < end.date())
    by_storage = and_(row.published.is_(None), row.published_on.is_(None), row.stored_at >= start, row.stored_at < end)
    texts = func.count(func.coalesce(row.copy_of, row.number).distinct())
    return s.scalar(select(texts).where(or_(by_moment, by_day, by_storage))) or 0


def _unread(rules_version: str, since: dt.date | None) -> list[ColumnElement[bool]]:
    rules, row = ArticleRow.detected_rules, ArticleRow
    # "other than" as two ranges: an index serves those, but not an inequality
    unread: list[ColumnElement[bool]] = [or_(rules.is_(None), rules < rules_version, rules > rules_version)]
    if since is not None:
        start = dt.datetime.combine(since, dt.time(), dt.UTC)
        unread.append(or_(row.published_on >= since, and_(row.published_on.is_(None), row.stored_at >= start)))
    return unread


def articles_where(s: Session, condition: ColumnElement[bool]) -> list[StoredArticle]:
    """The articles of this condition, in no order; for the modules of this room."""
    row = ArticleRow
    # many are read at once, and columns cost less than objects that could be changed
    told = row.key, row.title, row.paragraphs, row.captions, row.published, row.published_on, row.language, row.url
    kept = row.number, row.outlet, row.side, row.source_id, row.method, row.stored_at, row.path, row.old_name
    return [stored_article(each) for each in s.execute(select(*told, *kept, row.version, row.copy_of).where(condition))]


def stored_article(row: ArticleRow | Row[Any]) -> StoredArticle:
    """The record of a row."""
    article = Article(
        key=row.key,
        title=row.title,
        paragraphs=tuple(row.paragraphs),
        published=row.published,
        published_on=row.published_on,
        language=row.language,
        url=row.url,
        outlet=row.outlet,
        side=row.side,
        source_id=row.source_id,
        method=row.method,
        captions=tuple(row.captions),
    )
    copy_of = row.copy_of if row.copy_of != row.number else None
    return StoredArticle(row.number, article, row.stored_at, row.path, row.old_name, row.version, copy_of)


def _with_text(stored: StoredArticle, version: VersionRow | None) -> StoredArticle:
    if version is None:
        return stored
    paragraphs, captions = tuple(version.paragraphs), tuple(version.captions)
    article = replace(stored.article, title=version.title, paragraphs=paragraphs, captions=captions)
    return replace(stored, article=article, version=version.version)


def cleaned(article: Article) -> Article:
    """The article as it can be stored: what is read back equals it, so that evidence offsets hold."""
    if is_storable("".join((article.title, *article.paragraphs))):
        return article
    return replace(article, title=storable(article.title), paragraphs=tuple(map(storable, article.paragraphs)))


def _numbers_of(s: Session, keys: Collection[str]) -> dict[str, int]:
    """The number of each known article, by the keys among these under which it is known."""
    row, other, found = ArticleRow, KeyRow, dict[str, int]()
    for batch in batches(keys):
        also = s.execute(select(other.key, other.article_number).where(among(s, other.key, batch))).tuples()
        own = s.execute(select(row.key, row.number).where(among(s, row.key, batch))).tuples()
        found |= dict([*also, *own])
    return found


def _fill_in_known(s: Session, articles: Sequence[Article], numbers: Mapping[str, int]) -> None:
    """Imported files among these take what their pages tell; the first page of each counts."""
    pages = {numbers[article.key]: article for article in reversed(articles) if article.url is not None}
    for batch in batches(pages):
        for row in s.scalars(select(ArticleRow).where(ArticleRow.number.in_(batch), ArticleRow.url.is_(None))):
            _fill_in(row, pages[row.number])
    s.flush()


def _columns(article: Article, now: dt.datetime) -> dict[str, Any]:
    """What stands in the row of a new article."""
    article = cleaned(article)
    return {
        "key": article.key,
        "title": article.title,
        "paragraphs": list(article.paragraphs),
        "text_sha256": article.text_sha256,
        "published": article.published,
        "published_on": article.published_on,
        "language": article.language,
        "url": article.url,
        "outlet": article.outlet,
        "side": article.side,
        "source_id": article.source_id,
        "method": article.method,
        "stored_at": now,
        "notes": [],
        "captions": list(article.captions),
    }


def _fill_in(row: ArticleRow, article: Article) -> None:
    row.url = article.url
    row.outlet = row.outlet or article.outlet
    row.side = row.side or article.side
    row.source_id = row.source_id or article.source_id
    row.language = row.language or article.language
    row.published = row.published or article.published
    if row.published_on is None and article.published_on is not None:
        row.published_on = article.published_on
        row.path = None
    row.detected_rules = None
    row.compared = False
