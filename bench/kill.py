"""Killed again and again, at random moments and at named steps: what is lost, what is doubled? `bench kill [DATABASE]`.

Several worlds on fresh homes. In each, weeks go by: the feeds gain articles, `meetings ingest`, `digest --send` and
`site build` are killed and started again against a web and a mail server that have their own bad moments. A random kill
comes after a time drawn evenly from the length of an undisturbed run. After each kill the wreck is looked at, at each
world's end everything is counted (`bench.audit`). The first world is not killed, and nothing may be found in it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import shutil
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from archive.store import DATABASE_NAME, Archive
from bench import audit
from bench.audit import Finding, Kind, Look
from bench.killing import Ended, Job, Launcher
from bench.postbox import postbox, recipients
from bench.press import ZONE, Press
from flows.console import progress, warn
from flows.settings import Settings
from parsers.records import InputError
from tests.databases import EMPTY, running_server
from tests.test_crashes import INGEST_STEPS, SEND_STEPS
from tests.webserver import Web

KILLS, WORLDS = 200, 4
START = dt.datetime(2025, 3, 4, 3, tzinfo=dt.UTC)
HOUR, WEEK = dt.timedelta(hours=1), dt.timedelta(weeks=1)
ROUNDS = (0, 3)
"""Days after Tuesday on which the feeds are read."""
COMMANDS = {
    "ingest": ("ingest", "--force"),
    "close": ("digest", "--send"),
    "send": ("digest", "--send"),
    "site": ("site", "build"),
}
PER_ROUND, PER_MONDAY, PER_SITE = 3, 6, 3
PATIENCE = 24
"""Runs that may be needed until nothing is left to be done."""
_CLOSING = [step for step in SEND_STEPS if step.split()[0].rpartition(":")[2] in ("save_issue", "plan", "close")]
"""Inside or right behind the transaction that closes an issue."""
STEPS = {
    "ingest": INGEST_STEPS,
    "close": _CLOSING,
    "send": [step for step in SEND_STEPS if step not in _CLOSING],
    "site": [
        "reports.site.folder:put before",
        "reports.site.folder:put after 9",
        "reports.site.folder:save before",
        "reports.site.folder:save after",
    ],
}
_MAIL = {"mail_per_minute": "0"}
"""Settings without which the mail would take longer than the runs."""


@dataclass
class Tally:
    """What all worlds came to. `kills` by command and manner; `late` came after the command had ended.

    `on_step` is called after each step on the way there, with its name.
    """

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    late: int = 0
    restarts: int = 0
    articles: int = 0
    meetings: int = 0
    messages: int = 0
    repeated: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    lengths: dict[str, float] = field(default_factory=dict)
    steps: dict[str, deque[str]] = field(default_factory=lambda: {kind: deque(all_) for kind, all_ in STEPS.items()})
    reached: set[str] = field(default_factory=set)
    on_step: Callable[[str], None] = lambda _what: None

    def figures(self) -> dict[str, object]:
        """The last line: kills, what was lost, messages that came twice, and everything that nothing explains."""
        lost = sum(finding.kind is Kind.LOST for finding in self.findings)
        unexplained = len(self.findings) - lost + self.repeated[audit.UNEXPLAINED]
        repeated = self.repeated.total()
        return {"kills": self.kills.total(), "lost": lost, "duplicates": repeated, "unexplained": unexplained}


class World:
    """One home from its first run on: a press, a mail server, a clock of its own."""

    def __init__(
        self, folder: Path, launcher: Launcher, tally: Tally, *, seed: int, url: str | None, fork: bool
    ) -> None:
        self.folder, self.home, self.tally, self.url = folder, folder / "home", tally, url
        self._fork = fork
        self.dice = random.Random(seed)
        self._launcher = launcher
        self._ahead = START.timestamp() - time.time()
        self._made = False
        self._before: dict[int, Look] = {}
        self._killed: set[int] = set()
        self._last = Look({}, {})

    @contextmanager
    def open(self, *, moody: bool) -> Iterator[None]:
        """Press and mail server are there while the block runs."""
        with closing(Web()) as web, postbox(self.dice.randrange(10**6), moody=moody) as (self.box, port):
            self.press = Press(web, self.now, self.dice.randrange(10**6))
            (self.folder / "sources.toml").write_text(self.press.catalogue(), encoding="utf-8")
            (self.folder / "recipients.toml").write_text(recipients(), encoding="utf-8")
            self.env = {
                "MEETINGS_HOME": str(self.home),
                "MEETINGS_SOURCES_FILE": str(self.folder / "sources.toml"),
                "MEETINGS_RECIPIENTS_FILE": str(self.folder / "recipients.toml"),
                "MEETINGS_ZONE": ZONE.key,
                "MEETINGS_ALLOW_PRIVATE_ADDRESSES": "true",
                "MEETINGS_HOST_DELAY": "0",
                "MEETINGS_SMTP_HOST": "127.0.0.1",
                "MEETINGS_SMTP_PORT": str(port),
                "MEETINGS_SMTP_SECURITY": "none",
                **({"MEETINGS_DATABASE_URL": self.url} if self.url else {}),
                **{f"MEETINGS_{key.upper()}": value for key, value in _MAIL.items() if key in Settings.model_fields},
            }
            yield

    def now(self) -> dt.datetime:
        """This world's time, which the program's clock shows too."""
        return dt.datetime.fromtimestamp(time.time() + self._ahead, dt.UTC)

    def live(self, kills: int, *, weeks: int) -> None:
        """So many weeks, or until so many kills have met their process and one week more is over; then the count."""
        goal = self.tally.kills.total() + kills
        for week in itertools.count(1):
            last = self.tally.kills.total() >= goal and week >= weeks
            self._week(START + (week - 1) * WEEK, goal, last=last)
            if last:
                break
        self._count()

    def _week(self, tuesday: dt.datetime, goal: int, *, last: bool) -> None:
        for day in ROUNDS:
            self._advance_to(tuesday + dt.timedelta(days=day))
            for _ in range(PER_ROUND):
                self.press.publish()
                self._attempt("ingest", goal)
                self._advance(HOUR)
            self.press.publish()
            self._whole("ingest")
        if last:  # what is found after this week's issue is told in no other
            self._until_done("ingest", self._nothing_is_missing)
        self._advance_to(tuesday + dt.timedelta(days=6))
        for number in range(PER_MONDAY):
            self._attempt("send" if number else "close", goal)
            self._advance(HOUR / 2)
        self._until_done("send", self._all_sent)
        self._until_done("ingest", self._nothing_is_missing)
        for _ in range(PER_SITE):
            self._attempt("site", goal)
        self._whole("site")

    def _attempt(self, kind: str, goal: int) -> None:
        """A run that is killed, as long as there are kills left."""
        if self.tally.kills.total() >= goal:
            return
        steps = self.tally.steps[kind]
        named = (self._made and self.dice.random() < 0.5) or kind == "close"
        step = steps[0] if named else ""
        delay = None if named else self.dice.uniform(0, self.tally.lengths[kind])
        ended = self._run(kind, delay=delay, step=step)
        if named:
            steps.rotate(-1)
        if not ended.killed:
            self.tally.late += 1
            return
        self._killed.add(self.box.run)
        self.tally.kills[COMMANDS[kind][0], "named" if named else "random"] += 1
        self.tally.reached.add(step)
        self.tally.on_step(kind)
        if self._made:
            with self._lying() as archive:
                self._find(audit.hidden(archive, self.press))
            self._find(audit.half_files(self.home, self.press))

    def _whole(self, kind: str) -> None:
        """A run that nobody disturbs."""
        ended = self._run(kind)
        self.tally.lengths[kind] = ended.seconds
        self._made = True

    def _until_done(self, kind: str, done: Callable[[], bool]) -> None:
        """Undisturbed runs until nothing is left to be done."""
        for _ in range(PATIENCE):
            self._whole(kind)
            if done():
                return
            self._advance(3 * HOUR)

    def _run(self, kind: str, *, delay: float | None = None, step: str = "") -> Ended:
        """One command, the ledger looked at before it; every end but death and success is a finding."""
        self.tally.restarts += self.box.run in self._killed
        self.box.run += 1
        self._look()
        ended = self._start(*COMMANDS[kind], delay=delay, step=step)
        if not ended.killed:  # else it may have died before it had a log
            self._find(self._misbehaved(kind, ended))
        return ended

    def _misbehaved(self, kind: str, ended: Ended) -> Iterator[Finding]:
        good = (0, 1) if kind in ("close", "send") else (0,)
        told = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
        if ended.code not in good or "meetings: unexpected" in told:
            yield Finding(Kind.WRONG, f"{' '.join(COMMANDS[kind])} ended with {ended.code}: {told[-500:]}")

    def _start(self, *words: str, delay: float | None = None, step: str = "") -> Ended:
        job = Job(words, self.env, self.folder / "log", self._ahead, delay, step, self._fork)
        return self._launcher.run(job)

    def _look(self) -> None:
        """What the ledger and the closed issues say before a run."""
        if self._made:
            with self._lying() as archive:
                now = audit.look(archive)
            self._find(audit.changed_issues(self._last, now))
            self._last = now
        self._before[self.box.run] = self._last

    @contextmanager
    def _lying(self) -> Iterator[Archive]:
        """The archive as the last run left it: a copy where that can be, so that looking at it mends nothing."""
        with tempfile.TemporaryDirectory() as folder:
            if not self.url:
                for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal"):
                    if (self.home / name).exists():
                        shutil.copy(self.home / name, folder)
            with Archive.open(Path(folder), self.url) as archive:
                yield archive

    def _all_sent(self) -> bool:
        with self._lying() as archive:
            return audit.all_over(archive)

    def _nothing_is_missing(self) -> bool:
        with self._lying() as archive:
            return not audit.missing(archive, self.press)

    def _count(self) -> None:
        with Archive.open(self.home, self.url) as archive:
            self._find(audit.audit(archive, self.home, self.press, self.box.taken))
        anew = self.folder / "anew"
        self._start("site", "build", "--full", "--out", str(anew))
        self._find(audit.site_differences(self.home / "site", anew))
        self._find(audit.denials(self.box.taken, self._before))
        self.tally.repeated.update(audit.repetitions(self.box.taken, self._before, self._killed))
        self.tally.articles += len(self.press.articles)
        self.tally.meetings += len(self.press.meetings)
        self.tally.messages += len({message.message_id for message in self.box.taken})

    def _find(self, found: Iterable[Finding]) -> None:
        for finding in found:
            warn(f"  {finding.kind}: {finding.what}")
            self.tally.findings.append(finding)

    def _advance(self, by: dt.timedelta) -> None:
        self._ahead += by.total_seconds()

    def _advance_to(self, moment: dt.datetime) -> None:
        self._ahead = max(self._ahead, moment.timestamp() - time.time())


def warm_up(launcher: Launcher) -> dict[str, float]:
    """Two weeks in the launching process itself, the second with a chart, so that no run has anything left to load.

    Returns how many seconds each command took in the end.
    """
    tally = Tally()
    _live(tally, launcher, kills=0, weeks=2, seed=0, url=None, fork=False)
    return tally.lengths


def live(tally: Tally, launcher: Launcher, *, kills: int, seed: int, url: str | None) -> None:
    """One world, killed so many times."""
    _live(tally, launcher, kills=kills, weeks=1, seed=seed, url=url, fork=True)


def _live(tally: Tally, launcher: Launcher, *, kills: int, weeks: int, seed: int, url: str | None, fork: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="kill-") as folder:
        world = World(Path(folder), launcher, tally, seed=seed, url=url, fork=fork)
        with world.open(moody=bool(kills)):
            world.live(kills, weeks=weeks)


def main(database: str = "sqlite") -> dict[str, object]:
    """All worlds on `sqlite` or `postgresql`."""
    if database not in ("sqlite", "postgresql"):
        raise InputError(f"there is no database called {database} here; give sqlite or postgresql")
    with (
        nullcontext() if database == "sqlite" else running_server() as server,
        Launcher() as launcher,
        progress("kills") as advance,
    ):
        tally = Tally(on_step=lambda kind: advance(f"in {kind}", KILLS))
        warm_up(launcher)
        for number in range(WORLDS + 1):
            url = server.new_database(EMPTY) if server else None
            live(tally, launcher, kills=KILLS // WORLDS if number else 0, seed=number, url=url)
    show(tally)
    return tally.figures()


def show(tally: Tally) -> None:
    """The table."""
    kills = ", ".join(f"{count} {how} in {what}" for (what, how), count in sorted(tally.kills.items()))
    never = sorted({step for steps in STEPS.values() for step in steps} - tally.reached)
    rows = {
        "kills": f"{tally.kills.total()}: {kills}; {tally.late} came too late",
        "steps never reached": ", ".join(never) or "none",
        "restarts": tally.restarts,
        "articles": tally.articles,
        "meetings": tally.meetings,
        "messages": tally.messages,
        "taken again": ", ".join(f"{count} {cause or 'UNEXPLAINED'}" for cause, count in tally.repeated.items()),
    }
    for name, value in rows.items():
        print(f"{name:20} {value}")
