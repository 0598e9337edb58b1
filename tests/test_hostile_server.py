"""A table of what servers do wrong, by accident or on purpose: each has its outcome, and the client goes on.

All of it over sockets, with private addresses forbidden; not one case may connect to anything but the server itself.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import brotli
import pytest

from fetch.client import MAX_OVERHEAD, MAX_URL, Client
from fetch.headers import MAX_FIELDS
from parsers.records import Outcome
from tests.fetchkit import NOW, goes_on
from tests.internet import Internet
from tests.webserver import Reply, Web, bomb, redirect

OK, PROTOCOL, TOO_LARGE, BLOCKED = Outcome.OK, Outcome.PROTOCOL_ERROR, Outcome.TOO_LARGE, Outcome.BLOCKED_ADDRESS
LOOPS, TIMEOUT, DNS = Outcome.TOO_MANY_REDIRECTS, Outcome.TIMEOUT, Outcome.DNS_ERROR
KB = 1024


@dataclass(frozen=True)
class Case:
    """`says`: what the message must hold; `{trap}` in a reply's headers is the port of the trap."""

    reply: Reply
    outcome: Outcome
    says: str = ""
    body: bytes = b""
    settings: dict[str, object] = field(default_factory=dict)


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def raw(*lines: str, body: bytes = b"", status: str = "200 OK", endless: bytes = b"") -> Reply:
    return Reply(raw=head(*lines, status=status) + body, endless=endless)


def encoded(body: bytes, *encodings: str) -> Reply:
    return Reply(body, headers={"Content-Encoding": ", ".join(encodings)})


def named_gzip(name: bytes, body: bytes) -> bytes:
    """A gzip member with a file name in its head (RFC 1952 §2.3.1), which nobody should use."""
    return b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + name + b"\0" + gzip.compress(body)[10:]


CHUNKED = "Transfer-Encoding: chunked"
MANY_COOKIES = [f"Set-Cookie: c{n}={'x' * 400}; Path=/" for n in range(150)]
UTF16 = "中越会谈".encode("utf-16")

