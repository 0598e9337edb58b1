"""Which addresses are connected to, and which are refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from ipaddress import ip_address

import httpcore
import pytest

from fetch import network
from fetch.client import Client
from parsers.records import Outcome
from tests.webserver import Reply, Web, redirect


def _names(monkeypatch: pytest.MonkeyPatch, table: dict[str, list[list[str]]]) -> list[str]:
    """Answer look-ups from `table`, one answer after the other; returns the list of names asked for."""
    asked: list[str] = []

    def lookup(host: str, port: int) -> list[object]:
        asked.append(f"{host}:{port}")
        return [ip_address(address) for address in table[host].pop(0)]

    monkeypatch.setattr(network, "_resolve", lookup)
    return asked


def test_a_name_is_looked_up_once_and_the_checked_address_is_used(
    web: Web, make: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _names(monkeypatch, {"rebind.example": [["10.0.0.1", "8.8.8.8"], ["127.0.0.1"]]})
    connected: list[str] = []

    def connect(_: object, host: str, *__: object, **___: object) -> None:
        connected.append(host)
        raise httpcore.ConnectError("not in a test")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    make(allow_private=False, ports=frozenset({web.port})).get(f"http://rebind.example:{web.port}/")
    assert (asked, connected) == ([f"rebind.example:{web.port}"], ["8.8.8.8"])


def test_a_redirect_to_an_inner_name_is_refused(
    web: Web, make: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(monkeypatch, {"public.example": [["127.0.0.1"]], "inner.example": [["169.254.169.254"]]})
    monkeypatch.setattr("fetch.network.is_public", lambda address: str(address) == "127.0.0.1")
    web.add("/", redirect(f"http://inner.example:{web.port}/latest/meta-data"))
    answer = make(allow_private=False, ports=frozenset({web.port})).get(f"http://public.example:{web.port}/")
    assert answer.outcome is Outcome.BLOCKED_ADDRESS
    assert answer.message.startswith("inner.example is at 169.254.169.254")
    assert web.requests[0].headers["host"] == f"public.example:{web.port}", "the name, not the address"


def test_a_second_address_is_tried(web: Web, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    web.add("/", Reply(b"second"))
    _names(monkeypatch, {"two.example": [["127.0.9.9", "127.0.0.1"]]})
    assert client.get(f"http://two.example:{web.port}/").body == b"second"


def test_a_lookup_that_hangs_is_given_up(make: Callable[..., Client], monkeypatch: pytest.MonkeyPatch) -> None:
    hang = threading.Event()
    monkeypatch.setattr(network, "_resolve", lambda *_: hang.wait(30) and [])
    try:
        answer = make(connect_timeout=0.2).get("http://slow-dns.example/")
    finally:
        hang.set()
    assert answer.outcome is Outcome.DNS_ERROR
