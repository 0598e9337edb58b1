"""When to ask a source again, and with which validators: pure decisions on records, time and chance given from outside.

A source is never given up and never hammered: every wait has a floor from its interval and a cap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from parsers.records import Answer, Listing, Outcome, Source, SourceState, Validators

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# Some servers say 304 for ever (FreshRSS #1020): once in so long the whole document is asked for.
FULL_FETCH_AFTER = 7 * DAY
# A news source that wishes to be left alone for longer by max-age or ttl most likely means its files, not its news.
LONGEST_WISH = DAY
# Retry-After is a demand. The longest one seen in the wild was 88 hours.
LONGEST_RETRY_AFTER = 7 * DAY
# Waits are drawn from the last tenth of the interval. Never above it: a schedule of the same length would find the
# source not yet due and halve its pace.
EARLIEST, SPREAD = 0.90, 0.05
# After so many failures in a row at the address that it moved to, a source is asked at its own address again.
FORGET_MOVE_AFTER = 3


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits after failures: the n-th is `first` (or the interval, if longer) doubled n-1 times, at most `cap`.

    `pages`: the tries one article page gets before it is given up.
    """

    first: timedelta
    cap: timedelta
    pages: int

    def wait(self, failures: int, least: timedelta = timedelta(0)) -> timedelta:
        """The wait after the n-th failure in a row (n from 1), never less than `least`."""
        first = max(self.first, least)
        doublings = min(max(failures, 1) - 1, 20)
        return max(min(first * (1 << doublings), self.cap), least)


# It may be over in an hour: the network, the server, this program.
_PASSING = Backoff(HOUR, DAY, pages=10)
# "Come less often": four hours is what a 403 or 429 gets even when it does not say so.
_REFUSED = Backoff(4 * HOUR, 2 * DAY, pages=12)
# Feeds come back from the dead, so the cap is a week, not for ever; a page is sometimes listed before it is there.
_ABSENT = Backoff(6 * HOUR, 7 * DAY, pages=3)
# Nothing but a change on the site's side, or of our settings, will mend it.
_UNFIT = Backoff(6 * HOUR, DAY, pages=3)

BACKOFFS: dict[Outcome, Backoff] = {
    Outcome.GONE: Backoff(DAY, 7 * DAY, pages=1),
    Outcome.NOT_FOUND: _ABSENT,
    Outcome.CLIENT_ERROR: _ABSENT,
    Outcome.FORBIDDEN: _REFUSED,
    Outcome.RATE_LIMITED: _REFUSED,
    Outcome.SERVER_ERROR: _PASSING,
    Outcome.DNS_ERROR: _PASSING,
    Outcome.CONNECT_ERROR: _PASSING,
    Outcome.TLS_ERROR: _PASSING,
    Outcome.TIMEOUT: _PASSING,
    Outcome.PROTOCOL_ERROR: _PASSING,
    Outcome.ROBOTS_UNAVAILABLE: _PASSING,
    Outcome.INTERNAL_ERROR: _PASSING,
    Outcome.TOO_LARGE: _UNFIT,
    Outcome.TOO_MANY_REDIRECTS: _UNFIT,
    Outcome.BLOCKED_ADDRESS: _UNFIT,
    Outcome.ROBOTS_DISALLOWED: _UNFIT,
    Outcome.NOT_A_FEED: _UNFIT,
    Outcome.NO_ENTRIES: _UNFIT,
    Outcome.NO_TEXT: _UNFIT,
}


def is_due(source: Source, state: SourceState, *, now: datetime) -> bool:
    """Whether an enabled source's time has come. A due time beyond all rules here (a wrong clock) does not count."""
    if not source.enabled:
        return False
    if state.next_due is None or state.next_due <= now:
        return True
    return state.next_due - now > max(LONGEST_RETRY_AFTER, source.interval)


def conditional_validators(state: SourceState, *, now: datetime) -> Validators:
    """What to send so that an unchanged document is not sent again; nothing when the whole one is wanted."""
    last = state.last_full_fetch
    if last is None or not timedelta(0) <= now - last < FULL_FETCH_AFTER:
        return Validators()
    return state.validators


def next_state(
    source: Source,
    state: SourceState,
    answer: Answer,
    listing: Listing | None,
    *,
    new_entries: int,
    now: datetime,
    jitter: float,
) -> SourceState:
    """What to remember after a poll. `listing`: what the body held, None without one; `jitter` in [0, 1) spreads polls.

    The validators of an answer are taken over only when its whole listing was read well.
    """
    outcome, message = answer.outcome, answer.message
    if outcome is Outcome.OK and listing is not None and not listing.outcome.good:
        outcome, message = listing.outcome, listing.message
    full = outcome is Outcome.OK and listing is not None
    failures = 0 if outcome.good else state.failures + 1
    wait = _wait(source, outcome, failures, answer, listing, jitter)
    moved_to = _moved_to(state, answer, failures=failures)
    # those of the address that a source had moved to mean nothing at its own
    kept = state.validators if moved_to or not state.permanent_url else Validators()
    return replace(
        state,
        url=source.url,
        outcome=outcome,
        message=message,
        since=now if outcome is not state.outcome or state.since is None else state.since,
        last_attempt=now,
        last_success=now if outcome.good else state.last_success,
        last_full_fetch=now if full else state.last_full_fetch,
        last_new=now if new_entries else state.last_new,
        failures=failures,
        next_due=now + wait,
        validators=answer.validators if full else kept,
        permanent_url=moved_to,
    )


def retry_page_at(
    attempts: int, outcome: Outcome, *, retry_after: timedelta | None = None, now: datetime
) -> datetime | None:
    """When to try one article page again after its n-th attempt came to `outcome`; None: never again."""
    backoff = BACKOFFS.get(outcome, _PASSING)
    return None if attempts >= backoff.pages else now + max(backoff.wait(attempts), _demanded(retry_after))


def _wait(
    source: Source, outcome: Outcome, failures: int, answer: Answer, listing: Listing | None, jitter: float
) -> timedelta:
    spread = EARLIEST + SPREAD * jitter
    if outcome.good:
        wishes = (answer.max_age, listing.ttl if listing else None)
        wish = max((wish for wish in wishes if wish is not None), default=timedelta(0))
        return max(source.interval * spread, min(wish, LONGEST_WISH))
    backoff = BACKOFFS.get(outcome, _PASSING).wait(failures, least=source.interval)
    return max(backoff * spread, _demanded(answer.retry_after))


def _demanded(retry_after: timedelta | None) -> timedelta:
    return min(retry_after or timedelta(0), LONGEST_RETRY_AFTER)


def _moved_to(state: SourceState, answer: Answer, *, failures: int) -> str | None:
    """The address a source has moved to for good: believed only when what is there can be read."""
    if failures == 0 and answer.permanent_url is not None:
        return answer.permanent_url
    if failures == 0 and answer.url != state.permanent_url:
        return None
    return None if failures >= FORGET_MOVE_AFTER else state.permanent_url
