"""How often a source is asked: by how much is new, after 410 for ever, when the fault is ours; and a run's end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch import policy
from fetch.watch import Findings
from parsers.records import AlarmKind, Entry, Kind, Listing, Outcome, article_key
from tests.policykit import DAY, FRESH, HOUR, LISTING, NOW, OK, OLD, SAME, SETTLED, SOURCE, after, failed, outcomes

# -- the pace


def listing(entries: int) -> Listing:
    return Listing(tuple(Entry(f"https://en.vietnamplus.vn/{n}", "A") for n in range(entries)))


# entries listed, new ones, hours since the last poll that went well, hours since the last new entry -> hours of pace
PACES = {
    "a third of it new": (30, 10, 3, 3, 3),
    "two thirds of it new": (30, 20, 3, 3, 1.5),
    "all of it new": (30, 30, 3, 3, 1.5),
    "a third new in half the time": (30, 10, 1.5, 1.5, 1.5),
    "a quarter new in half the time": (30, 7, 1.5, 1.5, 3),
    "all of it new after an outage": (30, 30, 30, 30, 3),
    "nothing new for a day": (30, 0, 3, 24, 3),
    "nothing new for two days": (30, 0, 3, 48, 6),
    "nothing new for a month": (30, 0, 12, 720, 12),
    "one new after a month": (30, 1, 12, 720, 3),
}


@pytest.mark.parametrize(("listed", "new", "well", "quiet", "pace"), PACES.values(), ids=PACES)
def test_the_pace_follows_the_news(listed: int, new: int, well: float, quiet: float, pace: float) -> None:
    times = {"last_success": NOW - well * HOUR, "last_new": NOW - quiet * HOUR}
    state = replace(SETTLED, listed=("0" * 16,), **times)  # type: ignore[arg-type]
    findings = Findings(entries=listed, new_entries=new)
    state = policy.next_state(SOURCE, state, OK, listing(listed), findings=findings, now=NOW, jitter=0.0)
    assert state.interval == pace * HOUR
    assert state.next_due == NOW + pace * HOUR * policy.EARLIEST


def test_the_first_poll_of_all_says_nothing_of_the_pace() -> None:
    findings = Findings(entries=30, new_entries=30)
    state = policy.next_state(SOURCE, FRESH, OK, listing(30), findings=findings, now=NOW, jitter=0.0)
    assert state.interval == SOURCE.interval


@pytest.mark.parametrize(
    ("interval", "paces"),
    [
        pytest.param(HOUR / 4, (HOUR / 4, HOUR), id="15 minutes"),
        pytest.param(HOUR / 3, (HOUR / 4, 4 * HOUR / 3), id="20 minutes"),
        pytest.param(3 * HOUR, (1.5 * HOUR, 12 * HOUR), id="3 hours"),
        pytest.param(12 * HOUR, (6 * HOUR, DAY), id="12 hours"),
        pytest.param(7 * DAY, (3.5 * DAY, 7 * DAY), id="7 days"),
    ],
)
def test_bounds_of_the_pace(interval: timedelta, paces: tuple[timedelta, timedelta]) -> None:
    assert policy.paces(replace(SOURCE, interval=interval)) == paces


good_polls = st.tuples(
    st.integers(0, 50), st.floats(0, 1), st.none() | st.integers(0, 10**7), st.integers(0, 10**6), st.booleans()
)


@given(st.lists(good_polls, min_size=1, max_size=40), st.integers(15, 7 * 24 * 60), st.floats(0, 1, exclude_max=True))
def test_the_pace_stays_within_its_bounds(
    polls: list[tuple[int, float, int | None, int, bool]], minutes: int, jitter: float
) -> None:
    source, state, now = replace(SOURCE, interval=timedelta(minutes=minutes)), FRESH, NOW
    fastest, slowest = policy.paces(source)
    for entries, share, seconds, late, same in polls:
        asked = None if seconds is None else timedelta(seconds=seconds)
        findings = Findings(entries=entries, new_entries=int(entries * share))
        answer = replace(SAME if same else OK, max_age=asked)
        body = None if same else listing(entries)
        state = policy.next_state(source, state, answer, body, findings=findings, now=now, jitter=jitter)
        assert state.interval is not None
        assert fastest <= state.interval <= slowest
        assert state.next_due is not None
        wait = state.next_due - now
        assert max(fastest * policy.EARLIEST, policy.SHORTEST) <= wait <= max(slowest, policy.LONGEST_WISH)
        now = state.next_due + timedelta(seconds=late)


@given(outcomes, st.integers(0, 30), st.floats(0, 1, exclude_max=True))
def test_waits_grow_with_failures(outcome: Outcome, failures: int, jitter: float) -> None:
    if outcome.good:
        return
    waits = []
    state = replace(SETTLED, failures=failures)
    for _ in range(12):
        state = after(failed(outcome), state=state, jitter=jitter)
        assert state.next_due is not None
        waits.append(state.next_due - NOW)
    assert waits == sorted(waits)


def test_a_failure_of_another_kind_begins_at_its_own_first_wait() -> None:
    state = SETTLED
    for _ in range(6):
        state = after(failed(Outcome.TIMEOUT), state=state)
    state = after(failed(Outcome.NOT_FOUND), state=state)
    assert (state.failures, state.next_due) == (7, NOW + 6 * HOUR * policy.EARLIEST)
    state = after(failed(Outcome.NOT_FOUND), state=state)
    assert state.next_due == NOW + 12 * HOUR * policy.EARLIEST


@pytest.mark.parametrize("kind", Kind)
def test_an_empty_search_is_an_answer_and_an_empty_feed_is_none(kind: Kind) -> None:
    empty = Listing((), Outcome.NO_ENTRIES, "Empty.")
    source = replace(SOURCE, kind=kind)
    state = policy.next_state(source, SETTLED, OK, empty, findings=Findings(), now=NOW, jitter=0.0)
    fault = kind in (Kind.RSS, Kind.ATOM, Kind.JSONFEED, Kind.SECTION)
    assert (state.outcome, state.failures) == ((Outcome.NO_ENTRIES, 1) if fault else (Outcome.OK, 0))
    assert state.message == "Empty."
    assert state.validators == (OLD if fault else OK.validators)


def test_what_is_remembered_of_a_listing() -> None:
    findings = Findings(entries=2, new_entries=1, newest=NOW - HOUR)
    state = policy.next_state(SOURCE, SETTLED, OK, listing(2), findings=findings, now=NOW, jitter=0.0)
    assert state.newest == NOW - HOUR
    assert state.listed == tuple(article_key(entry.url) for entry in listing(2).entries)
    older = replace(findings, newest=NOW - DAY)
    assert policy.next_state(SOURCE, state, OK, listing(1), findings=older, now=NOW, jitter=0.0).newest == NOW - HOUR
    undated = replace(findings, newest=None)
    assert policy.next_state(SOURCE, state, OK, listing(1), findings=undated, now=NOW, jitter=0.0).newest is None
    assert after(SAME, state=state).newest == NOW - HOUR


@pytest.mark.parametrize(
    ("by_outlet", "by_generic", "without_text", "astray"),
    [
        pytest.param(0, 0, 0, 2, id="no page"),
        pytest.param(0, 1, 0, 3, id="by the generic parser"),
        pytest.param(0, 1, 1, 4, id="and one without text"),
        pytest.param(1, 1, 1, 0, id="one by its own parser"),
    ],
)
def test_pages_astray(by_outlet: int, by_generic: int, without_text: int, astray: int) -> None:
    pages = Findings(pages_by_outlet=by_outlet, pages_by_generic=by_generic, pages_without_text=without_text)
    state = replace(SETTLED, astray=2)
    assert policy.next_state(SOURCE, state, SAME, None, findings=pages, now=NOW, jitter=0.0).astray == astray


# -- gone


def test_what_says_gone_for_a_week_is_retired_and_comes_back() -> None:
    state, now, asked = SETTLED, NOW, 0
    while now < NOW + 200 * DAY:
        state, asked = after(failed(Outcome.GONE), state=state, now=now), asked + 1
        assert state.next_due is not None
        now = state.next_due
    assert asked == 11, "5 times within a fortnight, then once in 27 days"
    assert [alarm.kind for alarm in state.alarms] == [AlarmKind.RETIRED]
    assert policy.is_due(SOURCE, state, now=now)
    assert not policy.is_due(SOURCE, state, now=now - 20 * DAY)
    state = after(OK, LISTING, state, now=now, new=1)
    assert (state.failures, state.gone_since, state.alarms) == (0, None, ())
    assert state.next_due == now + 2.7 * HOUR


@pytest.mark.parametrize(
    ("outcome", "still"),
    [(Outcome.TIMEOUT, True), (Outcome.DNS_ERROR, True), (Outcome.NOT_FOUND, False), (Outcome.FORBIDDEN, False)],
)
def test_only_an_answer_ends_a_run_of_410(outcome: Outcome, still: bool) -> None:
    state = after(failed(outcome), state=after(failed(Outcome.GONE)))
    assert (state.gone_since is not None) is still


# -- nobody's fault


def test_a_request_that_never_left_is_no_attempt() -> None:
    held = failed(Outcome.RATE_LIMITED, status=None, retry_after=5 * HOUR)
    assert policy.never_left(held)
    assert not policy.never_left(failed(Outcome.RATE_LIMITED, status=429))
    state = after(held)
    assert state == replace(SETTLED, url=SOURCE.url, next_due=NOW + 5 * HOUR, failing_since=NOW)
    assert after(replace(held, retry_after=None)).next_due == NOW + 1.5 * HOUR
    assert after(replace(held, retry_after=400 * DAY)).next_due == NOW + policy.LONGEST_RETRY_AFTER


def test_a_source_that_can_never_be_asked_shows_at_last() -> None:
    held, state, now = failed(Outcome.RATE_LIMITED, status=None, retry_after=5 * HOUR), SETTLED, NOW
    for _ in range(6):
        state, now = after(held, state=state, now=now), now + 5 * HOUR
    assert [alarm.kind for alarm in state.alarms] == [AlarmKind.FAILING]
    assert "pause" in state.alarms[0].message
    assert after(OK, LISTING, state, now=now).alarms == ()


CATALOGUE = [
    replace(SOURCE, id=f"s{n}", url=f"https://host{n % 4}.example/rss/{n}", fallback_for="s0" if n == 7 else None)
    for n in range(8)
]
NOBODY = [Outcome.DNS_ERROR, Outcome.CONNECT_ERROR, Outcome.TIMEOUT, Outcome.TLS_ERROR]


@pytest.mark.parametrize(
    ("asked", "down"),
    [
        pytest.param({"s0": 0, "s1": 1, "s2": 2, "s3": 3}, True, id="four hosts, none answered"),
        pytest.param({"s0": 0, "s1": 0, "s2": 0}, True, id="three hosts"),
        pytest.param({"s0": 0, "s1": 0, "s4": 0, "s5": 0}, False, id="four sources of two hosts"),
        pytest.param({"s0": 0, "s1": 1, "s2": 2, "s3": Outcome.SERVER_ERROR}, False, id="one answered with an error"),
        pytest.param({"s0": 0, "s1": 1, "s2": 2, "s3": Outcome.OK}, False, id="one answered"),
        pytest.param({}, False, id="nobody was asked"),
    ],
)
def test_when_nobody_answers_our_own_network_is_down(asked: dict[str, int | Outcome], down: bool) -> None:
    came = {key: NOBODY[outcome] if isinstance(outcome, int) else outcome for key, outcome in asked.items()}
    assert policy.network_down(CATALOGUE, came) is down
    before = {key: replace(SETTLED, source_id=key) for key in came}
    failing = {key: replace(before[key], failures=1, failing_since=NOW) for key in came}
    changed = policy.run_over(CATALOGUE, before, failing, came, now=NOW)
    assert set(changed) == (set(came) if down else set())
    for key, state in changed.items():
        assert state == replace(before[key], url=state.url, next_due=NOW + 1.5 * HOUR)


def test_time_alone_raises_alarms_at_the_end_of_a_run() -> None:
    ill = replace(SETTLED, outcome=Outcome.NOT_FOUND, failures=3, failing_since=NOW - 2 * DAY)
    states = {source.id: replace(ill, source_id=source.id) for source in CATALOGUE}
    states["s2"] = replace(SETTLED, source_id="s2", last_new=NOW - 90 * DAY)
    del states["s3"]
    catalogue = [replace(source, enabled=source.id != "s1") for source in CATALOGUE]
    changed = policy.run_over(catalogue, states, states, {"s0": Outcome.NOT_FOUND}, now=NOW)
    assert set(changed) == {"s4", "s5", "s6"}, "not the one asked, off, well, unknown, nor the fall-back at rest"
    assert all(state.alarms[0].kind is AlarmKind.FAILING for state in changed.values())


def test_those_not_asked_for_longest_come_first() -> None:
    hours = {"s0": 5, "s1": 9, "s2": 7, "s4": 1, "s5": 2, "s6": 3}
    states = {key: replace(SETTLED, source_id=key, last_attempt=NOW - ago * HOUR) for key, ago in hours.items()}
    states["s6"] = replace(states["s6"], next_due=NOW + HOUR)
    assert [source.id for source in policy.due(CATALOGUE, states, now=NOW)] == ["s3", "s1", "s2", "s0", "s5", "s4"]
