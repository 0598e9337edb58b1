"""One host, one pace: requests to a host go one at a time and start at least its delay apart; hosts go in parallel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fetch.outcomes import FetchError
from fetch.policy import LONGEST_RETRY_AFTER
from parsers.records import Outcome

ZERO = timedelta(0)


def wait_before(last: datetime | None, delay: timedelta, held_until: datetime | None, *, now: datetime) -> timedelta:
    """How long to wait before the next request to a host whose last one began at `last`.

    A clock that was set back never makes the wait longer than `delay`.
    """
    paced = min(last + delay - now, delay) if last is not None else ZERO
    held = held_until - now if held_until is not None else ZERO
    return max(paced, held, ZERO)


@dataclass(slots=True)
class _Host:
    busy: threading.Lock = field(default_factory=threading.Lock)
    delay: timedelta = ZERO
    last: datetime | None = None
    held_until: datetime | None = None


class Pacer:
    """Gives out turns, host by host. Thread-safe; `max_wait` bounds how long one request waits for its turn.

    `holds`: until when hosts asked to be left alone in earlier runs. None counts beyond `LONGEST_RETRY_AFTER`.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        max_wait: timedelta,
        holds: Mapping[str, datetime] = {},
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._max_wait = max_wait
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()
        for host, until in holds.items():
            self.hold(host, until - clock())

    @contextmanager
    def turn(self, host: str, delay: timedelta) -> Iterator[None]:
        """Wait for this host's turn and keep it inside the block. Raises `FetchError` if it comes too late.

        The longest `delay` once given for a host holds for all its later requests.
        """
        place = self._place(host)
        if not place.busy.acquire(timeout=self._max_wait.total_seconds()):
            raise FetchError(
                Outcome.RATE_LIMITED,
                f"{host} was busy with earlier requests of ours for {self._max_wait}.",
                retry_after=self._max_wait,
            )
        try:
            place.delay = max(place.delay, delay)
            wait = wait_before(place.last, place.delay, place.held_until, now=self._clock())
            if wait > self._max_wait:
                raise FetchError(
                    Outcome.RATE_LIMITED,
                    f"{host} asks for a pause of another {_rounded(wait)}, longer than one run waits.",
                    retry_after=wait,
                )
            if wait > ZERO:
                self._sleep(wait.total_seconds())
            place.last = self._clock()
            yield
        finally:
            place.busy.release()

    def hold(self, host: str, pause: timedelta) -> None:
        """No request to `host` for `pause` from now: it asked for that."""
        self._place(host).held_until = self._clock() + min(pause, LONGEST_RETRY_AFTER)

    def holds(self) -> dict[str, datetime]:
        """Until when which hosts are left alone, for the next run; only what is still to come."""
        now = self._clock()
        with self._lock:
            return {host: p.held_until for host, p in self._hosts.items() if p.held_until and p.held_until > now}

    def _place(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host())


def _rounded(wait: timedelta) -> str:
    return str(timedelta(seconds=round(wait.total_seconds())))
