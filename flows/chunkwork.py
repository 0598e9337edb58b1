"""One chunk of a backfill, from its claim to its end: what a worker does, on whichever machine.

    claim -> captures -> articles of both countries -> detect -> bulk write, the last one with the chunk's end

Everything may be repeated: articles are known by their keys, and a chunk ends once. What a person stopped is given
back; what failed is tried again; what was killed is found by its lease. Nothing but the database is written.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import TypeVar

from pydantic import SecretStr

from archive import articles, backfills, readings
from archive.errors import ArchiveError, DamagedError
from archive.locks import LEASE, kept
from archive.records import Capture, ChunkCounts, ChunkResult, ChunkState, Claim, Unreadable
from archive.store import Archive
from flows.capturing import CaptureReader, Fate, concerns_both
from flows.inputs import read_chunk
from flows.opening import keep_in_use
from flows.owner import is_gone, owner
from flows.steps import now_utc, read_article
from meetings.detect import RULES_VERSION
from meetings.records import Detection
from parsers.records import Article, MeetingsError, Source
from reports.words import counted

log = logging.getLogger(__name__)

BATCH = 1000
"""Articles written at a time."""
BATCH_LENGTH = 20_000_000
"""Characters of text held at a time: articles may be long."""
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, *(15.0,) * 8)
"""Seconds between the tries of what the database refuses: it may be away for two minutes."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Order:
    """All that a worker needs of a backfill. `home` counts for an archive in SQLite alone."""

    backfill: str
    home: Path
    database: SecretStr | None
    sources: tuple[Source, ...]

    def open(self) -> Archive:
        """The archive, as `Archive.open`; one on a server needs no home folder on this machine.

        Raises `InputError` when it was moved into another database.
        """
        url = self.database.get_secret_value() if self.database else None
        here = url is None or url.startswith("sqlite")
        archive = Archive.open(self.home if here else Path(tempfile.gettempdir()), url)
        try:
            keep_in_use(archive)
        except BaseException:
            archive.close()
            raise
        return archive


class Stopped(Exception):  # noqa: N818 - somebody asked for it; nothing went wrong
    """The work is to end now; what was taken is given back."""


class TakenOver(Exception):  # noqa: N818 - as above
    """This worker was away for longer than its lease, and another one has the chunk."""


def never() -> bool:
    """Nobody asks for a stop."""
    return False


def patiently(act: Callable[[], T]) -> T:
    """What `act` gives, tried again while the database is away or busy; raises its last `ArchiveError`."""
    for wait in WAITS:
        try:
            return act()
        except DamagedError:
            raise
        except ArchiveError as error:
            log.warning("trying again in %s s: %s", wait, error)
            time.sleep(wait)
    return act()


def work_chunk(order: Order, number: int, *, stopping: Callable[[], bool] = never) -> str:
    """Claims the chunk of this number and does it; one line on what came of it, empty when it was not to be had.

    A chunk that cannot be read is told to the ledger, which has it tried again or sets it aside. Raises `Stopped` soon
    after `stopping` says so, `ArchiveError` when the database stays away, and `InputError` when it is not in use.
    """
    with patiently(order.open) as archive:
        claim = patiently(partial(_claim, archive, order.backfill, number))
        if claim is None:
            return ""
        where = f"chunk {claim.number}, {claim.chunk.input} from {claim.chunk.start}"
        with kept(partial(_renew, archive, claim), LEASE, name=f"chunk {claim.number}") as lost:
            try:
                told = _Work(archive, claim, CaptureReader(order.sources), lost, stopping).done()
            except TakenOver:
                told = "another worker took it over"
            except ArchiveError:
                # the ledger cannot be told either; the lease will end
                raise
            except Exception as error:
                if isinstance(error, Stopped):
                    _give_back(archive, claim)
                    raise
                told = _failed(archive, claim, error)
            except BaseException:
                _give_back(archive, claim)
                raise
    return f"{where}: {told}"


def _claim(archive: Archive, backfill: str, number: int) -> Claim | None:
    with archive.write() as s:
        return backfills.claim(s, backfill, owner=owner(), now=now_utc(), is_gone=is_gone, chunk=number)


def _give_back(archive: Archive, claim: Claim) -> None:
    with archive.write() as s:
        backfills.give_back(s, claim)


