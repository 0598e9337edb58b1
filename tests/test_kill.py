"""The kill harness: worlds killed twenty times lose and double nothing, and what is broken on purpose is found."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archive.records import DeliveryState
from archive.store import DATABASE_NAME, Archive
from bench import audit
from bench.audit import Kind, Look
from bench.kill import Tally, World, live, warm_up
from bench.killing import Job, Launcher
from bench.postbox import Accepted
from parsers.records import MeetingsError
from tests.commandline import source

pytestmark = pytest.mark.slow
KILLS = 20
READS = "parsers.catalogue:parse_catalogue"
WEEK, ID = "2025-W10", "<2025-W10.1@localhost>"


@pytest.fixture(scope="module")
def lengths() -> dict[str, float]:
    """How long each command took undisturbed."""
    return {}


@pytest.fixture(scope="module")
def launcher(lengths: dict[str, float]) -> Iterator[Launcher]:
    with Launcher() as running:
        lengths.update(warm_up(running))
        yield running


def test_twenty_kills_lose_nothing_and_double_nothing_unexplained(
    launcher: Launcher, lengths: dict[str, float], database: str | None
) -> None:
    tally = Tally(lengths=dict(lengths))
    live(tally, launcher, kills=KILLS, seed=7, url=database)
    assert [finding.what for finding in tally.findings] == []
    figures = tally.figures()
    assert (figures["kills"], figures["lost"], figures["unexplained"]) == (KILLS, 0, 0)
    assert tally.articles > tally.meetings > KILLS / 2
    assert {what for what, _ in tally.kills} == {"ingest", "digest", "site"}
    assert {how for _, how in tally.kills} == {"named", "random"}


@pytest.mark.parametrize(
    ("delay", "step", "ended"),
    [(0.0, "", -9), (None, f"{READS} before", -9), (None, f"{READS} after 99", 0), (60.0, "", 0)],
    ids=["at once", "at a step", "at a step never reached", "too late"],
)
def test_a_process_is_killed_when_it_is_told_to(
    launcher: Launcher, tmp_path: Path, delay: float | None, step: str, ended: int
) -> None:
    (tmp_path / "sources.toml").write_text(source("town", "http://127.0.0.1:9/feed.xml"))
    env = {"MEETINGS_HOME": str(tmp_path / "home"), "MEETINGS_SOURCES_FILE": str(tmp_path / "sources.toml")}
    job = Job(("sources", "list"), env, tmp_path / "log", 0.0, delay, step)
    assert launcher.run(job).code == ended


def test_a_launcher_that_has_ended_is_told_of(tmp_path: Path) -> None:
    with Launcher() as ended:
        ended._process.kill()
        ended._process.wait()
        with pytest.raises(MeetingsError, match="has ended"):
            ended.run(Job(("sources", "list"), {}, tmp_path / "log"))


@dataclass(frozen=True)
class Grown:
    """A world that was not killed, in which nothing is wrong yet."""

    world: World
    home: Path

    def audit(self, home: Path, taken: list[Accepted]) -> list[tuple[Kind, str]]:
        with Archive.open(home) as archive:
            return [(each.kind, each.what) for each in audit.audit(archive, home, self.world.press, taken)]


@pytest.fixture(scope="module")
def grown(launcher: Launcher) -> Iterator[Grown]:
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), launcher, tally, seed=8, url=None, fork=True)
        with world.open(moody=False):
            world.live(0, weeks=1)
        assert tally.findings == []
        yield Grown(world, world.home)


def sql(statement: str) -> Callable[[Path], None]:
    def damage(home: Path) -> None:
        with closing(create_engine(f"sqlite:///{home / DATABASE_NAME}").connect()) as connection:
            assert connection.execute(text(statement)).rowcount, "the damage did nothing"
            connection.commit()

    return damage


def one(pattern: str, change: Callable[[Path], object]) -> Callable[[Path], None]:
    """Changes the first file that matches."""

    def damage(home: Path) -> None:
        change(min(home.glob(pattern)))

    return damage


def halve(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


DAMAGES: dict[str, tuple[Callable[[Path], None], Kind, str]] = {
    "article's file gone": (one("articles/*/*.txt", Path.unlink), Kind.LOST, "the file of article"),
    "article's file cut": (one("articles/*/*.txt", halve), Kind.WRONG, "the file "),
    "file of no article": (
        one("articles/*/*.txt", lambda path: path.with_name(f"9{path.name}").write_bytes(path.read_bytes())),
        Kind.DOUBLED,
        "which belongs to no article",
    ),
    "half-written file": (
        one("issues/*/digest.md", lambda path: path.with_name(".digest.md.part").write_text("x")),
        Kind.WRONG,
        "half-written",
    ),
    "WARC cut": (one("raw/*.warc.gz", halve), Kind.LOST, "the raw answer"),
    "issue's file gone": (one("issues/*/digest.eml", Path.unlink), Kind.LOST, "digest.eml"),
    "issue's file cut": (one("issues/*/digest.html", halve), Kind.WRONG, "digest.html"),
    "mention gone": (sql("DELETE FROM mentions WHERE rowid = 1"), Kind.LOST, "mentions of"),
    "article unread": (sql("UPDATE articles SET detected_rules = NULL WHERE number = 1"), Kind.LOST, "looked for"),
    "article's words changed": (sql("UPDATE articles SET title = 'x' WHERE number = 1"), Kind.WRONG, "other words"),
    "new in no issue": (sql("DELETE FROM issue_meetings WHERE rowid = 1"), Kind.LOST, "new in 0 closed issues"),
    "ledger forgets": (
        sql("UPDATE deliveries SET state = 'planned' WHERE state = 'accepted'"),
        Kind.WRONG,
        "the ledger says planned",
    ),
    "lock left": (
        sql("INSERT INTO locks VALUES ('send', 'x', 'x', '2025-01-01 00:00:00', '2025-01-01 00:00:00')"),
        Kind.WRONG,
        "the lock send",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_broken_is_found(grown: Grown, tmp_path: Path, damage: str) -> None:
    home = Path(shutil.copytree(grown.home, tmp_path / "home"))
    breaks, kind, words = DAMAGES[damage]
    breaks(home)
    found = grown.audit(home, grown.world.box.taken)
    assert [what for which, what in found if which is kind and words in what], found


MAILBAGS: dict[str, tuple[Callable[[list[Accepted]], list[Accepted]], Kind, str]] = {
    "message lost": (lambda taken: taken[1:], Kind.LOST, "the message of"),
    "two that differ": (
        lambda taken: [*taken, replace(taken[0], data=taken[0].data + b".")],
        Kind.DOUBLED,
        "2 different messages",
    ),
    "one of another name": (
        lambda taken: [*taken, replace(taken[0], data=b"Message-ID: <x@y>\r\n\r\n")],
        Kind.DOUBLED,
        "no delivery of the ledger",
    ),
}


@pytest.mark.parametrize("bag", MAILBAGS)
def test_what_the_mail_server_took_is_held_against_the_ledger(grown: Grown, bag: str) -> None:
    change, kind, words = MAILBAGS[bag]
    found = grown.audit(grown.home, change(grown.world.box.taken))
    assert [what for which, what in found if which is kind and words in what], found


def test_a_validator_that_hides_an_article_is_found(grown: Grown, tmp_path: Path) -> None:
    home = Path(shutil.copytree(grown.home, tmp_path / "home"))
    with Archive.open(home) as archive:
        assert list(audit.hidden(archive, grown.world.press)) == []
        sql("UPDATE articles SET key = number")(home)
        found = [each.what for each in audit.hidden(archive, grown.world.press)]
    for id_, (_, urls) in grown.world.press.listed().items():
        assert {f"the validator of {id_} hides {url}" for url in urls} <= set(found)


@pytest.mark.parametrize(
    ("state", "hung_up", "runs", "cause"),
    [
        (DeliveryState.UNKNOWN, True, (1, 2), "no answer after the final dot"),
        (DeliveryState.SENDING, False, (1, 2), "killed before the answer was recorded"),
        (DeliveryState.UNKNOWN, False, (1, 3), "killed before the answer was recorded"),
        (DeliveryState.PLANNED, True, (1, 2), audit.UNEXPLAINED),
        (DeliveryState.ACCEPTED, False, (1, 2), audit.UNEXPLAINED),
        (DeliveryState.UNKNOWN, False, (2, 3), audit.UNEXPLAINED),
        (DeliveryState.UNKNOWN, True, (2, 2), audit.UNEXPLAINED),
    ],
    ids=["hung up", "killed", "killed, then noted", "not noted", "sent for nothing", "undisturbed", "in one run"],
)
def test_a_repetition_has_a_cause_only_where_the_ledger_was_in_doubt(
    *, state: DeliveryState, hung_up: bool, runs: tuple[int, int], cause: str
) -> None:
    data = f"Message-ID: {ID}\r\n\r\n".encode()
    taken = [Accepted(run, "ann@example.org", data, hung_up=hung_up) for run in runs]
    looks = {run: Look({ID: state}, {}) for run in (1, 2, 3)}
    assert list(audit.repetitions(taken, looks, {1})) == [cause]


@pytest.mark.parametrize(
    ("states", "denied"),
    [
        ((DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.ACCEPTED), 0),
        ((DeliveryState.UNKNOWN, DeliveryState.PLANNED, DeliveryState.ACCEPTED), 1),
        ((DeliveryState.UNKNOWN, DeliveryState.SENDING, DeliveryState.REFUSED), 1),
    ],
    ids=["in doubt, then accepted", "planned again", "refused in the end"],
)
def test_a_doubt_that_the_ledger_forgets_is_found(states: tuple[DeliveryState, ...], denied: int) -> None:
    taken = [Accepted(1, "ann@example.org", f"Message-ID: {ID}\r\n\r\n".encode(), hung_up=True)]
    looks = {run: Look({ID: state}, {}) for run, state in enumerate(states, 2)}
    assert len(list(audit.denials(taken, looks))) == denied


CHANGES = {
    "nothing": ("UPDATE issues SET state = 'corrected'", 0),
    "subject": ("UPDATE issues SET subject = 'x'", 1),
    "text": ("UPDATE issues SET markdown = markdown || 'x'", 1),
    "page": ("UPDATE issues SET html = ''", 1),
    "picture": ("UPDATE issues SET chart = x'00'", 1),
    "state": ("UPDATE issues SET state = 'draft'", 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_closed_issue_that_changes_is_found(grown: Grown, tmp_path: Path, change: str) -> None:
    home = Path(shutil.copytree(grown.home, tmp_path / "home"))
    statement, found = CHANGES[change]
    with Archive.open(home) as archive:
        before = audit.look(archive)
        sql(statement)(home)
        assert len(list(audit.changed_issues(before, audit.look(archive)))) == found


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda built: (built / "a.html").unlink(), Kind.LOST),
        (lambda built: (built / "b.html").write_text("more"), Kind.WRONG),
        (lambda built: (built / "a.html").write_text("other"), Kind.WRONG),
    ],
    ids=["page gone", "page too many", "page that differs"],
)
def test_a_site_that_is_not_as_one_from_nothing_is_found(
    tmp_path: Path, change: Callable[[Path], object], kind: Kind
) -> None:
    for name in ("built", "anew"):
        (tmp_path / name / ".build").mkdir(parents=True)
        (tmp_path / name / ".build" / "manifest.json").write_text(name)
        (tmp_path / name / "a.html").write_text("page")
    assert list(audit.site_differences(tmp_path / "built", tmp_path / "anew")) == []
    change(tmp_path / "built")
    assert [each.kind for each in audit.site_differences(tmp_path / "built", tmp_path / "anew")] == [kind]
