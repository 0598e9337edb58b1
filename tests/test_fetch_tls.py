"""The client over TLS, with a certificate authority of our own: trust, names, HTTP/2."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fetch import network
from fetch.client import Client, FetchSettings
from parsers.records import Outcome, Validators
from tests.webserver import Reply, Web

HOST = "feeds.example"


@pytest.fixture(scope="module")
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
def secure(server_side: ssl.SSLContext) -> Iterator[Web]:
    server = Web(server_side)
    yield server
    server.close()


@pytest.fixture
def client() -> Iterator[Client]:
    settings = FetchSettings(host_delay=timedelta(0), read_timeout=2, allow_private=True)
    with Client(settings, clock=lambda: datetime.now(UTC), sleep=time.sleep) as made:
        yield made


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def _resolve_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_resolve", lambda *_: [ip_address("127.0.0.1")])


@pytest.mark.usefixtures("trusted")
def test_the_name_goes_into_the_handshake_though_the_address_is_connected_to(
    secure: Web, client: Client, server_side: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    server_side.sni_callback = lambda _, name, __: asked.append(name)
    _resolve_to_loopback(monkeypatch)
    secure.add("/feed", Reply(b"<rss/>"))
    answer = client.get(f"https://{HOST}:{secure.port}/feed")
    assert (answer.outcome, answer.body, answer.http_version) == (Outcome.OK, b"<rss/>", "HTTP/1.1")
    assert asked == [HOST]
    assert secure.requests[0].headers["host"] == f"{HOST}:{secure.port}"


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_refused(
    secure: Web, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolve_to_loopback(monkeypatch)
    answer = client.get(f"https://other.example:{secure.port}/feed")
    assert answer.outcome is Outcome.TLS_ERROR
    assert "Hostname mismatch" in answer.message
    assert secure.requests == []


def test_an_unknown_authority_is_refused(secure: Web, client: Client) -> None:
    answer = client.get(secure.add("/feed", Reply(b"<rss/>")))
    assert (answer.outcome, secure.requests) == (Outcome.TLS_ERROR, [])
    assert answer.message == "127.0.0.1 could not be trusted or spoken to over TLS: self-signed certificate."


def test_tls_to_a_server_without_it(client: Client) -> None:
    def greet(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 mail.example ready\r\n")
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        greeter = threading.Thread(target=greet, args=(listener,))
        greeter.start()
        answer = client.get(f"https://127.0.0.1:{listener.getsockname()[1]}/")
        greeter.join()
    assert answer.outcome is Outcome.TLS_ERROR


def _serve_h2(listener: socket.socket, context: ssl.SSLContext, seen: list[dict[bytes, bytes]]) -> None:
    """Answer the requests of one HTTP/2 connection: 304 to a conditional one, else a body in two frames."""
    plain, _ = listener.accept()
    with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
        talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        talk.initiate_connection()
        secured.sendall(talk.data_to_send())
        while data := secured.recv(65536):
            for event in talk.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    assert event.stream_id is not None
                    headers = {bytes(name): bytes(value) for name, value in event.headers or ()}
                    seen.append(headers)
                    if b"if-none-match" in headers:
                        talk.send_headers(event.stream_id, [(":status", "304")], end_stream=True)
                        continue
                    talk.send_headers(event.stream_id, [(":status", "200"), ("etag", '"h2"')])
                    talk.send_data(event.stream_id, b"<rss>")
                    talk.send_data(event.stream_id, b"</rss>", end_stream=True)
            secured.sendall(talk.data_to_send())


@pytest.mark.usefixtures("trusted")
def test_http_2_is_spoken_where_the_server_can(client: Client, server_side: ssl.SSLContext) -> None:
    server_side.set_alpn_protocols(["h2", "http/1.1"])
    seen: list[dict[bytes, bytes]] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        server = threading.Thread(target=_serve_h2, args=(listener, server_side, seen))
        server.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/feed"
        first = client.get(url)
        second = client.get(url, validators=first.validators)
        client.close()
        server.join()
    assert (first.outcome, first.http_version, first.body) == (Outcome.OK, "HTTP/2", b"<rss></rss>")
    assert (first.validators, second.outcome) == (Validators('"h2"'), Outcome.NOT_MODIFIED)
    assert [headers[b":path"] for headers in seen] == [b"/feed", b"/feed"]
