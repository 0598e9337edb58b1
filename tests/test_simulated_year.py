"""A year of forty sources, of which many go wrong in every way: the real decisions, an injected clock, and the table.

The table in docs/watching.md is written by `--update-golden` and compared here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from fetch import policy, watch
from parsers.records import AlarmKind, Kind, Outcome
from tests.simulated_world import (
    DAY,
    HOST_DELAY,
    HOUR,
    OWN_OUTAGE,
    PAGE_EVERY,
    SET_BACK_AT,
    SET_BACK_BY,
    START,
    YEAR,
    Fault,
    Site,
    Spell,
    Year,
    site,
    spell,
)

DOCS = Path(__file__).parent.parent / "docs" / "watching.md"
STEP = timedelta(minutes=30)

pytestmark = pytest.mark.slow  # a dozen seconds of computing
END = START + YEAR


def several(count: int, name: str, make: Callable[[str], Site]) -> tuple[Site, ...]:
    return tuple(make(f"{name}{number}") for number in range(count))


def weekly(name: str, *spells: Spell) -> Site:
    return site(name, interval=12 * HOUR, rhythm=10 * DAY, per_day=0.2, keeps=10, spells=spells)


def ill(name: str, fault: Fault, day: float, span: timedelta, *, keeps: int = 12, spare_of: str | None = None) -> Site:
    """An ordinary site with one spell."""
    return site(name, keeps=keeps, spells=(spell(fault, day, span),), fallback_for=spare_of)


def often(name: str, fault: Fault, days: Iterable[float], span: timedelta, *, host: str = "") -> Site:
    """An ordinary site with the same spell again and again."""
    return site(name, host=host, spells=tuple(spell(fault, day, span) for day in days))


def undated(of: Site) -> Site:
    return replace(of, dated=False)


def moved(name: str) -> Site:
    return replace(site(name, kind=Kind.ATOM), moved=START + 80 * DAY)


FLAPS = [day + day * 0.37 % 1 for day in range(5, 360)]
OLD = replace(
    site("old", spells=(Spell(Fault.QUIET, START, END + DAY),)), published=(datetime(2018, 1, 10, tzinfo=UTC),)
)

SCENARIOS: dict[str, tuple[Site, ...]] = {
    "well: new every half hour": several(
        2, "fast", lambda name: site(name, interval=HOUR, rhythm=12 * HOUR, per_day=48, keeps=16)
    ),
    "well: new so fast that its list holds it for three and a half hours": several(
        1, "flood", lambda name: site(name, rhythm=12 * HOUR, per_day=160, keeps=24)
    ),
    "well: new every three hours, five to a host": several(5, "common", lambda name: site(name, host="common")),
    "well: new every five days": several(3, "weekly", weekly),
    "well: without dates": several(2, "undated", lambda name: undated(site(name, kind=Kind.SECTION))),
    "well: a news sitemap, often empty": several(
        2,
        "sitemap",
        lambda name: site(name, kind=Kind.NEWS_SITEMAP, rhythm=7 * DAY, per_day=0.3, keeps=2 * DAY),
    ),
    "down for seven hours, again and again": (often("hours", Fault.STALLED, range(3, 190, 9), 7 * HOUR),),
    "down for days": (
        ill("days", Fault.DOWN, 40, 5 * DAY, keeps=60),
        weekly("days-weekly", spell(Fault.STALLED, 70, 9 * DAY)),
    ),
    "down for five weeks": (ill("weeks", Fault.UNCONNECTED, 100, 35 * DAY, keeps=60),),
    "flapping: down 40 minutes a day": (often("flapping", Fault.DOWN, FLAPS, timedelta(minutes=40)),),
    "silent for thirty days": (
        ill("silent", Fault.QUIET, 50, 30 * DAY),
        undated(ill("silent-undated", Fault.QUIET, 90, 30 * DAY)),
    ),
    "stale since 2018": (OLD,),
    "listing without links for twelve days": (ill("relaunch", Fault.NO_LINKS, 120, 12 * DAY),),
    "pages in another layout for twenty days": (ill("redesign", Fault.OTHER_PAGES, 130, 20 * DAY),),
    "moved for good (301), not found (404) at the old address 30 days later": several(2, "moved", moved),
    "gone (410) for good": (ill("gone", Fault.GONE, 100, YEAR),),
    "gone (410) for sixty days": (ill("back", Fault.GONE, 100, 60 * DAY, keeps=60),),
    "asks for pauses of 3 hours, two to a host": several(
        2, "busy", lambda name: often(name, Fault.BUSY_SECONDS, range(10, 190, 12), 6 * HOUR, host="busy")
    ),
    "asks for pauses until a date": (often("dates", Fault.BUSY_DATE, range(15, 190, 12), 8 * HOUR),),
    "asks for pauses for six days": (ill("pauses", Fault.BUSY_DATE, 150, 6 * DAY, keeps=60),),
    "forbidden (403) for a month": (ill("forbidden", Fault.FORBIDDEN, 150, 30 * DAY, keeps=60),),
    "304 for ever to whoever asks with a validator": (replace(site("liar", keeps=40), lies=True),),
    "two cached copies in turn, without dates, nothing new for thirty days": (
        replace(undated(ill("copies", Fault.QUIET, 90, 30 * DAY, keeps=20)), behind=6),
    ),
    "copies only, for sixty days": (ill("copier", Fault.COPIES, 100, 60 * DAY),),
    "forbidden for twenty days, with a fall-back": (ill("primary", Fault.FORBIDDEN, 60, 20 * DAY),),
    "its fall-back, itself without links for six days": (
        ill("second", Fault.NO_LINKS, 66, 6 * DAY, spare_of="primary"),
    ),
    "the fall-back's fall-back": (site("third", fallback_for="second"),),
}
SITES = tuple(s for sites in SCENARIOS.values() for s in sites)
FALLBACKS = ("second", "third")
QUIET_AT_TIMES = {s.source.id for s in SITES if not s.source.id.startswith(("fast", "flood", "common"))}


@pytest.fixture(scope="module")
def year() -> Year:
    lived = Year(SITES, STEP)
    lived.live()
    return lived


def next_poll(of: Site) -> timedelta:
    """The longest time until a source that answers well is polled again: its slowest pace, and the run after that."""
    return policy.paces(of.source)[1] + STEP


def recovery(fault: Fault) -> timedelta:
    """The longest time until a source is polled again after a fault: the cap of its waits, and the run after that."""
    if fault is Fault.GONE:
        return policy.RETIRED_AGAIN + STEP
    backoff = policy.BACKOFFS.get(fault.outcome)
    return backoff.cap + STEP if backoff else STEP


def expected(of: Site, wrong: Spell) -> dict[AlarmKind, tuple[timedelta, timedelta]]:
    """Which alarms a spell has to raise how long after its beginning, and withdraw how long after its end, at most."""
    poll, again = next_poll(of), recovery(wrong.fault)
    source, lasts = of.source, wrong.end - wrong.start
    pages = PAGE_EVERY * 1.7 * DAY / 8
    failing = {AlarmKind.FAILING: (poll + watch.failing_after(source) + STEP, again)}
    match wrong.fault:
        case Fault.QUIET if wrong.start == START:
            found = {AlarmKind.STALE: (STEP, again)}
        case Fault.QUIET:
            back = source.rhythm + poll
            found = {
                AlarmKind.SILENT: (watch.silent_after(source) + 2 * poll, back),
                AlarmKind.STALE: (watch.stale_after(source) + 2 * poll, back),
            }
        case Fault.NO_LINKS:
            first = max(policy.BACKOFFS[Outcome.NO_ENTRIES].first, source.interval)
            found = {AlarmKind.LAYOUT: (poll + first + STEP, again)}
        case Fault.OTHER_PAGES:
            found = {AlarmKind.LAYOUT: (watch.ASTRAY_PAGES * pages + poll, pages + poll)}
        case Fault.COPIES:
            found = {AlarmKind.DUPLICATES: (watch.DUPLICATES_WITHIN + poll, 2 * DAY + poll)}
        case Fault.GONE:
            found = failing | {AlarmKind.RETIRED: (poll + watch.RETIRED_AFTER + STEP, again)}
        case _:
            found = failing
    return {kind: bounds for kind, bounds in found.items() if bounds[0] < lasts}


def alarm_cases() -> list[object]:
    return [
        pytest.param(s, wrong, id=f"{s.source.id}: {wrong.fault}")
        for s in SITES
        for wrong in s.spells
        if s.source.id not in FALLBACKS and expected(s, wrong)
    ]


def test_there_are_forty_sources() -> None:
    assert len(SITES) == 40
    assert len({s.source.id for s in SITES}) == 40


def test_no_source_is_lost(year: Year) -> None:
    for s in SITES:
        if s.source.id in FALLBACKS:
            continue
        attempts = [START, *year.diaries[s.source.id].attempts, END]
        for earlier, later in pairwise(attempts):
            faults = [wrong.fault for wrong in s.spells if wrong.start <= later and earlier < wrong.end]
            longest = max([next_poll(s), *map(recovery, faults)]) + MAX_HELD
            if earlier < SET_BACK_AT <= later and faults:
                longest += SET_BACK_BY
            assert later - earlier <= longest, f"{s.source.id} was not asked from {earlier} to {later}"


# what a host's pause, set on behalf of another of its sources, may add
MAX_HELD = 3 * HOUR + STEP


def test_no_source_is_asked_faster_than_its_floor(year: Year) -> None:
    for s in SITES:
        attempts = year.diaries[s.source.id].attempts
        floor = max(policy.paces(s.source)[0] * policy.EARLIEST, policy.SHORTEST)
        for earlier, later in pairwise(attempts):
            set_right = earlier < SET_BACK_AT <= later
            assert later - earlier >= (STEP if set_right else floor) - timedelta(minutes=5), f"{s.source.id} at {later}"


def test_no_host_is_asked_faster_than_it_allows(year: Year) -> None:
    assert year.broken_pauses == 0
    for host, moments in year.requests.items():
        assert moments, f"{host} was never asked"
        assert all(b - a >= HOST_DELAY for a, b in pairwise(moments)), host


@pytest.mark.parametrize(("s", "wrong"), alarm_cases())
def test_every_alarm_is_raised_and_withdrawn_within_its_bounds(year: Year, s: Site, wrong: Spell) -> None:
    for kind, (raised_within, withdrawn_within) in expected(s, wrong).items():
        stood = [t for t in year.diaries[s.source.id].stood(kind) if wrong.start <= t[0] < wrong.end]
        assert len(stood) == 1, f"{kind} comes once"
        raised, withdrawn = stood[0]
        assert raised - wrong.start <= raised_within
        if wrong.end < END:
            assert withdrawn is not None
            assert withdrawn - wrong.end <= withdrawn_within


def test_there_is_no_false_alarm(year: Year) -> None:
    for s in SITES:
        wanted = sorted(kind for wrong in s.spells for kind in expected(s, wrong))
        raised = sorted(kind for _, kind, up in year.diaries[s.source.id].alarms if up)
        if s.source.id not in FALLBACKS:
            assert raised == wanted, s.source.id


def unreachable(s: Site) -> list[tuple[datetime, datetime]]:
    """The times in which its list could not be read, each with the time until it is asked again; in order."""
    bad = [(w.start, w.end + recovery(w.fault)) for w in s.spells if w.fault.outcome is not Outcome.OK]
    return sorted([*bad, (OWN_OUTAGE[0], OWN_OUTAGE[1] + next_poll(s))])


def missed(year: Year, s: Site) -> tuple[int, int]:
    """How many entries were never read though listed for long enough while the site was up, and how many others."""
    # what always has news is never asked at a slower pace than its own
    enough = next_poll(s) if s.source.id in QUIET_AT_TIMES else s.source.interval + STEP
    # a liar is found out when nothing new came for its rhythm, and asked in earnest as often
    enough += 2 * s.source.rhythm if s.lies else timedelta(0)
    ours, theirs = 0, 0
    for number, at in enumerate(s.published):
        if not START <= at < END - DAY or number in year.diaries[s.source.id].seen:
            continue
        begin, longest = at, timedelta(0)
        for start, end in [*unreachable(s), (s.dropped(number), END)]:
            longest = max(longest, min(start, s.dropped(number)) - begin)
            begin = max(begin, end)
        ours += longest >= enough
        theirs += longest < enough
    return ours, theirs


def test_no_entry_is_missed_that_was_listed_long_enough(year: Year) -> None:
    assert {s.source.id: found for s in SITES if s.source.id not in FALLBACKS and (found := missed(year, s)[0])} == {}


def test_a_fallback_is_polled_while_it_is_needed_and_no_longer(year: Year) -> None:
    primary, second, third = (year.diaries[key] for key in ("primary", *FALLBACKS))
    ((raised, withdrawn),) = primary.stood(AlarmKind.FAILING)
    assert withdrawn is not None
    slack = 2 * next_poll(SITES[0]) + watch.REST_AFTER
    assert raised <= second.attempts[0] <= raised + STEP
    assert withdrawn + watch.REST_AFTER - 12 * HOUR <= second.attempts[-1] <= withdrawn + slack
    ((raised, withdrawn),) = second.stood(AlarmKind.LAYOUT)
    assert withdrawn is not None
    assert raised <= third.attempts[0] <= raised + STEP
    assert withdrawn <= third.attempts[-1] <= withdrawn + slack


def hours(span: timedelta) -> str:
    return f"{span / HOUR:.0f} h" if span < 3 * DAY else f"{span / DAY:.0f} d"


def row(year: Year, name: str, sites: tuple[Site, ...]) -> str:
    diaries = [year.diaries[s.source.id] for s in sites]
    after: dict[AlarmKind, list[timedelta]] = defaultdict(list)
    over: dict[AlarmKind, list[timedelta]] = defaultdict(list)
    for s, diary in zip(sites, diaries, strict=True):
        for wrong in s.spells:
            for kind in expected(s, wrong):
                for raised, withdrawn in diary.stood(kind):
                    if wrong.start <= raised < wrong.end:
                        after[kind].append(raised - wrong.start)
                        over[kind] += [] if withdrawn is None or withdrawn < wrong.end else [withdrawn - wrong.end]
    raised_text = ", ".join(f"`{kind}` {hours(max(spans))}" for kind, spans in after.items()) or "–"
    over_text = ", ".join(f"`{kind}` {hours(max(spans))}" for kind, spans in over.items() if spans) or "–"
    lost = [missed(year, s) for s in sites] if sites[0].source.id not in FALLBACKS else [(0, 0)]
    counts = (len(sites), sum(len(d.attempts) for d in diaries), sum(d.failures for d in diaries))
    cells = (name, *counts, raised_text, over_text, sum(ours for ours, _ in lost), sum(theirs for _, theirs in lost))
    return "| " + " | ".join(map(str, cells)) + " |"


def test_the_table_in_the_docs_is_this_year(year: Year, *, update_golden: bool) -> None:
    header = "| scenario | sources | polls | failures | raised after | withdrawn after | missed | out of reach |\n"
    table = header + "|---|---|---|---|---|---|---|---|\n"
    table += "".join(row(year, name, sites) + "\n" for name, sites in SCENARIOS.items())
    page = DOCS.read_text("utf-8")
    stated = re.compile(re.escape(header) + r"(?:\|.*\n)+")
    if update_golden:
        DOCS.write_text(stated.sub(lambda _: table, page), "utf-8")
    else:
        assert stated.search(page).group() == table  # type: ignore[union-attr]
