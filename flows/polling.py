"""One poll of one source: list → screen → fetch → normalise → store, in the order that loses nothing.

    source -> answer -> listing -> entries worth a page -> pages -> articles -> archive

Raw answers are kept first, then what is worth a page, then the articles, then the HTTP validators (design §6.1): a kill
at any point leaves either the validators unsaved or the entry pending, so that no 304 can hide an article.
`Poller.poll` never raises: a source's failure is a value, and the others go on.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archive import articles, sources
from archive.records import FetchLogLine, PendingEntry
from archive.store import Archive
from archive.warc import RawWriter
from fetch import policy, watch
from fetch.client import Client
from meetings.screen import concerns_both
from parsers.articles import entry_article, extract_article
from parsers.entries import parse_entries
from parsers.records import (
    Answer,
    Article,
    Entry,
    Kind,
    Listing,
    MeetingsError,
    Outcome,
    Source,
    SourceState,
    article_key,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one poll of one source did. `pages_failed`: pages kept for a later try."""

    source_id: str
    outcome: Outcome
    message: str = ""
    entries: int = 0
    screened_out: int = 0
    known: int = 0
    pages: int = 0
    pages_failed: int = 0
    new_articles: int = 0


@dataclass(frozen=True, slots=True)
class Sorted:
    """A listing's entries by what is to be done with them."""

    wanted: tuple[Entry, ...]
    screened_out: int
    known: int


