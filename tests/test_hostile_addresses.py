"""Addresses that strangers write into feeds, redirects and name servers: none that is not public is connected to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch.addresses import is_public, ports_of
from fetch.client import Client
from parsers.entries import parse_entries
from parsers.records import Kind, Outcome, Side, Source
from tests.internet import PUBLIC, Internet
from tests.webserver import Reply, redirect

BLOCKED = Outcome.BLOCKED_ADDRESS
# each host in its own notation; those that are no host at all come to nothing in other ways
HOSTS: dict[str, tuple[str, Outcome]] = {
    "loopback": ("127.0.0.1", BLOCKED),
    "loopback, another of its net": ("127.66.6.6", BLOCKED),
    "loopback, short": ("127.1", BLOCKED),
    "loopback, decimal": ("2130706433", BLOCKED),
    "loopback, hex": ("0x7f000001", BLOCKED),
    "loopback, hex in capitals": ("0X7F.0X0.0X0.0X1", BLOCKED),
    "loopback, octal": ("0177.0.0.1", BLOCKED),
    "loopback, octal in full": ("017700000001", BLOCKED),
    "loopback, mixed": ("0x7f.1", BLOCKED),
    "loopback, trailing dot": ("127.0.0.1.", Outcome.DNS_ERROR),
    "loopback, beyond 32 bits": ("4294967296127", Outcome.DNS_ERROR),
    "loopback, full-width digits": ("１２７.０.０.１", BLOCKED),
    "loopback, ideographic dots": ("127。0。0。1", BLOCKED),
    "loopback, circled digits": ("①②⑦.0.0.①", BLOCKED),
    "loopback, percent-encoded": ("%31%32%37.0.0.1", Outcome.DNS_ERROR),
    "loopback by name": ("localhost", BLOCKED),
    "loopback by name in capitals": ("LOCALHOST", BLOCKED),
    "loopback by name, trailing dot": ("localhost.", BLOCKED),
    "unspecified": ("0.0.0.0", BLOCKED),  # noqa: S104 nothing is bound to it
    "unspecified, short": ("0", BLOCKED),
    "this network": ("0.1.2.3", BLOCKED),
    "private 10/8": ("10.0.0.1", BLOCKED),
    "private 172.16/12": ("172.31.255.254", BLOCKED),
    "private 192.168/16": ("192.168.0.1", BLOCKED),
    "shared by carriers": ("100.64.0.1", BLOCKED),
    "metadata of Alibaba": ("100.100.100.200", BLOCKED),
    "metadata, link-local": ("169.254.169.254", BLOCKED),
    "metadata, link-local, hex": ("0xa9fea9fe", BLOCKED),
    "metadata of Oracle": ("192.0.0.192", BLOCKED),
    "services of Azure": ("168.63.129.16", BLOCKED),
    "documentation": ("203.0.113.7", BLOCKED),
    "benchmarks": ("198.18.0.1", BLOCKED),
    "6to4 relays": ("192.88.99.1", BLOCKED),
    "multicast": ("224.0.0.251", BLOCKED),
    "reserved": ("240.0.0.1", BLOCKED),
    "broadcast": ("255.255.255.255", BLOCKED),
    "v6 loopback": ("[::1]", BLOCKED),
    "v6 loopback in full": ("[0000:0000:0000:0000:0000:0000:0000:0001]", BLOCKED),
    "v6 unspecified": ("[::]", BLOCKED),
    "v6 mapping v4": ("[::ffff:127.0.0.1]", BLOCKED),
    "v6 mapping v4 in hex": ("[::FFFF:7F00:1]", BLOCKED),
    "v6 compatible with v4": ("[::127.0.0.1]", BLOCKED),
    "v6 translated v4": ("[::ffff:0:127.0.0.1]", BLOCKED),
    "v6 link-local": ("[fe80::1]", BLOCKED),
    "v6 link-local with zone": ("[fe80::1%25eth0]", BLOCKED),
    "v6 public with zone": ("[2606:4700::1111%25lo]", BLOCKED),
    "v6 site-local": ("[fec0::1]", BLOCKED),
    "v6 unique local": ("[fd00:ec2::254]", BLOCKED),
    "v6 multicast": ("[ff02::1]", BLOCKED),
    "v6 documentation": ("[2001:db8::1]", BLOCKED),
    "v6 documentation, new": ("[3fff::1]", BLOCKED),
    "v6 discard": ("[100::1]", BLOCKED),
    "v6 benchmarks": ("[2001:2::1]", BLOCKED),
    "NAT64 of loopback": ("[64:ff9b::127.0.0.1]", BLOCKED),
    "NAT64 of metadata": ("[64:ff9b::a9fe:a9fe]", BLOCKED),
    "NAT64 of a network's own": ("[64:ff9b:1::808:808]", BLOCKED),
    "6to4 of loopback": ("[2002:7f00:1::1]", BLOCKED),
    "6to4 of a public address": ("[2002:808:808::1]", BLOCKED),
    "Teredo": ("[2001:0:4136:e378:8000:63bf:3fff:fdd2]", BLOCKED),
    "ISATAP of a private address": ("[2606:4700::5efe:10.0.0.1]", BLOCKED),
    "ISATAP of a private address, global bit": ("[2606:4700::200:5efe:192.168.0.1]", BLOCKED),
    "name of a private address": ("inner.example", BLOCKED),
    "name of private addresses only": ("many.example", BLOCKED),
    "user before loopback": ("good.example@127.0.0.1", BLOCKED),
    "user and password before loopback": ("a:b@127.0.0.1", BLOCKED),
    "backslash before loopback": ("good.example\\@127.0.0.1", BLOCKED),
    "backslash after loopback": ("127.0.0.1\\.good.example", Outcome.DNS_ERROR),
    "tab inside": ("127.0.\t0.1", BLOCKED),
    "line break inside": ("127.0.0.1\r\nX: y", BLOCKED),
    "zero byte inside": ("127.0.0.1\x00.good.example", BLOCKED),
    "empty label": ("a..127.0.0.1", Outcome.DNS_ERROR),
    "nothing": ("", BLOCKED),
}


@pytest.fixture
def guarded(internet: Internet, make: Callable[..., Client]) -> Client:
    internet.names["inner.example"] = [["192.168.7.7"]]
    internet.names["many.example"] = [["10.0.0.1", "::1", "169.254.169.254"]]
    return make(allow_private=False, ports=internet.ports)


@pytest.mark.parametrize(("host", "outcome"), HOSTS.values(), ids=HOSTS)
def test_no_notation_reaches_an_address_that_is_not_public(
    internet: Internet, guarded: Client, host: str, outcome: Outcome
) -> None:
    target = f"http://{host}:{internet.trap_port}/latest/meta-data"
    for page in (False, True):
        answer = guarded.get(target, page=page)
        wanted = Outcome.ROBOTS_UNAVAILABLE if page and outcome is Outcome.DNS_ERROR else outcome
        assert (answer.outcome, answer.status, answer.permanent_url) == (wanted, None, None)
        assert answer.message.isprintable()
    assert (internet.strays(), internet.trapped) == ([], 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_reaches_one(internet: Internet, guarded: Client, status: int) -> None:
    # a line break and a zero byte cannot be said in a header of HTTP/1.1
    hosts = [host for host, _ in HOSTS.values() if "\r" not in host and "\x00" not in host]
    for number, host in enumerate(hosts):
        target = f"http://{host}:{internet.trap_port}/"
        location = target.encode("utf-8").decode("latin-1")
        internet.web.add(f"/{number}", redirect(location, status))
        answer = guarded.get(internet.url(f"/{number}"))
        assert not answer.outcome.good, host
        assert answer.permanent_url is None, "a move there is never remembered"
    assert [seen.path for seen in internet.web.requests] == [f"/{number}" for number in range(len(hosts))]
    assert (internet.strays(), internet.trapped) == ([], 0)


def test_the_trap_would_catch(internet: Internet, make: Callable[..., Client]) -> None:
    for host in ("127.0.0.1", "127.66.6.6", "2130706433", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
        make(allow_private=True).get(f"http://{host}:{internet.trap_port}/")
    assert internet.trapped == 6
    assert len(internet.strays()) >= 6


def test_of_a_name_with_public_and_private_addresses_only_the_public_are_connected_to(
    internet: Internet, guarded: Client
) -> None:
    internet.names["mixed.example"] = [["127.0.0.1", "::1", PUBLIC, "10.0.0.1"]]
    internet.web.add("/", Reply(b"public"))
    assert guarded.get(internet.url("/", "mixed.example")).body == b"public"
    assert internet.connected == [("127.0.0.1", internet.web.port)], "where the public address leads in a test"
    assert internet.asked == ["mixed.example"]


def test_a_name_that_changes_its_address_after_the_check(internet: Internet, guarded: Client) -> None:
    internet.names["rebind.example"] = [[PUBLIC], ["127.0.0.1"], ["169.254.169.254"]]
    # the connection dies after the first answer, so the second request looks the name up again
    internet.web.add("/", Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    first, second = (guarded.get(internet.url("/", "rebind.example")) for _ in range(2))
    assert (first.body, second.outcome) == (b"ok", BLOCKED)
    assert (internet.asked, internet.strays()) == (["rebind.example"] * 2, [])


def test_an_address_remembered_from_a_permanent_redirect_is_checked_each_time(
    internet: Internet, guarded: Client
) -> None:
    internet.names["moved.example"] = [[PUBLIC], ["10.9.8.7"]]
    internet.web.add("/old", redirect(internet.url("/new", "moved.example"), 301))
    internet.web.add("/new", Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    moved = guarded.get(internet.url("/old")).permanent_url
    assert moved == internet.url("/new", "moved.example")
    assert guarded.get(moved).outcome is BLOCKED
    assert internet.strays() == []


@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/robots.txt", "http://inner.example:{port}/", "//[::1]/"])
def test_robots_txt_leads_nowhere_either(internet: Internet, guarded: Client, target: str) -> None:
    internet.web.add("/robots.txt", redirect(target.format(port=internet.trap_port)))
    internet.web.add("/page", Reply(b"never asked for"))
    answer = guarded.get(internet.url("/page"), page=True)
    assert answer.outcome is Outcome.ROBOTS_UNAVAILABLE
    assert "not on the open internet" in answer.message
    assert (internet.web.hits("/page"), internet.strays(), internet.trapped) == ([], [], 0)


def test_no_entry_of_a_feed_leads_to_one(internet: Internet, guarded: Client) -> None:
    hosts = ["127.0.0.1", "0x7f.1", "[::1]", "inner.example", "169.254.169.254", "good@127.0.0.1"]
    links = [f"http://{host}:{internet.trap_port}/a{n}.html" for n, host in enumerate(hosts)]
    items = "".join(f"<item><title>Talks {link}</title><link>{link}</link></item>" for link in links)
    feed = internet.url("/feed")
    internet.web.add("/feed", Reply(f"<rss version='2.0'><channel>{items}</channel></rss>".encode()))
    source = Source("s", "s", "S", Side.OTHER, "en", "UTC", Kind.RSS, feed, timedelta(hours=1))
    entries = parse_entries(guarded.get(feed).body, source=source, url=feed).entries
    assert len(entries) >= 5
    assert {guarded.get(entry.url, page=True).outcome for entry in entries} == {BLOCKED}
    assert (internet.strays(), internet.trapped) == ([], 0)


def test_only_the_ports_of_the_web_and_of_the_sources(internet: Internet, make: Callable[..., Client]) -> None:
    internet.web.add("/", Reply(b"in"))
    named = make(allow_private=False, ports=ports_of([internet.url("/"), "http://site.example/", "no address"]))
    assert named.get(internet.url("/")).body == b"in"
    answer = named.get("http://site.example:25/")
    assert (answer.outcome, internet.asked) == (BLOCKED, ["site.example"])
    ports = f"80, 443, {internet.web.port}"
    wanted = f"site.example is not asked at port 25; only {ports} are, and those that sources name."
    assert answer.message == wanted
    assert make(allow_private=False).get(internet.url("/")).outcome is BLOCKED


@pytest.mark.parametrize(
    ("urls", "more"),
    [
        ([], set()),
        (["https://a.example/x", "http://b.example:80/"], set()),
        (["https://a.example:8443/feed", "http://[::1]:8080/"], {8443, 8080}),
        (["http://a.example:99999/", "http://[::1", "", "http://a.example:x/", "http://a.example:0/"], set()),
    ],
    ids=["none", "usual", "named", "nonsense"],
)
def test_ports_of(urls: list[str], more: set[int]) -> None:
    assert ports_of(urls) == {80, 443} | more


def test_proxies_of_the_environment_are_not_used(
    internet: Internet, guarded: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{internet.trap_port}")
    internet.web.add("/", Reply(b"direct"))
    assert guarded.get(internet.url("/")).body == b"direct"
    assert (internet.strays(), internet.trapped) == ([], 0)


NAT64, ISATAP = 0x64_FF9B << 96, 0x2606_4700 << 96 | 0x5EFE << 32


@given(st.ip_addresses(v=4))
def test_wrapping_makes_no_address_public(address: object) -> None:
    inner = ip_address(str(address))
    assert is_public(ip_address(NAT64 | int(inner))) is is_public(inner)
    assert is_public(ip_address(ISATAP | int(inner))) is is_public(inner)
    for wrapped in (f"::ffff:{inner}", f"::{inner}", f"64:ff9b:1::{inner}"):
        assert not is_public(ip_address(wrapped)), "those are never needed"


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "203.162.4.191", "2606:4700::1111", "2a00::1", "64:ff9b::808:808"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))
