"""The steps of the ingest in plain functions, without Prefect: what `meetings run` and the flows both call.

    open_run -> poll every due source -> detect (-> flows.issue_steps)

Each step is safe to repeat and to run twice at once: one ingest at a time holds a lock of ours in the archive.
`now_utc` is the only clock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from archive import articles, clock, copies, files, issues, locks, meetings, readings, rereading, sources
from archive.backfills import running
from archive.locks import Check, Lease, unasked
from archive.records import StoredArticle
from archive.store import Archive
from archive.warc import RawWriter
from fetch import policy
from fetch.addresses import ports_of
from fetch.client import Client, FetchSettings
from flows import watching
from flows.opening import open_archive
from flows.owner import is_gone, owner
from flows.pages import Means, PageBudget
from flows.polling import Poller, SourceReport
from flows.results import DetectReport, IngestReport
from flows.seedpaths import read_seeds
from flows.settings import Settings, read_text, sources_path
from flows.watching import WatchReport
from meetings.detect import RULES_VERSION, detect
from meetings.records import Detection
from parsers.catalogue import Catalogue, parse_catalogue
from parsers.publishers import Publishers
from parsers.records import Advance, Article, InputError, Source
from parsers.seedfile import SeedError

log = logging.getLogger(__name__)

BATCH = 200
"""So many articles are held in memory while they are read."""
TOGETHER = 20
"""So many articles that were read before are recorded in one transaction."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import did; `refused` holds a sentence for each file that could not be read."""

    new: int
    known: int
    refused: tuple[str, ...]


def now_utc() -> datetime:
    """The one clock of the program: aware, UTC."""
    return datetime.now(UTC)


def load_catalogue(settings: Settings) -> Catalogue:
    """The catalogue in force; raises `CatalogueError` that names file and key."""
    path = sources_path(settings)
    return parse_catalogue(read_text(path, "catalogue of sources"), name=str(path))


def require_sources(catalogue: Iterable[Source], ids: Iterable[str]) -> None:
    """Raises `InputError` that names those of the `ids` that no source of the catalogue has."""
    if unknown := sorted(set(ids) - {source.id for source in catalogue}):
        raise InputError(f"no source is called {', '.join(unknown)}; `meetings sources list` shows them")


def alone(archive: Archive, name: str) -> AbstractContextManager[Lease]:
    """Hold a lock of ours; raises `archive.locks.Busy` when another process that still lives holds it."""
    return locks.hold(archive, name, owner=owner(), now_fn=now_utc, is_gone=is_gone)


class Run:
    """One ingest with what it needs: archive, catalogue, HTTP client, raw answers. Made by `open_run`."""

    def __init__(
        self,
        settings: Settings,
        catalogue: tuple[Source, ...],
        archive: Archive,
        client: Client,
        raw: RawWriter,
        name: str,
        lease: Lease,
    ) -> None:
        self.settings = settings
        self._lease = lease
        self.archive = archive
        self.catalogue = catalogue
        with archive.read() as session:
            self._states = sources.states_of(session, self.catalogue)
        idle = watching.standing_by(self.catalogue, self._states, now=now_utc())
        self._polled = frozenset(source.id for source in self.catalogue if source.enabled) - idle
        self._poller = Poller(
            Means(archive, client, raw, now_utc, lease),
            PageBudget(per_host=settings.pages_per_host, per_run=settings.pages_per_run),
            Publishers(self.catalogue),
            run=name,
            seconds_per_source=settings.seconds_per_source,
            polled=self._polled,
            resting=watching.resting_behind(self.catalogue, idle),
        )

    def due(self, only: Sequence[str] = (), *, force: bool = False) -> list[Source]:
        """The sources to poll now: those due, or those named (`only` polls them whenever); with `force` all but the
        fall-backs that rest.

        Raises `InputError` when a named source is not in the catalogue.
        """
        require_sources(self.catalogue, only)
        if only:
            return [source for source in self.catalogue if source.id in only]
        if force:
            return [source for source in self.catalogue if source.id in self._polled]
        return policy.due(self.catalogue, self._states, now=now_utc())

    def next_due(self) -> datetime | None:
        """When the first source becomes due, UTC; None without sources that were polled."""
        times = (self._states[key].next_due for key in self._polled)
        return min(filter(None, times), default=None)

    def poll(self, source: Source, *, until: datetime | None = None) -> SourceReport:
        """Poll one source and store what is new; no page is begun after `until`. Thread-safe.

        A source's failure is a report. Raises `archive.locks.LeaseLost` when another ingest took over from this one.
        """
        self._lease.check()
        return self._poller.poll(source, self._states[source.id], until=until)

    def watch(self, reports: Sequence[SourceReport]) -> WatchReport:
        """After all polls: which alarms they raised and withdrew, and whether our own network was to blame."""
        catalogue, states = self.catalogue, self._states
        return watching.conclude(self.archive, catalogue, states, reports, now=now_utc(), check=self._lease.check)

    def detect(self) -> DetectReport:
        """Find the meetings in every article not yet read by today's rules; write the articles' files."""
        return detect_new(self.archive, check=self._lease.check)


