"""Nothing is left behind: sockets, threads and memory after many requests of every kind."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from fetch.client import Client
from parsers.records import Outcome
from tests.internet import PUBLIC, Internet
from tests.webserver import Reply, Web, bomb, redirect

REQUESTS = 1000
REPLIES = {
    "/ok": (Reply(b"x" * 5000, encoding="gzip"), Outcome.OK),
    "/moved": (redirect("/ok", set_cookie="a=1"), Outcome.OK),
    "/missing": (Reply(b"x" * 100_000, status=404), Outcome.NOT_FOUND),
    "/large": (Reply(b"x" * 200_000, chunked=True), Outcome.TOO_LARGE),
    "/bomb": (bomb(10**6), Outcome.TOO_LARGE),
    "/cut": (Reply(b"x" * 999, fault="cut"), Outcome.PROTOCOL_ERROR),
    "/reset": (Reply(fault="reset"), Outcome.CONNECT_ERROR),
    "/garbage": (Reply(fault="garbage"), Outcome.PROTOCOL_ERROR),
    "/inner": (redirect("//[::1]/"), Outcome.BLOCKED_ADDRESS),
    "/nowhere": (redirect("http://no-such.example/"), Outcome.DNS_ERROR),
}


def sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for fd in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile, as the one that lists them is
            found += str(fd.readlink()).startswith("socket:")
    return found


def settled(count: Callable[[], int], wanted: int) -> int:
    """The count, once it has come down to what is wanted; a minute at most for threads and sockets that are closing."""
    for _ in range(600):
        if count() <= wanted:
            break
        time.sleep(0.1)
    return count()


@pytest.mark.slow
def test_a_thousand_requests_leave_no_socket_and_no_thread(
    make: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sockets(), threading.active_count()
    web = Web()
    try:
        monkeypatch.setattr("fetch.network._resolve", lambda *_: socket.gaierror(-2, "Name or service not known"))
        for path, (reply, _) in REPLIES.items():
            web.add(path, reply)
        hosts = [f"127.0.4.{n + 1}" for n in range(25)]
        jobs = [web.url(path, host) for host in hosts for path in REPLIES]
        client = make()
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(client.get, jobs * (REQUESTS // len(jobs))))
        wanted = {outcome: 0 for _, outcome in REPLIES.values()}
        for _, outcome in REPLIES.values():
            wanted[outcome] += REQUESTS // len(REPLIES)
        inner = wanted.pop(Outcome.BLOCKED_ADDRESS)
        found = Counter(answer.outcome for answer in answers)
        # with private addresses allowed nobody listens there
        wanted[Outcome.CONNECT_ERROR] += inner
        assert found == wanted
        idle = 16 + len(hosts) + 8  # kept by the client, and the server's own
        assert settled(lambda: sockets() - before[0], 2 * idle) <= 2 * idle
        client.close()
    finally:
        web.close()
    assert settled(sockets, before[0]) <= before[0]
    assert settled(threading.active_count, before[1]) <= before[1]


@pytest.mark.slow
def test_hundreds_of_hosts_stay_in_a_small_memory(internet: Internet, make: Callable[..., Client]) -> None:
    hosts = [f"site{n}.example" for n in range(400)]
    internet.names.update({host: [[PUBLIC]] for host in hosts})
    internet.web.add("/robots.txt", Reply(b"User-agent: *\n" + b"Disallow: /private/area\n" * 200))
    internet.web.add("/feed", Reply(b"<rss/>" * 10_000, encoding="gzip"))
    internet.web.add("/page", Reply(b"<p>" * 10_000, headers={"Set-Cookie": "a=" + "x" * 500}))
    client = make(allow_private=False, ports=internet.ports)

    def read(host: str) -> bool:
        feed = client.get(internet.url("/feed", host), cookies=True)
        return feed.outcome.good and client.get(internet.url("/page", host), page=True, cookies=True).outcome.good

    tracemalloc.start()
    try:
        with ThreadPoolExecutor(10) as pool:
            assert all(pool.map(read, hosts))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # 10 MB when written, the server's own records among it; 300 MB are allowed for the whole program and any hosts
    assert kept < 24e6
    assert internet.strays() == []
