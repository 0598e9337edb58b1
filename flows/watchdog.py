"""Tells systemd that the service is up and alive (sd_notify(3), sd_watchdog_enabled(3)).

Does nothing where systemd did not start us, or where the unit asks for no watchdog.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress


def notify(state: str) -> None:
    """One message such as `READY=1` to systemd's socket. That nobody hears it is no fault of ours."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # Linux's abstract names begin with a zero byte
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)  # whoever does not listen shall not hold us up
        channel.connect(address)
        channel.sendall(state.encode())


@asynccontextmanager
async def attended(healthy: Callable[[], bool]) -> AsyncIterator[None]:
    """Says that the service is ready, then, as often as the unit asks for, that it is alive: while `healthy()` says so
    and this event loop turns, in which the flows are started.
    """
    notify("READY=1")
    alive = asyncio.create_task(_alive(healthy))
    try:
        yield
    finally:
        notify("STOPPING=1")
        alive.cancel()


async def _alive(healthy: Callable[[], bool]) -> None:
    microseconds = int(os.environ.get("WATCHDOG_USEC") or 0)
    while microseconds:
        if await asyncio.to_thread(healthy):
            notify("WATCHDOG=1")
        await asyncio.sleep(microseconds / 3e6)  # three times in the time that may pass between two
