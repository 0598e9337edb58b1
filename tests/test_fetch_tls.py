"""The client over TLS, with a certificate authority of our own: trust, names, HTTP/2."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from fetch import network
from fetch.client import Client, FetchSettings
from parsers.records import Outcome, Validators
from tests.tlskit import HOST, Http2, Stream, answer
from tests.webserver import Reply, Web


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


def test_http_2_is_spoken_where_the_server_can(client: Client, http2: Http2) -> None:
    def feed(stream: Stream) -> None:
        if b"if-none-match" in stream.request:
            stream.headers(status="304", end=True)
        else:
            answer(b"<rss></rss>", ("etag", '"h2"'))(stream)

    url = http2.add("/feed", feed)
    first = client.get(url)
    second = client.get(url, validators=first.validators)
    assert (first.outcome, first.http_version, first.body) == (Outcome.OK, "HTTP/2", b"<rss></rss>")
    assert (first.validators, second.outcome) == (Validators('"h2"'), Outcome.NOT_MODIFIED)
    assert ([stream.path for stream in http2.requests], http2.connections) == (["/feed", "/feed"], 1)