LENGTHS = {
    "length: more stated than sent": Case(raw("Content-Length: 50", body=b"x" * 9), PROTOCOL, "without sending"),
    "length: less stated than sent": Case(raw("Content-Length: 4", body=b"0123456789"), OK, body=b"0123"),
    "length: negative": Case(raw("Content-Length: -1", body=b"x"), PROTOCOL, "keep to HTTP"),
    "length: no number": Case(raw("Content-Length: ten", body=b"x"), PROTOCOL, "keep to HTTP"),
    "length: two that differ": Case(raw("Content-Length: 1", "Content-Length: 2", body=b"xy"), PROTOCOL, "keep to"),
    "length: two that agree": Case(raw("Content-Length: 2", "Content-Length: 2", body=b"xy"), OK, body=b"xy"),
    "length: 10^19 bytes promised": Case(raw(f"Content-Length: {10**19}", endless=b"x" * KB), TOO_LARGE, "100,000"),
    "length: none, and no end": Case(raw(endless=b"x" * KB), TOO_LARGE, "sent more than 100,000 bytes."),
    "length: none, ended by closing": Case(raw(body=b"all of it"), OK, body=b"all of it"),
    "length: beside chunks": Case(raw(CHUNKED, "Content-Length: 3", body=b"2\r\nok\r\n0\r\n\r\n"), OK, body=b"ok"),
    "chunks: endless": Case(raw(CHUNKED, endless=b"400\r\n" + b"x" * KB + b"\r\n"), TOO_LARGE, "100,000"),
    "chunks: endless, of one byte": Case(raw(CHUNKED, endless=b"1\r\nx\r\n" * 99), TOO_LARGE, "sent more than"),
    "chunks: size is no number": Case(raw(CHUNKED, body=b"xyz\r\nabc"), PROTOCOL, "keep to HTTP"),
    "chunks: size of 2^80": Case(raw(CHUNKED, body=b"f" * 21 + b"\r\n"), PROTOCOL, "keep to HTTP"),
    "chunks: endless extension": Case(raw(CHUNKED, body=b"1;", endless=b"x" * KB), PROTOCOL, "keep to HTTP"),
    "chunks: cut off": Case(raw(CHUNKED, body=b"5\r\nhel"), PROTOCOL, "incomplete chunked read"),
    "chunks: no line break after one": Case(raw(CHUNKED, body=b"2\r\nokXX0\r\n\r\n"), PROTOCOL, "keep to HTTP"),
    "chunks: trailers": Case(raw(CHUNKED, body=b"2\r\nok\r\n0\r\nETag: x\r\n\r\n"), OK, body=b"ok"),
    "chunks: endless trailers": Case(raw(CHUNKED, body=b"0\r\n", endless=b"A: b\r\n" * 99), PROTOCOL, "keep to HTTP"),
    "chunks: of gzip, by transfer coding": Case(raw("Transfer-Encoding: gzip, chunked"), PROTOCOL, "keep to HTTP"),
}
HEADS = {
    "head: no HTTP at all": Case(Reply(fault="garbage"), PROTOCOL, "keep to HTTP"),
    "head: HTTP/0.9": Case(Reply(raw=b"<html>old</html>"), PROTOCOL, "keep to HTTP"),
    "head: nothing": Case(Reply(raw=b""), PROTOCOL, "without sending a response"),
    "head: reset instead": Case(Reply(fault="reset"), Outcome.CONNECT_ERROR, "broke the connection off"),
    "head: status is no number": Case(raw(status="abc OK"), PROTOCOL, "illegal status line"),
    "head: status of four digits": Case(raw(status="2000 OK"), PROTOCOL, "illegal status line"),
    "head: status 999": Case(raw("Content-Length: 0", status="999 No"), PROTOCOL, "site.example answered 999."),
    "head: no reason": Case(raw("Content-Length: 2", body=b"ok", status="200"), OK, body=b"ok"),
    "head: escape sequence as reason": Case(
        raw("Content-Length: 0", status="500 \x1b[2J\x1b[31mERROR forged"),
        Outcome.SERVER_ERROR,
        "site.example answered 500 Internal Server Error.",
    ),
    "head: zero byte in a reason": Case(raw(status="500 a\0b"), PROTOCOL, "illegal status line"),
    "head: field without a colon": Case(raw("no colon here"), PROTOCOL, "illegal header line"),
    "head: space before the colon": Case(raw("Content-Length : 1"), PROTOCOL, "illegal header line"),
    "head: zero byte in a field": Case(raw("X: a\0b"), PROTOCOL, "illegal header line"),
    "head: folded field": Case(raw("X: a\r\n b", "Content-Length: 2", body=b"ok"), OK, body=b"ok"),
    "head: bytes beyond ASCII": Case(raw("X: \xff\xfe", "Content-Length: 2", body=b"ok"), OK, body=b"ok"),
    "head: many fields": Case(
        raw(*[f"X-{n}: y" for n in range(MAX_FIELDS + 1)]), PROTOCOL, "200 header fields or 65,536"
    ),
    "head: fields up to the limit": Case(
        raw(*[f"X-{n}: y" for n in range(MAX_FIELDS - 1)], "Content-Length: 2", body=b"ok"), OK, body=b"ok"
    ),
    "head: a field of 70 KB": Case(raw(f"X: {'y' * 70 * KB}"), PROTOCOL, "200 header fields or 65,536 bytes"),
    "head: a field of 200 KB": Case(raw(f"X: {'y' * 200 * KB}"), PROTOCOL, "keep to HTTP"),
    "head: an endless field": Case(Reply(raw=b"HTTP/1.1 200 OK\r\nX: ", endless=b"y" * KB), PROTOCOL, "keep to HTTP"),
    "head: endless fields": Case(Reply(raw=b"HTTP/1.1 200 OK\r\n", endless=b"X: y\r\n" * 99), PROTOCOL, "keep to HTTP"),
    "head: 60 KB of cookies": Case(raw(*MANY_COOKIES, "Content-Length: 2", body=b"ok"), OK, body=b"ok"),
    "head: cookies of nonsense": Case(
        raw("Set-Cookie: ;;=;=\xff; Expires=never; Max-Age=x", "Set-Cookie:", "Content-Length: 2", body=b"ok"),
        OK,
        body=b"ok",
    ),
    "interim: a few before the answer": Case(
        Reply(raw=head(status="100 Continue") + head("Link: </a>", status="103 Early") + head() + b"ok"), OK, body=b"ok"
    ),
    "interim: endless": Case(
        Reply(raw=b"", endless=head(f"X: {'y' * KB}", status="103 Early Hints")),
        TOO_LARGE,
        f"{MAX_OVERHEAD:,} bytes, packed",
    ),
    "interim: another protocol unasked": Case(raw("Upgrade: x", status="101 Switching"), PROTOCOL, "keep to HTTP"),
    "status: 204 with a body": Case(raw(body=b"stray", status="204 No Content"), OK),
    "status: 205": Case(raw("Content-Length: 0", status="205 Reset Content"), OK),
    "status: 206 unasked": Case(
        raw("Content-Length: 1", body=b"x", status="206 Part"), PROTOCOL, "206 Partial Content"
    ),
    "status: 304 unasked": Case(raw(status="304 Not Modified"), PROTOCOL, "304 Not Modified to a request that set no"),
    "status: 404 of 300 KB": Case(Reply(b"x" * 300 * KB, status=404), Outcome.NOT_FOUND, "answered 404 Not Found."),
    "status: 404 without end": Case(raw(status="404 No", endless=b"x" * KB), Outcome.NOT_FOUND, "404 Not Found."),
    "slow: nothing comes": Case(Reply(delay=30), TIMEOUT, "stopped sending", settings={"read_timeout": 0.3}),
    "slow: stalls in the body": Case(
        Reply(b"x" * 99, fault="stall"), TIMEOUT, "stopped sending", settings={"read_timeout": 0.3}
    ),
    "slow: drips its head": Case(
        Reply(headers={"X": "y" * 999}, drip=0.02), TIMEOUT, "whole answer", settings={"total_timeout": 0.5}
    ),
    "slow: drips its body": Case(
        Reply(b"x" * 999, drip=0.005), TIMEOUT, "whole answer", settings={"total_timeout": 0.8}
    ),
}
BODIES = {
    "body: gzip bomb": Case(bomb(10**6), TOO_LARGE, "sent more than 100,000 bytes."),
    "body: Brotli bomb": Case(bomb(10**6, "br"), TOO_LARGE, "sent more than 100,000 bytes."),
    "body: bomb by its ratio": Case(
        bomb(5 * 10**6), TOO_LARGE, "unpacks to more than 250 times.", settings={"max_body": 10**7}
    ),
    "body: gzip in gzip": Case(encoded(gzip.compress(gzip.compress(b"x")), "gzip", "gzip"), PROTOCOL, "gzip, gzip"),
    "body: deflate, not asked for": Case(encoded(zlib.compress(b"x"), "deflate"), PROTOCOL, "not asked for"),
    "body: zstd, not asked for": Case(encoded(b"\x28\xb5\x2f\xfd", "zstd"), PROTOCOL, "encoding zstd, which was not"),
    "body: encoding with an escape sequence": Case(
        encoded(b"x", "\x1b]0;owned\x07\x85"), PROTOCOL, r"\x1b]0;owned\x07"
    ),
    "body: encoding of 5 KB": Case(encoded(b"x", "y" * 5000), PROTOCOL, "yy…yy"),
    "body: gzip that is none": Case(encoded(b"plain", "gzip"), PROTOCOL, "not the gzip it says"),
    "body: Brotli that is none": Case(encoded(b"\xff" * 99, "br"), PROTOCOL, "not the br it says"),
    "body: gzip cut off": Case(encoded(gzip.compress(b"x" * 999)[:-9], "gzip"), PROTOCOL, "ends too early"),
    "body: Brotli cut off": Case(encoded(brotli.compress(bytes(range(256)) * 9)[:-9], "br"), PROTOCOL, "too early"),
    "body: gzip with rubbish after it": Case(encoded(gzip.compress(b"ok") + b"\0rubbish", "gzip"), OK, body=b"ok"),
    "body: gzip with a file name in it": Case(encoded(named_gzip(b"../../etc/passwd", b"ok"), "gzip"), OK, body=b"ok"),
    "body: gzip of a thousand members": Case(encoded(gzip.compress(b"a") * 1000, "gzip"), OK, body=b"a" * 1000),
    "body: zero bytes": Case(Reply(b"<a>\0\0</a>"), OK, body=b"<a>\0\0</a>"),
    "body: charset that is none": Case(
        Reply(UTF16, headers={"Content-Type": "text/html; charset=\x07no-such"}), OK, body=UTF16
    ),
}
TARGETS = {
    "redirect: to itself": Case(redirect("/it"), LOOPS, "redirects more than 3 times."),
    "redirect: to itself, with a cookie each time": Case(
        redirect("/it", set_cookie="a=1"), LOOPS, "more than 3 times."
    ),
    "redirect: no Location": Case(Reply(status=302), PROTOCOL, "answered 302 Found."),
    "redirect: empty Location": Case(redirect(""), LOOPS, "redirects more than 3 times."),
    "redirect: two Locations": Case(
        raw("Location: /a", "Location: /b", "Content-Length: 0", status="302 Found"), Outcome.NOT_FOUND, "404"
    ),
    "redirect: javascript:": Case(redirect("javascript:alert(1)"), BLOCKED, "is no http or https address."),
    "redirect: data:": Case(redirect("data:text/html,x"), BLOCKED, "is no http or https address."),
    "redirect: file:": Case(redirect("file:///etc/passwd"), BLOCKED, "is no http or https address."),
    "redirect: gopher:": Case(redirect("gopher://127.0.0.1:{trap}/x"), BLOCKED, "is no http or https address."),
    "redirect: no address": Case(redirect("http://[::1"), PROTOCOL, "redirects to what is no address"),
    "redirect: NFKC trick": Case(
        redirect("http://good.example℀.evil/".encode().decode("latin-1")), PROTOCOL, "is no address"
    ),
    "redirect: tab in it": Case(redirect("http://site.example/\ta"), PROTOCOL, "redirects to what is no address"),
    "redirect: escape sequence in it": Case(redirect("/\x1b[2Ja"), PROTOCOL, r"'\x1b'"),
    "redirect: line break, percent-encoded": Case(
        redirect("/a%0d%0aX-Forged:%20yes"), Outcome.NOT_FOUND, "answered 404 Not Found."
    ),
    "redirect: too long": Case(redirect("/" + "a" * MAX_URL), BLOCKED, "is longer than 8,192 characters."),
    "redirect: far too long": Case(redirect("/" + "a" * 60 * KB), BLOCKED, "is longer than 8,192 characters."),
    "redirect: with a user": Case(redirect("http://a:b@site.example/"), BLOCKED, "names a user."),
    "redirect: to the port of mail": Case(redirect("http://site.example:25/"), BLOCKED, "is not asked at port 25;"),
    "redirect: to metadata": Case(redirect("http://169.254.169.254/latest"), BLOCKED, "is at 169.254.169.254, not on"),
    "redirect: to the trap": Case(redirect("http://127.0.0.1:{trap}/"), BLOCKED, "not on the open internet"),
    "redirect: to the trap, without a scheme": Case(redirect("//2130706433:{trap}/"), BLOCKED, "is at 127.0.0.1"),
    "redirect: to the trap by https": Case(redirect("https://[::1]:{trap}/"), BLOCKED, "not on the open internet"),
    "redirect: to no host": Case(redirect("http:///etc"), Outcome.NOT_FOUND, "site.example answered 404"),
    "redirect: to a name that is none": Case(redirect("http://a..b/"), DNS, "could not be resolved"),
}
CASES = {**LENGTHS, **HEADS, **BODIES, **TARGETS}


