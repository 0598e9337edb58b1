"""What an ingest did, for whoever shows it: the command line, the flows, their events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from archive.records import Skip, StoredMeeting
from flows.polling import SourceReport
from flows.watching import WatchReport
from parsers.records import Outcome
from reports.words import counted


@dataclass(frozen=True, slots=True)
class DetectReport:
    """What one detection pass did: articles read, and the meetings nobody knew before."""

    articles: int
    new_meetings: tuple[StoredMeeting, ...]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one ingest did. `next_due`: when the next source may be polled, where none was due now."""

    sources: tuple[SourceReport, ...]
    detected: DetectReport
    watched: WatchReport = field(default_factory=WatchReport)
    next_due: datetime | None = None

    @property
    def new_articles(self) -> int:
        """Articles that were not in the archive before."""
        return sum(report.new_articles for report in self.sources)

    @property
    def skipped(self) -> Counter[Skip]:
        """Entries worth a page that are still without one, by why."""
        return sum((Counter(report.skipped) for report in self.sources), Counter())

    @property
    def left(self) -> str:
        """`5 entries left without a page (host_budget 3, robots 2)`; empty when none was left."""
        whys = ", ".join(f"{why} {count}" for why, count in self.skipped.most_common())
        return f"{counted(self.skipped.total(), 'entry', 'entries')} left without a page ({whys})" if whys else ""

    @property
    def failure(self) -> str:
        """Why nothing could be stored, where every polled source failed by our own fault; else empty."""
        ours = bool(self.sources) and all(report.outcome is Outcome.INTERNAL_ERROR for report in self.sources)
        return f"nothing could be stored: {self.sources[0].message}" if ours else ""
