"""A client for tests: settings that suit a local server, and a clock that only sleeping moves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fetch.client import Client, FetchSettings

NOW = datetime(2026, 9, 14, 7, 0, tzinfo=UTC)
AGENT = "china-vietnam-meetings/0.1 (ops@example.org)"
SETTINGS = FetchSettings(
    user_agent=AGENT,
    # long, so that a busy machine is no timeout; tests of timeouts shorten them
    connect_timeout=20,
    read_timeout=20,
    total_timeout=40,
    max_body=100_000,
    max_redirects=3,
    host_delay=timedelta(0),
    allow_private=True,
)


class Clock:
    """A clock that only sleeping moves; `slept` has every wait in seconds."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(round(seconds, 3))
            self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def build(holds: Mapping[str, datetime] = {}, **changes: object) -> Client:
        settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
        made.append(Client(settings, clock=clock, sleep=clock.sleep, holds=holds))
        return made[-1]

    yield build
    for client in made:
        client.close()


def goes_on(client: Client, url: str) -> bool:
    """Whether a client reads `fine` there; one with little patience is given several chances on a busy machine."""
    return any(client.get(url).body == b"fine" for _ in range(20))


@pytest.fixture
def client(make: Callable[..., Client]) -> Client:
    return make()