def _failed(archive: Archive, claim: Claim, error: Exception) -> str:
    reason = str(error) if isinstance(error, (MeetingsError, OSError)) else f"{type(error).__name__}: {error}"
    log.warning("chunk %s, %s: %s", claim.number, claim.chunk.input, reason, exc_info=error)

    def tell() -> ChunkState:
        with archive.write() as s:
            return backfills.fail(s, claim, reason, now=now_utc())

    state = patiently(tell)
    return f"set aside: {reason}" if state is ChunkState.SET_ASIDE else f"failed, to be tried again: {reason}"


def _renew(archive: Archive, claim: Claim) -> bool:
    try:
        with archive.write() as s:
            return backfills.renew(s, claim, now=now_utc())
    except MeetingsError as error:
        log.warning("chunk %s: the lease was not renewed: %s", claim.number, error)
        raise


class _Work:
    """A chunk under way: what was counted of it, and what is still to be written."""

    def __init__(
        self, archive: Archive, claim: Claim, reader: CaptureReader, lost: Event, stopping: Callable[[], bool]
    ) -> None:
        self._archive, self._claim, self._reader = archive, claim, reader
        self._lost, self._stopping = lost, stopping
        self._counts: Counter[str] = Counter()
        self._unreadable: list[Unreadable] = []
        self._batch: list[tuple[Article, Detection]] = []
        self._length = 0

    def done(self) -> str:
        with read_chunk(self._claim.chunk) as reader:
            for item in reader:
                if self._stopping():
                    raise Stopped
                if self._lost.is_set():
                    raise TakenOver
                self._take(item)
            first, after = reader.first, reader.next
        patiently(lambda: self._write((first, after)))
        read, stored, meetings = (self._counts[name] for name in ("read", "stored", "meetings"))
        return f"{counted(read, 'page')} read, {stored} stored, {counted(meetings, 'meeting')}"

    def _take(self, item: Capture | Article | Unreadable | None) -> None:
        if item is None:
            self._counts["other"] += 1
            return
        if isinstance(item, Unreadable):
            self._set_aside(item)
            return
        self._counts["read"] += 1
        article = self._article(item)
        if article is not None:
            self._store(article)

    def _article(self, item: Capture | Article) -> Article | None:
        if isinstance(item, Article):
            found = item if concerns_both(item) else Fate.ONE_SIDED
        else:
            try:
                found = self._reader.read(item)
            except Exception as error:
                log.exception("page %s", item.where)
                self._set_aside(Unreadable(item.where, f"{type(error).__name__} in the parser of {item.url}"))
                return None
        if isinstance(found, Fate):
            self._counts[found] += 1
            self._counts["extracted"] += found is Fate.ONE_SIDED
            return None
        self._counts["extracted"] += 1
        return found

    def _set_aside(self, item: Unreadable) -> None:
        self._counts["unreadable"] += 1
        if len(self._unreadable) < backfills.KEPT:
            self._unreadable.append(item)

    def _store(self, article: Article) -> None:
        found = read_article(article, article.url or article.key)
        if article.published_on is None and any(told.date is None for told in found.meetings):
            # it would be told as this week's
            self._set_aside(
                Unreadable(article.url or article.title, "nothing says when it was published, or its meeting held")
            )
            return
        self._counts.update(stored=1, detected=bool(found.meetings), meetings=len(found.meetings))
        self._batch.append((article, found))
        self._length += len(article.text)
        if len(self._batch) >= BATCH or self._length >= BATCH_LENGTH:
            patiently(self._write)

    def _write(self, end: tuple[int | None, int | None] | None = None) -> None:
        """Writes the batch in one transaction, with the chunk's `end` (first, next) where it is there.

        Raises `TakenOver` when another has the chunk; what was stored stays.
        """
        now = now_utc()
        with self._archive.write() as s:
            numbers, new = articles.add_articles(s, [article for article, _ in self._batch], now=now)
            read = [(number, *each) for number, each in zip(numbers, self._batch, strict=True)]
            readings.keep(s, read, rules_version=RULES_VERSION, now=now)
            if end is None:
                ours = backfills.renew(s, self._claim, now=now, new=len(new))
            else:
                counts = ChunkCounts(**self._counts, new=len(new))
                result = ChunkResult(counts, *end, tuple(self._unreadable))
                ours = backfills.finish(s, self._claim, result, now=now)
        self._batch, self._length = [], 0
        if not ours:
            raise TakenOver
