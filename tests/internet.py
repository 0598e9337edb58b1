"""An internet for tests: names and public addresses that lead to the local servers, and a trap for all that is private.

Only the connection to `PUBLIC` itself is led elsewhere: look-up, checks and everything else are the program's own.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from ipaddress import ip_address

import httpcore
import pytest

from fetch import network
from tests.webserver import Web

PUBLIC = "8.8.8.8"
_Address = tuple[str, int]
_watching: list[list[_Address]] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    """Every connect of this process, whoever makes it; such hooks stay for ever, so there is one."""
    if event == "socket.connect" and _watching and isinstance(arguments[1], tuple):
        _watching[-1].append(arguments[1][:2])


sys.addaudithook(_audit)


class Internet:
    """`names`: what each name resolves to, a list used up answer by answer, the last one again and again."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.names = {"site.example": [[PUBLIC]], "localhost": [["127.0.0.1", "::1"]]}
        self.asked: list[str] = []
        self.connected: list[_Address] = []
        self._trap = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.trap_port = int(self._trap.getsockname()[1])
        self.trapped = 0
        self._watch = threading.Thread(target=self._wait, name="trap")
        self._watch.start()

    def url(self, path: str = "/", host: str = "site.example") -> str:
        """An address of the local web server as the world knows it."""
        return f"http://{host}:{self.web.port}{path}"

    @property
    def ports(self) -> frozenset[int]:
        """For `FetchSettings`: with these, it is the address alone that can be refused."""
        return frozenset({80, 443, self.web.port, self.trap_port})

    def resolve(self, host: str, port: int) -> object:
        """As `network._resolve`, without asking any name server: the C library still reads addresses in its ways."""
        self.asked.append(host)
        if answers := self.names.get(host.rstrip(".").lower()):
            return [ip_address(found) for found in (answers.pop(0) if len(answers) > 1 else answers[0])]
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except (OSError, UnicodeError) as error:
            return error
        return [ip_address(address[0]) for *_, address in found]

    def strays(self) -> list[_Address]:
        """Connections to anything but the web server."""
        return [address for address in self.connected if address != ("127.0.0.1", self.web.port)]

    def close(self) -> None:
        """Stop listening."""
        self._trap.shutdown(socket.SHUT_RDWR)
        self._watch.join()
        self._trap.close()

    def _wait(self) -> None:
        while True:
            try:
                caught, _ = self._trap.accept()
            except OSError:
                return
            self.trapped += 1
            caught.close()


@pytest.fixture
def internet(web: Web, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """The internet of one test, whose connections are all watched."""
    made = Internet(web)
    connect = httpcore.SyncBackend.connect_tcp

    def routed(self: httpcore.SyncBackend, host: str, *rest: object) -> httpcore.NetworkStream:
        return connect(self, "127.0.0.1" if host == PUBLIC else host, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", routed)
    monkeypatch.setattr(network, "_resolve", made.resolve)
    _watching.append(made.connected)
    yield made
    _watching.remove(made.connected)
    made.close()
