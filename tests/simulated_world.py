"""Forty simulated outlets with their good and bad days, and the year in which the real decisions poll them.

The world's own time is true time; the program sees its clock, which may be wrong. Nothing here decides anything that
`fetch.policy`, `fetch.watch` and `fetch.pacing` decide.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlsplit

from fetch import headers, policy, watch
from fetch.outcomes import FetchError
from fetch.pacing import Pacer
from parsers.records import (
    AlarmKind,
    Answer,
    Entry,
    Kind,
    Listing,
    Outcome,
    Side,
    Source,
    SourceState,
    Validators,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
YEAR = 365 * DAY
HOST_DELAY = timedelta(seconds=1)
MAX_WAIT = timedelta(seconds=150)
OWN_OUTAGE = (START + 200 * DAY, START + 203 * DAY)
SET_BACK_AT, SET_BACK_BY = START + 250 * DAY, DAY
# one new entry in so many concerns both countries and costs a page
PAGE_EVERY = 4


class Fault(StrEnum):
    """What can be wrong with a site."""

    DOWN = "503"
    UNCONNECTED = "no connection"
    STALLED = "timeout"
    FORBIDDEN = "403"
    GONE = "410"
    BUSY_SECONDS = "429 for 3 hours"
    BUSY_DATE = "429 until a date"
    QUIET = "nothing published"
    NO_LINKS = "listing without links"
    OTHER_PAGES = "pages in another layout"
    COPIES = "copies only"

    @property
    def outcome(self) -> Outcome:
        """What a poll comes to while it lasts."""
        return _OUTCOMES.get(self, Outcome.OK)


_OUTCOMES = {
    Fault.DOWN: Outcome.SERVER_ERROR,
    Fault.UNCONNECTED: Outcome.CONNECT_ERROR,
    Fault.STALLED: Outcome.TIMEOUT,
    Fault.FORBIDDEN: Outcome.FORBIDDEN,
    Fault.GONE: Outcome.GONE,
    Fault.BUSY_SECONDS: Outcome.RATE_LIMITED,
    Fault.BUSY_DATE: Outcome.RATE_LIMITED,
    Fault.NO_LINKS: Outcome.NO_ENTRIES,
}
_STATUS = {Fault.DOWN: 503, Fault.FORBIDDEN: 403, Fault.GONE: 410, Fault.BUSY_SECONDS: 429, Fault.BUSY_DATE: 429}


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which something is wrong: from `start`, true time, up to `end`."""

    fault: Fault
    start: datetime
    end: datetime


def spell(fault: Fault, day: float, span: timedelta) -> Spell:
    """A spell from a day of the year on."""
    return Spell(fault, START + day * DAY, START + day * DAY + span)


@dataclass(frozen=True)
class Site:
    """One outlet's listing: what it published when, and its spells.

    `keeps`: so many entries are listed, or those of so long. `lies`: it answers 304 to whatever carries a validator.
    `moved`: from then on its address redirects for good, and 30 days later is not found. `behind`: every second answer
    is an old copy of the list that lacks so many of its newest entries.
    """

    source: Source
    published: tuple[datetime, ...]
    keeps: int | timedelta
    spells: tuple[Spell, ...] = ()
    lies: bool = False
    dated: bool = True
    moved: datetime | None = None
    behind: int = 0

    @property
    def new_url(self) -> str:
        """Where it moves to."""
        return self.source.url.replace("/list", "/new-list")

    @cached_property
    def host(self) -> str:
        """The host that is asked for its listing."""
        return urlsplit(self.source.url).hostname or ""

    def fault(self, now: datetime) -> Fault | None:
        """What is wrong with it now."""
        return next((s.fault for s in self.spells if s.start <= now < s.end), None)

    def listed(self, now: datetime) -> range:
        """The numbers of the entries on its list."""
        end = bisect_right(self.published, now)
        if isinstance(self.keeps, timedelta):
            return range(bisect_right(self.published, now - self.keeps), end)
        return range(max(0, end - self.keeps), end)

    def copy(self, now: datetime, *, old: bool) -> range:
        """The numbers of the entries on the list as it is served."""
        numbers, lag = self.listed(now), self.behind if old else 0
        return range(max(0, numbers.start - lag), max(0, numbers.stop - lag))

    def dropped(self, number: int) -> datetime:
        """When an entry leaves the list."""
        if isinstance(self.keeps, timedelta):
            return self.published[number] + self.keeps
        last = number + self.keeps
        return self.published[last] if last < len(self.published) else START + YEAR

    def entry(self, number: int) -> Entry:
        """One entry as the list gives it."""
        when = self.published[number] if self.dated else None
        return Entry(f"https://{self.host}/{self.source.id}/{number}", f"Entry {number}", published=when)

    def copied(self, now: datetime) -> float:
        """The share of copies among its articles of the last 30 days."""
        inside = sum(
            (max(min(s.end, now) - max(s.start, now - watch.DUPLICATES_WITHIN), timedelta(0)) for s in self.spells
             if s.fault is Fault.COPIES),
            timedelta(0),
        )  # fmt: skip
        return 0.95 * (inside / watch.DUPLICATES_WITHIN)


