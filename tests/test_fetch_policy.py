"""When a source or page is asked again: tables of rules, and a month of polls."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch import policy
from fetch.watch import Findings
from parsers.records import Answer, Listing, Outcome, Validators
from tests.policykit import DAY, FRESH, HOUR, LISTING, NEW, NOW, OK, OLD, SAME, SETTLED, SOURCE, after, failed, outcomes

# -- due


@pytest.mark.parametrize(
    ("last_attempt", "next_due", "failures", "due"),
    [
        pytest.param(NOW - HOUR, NOW + 2 * HOUR, 0, False, id="clock is right"),
        pytest.param(NOW + DAY, NOW + DAY + 3 * HOUR, 0, True, id="polled well in the future"),
        pytest.param(NOW + DAY, NOW + DAY + 3 * HOUR, 1, False, id="a failure's wait is kept"),
        pytest.param(NOW + 9 * DAY, NOW + 9 * DAY + 3 * HOUR, 1, True, id="longer than any rule can set"),
    ],
)
def test_a_clock_that_was_set_back(last_attempt: datetime, next_due: datetime, failures: int, due: bool) -> None:
    state = replace(SETTLED, last_attempt=last_attempt, next_due=next_due, failures=failures)
    assert policy.is_due(SOURCE, state, now=NOW) is due


def test_a_fallback_is_due_only_while_it_stands_in() -> None:
    fallback = replace(SOURCE, fallback_for="other")
    assert not policy.is_due(fallback, FRESH, now=NOW)
    assert policy.is_due(fallback, FRESH, now=NOW, standing_in=True)


@pytest.mark.parametrize(
    ("enabled", "next_due", "due"),
    [
        pytest.param(True, None, True, id="never polled"),
        pytest.param(True, NOW, True, id="now"),
        pytest.param(True, NOW - DAY, True, id="overdue"),
        pytest.param(True, NOW + timedelta(seconds=1), False, id="in a second"),
        pytest.param(True, NOW + 7 * DAY, False, id="in the longest wait"),
        pytest.param(True, NOW + 8 * DAY, True, id="later than any rule can set"),
        pytest.param(False, None, False, id="switched off"),
        pytest.param(False, NOW - DAY, False, id="switched off and overdue"),
    ],
)
def test_is_due(enabled: bool, next_due: datetime | None, due: bool) -> None:
    source, state = replace(SOURCE, enabled=enabled), replace(FRESH, next_due=next_due)
    assert policy.is_due(source, state, now=NOW) is due


# -- validators


@pytest.mark.parametrize(
    ("last_full_fetch", "sent"),
    [
        pytest.param(None, Validators(), id="never had the whole"),
        pytest.param(NOW - HOUR, OLD, id="had it an hour ago"),
        pytest.param(NOW - 7 * DAY + timedelta(seconds=1), OLD, id="had it almost a week ago"),
        pytest.param(NOW - 7 * DAY, Validators(), id="had it a week ago"),
        pytest.param(NOW + HOUR, Validators(), id="had it in the future"),
    ],
)
def test_conditional_validators(last_full_fetch: datetime | None, sent: Validators) -> None:
    state = replace(SETTLED, last_full_fetch=last_full_fetch)
    assert policy.conditional_validators(SOURCE, state, now=NOW) == sent


@pytest.mark.parametrize(
    ("new_ago", "full_ago", "sent"),
    [
        pytest.param(2 * DAY, 6 * DAY, OLD, id="something new within its rhythm"),
        pytest.param(3 * DAY, DAY, OLD, id="nothing new, whole of yesterday"),
        pytest.param(3 * DAY, 2 * DAY, Validators(), id="nothing new, whole of a rhythm ago"),
    ],
)
def test_a_304_is_doubted_when_nothing_new_comes(new_ago: timedelta, full_ago: timedelta, sent: Validators) -> None:
    state = replace(SETTLED, last_new=NOW - new_ago, last_full_fetch=NOW - full_ago)
    assert policy.conditional_validators(SOURCE, state, now=NOW) == sent


@pytest.mark.parametrize(
    ("answer", "listing", "kept", "full"),
    [
        pytest.param(OK, LISTING, NEW, NOW, id="whole and read well"),
        pytest.param(replace(OK, validators=Validators()), LISTING, Validators(), NOW, id="whole, without validators"),
        pytest.param(OK, Listing((), Outcome.NOT_A_FEED, "HTML."), OLD, NOW - 3 * HOUR, id="whole, not a feed"),
        pytest.param(OK, Listing((), Outcome.NO_ENTRIES, "Empty."), OLD, NOW - 3 * HOUR, id="whole, empty"),
        pytest.param(OK, None, OLD, NOW - 3 * HOUR, id="whole, not read"),
        pytest.param(replace(SAME, validators=NEW), None, OLD, NOW - 3 * HOUR, id="unchanged"),
        pytest.param(
            failed(Outcome.SERVER_ERROR, validators=NEW), None, OLD, NOW - 3 * HOUR, id="error with validators"
        ),
    ],
)
def test_validators_change_only_with_what_was_read(
    answer: Answer, listing: Listing | None, kept: Validators, full: datetime
) -> None:
    state = after(answer, listing)
    assert (state.validators, state.last_full_fetch) == (kept, full)


# -- what is remembered


def test_a_good_poll() -> None:
    state = after(OK, LISTING, new=1)
    assert (state.outcome, state.message, state.failures) == (Outcome.OK, "", 0)
    assert (state.last_attempt, state.last_success, state.last_new) == (NOW, NOW, NOW)
    assert state.since == SETTLED.since


def test_a_failed_poll() -> None:
    state = after(failed(Outcome.TIMEOUT))
    assert (state.outcome, state.message, state.failures) == (Outcome.TIMEOUT, "why.", 1)
    assert (state.last_attempt, state.last_success, state.last_new) == (NOW, SETTLED.last_success, SETTLED.last_new)
    assert state.since == NOW


def test_the_listing_has_the_last_word() -> None:
    state = after(OK, Listing((), Outcome.NOT_A_FEED, "It is HTML."))
    assert (state.outcome, state.message, state.failures) == (Outcome.NOT_A_FEED, "It is HTML.", 1)


def test_since_moves_only_when_the_outcome_does() -> None:
    seen = []
    state = FRESH
    for hour, answer in enumerate([OK, OK, SAME, failed(Outcome.TIMEOUT), failed(Outcome.TIMEOUT), OK]):
        state = after(answer, LISTING if answer is OK else None, state, now=NOW + hour * HOUR)
        assert state.since is not None
        seen.append((state.since - NOW) // HOUR)
    assert seen == [0, 0, 2, 3, 3, 5]


MOVED = "https://new.example/feed"


@pytest.mark.parametrize(
    ("known", "answer", "listing", "failures", "result"),
    [
        pytest.param(None, replace(OK, permanent_url=MOVED), LISTING, 0, MOVED, id="moved, feed there"),
        pytest.param(None, replace(SAME, permanent_url=MOVED), None, 0, MOVED, id="moved, unchanged there"),
        pytest.param(
            None, replace(OK, permanent_url=MOVED), Listing((), Outcome.NOT_A_FEED), 0, None, id="moved, no feed there"
        ),
        pytest.param(MOVED, replace(OK, url=MOVED), LISTING, 0, MOVED, id="asked at the new address"),
        pytest.param(MOVED, OK, LISTING, 0, None, id="asked at its own address, back there"),
        pytest.param(MOVED, failed(Outcome.NOT_FOUND, url=MOVED), None, 0, MOVED, id="new address fails once"),
        pytest.param(MOVED, failed(Outcome.NOT_FOUND, url=MOVED), None, 2, None, id="new address fails a third time"),
    ],
)
def test_permanent_moves(
    known: str | None, answer: Answer, listing: Listing | None, failures: int, result: str | None
) -> None:
    state = after(answer, listing, replace(SETTLED, permanent_url=known, failures=failures))
    assert state.permanent_url == result
    if known and not result:
        assert state.validators in (Validators(), answer.validators), "those of the other address mean nothing here"


# -- how long to wait

GOOD_WAITS = {
    "nothing said": (OK, None, 2.7 * HOUR),
    "unchanged": (SAME, None, 2.7 * HOUR),
    "max-age shorter than the interval": (replace(OK, max_age=HOUR), None, 2.7 * HOUR),
    "max-age longer": (replace(OK, max_age=5 * HOUR), None, 5 * HOUR),
    "max-age longer, unchanged": (replace(SAME, max_age=5 * HOUR), None, 5 * HOUR),
    "max-age of a year": (replace(OK, max_age=365 * DAY), None, DAY),
    "ttl longer": (OK, 6 * HOUR, 6 * HOUR),
    "ttl of a year": (OK, 365 * DAY, DAY),
    "the longer of both": (replace(OK, max_age=5 * HOUR), 4 * HOUR, 5 * HOUR),
    "Retry-After on a good answer": (replace(OK, retry_after=DAY), None, 2.7 * HOUR),
}


@pytest.mark.parametrize(("answer", "ttl", "wait"), GOOD_WAITS.values(), ids=GOOD_WAITS)
def test_waits_after_good_polls(answer: Answer, ttl: timedelta | None, wait: timedelta) -> None:
    state = after(answer, replace(LISTING, ttl=ttl) if answer.outcome is Outcome.OK else None)
    assert state.next_due == NOW + wait


# hours to the next poll after the 1st, 2nd, … failure in a row, for a source of every 3 hours, before the spread
FAILURE_WAITS = {
    Outcome.TIMEOUT: [3, 6, 12, 24, 24, 24],
    Outcome.DNS_ERROR: [3, 6, 12, 24, 24, 24],
    Outcome.SERVER_ERROR: [3, 6, 12, 24, 24, 24],
    Outcome.INTERNAL_ERROR: [3, 6, 12, 24, 24, 24],
    Outcome.FORBIDDEN: [4, 8, 16, 32, 48, 48],
    Outcome.RATE_LIMITED: [4, 8, 16, 32, 48, 48],
    Outcome.NOT_A_FEED: [6, 12, 24, 24, 24, 24],
    Outcome.NO_ENTRIES: [6, 12, 24, 24, 24, 24],
    Outcome.NOT_FOUND: [6, 12, 24, 48, 96, 168],
    Outcome.GONE: [24, 48, 96, 168, 168, 168],
}


@pytest.mark.parametrize(("outcome", "hours"), FAILURE_WAITS.items(), ids=str)
def test_waits_after_failures(outcome: Outcome, hours: list[int]) -> None:
    state, waits = SETTLED, []
    for _ in hours:
        state = after(failed(outcome), state=state)
        assert state.next_due is not None
        waits.append((state.next_due - NOW) / policy.EARLIEST / HOUR)
    assert waits == pytest.approx(hours)


RETRY_AFTER = {
    "shorter than our own": (HOUR, 3.6 * HOUR),
    "longer": (88 * HOUR, 88 * HOUR),
    "a year": (365 * DAY, 7 * DAY),
}


@pytest.mark.parametrize(("asked", "wait"), RETRY_AFTER.values(), ids=RETRY_AFTER)
@pytest.mark.parametrize("jitter", [0.0, 0.999])
def test_retry_after_is_a_floor(asked: timedelta, wait: timedelta, jitter: float) -> None:
    state = after(failed(Outcome.RATE_LIMITED, retry_after=asked), jitter=jitter)
    assert state.next_due is not None
    assert state.next_due - NOW >= wait
    assert state.next_due - NOW <= max(wait, 4 * HOUR)


def test_every_failing_outcome_has_a_backoff() -> None:
    failing = {outcome for outcome in Outcome if not outcome.good} - {Outcome.NEVER_POLLED}
    assert set(policy.BACKOFFS) == failing


@given(
    st.lists(st.tuples(outcomes, st.none() | st.integers(0, 10**7)), min_size=1, max_size=60),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 24 * 7),
)
def test_never_given_up_and_never_hammered(polls: list[tuple[Outcome, int | None]], jitter: float, hours: int) -> None:
    source, state, now = replace(SOURCE, interval=hours * HOUR), FRESH, NOW
    for outcome, seconds in polls:
        asked = None if seconds is None else timedelta(seconds=seconds)
        answer = failed(outcome, retry_after=asked, max_age=asked)
        state = policy.next_state(source, state, answer, None, findings=Findings(), now=now, jitter=jitter)
        assert state.next_due is not None
        wait = state.next_due - now
        assert wait >= source.interval * policy.EARLIEST
        assert wait <= (policy.RETIRED_AGAIN if state.gone_since else max(policy.LONGEST_RETRY_AFTER, source.interval))
        assert not policy.is_due(source, state, now=now)
        now = state.next_due
        assert policy.is_due(source, state, now=now)


# -- one page


@pytest.mark.parametrize(
    ("outcome", "waits"),
    [
        pytest.param(Outcome.GONE, [], id="gone"),
        pytest.param(Outcome.NOT_FOUND, [6, 12], id="not found"),
        pytest.param(Outcome.ROBOTS_DISALLOWED, [6, 12], id="robots forbid it"),
        pytest.param(Outcome.NO_TEXT, [6, 12], id="no text in it"),
        pytest.param(Outcome.FORBIDDEN, [4, 8, 16, 32, *[48] * 7], id="forbidden"),
        pytest.param(Outcome.RATE_LIMITED, [4, 8, 16, 32, *[48] * 7], id="rate limited"),
        pytest.param(Outcome.TIMEOUT, [1, 2, 4, 8, 16, *[24] * 4], id="timeout"),
        pytest.param(Outcome.ROBOTS_UNAVAILABLE, [1, 2, 4, 8, 16, *[24] * 4], id="robots unavailable"),
    ],
)
def test_pages_are_tried_again_and_at_last_given_up(outcome: Outcome, waits: list[int]) -> None:
    tried = [policy.retry_page_at(attempt, outcome, now=NOW) for attempt in range(1, len(waits) + 2)]
    assert tried == [*(NOW + wait * HOUR for wait in waits), None]


@pytest.mark.parametrize(("asked", "hours"), [(HOUR, 4), (9 * HOUR, 9), (400 * DAY, 7 * 24)])
def test_a_page_waits_as_long_as_it_asks(asked: timedelta, hours: int) -> None:
    assert policy.retry_page_at(1, Outcome.RATE_LIMITED, retry_after=asked, now=NOW) == NOW + hours * HOUR


@given(outcomes, st.integers(1, 1000))
def test_no_page_is_tried_for_ever(outcome: Outcome, attempts: int) -> None:
    again = policy.retry_page_at(attempts, outcome, now=NOW)
    assert again is None or (attempts < 20 and NOW < again <= NOW + 2 * DAY)


# -- a month


def test_a_month_of_polls_every_three_hours() -> None:
    """The schedule runs every three hours, each run a little late; the server goes wrong in every way in turn."""
    state, polls = FRESH, []
    for run in range(30 * 8):
        now = NOW + run * 3 * HOUR + timedelta(seconds=run * 37 % 90)
        day = (now - NOW) // DAY
        if not policy.is_due(SOURCE, state, now=now):
            continue
        validators = policy.conditional_validators(SOURCE, state, now=now)
        answer, listing = _weather(day, validators)
        news = int(state.last_attempt is None or state.last_attempt < NOW + day * DAY)
        state = after(answer, listing, state, now=now, new=news, jitter=(run * 0.37) % 1)
        polls.append((day, answer.outcome))
    per_day = [sum(1 for polled, _ in polls if polled == day) for day in range(30)]
    assert per_day[:5] == [8] * 5, "in good weather every run polls"
    assert max(per_day) == 8
    assert per_day[5:8] == [4, 1, 1], "a dead name is asked less and less"
    assert per_day[12:14] == [1, 0], "Retry-After of two days is kept"
    assert per_day[24:] == [8] * 6, "and at the end all is as before"
    assert state.failures == 0
    full = [day for day, outcome in polls if outcome is Outcome.OK]
    assert full == [0, 8, 14, 21, 28], "a whole document once a week, and first of all after a long silence"


def _weather(day: int, validators: Validators) -> tuple[Answer, Listing | None]:
    if 5 <= day < 8:
        return failed(Outcome.DNS_ERROR), None
    if day == 12:
        return failed(Outcome.RATE_LIMITED, retry_after=2 * DAY, status=429), None
    return (OK, LISTING) if validators == Validators() else (SAME, None)
