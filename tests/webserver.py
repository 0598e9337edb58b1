"""A real web server for tests: threads and sockets on loopback addresses, every answer scripted.

`web.add("/feed", Reply(b"...", etag='"1"'))`, then `web.url("/feed")`. Several replies for one path are given in turn,
the last one again and again. `web.url("/feed", host="127.0.1.7")` is the same server under another address. It can do
what real servers do wrong: stall, drip, reset, lie about lengths, bomb.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import selectors
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import BinaryIO, Literal

import brotli
import pytest

ENCODERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "br": brotli.compress}


@dataclass(frozen=True)
class Seen:
    """One request as it arrived. `address` is the loopback address it came to; times are `time.monotonic()`."""

    method: str
    path: str
    address: str
    headers: dict[str, str]
    started: float
    ended: float


@dataclass(frozen=True)
class Reply:
    """One scripted answer.

    `delay`: seconds before the first byte. `drip`: seconds before each single byte. `fault`: `stall` sends half and
    then nothing, `cut` sends half and closes, `reset` answers with a TCP reset, `garbage` with what is no HTTP.
    `content_length` is stated instead of the true one. With `etag` or `last_modified` conditional requests get a 304.
    `raw` is sent as it is, instead of all that, and the connection closed. `endless` is sent after it again and again.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
    encoding: Literal["gzip", "br"] | None = None
    chunked: bool = False
    content_length: int | None = None
    delay: float = 0
    drip: float = 0
    fault: Literal["stall", "cut", "reset", "garbage"] | None = None
    raw: bytes | None = None
    endless: bytes = b""

    def matches(self, headers: Mapping[str, str]) -> bool:
        """Whether a conditional request finds its copy still good (RFC 9110 §13.2.2: If-None-Match goes first)."""
        if "if-none-match" in headers:
            known = re.findall(r'"[^"]*"', headers["if-none-match"])
            return self.etag is not None and self.etag.removeprefix("W/") in known
        if "if-modified-since" in headers and self.last_modified is not None:
            return parsedate_to_datetime(self.last_modified) <= parsedate_to_datetime(headers["if-modified-since"])
        return False

    def wire(self, headers: Mapping[str, str]) -> bytes:
        """The whole answer as bytes."""
        if self.raw is not None:
            return self.raw
        status, body = (304, b"") if self.matches(headers) else (self.status, self.body)
        fields = {"Content-Type": "text/plain; charset=utf-8", **self.headers}
        if self.etag is not None:
            fields["ETag"] = self.etag
        if self.last_modified is not None:
            fields["Last-Modified"] = self.last_modified
        if self.encoding is not None and body:
            fields["Content-Encoding"] = self.encoding
            body = ENCODERS[self.encoding](body)
        if self.chunked and status != 304:
            fields["Transfer-Encoding"] = "chunked"
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        elif status != 304:
            fields["Content-Length"] = str(len(body) if self.content_length is None else self.content_length)
        reason = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Odd"
        head = f"HTTP/1.1 {status} {reason}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return head.encode("latin-1") + b"\r\n" + body


def redirect(to: str, status: int = 302, **headers: str) -> Reply:
    """A redirect to `to`; keyword arguments are further headers, `set_cookie="a=1"` for Set-Cookie."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Reply(status=status, headers={"Location": to, **named})


def bomb(size: int, encoding: Literal["gzip", "br"] = "gzip") -> Reply:
    """`size` bytes of zeros, packed small before any request comes."""
    return Reply(ENCODERS[encoding](b"\0" * size), headers={"Content-Encoding": encoding})


Script = Reply | Callable[[Seen], Reply]


class Web:
    """The server. `requests` has every request in the order in which it was answered; `connections` counts them."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Seen] = []
        self.connections = 0
        self._tls = tls
        self._scripts: dict[tuple[str | None, str], list[Script]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listeners: dict[str, socket.socket] = {}
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self.port = self._listen("127.0.0.1", 0)
        self._acceptor = threading.Thread(target=self._accept, name="web-accept")
        self._acceptor.start()

    def add(self, path: str, *replies: Script, host: str | None = None) -> str:
        """Script `path` (query included), for one address only if `host` is given; returns its URL."""
        with self._lock:
            self._scripts[host, path] = list(replies)
        return self.url(path, host or "127.0.0.1")

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path; a new loopback address is listened on from here on."""
        with self._lock:
            if host[0].isdigit() and host not in self._listeners:
                self._listen(host, self.port)
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def hits(self, path: str) -> list[Seen]:
        """The requests for one path."""
        with self._lock:
            return [seen for seen in self.requests if seen.path == path]

    def close(self) -> None:
        """Stop listening, drop every connection, wait for every thread."""
        self._stopping.set()
        self._wake.send(b"x")
        self._acceptor.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for held in (*self._listeners.values(), self._wake, self._woken):
            held.close()
        self._selector.close()

    def _listen(self, host: str, port: int) -> int:
        listener = socket.create_server((host, port), backlog=128)
        self._listeners[host] = listener
        self._selector.register(listener, selectors.EVENT_READ)
        return int(listener.getsockname()[1])

    def _accept(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    return
                assert isinstance(key.fileobj, socket.socket)
                connection, _ = key.fileobj.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(connection,), name="web-serve")
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        address = connection.getsockname()[0]
        with contextlib.suppress(OSError, ValueError), contextlib.closing(connection):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            try:
                with connection, connection.makefile("rb") as stream:
                    while not self._stopping.is_set() and self._exchange(connection, stream, address):
                        pass
            finally:
                with self._lock:
                    self._open.discard(connection)

    def _exchange(self, connection: socket.socket, stream: BinaryIO, address: str) -> bool:
        """Read one request and answer it; False when the connection is to be closed."""
        line = stream.readline().decode("latin-1").split()
        if len(line) != 3:
            return False
        started = time.monotonic()
        headers = {}
        while (field_line := stream.readline().decode("latin-1").strip()) != "":
            name, _, value = field_line.partition(":")
            headers[name.strip().lower()] = value.strip()
        reply = self._next_reply(Seen(line[0], line[1], address, headers, started, started))
        self._stopping.wait(reply.delay)
        with self._lock:
            self.requests.append(Seen(line[0], line[1], address, headers, started, time.monotonic()))
        return self._answer(connection, reply, headers)

    def _next_reply(self, seen: Seen) -> Reply:
        with self._lock:
            script = self._scripts.get((seen.address, seen.path)) or self._scripts.get((None, seen.path))
            if not script:
                return Reply(b"nothing here", status=404)
            step = script.pop(0) if len(script) > 1 else script[0]
        return step if isinstance(step, Reply) else step(seen)

    def _answer(self, connection: socket.socket, reply: Reply, headers: Mapping[str, str]) -> bool:
        if reply.fault == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        wire = b"SSH-2.0-OpenSSH_9.6\r\n" if reply.fault == "garbage" else reply.wire(headers)
        if reply.fault in ("stall", "cut"):
            wire = wire[: len(wire) - max(len(reply.body) // 2, 1)]
        if reply.drip:
            for index in range(len(wire)):
                if self._stopping.wait(reply.drip):
                    return False
                connection.sendall(wire[index : index + 1])
        else:
            connection.sendall(wire)
        while reply.endless and not self._stopping.is_set():
            connection.sendall(reply.endless)
        if reply.fault == "stall":
            self._stopping.wait()
        return reply.fault is None and reply.raw is None and headers.get("connection", "").lower() != "close"


@pytest.fixture
def web() -> Iterator[Web]:
    """A local web server for one test."""
    server = Web()
    yield server
    server.close()
