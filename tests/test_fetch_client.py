"""The one HTTP client against a real server on loopback sockets."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from fetch.client import Client
from parsers.records import Outcome, Validators
from tests.fetchkit import AGENT, NOW, goes_on
from tests.webserver import Reply, Script, Web, bomb, redirect


def test_an_answer_holds_the_exchange(web: Web, client: Client) -> None:
    url = web.add("/feed?x=1", Reply(b"<rss/>", headers={"Content-Type": "application/rss+xml", "X-Odd": "a  b"}))
    answer = client.get(url)
    assert (answer.outcome, answer.status, answer.reason, answer.http_version) == (Outcome.OK, 200, "OK", "HTTP/1.1")
    assert (answer.url, answer.final_url, answer.body, answer.message) == (url, url, b"<rss/>", "")
    assert answer.headers == (("Content-Type", "application/rss+xml"), ("X-Odd", "a  b"), ("Content-Length", "6"))
    assert answer.fetched_at == NOW
    assert answer.elapsed > timedelta(0)
    assert answer.permanent_url is None
    assert ("User-Agent", AGENT) in answer.request_headers
    (seen,) = web.requests
    assert seen.headers["user-agent"] == AGENT
    assert seen.headers["host"] == f"127.0.0.1:{web.port}"
    assert {name.lower(): value for name, value in answer.request_headers} == seen.headers


@pytest.mark.parametrize("encoding", ["gzip", "br", None])
def test_bodies_are_decoded(web: Web, client: Client, encoding: str | None) -> None:
    text = "Chủ tịch nước tiếp Đại sứ Trung Quốc. ".encode() * 500
    answer = client.get(web.add("/a", Reply(text, encoding=encoding)))  # type: ignore[arg-type]
    assert answer.body == text
    assert answer.header("content-encoding") == encoding
    assert web.requests[0].headers["accept-encoding"] == "gzip, br"


def test_a_chunked_body_is_joined(web: Web, client: Client) -> None:
    assert client.get(web.add("/a", Reply(b"abc" * 100, chunked=True))).body == b"abc" * 100


# Every way a server can end a request, and what is said of it. The name of each case is its outcome.
ENDINGS: dict[str, tuple[Outcome, Reply]] = {
    "not_found": (Outcome.NOT_FOUND, Reply(status=404)),
    "gone": (Outcome.GONE, Reply(status=410)),
    "forbidden": (Outcome.FORBIDDEN, Reply(b"no", status=403)),
    "rate_limited": (Outcome.RATE_LIMITED, Reply(status=429)),
    "server_error": (Outcome.SERVER_ERROR, Reply(b"oops", status=503)),
    "timeout, nothing comes": (Outcome.TIMEOUT, Reply(b"late", delay=30)),
    "timeout, stalls half way": (Outcome.TIMEOUT, Reply(b"x" * 100, fault="stall")),
    "connect_error, reset": (Outcome.CONNECT_ERROR, Reply(fault="reset")),
    "protocol_error, no HTTP": (Outcome.PROTOCOL_ERROR, Reply(fault="garbage")),
    "protocol_error, cut short": (Outcome.PROTOCOL_ERROR, Reply(b"x" * 100, fault="cut")),
    "protocol_error, cut short in chunks": (Outcome.PROTOCOL_ERROR, Reply(b"x" * 100, fault="cut", chunked=True)),
    "protocol_error, not the gzip it says": (
        Outcome.PROTOCOL_ERROR,
        Reply(b"plain text", headers={"Content-Encoding": "gzip"}),
    ),
    "protocol_error, encoding not asked for": (
        Outcome.PROTOCOL_ERROR,
        Reply(b"plain text", headers={"Content-Encoding": "zstd"}),
    ),
    "protocol_error, gzip that ends too early": (
        Outcome.PROTOCOL_ERROR,
        Reply(gzip.compress(b"x" * 1000)[:-9], headers={"Content-Encoding": "gzip"}),
    ),
    "protocol_error, 304 unasked": (Outcome.PROTOCOL_ERROR, Reply(status=304)),
    "protocol_error, redirect to nowhere": (Outcome.PROTOCOL_ERROR, Reply(status=302)),
    "too_large": (Outcome.TOO_LARGE, Reply(b"x" * 100_001)),
    "too_large, in chunks": (Outcome.TOO_LARGE, Reply(b"x" * 100_001, chunked=True)),
    "too_large, packed": (Outcome.TOO_LARGE, bomb(200_000)),
    "too_many_redirects": (Outcome.TOO_MANY_REDIRECTS, redirect("/it")),
    "blocked_address, redirect to a file": (Outcome.BLOCKED_ADDRESS, redirect("file:///etc/passwd")),
    "protocol_error, redirect to nonsense": (Outcome.PROTOCOL_ERROR, redirect("http://[::1")),
    "dns_error": (Outcome.DNS_ERROR, redirect("http://no-such-host.invalid/")),
    "dns_error, empty label": (Outcome.DNS_ERROR, redirect("http://a..b/")),
}


@pytest.mark.parametrize(("outcome", "reply"), ENDINGS.values(), ids=ENDINGS)
def test_every_ending_has_an_outcome_and_a_sentence(
    web: Web, make: Callable[..., Client], outcome: Outcome, reply: Reply
) -> None:
    client = make(read_timeout=1.5 if outcome is Outcome.TIMEOUT else 20)
    answer = client.get(web.add("/it", reply))
    assert (answer.outcome, answer.body) == (outcome, b"")
    assert answer.message.endswith(".")
    assert "\n" not in answer.message
    assert goes_on(client, web.add("/other", Reply(b"fine")))


def test_names_of_the_endings_are_true() -> None:
    assert all(name.startswith(outcome.value) for name, (outcome, _) in ENDINGS.items())


def test_too_short_a_content_length_does_not_spoil_the_next_answer(web: Web, client: Client) -> None:
    assert client.get(web.add("/lie", Reply(b"0123456789", content_length=4))).body == b"0123"
    assert client.get(web.add("/next", Reply(b"fine"))).body == b"fine"


@pytest.mark.parametrize("drip_in", ["head", "body"])
def test_the_whole_has_a_deadline_however_alive_it_looks(web: Web, make: Callable[..., Client], drip_in: str) -> None:
    body, headers = (b"x" * 500, {}) if drip_in == "body" else (b"", {"X-Long": "x" * 500})
    web.add("/it", Reply(body, headers=headers, drip=0.02))
    answer = make(total_timeout=0.5).get(web.url("/it"))
    assert answer.outcome is Outcome.TIMEOUT
    assert answer.message == "127.0.0.1 took longer for its whole answer than is allowed."


def test_the_deadline_covers_all_redirects_together(web: Web, make: Callable[..., Client]) -> None:
    web.add("/a", replace(redirect("/b"), delay=0.6))
    web.add("/b", replace(redirect("/c"), delay=0.6))
    web.add("/c", Reply(b"too late", delay=0.6))
    answer = make(total_timeout=1.5).get(web.url("/a"))
    assert (answer.outcome, answer.message) == (
        Outcome.TIMEOUT,
        "127.0.0.1 took longer for its whole answer than is allowed.",
    )


def test_nobody_listening(client: Client) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        answer = client.get(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert (answer.outcome, answer.message) == (
        Outcome.CONNECT_ERROR,
        "127.0.0.1 could not be connected to: Connection refused.",
    )


@pytest.mark.parametrize(
    "url", ["", "ftp://example.org/", "//example.org/feed", "http://", "javascript:alert(1)", "http://[::1", "\x00"]
)
def test_what_is_no_web_address_is_blocked(client: Client, url: str) -> None:
    assert client.get(url).outcome is Outcome.BLOCKED_ADDRESS


def test_a_fault_of_ours_is_an_outcome_too(
    web: Web, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("fetch.client.read_body", broken)
    assert client.get(web.add("/a", Reply(b"x"))).outcome is Outcome.INTERNAL_ERROR
    assert "surprise" in caplog.text, "the log gets the traceback"


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [((301,), True), ((308, 301), True), ((302,), False), ((301, 307), False), ((303, 308), False)],
    ids=str,
)
def test_a_move_is_permanent_when_every_step_is(
    web: Web, client: Client, statuses: tuple[int, ...], permanent: bool
) -> None:
    for step, status in enumerate(statuses):
        web.add(f"/{step}", redirect(f"{step + 1}", status))
    end = web.add(f"/{len(statuses)}", Reply(b"here"))
    answer = client.get(web.url("/0"))
    assert (answer.body, answer.final_url, answer.url) == (b"here", end, web.url("/0"))
    assert answer.permanent_url == (end if permanent else None)


def test_a_move_to_nothing_is_not_remembered(web: Web, client: Client) -> None:
    answer = client.get(web.add("/0", redirect("/missing", 301)))
    assert (answer.outcome, answer.permanent_url) == (Outcome.NOT_FOUND, None)


def test_a_cookie_given_on_the_way_comes_back_and_is_then_forgotten(web: Web, client: Client) -> None:
    def gate(seen: object) -> Reply:
        has_cookie = "pass=1" in getattr(seen, "headers", {}).get("cookie", "")
        return Reply(b"in") if has_cookie else redirect("/gate", set_cookie="pass=1; Path=/")

    url = web.add("/gate", gate)
    assert client.get(url).body == b"in"
    assert client.get(url).body == b"in"
    assert ["cookie" in seen.headers for seen in web.requests] == [False, True, False, True]


def test_a_kept_connection_that_died_is_no_failure(web: Web, client: Client) -> None:
    web.add("/a", Reply(b"x"), Reply(fault="reset"), Reply(b"y"))
    assert [client.get(web.url("/a")).body for _ in range(2)] == [b"x", b"y"]
    assert (len(web.requests), web.connections) == (3, 2)


def test_connections_are_used_again(web: Web, client: Client) -> None:
    web.add("/ok", Reply(b"x", etag='"1"'))
    web.add("/moved", redirect("/ok"))
    client.get(web.url("/ok"), validators=Validators('"1"'))
    client.get(web.url("/404"))
    client.get(web.url("/moved"))
    assert len(web.requests) == 4
    assert web.connections == 1


def test_many_threads_one_client(web: Web, client: Client) -> None:
    scripts: dict[str, tuple[Script, Outcome]] = {
        "/ok": (Reply(b"x" * 20_000, encoding="gzip"), Outcome.OK),
        "/missing": (Reply(status=404), Outcome.NOT_FOUND),
        "/cut": (Reply(b"x" * 100, fault="cut"), Outcome.PROTOCOL_ERROR),
        "/moved": (redirect("/ok"), Outcome.OK),
    }
    for path, (script, _) in scripts.items():
        web.add(path, script)
    jobs = [(web.url(path, f"127.0.2.{n % 9 + 1}"), wanted) for n in range(15) for path, (_, wanted) in scripts.items()]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda job: client.get(job[0]), jobs))
    assert [answer.outcome for answer in answers] == [wanted for _, wanted in jobs]


def test_time_on_the_network_is_what_counts_as_elapsed(web: Web, make: Callable[..., Client]) -> None:
    client = make(host_delay=timedelta(hours=1), max_wait=timedelta(hours=2))
    web.add("/a", Reply(b"x"))
    began = time.monotonic()
    client.get(web.url("/a"))
    assert client.get(web.url("/a")).elapsed < timedelta(seconds=time.monotonic() - began)
