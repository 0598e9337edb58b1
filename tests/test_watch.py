"""Alarms, what raises and withdraws them, the fall-backs that stand in; and the docs' numbers are the code's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch import policy, watch
from fetch.watch import Findings
from parsers.records import Alarm, AlarmKind, Entry, Kind, Outcome, Side, Source, SourceState

DOCS = Path(__file__).parent.parent / "docs"
NOW = datetime(2026, 9, 14, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SOURCE = Source(
    id="vov",
    outlet="vov",
    outlet_name="VOV World",
    side=Side.VIETNAM,
    language="en",
    zone="Asia/Ho_Chi_Minh",
    kind=Kind.RSS,
    url="https://vovworld.vn/en-US/rss",
    interval=3 * HOUR,
    rhythm=2 * DAY,
)
SEARCH = replace(SOURCE, kind=Kind.GOOGLE_NEWS)
SLOW = replace(SOURCE, interval=DAY, rhythm=10 * DAY)
WELL = SourceState(
    "vov",
    outcome=Outcome.OK,
    since=NOW - 40 * DAY,
    last_attempt=NOW,
    last_success=NOW,
    last_new=NOW,
    newest=NOW,
)
ILL = replace(WELL, outcome=Outcome.TIMEOUT, since=NOW - 3 * HOUR, last_success=NOW - 5 * DAY, failures=3)
POLLED = Findings(entries=20)
F, S, T, L, D, R = AlarmKind


def standing(*kinds: AlarmKind) -> tuple[Alarm, ...]:
    return tuple(Alarm(kind, NOW - 9 * DAY, "why.") for kind in kinds)


def ill(since: timedelta, outcome: Outcome = Outcome.TIMEOUT, **fields: object) -> SourceState:
    return replace(ILL, outcome=outcome, failing_since=NOW - since, **fields)  # type: ignore[arg-type]


def well(**fields: object) -> SourceState:
    return replace(WELL, **fields)  # type: ignore[arg-type]


EMPTY = {"outcome": Outcome.NO_ENTRIES, "failing_since": NOW - 6 * HOUR, "failures": 2}

# source, state, findings -> the kinds that stand
CASES: dict[str, tuple[Source, SourceState, Findings | None, list[AlarmKind]]] = {
    "all well": (SOURCE, WELL, POLLED, []),
    "never polled": (SOURCE, SourceState("vov"), None, []),
    "failing for a day": (SOURCE, ill(DAY), POLLED, []),
    "failing for longer": (SOURCE, ill(DAY + SECOND), POLLED, [F]),
    "failing for longer, as time alone tells": (SOURCE, ill(DAY + SECOND), None, [F]),
    "failing for four intervals": (SLOW, ill(4 * DAY), POLLED, []),
    "failing for more than four intervals": (SLOW, ill(4 * DAY + SECOND), POLLED, [F]),
    "never answered": (SOURCE, ill(DAY + SECOND, last_success=None), POLLED, [F]),
    "kept from asking for long": (SOURCE, well(failing_since=NOW - 2 * DAY), None, [F]),
    "nothing new for three rhythms": (SOURCE, well(last_new=NOW - 6 * DAY), POLLED, []),
    "nothing new for longer": (SOURCE, well(last_new=NOW - 6 * DAY - SECOND), POLLED, [S]),
    "nothing new for longer, 304": (
        SOURCE,
        well(last_new=NOW - 7 * DAY, outcome=Outcome.NOT_MODIFIED),
        Findings(),
        [S],
    ),
    "nothing new for longer, but not asked": (SOURCE, well(last_new=NOW - 9 * DAY), None, []),
    "nothing new for longer, and failing": (SOURCE, ill(HOUR, last_new=NOW - 9 * DAY), POLLED, []),
    "silent, then failing": (SOURCE, ill(HOUR, alarms=standing(S)), POLLED, [S]),
    "silent, then failing for long": (SOURCE, ill(2 * DAY, alarms=standing(S)), POLLED, [F, S]),
    "silent, then something new": (SOURCE, well(alarms=standing(S)), POLLED, []),
    "newest of 14 days ago": (SOURCE, well(newest=NOW - 14 * DAY), POLLED, []),
    "newest older": (SOURCE, well(newest=NOW - 14 * DAY - SECOND), POLLED, [T]),
    "newest older, nothing new either": (SOURCE, well(newest=NOW - 15 * DAY, last_new=NOW - 15 * DAY), POLLED, [T]),
    "newest of three slow rhythms ago": (SLOW, well(newest=NOW - 30 * DAY), POLLED, []),
    "newest older than three slow rhythms": (SLOW, well(newest=NOW - 30 * DAY - SECOND), POLLED, [T]),
    "undated, first seen long ago": (SOURCE, well(newest=None, last_new=NOW - 15 * DAY), POLLED, [T]),
    "undated, nothing new": (SOURCE, well(newest=None, last_new=NOW - 7 * DAY), POLLED, [S]),
    "an empty search for long": (SEARCH, well(last_new=NOW - 20 * DAY), Findings(), [S]),
    "a search that never found anything": (SEARCH, well(last_new=None, newest=None), Findings(), [S]),
    "a search that has found nothing yet": (
        SEARCH,
        well(last_new=None, newest=None, since=NOW - 6 * DAY),
        Findings(),
        [],
    ),
    "no links once": (SOURCE, well(**EMPTY, since=NOW), Findings(), []),
    "no links twice running": (SOURCE, well(**EMPTY, since=NOW - 6 * HOUR), Findings(), [L]),
    "no links for days": (
        SOURCE,
        well(**EMPTY | {"failing_since": NOW - 3 * DAY}, since=NOW - 3 * DAY),
        Findings(),
        [L],
    ),
    "layout, then no answer": (SOURCE, ill(HOUR, alarms=standing(L)), POLLED, [L]),
    "layout, then links": (SOURCE, well(alarms=standing(L)), POLLED, []),
    "two pages astray": (SOURCE, well(astray=2), POLLED, []),
    "three pages astray": (SOURCE, well(astray=3), POLLED, [L]),
    "three pages astray, and failing for long": (SOURCE, ill(2 * DAY, astray=3), POLLED, [F, L]),
    "89 % copies": (SOURCE, WELL, replace(POLLED, duplicates=0.89), []),
    "90 % copies": (SOURCE, WELL, replace(POLLED, duplicates=0.90), [D]),
    "too few articles to say": (SOURCE, well(alarms=standing(D)), POLLED, []),
    "copies, not asked now": (SOURCE, well(alarms=standing(D)), None, [D]),
    "a search full of copies": (SEARCH, WELL, replace(POLLED, duplicates=1.0), []),
    "410 for a week less a second": (
        SOURCE,
        ill(7 * DAY - SECOND, Outcome.GONE, gone_since=NOW - 7 * DAY + SECOND),
        None,
        [F],
    ),
    "410 for a week": (SOURCE, ill(7 * DAY, Outcome.GONE, gone_since=NOW - 7 * DAY, alarms=standing(F, S)), None, [R]),
    "back from 410": (SOURCE, well(alarms=standing(R)), POLLED, []),
}


@pytest.mark.parametrize(("source", "state", "findings", "kinds"), CASES.values(), ids=CASES)
def test_alarms(source: Source, state: SourceState, findings: Findings | None, kinds: list[AlarmKind]) -> None:
    found = watch.alarms(source, state, findings=findings, now=NOW)
    assert [alarm.kind for alarm in found] == kinds
    for alarm in found:
        assert alarm.since <= NOW
        assert alarm.message.endswith(".")
        assert source.url in alarm.message or alarm.message == "why."


SINCE = {
    "failing": (ill(2 * DAY), POLLED, 2 * DAY),
    "silent": (well(last_new=NOW - 7 * DAY), POLLED, 7 * DAY),
    "stale": (well(newest=NOW - 900 * DAY), POLLED, 900 * DAY),
    "layout by its listing": (well(**EMPTY, since=NOW - 6 * HOUR), Findings(), 6 * HOUR),
    "layout by its pages": (well(astray=3), POLLED, timedelta(0)),
    "layout, standing": (well(astray=5, alarms=standing(L)), POLLED, 9 * DAY),
    "duplicates": (WELL, replace(POLLED, duplicates=1.0), timedelta(0)),
    "duplicates, standing": (well(alarms=standing(D)), replace(POLLED, duplicates=1.0), 9 * DAY),
    "retired": (ill(8 * DAY, Outcome.GONE, gone_since=NOW - 8 * DAY), POLLED, 8 * DAY),
}


@pytest.mark.parametrize(("state", "findings", "ago"), SINCE.values(), ids=SINCE)
def test_since_when(state: SourceState, findings: Findings, ago: timedelta) -> None:
    [alarm] = watch.alarms(SOURCE, state, findings=findings, now=NOW)
    assert NOW - alarm.since == ago


def test_an_alarm_says_what_to_do() -> None:
    [alarm] = watch.alarms(SOURCE, ill(2 * DAY), findings=None, now=NOW)
    assert alarm.message == (
        "No good answer since 2026-09-12 07:00 UTC (timeout): open https://vovworld.vn/en-US/rss in a browser; "
        "`meetings sources try 'https://vovworld.vn/en-US/rss'` shows what comes back."
    )


moments = st.integers(0, 60 * 24).map(lambda hours: NOW - hours * HOUR)
states = st.builds(
    SourceState,
    source_id=st.just("vov"),
    outcome=st.sampled_from(Outcome),
    since=moments,
    last_attempt=moments,
    last_new=st.none() | moments,
    newest=st.none() | moments,
    failures=st.integers(0, 9),
    failing_since=st.none() | moments,
    gone_since=st.none() | moments,
    astray=st.integers(0, 9),
    alarms=st.sets(st.sampled_from(AlarmKind)).map(lambda kinds: standing(*sorted(kinds))),
)
polls = st.none() | st.builds(Findings, entries=st.integers(0, 50), duplicates=st.none() | st.floats(0, 1))


@given(states, polls)
def test_alarms_are_settled_after_one_look(state: SourceState, findings: Findings | None) -> None:
    once = watch.watched(SOURCE, state, findings=findings, now=NOW)
    kinds = [alarm.kind for alarm in once.alarms]
    assert len(set(kinds)) == len(kinds)
    assert findings is None or state.failures or not {S, T} <= set(kinds), "one word for one silence"
    assert watch.watched(SOURCE, once, findings=findings, now=NOW) == once


# -- what a listing says


def entries(*published: datetime | None) -> list[Entry]:
    return [Entry(f"https://vovworld.vn/{n}", "A", published=at) for n, at in enumerate(published)]


@pytest.mark.parametrize(
    ("dates", "newest"),
    [
        pytest.param([NOW - DAY, NOW, None], NOW, id="the latest"),
        pytest.param([NOW - DAY, NOW + DAY], NOW + DAY, id="tomorrow's edition"),
        pytest.param([NOW - DAY, NOW + 400 * DAY], NOW - DAY, id="a date that has not come"),
        pytest.param([None, None], None, id="undated"),
        pytest.param([], None, id="empty"),
    ],
)
def test_the_newest_item(dates: list[datetime | None], newest: datetime | None) -> None:
    assert watch.newest(entries(*dates), now=NOW) == newest


def new_in_each(*listings: list[Entry]) -> list[int]:
    """How many entries are new in each of the listings, which a source gives one after the other."""
    state, counts = WELL, []
    for listing in listings:
        counts.append(watch.unseen(listing, state))
        state = replace(state, listed=watch.listed(listing, state))
    return counts


def numbered(*numbers: int) -> list[Entry]:
    return [Entry(f"https://vovworld.vn/{n}", "A") for n in numbers]


LONG = numbered(*range(3000))
NEW: dict[str, tuple[list[list[Entry]], list[int]]] = {
    "the same again": ([numbered(1, 2), numbered(2, 1)], [2, 0]),
    "one more": ([numbered(1, 2), numbered(1, 2, 3)], [2, 1]),
    "two copies in turn": ([numbered(4, 3, 2), numbered(3, 2, 1)] * 4, [3, 1, 0, 0, 0, 0, 0, 0]),
    "three copies, none alike": ([numbered(1), numbered(2), numbered(3)] * 2, [1, 1, 1, 0, 0, 0]),
    "a copy that is empty": ([numbered(1, 2), [], numbered(1, 2)], [2, 0, 0]),
    "a short copy of a long list": ([LONG[:90], LONG[:5], LONG[:90]], [90, 0, 0]),
    "two long copies": ([LONG, LONG[2000:] + numbered(*range(3000, 5000)), LONG], [3000, 2000, 0]),
    "back after two listings": ([LONG[:100], LONG[100:200], LONG[200:300], LONG[:100]], [100, 100, 100, 0]),
    "back after three listings": ([LONG[n : n + 100] for n in (0, 100, 200, 300, 0)], [100] * 5),
}


@pytest.mark.parametrize(("listings", "new"), NEW.values(), ids=NEW)
def test_new_is_what_none_of_the_last_listings_held(listings: list[list[Entry]], new: list[int]) -> None:
    assert new_in_each(*listings) == new


@given(st.lists(st.integers(0, 9000), min_size=1, max_size=4))
def test_what_is_remembered_of_listings_is_bounded(lengths: list[int]) -> None:
    state = WELL
    for turn, length in enumerate(lengths):
        listing = [Entry(f"https://vovworld.vn/{turn}/{n}", "A") for n in range(length)]
        state = replace(state, listed=watch.listed(listing, state))
        assert len(state.listed) <= max(length, watch.KEYS_LEAST, min(watch.LISTINGS * length, watch.KEYS_MOST))
        assert watch.unseen(listing, state) == 0


# -- fall-backs

SECONDARY = replace(SOURCE, id="vov-sitemap", fallback_for="vov")
TERTIARY = replace(SOURCE, id="vov-google", fallback_for="vov-sitemap")
CATALOGUE = {source.id: source for source in (SOURCE, SECONDARY, TERTIARY)}


def with_alarms(*kinds: AlarmKind) -> SourceState:
    return replace(WELL, alarms=standing(*kinds))


def recovered(ago: timedelta, success: timedelta = timedelta(0)) -> SourceState:
    return replace(WELL, recovered=NOW - ago, last_success=NOW - success)


FALLBACKS = {
    "well": (WELL, False),
    "never polled": (None, False),
    **{str(kind): (with_alarms(kind), True) for kind in (F, S, T, L, R)},
    "copies only": (with_alarms(D), False),
    "well again just now": (recovered(timedelta(0)), True),
    "well again for a day less a second": (recovered(DAY - SECOND), True),
    "well again for a day": (recovered(DAY), False),
    "well again for two days, by one poll": (recovered(2 * DAY, 2 * DAY), True),
}


@pytest.mark.parametrize(("state", "needed"), FALLBACKS.values(), ids=FALLBACKS)
def test_a_fallback_is_needed(state: SourceState | None, needed: bool) -> None:
    states = {"vov": state} if state else {}
    assert watch.fallback_needed(SECONDARY, CATALOGUE, states, now=NOW) is needed
    assert not watch.fallback_needed(SOURCE, CATALOGUE, states, now=NOW), "it stands in for nobody"


@pytest.mark.parametrize(
    ("first", "second", "needed"),
    [
        pytest.param(with_alarms(F), with_alarms(L), True, id="both in alarm"),
        pytest.param(with_alarms(F), WELL, False, id="the first fall-back is well"),
        pytest.param(WELL, with_alarms(L), False, id="the first fall-back rests, in alarm of old"),
    ],
)
def test_a_chain_of_fallbacks(first: SourceState, second: SourceState, needed: bool) -> None:
    states = {"vov": first, "vov-sitemap": replace(second, source_id="vov-sitemap")}
    assert watch.fallback_needed(TERTIARY, CATALOGUE, states, now=NOW) is needed


def test_one_that_is_switched_off_needs_its_fallback() -> None:
    catalogue = CATALOGUE | {"vov": replace(SOURCE, enabled=False)}
    assert watch.fallback_needed(SECONDARY, catalogue, {}, now=NOW)
    assert policy.due(list(catalogue.values()), {}, now=NOW) == [catalogue["vov-sitemap"]]


def test_recovery_is_when_the_last_alarm_that_matters_goes() -> None:
    before = replace(WELL, alarms=standing(S, L), astray=3, last_new=NOW)
    fewer = watch.watched(SOURCE, before, findings=POLLED, now=NOW)
    assert (len(fewer.alarms), fewer.recovered) == (1, None)
    none = watch.watched(SOURCE, replace(fewer, astray=0), findings=POLLED, now=NOW + HOUR)
    assert (none.alarms, none.recovered) == ((), NOW + HOUR)
    again = watch.watched(SOURCE, replace(none, astray=3), findings=POLLED, now=NOW + 2 * HOUR)
    assert again.recovered is None


# -- docs


def stated() -> list[str]:
    """The rows and sentences of the docs, made of the code's numbers."""
    hours, days = watch.FAILING_AFTER // HOUR, watch.STALE_AFTER // DAY
    within, share = watch.DUPLICATES_WITHIN // DAY, f"{watch.DUPLICATE_SHARE:.0%}".replace("%", " %")
    return [
        f"| `failing` | no poll went well for more than {hours} h and {watch.FAILING_INTERVALS} × `interval` |",
        f"nothing new was listed for more than {watch.SILENT_RHYTHMS} × `rhythm` |",
        f"its newest item is older than {days} days and {watch.STALE_RHYTHMS} × `rhythm`;",
        f"or {watch.ASTRAY_PAGES} pages running were not read by the outlet's own parser |",
        f"of its articles of the last {within} days, {watch.DUPLICATES_LEAST} or more, at least {share} are copies",
        f"nothing but 410 (gone for good) for {watch.RETIRED_AFTER // DAY} days;",
        f"dates more than {watch.AHEAD // HOUR} h ahead are no dates",
        f"at least {policy.UNREACHED_HOSTS} hosts\n  were asked",
        f"that one has been out of alarm for {watch.REST_AFTER // HOUR} h",
        f"asked once in {policy.RETIRED_AGAIN // DAY} days",
        f"asked for once in {policy.FULL_FETCH_AFTER // DAY} days",
        *(f"`{outcome}`" for outcome in policy.UNREACHED),
    ]


