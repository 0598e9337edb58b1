"""What tells that a meeting changed, without reading its articles: for whoever keeps something made of all meetings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from archive.models import AliasRow, ArticleRow, MeetingRow, MentionRow


@dataclass(frozen=True, slots=True)
class Marker:
    """`record` changes with a meeting's record, times and placing; `whole` also with its mentions and articles."""

    record: str
    whole: str


def markers(s: Session) -> dict[str, Marker]:
    """The marker of each meeting by its permanent id; by placing date, those without one last.

    Of its mentions count: which articles, when each was read last, and whose text each prints.
    """
    mentions = _mentions(s)
    row = MeetingRow
    chosen = select(row.id, cast(row.record, Text), row.first_seen, row.held_known_at, row.placed_on, row.filed)
    told = chosen.where(row.withdrawn_at.is_(None)).order_by(row.placed_on.is_(None), row.placed_on, row.id)
    found = {}
    for id_, record, seen, held, placed, filed in s.execute(told):
        own = digest(f"{record}|{seen}|{held}|{placed}|{filed}")
        found[id_] = Marker(own, digest(f"{own}|{mentions.get(id_)}"))
    return found


def aliases(s: Session) -> dict[str, str]:
    """The ids that lead on to another one, each with that one, by id."""
    rows = s.execute(select(AliasRow.alias, AliasRow.meeting_id).order_by(AliasRow.alias))
    return dict(rows.tuples().all())


def withdrawn(s: Session) -> list[str]:
    """The ids of the meetings that nobody tells any more and that lead nowhere, by id."""
    row = MeetingRow
    led_on = select(AliasRow.alias)
    return list(s.scalars(select(row.id).where(row.withdrawn_at.is_not(None), row.id.not_in(led_on)).order_by(row.id)))


def _mentions(s: Session) -> dict[str, str]:
    """The mentions of each meeting in one line."""
    query = select(ArticleRow.number, ArticleRow.copy_of).where(ArticleRow.copy_of != ArticleRow.number)
    copies: dict[int, int | None] = dict(s.execute(query).tuples().all())
    row = MentionRow
    order = select(row.meeting_id, row.article_number, row.position, row.recorded_at)
    found: dict[str, list[str]] = {}
    for id_, number, position, recorded in s.execute(order.order_by(row.article_number, row.position)):
        found.setdefault(id_, []).append(f"{number}.{position}@{recorded}={copies.get(number)}")
    return {id_: " ".join(each) for id_, each in found.items()}


def digest(*parts: object) -> str:
    """One short word for many facts."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode("utf-8", "replace"), digest_size=10).hexdigest()