class Poller:
    """Polls sources; safe to call from many threads. Writes are one at a time, as SQLite wants them.

    `polled` are the ids of all sources in force: what waits for any other is taken over by whoever lists it now.
    """

    def __init__(
        self,
        archive: Archive,
        client: Client,
        raw: RawWriter,
        *,
        run: str,
        pages_per_run: int,
        seconds_per_source: float,
        polled: frozenset[str],
        clock: Callable[[], datetime],
    ) -> None:
        self._archive = archive
        self._client = client
        self._raw = raw
        self._run = run
        self._pages_per_run = pages_per_run
        self._longest = timedelta(seconds=seconds_per_source)
        self._clock = clock
        self._polled = polled
        self._writing = threading.Lock()
        with archive.read() as session:
            self._waiting = sources.sources_with_pending(session)

    def poll(self, source: Source, state: SourceState, *, until: datetime | None = None) -> SourceReport:
        """Poll one source and store what is new; every failure comes back as a report.

        After `until` no new page is begun; what is left waits for the next run.
        """
        latest = self._clock() + self._longest
        try:
            return self._poll(source, state, min(until or latest, latest))
        except MeetingsError as error:
            return SourceReport(source.id, Outcome.INTERNAL_ERROR, str(error))
        except Exception as error:
            log.exception("source %s", source.id)
            return self._broken(source, state, f"{type(error).__name__}: {error}")

    def _broken(self, source: Source, state: SourceState, message: str) -> SourceReport:
        """A defect of ours met at this source: remembered like any failure, so that people see it and it backs off."""
        answer = Answer(source.url, Outcome.INTERNAL_ERROR, self._clock(), message)
        try:
            return self._settle(source, state, answer, None, Sorted((), 0, 0), _Pages())
        except Exception:
            log.exception("source %s", source.id)
            return SourceReport(source.id, Outcome.INTERNAL_ERROR, message)

    def _poll(self, source: Source, state: SourceState, until: datetime) -> SourceReport:
        validators = policy.conditional_validators(source, state, now=self._clock())
        answer = self._get(state.permanent_url or source.url, validators=validators)
        listing = None
        if answer.outcome is Outcome.OK:
            url = answer.final_url or answer.url
            listing = parse_entries(answer.body, source=source, url=url, content_type=answer.header("content-type"))
        found = self._sort(source, listing.entries if listing else ())
        self._remember(source, found.wanted)
        done = self._fetch_pending(source, found.wanted, until)
        return self._settle(source, state, answer, listing, found, done)

    def _get(self, url: str, **options: object) -> Answer:
        answer = self._client.get(url, **options)  # type: ignore[arg-type]
        self._raw.write(answer)
        return answer

    def _sort(self, source: Source, entries: Sequence[Entry]) -> Sorted:
        relevant = {
            article_key(entry.url): entry
            for entry in entries
            if concerns_both(entry.title, entry.teaser, side=source.side)
        }
        known: set[str] = set()
        if relevant:
            with self._archive.read() as session:
                known = sources.known_entries(session, set(relevant), polled=self._polled)
        wanted = tuple(entry for key, entry in relevant.items() if key not in known)
        return Sorted(wanted, len(entries) - len(relevant), len(relevant) - len(wanted))

    def _remember(self, source: Source, wanted: Sequence[Entry]) -> None:
        if not wanted:
            return
        now = self._clock()
        with self._writing, self._archive.write() as session:
            for e in wanted:
                never = Outcome.NEVER_POLLED
                pending = PendingEntry(e.url, source.id, e.title, e.teaser, e.published, 0, now, never, e.outlet)
                sources.save_pending(session, pending)

    def _fetch_pending(self, source: Source, wanted: Sequence[Entry], until: datetime) -> _Pages:
        if not wanted and source.id not in self._waiting:
            return _Pages()
        with self._archive.read() as session:
            waiting = sources.pending(session, source.id, now=self._clock())
        fresh = {entry.url: entry for entry in wanted}
        done = _Pages()
        # an aggregator's entries cost no page
        budget = None if source.kind is Kind.GOOGLE_NEWS else self._pages_per_run
        for item in waiting[:budget]:
            if self._clock() >= until:
                break
            entry = fresh.get(item.url) or Entry(item.url, item.title, item.teaser, item.published, None, item.outlet)
            done.count(self._take(source, item, entry))
        return done

    def _take(self, source: Source, item: PendingEntry, entry: Entry) -> bool | None:
        """One article from one entry: True when new, False when known, None when it has to wait or is given up."""
        if source.kind is Kind.GOOGLE_NEWS:
            return self._store(item, entry_article(source, entry))
        answer = self._get(entry.url, page=True)
        article = _read_page(answer, source, entry) if answer.outcome is Outcome.OK else answer.outcome
        if isinstance(article, Outcome):
            self._put_off(item, article, answer.retry_after)
            return None
        return self._store(item, article)

    def _store(self, item: PendingEntry, article: Article) -> bool:
        now = self._clock()
        with self._writing, self._archive.write() as session:
            _, new = articles.add_article(session, article, now=now)
            if article.key == article_key(item.url):
                sources.drop_pending(session, item.url)
            else:  # the page names another canonical URL: the entry itself must stay known too
                sources.give_up(session, item.url, Outcome.OK)
        return new

    def _put_off(self, item: PendingEntry, outcome: Outcome, retry_after: timedelta | None) -> None:
        again = policy.retry_page_at(item.attempts + 1, outcome, retry_after=retry_after, now=self._clock())
        with self._writing, self._archive.write() as session:
            if again is None:
                sources.give_up(session, item.url, outcome)
            else:
                tried = replace(item, attempts=item.attempts + 1, next_attempt=again, outcome=outcome)
                sources.save_pending(session, tried)

    def _settle(
        self, source: Source, state: SourceState, answer: Answer, listing: Listing | None, found: Sorted, done: _Pages
    ) -> SourceReport:
        now = self._clock()
        # not a secret: spreads requests of many installations, nothing more
        jitter = random.random()  # noqa: S311
        entries = listing.entries if listing else ()
        newest = watch.newest(entries, now=now)
        findings = watch.Findings(entries=len(entries), new_entries=watch.unseen(entries, state), newest=newest)
        after = policy.next_state(source, state, answer, listing, findings=findings, now=now, jitter=jitter)
        report = SourceReport(
            source_id=source.id,
            outcome=after.outcome,
            message=after.message,
            entries=len(listing.entries) if listing else 0,
            screened_out=found.screened_out,
            known=found.known,
            pages=done.tried,
            pages_failed=done.failed,
            new_articles=done.new,
        )
        line = FetchLogLine(
            run=self._run,
            source_id=source.id,
            at=now,
            outcome=after.outcome,
            message=after.message,
            entries=report.entries,
            screened_out=report.screened_out,
            known=report.known,
            pages=report.pages,
            new_articles=report.new_articles,
        )
        with self._writing, self._archive.write() as session:
            sources.save_state(session, after)
            sources.log_fetch(session, line)
        return report


def _read_page(answer: Answer, source: Source, entry: Entry) -> Article | Outcome:
    """The article on a page, or why there is none; a page that our parsers cannot bear holds up none behind it."""
    url = answer.final_url or answer.url
    content_type = answer.header("content-type")
    try:
        article = extract_article(answer.body, url=url, content_type=content_type, source=source, entry=entry)
    except Exception:
        log.exception("page %s", url)
        return Outcome.INTERNAL_ERROR
    return article or Outcome.NO_TEXT


@dataclass(slots=True)
class _Pages:
    tried: int = 0
    failed: int = 0
    new: int = 0

    def count(self, new: bool | None) -> None:
        """Count one page by what `_take` said of it."""
        self.tried += 1
        self.failed += new is None
        self.new += new is True
