"""From entries worth a page to articles in the archive: within the budgets, and counted.

    waiting entry -> budget -> page -> Article -> archive, and the entry is waiting no more
                        |       |
                   left for later, with the reason; tried again later, ever less often

What a page became is stored before its entry leaves the waiting list (design §6.1).
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from archive import articles, sources, versions
from archive.locks import Lease
from archive.records import PendingEntry, Skip
from archive.store import Archive
from archive.warc import RawWriter
from fetch import policy
from fetch.client import Client
from meetings.screen import concerns_both, worth_a_page
from parsers.aggregators import leads_nowhere
from parsers.articles import entry_article, extract_article
from parsers.articles.families import has_family
from parsers.publishers import Publishers
from parsers.records import Answer, Article, Entry, Outcome, Source, article_key
from parsers.slugs import slug_title

log = logging.getLogger(__name__)

# what an article takes from its publisher, whoever listed it
_PUBLISHERS_OWN = ("outlet", "outlet_name", "side", "zone", "language", "date_order", "cookies")


class Means:
    """What every poll of a run works with; safe to use from many threads. Writes are one at a time (SQLite)."""

    def __init__(
        self, archive: Archive, client: Client, raw: RawWriter, clock: Callable[[], datetime], lease: Lease
    ) -> None:
        self.archive = archive
        self._lease = lease
        self.clock = clock
        self._client = client
        self._raw = raw
        self._writing = threading.Lock()

    def get(self, url: str, **options: object) -> Answer:
        """Fetch `url` (`Client.get`) and keep the raw answer."""
        answer = self._client.get(url, **options)  # type: ignore[arg-type]  # the client's own keywords
        self._raw.write(answer)
        return answer

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that may write; raises `archive.locks.LeaseLost` when another ingest took over."""
        with self._writing, self.archive.write() as session:
            self._lease.check(session)
            yield session


class PageBudget:
    """How many pages a run may still ask for, of one host and in all; shared by its threads."""

    def __init__(self, *, per_host: int, per_run: int) -> None:
        self._per_host = per_host
        self._left = per_run
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, host: str) -> Skip | None:
        """Take one page of `host` out of the budget; why not, when it is used up."""
        with self._lock:
            if self._left <= 0:
                return Skip.RUN_BUDGET
            if self._asked[host] >= self._per_host:
                return Skip.HOST_BUDGET
            self._left -= 1
            self._asked[host] += 1
            return None

    def give_back(self, host: str) -> None:
        """Put back one page that was never asked for."""
        with self._lock:
            self._left += 1
            self._asked[host] -= 1


@dataclass(slots=True)
class Gained:
    """What the waiting entries of one source came to in this run; the counts are those of `PollCounts`.

    `strays` and `blanks`: pages of hosts with a parser of their own that the generic one read, or nothing could.
    """

    pages: int = 0
    by_outlet: int = 0
    by_generic: int = 0
    pages_failed: int = 0
    without_text: int = 0
    new_articles: int = 0
    strays: int = 0
    blanks: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)


