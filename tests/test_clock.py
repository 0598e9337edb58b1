"""Clocks: one that is plainly wrong closes no week, and neither host nor daylight saving time moves one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import clock as known_clock
from archive import issues
from archive.store import Archive
from fetch import headers
from fetch.client import Client
from fetch.clock import TOLERANCE, WITNESSES, wrong_by
from flows.steps import now_utc
from reports.supervision import clock_findings
from reports.week import last_complete_week, parse_week, week_after, week_of
from tests.commandline import SEEDS, Meetings, source
from tests.fetchkit import NOW, Clock
from tests.mailserver import Inbox, mail_server
from tests.webserver import Reply, Web

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SPANS = st.timedeltas(timedelta(days=-4000), timedelta(days=4000))


def dated(moment: datetime) -> dict[str, str]:
    return {"Date": format_datetime(moment, usegmt=True)}


@pytest.mark.parametrize(
    ("fields", "ahead"),
    [
        (dated(NOW), timedelta(0)),
        (dated(NOW - 3 * DAY), 3 * DAY),
        (dated(NOW + 3 * DAY), -3 * DAY),
        (dated(NOW - 3 * DAY) | {"Age": "259200"}, timedelta(0)),
        (dated(NOW - DAY) | {"Age": "soon"}, DAY),
        (dated(NOW - DAY) | {"Age": "-1"}, DAY),
        ({"Date": "yesterday"}, None),
        ({"Age": "5"}, None),
    ],
    ids=["well", "ahead", "behind", "from a cache", "no age", "negative age", "no date", "none"],
)
def test_what_one_answer_says_of_our_clock(fields: dict[str, str], ahead: timedelta | None) -> None:
    given = {name.lower(): value for name, value in fields.items()}
    assert headers.ahead(given.get, now=NOW) == ahead


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [
        ([], None),
        ([3 * DAY] * (WITNESSES - 1), None),
        ([3 * DAY] * WITNESSES, 3 * DAY),
        ([-3 * DAY] * WITNESSES, -3 * DAY),
        ([TOLERANCE] * WITNESSES, timedelta(0)),
        ([timedelta(0), timedelta(seconds=2), 3 * DAY], timedelta(0)),
    ],
    ids=["nobody", "too few", "ahead", "behind", "within an hour", "one server is wrong"],
)
def test_a_verdict_needs_three_hosts_and_their_middle(ahead: list[timedelta], verdict: timedelta | None) -> None:
    assert wrong_by(ahead) == verdict


@given(st.lists(st.timedeltas(-TOLERANCE, TOLERANCE), min_size=WITNESSES), st.lists(SPANS))
def test_no_minority_decides(well: list[timedelta], others: list[timedelta]) -> None:
    assert wrong_by([*well, *others[: len(well) - 1]]) == timedelta(0)


def test_the_client_hears_it_from_every_host_that_answers(web: Web, clock: Clock, make: Callable[..., Client]) -> None:
    client = make()
    for number in range(WITNESSES):
        assert client.clock_wrong_by() is None
        host = f"127.0.3.{number + 1}"
        clock.now = NOW
        answer = client.get(web.add("/feed.xml", Reply(b"", status=304 - number, headers=dated(NOW - DAY)), host=host))
        assert answer.status == 304 - number
    assert client.clock_wrong_by() == DAY


def test_what_was_found_counts_until_the_clock_is_well_or_set_back(archive: Archive) -> None:
    def known(now: datetime) -> timedelta:
        with archive.read() as session:
            return known_clock.wrong_by(session, now=now)

    def note(found: timedelta) -> None:
        with archive.write() as session:
            known_clock.note(session, found, now=NOW)

    assert known(NOW) == timedelta(0)
    note(3 * DAY)
    assert (known(NOW + HOUR), known(NOW - 3 * DAY)) == (3 * DAY, timedelta(0))
    note(-DAY)
    assert known(NOW + HOUR) == -DAY
    note(timedelta(0))
    assert known(NOW + HOUR) == timedelta(0)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (timedelta(0), []),
        (8 * DAY, ["clock_wrong: This machine's clock is 8 days ahead of"]),
        (-5 * HOUR, ["clock_wrong: This machine's clock is 5 hours behind"]),
    ],
    ids=["well", "ahead", "behind"],
)
def test_status_tells_of_a_wrong_clock(found: timedelta, words: list[str]) -> None:
    assert [str(finding).partition(" those")[0] for finding in clock_findings(found)] == words


@pytest.fixture
def inbox(meetings: Meetings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Inbox]:
    """A mail server and a reader, and an archive whose first run is weeks ago."""
    (tmp_path / "recipients.toml").write_text('[[recipient]]\naddress = "ann@example.org"\n')
    with Archive.open(meetings.home) as archive, archive.write() as session:
        issues.mark_first_run(session, now_utc() - timedelta(weeks=6))
    box = Inbox()
    with mail_server(box) as port:
        for key, value in {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": port, "SMTP_SECURITY": "none"}.items():
            monkeypatch.setenv(f"MEETINGS_{key}", str(value))
        yield box


def test_a_week_that_is_over_by_a_wrong_clock_alone_is_not_closed(
    meetings: Meetings, inbox: Inbox, web: Web, tmp_path: Path
) -> None:
    hosts = [f"127.0.4.{number}" for number in range(1, WITNESSES + 1)]
    feed = b'<rss version="2.0"><channel><title>x</title></channel></rss>'
    # so far ahead that the last complete week is another one by the servers' clocks
    wrong, right = dated(now_utc() - 8 * DAY), dated(now_utc())
    for host in hosts:
        web.add("/feed.xml", Reply(feed, headers=wrong), Reply(feed, headers=right), host=host)
    listed = "".join(source(f"s{n}", web.url("/feed.xml", host)) for n, host in enumerate(hosts))
    (tmp_path / "sources.toml").write_text(listed)
    last = last_complete_week(now_utc(), HANOI)

    assert meetings("ingest", "--force").code == 0
    refused = meetings("digest", "--send")
    assert (refused.code, f"{last.label} is not over yet by the servers" in refused.err) == (1, True), refused
    assert "clock is 8 days ahead" in refused.err
    assert "clock_wrong" in meetings("status").out
    before = last_complete_week(now_utc() - 8 * DAY, HANOI)
    assert meetings("digest", "--week", before.label, "--send").code == 0, "it is over by theirs, too"
    assert len(inbox.accepted) == 1
    assert meetings("ingest", "--force").code == 0
    assert "clock_wrong" not in meetings("status").out
    assert meetings("digest", "--send").code == 0
    assert len(inbox.accepted) == 2


@pytest.fixture(params=["America/New_York", "Pacific/Kiritimati", "UTC"])
def host_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone of the machine, as its libraries see it."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def test_the_machines_own_zone_moves_no_week(meetings: Meetings, host_zone: str) -> None:
    assert time.tzname[0] in {"EST", "+14", "UTC"}, host_zone
    assert meetings("import", SEEDS).code == 0
    assert meetings("digest", "--week", "2024-W50").code == 0
    text = (meetings.home / "issues" / "2024-W50" / "digest.md").read_text(encoding="utf-8")
    assert "9–15 December 2024" in text
    assert meetings("digest").out.split()[2].rstrip(":") == last_complete_week(now_utc(), HANOI).label


@pytest.mark.parametrize(
    ("zone", "week"),
    [
        pytest.param("Asia/Ho_Chi_Minh", "2025-W13", id="no daylight saving time"),
        pytest.param("Europe/Paris", "2025-W13", id="ends an hour short"),
        pytest.param("Europe/Paris", "2025-W43", id="ends an hour longer"),
        pytest.param("Asia/Tehran", "2021-W11", id="the next Monday has no midnight"),
        pytest.param("Asia/Tehran", "2020-W38", id="Sunday's last hour comes twice"),
        pytest.param("Pacific/Apia", "2011-W52", id="a week without a Friday"),
    ],
)
def test_a_week_is_over_at_its_last_moment_and_not_before(zone: str, week: str) -> None:
    here, this = ZoneInfo(zone), parse_week(week)
    start, end = this.bounds(here)
    moment = start - 2 * HOUR
    while moment < end + 2 * HOUR:
        assert (week_of(moment, here) == this) is (start <= moment < end)
        assert (last_complete_week(moment, here) >= this) is (moment >= end)
        moment += timedelta(minutes=15)
    assert week_of(end - timedelta(microseconds=1), here) == this
    assert week_of(end, here) == week_after(this)
    assert start.tzinfo is UTC
