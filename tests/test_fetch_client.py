"""The one HTTP client against a real server on loopback sockets."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import brotli
import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch import network
from fetch.body import read_body
from fetch.client import Client, FetchSettings
from fetch.outcomes import FetchError
from fetch.pacing import Pacer, wait_before
from parsers.records import Answer, Outcome, Validators
from tests.webserver import Reply, Script, Web, bomb, redirect

NOW = datetime(2026, 9, 14, 7, 0, tzinfo=UTC)
AGENT = "china-vietnam-meetings/0.1 (ops@example.org)"
SETTINGS = FetchSettings(
    user_agent=AGENT,
    connect_timeout=2,
    read_timeout=0.4,
    total_timeout=5,
    max_body=100_000,
    max_redirects=3,
    host_delay=timedelta(0),
    allow_private=True,
)


class Clock:
    """A clock that only sleeping moves; `slept` has every wait in seconds."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(round(seconds, 3))
            self.now += timedelta(seconds=seconds)


Fetch = Callable[..., Answer]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def build(**changes: object) -> Client:
        made.append(Client(replace(SETTINGS, **changes), clock=clock, sleep=clock.sleep))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for client in made:
        client.close()


@pytest.fixture
def client(make: Callable[..., Client]) -> Client:
    return make()


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
def test_every_ending_has_an_outcome_and_a_sentence(web: Web, client: Client, outcome: Outcome, reply: Reply) -> None:
    answer = client.get(web.add("/it", reply))
    assert (answer.outcome, answer.body) == (outcome, b"")
    assert answer.message.endswith(".")
    assert "\n" not in answer.message
    assert client.get(web.add("/other", Reply(b"fine"))).body == b"fine", "the client goes on"


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
    web.add("/a", replace(redirect("/b"), delay=0.3))
    web.add("/b", replace(redirect("/c"), delay=0.3))
    web.add("/c", Reply(b"too late", delay=0.3))
    answer = make(total_timeout=0.7, read_timeout=5).get(web.url("/a"))
    assert (answer.outcome, answer.final_url) == (Outcome.TIMEOUT, web.url("/c"))


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


# -- bombs


def test_a_brotli_bomb_is_stopped_while_it_unpacks(web: Web, make: Callable[..., Client]) -> None:
    answer = make(max_body=500_000_000).get(web.add("/bomb", bomb(16_000_000, "br")))
    assert (answer.outcome, answer.body) == (Outcome.TOO_LARGE, b"")
    assert "250 times" in answer.message


def test_a_small_very_regular_body_is_no_bomb(web: Web, make: Callable[..., Client]) -> None:
    assert len(make(max_body=2_000_000).get(web.add("/a", bomb(1_000_000, "br"))).body) == 1_000_000


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 50), st.binary(max_size=5))
def test_gzip_in_any_pieces_and_members(members: list[bytes], size: int, padding: bytes) -> None:
    packed = b"".join(gzip.compress(member) for member in members) + b"\0" + padding
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert read_body(chunks, host="h", encoding="gzip", max_body=10_000) == b"".join(members)


@given(st.builds(lambda part, times: part * times, st.binary(max_size=30), st.integers(0, 9_000)), st.integers(1, 50))
def test_brotli_in_any_pieces(data: bytes, size: int) -> None:
    packed = brotli.compress(data)
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert read_body(chunks, host="h", encoding="br", max_body=1_000_000) == data


@given(st.lists(st.binary(max_size=50), max_size=5), st.sampled_from(["gzip", "br"]))
def test_any_bytes_decode_or_stop(chunks: list[bytes], encoding: str) -> None:
    with contextlib.suppress(FetchError):
        assert len(read_body(chunks, host="h", encoding=encoding, max_body=10_000)) <= 10_000


# -- validators and times