@dataclass(slots=True)
class Diary:
    """What the year was like for one source, in true time: attempts, failures held against it, alarms come and gone.

    `seen`: the numbers of the entries it was seen to list; `taken`: the first that was not yet considered for a page.
    """

    attempts: list[datetime] = field(default_factory=list)
    failures: int = 0
    alarms: list[tuple[datetime, AlarmKind, bool]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    taken: int = 0

    def stood(self, kind: AlarmKind) -> list[tuple[datetime, datetime | None]]:
        """From when to when an alarm stood, each time."""
        moments = [(at, raised) for at, which, raised in self.alarms if which is kind]
        raised = [at for at, up in moments if up]
        over: list[datetime | None] = [at for at, up in moments if not up]
        return list(zip(raised, over + [None] * (len(raised) - len(over)), strict=True))


class Year:
    """A year of runs, `step` apart. Holds what the archive would hold; the decisions are the program's."""

    def __init__(self, sites: tuple[Site, ...], step: timedelta, *, seed: int = 4) -> None:
        self.sites = {site.source.id: site for site in sites}
        self.catalogue = [site.source for site in sites]
        self.step = step
        self.diaries = {key: Diary() for key in self.sites}
        self.requests: dict[str, list[datetime]] = {site.host: [] for site in sites}
        self.broken_pauses = 0
        self._pauses: dict[str, datetime] = {}
        self._states: dict[str, SourceState] = {}
        self._listings: dict[str, tuple[range, Listing]] = {}
        self._random = random.Random(seed)  # noqa: S311 a simulation
        self._true = START

    def now(self) -> datetime:
        """The program's clock."""
        return self._true - SET_BACK_BY if self._true >= SET_BACK_AT else self._true

    def live(self) -> None:
        """Run the whole year."""
        holds: Mapping[str, datetime] = {}
        for number in range(YEAR // self.step):
            self._true = max(self._true, START + number * self.step)
            pacer = Pacer(clock=self.now, sleep=self._sleep, max_wait=MAX_WAIT, holds=holds)
            self._run(pacer)
            holds = pacer.holds()

    def _sleep(self, seconds: float) -> None:
        self._true += timedelta(seconds=seconds)

    def _run(self, pacer: Pacer) -> None:
        before = dict(self._states)
        asked: dict[str, Outcome] = {}
        for source in policy.due(self.catalogue, before, now=self.now()):
            answer = self._poll(source, before.get(source.id) or SourceState(source.id), pacer)
            asked[source.id] = answer.outcome
        for state in policy.run_over(self.catalogue, before, self._states, asked, now=self.now()).values():
            self._remember(state)
        for key in asked:
            known = before.get(key)
            self.diaries[key].failures += self._states[key].failures > (known.failures if known else 0)

    def _remember(self, state: SourceState) -> None:
        known = self._states.get(state.source_id)
        old = {alarm.kind for alarm in known.alarms} if known else set()
        new = {alarm.kind for alarm in state.alarms}
        diary = self.diaries[state.source_id]
        diary.alarms += [(self._true, kind, True) for kind in sorted(new - old)]
        diary.alarms += [(self._true, kind, False) for kind in sorted(old - new)]
        self._states[state.source_id] = state

    def _poll(self, source: Source, state: SourceState, pacer: Pacer) -> Answer:
        site, diary = self.sites[source.id], self.diaries[source.id]
        validators = policy.conditional_validators(source, state, now=self.now())
        url = state.permanent_url or source.url
        answer, listing = Answer(url, Outcome.RATE_LIMITED, self.now()), None
        try:
            with pacer.turn(site.host, HOST_DELAY):
                self._arrives(site.host)
                answer, listing = self._ask(site, url, validators)
        except FetchError as error:
            answer = replace(answer, outcome=error.outcome, retry_after=error.retry_after)
        if answer.status in (429, 503) and answer.retry_after:
            pacer.hold(site.host, answer.retry_after)
        if not policy.never_left(answer):
            diary.attempts.append(self._true)
        findings = self._findings(site, state, listing, pacer)
        jitter = self._random.random()
        self._remember(
            policy.next_state(source, state, answer, listing, findings=findings, now=self.now(), jitter=jitter)
        )
        return answer

    def _arrives(self, host: str) -> None:
        self.requests[host].append(self._true)
        self.broken_pauses += self._true < self._pauses.get(host, START)
        self._true += timedelta(seconds=0.4)

    def _ask(self, site: Site, url: str, validators: Validators) -> tuple[Answer, Listing | None]:
        fault, now = site.fault(self._true), self.now()
        if OWN_OUTAGE[0] <= self._true < OWN_OUTAGE[1]:
            return Answer(url, Outcome.DNS_ERROR, now), None
        if fault and fault is not Fault.NO_LINKS and fault.outcome is not Outcome.OK:
            return self._refuse(site, fault, url), None
        if site.moved and url == site.source.url and self._true >= site.moved + 30 * DAY:
            return Answer(url, Outcome.NOT_FOUND, now, status=404), None
        moved = site.new_url if site.moved and url == site.source.url and self._true >= site.moved else None
        numbers = site.copy(self._true, old=len(self.diaries[site.source.id].attempts) % 2 == 1)
        etag = f'"{numbers.start}-{numbers.stop}-{fault is Fault.NO_LINKS}"'
        if validators.etag and (site.lies or validators.etag == etag):
            return Answer(url, Outcome.NOT_MODIFIED, now, status=304, permanent_url=moved), None
        answer = Answer(url, Outcome.OK, now, status=200, permanent_url=moved, validators=Validators(etag))
        if fault is Fault.NO_LINKS or not numbers:
            return answer, Listing((), Outcome.NO_ENTRIES)
        self.diaries[site.source.id].seen.update(numbers)
        known, listing = self._listings.get(site.source.id, (range(0), Listing(())))
        if known != numbers:
            old = dict(zip(reversed(known), listing.entries, strict=True))
            listing = Listing(tuple(old.get(number) or site.entry(number) for number in reversed(numbers)))
            self._listings[site.source.id] = numbers, listing
        return answer, listing

    def _refuse(self, site: Site, fault: Fault, url: str) -> Answer:
        said = {
            Fault.BUSY_SECONDS: {"retry-after": "10800"},
            Fault.BUSY_DATE: {
                "retry-after": format_datetime(self._true + 5 * HOUR, usegmt=True),
                "date": format_datetime(self._true, usegmt=True),
            },
        }.get(fault, {})
        pause = headers.retry_after(said.get, now=self.now())
        if pause:
            self._pauses[site.host] = self._true + pause - timedelta(seconds=1)  # a date has whole seconds
        return Answer(url, fault.outcome, self.now(), status=_STATUS.get(fault), retry_after=pause)

    def _findings(self, site: Site, state: SourceState, listing: Listing | None, pacer: Pacer) -> watch.Findings:
        """The counts of a poll, and the pages it fetches."""
        entries = listing.entries if listing else ()
        diary = self.diaries[site.source.id]
        pages = 0
        for number in self._worth_a_page(diary, site) if entries else ():
            with suppress(FetchError), pacer.turn(site.host, HOST_DELAY):
                self._arrives(site.host)
                pages += 1
                diary.taken = number + 1
        astray = site.fault(self._true) is Fault.OTHER_PAGES
        return watch.Findings(
            entries=len(entries),
            new_entries=watch.unseen(entries, state),
            newest=watch.newest(entries, now=self.now()),
            pages_by_outlet=0 if astray else pages,
            pages_by_generic=pages if astray else 0,
            duplicates=site.copied(self._true),
        )

    def _worth_a_page(self, diary: Diary, site: Site) -> Iterator[int]:
        listed = site.listed(self._true)
        return (n for n in range(max(diary.taken, listed.start), listed.stop) if n % PAGE_EVERY == 0)


def publications(rhythm: timedelta, per_day: float, quiet: tuple[Spell, ...], chance: random.Random) -> list[datetime]:
    """A year's publications and a little before it: gaps around the mean, none longer than the rhythm but in spells."""
    moments, at = [], START - 2 * rhythm - 7 * DAY
    while at < START + YEAR:
        gap = DAY / per_day * chance.uniform(0.3, 1.7)
        at += min(gap, 0.95 * rhythm)
        if not any(s.start <= at < s.end for s in quiet):
            moments.append(at)
    return moments


def site(
    name: str,
    *,
    host: str = "",
    kind: Kind = Kind.RSS,
    interval: timedelta = 3 * HOUR,
    rhythm: timedelta = 2 * DAY,
    per_day: float = 8.0,
    keeps: int | timedelta = 12,
    spells: tuple[Spell, ...] = (),
    fallback_for: str | None = None,
) -> Site:
    """A site of the ordinary kind, but for what is said; its name is the seed of its publications."""
    source = Source(
        id=name,
        outlet=name,
        outlet_name=name.title(),
        side=Side.OTHER,
        language="en",
        zone="Asia/Shanghai",
        kind=kind,
        url=f"https://{host or name}.example/list/{name}",
        interval=interval,
        rhythm=rhythm,
        fallback_for=fallback_for,
    )
    quiet = tuple(s for s in spells if s.fault is Fault.QUIET)
    chance = random.Random(name)  # noqa: S311 a simulation
    return Site(source, tuple(publications(rhythm, per_day, quiet, chance)), keeps, spells)
