"""The pace: one host one request at a time, its delays and its pauses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch.client import Client
from fetch.outcomes import FetchError
from fetch.pacing import Pacer, wait_before
from fetch.policy import LONGEST_RETRY_AFTER
from parsers.records import Outcome
from tests.fetchkit import NOW, Clock
from tests.webserver import Reply, Seen, Web, redirect


def test_requests_to_one_host_keep_their_distance(web: Web, make: Callable[..., Client], clock: Clock) -> None:
    client = make(host_delay=timedelta(seconds=5))
    web.add("/a", redirect("/b"))
    web.add("/b", Reply(b"x"))
    client.get(web.url("/a"))
    client.get(web.url("/b"))
    client.get(web.url("/b", host="127.0.0.2"))
    assert clock.slept == [5, 5], "redirect and next request wait; another host does not"


def test_one_host_one_request_at_a_time_and_hosts_in_parallel(web: Web, client: Client) -> None:
    hosts, there, all_there = ("127.0.1.1", "127.0.1.1", "127.0.1.2", "127.0.1.3"), set(), threading.Event()

    def together(seen: Seen) -> Reply:
        there.add(seen.address)
        if there == set(hosts):
            all_there.set()
        return Reply(b"x" if all_there.wait(10) else b"alone")

    web.add("/a", together)
    urls = [web.url("/a", host) for host in hosts]
    with ThreadPoolExecutor(4) as pool:
        assert {answer.body for answer in pool.map(client.get, urls)} == {b"x"}, "three hosts at once"
    spans = sorted((seen.started, seen.ended, seen.address) for seen in web.requests)
    same = [span for span in spans if span[2] == "127.0.1.1"]
    assert same[0][1] <= same[1][0], "one after the other"


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


def test_pauses_outlive_the_run(web: Web, make: Callable[..., Client], clock: Clock) -> None:
    first = make()
    first.get(web.add("/busy", Reply(status=429, headers={"Retry-After": "7200"})))
    held = first.holds()
    assert held == {"127.0.0.1": NOW + timedelta(hours=2)}
    second = make(holds=held)
    web.add("/other", Reply(b"x"))
    clock.now += timedelta(minutes=59)
    answer = second.get(web.url("/other"))
    assert (answer.outcome, answer.status, answer.retry_after) == (Outcome.RATE_LIMITED, None, timedelta(minutes=61))
    clock.now += timedelta(minutes=61)
    assert second.get(web.url("/other")).outcome is Outcome.OK
    assert second.holds() == {}, "over is forgotten"


def test_a_pause_kept_by_a_wrong_clock_is_a_week_at_most(make: Callable[..., Client]) -> None:
    kept = make(holds={"h": NOW + timedelta(days=4000), "past": NOW - timedelta(days=4000)})
    assert kept.holds() == {"h": NOW + LONGEST_RETRY_AFTER}


def test_a_host_written_with_its_final_dot_is_the_same_host(
    web: Web, make: Callable[..., Client], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fetch.network._resolve", lambda *_: [ip_address("127.0.0.1")])
    client = make(host_delay=timedelta(seconds=5))
    web.add("/a", Reply(b"x"))
    for host in ("site.example", "site.example.", "SITE.example"):
        assert client.get(f"http://{host}:{web.port}/a").body == b"x"
    assert clock.slept == [5, 5]


def test_a_pace_once_asked_for_holds_for_all_that_is_fetched_there(web: Web, client: Client, clock: Clock) -> None:
    web.add("/robots.txt", Reply(b"User-agent: *\nCrawl-delay: 30\n"))
    web.add("/page", Reply(b"x"))
    web.add("/feed", Reply(b"x"))
    client.get(web.url("/page"), page=True)
    client.get(web.url("/feed"))
    client.get(web.url("/feed", host="127.0.0.2"))
    assert clock.slept == [30, 30], "the page after robots.txt, the feed after the page; another host does not wait"


def test_a_host_busy_with_our_own_requests_is_no_refusal_of_its(web: Web, make: Callable[..., Client]) -> None:
    client = make(max_wait=timedelta(seconds=0.05))
    begun, end = threading.Event(), threading.Event()

    def slow(_: Seen) -> Reply:
        begun.set()
        return Reply(b"x" if end.wait(10) else b"alone")

    url = web.add("/slow", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.get, url)
        assert begun.wait(60)
        second = client.get(url)
        end.set()
    assert (second.outcome, second.status, second.retry_after) == (Outcome.RATE_LIMITED, None, timedelta(seconds=0.05))
    assert first.result().body == b"x"
