"""Backfills in chunks: each chunk is done once, whoever does it, and what came of it is counted.

    begin -> claim -> (renew …) -> finish | fail | give_back        todo -> running -> done
                                                                             running -> failed -> … -> set_aside

A chunk is claimed under a lease, as locks are (`archive.locks`): that of a worker that was killed goes to the next one.
What a chunk brought is written in the transaction of its end, so that it is counted once even where two read it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, fields
from itertools import chain, islice

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from archive.bulk import insert_many
from archive.locks import LEASE, is_held
from archive.models import BackfillRow, ChunkRow, SetAsideRow
from archive.records import (
    BackfillProgress,
    Chunk,
    ChunkCounts,
    ChunkResult,
    ChunkState,
    Claim,
    SetAside,
    Unreadable,
)

MOST_ATTEMPTS = 3
"""After so many a chunk is set aside."""
PAUSE = dt.timedelta(seconds=10)
"""How long a chunk that failed waits for its second attempt; twice as long for its third."""
KEPT = 20
"""So many records that could not be read are kept of each chunk; the others are only counted."""
_SHOWN = 100
_COUNTS = [field.name for field in fields(ChunkCounts)]


def begin(s: Session, chunks: Sequence[Chunk], *, rules_version: str, now: dt.datetime, contents: str = "") -> str:
    """Enters a backfill of these chunks by these rules, each chunk once and in a fixed order; its id.

    The id depends on the chunks, on the version of the rules and on `contents` only: what else tells files from others
    at their places. A backfill that is known goes on where it was.
    """
    ordered = sorted(set(chunks), key=lambda each: (each.input, each.start, each.end))
    told = json.dumps([rules_version, *map(astuple, ordered), *filter(None, [contents])])
    id_ = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    if s.get(BackfillRow, id_) is not None:
        return id_
    s.add(BackfillRow(id=id_, rules_version=rules_version, begun_at=now))
    s.flush()
    insert_many(s, ChunkRow, [_new_row(id_, number, chunk) for number, chunk in enumerate(ordered, 1)])
    return id_


def claim(
    s: Session,
    backfill: str,
    *,
    owner: str,
    now: dt.datetime,
    is_gone: Callable[[str], bool],
    chunk: int | None = None,
) -> Claim | None:
    """Takes the first chunk that is to be done, or the one of this number, if it is; None when there is none now.

    That is one whose worker is gone or has lost its lease, one that failed and whose time has come, or one that nobody
    has read. One that was lost with its worker in MOST_ATTEMPTS is set aside, since it may be what ends them.
    """
    while rows := _claimable(s, backfill, now, is_gone, limit=1, number=chunk):
        row = rows[0]
        if row.attempts < MOST_ATTEMPTS:
            row.state, row.attempts = ChunkState.RUNNING, row.attempts + 1
            row.owner, row.token, row.lease_until = owner, uuid.uuid4().hex, now + LEASE
            s.flush()
            return Claim(backfill, row.number, _chunk(row), row.token, row.attempts)
        _set_aside(row, f"Its worker ended without a word, or lost its lease, in all of {row.attempts} attempts.", now)
        s.flush()
    return None


def renew(s: Session, claim: Claim, *, now: dt.datetime, new: int = 0) -> bool:
    """Extends the lease; False when the chunk is somebody else's by now.

    `new`: articles that this transaction stored for the first time. They are counted at once, so that the count is
    right however often the chunk is begun again; `finish` is told of its own transaction's only.
    """
    row = _row(s, claim)
    row.new += new
    if row.token != claim.token:
        return False
    row.lease_until = now + LEASE
    return True


def finish(s: Session, claim: Claim, result: ChunkResult, *, now: dt.datetime) -> bool:
    """Enters that a chunk was read to its end; False when another has finished it. What it stored is in the same
    transaction; of `result.counts.new` that which no `renew` has told.
    """
    row = _row(s, claim)
    row.new += result.counts.new
    if row.state is ChunkState.DONE:
        return False
    for name in _COUNTS:
        if name != "new":
            setattr(row, name, getattr(result.counts, name))
    row.first, row.next = result.first, result.next
    _end(row, ChunkState.DONE, now)
    row.next_attempt = row.reason = None
    _keep_unreadable(s, row, result.unreadable)
    s.flush()
    return True


def fail(s: Session, claim: Claim, reason: str, *, now: dt.datetime) -> ChunkState:
    """Enters that an attempt failed, and why; the chunk's state now. One that is somebody else's is left alone."""
    row = _row(s, claim)
    if row.token != claim.token:
        return row.state
    if row.attempts >= MOST_ATTEMPTS:
        _set_aside(row, reason, now)
    else:
        _end(row, ChunkState.FAILED, now)
        row.reason, row.next_attempt = reason, now + row.attempts * PAUSE
    s.flush()
    return row.state


def give_back(s: Session, claim: Claim) -> None:
    """Leaves a chunk to others, as if it had not been begun: its worker was asked to stop."""
    row = _row(s, claim)
    if row.token == claim.token:
        row.state, row.attempts = ChunkState.TODO, row.attempts - 1
        row.owner = row.token = row.lease_until = None


def ready(s: Session, backfill: str, *, now: dt.datetime, is_gone: Callable[[str], bool], limit: int) -> list[int]:
    """The numbers of the first `limit` chunks that `claim` would look at now."""
    return [row.number for row in _claimable(s, backfill, now, is_gone, limit=limit)]


def running(s: Session, *, now: dt.datetime, is_gone: Callable[[str], bool]) -> bool:
    """Whether a chunk of any backfill is being read."""
    rows = s.scalars(select(ChunkRow).where(ChunkRow.state == ChunkState.RUNNING))
    return any(_is_worked_on(row, now, is_gone) for row in rows)


def release(s: Session, backfill: str) -> int:
    """Gives every chunk that was set aside its attempts anew; how many that were."""
    aside = select(ChunkRow).where(ChunkRow.backfill == backfill, ChunkRow.state == ChunkState.SET_ASIDE)
    rows = s.scalars(aside).all()
    for row in rows:
        _do_again(row)
    return len(rows)


def progress(s: Session, backfill: str) -> BackfillProgress:
    """How far a backfill is."""
    row = ChunkRow
    sums = [func.sum(getattr(row, name)) for name in _COUNTS]
    query = select(row.state, func.count(), func.sum(row.ends - row.begins), *sums)
    chunks = dict.fromkeys(ChunkState, 0)
    sizes, counts = dict.fromkeys(ChunkState, 0), ChunkCounts()
    for state, count, size, *summed in s.execute(query.where(row.backfill == backfill).group_by(row.state)):
        chunks[state], sizes[state] = count, int(size)
        counts += ChunkCounts(*map(int, summed))
    aside = select(row).where(row.backfill == backfill, row.state == ChunkState.SET_ASIDE).order_by(row.number)
    lost = select(SetAsideRow).where(SetAsideRow.backfill == backfill)
    shown = s.scalars(lost.order_by(SetAsideRow.chunk, SetAsideRow.position).limit(_SHOWN))
    return BackfillProgress(
        chunks,
        sizes[ChunkState.DONE] + sizes[ChunkState.SET_ASIDE],
        sum(sizes.values()),
        counts,
        tuple(SetAside(_chunk(each), each.reason or "") for each in s.scalars(aside)),
        tuple(Unreadable(each.place, each.reason) for each in shown),
    )


def misaligned(s: Session, backfill: str) -> list[tuple[int, int]]:
    """Chunks that did not begin where the one before ended: (number, offset where it is to begin), one for each input.

    Whoever begins in the middle of a file looks for the first record by its bytes, and a page may hold such bytes. What
    follows in the same file is judged when that chunk was done again.
    """
    row = ChunkRow
    query = select(row.number, row.input, row.state, row.begins, row.ends, row.first, row.next)
    found: dict[str, tuple[int, int]] = {}
    behind: dict[str, int | None] = {}
    for number, input_, state, begins, ends, first, next_ in s.execute(
        query.where(row.backfill == backfill).order_by(row.input, row.begins, row.ends)
    ).tuples():
        if input_ in found:
            continue
        due = behind.get(input_)
        if state is ChunkState.DONE and due is not None and begins != due and _is_astray(begins, ends, first, due):
            found[input_] = (number, due)
        behind[input_] = _behind(ends, first, next_, due) if state is ChunkState.DONE else None
    return list(found.values())


def realign(s: Session, backfill: str, *, now: dt.datetime) -> int:
    """Has every chunk that `misaligned` names done again from its offset on; how many. One that the record before it
    covers holds nothing.
    """
    astray = misaligned(s, backfill)
    for number, offset in astray:
        row = s.get_one(ChunkRow, (backfill, number))
        row.begins = min(offset, row.ends)
        for name in _COUNTS:
            if name != "new":
                setattr(row, name, 0)
        row.first = row.next = None
        _keep_unreadable(s, row, ())
        _do_again(row)
        if row.begins == row.ends:
            _end(row, ChunkState.DONE, now)
    s.flush()
    return len(astray)


def _behind(ends: int, first: int | None, next_: int | None, due: int | None) -> int | None:
    """Where the record behind a chunk begins, None when that is not known."""
    if first is not None:
        return next_
    return due if due is not None and due >= ends else None


def _is_astray(begins: int, ends: int, first: int | None, due: int) -> bool:
    return begins <= due < ends if first is None else first != due


def _claimable(
    s: Session,
    backfill: str,
    now: dt.datetime,
    is_gone: Callable[[str], bool],
    *,
    limit: int,
    number: int | None = None,
) -> list[ChunkRow]:
    """Each state is asked for by itself: an index has them in order."""
    row = ChunkRow
    query = select(row).where(row.backfill == backfill, *([] if number is None else [row.number == number]))
    ordered = query.order_by(row.number)
    running = s.scalars(ordered.where(row.state == ChunkState.RUNNING))
    failed = s.scalars(ordered.where(row.state == ChunkState.FAILED, row.next_attempt <= now).limit(limit))
    todo = s.scalars(ordered.where(row.state == ChunkState.TODO).limit(limit))
    left = (each for each in running if not _is_worked_on(each, now, is_gone))
    return list(islice(chain(left, failed, todo), limit))


def _is_worked_on(row: ChunkRow, now: dt.datetime, is_gone: Callable[[str], bool]) -> bool:
    return row.owner is not None and row.lease_until is not None and is_held(row.owner, row.lease_until, now, is_gone)


def _row(s: Session, claim: Claim) -> ChunkRow:
    return s.get_one(ChunkRow, (claim.backfill, claim.number), populate_existing=True)


def _new_row(backfill: str, number: int, chunk: Chunk) -> dict[str, object]:
    place = {"input": chunk.input, "kind": chunk.kind, "begins": chunk.start, "ends": chunk.end}
    return {"backfill": backfill, "number": number, "state": ChunkState.TODO, **place}


def _chunk(row: ChunkRow) -> Chunk:
    return Chunk(row.input, row.kind, row.begins, row.ends)


def _end(row: ChunkRow, state: ChunkState, now: dt.datetime) -> None:
    row.state, row.ended_at = state, now
    row.owner = row.token = row.lease_until = None


def _set_aside(row: ChunkRow, reason: str, now: dt.datetime) -> None:
    _end(row, ChunkState.SET_ASIDE, now)
    row.reason, row.next_attempt = reason, None


def _do_again(row: ChunkRow) -> None:
    row.state, row.attempts = ChunkState.TODO, 0
    row.reason = row.next_attempt = row.ended_at = None


def _keep_unreadable(s: Session, row: ChunkRow, unreadable: Iterable[Unreadable]) -> None:
    s.execute(delete(SetAsideRow).where(SetAsideRow.backfill == row.backfill, SetAsideRow.chunk == row.number))
    of_chunk = {"backfill": row.backfill, "chunk": row.number}
    rows = [
        {**of_chunk, "position": at, "place": each.where, "reason": each.reason}
        for at, each in enumerate(list(unreadable)[:KEPT])
    ]
    insert_many(s, SetAsideRow, rows)