@pytest.mark.parametrize("sentence", stated())
def test_the_bounds_in_the_docs_are_the_codes(sentence: str) -> None:
    assert sentence in (DOCS / "watching.md").read_text("utf-8")


def test_the_paces_in_the_docs_are_the_codes() -> None:
    shortest, slowest = policy.SHORTEST // timedelta(minutes=1), policy.SLOWEST // HOUR
    rows = [
        f"and never in under {shortest} minutes",
        f"| faster | `interval` / {policy.FASTER}, at least {shortest} min |",
        f"{policy.TURNOVER * 100:.0f} % or more of its listing",
        f"| slower | an {policy.QUIET_POLLS}th of the time since the last new entry; at most ",
        f"at most {policy.SLOWER} × `interval` and {slowest} h",
        f"for more than {policy.QUIET_POLLS} × `interval` |",
        f"lengthen that, up to {policy.LONGEST_WISH // HOUR} h",
        f"lengthens the wait up to {policy.LONGEST_RETRY_AFTER // DAY} days",
        f"nothing but 410 for {watch.RETIRED_AFTER // DAY} days",
        f"asked once in {policy.RETIRED_AGAIN // DAY} days",
        f"- Once in {policy.FULL_FETCH_AFTER // DAY} days the whole document",
    ]
    page = (DOCS / "fetching.md").read_text("utf-8")
    assert [row for row in rows if row not in page] == []


def test_every_alarm_has_its_row_and_its_advice() -> None:
    page = (DOCS / "watching.md").read_text("utf-8")
    assert all(page.count(f"\n| `{kind}` | ") == 2 for kind in AlarmKind)
