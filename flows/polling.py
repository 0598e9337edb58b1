"""One poll of one source: list → screen → fetch → normalise → store, in the order that loses nothing.

    source -> answer -> listing -> entries worth a page -> pages -> articles -> archive

Raw answers are kept first, then what is worth a page, then the articles, then the HTTP validators (design §6.1): a kill
at any point leaves either the validators unsaved or the entry pending, so that no 304 can hide an article.
A source's failure is a value, and the others go on: `Poller.poll` only raises when the run itself is to end.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archive import copies, sources, versions
from archive.locks import LeaseLost
from archive.records import FetchLogLine, PendingEntry, PollCounts
from fetch import policy, watch
from fetch.watch import Findings
from flows.following import listing_of
from flows.pages import Gained, Means, PageBudget, PageReader, is_relevant
from parsers.publishers import Publishers
from parsers.records import (
    Answer,
    Entry,
    Kind,
    Listing,
    MeetingsError,
    Outcome,
    Source,
    SourceState,
    Validators,
    article_key,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceReport(PollCounts):
    """What one poll of one source did."""

    source_id: str
    outcome: Outcome
    message: str = ""


@dataclass(frozen=True, slots=True)
class Sorted:
    """A listing's entries by what is to be done with them. `changed`: known ones that are listed otherwise by now."""

    wanted: tuple[Entry, ...]
    screened_out: int
    known: int
    changed: tuple[Entry, ...] = ()


NOTHING = Sorted((), 0, 0)


