"""What HTTP/2 servers do wrong, frame by frame over TLS: each has its outcome, and the client goes on."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import h2.events
import h2.settings
import pytest

from fetch.client import Client
from parsers.records import Outcome
from tests.fetchkit import goes_on
from tests.tlskit import Http2, Play, Stream, answer

OK, PROTOCOL, TOO_LARGE = Outcome.OK, Outcome.PROTOCOL_ERROR, Outcome.TOO_LARGE
# RFC 9113 §6 and §7
DATA, HEADERS, SETTINGS, PUSH_PROMISE, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 4, 5, 7, 8, 9
END_HEADERS = 4
REFUSED_STREAM, ENHANCE_YOUR_CALM = 7, 11


@dataclass(frozen=True)
class Case:
    play: Play
    outcome: Outcome
    says: str = ""
    body: bytes = b""
    settings: dict[str, object] = field(default_factory=dict)


def steps(*parts: Callable[[Stream], object]) -> Play:
    def play(stream: Stream) -> None:
        for part in parts:
            part(stream)

    return play


def begin(*fields: tuple[str, str], status: str = "200", end: bool = False) -> Play:
    return lambda stream: stream.headers(*fields, status=status, end=end)


def data(body: bytes, *, end: bool = False) -> Play:
    return lambda stream: stream.data(body, end=end)


def frame(kind: int, payload: bytes, *, flags: int = 0, stream: int | None = None, times: int = 1) -> Play:
    return steps(*[lambda s: s.frame(kind, payload, flags=flags, stream=stream)] * times)


def forever(part: Play) -> Play:
    def play(stream: Stream) -> None:
        while True:  # the client's going ends it, by an error of the socket
            part(stream)

    return play


def leave(stream: Stream) -> None:
    stream.wire.shutdown(socket.SHUT_RDWR)


def goaway(last: int, code: int = 0) -> Play:
    return frame(GOAWAY, last.to_bytes(4, "big") + code.to_bytes(4, "big"), stream=0)


def reset(code: int) -> Play:
    return steps(lambda stream: stream.talk.reset_stream(stream.id, code), Stream.flush)


def limit(name: h2.settings.SettingCodes, value: int) -> Play:
    return steps(lambda stream: stream.talk.update_settings({name: value}), Stream.flush)


def trailers(stream: Stream) -> None:
    stream.talk.send_headers(stream.id, [("etag", '"late"')], end_stream=True)
    stream.flush()


def interim(stream: Stream) -> None:
    stream.talk.send_headers(stream.id, [(":status", "103"), ("link", "</a>; " + "x" * 1000)])
    stream.flush()


def bare_status(value: str) -> Play:
    return lambda stream: stream.headers(status=value, end=True)


OPEN = begin()
CASES = {
    "an honest answer": Case(answer(b"<rss></rss>"), OK, body=b"<rss></rss>"),
    "gzip": Case(answer(gzip.compress(b"packed"), ("content-encoding", "gzip")), OK, body=b"packed"),
    "gzip bomb": Case(answer(gzip.compress(b"\0" * 10**6), ("content-encoding", "gzip")), TOO_LARGE, "100,000 bytes"),
    "trailers": Case(steps(OPEN, data(b"ok"), trailers), OK, body=b"ok"),
    "a few interim answers": Case(steps(interim, interim, OPEN, data(b"ok", end=True)), OK, body=b"ok"),
    "interim answers without end": Case(forever(interim), TOO_LARGE, "sent more than"),
    "204": Case(begin(status="204", end=True), OK),
    "206 unasked": Case(answer(b"part", status="206"), PROTOCOL, "answered 206 Partial Content."),
    "304 unasked": Case(begin(status="304", end=True), PROTOCOL, "304 Not Modified to a request that set no"),
    "404 of 300 KB": Case(
        steps(begin(status="404"), *[data(b"x" * 16000)] * 20, data(b"", end=True)), Outcome.NOT_FOUND, "answered 404"
    ),
    "429 with Retry-After": Case(
        begin(("retry-after", "0"), status="429", end=True), Outcome.RATE_LIMITED, "answered 429 Too Many Requests."
    ),
    "status that is no number": Case(bare_status("abc"), PROTOCOL, "keep to HTTP"),
    "status beyond all": Case(bare_status("20000"), PROTOCOL, "answered 20000."),
    "no status": Case(steps(lambda s: s.talk.send_headers(s.id, [("x", "y")], end_stream=True), Stream.flush), OK),
    "redirect to a private name": Case(
        begin(("location", "ftp://10.0.0.1/"), status="301", end=True), Outcome.BLOCKED_ADDRESS, "no http or https"
    ),
    "headers of 300 fields": Case(
        steps(begin(*[(f"x-{n}", "y") for n in range(300)]), data(b"", end=True)), PROTOCOL, "200 header fields"
    ),
    "headers that unpack to 4 MB": Case(begin(*[("x", "y" * 3900)] * 1000, end=True), PROTOCOL, "keep to HTTP"),
    "header with a line break": Case(begin(("etag", "a\r\nx-forged: b"), end=True), PROTOCOL, "line break or a zero"),
    "header with a zero byte": Case(begin(("etag", "a\0b"), end=True), PROTOCOL, "line break or a zero byte in it."),
    "header with an escape sequence": Case(
        steps(begin(("content-encoding", "\x1b[2J")), data(b"x", end=True)), PROTOCOL, r"\x1b[2j"
    ),
    "headers that are no HPACK": Case(frame(HEADERS, b"\xff" * 50, flags=END_HEADERS), PROTOCOL, "keep to HTTP"),
    "continuations without end": Case(
        steps(frame(HEADERS, b""), forever(frame(CONTINUATION, b""))), PROTOCOL, "keep to HTTP"
    ),
    "data before headers": Case(frame(DATA, b"early"), PROTOCOL, "keep to HTTP"),
    "more than was said": Case(
        steps(begin(("content-length", "3")), data(b"ok"), frame(DATA, b"more")), PROTOCOL, "keep to HTTP"
    ),
    "less than was said": Case(
        steps(begin(("content-length", "30")), data(b"ok"), frame(DATA, b"", flags=1)), PROTOCOL, "keep to HTTP"
    ),
    "body without end": Case(steps(OPEN, forever(data(b"x" * 999))), TOO_LARGE, "sent more than 100,000 bytes."),
    "unknown frames without end": Case(forever(frame(0x77, b"x" * 16000)), TOO_LARGE, "packed and all"),
    "settings without end": Case(
        forever(frame(SETTINGS, b"\xfe\xfe\0\0\0\1" * 2000, stream=0)), TOO_LARGE, "packed and all"
    ),
    "a frame longer than agreed": Case(steps(OPEN, frame(DATA, b"x" * 20000)), PROTOCOL, "keep to HTTP"),
    "a window beyond 2^31": Case(
        steps(OPEN, frame(WINDOW_UPDATE, b"\x7f\xff\xff\xff", times=2)), PROTOCOL, "keep to HTTP"
    ),
    "a push, forbidden": Case(frame(PUSH_PROMISE, b"\0\0\0\2\x88", flags=END_HEADERS), PROTOCOL, "keep to HTTP"),
    "HTTP/1.1 in the middle": Case(
        lambda s: s.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Outcome.TIMEOUT,  # as a frame, that is the beginning of 4.7 MB
        "stopped sending",
        settings={"read_timeout": 0.3},
    ),
    "one stream at a time": Case(
        steps(limit(h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS, 1), answer(b"ok")), OK, body=b"ok"
    ),
    "stream reset at once": Case(reset(REFUSED_STREAM), PROTOCOL, "keep to HTTP"),
    "stream reset in the body": Case(steps(OPEN, data(b"half"), reset(ENHANCE_YOUR_CALM)), PROTOCOL, "keep to HTTP"),
    "GOAWAY at once": Case(steps(goaway(0, ENHANCE_YOUR_CALM), Stream.hang), PROTOCOL, "keep to HTTP"),
    "GOAWAY in the body": Case(steps(OPEN, data(b"half"), goaway(1), leave), PROTOCOL, "keep to HTTP"),
    "gone at once": Case(leave, PROTOCOL, "Server disconnected"),
    "gone after the headers": Case(steps(OPEN, leave), PROTOCOL, "Server disconnected"),
    "gone in the body": Case(steps(OPEN, data(b"half"), leave), PROTOCOL, "Server disconnected"),
    "silent": Case(Stream.hang, Outcome.TIMEOUT, "stopped sending", settings={"read_timeout": 0.3}),
    "silent in the body, as if its window were full": Case(
        steps(OPEN, data(b"half"), Stream.hang), Outcome.TIMEOUT, "stopped sending", settings={"read_timeout": 0.3}
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_hostile_http_2(http2: Http2, make: Callable[..., Client], case: Case) -> None:
    client = make(**case.settings)
    http2.add("/it", case.play)
    http2.add("/fine", answer(b"fine"))
    found = client.get(http2.url("/it"))
    assert (found.outcome, found.body) == (case.outcome, case.body), found.message
    assert case.says in found.message
    assert found.message.isprintable()
    assert goes_on(client, http2.url("/fine"))


def test_a_connection_that_is_to_be_left_is_left(http2: Http2, make: Callable[..., Client]) -> None:
    client = make()
    url = http2.add("/it", steps(answer(b"ok"), goaway(1)))
    assert [client.get(url).body for _ in range(3)] == [b"ok"] * 3
    assert http2.connections == 3


def test_answers_not_read_to_their_end_do_not_use_up_the_connection(http2: Http2, make: Callable[..., Client]) -> None:
    client = make()
    large = http2.add("/large", steps(OPEN, *[data(b"x" * 16000)] * 8))
    small = http2.add("/small", answer(b"ok"))
    for _ in range(110):  # a client may have 100 streams open
        assert client.get(large).outcome is TOO_LARGE
    assert client.get(small).body == b"ok"


def test_a_server_that_then_allows_no_stream_is_no_fault_of_ours(http2: Http2, make: Callable[..., Client]) -> None:
    client = make()
    url = http2.add("/it", steps(limit(h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS, 0), answer(b"ok")))
    assert [client.get(url).outcome for _ in range(2)] == [OK, PROTOCOL]