def test_validators_go_back_verbatim_and_304_is_no_failure(web: Web, client: Client) -> None:
    web.add("/f", Reply(b"<rss/>", etag='W/"a, b\xe9"', last_modified="Mon, 14 Sep 2026 06:00:00 GMT"))
    first = client.get(web.url("/f"))
    assert first.validators == Validators('W/"a, b\xe9"', "Mon, 14 Sep 2026 06:00:00 GMT")
    again = client.get(web.url("/f"), validators=first.validators)
    sent = web.requests[-1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == (first.validators.etag, first.validators.last_modified)
    assert (sent["if-none-match"], again.body) == ('W/"a, b\xe9"', b"")


def test_304_when_nothing_changed(web: Web, client: Client) -> None:
    web.add("/f", Reply(b"<rss/>", etag='"1"'))
    validators = client.get(web.url("/f")).validators
    assert client.get(web.url("/f"), validators=validators).outcome is Outcome.NOT_MODIFIED
    web.add("/f", Reply(b"<rss>2</rss>", etag='"2"'))
    assert client.get(web.url("/f"), validators=validators).body == b"<rss>2</rss>"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param("Mon, 14 Sep 2026 07:02:00 GMT", 120, id="HTTP date"),
        pytest.param("Mon, 14 Sep 2026 07:02:00", 120, id="date without zone"),
        pytest.param("Mon, 14 Sep 2026 06:00:00 GMT", None, id="past date"),
        pytest.param("0", None, id="zero"),
        pytest.param("-5", None, id="negative"),
        pytest.param("soon", None, id="words"),
        pytest.param("9" * 400, 366 * 86400, id="excessive"),
        pytest.param("١٢", None, id="digits that are not ASCII"),
    ],
)
def test_retry_after(web: Web, client: Client, value: str, seconds: int | None) -> None:
    web.add("/f", Reply(status=503, headers={"Retry-After": value.encode().decode("latin-1")}))
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert client.get(web.url("/f")).retry_after == expected


def test_retry_after_counts_from_the_servers_own_clock(web: Web, client: Client) -> None:
    headers = {"Retry-After": "Thu, 01 Jan 1970 01:00:00 GMT", "Date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    assert client.get(web.add("/f", Reply(status=429, headers=headers))).retry_after == timedelta(hours=1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="nothing said"),
        pytest.param({"Cache-Control": "public, MAX-AGE=600"}, 600, id="max-age"),
        pytest.param({"Cache-Control": 'max-age="600"'}, 600, id="max-age in quotes"),
        pytest.param({"Cache-Control": "max-age=600", "Age": "100"}, 500, id="max-age less Age"),
        pytest.param({"Cache-Control": "max-age=600", "Age": "700"}, None, id="already stale"),
        pytest.param({"Cache-Control": "no-cache, max-age=600"}, None, id="no-cache"),
        pytest.param({"Cache-Control": "s-maxage=600"}, None, id="meant for proxies"),
        pytest.param({"Cache-Control": "max-age=x"}, None, id="unreadable"),
        pytest.param({"Cache-Control": "max-age=600", "Expires": "0"}, 600, id="max-age before Expires"),
        pytest.param({"Expires": "Mon, 14 Sep 2026 08:00:00 GMT"}, 3600, id="Expires"),
        pytest.param({"Expires": "Mon, 14 Sep 2026 08:00:00"}, 3600, id="Expires without zone"),
        pytest.param({"Expires": "Mon, 14 Sep 2020 08:00:00 GMT"}, None, id="Expires in the past"),
        pytest.param({"Expires": "0"}, None, id="Expires zero"),
        pytest.param(
            {"Expires": "Thu, 01 Jan 1970 00:10:00 GMT", "Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
            600,
            id="Expires less Date",
        ),
    ],
)
def test_freshness(web: Web, client: Client, headers: dict[str, str], seconds: int | None) -> None:
    answer = client.get(web.add("/f", Reply(b"x", headers=headers)))
    assert answer.max_age == (None if seconds is None else timedelta(seconds=seconds))


# -- redirects


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


# -- addresses


