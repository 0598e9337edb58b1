"""What systemd is told: that the service is ready, that it lives while it is healthy, that it stops."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.watchdog import attended, notify


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket on which systemd would listen, for a watchdog of 30 ms."""
    # a socket's path holds 107 bytes at most, and pytest's own folders are long
    with tempfile.TemporaryDirectory(prefix="sd-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        path = str(Path(folder) / "notify")
        heard.bind("\0" + path if request.param == "abstract" else path)
        heard.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + path if request.param == "abstract" else path)
        monkeypatch.setenv("WATCHDOG_USEC", "30000")
        yield heard


def next_of(heard: socket.socket) -> str:
    return heard.recv(100).decode()


def run(healthy: Callable[[], bool], until: Callable[[], None]) -> None:
    async def service() -> None:
        async with attended(healthy):
            await asyncio.to_thread(until)

    asyncio.run(service())


def test_ready_then_alive_then_stopping(systemd: socket.socket) -> None:
    heard: list[str] = []
    run(lambda: True, lambda: heard.extend(next_of(systemd) for _ in range(4)))
    assert heard == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
    while (last := next_of(systemd)) == "WATCHDOG=1":
        pass
    assert last == "STOPPING=1"


def test_one_that_is_not_healthy_does_not_say_that_it_lives(systemd: socket.socket) -> None:
    asked: list[bool] = []

    def healthy() -> bool:
        asked.append(True)
        return False

    def until() -> None:
        while len(asked) < 4:
            time.sleep(0.01)

    run(healthy, until)
    assert [next_of(systemd), next_of(systemd)] == ["READY=1", "STOPPING=1"]


def test_without_a_watchdog_nobody_is_asked(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC")
    run(lambda: pytest.fail("asked"), lambda: None)
    assert [next_of(systemd), next_of(systemd)] == ["READY=1", "STOPPING=1"]


def test_where_nobody_listens_nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")
