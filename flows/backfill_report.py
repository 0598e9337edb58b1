"""What a backfill is doing and what it did, in records and in words: for the command line and for Prefect's pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from archive.records import BackfillProgress, ChunkState
from reports.words import counted


@dataclass(frozen=True, slots=True)
class BackfillUpdate:
    """How far a run is. `left` is estimated from this run's own pace, None while it cannot be.

    `joined` of `to_join` articles are joined; both are 0 until all chunks are done.
    """

    progress: BackfillProgress
    pages_per_second: float = 0.0
    left: timedelta | None = None
    joined: int = 0
    to_join: int = 0


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What a backfill came to, all its runs together; `seconds`, `joined` and `new_meetings` are of this run."""

    backfill: str
    progress: BackfillProgress
    seconds: float
    pages_per_second: float
    joined: int
    new_meetings: int

    @property
    def failure(self) -> str:
        """What is missing, in one sentence; empty when every chunk was read, and anything in them."""
        aside, lost = self.progress.set_aside, self.progress.unreadable
        if aside:
            first = f"{aside[0].chunk.input}: {aside[0].reason}"
            of = sum(self.progress.chunks.values())
            return f"{len(aside)} of {of} chunks could not be read; the first: {first}; try them again with --again"
        if lost and not self.progress.counts.read:
            return f"nothing could be read; the first: {lost[0].where}: {lost[0].reason}"
        return ""


def share_of(update: BackfillUpdate) -> tuple[int, int]:
    """How much of what is done now, the chunks or the join, is done."""
    if update.to_join:
        return update.joined, update.to_join
    return update.progress.size_done, update.progress.size


def line_of(update: BackfillUpdate) -> str:
    """How far a run is, in one short line."""
    if update.to_join:
        return f"joining: {update.joined:,} of {update.to_join:,} articles"
    counts, chunks = update.progress.counts, update.progress.chunks
    parts = [
        f"{chunks[ChunkState.DONE]:,} of {sum(chunks.values()):,} chunks",
        f"{counts.read:,} pages",
        f"{counts.stored:,} kept",
        f"{update.pages_per_second:,.0f} pages/s" if update.pages_per_second else "",
        f"{update.left} left" if update.left is not None else "",
    ]
    aside = chunks[ChunkState.SET_ASIDE]
    return ", ".join(filter(None, [*parts, f"{aside} set aside" if aside else ""]))


def rows_of(report: BackfillReport) -> list[tuple[str, str, str]]:
    """The rows of the report's table: what was counted, how often, and what that means."""
    counts, chunks = report.progress.counts, report.progress.chunks
    took = timedelta(seconds=round(report.seconds))
    rows = [
        ("chunks", sum(chunks.values()), ", ".join(f"{n:,} {state}" for state, n in chunks.items() if n)),
        ("read", counts.read, f"pages; by this run {report.pages_per_second:,.0f} a second, in {took}"),
        ("dismissed", counts.dismissed, "by the first pass: they cannot concern both countries"),
        ("without text", counts.without_text, "no article was found in them"),
        ("extracted", counts.extracted, "articles"),
        ("one-sided", counts.one_sided, "of these: they do not speak of both countries"),
        ("stored", counts.stored, f"of these: they concern both; {counts.new:,} were not known before"),
        ("detected", counts.detected, f"of the stored: they tell of {counted(counts.meetings, 'meeting')} in all"),
        ("joined", report.joined, f"articles by this run: {counted(report.new_meetings, 'new meeting')}"),
        ("unreadable", counts.unreadable, "records set aside"),
        ("other", counts.other, "records that are no page"),
    ]
    return [(what, f"{count:,}", means) for what, count, means in rows]


def report_to_dict(report: BackfillReport) -> dict[str, Any]:
    """A report in JSON values: `counts` as in docs/backfill.md, `chunks` by state, what was set aside with reasons."""
    progress = report.progress
    return {
        "backfill": report.backfill,
        "chunks": {state.value: count for state, count in progress.chunks.items()},
        "size": progress.size,
        "counts": asdict(progress.counts),
        "joined": report.joined,
        "new_meetings": report.new_meetings,
        "seconds": round(report.seconds, 1),
        "pages_per_second": round(report.pages_per_second, 1),
        "set_aside": [asdict(each.chunk) | {"reason": each.reason} for each in progress.set_aside],
        "unreadable": [asdict(each) for each in progress.unreadable],
    }