def fetch_settings(settings: Settings, urls: Iterable[str]) -> FetchSettings:
    """How requests are made, as the person set it; the ports of `urls`, which the person named too, are open to it."""
    return FetchSettings(
        user_agent=settings.user_agent,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        total_timeout=settings.total_timeout,
        host_delay=timedelta(seconds=settings.host_delay),
        allow_private=settings.allow_private_addresses,
        ports=ports_of(urls),
    )


@contextmanager
def open_run(settings: Settings, *, name: str | None = None) -> Iterator[Run]:
    """Hold the ingest lock and everything a run needs. Raises `archive.locks.Busy` when another ingest is under way."""
    started = now_utc()
    name = name or started.strftime("%H%M%S-%f")
    catalogue = load_catalogue(settings).sources
    with (
        open_archive(settings) as archive,
        alone(archive, "ingest") as lease,
        _client(fetch_settings(settings, [source.url for source in catalogue]), archive, lease.check) as client,
    ):
        with archive.write() as session:
            issues.mark_first_run(session, started)
            sources.prune_log(session, now=started)
        raw = RawWriter(settings.home, name, started)
        try:
            yield Run(settings, catalogue, archive, client, raw, name, lease)
        finally:
            raw.close()


@contextmanager
def _client(settings: FetchSettings, archive: Archive, check: Check) -> Iterator[Client]:
    """A client that keeps the pauses which hosts asked for in earlier runs, and hands its own to later ones.

    What the hosts say of our clock is kept, too.
    """
    with archive.read() as session:
        held = sources.holds(session, now=now_utc())
    with Client(settings, clock=now_utc, sleep=time.sleep, holds=held) as client:
        try:
            yield client
        finally:
            if client.holds() != held:
                with archive.write() as session:
                    check(session)
                    sources.save_holds(session, client.holds(), now=now_utc())
            if (wrong_by := client.clock_wrong_by()) is not None:
                with archive.write() as session:
                    check(session)
                    clock.note(session, wrong_by, now=now_utc())


def ingest_once(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    force: bool = False,
    on_report: Callable[[SourceReport, int], None] | None = None,
) -> IngestReport:
    """Poll what is due, side by side, then detect. `on_report` is told of each source and how many there are."""
    reports = []
    with open_run(settings) as run:
        due = run.due(only, force=force)
        with ThreadPoolExecutor(settings.workers, thread_name_prefix="poll") as pool:
            try:
                for future in as_completed([pool.submit(run.poll, source) for source in due]):
                    reports.append(future.result())
                    if on_report:
                        on_report(reports[-1], len(due))
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                log.error("stopping after the requests under way; press Ctrl-C again to stop at once")  # noqa: TRY400
                raise
        reports.sort(key=lambda report: report.source_id)
        watched = run.watch(reports)
        return IngestReport(tuple(reports), run.detect(), watched, None if due else run.next_due())