def _aimed(reply: Reply, port: int) -> Reply:
    return replace(reply, headers={name: value.replace("{trap}", str(port)) for name, value in reply.headers.items()})


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_hostile(internet: Internet, make: Callable[..., Client], case: Case) -> None:
    client = make(allow_private=False, ports=internet.ports, **case.settings)
    internet.web.add("/it", _aimed(case.reply, internet.trap_port))
    internet.web.add("/fine", Reply(b"fine"))
    answer = client.get(internet.url("/it"))
    assert (answer.outcome, answer.body) == (case.outcome, case.body), answer.message
    assert case.says in answer.message
    assert bool(answer.message) is not answer.outcome.good
    assert answer.message.isprintable()
    assert len(answer.message) < 1000
    assert goes_on(client, internet.url("/fine"))
    assert (internet.strays(), internet.trapped) == ([], 0)
    assert not any("x-forged" in seen.headers for seen in internet.web.requests)


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 80


RETRY_AFTER = {
    "seconds": ("120", timedelta(seconds=120)),
    "a date": ("Mon, 14 Sep 2026 07:10:00 GMT", timedelta(minutes=10)),
    "a date in the old form": ("Monday, 14-Sep-26 07:10:00 GMT", timedelta(minutes=10)),
    "a date long past": ("Fri, 14 Sep 2001 07:10:00 GMT", None),
    "a century": ("Mon, 14 Sep 2126 07:10:00 GMT", timedelta(days=7)),
    "absurdly many seconds": ("9" * 5000, timedelta(days=7)),
    "nothing at all": ("0", None),
    "negative": ("-5", None),
    "words": ("soon", None),
    "a fraction": ("1.5", None),
    "two at once": ("5, 10", None),
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("value", "pause"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_retry_after_holds_the_host_no_longer_than_a_week(
    web: Web, make: Callable[..., Client], status: int, value: str, pause: timedelta | None
) -> None:
    client = make()
    client.get(web.add("/busy", Reply(status=status, headers={"Retry-After": value})))
    assert client.holds() == ({"127.0.0.1": NOW + pause} if pause else {})