class PageReader:
    """Turns the waiting entries of a source into articles; safe to use from many threads."""

    def __init__(self, means: Means, budget: PageBudget, publishers: Publishers) -> None:
        self._means = means
        self._budget = budget
        self._publishers = publishers

    def read(self, source: Source, fresh: Mapping[str, Entry], until: datetime, gained: Gained) -> None:
        """Take what waits for `source`, longest first; `fresh` are the entries just listed, by URL.

        No page is begun after `until`. What comes of it is counted in `gained`.
        """
        with self._means.archive.read() as session:
            waiting = sources.pending(session, source.id, now=self._means.clock())
        resting: set[str] = set()
        for item in waiting:
            entry = fresh.get(item.url) or Entry(item.url, item.title, item.teaser, item.published, item.outlet)
            if self._means.clock() >= until:
                gained.skipped[Skip.OUT_OF_TIME] += 1
            elif leads_nowhere(item.url):
                self._store(item, entry_article(*attributed(self._publishers, source, entry)), gained)
            else:
                self._take(*attributed(self._publishers, source, entry), item, gained, resting)

    def _take(self, source: Source, entry: Entry, item: PendingEntry, gained: Gained, resting: set[str]) -> None:
        """Ask for the page of one entry. `resting`: the hosts that this poll has found to want a pause."""
        host = urlsplit(item.url).hostname or ""
        skip = Skip.OWN_PACE if host in resting else self._budget.take(host)
        if skip:
            gained.skipped[skip] += 1
            return
        answer = self._means.get(entry.url, page=True, cookies=source.cookies)
        unsent = _unsent(answer)
        if unsent:
            self._budget.give_back(host)
            gained.skipped[unsent] += 1
        if unsent is Skip.OWN_PACE:
            resting.add(host)  # it is no attempt: the entry waits as it did
        elif unsent:
            self._put_off(item, answer.outcome, answer.retry_after)
        else:
            self._read(source, entry, item, answer, gained)

    def _read(self, source: Source, entry: Entry, item: PendingEntry, answer: Answer, gained: Gained) -> None:
        """The article of one answered page into the archive, or the entry back on the waiting list."""
        gained.pages += 1
        article = _article_of(answer, source, entry) if answer.outcome is Outcome.OK else answer.outcome
        if isinstance(article, Outcome):
            gained.pages_failed += 1
            gained.without_text += article is Outcome.NO_TEXT
            gained.blanks += article is Outcome.NO_TEXT and has_family(answer.final_url)
            self._put_off(item, article, answer.retry_after)
            return
        by_outlet = article.method.startswith("outlet:")
        gained.by_outlet += by_outlet
        gained.by_generic += not by_outlet
        gained.strays += not by_outlet and has_family(answer.final_url)
        self._store(item, article, gained)

    def _store(self, item: PendingEntry, article: Article, gained: Gained) -> None:
        now = self._means.clock()
        with self._means.write() as session:
            stored, new = articles.add_article(session, article, now=now)
            versions.note_listing(session, item, stored.number, now=now)
            if not new:
                versions.add_version(session, article, now=now)
            if article.key == article_key(item.url):
                sources.drop_pending(session, item.url)
            else:  # the page names another canonical URL: the entry itself must stay known too
                sources.give_up(session, item.url, Outcome.OK)
        gained.new_articles += new

    def _put_off(self, item: PendingEntry, outcome: Outcome, retry_after: timedelta | None) -> None:
        now = self._means.clock()
        again = policy.retry_page_at(item.attempts + 1, outcome, retry_after=retry_after, now=now)
        with self._means.write() as session:
            if again is None:
                sources.give_up(session, item.url, outcome)
            else:
                tried = replace(item, attempts=item.attempts + 1, next_attempt=again, outcome=outcome)
                sources.save_pending(session, tried)


def attributed(publishers: Publishers, source: Source, entry: Entry) -> tuple[Source, Entry]:
    """The source and its entry, an aggregator's with outlet, side, zone and language of the publisher.

    A publisher that the catalogue does not have goes by the name that the aggregator gives it.
    """
    if not source.kind.aggregates:
        return source, entry
    found = publishers.of_entry(entry, language=source.language)
    if found is None:
        return replace(source, outlet=entry.outlet or source.outlet), entry
    told = {name: getattr(found, name) for name in _PUBLISHERS_OWN}
    return replace(source, **told), replace(entry, outlet=found.outlet)


def is_relevant(publishers: Publishers, source: Source, entry: Entry) -> bool:
    """Whether title and teaser are worth the page. Without a title the words of the address count, marks lost."""
    outlet, _ = attributed(publishers, source, entry)
    if not entry.title:
        return concerns_both(slug_title(entry.url), entry.teaser, side=outlet.side)
    return worth_a_page(entry.title, entry.teaser, side=outlet.side)


def _unsent(answer: Answer) -> Skip | None:
    """Why the page was never asked for; None when it was."""
    if answer.outcome in (Outcome.ROBOTS_DISALLOWED, Outcome.ROBOTS_UNAVAILABLE):
        return Skip.ROBOTS
    return Skip.OWN_PACE if policy.never_left(answer) else None


def _article_of(answer: Answer, source: Source, entry: Entry) -> Article | Outcome:
    """The article on a page, or why there is none; a page that our parsers cannot bear holds up none behind it."""
    url, content_type = answer.read_from, answer.header("content-type")
    try:
        article = extract_article(answer.body, url=url, content_type=content_type, source=source, entry=entry)
    except Exception:
        log.exception("page %s", url)
        return Outcome.INTERNAL_ERROR
    return article or Outcome.NO_TEXT
