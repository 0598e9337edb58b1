"""Connections: an address is looked up once, checked, and that very address is connected to; a deadline holds for all.

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
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from typing import Any

import httpcore
import httpx

from fetch.outcomes import FetchError
from parsers.records import Outcome

# RFC 6052 §2.1: the prefix under which IPv6-only networks reach IPv4 addresses.
_NAT64 = IPv6Network("64:ff9b::/96")
# Of a host with many addresses these are tried; beyond them it is the host that is down.
_MAX_ADDRESSES = 4
# Of the hosts being polled at one time; the pool looks at every idle connection for each request.
_KEEPALIVE = httpx.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=15)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is on the open internet; an IPv4 address wrapped in IPv6 counts as what it wraps."""
    if isinstance(address, IPv6Address):
        nat64 = IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None
        teredo = address.teredo[1] if address.teredo is not None else None
        for wrapped in (address.ipv4_mapped, address.sixtofour, teredo, nat64):
            if wrapped is not None:
                return is_public(wrapped)
    return address.is_global and not address.is_multicast


class Network(httpx.HTTPTransport):
    """The transport of the one client. `allow_private` lets it reach loopback and private addresses too."""

    def __init__(self, *, allow_private: bool) -> None:
        # an empty TLS context here; the real one takes 40 ms and is made at the first handshake
        super().__init__(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)
        self._deadline = _Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            max_connections=_KEEPALIVE.max_connections,
            max_keepalive_connections=_KEEPALIVE.max_keepalive_connections,
            keepalive_expiry=_KEEPALIVE.keepalive_expiry,
            http2=True,
            network_backend=_Backend(self._deadline, allow_private=allow_private),
        )

    @contextmanager
    def deadline(self, seconds: float, host: str) -> Iterator[None]:
        """Whatever this thread does on the network inside the block ends within `seconds`, or raises `FetchError`."""
        self._deadline.at, self._deadline.host = time.monotonic() + seconds, host
        self._deadline.connected = False
        try:
            yield
        finally:
            self._deadline.at = math.inf

    @property
    def connected(self) -> bool:
        """Whether this thread's last request set out to connect; if not, it used a connection kept open before."""
        return self._deadline.connected


class _Deadline(threading.local):
    """When this thread's request must have ended, by `time.monotonic()`, and whether it set out to connect anew."""

    at = math.inf
    host = ""
    connected = False

    def cap(self, timeout: float | None) -> float | None:
        """The shorter of `timeout` and what is left, in seconds; None: no bound. Raises `FetchError` at its end."""
        if self.at == math.inf:
            return timeout
        left = self.at - time.monotonic()
        if left <= 0:
            raise FetchError(Outcome.TIMEOUT, f"{self.host} took longer for its whole answer than is allowed.")
        return left if timeout is None else min(timeout, left)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline, *, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private
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
        self._deadline.connected = True
        addresses = self._checked(host, port, self._deadline.cap(timeout))
        for number, address in enumerate(addresses, start=1):
            try:
                stream = self._sockets.connect_tcp(
                    str(address), port, self._deadline.cap(timeout), local_address, socket_options
                )
                return _Stream(stream, self._deadline, self._tls)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise AssertionError("a lookup without addresses is an error of its own")

    def _checked(self, host: str, port: int, timeout: float | None) -> list[IPv4Address | IPv6Address]:
        found = _lookup(host, port, timeout)
        allowed = [address for address in found if self._allow_private or is_public(address)]
        if not allowed:
            raise FetchError(
                Outcome.BLOCKED_ADDRESS,
                f"{host} is at {found[0]}, not on the open internet; such addresses are fetched only when allowed.",
            )
        return allowed[:_MAX_ADDRESSES]


class _Stream(httpcore.NetworkStream):
    """A connection whose every step is bounded by the deadline of the thread that takes it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline, tls: _Tls) -> None:
        self._stream = stream
        self._deadline = deadline
        self._tls = tls

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._stream.read(max_bytes, self._deadline.cap(timeout))
        except httpcore.ReadTimeout:
            self._deadline.cap(None)  # was it the deadline, it says so
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.cap(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del ssl_context  # the pool's empty one
        secured = self._stream.start_tls(self._tls.context(), server_hostname, self._deadline.cap(timeout))
        return _Stream(secured, self._deadline, self._tls)

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
