"""Connections: an address is looked up once, checked, and that very address is connected to; limits hold for all.

The check sits below HTTP, in httpcore's network backend, so that redirects and names that change their address between
check and use (DNS rebinding) pass through it too. Host header, SNI and certificate still go by the name.
"""

from __future__ import annotations

import math
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from queue import Empty, SimpleQueue
from typing import Any

import httpcore
import httpx

from fetch.addresses import is_public
from fetch.outcomes import FetchError
from parsers.records import Outcome

# Of a host with many addresses these are tried; beyond them it is the host that is down.
MAX_ADDRESSES = 4
# Some more than the hosts polled at one time, else none is kept; the pool looks at each of them for every request.
_KEEPALIVE = httpx.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=15)


class Network(httpx.HTTPTransport):
    """The transport of the one client, to public addresses at `ports`; with `allow_private` to any address and port."""

    def __init__(self, *, allow_private: bool, ports: frozenset[int]) -> None:
        # an empty TLS context here; the real one takes 40 ms and is made at the first handshake
        super().__init__(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)
        self._bounds = _Bounds()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            max_connections=_KEEPALIVE.max_connections,
            max_keepalive_connections=_KEEPALIVE.max_keepalive_connections,
            keepalive_expiry=_KEEPALIVE.keepalive_expiry,
            http2=True,
            network_backend=_Backend(self._bounds, None if allow_private else ports),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx's, but a status that is no number is the server's fault: in HTTP/2 httpcore takes any for one."""
        try:
            return super().handle_request(request)
        except ValueError as error:
            raise httpx.RemoteProtocolError(str(error)) from error

    @contextmanager
    def bounded(self, host: str, *, seconds: float, size: int) -> Iterator[None]:
        """Whatever this thread does on the network inside the block ends within `seconds` and `size` received bytes,
        or raises `FetchError`.
        """
        self._bounds.host, self._bounds.end, self._bounds.size = host, time.monotonic() + seconds, size
        self._bounds.received, self._bounds.connected = 0, False
        try:
            yield
        finally:
            self._bounds.end = self._bounds.size = math.inf

    def expect(self, size: int) -> None:
        """So many bytes more may come, from now on."""
        self._bounds.size = self._bounds.received + size

    @property
    def connected(self) -> bool:
        """Whether this thread's last request set out to connect; if not, it used a connection kept open before."""
        return self._bounds.connected


class _Bounds(threading.local):
    """When this thread's request must have ended, by `time.monotonic()`, what it may receive, and whether it set out to
    connect anew.
    """

    host = ""
    end = math.inf
    size = math.inf
    received = 0
    connected = False

    def cap(self, timeout: float | None) -> float | None:
        """The shorter of `timeout` and what is left, in seconds; None: no bound. Raises `FetchError` at its end."""
        if self.end == math.inf:
            return timeout
        left = self.end - time.monotonic()
        if left <= 0:
            raise FetchError(Outcome.TIMEOUT, f"{self.host} took longer for its whole answer than is allowed.")
        return left if timeout is None else min(timeout, left)

    def count(self, data: bytes) -> bytes:
        """`data`, when it is not too much. It counts whatever it is: interim answers, frames, padding."""
        self.received += len(data)
        if self.received > self.size:
            raise FetchError(Outcome.TOO_LARGE, f"{self.host} sent more than {self.size:,} bytes, packed and all.")
        return data


class _Backend(httpcore.NetworkBackend):
    """Connects to public addresses at `ports`; None: to any address at any port."""

    def __init__(self, bounds: _Bounds, ports: frozenset[int] | None) -> None:
        self._bounds = bounds
        self._ports = ports
        self._sockets = httpcore.SyncBackend()
        self._tls = _Tls()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self._bounds.connected = True
        addresses = self._checked(host, port, self._bounds.cap(timeout))
        for number, address in enumerate(addresses, start=1):
            try:
                stream = self._sockets.connect_tcp(
                    str(address), port, self._bounds.cap(timeout), local_address, socket_options
                )
                return _Stream(stream, self._bounds, self._tls)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise AssertionError("a lookup without addresses is an error of its own")

    def _checked(self, host: str, port: int, timeout: float | None) -> list[IPv4Address | IPv6Address]:
        if self._ports is not None and port not in self._ports:
            raise FetchError(
                Outcome.BLOCKED_ADDRESS,
                f"{host} is not asked at port {port}; only {_listed(self._ports)} are, and those that sources name.",
            )
        found = _lookup(host, port, timeout)
        allowed = [address for address in found if self._ports is None or is_public(address)]
        if not allowed:
            raise FetchError(
                Outcome.BLOCKED_ADDRESS,
                f"{host} is at {found[0]}, not on the open internet; such addresses are fetched only where the setting "
                "allow_private_addresses is true.",
            )
        return allowed[:MAX_ADDRESSES]


class _Stream(httpcore.NetworkStream):
    """A connection whose every step is within the bounds of the thread that takes it."""

    def __init__(self, stream: httpcore.NetworkStream, bounds: _Bounds, tls: _Tls) -> None:
        self._stream = stream
        self._bounds = bounds
        self._tls = tls

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._bounds.count(self._stream.read(max_bytes, self._bounds.cap(timeout)))
        except httpcore.ReadTimeout:
            self._bounds.cap(None)  # was it the deadline, it says so
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._bounds.cap(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del ssl_context  # the pool's empty one
        secured = self._stream.start_tls(self._tls.context(), server_hostname, self._bounds.cap(timeout))
        return _Stream(secured, self._bounds, self._tls)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Tls:
    """The one TLS context: SSL_CERT_FILE or SSL_CERT_DIR where set, else certifi's roots."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = httpx.create_ssl_context()
                self._context.set_alpn_protocols(["h2", "http/1.1"])
            return self._context


def _listed(ports: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(ports)))


def _lookup(host: str, port: int, timeout: float | None) -> list[IPv4Address | IPv6Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    # getaddrinfo knows no timeout, so it gets a thread that may be left behind
    answers: SimpleQueue[list[IPv4Address | IPv6Address] | Exception] = SimpleQueue()
    threading.Thread(target=lambda: answers.put(_resolve(host, port)), daemon=True, name=f"lookup {host}").start()
    try:
        answer = answers.get(timeout=timeout)
    except Empty:
        raise FetchError(Outcome.DNS_ERROR, f"The name {host} was not resolved in time.") from None
    if isinstance(answer, Exception):
        reason = getattr(answer, "strerror", None) or str(answer)
        raise FetchError(Outcome.DNS_ERROR, f"The name {host} could not be resolved: {reason}.") from answer
    return answer


def _resolve(host: str, port: int) -> list[IPv4Address | IPv6Address] | Exception:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that is empty or too long
        return error
    return [ip_address(address[0]) for *_, address in found]
