"""The one HTTP client: polite, bounded in time and size, and never raising.

    url -> robots (pages) -> host's turn -> checked address -> request -> redirect? again : answer

Every way a request can end is an `Answer` with an outcome of the fixed vocabulary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import httpx

from fetch import clock, headers, outcomes
from fetch.addresses import WEB_PORTS
from fetch.body import ACCEPT_ENCODING, read_body
from fetch.cookies import Cookies
from fetch.network import Network
from fetch.outcomes import FetchError
from fetch.pacing import Pacer
from fetch.robots import Robots
from parsers.records import Answer, Outcome, Validators

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_ACCEPT_FEED = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/html;q=0.8, */*;q=0.5"
_ACCEPT_PAGE = "text/html, application/xhtml+xml, */*;q=0.5"
# Of an error page so much is read that the connection can be used again; more is not worth it.
_DRAINED = 64 * 1024
# Bytes received before the body begins, and once more beside it: headers, interim answers, frames.
MAX_OVERHEAD = 256 * 1024
# nginx and Apache take no longer request line.
MAX_URL = 8192
# A host that says 429 without saying how long gets this many of its delays.
_SLOW_DOWN = 10


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How requests are made. Timeouts in seconds; `total_timeout` holds for one `get`, its redirects included, but not
    for the wait for a host's turn, which `max_wait` bounds. `max_body` in decoded bytes. With `allow_private` any
    address is connected to, at any port; otherwise only public ones at `ports`.
    """

    user_agent: str = "china-vietnam-meetings (contact not set)"
    connect_timeout: float = 10.0
    read_timeout: float = 20.0
    total_timeout: float = 60.0
    max_body: int = 8 * 1024 * 1024
    max_redirects: int = 10
    host_delay: timedelta = timedelta(seconds=1)
    max_wait: timedelta = timedelta(seconds=150)
    allow_private: bool = False
    ports: frozenset[int] = WEB_PORTS