class Poller:
    """Polls sources; safe to call from many threads.

    `polled` are the ids of all sources in force: what waits for any other is taken over by whoever lists it now.
    `resting` are the fall-backs that are not polled, by the source whose poll fetches what still waits for them.
    """

    def __init__(
        self,
        means: Means,
        budget: PageBudget,
        publishers: Publishers,
        *,
        run: str,
        seconds_per_source: float,
        polled: frozenset[str],
        resting: Mapping[str, Sequence[Source]],
    ) -> None:
        self._means = means
        self._pages = PageReader(means, budget, publishers)
        self._publishers = publishers
        self._run = run
        self._longest = timedelta(seconds=seconds_per_source)
        self._polled, self._resting = polled, resting
        with means.archive.read() as session:
            self._waiting = sources.sources_with_pending(session)
            since = means.clock() - watch.DUPLICATES_WITHIN
            self._copied = copies.duplicate_shares(session, since, fewest=watch.DUPLICATES_LEAST)

    def poll(self, source: Source, state: SourceState, *, until: datetime | None = None) -> SourceReport:
        """Poll one source and store what is new; every failure of it comes back as a report.

        Raises `archive.locks.LeaseLost` when another ingest took over from this one.
        After `until` no new page is begun; what is left waits for the next run.
        """
        latest = self._means.clock() + self._longest
        try:
            return self._poll(source, state, min(until or latest, latest))
        except LeaseLost:
            raise
        except MeetingsError as error:
            return SourceReport(source.id, Outcome.INTERNAL_ERROR, str(error))
        except Exception as error:
            log.exception("source %s", source.id)
            return self._broken(source, state, f"{type(error).__name__}: {error}")

    def _broken(self, source: Source, state: SourceState, message: str) -> SourceReport:
        """A defect of ours met at this source: remembered like any failure, so that people see it and it backs off."""
        answer = Answer(source.url, Outcome.INTERNAL_ERROR, self._means.clock(), message)
        try:
            return self._settle(source, state, answer, None, NOTHING, Gained())
        except Exception:
            log.exception("source %s", source.id)
            return SourceReport(source.id, Outcome.INTERNAL_ERROR, message)

    def _poll(self, source: Source, state: SourceState, until: datetime) -> SourceReport:
        answer, listing = self._listed(source, state)
        found = self._sort(source, listing.entries if listing else ())
        self._remember(source, found)
        gained = Gained()
        # where not even the source can be reached, its waiting pages would only use up their tries
        reached = answer.outcome not in policy.UNREACHED
        if found.wanted or found.changed or (reached and source.id in self._waiting):
            fresh = {entry.url: entry for entry in (*found.wanted, *found.changed)}
            self._pages.read(source, fresh, until, gained)
        for spare in self._resting.get(source.id, ()) if reached else ():
            if spare.id in self._waiting:  # its listing rests, not what it listed before
                self._pages.read(spare, {}, until, gained)
        return self._settle(source, state, answer, listing, found, gained)

    def _listed(self, source: Source, state: SourceState) -> tuple[Answer, Listing | None]:
        """The source's answer, and the entries in it or in the documents that it leads to."""
        # an index may stay the same while the documents behind it change
        index = source.kind is Kind.SITEMAP_INDEX
        sent = Validators() if index else policy.conditional_validators(source, state, now=self._means.clock())
        url = state.permanent_url or source.url
        answer = self._means.get(url, validators=sent, cookies=source.cookies)
        if answer.outcome is not Outcome.OK:
            return answer, None
        return listing_of(answer, source, lambda child: self._means.get(child, cookies=source.cookies))

    def _sort(self, source: Source, entries: Sequence[Entry]) -> Sorted:
        relevant = {article_key(entry.url): entry for entry in entries if is_relevant(self._publishers, source, entry)}
        known: set[str] = set()
        changed: list[Entry] = []
        if relevant:
            with self._means.archive.read() as session:
                known = sources.known_entries(session, set(relevant), polled=self._polled | {source.id})
                listed = [entry for key, entry in relevant.items() if key in known]
                changed = versions.changed_listings(session, listed, source=source, now=self._means.clock())
        wanted = tuple(entry for key, entry in relevant.items() if key not in known)
        return Sorted(wanted, len(entries) - len(relevant), len(relevant) - len(wanted), tuple(changed))

    def _remember(self, source: Source, found: Sorted) -> None:
        if not (found.wanted or found.changed):
            return
        now = self._means.clock()
        with self._means.write() as session:
            for e in (*found.wanted, *found.changed):
                never = Outcome.NEVER_POLLED
                pending = PendingEntry(e.url, source.id, e.title, e.teaser, e.published, 0, now, never, e.outlet)
                sources.save_pending(session, pending)
            for e in found.changed:
                versions.note_return(session, e, source=source, now=now)

    def _settle(
        self, source: Source, state: SourceState, answer: Answer, listing: Listing | None, found: Sorted, gained: Gained
    ) -> SourceReport:
        now = self._means.clock()
        copied = self._copied.get(source.id)
        findings = _findings(state, listing, gained, copied=copied, now=now)
        # not a secret: spreads requests of many installations, nothing more
        jitter = random.random()  # noqa: S311
        after = policy.next_state(source, state, answer, listing, findings=findings, now=now, jitter=jitter)
        told = answer if policy.never_left(answer) else after
        counts = _counts(listing, found, gained)
        line = FetchLogLine(self._run, source.id, now, told.outcome, told.message, **counts)
        with self._means.write() as session:
            sources.save_state(session, after)
            sources.log_fetch(session, line)
        return SourceReport(source.id, told.outcome, told.message, **counts)


def _findings(
    state: SourceState, listing: Listing | None, gained: Gained, *, copied: float | None, now: datetime
) -> Findings:
    entries = listing.entries if listing else ()
    return Findings(
        entries=len(entries),
        new_entries=watch.unseen(entries, state),
        newest=watch.newest(entries, now=now),
        pages_by_outlet=gained.by_outlet,
        pages_by_generic=gained.strays,
        pages_without_text=gained.blanks,
        duplicates=copied,
    )


def _counts(listing: Listing | None, found: Sorted, gained: Gained) -> dict[str, Any]:
    """What `PollCounts` holds of one poll."""
    return {
        "followed": len(listing.follow) if listing else 0,
        "entries": len(listing.entries) if listing else 0,
        "screened_out": found.screened_out,
        "known": found.known,
        "new_entries": len(found.wanted),
        "pages": gained.pages,
        "by_outlet": gained.by_outlet,
        "by_generic": gained.by_generic,
        "pages_failed": gained.pages_failed,
        "without_text": gained.without_text,
        "new_articles": gained.new_articles,
        "skipped": dict(gained.skipped),
    }
