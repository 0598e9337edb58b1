"""A source, its state and a step of `policy.next_state`, for the tests of when what is asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from fetch import policy
from fetch.watch import Findings
from parsers.records import Answer, Entry, Kind, Listing, Outcome, Side, Source, SourceState, Validators

NOW = datetime(2026, 9, 14, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SOURCE = Source(
    id="vnp",
    outlet="vietnamplus",
    outlet_name="VietnamPlus",
    side=Side.VIETNAM,
    language="en",
    zone="Asia/Ho_Chi_Minh",
    kind=Kind.RSS,
    url="https://en.vietnamplus.vn/rss/politics.rss",
    interval=3 * HOUR,
)
FRESH = SourceState("vnp")
OLD, NEW = Validators('"old"', "then"), Validators('"new"', "now")
LISTING = Listing((Entry("https://en.vietnamplus.vn/a", "A"),))
OK = Answer(SOURCE.url, Outcome.OK, NOW, status=200, body=b"<rss/>", validators=NEW)
SAME = Answer(SOURCE.url, Outcome.NOT_MODIFIED, NOW, status=304)
SETTLED = replace(
    FRESH,
    outcome=Outcome.OK,
    since=NOW - DAY,
    last_attempt=NOW - 3 * HOUR,
    last_success=NOW - 3 * HOUR,
    last_full_fetch=NOW - 3 * HOUR,
    last_new=NOW - 9 * HOUR,
    next_due=NOW,
    validators=OLD,
)


def failed(outcome: Outcome, **fields: object) -> Answer:
    return replace(Answer(SOURCE.url, outcome, NOW, message="why.", status=999), **fields)  # type: ignore[arg-type]


def after(
    answer: Answer,
    listing: Listing | None = None,
    state: SourceState = SETTLED,
    *,
    now: datetime = NOW,
    new: int = 0,
    jitter: float = 0.0,
) -> SourceState:
    findings = Findings(entries=len(listing.entries) if listing else 0, new_entries=new)
    return policy.next_state(SOURCE, state, answer, listing, findings=findings, now=now, jitter=jitter)


outcomes = st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.NEVER_POLLED])
