"""Two of everything at once: the locks let one through, and where there were none the database keeps them apart."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive import deliveries, issues, locks
from archive.records import DeliveryState
from archive.store import Archive
from bench import audit, press, twice
from bench.audit import Kind
from bench.kill import Tally, warm_up
from bench.killing import Launcher
from bench.postbox import ADDRESSES, Postbox, postbox, recipients
from bench.press import Press
from flows import issue_steps, steps
from flows.opening import open_archive
from flows.settings import Settings, load_settings
from reports.week import Week, week_of
from tests.commandline import Meetings
from tests.webserver import Web

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as running:
        warm_up(running)
        yield running


def test_two_at_once_lose_and_double_nothing(launcher: Launcher, database: str | None) -> None:
    tally = Tally()
    world = twice.live(launcher, tally, rounds=2, url=database)
    assert [finding.what for finding in tally.findings] == []
    assert {row.rounds for row in world.rows.values()} == {2}
    assert {name: tally.figures()[name] for name in ("lost", "duplicates", "unexplained")} == {
        "lost": 0,
        "duplicates": 0,
        "unexplained": 0,
    }
    assert (tally.meetings, tally.articles > tally.meetings, tally.messages) == (6, True, 40)


BUSY = (1, f"meetings: a process has held “send”; {twice.GAVE_WAY}.")
DONE = (0, "8 accepted")


@pytest.mark.parametrize(
    ("pair", "ends", "kinds"),
    [
        (("digest", "digest"), [BUSY, DONE], []),
        (("digest", "digest"), [DONE, (1, "8 accepted, 1 refused")], []),
        (("run", "run"), [DONE, DONE], []),
        (("digest", "digest"), [BUSY, BUSY], [Kind.LOST]),
        (("ingest", "digest"), [DONE, BUSY], [Kind.LOST]),
        (("ingest", "ingest"), [DONE, (1, "meetings: the disk is full")], [Kind.WRONG]),
        (("ingest", "ingest"), [(1, "1 refused"), DONE], [Kind.WRONG]),
        (("run", "run"), [DONE, (0, "ERROR flows.polling: source cn-en")], [Kind.WRONG]),
    ],
    ids=["one waits", "refused", "both", "nobody", "for no reason", "failed", "not a digest", "an error logged"],
)
def test_who_does_not_get_through_says_why(
    pair: tuple[str, str], ends: list[tuple[int, str]], kinds: list[Kind]
) -> None:
    assert [finding.kind for finding in twice.misbehaved(pair, ends)] == kinds


def test_two_homes_that_differ_are_found(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for home, words in ((one, "a"), (other, "b")):
        for name in ("issues/2025-W10/digest.md", f"raw/{words}"):
            (home / name).parent.mkdir(parents=True)
            (home / name).write_text(words)
    assert [finding.what for finding in twice.merge(one, other)] == [
        "the two homes differ in issues/2025-W10/digest.md"
    ]
    assert (one / "raw" / "b").read_text() == "b"


@dataclass
class Bare:
    """An archive whose locks keep nobody out, with feeds that tell of last week."""

    here: Settings
    there: Settings
    press: Press
    box: Postbox
    week: Week

    def both(self, step: Callable[[Settings], Any]) -> list[Any]:
        """What the step gives, begun at the same moment by two."""
        start = threading.Barrier(2)

        def begin(settings: Settings) -> Any:
            start.wait()
            return step(settings)

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(begin, (self.here, self.there)))

    def open(self) -> Archive:
        return open_archive(self.here)


@pytest.fixture
def bare(
    meetings: Meetings, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str | None
) -> Iterator[Bare]:
    real, numbers = locks.hold, itertools.count()

    def hold(archive: Archive, name: str, **how: Any) -> AbstractContextManager[locks.Lease]:
        return real(archive, f"{name} {next(numbers)}", **how)

    monkeypatch.setattr(locks, "hold", hold)
    for mood in ("PAGE_DOWN", "PAGE_CUT", "FEED_DOWN"):
        monkeypatch.setattr(press, mood, 0.0)
    told = steps.now_utc() - dt.timedelta(days=7)
    outlets = Press(web, lambda: told, seed=1)
    for _ in range(4):
        outlets.publish()
    outlets.now = steps.now_utc
    (tmp_path / "sources.toml").write_text(outlets.catalogue(), encoding="utf-8")
    (tmp_path / "recipients.toml").write_text(recipients(), encoding="utf-8")
    with postbox(1, moody=False) as (box, port):
        given = {"HOME": meetings.home, "ZONE": press.ZONE.key, "SMTP_HOST": "127.0.0.1", "SMTP_PORT": port}
        given |= {"SMTP_SECURITY": "none", "MAIL_PER_MINUTE": 0} | ({"DATABASE_URL": database} if database else {})
        for name, value in given.items():
            monkeypatch.setenv(f"MEETINGS_{name}", str(value))
        here = load_settings()
        there = here.model_copy(update={"home": tmp_path / "there"}) if database else here
        with closing(open_archive(here)) as archive, archive.write() as session:
            issues.mark_first_run(session, told - dt.timedelta(days=7))
        yield Bare(here, there, outlets, box, week_of(told, press.ZONE))


def test_even_without_locks_nothing_is_stored_or_mailed_twice(bare: Bare) -> None:
    ingested = bare.both(steps.ingest_once)
    assert sum(report.new_articles for report in ingested) == len(bare.press.articles)
    bare.both(lambda settings: issue_steps.send_issue(settings, bare.week))
    assert list(twice.merge(bare.here.home, bare.there.home)) == []
    with bare.open() as archive:
        found = audit.audit(archive, bare.here.home, bare.press, bare.box.taken)
        with archive.read() as session:
            states = [(each.recipient, each.state, each.attempts) for each in deliveries.deliveries(session)]
    assert [finding.what for finding in found] == []
    assert len(bare.box.taken) == len(ADDRESSES)
    assert {each for each in states if each[1] is not DeliveryState.REFUSED} == {
        (address, DeliveryState.ACCEPTED, 1) for address in ADDRESSES
    }
