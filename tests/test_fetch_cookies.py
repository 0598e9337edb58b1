"""Cookies: for the host that gave them alone, within one run, and never many."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import pytest

from fetch.client import Client
from fetch.cookies import MAX_COOKIE, MAX_COOKIES, MAX_COOKIES_SIZE
from parsers.records import Outcome
from tests.webserver import Reply, Script, Seen, Web, redirect


def sent(seen: Seen) -> set[str]:
    return set(filter(None, seen.headers.get("cookie", "").split("; ")))


def gate(seen: Seen) -> Reply:
    """Let in only those who bring the cookie back."""
    return Reply(b"in") if "pass=1" in sent(seen) else redirect("/gate", set_cookie="pass=1; Path=/")


@pytest.mark.parametrize(
    ("cookies", "came"),
    [
        pytest.param(True, [False, True, True, True], id="kept for the run where the source says so"),
        pytest.param(False, [False, True, False, True], id="forgotten after each get elsewhere"),
    ],
)
def test_a_cookie_wall(web: Web, client: Client, cookies: bool, came: list[bool]) -> None:
    url = web.add("/gate", gate)
    for _ in range(2 + cookies):
        assert client.get(url, cookies=cookies).body == b"in"
    assert ["pass=1" in sent(seen) for seen in web.requests] == came


def test_what_sources_without_cookies_are_given_is_kept_from_those_with(web: Web, client: Client) -> None:
    web.add("/a", redirect("/b", set_cookie="plain=1"))
    web.add("/b", Reply(b"x"))
    client.get(web.url("/a"))
    client.get(web.url("/b"), cookies=True)
    assert [sent(seen) for seen in web.requests] == [set(), {"plain=1"}, set()]


def test_a_run_begins_without_cookies(web: Web, make: Callable[..., Client]) -> None:
    url = web.add("/gate", gate)
    for _ in range(2):
        assert make().get(url, cookies=True).body == b"in"
    assert ["pass=1" in sent(seen) for seen in web.requests] == [False, True] * 2


ELSEWHERE = {
    "another address": "other=1",
    "said for all": "other=1; Domain=127.0.0.2",
    "said for nothing": "other=1; Domain=",
}


@pytest.mark.parametrize("cookie", ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize("cookies", [True, False])
def test_no_other_host_sees_it(web: Web, client: Client, cookies: bool, cookie: str) -> None:
    web.add("/a", redirect(web.url("/b", "127.0.0.2"), set_cookie=cookie), host="127.0.0.1")
    web.add("/b", redirect(web.url("/a2")), host="127.0.0.2")
    web.add("/a2", Reply(b"back"), host="127.0.0.1")
    assert client.get(web.url("/a"), cookies=cookies).body == b"back"
    assert sent(web.hits("/b")[0]) == set()


def test_nor_does_a_host_of_the_same_site(web: Web, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetch.network._resolve", lambda *_: [ip_address("127.0.0.1")])
    site = f"site.example:{web.port}"
    web.add("/a", redirect(f"http://www.{site}/b", set_cookie="all=1; Domain=site.example; Path=/"))
    web.add("/b", redirect(f"http://{site}/c"))
    web.add("/c", Reply(b"x"))
    assert client.get(f"http://{site}/a", cookies=True).body == b"x"
    assert [sent(seen) for seen in web.requests] == [set(), set(), {"all=1"}]


REFUSED = {
    "for https only": ("a=1; Secure", set()),
    "for another path": ("a=1; Path=/elsewhere", set()),
    "already over": ("a=1; Max-Age=0", set()),
    "over long ago": ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", set()),
    "for long": ("a=1; Max-Age=99999999999", {"a=1"}),
    "with a space": ("a=1 2", {"a=1 2"}),
    "nothing of it": ("", set()),
    "escape sequence": ("a=\x1b[2J", {"a=\x1b[2J"}),
}


@pytest.mark.parametrize(("cookie", "back"), REFUSED.values(), ids=REFUSED)
def test_what_the_host_says_of_its_cookie_holds(web: Web, client: Client, cookie: str, back: set[str]) -> None:
    web.add("/a", redirect("/b", set_cookie=cookie))
    web.add("/b", Reply(b"x"))
    assert client.get(web.url("/a"), cookies=True).body == b"x"
    assert sent(web.hits("/b")[0]) == back


def set_cookies(*cookies: str) -> Reply:
    lines = "".join(f"Set-Cookie: {cookie}; Path=/\r\n" for cookie in cookies)
    return Reply(raw=f"HTTP/1.1 200 OK\r\n{lines}Content-Length: 0\r\n\r\n".encode())


TOO_MUCH = {
    "many: the newest stay": (
        [f"c{n}=x" for n in range(MAX_COOKIES + 30)],
        {f"c{n}=x" for n in range(30, MAX_COOKIES + 30)},
    ),
    "one too long: the others stay": (["a=1", "b=" + "x" * MAX_COOKIE, "c=3"], {"a=1", "c=3"}),
    "too long together: the newest stay": (
        ["a=" + "x" * 3999, "b=" + "x" * 3999, "c=" + "x" * 3999],
        {"b=" + "x" * 3999, "c=" + "x" * 3999},
    ),
}


@pytest.mark.parametrize(("cookies", "back"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_host_is_allowed_so_many(web: Web, client: Client, cookies: list[str], back: set[str]) -> None:
    web.add("/set", set_cookies(*cookies))
    web.add("/get", Reply(b"x"))
    for path in ("/set", "/get"):
        assert client.get(web.url(path), cookies=True).outcome is Outcome.OK
    got = sent(web.hits("/get")[0])
    assert got == back
    assert len("; ".join(got)) <= MAX_COOKIES_SIZE + 3 * MAX_COOKIES


def test_many_threads_and_hosts(web: Web, client: Client) -> None:
    def own(seen: Seen) -> Reply:
        mine = f"host={seen.address}"
        assert sent(seen) <= {mine}
        return Reply(b"in") if sent(seen) else redirect("/own", set_cookie=mine)

    script: Script = own
    web.add("/own", script)
    urls = [web.url("/own", f"127.0.3.{n % 6 + 1}") for n in range(36)]
    with ThreadPoolExecutor(12) as pool:
        bodies = list(pool.map(lambda url: client.get(url, cookies=True).body, urls))
    assert bodies == [b"in"] * 36
    assert len(web.requests) == 36 + 6, "each host's wall is met once"