class Client:
    """One client for a whole run, used from many threads; close it, or use it in a `with` block.

    `clock` gives aware UTC times and `sleep` waits seconds: the pace and the dates of answers go by them. `holds` is
    what `holds()` of the run before gave.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        holds: Mapping[str, datetime] = {},
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._network = Network(allow_private=settings.allow_private, ports=settings.ports)
        self._cookies = Cookies()
        self._pacer = Pacer(clock=clock, sleep=sleep, max_wait=settings.max_wait, holds=holds)
        self._ahead: dict[str, timedelta] = {}
        self._robots = Robots(self.get, user_agent=settings.user_agent, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._network.close()

    def holds(self) -> dict[str, datetime]:
        """The hosts that asked to be left alone, by name, and until when (UTC)."""
        return self._pacer.holds()

    def clock_wrong_by(self) -> timedelta | None:
        """By how much our clock is ahead of those of the hosts that answered, as `fetch.clock.wrong_by` gives it."""
        return clock.wrong_by(self._ahead.copy().values())

    def get(
        self, url: str, *, validators: Validators | None = None, page: bool = False, cookies: bool = False
    ) -> Answer:
        """Fetch `url` and say what came of it; never raises. `page`: an article page, so robots.txt is obeyed.

        Cookies that a host gives go back to it along this one `get`, with `cookies` to every later one that wants them.
        A request that our own pace kept from being sent is `rate_limited` without a status and with `retry_after`.
        """
        # some sites redirect to themselves until their cookie comes back
        jar = self._cookies if cookies else Cookies()
        journey = _Journey(url, validators or Validators(), page, jar, self._settings.total_timeout, self._clock())
        try:
            for _ in range(self._settings.max_redirects + 1):
                answer = self._hop(journey)
                if answer is not None:
                    return answer
        except Exception as error:  # noqa: BLE001 an outcome for whatever happens: one source never stops the others
            return journey.failed(error)
        limit = self._settings.max_redirects
        return journey.failed(FetchError(Outcome.TOO_MANY_REDIRECTS, f"{url} redirects more than {limit} times."))

    def _hop(self, journey: _Journey) -> Answer | None:
        """One request: the answer, or None when `journey` has been redirected."""
        request = journey.request(self._settings)
        host, delay = request.url.host.rstrip("."), self._settings.host_delay
        if journey.page:
            origin = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
            delay = max(delay, self._robots.check(str(request.url), origin))
        with self._pacer.turn(host, delay):
            journey.fetched_at = self._clock()
            with journey.clocked(), self._network.bounded(host, seconds=journey.time_left, size=MAX_OVERHEAD):
                journey.jar.give(host, request)
                response, body = self._exchange(request)
                journey.jar.take(host, response)
        if response.status_code in _REDIRECTS and "location" in response.headers:
            journey.redirect(response)
            return None
        now = self._clock()
        if (ahead := headers.ahead(response.headers.get, now=now)) is not None:
            self._ahead[host] = ahead
        answer = journey.answer(response, body, now=now)
        self._heed(host, answer)
        return answer

    def _exchange(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        try:
            return self._send(request)
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if self._network.connected:
                raise
        # a connection kept open had died meanwhile, which is no failure of the host's (RFC 9112 §9.3.1)
        return self._send(request)

    def _send(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        host = request.url.host
        # not through httpx.Client: it follows, logs, authenticates and keeps cookies in its own ways
        with closing(self._network.handle_request(request)) as response, _hanging_up(response):
            response.request = request
            headers.check(response.headers.raw, host)
            if not response.is_success:
                _drain(response)
                return response, b""
            encoding = response.headers.get("content-encoding", "")
            limit = self._settings.max_body
            self._network.expect(limit + MAX_OVERHEAD)
            return response, read_body(response.iter_raw(), host=host, encoding=encoding, max_body=limit)

    def _heed(self, host: str, answer: Answer) -> None:
        """A host that is overloaded or asks for less is left alone for its pause, whatever the URL."""
        if answer.status in (429, 503) and answer.retry_after is not None:
            self._pacer.hold(host, answer.retry_after)
        elif answer.status == 429:
            self._pacer.hold(host, _SLOW_DOWN * self._settings.host_delay)


@dataclass(slots=True)
class _Journey:
    """One `get` on its way through redirects. `time_left` in seconds; `fetched_at` is when the last request began."""

    url: str
    validators: Validators
    page: bool
    jar: Cookies
    time_left: float
    fetched_at: datetime
    target: str = ""
    permanent: bool = True
    elapsed: float = 0.0

    def request(self, settings: FetchSettings) -> httpx.Request:
        """The request for the present target. Raises `FetchError` for what is no web address."""
        self.target = self.target or self.url
        if len(self.target) > MAX_URL:
            raise FetchError(Outcome.BLOCKED_ADDRESS, f"{self.target} is longer than {MAX_URL:,} characters.")
        sent = {
            "User-Agent": settings.user_agent,
            "Accept": _ACCEPT_PAGE if self.page else _ACCEPT_FEED,
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        # header values are bytes to us, as latin-1 keeps them: a validator goes back exactly as it came
        if self.validators.etag is not None:
            sent["If-None-Match"] = self.validators.etag
        if self.validators.last_modified is not None:
            sent["If-Modified-Since"] = self.validators.last_modified
        waits = {"connect": settings.connect_timeout, "read": settings.read_timeout, "write": settings.read_timeout}
        wire = [(name.encode("ascii"), value.encode("latin-1")) for name, value in sent.items()]
        request = httpx.Request("GET", self.target, headers=wire, extensions={"timeout": waits})
        if request.url.scheme not in ("http", "https") or not request.url.host:
            raise FetchError(Outcome.BLOCKED_ADDRESS, f"{self.target} is no http or https address.")
        # httpx would send them as credentials, to whomever the writer of a feed names
        if request.url.userinfo:
            raise FetchError(Outcome.BLOCKED_ADDRESS, f"An address at {request.url.host} names a user.")
        return request

    @contextmanager
    def clocked(self) -> Iterator[None]:
        """Count the time inside the block as time on the network."""
        started = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - started
            self.elapsed += spent
            self.time_left -= spent

    def redirect(self, response: httpx.Response) -> None:
        """Go on to where `response` points. Raises `FetchError` when that is no address."""
        try:
            self.target = str(response.url.join(response.headers["location"]))
        except (httpx.InvalidURL, ValueError) as error:  # ValueError: from urllib, which joins them
            message = f"{response.url.host} redirects to what is no address: {error}"
            raise FetchError(Outcome.PROTOCOL_ERROR, f"{message.rstrip('.')}.") from error
        self.permanent = self.permanent and response.status_code in _PERMANENT

    def answer(self, response: httpx.Response, body: bytes, *, now: datetime) -> Answer:
        """What the last response on the way says."""
        conditional = self.validators != Validators()
        outcome, message = outcomes.of_status(response.status_code, response.url.host, conditional=conditional)
        header = response.headers.get
        moved = outcome.good and self.permanent and self.target != self.url
        received = _pairs(response.headers)
        first = {name.lower(): value for name, value in reversed(received)}
        return Answer(
            url=self.url,
            outcome=outcome,
            fetched_at=self.fetched_at,
            message=outcomes.shown(message),
            final_url=str(response.url),
            status=response.status_code,
            http_version=response.http_version,
            reason=response.reason_phrase,
            headers=received,
            request_headers=_pairs(response.request.headers),
            body=body if outcome.good else b"",
            elapsed=timedelta(seconds=self.elapsed),
            permanent_url=self.target if moved else None,
            validators=Validators(first.get("etag"), first.get("last-modified")),
            retry_after=headers.retry_after(header, now=now),
            max_age=headers.max_age(header, now=now),
        )

    def failed(self, error: Exception) -> Answer:
        """The answer when there is none."""
        outcome, message = outcomes.of_error(error, _host(self.target) or self.target)
        return Answer(
            url=self.url,
            outcome=outcome,
            fetched_at=self.fetched_at,
            message=outcomes.shown(message),
            final_url=self.target,
            elapsed=timedelta(seconds=self.elapsed),
            retry_after=error.retry_after if isinstance(error, FetchError) else None,
        )


def _pairs(fields: httpx.Headers) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields.raw)


def _host(url: str) -> str:
    with suppress(httpx.InvalidURL):
        return httpx.URL(url).host
    return ""


@contextmanager
def _hanging_up(response: httpx.Response) -> Iterator[None]:
    """Close the connection when the block raises: left alone, an HTTP/2 server would send on for nobody."""
    try:
        yield
    except BaseException:
        response.extensions["network_stream"].close()
        raise


def _drain(response: httpx.Response) -> None:
    """Read a short body to its end, so that the connection can be used again; how that ends does not matter."""
    with suppress(Exception), _hanging_up(response):
        for _ in response.iter_raw():
            if response.num_bytes_downloaded > _DRAINED:
                raise FetchError(Outcome.TOO_LARGE, "The body of an error is not worth more.")
