"""The way back from a backup: whole or not at all, and nothing that was there is lost."""

from __future__ import annotations

import errno
import io
import itertools
import json
import shutil
import tarfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archive import deliveries
from archive.errors import ArchiveError
from archive.records import DeliveryState
from archive.restoring import SET_ASIDE, STAGING
from archive.store import Archive
from flows import backing, issuing
from flows.delivering import plan_all
from flows.settings import Settings
from parsers.records import InputError
from reports.recipients import Recipient
from reports.week import parse_week
from tests.archive_samples import store
from tests.backupkit import (
    FOLDERS,
    READER,
    WEEK,
    contents,
    fill,
    ingest_under_way,
    opened,
    quiet,
    rows,
    settings_for,
)  # fmt: skip
from tests.commandline import Meetings
from tests.databases import PostgreSQL
from tests.issuekit import CLOSED_AT


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """The backup with other members; `change` gets them by name, in their order."""
    with tarfile.open(path) as tar:
        members = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    change(members)
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def article_in(members: dict[str, bytes]) -> str:
    return next(name for name in members if name.startswith("articles/"))


def flip(members: dict[str, bytes]) -> None:
    name = article_in(members)
    members[name] = members[name].replace(b"Title", b"Totle")


def lose(members: dict[str, bytes]) -> None:
    del members[article_in(members)]


def add(members: dict[str, bytes]) -> None:
    members["articles/2024/more.txt"] = b"more"


def spoil_manifest(members: dict[str, bytes]) -> None:
    members["manifest.json"] = members["manifest.json"][:50]


def told(**facts: object) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps({**json.loads(members["manifest.json"]), **facts}).encode()

    return change


def lead_out(members: dict[str, bytes]) -> None:
    name = "articles/../../out.txt"
    manifest = json.loads(members["manifest.json"])
    manifest["members"].append({"path": name, "size": 3, "sha256": "0" * 64})
    members["manifest.json"], members[name] = json.dumps(manifest).encode(), b"out"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(flip, "is not what was backed up", id="a byte changed"),
        pytest.param(lose, "is missing in it", id="a file missing"),
        pytest.param(add, "of which its manifest does not know", id="a file too many"),
        pytest.param(spoil_manifest, "its manifest.json cannot be read", id="manifest damaged"),
        pytest.param(told(members=None), "its manifest.json cannot be read", id="manifest without members"),
        pytest.param(told(format=2), "newer version of this program", id="newer format"),
        pytest.param(told(schema="9999"), "newer version of this program", id="newer schema"),
        pytest.param(lead_out, "no place in a home folder", id="a path that leads out"),
        pytest.param(lambda members: members.pop("manifest.json"), "is no backup of this program", id="no manifest"),
    ],
)
def test_of_a_backup_that_is_not_whole_nothing_is_put_in_place(
    change: Callable[[dict[str, bytes]], None], words: str, kept: Settings
) -> None:
    path = backing.back_up(kept, advance=quiet).path
    rewritten(path, change)
    before = contents(kept.home)
    with pytest.raises((ArchiveError, InputError)) as caught:
        backing.restore(kept, path, replace=True, advance=quiet)
    assert words in str(caught.value)
    assert contents(kept.home) == before
    assert sorted(path.name for path in kept.home.iterdir()) == ["archive.db", *sorted(FOLDERS)]
    assert not (kept.home.parent / "out.txt").exists()


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_backup_cut_short_is_refused(part: float, kept: Settings) -> None:
    path = backing.back_up(kept, advance=quiet).path
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(ArchiveError, match="is damaged"):
        backing.restore(kept, path, replace=True, advance=quiet)
    assert rows(kept)["articles"]


def test_a_home_in_use_is_replaced_only_when_told_to_and_kept_aside(meetings: Meetings) -> None:
    settings = settings_for(meetings.home, None)
    fill(settings)
    assert meetings("backup").code == 0
    before = contents(meetings.home)
    with Archive.open(meetings.home) as archive:
        store(archive, "later")
    refused = meetings("restore")
    assert refused.code == 2
    assert "--replace" in refused.err
    restored = meetings("restore", "--replace")
    assert restored.code == 0
    [aside] = (meetings.home / SET_ASIDE).iterdir()
    assert str(aside) in restored.out
    assert contents(meetings.home) == before
    assert len(rows(settings)["articles"]) == 3
    assert len(rows(settings_for(aside, None))["articles"]) == 4


def test_what_a_run_under_way_uses_is_not_replaced(database: str | None, tmp_path: Path, kept: Settings) -> None:
    path = backing.back_up(kept, advance=quiet).path
    settings = settings_for(tmp_path / "other", database)
    fill(settings)
    with ingest_under_way(settings), pytest.raises(Exception, match="holds “ingest” there"):
        backing.restore(settings, path, replace=True, advance=quiet)


def test_the_locks_of_the_run_during_which_it_was_taken_are_gone(kept: Settings) -> None:
    with ingest_under_way(kept):
        backing.back_up(kept, advance=quiet)
    shutil.rmtree(kept.home)
    backing.restore(kept, advance=quiet)
    assert rows(kept)["locks"] == []


