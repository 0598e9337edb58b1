"""robots.txt: whether and how slowly article pages may be fetched."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch import robots
from fetch.client import Client, FetchSettings
from fetch.outcomes import FetchError
from parsers.records import Answer, Outcome
from tests.fetchkit import AGENT, NOW, Clock
from tests.webserver import Reply, Web, redirect

FILES = {
    "no rules": (b"", Outcome.OK),
    "all allowed": (b"User-agent: *\nDisallow:\n", Outcome.OK),
    "all forbidden": (b"User-agent: *\nDisallow: /\n", Outcome.ROBOTS_DISALLOWED),
    "another path forbidden": (b"User-agent: *\nDisallow: /search\n", Outcome.OK),
    "this path forbidden": (b"User-agent: *\nDisallow: /news\n", Outcome.ROBOTS_DISALLOWED),
    "forbidden, this page allowed": (b"User-agent: *\nDisallow: /\nAllow: /news/\n", Outcome.OK),
    "forbidden to us by name": (
        b"User-agent: china-vietnam-meetings\nDisallow: /\n\nUser-agent: *\nAllow: /\n",
        Outcome.ROBOTS_DISALLOWED,
    ),
    "allowed to us by name": (
        b"User-agent: *\nDisallow: /\n\nUser-agent: China-Vietnam-Meetings\nAllow: /\n",
        Outcome.OK,
    ),
    "forbidden to others": (b"User-agent: GPTBot\nDisallow: /\n", Outcome.OK),
    "wildcard": (b"User-agent: *\nDisallow: /*.html$\n", Outcome.ROBOTS_DISALLOWED),
    "a byte order mark before it": (b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n", Outcome.ROBOTS_DISALLOWED),
    "a cookie script instead": (b"<html><script>document.cookie='a=1'</script></html>", Outcome.OK),
    "what is no text": (bytes(range(256)) * 20, Outcome.OK),
}


@pytest.mark.parametrize(("body", "outcome"), FILES.values(), ids=FILES)
def test_what_a_file_allows(web: Web, client: Client, body: bytes, outcome: Outcome) -> None:
    web.add("/robots.txt", Reply(body))
    web.add("/news/a.html", Reply(b"page"))
    assert client.get(web.url("/news/a.html"), page=True).outcome is outcome
    assert len(web.hits("/news/a.html")) == (outcome is Outcome.OK)


ENDINGS = {
    "404": (Reply(status=404), Outcome.OK),
    "410": (Reply(status=410), Outcome.OK),
    "401": (Reply(status=401), Outcome.OK),
    "403": (Reply(status=403), Outcome.OK),
    "400": (Reply(status=400), Outcome.OK),
    "endless redirect": (redirect("/robots.txt"), Outcome.OK),
    "redirect to rules": (redirect("/rules"), Outcome.ROBOTS_DISALLOWED),
    "429": (Reply(status=429), Outcome.ROBOTS_UNAVAILABLE),
    "500": (Reply(status=500), Outcome.ROBOTS_UNAVAILABLE),
    "503": (Reply(status=503), Outcome.ROBOTS_UNAVAILABLE),
    "reset": (Reply(fault="reset"), Outcome.ROBOTS_UNAVAILABLE),
    "stall": (Reply(b"User-agent: *\n", fault="stall"), Outcome.ROBOTS_UNAVAILABLE),
    "cut short": (Reply(b"User-agent: *\nDisallow: /\n", fault="cut"), Outcome.ROBOTS_UNAVAILABLE),
    "odd status": (Reply(status=302), Outcome.ROBOTS_UNAVAILABLE),
}


@pytest.mark.parametrize(("reply", "outcome"), ENDINGS.values(), ids=ENDINGS)
def test_what_it_means_when_the_file_cannot_be_had(
    web: Web, make: Callable[..., Client], reply: Reply, outcome: Outcome
) -> None:
    client = make(read_timeout=1.5 if reply.fault == "stall" else 20)
    web.add("/robots.txt", reply)
    web.add("/rules", Reply(b"User-agent: *\nDisallow: /a\n"))
    web.add("/a", Reply(b"page"))
    answer = client.get(web.url("/a"), page=True)
    assert answer.outcome is outcome
    if outcome is Outcome.ROBOTS_UNAVAILABLE:
        assert answer.message.startswith("robots.txt could not be read: 127.0.0.1 ")
        assert web.hits("/a") == [], "fails closed"


def test_feeds_are_made_to_be_fetched(web: Web, client: Client) -> None:
    web.add("/robots.txt", Reply(b"User-agent: *\nDisallow: /\n"))
    assert client.get(web.add("/feed", Reply(b"<rss/>"))).outcome is Outcome.OK
    assert web.hits("/robots.txt") == []


def test_the_file_is_read_once_a_day(web: Web, client: Client, clock: Clock) -> None:
    web.add("/robots.txt", Reply(b""), Reply(b"User-agent: *\nDisallow: /\n"))
    url = web.add("/a", Reply(b"page"))
    assert client.get(url, page=True).outcome is Outcome.OK
    clock.now += robots.LIFETIME - timedelta(seconds=1)
    assert client.get(url, page=True).outcome is Outcome.OK
    clock.now += timedelta(seconds=1)
    assert client.get(url, page=True).outcome is Outcome.ROBOTS_DISALLOWED
    assert len(web.hits("/robots.txt")) == 2


def test_a_file_that_failed_is_asked_for_again_after_an_hour(web: Web, client: Client, clock: Clock) -> None:
    web.add("/robots.txt", Reply(status=500), Reply(b""))
    url = web.add("/a", Reply(b"page"))
    outcomes = []
    for _ in range(3):
        outcomes.append(client.get(url, page=True).outcome)
        clock.now += robots.RETRY / 2
    assert outcomes == [Outcome.ROBOTS_UNAVAILABLE, Outcome.ROBOTS_UNAVAILABLE, Outcome.OK]


def test_many_threads_read_it_once(web: Web, client: Client) -> None:
    web.add("/robots.txt", Reply(b"", delay=0.1))
    web.add("/a", Reply(b"page"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get(web.url("/a"), page=True), range(8)))
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    assert len(web.hits("/robots.txt")) == 1


def test_each_host_of_a_redirect_has_its_say(web: Web, client: Client) -> None:
    there = web.url("/there", host="127.0.0.2")
    web.add("/robots.txt", Reply(b"User-agent: *\nDisallow: /there\n"), host="127.0.0.2")
    web.add("/a", redirect(there))
    answer = client.get(web.url("/a"), page=True)
    assert (answer.outcome, answer.final_url) == (Outcome.ROBOTS_DISALLOWED, there)
    assert answer.message == f"robots.txt forbids {there}."
    assert web.hits("/there") == []


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        pytest.param(b"", [], id="none"),
        pytest.param(b"Crawl-delay: 10", [10, 10], id="ten seconds"),
        pytest.param(b"Crawl-delay: 0.5", [0.5, 0.5], id="half a second"),
        pytest.param(b"Crawl-delay: 86400", [120, 120], id="a day is taken as two minutes"),
        pytest.param(b"Crawl-delay: -5", [], id="negative"),
        pytest.param(b"Crawl-delay: soon", [], id="words"),
        pytest.param(b"Crawl-delay: 1e300", [120, 120], id="for ever"),
        pytest.param(b"Crawl-delay: nan", [], id="not a number"),
    ],
)
def test_crawl_delay(web: Web, client: Client, clock: Clock, line: bytes, waits: list[float]) -> None:
    web.add("/robots.txt", Reply(b"User-agent: *\n" + line + b"\nDisallow: /private\n"))
    web.add("/a", Reply(b"page"))
    for _ in range(2):
        assert client.get(web.url("/a"), page=True).outcome is Outcome.OK
    assert clock.slept == waits


def test_a_delay_longer_than_a_run_waits_is_said(web: Web) -> None:
    web.add("/robots.txt", Reply(b"User-agent: *\nCrawl-delay: 120\n"))
    settings = FetchSettings(max_wait=timedelta(seconds=60), host_delay=timedelta(0), allow_private=True)
    with Client(settings, clock=lambda: NOW, sleep=lambda _: None) as client:
        answer = client.get(web.url("/a"), page=True)
    assert (answer.outcome, answer.retry_after) == (Outcome.RATE_LIMITED, timedelta(seconds=120))


def test_a_page_of_a_host_that_wants_a_pause_waits_without_an_attempt(web: Web, client: Client, clock: Clock) -> None:
    client.get(web.add("/busy", Reply(status=503, headers={"Retry-After": "7200"})))
    url = web.add("/a", Reply(b"page"))
    answer = client.get(url, page=True)
    assert (answer.outcome, answer.status, answer.retry_after) == (Outcome.RATE_LIMITED, None, timedelta(hours=2))
    assert [seen.path for seen in web.requests] == ["/busy"]
    clock.now += timedelta(hours=2)
    assert client.get(url, page=True).outcome is Outcome.OK, "robots.txt is asked for as soon as it may be"


@pytest.mark.parametrize(
    ("agent", "token"),
    [(AGENT, "china-vietnam-meetings"), ("bot (no version)", "bot"), ("bot", "bot"), ("", "")],
)
def test_product_token(agent: str, token: str) -> None:
    assert robots.product_token(agent) == token


@given(st.binary(max_size=400) | st.text(alphabet="User-agentDislow:*/$ \n%0", max_size=400).map(str.encode))
def test_no_file_breaks_the_reader(body: bytes) -> None:
    read = robots.rules(Answer("http://h/robots.txt", Outcome.OK, NOW, body=body), "bot")
    try:
        delay = read.check("http://h/a%zz?b#c")
    except FetchError as error:
        outcome: Outcome | None = error.outcome
    else:
        outcome = None
        assert timedelta(0) <= delay <= robots.MAX_CRAWL_DELAY
    assert outcome in (None, Outcome.ROBOTS_DISALLOWED)


def test_a_huge_file_counts_up_to_its_first_500_kib() -> None:
    body = b"User-agent: *\n" + b"# filling\n" * 60_000 + b"Disallow: /\n"
    read = robots.rules(Answer("http://h/robots.txt", Outcome.OK, NOW, body=body), "bot")
    assert read.check("http://h/a") == timedelta(0)
