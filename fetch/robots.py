"""robots.txt (RFC 9309): may a page be fetched, and how slowly. Each authority's file is read once a day."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from protego import Protego

from fetch.outcomes import FetchError
from parsers.records import Answer, Outcome

# RFC 9309 §2.4: not longer than 24 hours.
LIFETIME = timedelta(hours=24)
# A file that could not be had is asked for again sooner: until then nothing is fetched there.
RETRY = timedelta(hours=1)
# RFC 9309 §2.5: at least 500 KiB are parsed.
PARSED = 500 * 1024
# people.cn asks for 120 s; what asks for more would stop a run and is taken as that.
MAX_CRAWL_DELAY = timedelta(seconds=120)

# §2.3.1.3 (4xx: no rules) and §2.3.1.2 (endless redirects count as such). Not 429: a server that asks for less is not
# asked for more.
_NO_RULES = frozenset(
    {Outcome.NOT_FOUND, Outcome.GONE, Outcome.FORBIDDEN, Outcome.CLIENT_ERROR, Outcome.TOO_MANY_REDIRECTS}
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one robots.txt says to us. `unavailable`: why it could not be read; then nothing may be fetched."""

    parsed: Protego | None
    token: str
    unavailable: str = ""

    def check(self, url: str) -> timedelta:
        """The crawl-delay, zero if none. Raises `FetchError` when `url` must not be fetched."""
        if self.unavailable:
            raise FetchError(Outcome.ROBOTS_UNAVAILABLE, f"robots.txt could not be read: {self.unavailable}")
        if self.parsed is None:
            return timedelta(0)
        if not self.parsed.can_fetch(url, self.token):
            raise FetchError(Outcome.ROBOTS_DISALLOWED, f"robots.txt forbids {url}.")
        seconds = self.parsed.crawl_delay(self.token) or 0.0
        return timedelta(seconds=min(max(seconds, 0.0), MAX_CRAWL_DELAY.total_seconds()))


def rules(answer: Answer, token: str) -> Rules:
    """What the answer to a request for robots.txt means for a crawler of that product token."""
    if answer.outcome in _NO_RULES:
        return Rules(None, token)
    if answer.outcome is not Outcome.OK:
        return Rules(None, token, unavailable=answer.message)
    return Rules(Protego.parse(answer.body[:PARSED].decode("utf-8-sig", "replace")), token)


def product_token(user_agent: str) -> str:
    """The name by which robots.txt knows a crawler: its User-Agent up to the version (RFC 9309 §2.2.1)."""
    return user_agent.split("/", 1)[0].split(" ", 1)[0]


class Robots:
    """The rules of every authority met so far. `fetch` gets one URL and never raises."""

    def __init__(self, fetch: Callable[[str], Answer], *, user_agent: str, clock: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._token = product_token(user_agent)
        self._clock = clock
        self._lock = threading.Lock()
        self._reading: dict[str, threading.Lock] = {}
        self._known: dict[str, tuple[Rules, datetime]] = {}

    def check(self, url: str, origin: str) -> timedelta:
        """The crawl-delay for `url` at `origin` (`https://host:port`). Raises `FetchError` when it is off limits."""
        with self._lock:
            reading = self._reading.setdefault(origin, threading.Lock())
        with reading:  # many pages of one host wait for one robots.txt
            known = self._known.get(origin)
            if known is None or known[1] <= self._clock():
                read = rules(_never_left(self._fetch(f"{origin}/robots.txt")), self._token)
                known = read, self._clock() + (RETRY if read.unavailable else LIFETIME)
                self._known[origin] = known
        return known[0].check(url)


def _never_left(answer: Answer) -> Answer:
    """`answer`, unless it is one that our own rules gave before anything was asked: then the page gets the same one."""
    paced = answer.outcome is Outcome.RATE_LIMITED and answer.status is None
    blocked = answer.outcome is Outcome.BLOCKED_ADDRESS and answer.final_url == answer.url
    if paced or blocked:
        raise FetchError(answer.outcome, answer.message, retry_after=answer.retry_after)
    return answer
