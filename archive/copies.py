"""Articles that print one text, found by their words and kept as groups under the article that has it first.

A group is all that hangs together by `meetings.similarity.same_text`, so it is the same in whatever order its articles
arrive. It is named after its origin: the agency's own article where the dateline names the agency, else the earliest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import CompoundSelect, Select, func, insert, select, update
from sqlalchemy.orm import Session

from archive.locks import Check, unasked
from archive.models import ArticleRow, SketchRow
from archive.store import Archive
from meetings.similarity import Fingerprint, fingerprint, same_text
from parsers.agencies import agency_of

REACH = dt.timedelta(days=3)
"""How far apart two printings of one text are dated; an article without date is compared with all."""
UNDATED = dt.date.max
"""Stands for no date in the index, which takes no empty column."""
_BATCH = 50
"""Articles compared in one transaction: other writers wait no longer for it than for one source's articles."""


def group_copies(archive: Archive, *, check: Check = unasked) -> int:
    """Compares every article whose text is new with those near it in time; how many that were.

    Killed anywhere, the next call finishes the work; called again, it changes nothing.
    """
    compared = 0
    while True:
        with archive.write() as s:
            check(s)
            query = select(ArticleRow).where(ArticleRow.compared.is_(False)).order_by(ArticleRow.number)
            batch = s.scalars(query.limit(_BATCH)).all()
            _compare(s, batch)
        compared += len(batch)
        if len(batch) < _BATCH:
            return compared


def duplicate_shares(s: Session, since: dt.datetime, *, fewest: int) -> dict[str, float]:
    """Of each source with at least `fewest` articles stored since then the part that print another article's text.

    From 0 to 1, by source id.
    """
    total = func.count()
    copies = func.count().filter(ArticleRow.copy_of != ArticleRow.number)
    recent = (ArticleRow.stored_at >= since, ArticleRow.source_id.is_not(None))
    rows = s.execute(select(ArticleRow.source_id, copies, total).where(*recent).group_by(ArticleRow.source_id))
    return {str(source_id): part / whole for source_id, part, whole in rows if whole >= fewest}


def candidates(values: frozenset[int], day: dt.date | None) -> CompoundSelect[tuple[int]] | Select[tuple[int]]:
    """The numbers of the articles near `day` whose sketch has one of these values, by index."""
    query = select(SketchRow.article_number).where(SketchRow.value.in_(sorted(values)))
    if day is None:
        return query.distinct()
    near = query.where(SketchRow.day.between(day - REACH, day + REACH))
    return near.union(query.where(SketchRow.day == UNDATED))


def _compare(s: Session, batch: Sequence[ArticleRow]) -> None:
    """Joins the groups of all articles that have the text of one of these; their sketches are kept for others."""
    compared = [(row, own := _fingerprint(row), own.sketch()) for row in batch]
    _keep_sketches(s, [(row, values) for row, _, values in compared])
    for row, own, values in compared:
        # what is changed here is written once for all; only a look at whole groups must see it
        with s.no_autoflush:
            same = _same(s, row, own, values)
        row.compared = True
        if same or row.copy_of is not None:
            _join(s, row, same)
        else:
            row.copy_of = row.number


def _same(s: Session, row: ArticleRow, own: Fingerprint, values: frozenset[int]) -> list[ArticleRow]:
    """The articles with this text that were compared before."""
    found = s.scalars(candidates(values, row.published_on)) if values else ()
    near = [number for number in found if number != row.number]
    others = s.scalars(select(ArticleRow).where(ArticleRow.number.in_(near))).all() if near else []
    before = [other for other in others if other.copy_of is not None and _dated_near(row, other)]
    return [other for other in before if same_text(own, _fingerprint(other))]


def _join(s: Session, row: ArticleRow, same: Sequence[ArticleRow]) -> None:
    groups = {each.copy_of or each.number for each in (row, *same)}
    members = s.scalars(select(ArticleRow).where(ArticleRow.copy_of.in_(groups))).all()
    origin = min((row, *members), key=_precedence)
    s.execute(update(ArticleRow).where(ArticleRow.copy_of.in_(groups)).values(copy_of=origin.number))
    row.copy_of = origin.number


def _keep_sketches(s: Session, sketches: Sequence[tuple[ArticleRow, frozenset[int]]]) -> None:
    new = []
    for row, values in sketches:
        day = row.published_on or UNDATED
        mine = SketchRow.value.in_(values), SketchRow.day == day, SketchRow.article_number == row.number
        # one that was never compared has none
        kept = s.scalars(select(SketchRow.value).where(*mine)).all() if row.copy_of is not None else []
        new += [{"value": each, "day": day, "article_number": row.number} for each in values.difference(kept)]
    if new:
        s.execute(insert(SketchRow), new)


def _dated_near(one: ArticleRow, other: ArticleRow) -> bool:
    """A sketch may stand under a day that was corrected since."""
    if one.published_on is None or other.published_on is None:
        return True
    return abs(one.published_on - other.published_on) <= REACH


def _fingerprint(row: ArticleRow) -> Fingerprint:
    captions = frozenset(row.captions)
    return fingerprint([text for at, text in enumerate(row.paragraphs) if at not in captions])


def _precedence(row: ArticleRow) -> tuple[bool, dt.date, dt.datetime, str]:
    """Least for the article whose text it is; nothing in it depends on when an article arrived."""
    agency = agency_of(row.paragraphs)
    own = agency is not None and agency[0] == row.outlet
    last = dt.datetime.max.replace(tzinfo=dt.UTC)
    return not own, row.published_on or last.date(), row.published or last, row.key