def test_tables_that_are_replaced_move_to_a_schema_of_their_own(kept: Settings, postgresql: PostgreSQL) -> None:
    path = backing.back_up(kept, advance=quiet).path
    url = postgresql.new_database()
    settings = settings_for(kept.home.parent / "other", url)
    fill(settings)
    with Archive.open(settings.home, url) as archive:
        store(archive, "later")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (x integer)"))
    with pytest.raises(InputError, match="--replace"):
        backing.restore(settings, path, advance=quiet)
    report = backing.restore(settings, path, replace=True, advance=quiet)
    schema = next(place for place in report.aside if place.startswith("schema ")).removeprefix("schema ")
    with engine.connect() as connection:
        counts = [
            connection.execute(text(f'SELECT count(*) FROM "{where}".articles')).scalar_one()  # noqa: S608
            for where in (schema, "public")
        ]
        assert connection.execute(text("SELECT count(*) FROM public.theirs")).scalar_one() == 0
    engine.dispose()
    assert counts == [4, 3]


@pytest.mark.parametrize("kind", ["sqlite", "sqlite file elsewhere", "postgresql"])
def test_a_restore_that_fails_leaves_all_as_it_was(
    kind: str, kept: Settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backing.back_up(kept, advance=quiet).path
    other = kept.home.parent / "other"
    url = None if kind == "sqlite" else f"sqlite:///{kept.home.parent}/elsewhere.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    settings = settings_for(other, url)
    fill(settings)
    with Archive.open(other, url) as archive:
        store(archive, "later")
    before, there = rows(settings), contents(other)

    def fail(*_: object, **__: object) -> None:
        raise ArchiveError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(backing, "put_in_place", fail)
        with pytest.raises(ArchiveError, match="the disk is full"):
            backing.restore(settings, path, replace=True, advance=quiet)
    assert (rows(settings), contents(other)) == (before, there)
    backing.restore(settings, path, replace=True, advance=quiet)
    assert len(rows(settings)["articles"]) == 3


@pytest.mark.parametrize("nth", range(1, 9))
def test_a_move_that_fails_is_taken_back_with_those_before_it(
    nth: int, kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backing.back_up(kept, advance=quiet).path
    before, there, calls, real = rows(kept), contents(kept.home), itertools.count(1), Path.rename

    def rename(self: Path, target: Path) -> Path:
        if next(calls) == nth:
            raise OSError(errno.EIO, "Input/output error")
        return real(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename)
        with pytest.raises(ArchiveError, match="check the disk"):
            backing.restore(kept, path, replace=True, advance=quiet)
    assert (rows(kept), contents(kept.home)) == (before, there)


def test_what_a_killed_backup_or_restore_left_is_no_hindrance(kept: Settings) -> None:
    left = kept.backup_dir / ".backup.part"
    left.mkdir(parents=True)
    (left / "database").write_bytes(b"half")
    (left / "database-wal").write_bytes(b"half")
    backing.back_up(kept, advance=quiet)
    assert not left.exists()
    shutil.rmtree(kept.home)
    (kept.home / STAGING).mkdir(parents=True)
    (kept.home / STAGING / "archive.db").write_bytes(b"half")
    backing.restore(kept, advance=quiet)
    assert len(rows(kept)["articles"]) == 3


def test_an_archive_that_cannot_be_opened_any_more_is_replaced(kept: Settings) -> None:
    backing.back_up(kept, advance=quiet)
    (kept.home / "archive.db").write_bytes(b"no database" * 1000)
    backing.restore(kept, replace=True, advance=quiet)
    assert len(rows(kept)["articles"]) == 3


def test_a_backup_of_postgresql_is_not_for_sqlite(tmp_path: Path, pg_programs: PostgreSQL) -> None:
    settings = settings_for(tmp_path / "home", pg_programs.new_database())
    fill(settings)
    backing.back_up(settings, advance=quiet)
    for url in (None, f"sqlite:///{tmp_path}/elsewhere.db"):
        with pytest.raises(InputError, match="set MEETINGS_DATABASE_URL"):
            backing.restore(settings_for(tmp_path / "other", url), advance=quiet)
        assert not list((tmp_path / "other").iterdir())


@pytest.mark.parametrize(
    ("closed_at", "held"),
    [
        pytest.param("2024-12-20", True, id="a week over before the restore"),
        pytest.param("2024-12-11", False, id="a week that went on after it"),
    ],
)
def test_what_may_have_been_mailed_after_the_backup_waits_for_a_person(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, closed_at: str, held: bool
) -> None:
    made = backing.back_up(kept, advance=quiet)
    shutil.rmtree(kept.home)
    monkeypatch.setattr(backing, "now_utc", lambda: datetime.fromisoformat(f"{closed_at}T03:00:00+00:00"))
    backing.restore(kept, made.path, advance=quiet)
    with opened(kept) as archive:
        issue = issuing.compose(kept, archive, (), parse_week(WEEK))
        with archive.write() as session:
            plan_all(kept, session, issue, [Recipient("late@example.org")], now=CLOSED_AT)
        with archive.read() as session:
            open_before, later = deliveries.deliveries(session, WEEK)
    if open_before.recipient != READER:
        open_before, later = later, open_before
    assert (open_before.state, open_before.held) == (DeliveryState.UNKNOWN, True)
    assert (later.state is DeliveryState.UNKNOWN, later.held) == (held, held)