def detect_new(archive: Archive, *, check: Check = unasked) -> DetectReport:
    """Find the meetings in every article not yet read by today's rules; tell copies from originals; write the files.

    What the workers of a backfill under way have read is left to its join: a digest does not wait for twenty years.
    `check` is asked in each transaction that writes, and raises when another one may be at it.
    """
    with archive.read() as session:
        backfill = running(session, now=now_utc(), is_gone=is_gone)
    read = 0
    found: dict[str, None] = {}
    for recorded in read_due(archive, staged=not backfill, check=check):
        read += 1
        found.update((meeting_id, None) for meeting_id, news in recorded if news)
    with archive.read() as session:
        new = [meetings.get_meeting(session, meeting_id) for meeting_id in found]
    return DetectReport(read, tuple(meeting for meeting in new if meeting))


def read_due(
    archive: Archive, *, since: date | None = None, staged: bool = True, check: Check = unasked
) -> Iterator[list[tuple[str, bool]]]:
    """Has today's rules read every article that only others have read, or none; what each tells, as it is stored.

    In the order of publication, so that the same articles give the same meetings in whatever order they came; what was
    read before (`archive.readings`) is not read again. `since` and `staged` as in `articles.undetected`; `check` as in
    `detect_new`. What is stored meanwhile is left to the next call, else a backfill beside it would keep it from
    ending. In the end copies are told from originals and the files written.
    """
    with archive.read() as session:
        newest = articles.newest(session)
    while True:
        with archive.read() as session:
            due = articles.undetected(session, RULES_VERSION, since=since, newest=newest, staged=staged)
        if not due:
            break
        with archive.write() as session:
            check(session)
            rereading.forget_rereadings(session, but=RULES_VERSION)
        # what gets a newer text meanwhile is read in another round
        for start in range(0, len(due), BATCH):
            yield from _read_batch(archive, due[start : start + BATCH], check)
    copies.group_copies(archive, check=check)
    files.project_articles(archive, check=check)


def _read_batch(archive: Archive, numbers: Sequence[int], check: Check) -> Iterator[list[tuple[str, bool]]]:
    """What was read before is recorded many at a time; what is still to be read alone, since reading takes long."""
    with archive.read() as session:
        batch = articles.to_read(session, RULES_VERSION, numbers)
        staged = readings.staged(session, batch, RULES_VERSION)

    def group_of(placed: tuple[int, StoredArticle]) -> int:
        position, stored = placed
        return position // TOGETHER if stored.number in staged else -stored.number

    for _, group in groupby(enumerate(batch), group_of):
        found = [(each, staged.get(each.number) or read_article(each.article, str(each.number))) for _, each in group]
        with archive.write() as session:
            check(session)
            recorded = [
                meetings.record_detection(session, each, told, rules_version=RULES_VERSION, now=now_utc())
                for each, told in found
            ]
            readings.drop(session, [each.number for each, _ in found])
        yield from recorded


def read_article(article: Article, name: str) -> Detection:
    """What the rules find in an article; one that they cannot bear holds up neither the others nor the digest.

    `name`: as what the log tells of it.
    """
    try:
        return detect(article)
    except Exception as error:
        log.exception("article %s", name)
        return Detection(article.language, notes=(f"Not read: {type(error).__name__} in the rules.",))


def import_paths(settings: Settings, paths: Sequence[Path], *, on_file: Advance | None = None) -> ImportReport:
    """Take seed-format files and folders into the archive; a bad file is named and does not stop the others."""
    new, known, refused = 0, 0, []
    with open_archive(settings) as archive:
        with archive.write() as session:
            issues.mark_first_run(session, now_utc())
        for path, article in read_seeds(paths, on_file=on_file):
            if isinstance(article, SeedError):
                refused.append(str(article))
                continue
            with archive.write() as session:
                _, is_new = articles.add_article(session, article, now=now_utc(), old_name=path.name)
            new, known = new + is_new, known + (not is_new)
        copies.group_copies(archive)
        files.project_articles(archive)
    return ImportReport(new, known, tuple(refused))
