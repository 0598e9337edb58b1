"""TLS for tests: a certificate of our own, and an HTTP/2 server whose every frame is scripted."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "feeds.example"
Fields = list[tuple[bytes, bytes]]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the key and certificate of `HOST` and of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


class Stream:
    """One request of an HTTP/2 connection, to be answered frame by frame; nothing is checked on the way out."""

    def __init__(self, talk: h2.connection.H2Connection, wire: ssl.SSLSocket, number: int, request: Fields) -> None:
        self.id = number
        self.path = dict(request)[b":path"].decode()
        self.request = dict(request)
        self.talk = talk
        self.wire = wire

    def headers(self, *fields: tuple[str, str], status: str = "200", end: bool = False) -> None:
        """Send a header block that begins with `status`."""
        self.talk.send_headers(self.id, [(":status", status), *fields], end_stream=end)
        self.flush()

    def data(self, data: bytes, *, end: bool = False) -> None:
        """Send one frame of the body."""
        self.talk.send_data(self.id, data, end_stream=end)
        self.flush()

    def flush(self) -> None:
        """Send what the state machine has made."""
        self.wire.sendall(self.talk.data_to_send())

    def frame(self, kind: int, payload: bytes, *, flags: int = 0, stream: int | None = None) -> None:
        """Send a frame past the state machine (RFC 9113 §4.1)."""
        number = self.id if stream is None else stream
        self.wire.sendall(len(payload).to_bytes(3, "big") + bytes([kind, flags]) + number.to_bytes(4, "big") + payload)

    def hang(self) -> None:
        """Say nothing more until the client goes."""
        while self.wire.recv(65536):
            pass


Play = Callable[[Stream], None]


class Http2:
    """The server: `add("/feed", play)`, and `play` is called with each request for that path."""

    def __init__(self, context: ssl.SSLContext) -> None:
        context.set_alpn_protocols(["h2"])
        self.requests: list[Stream] = []
        self.connections = 0
        self._context = context
        self._plays: dict[str, Play] = {}
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port = int(self._listener.getsockname()[1])
        self._acceptor = threading.Thread(target=self._accept, name="h2-accept")
        self._acceptor.start()

    def add(self, path: str, play: Play) -> str:
        """Script `path`; returns its URL."""
        self._plays[path] = play
        return self.url(path)

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        """Stop listening, drop every connection, wait for every thread."""
        for held in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._acceptor, *self._threads):
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(plain,), name="h2-serve")
                self._threads.append(thread)
                thread.start()

    def _serve(self, plain: socket.socket) -> None:
        with (
            contextlib.suppress(OSError, h2.exceptions.H2Error),
            self._context.wrap_socket(plain, server_side=True) as wire,
        ):
            self._open.append(wire)
            config = h2.config.H2Configuration(
                client_side=False,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
            talk = h2.connection.H2Connection(config)
            talk.initiate_connection()
            wire.sendall(talk.data_to_send())
            while data := wire.recv(65536):
                for event in talk.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        assert event.stream_id is not None
                        stream = Stream(talk, wire, event.stream_id, list(event.headers or ()))
                        self.requests.append(stream)
                        self._plays.get(stream.path, missing)(stream)
                wire.sendall(talk.data_to_send())


def missing(stream: Stream) -> None:
    """404, with nothing more."""
    stream.headers(status="404", end=True)


def answer(body: bytes, *fields: tuple[str, str], status: str = "200") -> Play:
    """A play that gives `body` in two frames, as an honest server would."""

    def play(stream: Stream) -> None:
        stream.headers(*fields, status=status)
        stream.data(body[: len(body) // 2])
        stream.data(body[len(body) // 2 :], end=True)

    return play


@pytest.fixture
def http2(server_side: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Http2]:
    """A local HTTP/2 server for one test, trusted by clients made in it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = Http2(server_side)
    yield server
    server.close()