def test_addresses_of_the_machine_are_refused_by_default(web: Web, make: Callable[..., Client]) -> None:
    closed = make(allow_private=False)
    names = ["127.0.0.1", "localhost", "127.1", "2130706433", "[::]", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1"]
    outcomes = {name: closed.get(f"http://{name}:{web.port}/secret").outcome for name in names}
    assert outcomes == dict.fromkeys(names, Outcome.BLOCKED_ADDRESS)
    assert web.requests == []


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
    make(allow_private=False).get(f"http://rebind.example:{web.port}/")
    assert (asked, connected) == ([f"rebind.example:{web.port}"], ["8.8.8.8"])


def test_a_redirect_to_an_inner_name_is_refused(
    web: Web, make: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(monkeypatch, {"public.example": [["127.0.0.1"]], "inner.example": [["169.254.169.254"]]})
    monkeypatch.setattr(network, "is_public", lambda address: str(address) == "127.0.0.1")
    web.add("/", redirect(f"http://inner.example:{web.port}/latest/meta-data"))
    answer = make(allow_private=False).get(f"http://public.example:{web.port}/")
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


PUBLIC = ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"]
NOT_PUBLIC = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1"),
    *("255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "2002:7f00:1::"),
    *("2001:db8::1", "64:ff9b::7f00:1"),
]


@pytest.mark.parametrize("address", PUBLIC + NOT_PUBLIC)
def test_public_addresses(address: str) -> None:
    assert network.is_public(ip_address(address)) is (address in PUBLIC)


# -- pacing


def test_requests_to_one_host_keep_their_distance(web: Web, make: Callable[..., Client], clock: Clock) -> None:
    client = make(host_delay=timedelta(seconds=5))
    web.add("/a", redirect("/b"))
    web.add("/b", Reply(b"x"))
    client.get(web.url("/a"))
    client.get(web.url("/b"))
    client.get(web.url("/b", host="127.0.0.2"))
    assert clock.slept == [5, 5], "redirect and next request wait; another host does not"


def test_one_host_one_request_at_a_time_and_hosts_in_parallel(web: Web, client: Client) -> None:
    web.add("/a", Reply(b"x", delay=0.15))
    urls = [web.url("/a", host) for host in ("127.0.1.1", "127.0.1.1", "127.0.1.2", "127.0.1.3")]
    with ThreadPoolExecutor(4) as pool:
        assert {answer.outcome for answer in pool.map(client.get, urls)} == {Outcome.OK}
    spans = sorted((seen.started, seen.ended, seen.address) for seen in web.requests)
    same = [span for span in spans if span[2] == "127.0.1.1"]
    assert same[0][1] <= same[1][0], "one after the other"
    first_ended = min(ended for _, ended, _ in spans)
    assert len({address for started, _, address in spans if started < first_ended}) == 3, "three hosts at once"


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


@pytest.mark.parametrize(
    ("reply", "slept"),
    [
        pytest.param(Reply(status=429, headers={"Retry-After": "40"}), [40], id="429 with Retry-After"),
        pytest.param(Reply(status=503, headers={"Retry-After": "40"}), [40], id="503 with Retry-After"),
        pytest.param(Reply(status=429), [20], id="429 alone: ten delays"),
        pytest.param(Reply(status=503), [2], id="503 alone: the usual delay"),
    ],
)
def test_a_host_that_asks_for_less_gets_less(
    web: Web, make: Callable[..., Client], clock: Clock, reply: Reply, slept: list[float]
) -> None:
    client = make(host_delay=timedelta(seconds=2))
    client.get(web.add("/busy", reply))
    assert client.get(web.add("/other", Reply(b"x"))).outcome is Outcome.OK
    assert clock.slept == slept


def test_too_long_a_pause_is_an_outcome_not_a_wait(web: Web, client: Client, clock: Clock) -> None:
    client.get(web.add("/busy", Reply(status=429, headers={"Retry-After": "7200"})))
    answer = client.get(web.add("/other", Reply(b"x")))
    assert (answer.outcome, answer.status, answer.retry_after) == (Outcome.RATE_LIMITED, None, timedelta(hours=2))
    assert answer.message == "127.0.0.1 asks for a pause of another 2:00:00, longer than one run waits."
    assert (clock.slept, web.hits("/other")) == ([], [])


def test_a_host_kept_busy_by_others_is_an_outcome(clock: Clock) -> None:
    pacer = Pacer(clock=clock, sleep=clock.sleep, max_wait=timedelta(seconds=0.05))
    with (
        pacer.turn("h", timedelta(0)),
        ThreadPoolExecutor(1) as pool,
        pytest.raises(FetchError, match="busy with earlier requests"),
    ):
        pool.submit(lambda: pacer.turn("h", timedelta(0)).__enter__()).result()


@given(last=st.none() | st.integers(-5000, 5000), delay=st.integers(0, 120), held=st.none() | st.integers(-5000, 5000))
def test_waits_are_long_enough_and_never_needlessly_long(last: int | None, delay: int, held: int | None) -> None:
    def at(seconds: int | None) -> datetime | None:
        return None if seconds is None else NOW + timedelta(seconds=seconds)

    wait = wait_before(at(last), timedelta(seconds=delay), at(held), now=NOW).total_seconds()
    assert 0 <= wait <= max(delay, held or 0)
    if last is not None and last <= 0:
        assert wait >= last + delay
    if held is not None:
        assert wait >= held


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
