"""When to ask a source again, and with which validators: pure decisions on records, time and chance given from outside.

A source is never given up and never hammered: every wait has a floor from its interval and a cap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from fetch import watch
from fetch.watch import Findings
from parsers.records import Answer, Kind, Listing, Outcome, Source, SourceState, Validators

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
# No source is asked faster than this.
SHORTEST = timedelta(minutes=15)
# A listing of which so much is new after one interval may have lost entries between two polls: it is asked twice as
# often. One that had nothing new for many intervals is asked less often, QUIET_POLLS times in as long as it was quiet.
TURNOVER = 2 / 3
FASTER = 2
QUIET_POLLS = 8
SLOWER, SLOWEST = 4, DAY
# A source retired by its 410 is asked once in so long whether it is back.
RETIRED_AGAIN = 30 * DAY
# What these say of a run in which as many hosts were asked and none answered: our own network is down.
UNREACHED = frozenset({Outcome.DNS_ERROR, Outcome.CONNECT_ERROR, Outcome.TLS_ERROR, Outcome.TIMEOUT})
UNREACHED_HOSTS = 3
# They list what is new or what a query finds: none of it is an answer, not a fault.
_MAY_BE_EMPTY = frozenset({Kind.NEWS_SITEMAP, Kind.SITEMAP_INDEX, Kind.GOOGLE_NEWS, Kind.BING_NEWS, Kind.GDELT})
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


def paces(source: Source) -> tuple[timedelta, timedelta]:
    """The shortest and the longest interval at which a source that answers well is asked by our own wish."""
    fastest = min(source.interval, max(source.interval / FASTER, SHORTEST))
    return fastest, max(source.interval, min(SLOWER * source.interval, SLOWEST))


def due(catalogue: Sequence[Source], states: Mapping[str, SourceState], *, now: datetime) -> list[Source]:
    """The sources to poll now, those longest not asked first: a host that stops us midway stops other ones each time.

    `states` by source id. Fall-backs are among them only while they are needed.
    """
    by_id = {source.id: source for source in catalogue}
    found = []
    for source in catalogue:
        state = states.get(source.id) or SourceState(source.id)
        standing_in = source.fallback_for is not None and watch.fallback_needed(source, by_id, states, now=now)
        if is_due(source, state, now=now, standing_in=standing_in):
            found.append((state.last_attempt.timestamp() if state.last_attempt else 0.0, source))
    return [source for _, source in sorted(found, key=lambda pair: pair[0])]


def is_due(source: Source, state: SourceState, *, now: datetime, standing_in: bool = False) -> bool:
    """Whether an enabled source's time has come; a fall-back's comes only while it is `standing_in`.

    A due time set by a clock that was wrong does not count: one beyond all rules here, or one that a poll in the future
    set and no failure demands.
    """
    if not source.enabled or (source.fallback_for and not standing_in):
        return False
    if state.next_due is None or state.next_due <= now:
        return True
    if state.last_attempt and state.last_attempt > now and not state.failures:
        return True
    longest = RETIRED_AGAIN if state.gone_since else max(LONGEST_RETRY_AFTER, source.interval)
    return state.next_due - now > longest


def conditional_validators(source: Source, state: SourceState, *, now: datetime) -> Validators:
    """What to send so that an unchanged document is not sent again; nothing when the whole one is wanted.

    That is so once in `FULL_FETCH_AFTER`, and as often as its rhythm when a source lists nothing new for longer than
    that: a 304 may be a lie.
    """
    last = state.last_full_fetch
    quiet = now - state.last_new if state.last_new else timedelta(0)
    after = min(source.rhythm, FULL_FETCH_AFTER) if quiet > source.rhythm else FULL_FETCH_AFTER
    if last is None or not timedelta(0) <= now - last < after:
        return Validators()
    return state.validators


def never_left(answer: Answer) -> bool:
    """Whether our own pacing kept the request back: neither an attempt nor a failure of anybody."""
    return answer.outcome is Outcome.RATE_LIMITED and answer.status is None


def postponed(
    source: Source, state: SourceState, *, retry_after: timedelta | None = None, now: datetime
) -> SourceState:
    """What to remember of a source that was to be asked and could not be: what was known, and the next time.

    That is after one interval, or when its host may be asked again.
    """
    return replace(state, url=source.url, next_due=now + (_demanded(retry_after) or paces(source)[0]))


def run_over(
    catalogue: Sequence[Source],
    before: Mapping[str, SourceState],
    after: Mapping[str, SourceState],
    asked: Mapping[str, Outcome],
    *,
    now: datetime,
) -> dict[str, SourceState]:
    """What the end of a run changes in what is remembered, by source id, beyond the polls' own states.

    `before` and `after`: the states as the run found them and as its polls left them; `asked`: what came of each poll.
    When our own network was down, no source is to blame, and what was known before holds again. Else time has passed
    for those not asked, and may have raised their alarms.
    """
    by_id = {source.id: source for source in catalogue}
    if network_down(catalogue, asked):
        return {key: postponed(by_id[key], before.get(key, SourceState(key)), now=now) for key in asked}
    changed = {}
    for source in catalogue:
        state = after.get(source.id)
        # of what answers, only a poll can say more
        if state is None or state.failing_since is None or source.id in asked or not source.enabled:
            continue
        # a fall-back at rest is not waited for
        if not source.fallback_for or watch.fallback_needed(source, by_id, after, now=now):
            later = watch.watched(source, state, now=now)
            if later is not state:
                changed[source.id] = later
    return changed


def network_down(catalogue: Sequence[Source], asked: Mapping[str, Outcome]) -> bool:
    """Whether our own network was down in a run, by what came of each poll: several hosts were asked, none answered.

    `asked` leaves out those whom our own pace kept from being asked.
    """
    hosts = {urlsplit(source.url).hostname for source in catalogue if source.id in asked}
    return len(hosts) >= UNREACHED_HOSTS and all(outcome in UNREACHED for outcome in asked.values())


def next_state(
    source: Source,
    state: SourceState,
    answer: Answer,
    listing: Listing | None,
    *,
    findings: Findings,
    now: datetime,
    jitter: float,
) -> SourceState:
    """What to remember after a poll. `listing`: what the body held, None without one; `jitter` in [0, 1) spreads polls.

    The validators of an answer are taken over only when its whole listing was read well.
    """
    if never_left(answer):
        waiting = postponed(source, state, retry_after=answer.retry_after, now=now)
        # no failure, but no answer either: a host that is never free shows at last
        return watch.watched(source, replace(waiting, failing_since=state.failing_since or now), now=now)
    outcome, message = answer.outcome, answer.message
    if outcome is Outcome.OK and listing is not None:
        empty = listing.outcome is Outcome.NO_ENTRIES and source.kind in _MAY_BE_EMPTY
        outcome, message = Outcome.OK if empty else listing.outcome, listing.message
    full = outcome is Outcome.OK and listing is not None
    well = outcome.good
    failures = 0 if well else state.failures + 1
    moved_to = _moved_to(state, answer, failures=failures)
    # those of the address that a source had moved to mean nothing at its own
    kept = state.validators if moved_to or not state.permanent_url else Validators()
    after = replace(
        state,
        url=source.url,
        outcome=outcome,
        message=message,
        since=now if outcome is not state.outcome or state.since is None else state.since,
        last_attempt=now,
        last_success=now if well else state.last_success,
        last_full_fetch=now if full else state.last_full_fetch,
        last_new=now if findings.new_entries else state.last_new,
        failures=failures,
        failing_since=None if well else state.failing_since or now,
        validators=answer.validators if full else kept,
        permanent_url=moved_to,
        newest=_newest(state, findings),
        interval=_pace(source, state, findings, now) if well else state.interval,
        astray=_astray(state, findings),
        gone_since=_gone_since(state, outcome, now),
        listed=watch.listed(listing.entries, state) if full and listing else state.listed,
    )
    wait = (
        _wait_well(source, after, answer, listing, jitter) if well else _wait_ill(source, state, after, answer, jitter)
    )
    return watch.watched(source, replace(after, next_due=now + wait), findings=findings, now=now)


def retry_page_at(
    attempts: int, outcome: Outcome, *, retry_after: timedelta | None = None, now: datetime
) -> datetime | None:
    """When to try one article page again after its n-th attempt came to `outcome`; None: never again."""
    backoff = BACKOFFS.get(outcome, _PASSING)
    return None if attempts >= backoff.pages else now + max(backoff.wait(attempts), _demanded(retry_after))


def _wait_well(source: Source, after: SourceState, answer: Answer, listing: Listing | None, jitter: float) -> timedelta:
    pace = after.interval or source.interval
    wishes = (answer.max_age, listing.ttl if listing else None)
    wish = max((wish for wish in wishes if wish is not None), default=timedelta(0))
    return max(pace * _spread(jitter), SHORTEST, min(wish, LONGEST_WISH))


def _wait_ill(source: Source, before: SourceState, after: SourceState, answer: Answer, jitter: float) -> timedelta:
    if after.outcome is Outcome.GONE and watch.is_retired(after, now=after.last_attempt or answer.fetched_at):
        return RETIRED_AGAIN * _spread(jitter)
    backoff = BACKOFFS.get(after.outcome, _PASSING)
    wait = backoff.wait(after.failures, least=source.interval)
    return max(min(wait, _longest_ill(source, before, backoff)) * _spread(jitter), _demanded(answer.retry_after))


def _spread(jitter: float) -> float:
    return EARLIEST + SPREAD * jitter


def _longest_ill(source: Source, before: SourceState, backoff: Backoff) -> timedelta:
    """A failure of another kind than the last begins at its own first wait; after one of the same the wait doubles."""
    first = backoff.wait(1, least=source.interval)
    if BACKOFFS.get(before.outcome) is not backoff or before.last_attempt is None or before.next_due is None:
        return first
    return max(first, 2 * (before.next_due - before.last_attempt) / EARLIEST)


def _demanded(retry_after: timedelta | None) -> timedelta:
    return min(retry_after or timedelta(0), LONGEST_RETRY_AFTER)


def _pace(source: Source, state: SourceState, findings: Findings, now: datetime) -> timedelta:
    """The interval a source is asked at from now on, by how much was new in this poll or for how long nothing was."""
    fastest, slowest = paces(source)
    elapsed = now - state.last_success if state.last_success and state.listed else None
    if elapsed and elapsed > timedelta(0) and findings.entries:
        # as much as an interval of the source's own would have brought, whatever it was asked at lately
        turnover = findings.new_entries / findings.entries * (source.interval / elapsed)
        if turnover >= TURNOVER:
            return fastest
    quiet = now - state.last_new if state.last_new and not findings.new_entries else timedelta(0)
    return min(max(source.interval, quiet / QUIET_POLLS), slowest)


def _newest(state: SourceState, findings: Findings) -> datetime | None:
    """A listing that gives no dates any more makes what its dated ones said old news."""
    if not findings.entries:
        return state.newest
    return max(filter(None, (state.newest, findings.newest)), default=None) if findings.newest else None


def _astray(state: SourceState, findings: Findings) -> int:
    if findings.pages_by_outlet:
        return 0
    return state.astray + findings.pages_by_generic + findings.pages_without_text


def _gone_since(state: SourceState, outcome: Outcome, now: datetime) -> datetime | None:
    if outcome is Outcome.GONE:
        return state.gone_since or now
    # that nobody answered says nothing about whether the address is gone
    return state.gone_since if BACKOFFS.get(outcome) is _PASSING else None


def _moved_to(state: SourceState, answer: Answer, *, failures: int) -> str | None:
    """The address a source has moved to for good: believed only when what is there can be read."""
    if failures == 0 and answer.permanent_url is not None:
        return answer.permanent_url
    if failures == 0 and answer.url != state.permanent_url:
        return None
    return None if failures >= FORGET_MOVE_AFTER else state.permanent_url
