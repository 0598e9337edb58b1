"""Two of everything at once, again and again: what is lost, what is doubled? `bench twice`.

Two processes begin the same command on one archive, or an ingest and a digest, together or the second one in the middle
of the first. On SQLite they share a home; on PostgreSQL they are two machines, each with a home of its own. Nobody is
killed and the mail server has no moods, so nothing may be lost, doubled or sent again, and whoever gives way says so.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench import kill
from bench.audit import Finding, Kind
from bench.kill import START, Tally, World
from bench.killing import Job, Launcher
from flows.console import progress
from tests.databases import EMPTY, running_server

ROUNDS = 50
DATABASES = ("sqlite", "postgresql")
COMMANDS = {**kill.COMMANDS, "digest": kill.COMMANDS["send"], "run": ("run",)}
PAIRS = (("ingest", "ingest"), ("digest", "digest"), ("run", "run"), ("ingest", "digest"))
"""In the order in which they come by in each fortnight."""
LATEST = 1.2
"""In lengths of a round: no later does the second one begin, so that some come when the first one has just ended."""
GAVE_WAY = "try again when it has ended"
WRONG_WORDS = ("Traceback", "ERROR ", "meetings: unexpected")


@dataclass
class Row:
    """One line of the table: how the rounds of one pair ended. `seconds` without those that the second one waited."""

    rounds: int = 0
    through: int = 0
    gave_way: int = 0
    seconds: float = 0.0


class Twice(World):
    """An archive at which two are at work at once."""

    def __init__(self, folder: Path, launcher: Launcher, tally: Tally, *, url: str | None) -> None:
        super().__init__(folder, launcher, tally, seed=6, url=url, fork=True)
        self._homes = (self.home, folder / "other" if url else self.home)
        self.rows = {pair: Row() for pair in PAIRS}

    def live_twice(self, rounds: int) -> None:
        """So many fortnights with a round of each pair, then what is left to be done, and the count."""
        tuesday = START
        for _ in range(rounds):
            for pair, days in zip(PAIRS, (0, 6, 7, 13), strict=True):
                self._advance_to(tuesday + dt.timedelta(days=days))
                if "digest" not in pair or "ingest" in pair:
                    self.press.publish()
                self._round(*pair)
            tuesday += dt.timedelta(days=14)
        self._until_done("ingest", self._nothing_is_missing)
        self._advance_to(tuesday + dt.timedelta(days=6))
        self._until_done("send", self._all_sent)
        self._whole("site")
        self._find(merge(*self._homes))
        self._count()

    def _round(self, *pair: str) -> None:
        row = self.rows[pair[0], pair[1]]
        self.box.run += 1
        self._look()
        pause = self.dice.choice((0.0, self.dice.uniform(0, LATEST * row.seconds / max(row.rounds, 1))))
        started = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            ends = list(pool.map(self._one, (0, 1), pair, (0.0, pause)))
        self._made = True
        row.rounds += 1
        row.seconds += time.perf_counter() - started - pause
        gave_way = sum(GAVE_WAY in told for code, told in ends if code)
        row.gave_way += bool(gave_way)
        row.through += not gave_way
        self._find(misbehaved(pair, ends))
        self.tally.on_step(" + ".join(pair))

    def _one(self, which: int, kind: str, pause: float) -> tuple[int, str]:
        """One of the two; its exit code and what it printed."""
        log = self.folder / f"log{which}"
        env = {**self.env, "MEETINGS_HOME": str(self._homes[which])}
        time.sleep(pause)
        ended = self._launcher.run(Job(COMMANDS[kind], env, log, self._ahead))
        return ended.code, log.read_text(encoding="utf-8", errors="replace")


def misbehaved(pair: tuple[str, ...], ends: list[tuple[int, str]]) -> Iterator[Finding]:
    """What ended neither well nor by giving way to the other one."""
    names = " + ".join(pair)
    gave_way = [bool(code) and GAVE_WAY in told for code, told in ends]
    if all(gave_way) or (any(gave_way) and len(set(pair)) > 1):
        yield Finding(Kind.LOST, f"{names}: {' and '.join(told[-300:] for _, told in ends)}")
    for kind, (code, told), gave in zip(pair, ends, gave_way, strict=True):
        # one recipient is refused for good, and every sending says so
        expected = gave or code == 0 or (code == 1 and kind == "digest" and "refused" in told)
        if not expected or any(words in told for words in WRONG_WORDS):
            yield Finding(Kind.WRONG, f"{names}: {kind} ended with {code}: {told[-500:]}")


def merge(home: Path, other: Path) -> Iterator[Finding]:
    """Brings what the other machine wrote into this one's home; the two may not have written one file differently."""
    if home == other:
        return
    for folder in ("articles", "raw", "issues"):
        for path in sorted(path for path in (other / folder).rglob("*") if path.is_file()):
            here = home / path.relative_to(other)
            if not here.exists():
                here.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, here)
            elif here.read_bytes() != path.read_bytes():
                yield Finding(Kind.WRONG, f"the two homes differ in {path.relative_to(other)}")


def live(launcher: Launcher, tally: Tally, *, rounds: int, url: str | None) -> Twice:
    """One archive, so many rounds of each pair: what was found is in the tally, and how the rounds ended here."""
    with tempfile.TemporaryDirectory(prefix="twice-") as folder:
        world = Twice(Path(folder), launcher, tally, url=url)
        with world.open(moody=False):
            world.live_twice(rounds)
    return world


def main() -> dict[str, object]:
    """All rounds on both databases, side by side: most of the time one process waits for another."""
    with (
        running_server() as server,
        ThreadPoolExecutor() as pool,  # waits for its threads, which end when there is no launcher any more
        Launcher() as launcher,
        progress("rounds") as advance,
    ):
        kill.warm_up(launcher)

        def lived(url: str | None) -> Twice:
            tally = Tally(on_step=lambda pair: advance(f"of {pair}", len(DATABASES) * len(PAIRS) * ROUNDS))
            return live(launcher, tally, rounds=ROUNDS, url=url)

        urls = (None, server.new_database(EMPTY))
        worlds = dict(zip(DATABASES, pool.map(lived, urls), strict=True))
    show(worlds)
    figures = [world.tally.figures() for world in worlds.values()]
    total = {name: sum(int(str(each[name])) for each in figures) for name in ("lost", "duplicates", "unexplained")}
    return {"rounds": sum(row.rounds for world in worlds.values() for row in world.rows.values()), **total}


def show(worlds: Mapping[str, Twice]) -> None:
    """The table."""
    print(f"{'database':12} {'two at once':18} {'rounds':>6} {'both':>6} {'one':>6} {'s each':>7}")
    for name, world in worlds.items():
        tally = world.tally
        for pair, row in world.rows.items():
            each = row.seconds / row.rounds
            print(f"{name:12} {' + '.join(pair):18} {row.rounds:6} {row.through:6} {row.gave_way:6} {each:7.2f}")
        counts = f"{tally.articles} articles, {tally.meetings} meetings, {tally.messages} messages"
        print(f"{name:12} {counts}")
