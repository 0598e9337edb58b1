"""What a restore meets in the field: a database in an odd place, a kill at the worst moment, Ctrl-C."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archive import deliveries
from archive.errors import ArchiveError
from archive.locks import Busy
from archive.records import DeliveryState
from archive.replacing import put_in_place
from archive.store import _WRITER_LOCK
from flows import backing
from flows.owner import server_lock
from flows.settings import Settings
from parsers.records import InputError
from tests.archive_samples import store
from tests.backupkit import WEEK, contents, fill, opened, quiet, rows, settings_for
from tests.databases import PostgreSQL


class Killed(BaseException):
    """Nothing in the program catches this, as nothing catches a kill."""


@pytest.mark.parametrize("where", ["other.db", "db/other.db", ".restore/other.db"])
@pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite:///file:{}?uri=true"])
def test_a_database_inside_the_home_is_refused_before_anything_is_touched(
    where: str, form: str, kept: Settings, tmp_path: Path
) -> None:
    path = backing.back_up(kept, advance=quiet).path
    home = tmp_path / "other"
    (home / where).parent.mkdir(parents=True)
    settings = settings_for(home, form.format(home / where))
    with pytest.raises(InputError, match="MEETINGS_DATABASE_URL"):
        backing.restore(settings, path, replace=True, advance=quiet)
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_the_usual_database_may_be_named_by_its_url(kept: Settings) -> None:
    path = backing.back_up(kept, advance=quiet).path
    before = rows(kept)
    settings = settings_for(kept.home, f"sqlite:///{kept.home}/archive.db")
    report = backing.restore(settings, path, replace=True, advance=quiet)
    assert rows(settings)["articles"] == before["articles"]
    assert len(report.aside) == 1


def test_an_archive_that_lacks_rows_of_the_backup_is_no_success(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backing.back_up(kept, advance=quiet).path
    real = put_in_place

    def lose(home: Path, stamp: str, *, mark: str) -> tuple[str, ...]:
        aside = real(home, stamp, mark=mark)
        (home / "archive.db").unlink()
        return aside

    monkeypatch.setattr(backing, "put_in_place", lose)
    with pytest.raises(ArchiveError, match="holds 0 of"):
        backing.restore(kept, path, replace=True, advance=quiet)


@pytest.mark.parametrize("kind", ["sqlite", "sqlite file elsewhere"])
def test_killed_as_soon_as_the_archive_is_live_its_mail_is_held(
    kind: str, kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backing.back_up(kept, advance=quiet).path
    shutil.rmtree(kept.home)
    settings = settings_for(kept.home, None if kind == "sqlite" else f"sqlite:///{kept.home.parent}/elsewhere.db")

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(backing, "require_whole", kill)
        with pytest.raises(Killed):
            backing.restore(settings, path, advance=quiet)
    with opened(settings) as archive, archive.read() as session:
        [delivery] = deliveries.deliveries(session, WEEK)
    assert (delivery.state, delivery.held) == (DeliveryState.UNKNOWN, True)
    assert "restored" in str(rows(settings)["meta"])


@pytest.mark.parametrize("after", [False, True], ids=["before the move", "after the move"])
@pytest.mark.parametrize("nth", range(1, 9))
def test_ctrl_c_between_two_moves_leaves_all_as_it_was(
    nth: int, after: bool, kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backing.back_up(kept, advance=quiet).path
    before, there, calls, real = rows(kept), contents(kept.home), itertools.count(1), Path.rename

    def rename(self: Path, target: Path) -> Path:
        if (call := next(calls)) == nth and not after:
            raise KeyboardInterrupt
        moved = real(self, target)
        if call == nth:
            raise KeyboardInterrupt
        return moved

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename)
        with pytest.raises(KeyboardInterrupt):
            backing.restore(kept, path, replace=True, advance=quiet)
    assert (rows(kept), contents(kept.home)) == (before, there)


AT = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)


def put_backup(folder: Path, stamp: str, changed: str) -> Path:
    """An empty file under a backup's name, changed on that day."""
    folder.mkdir(exist_ok=True)
    path = folder / f"meetings-{stamp}.tar"
    path.write_bytes(b"")
    when = datetime.fromisoformat(f"{changed}T00:00:00+00:00").timestamp()
    os.utime(path, (when, when))
    return path


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([("20991231T000000Z", "2099-12-31")], id="the clock was ahead"),
        pytest.param([("20991231T000000Z", "2099-12-31"), ("20261121T021500Z", "2026-11-21")], id="and once right"),
        pytest.param([("20991231T000000Z", "2026-11-21")], id="only its name is ahead"),
        pytest.param([("20269999T000000Z", "2026-11-21")], id="its name is no date"),
    ],
)
def test_the_backup_just_made_is_the_newest_and_stays(
    others: list[tuple[str, str]], kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing, "now_utc", lambda: AT)
    there = [put_backup(kept.backup_dir, *each) for each in others]
    report = backing.back_up(kept, keep=1, advance=quiet)
    assert backing.backups(kept.backup_dir) == [report.path]
    assert set(report.dropped) == set(there)


def test_a_backup_made_by_a_clock_that_is_behind_stays(kept: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    there = [put_backup(kept.backup_dir, f"2026112{day}T021500Z", f"2026-11-2{day}") for day in (0, 1)]
    monkeypatch.setattr(backing, "now_utc", lambda: datetime(1970, 1, 2, tzinfo=UTC))
    report = backing.back_up(kept, keep=2, advance=quiet)
    assert backing.backups(kept.backup_dir) == [report.path, there[1]]


def test_a_backup_replaces_no_file(kept: Settings, tmp_path: Path) -> None:
    out = tmp_path / "notes.txt"
    out.write_text("a year's work")
    with pytest.raises(InputError, match="is there already"):
        backing.back_up(kept, out, advance=quiet)
    assert out.read_text() == "a year's work"


def restored_to(server: PostgreSQL, backup: Path, home: Path) -> Settings:
    """An archive in PostgreSQL, with more in it than the backup, which is not restored yet."""
    settings = settings_for(home, server.new_database())
    fill(settings)
    with opened(settings) as archive:
        store(archive, "later")
    assert backup.exists()
    return settings


@pytest.mark.slow
@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
def test_nobody_sees_postgresql_between_the_move_and_the_last_row(
    source: str, tmp_path: Path, pg_programs: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_in = settings_for(tmp_path / "source", None if source == "sqlite" else pg_programs.new_database())
    fill(made_in)
    path = backing.back_up(made_in, advance=quiet).path
    settings = restored_to(pg_programs, path, tmp_path / "home")
    before, there, real, refused = rows(settings), contents(settings.home), put_in_place, []

    def come_in_and_die(*_: object, **__: object) -> None:
        # what another process meets: no writer comes in, and nothing of the restore is to be seen
        engine = create_engine(settings.archive_url or "")
        with engine.connect() as other:
            assert other.scalar(text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'before_restore%'")) == 0
            refused.append(other.scalar(text(f"SELECT pg_try_advisory_xact_lock({_WRITER_LOCK})")))
        engine.dispose()
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(backing, "put_in_place", come_in_and_die)
        with pytest.raises(Killed):
            backing.restore(settings, path, replace=True, advance=quiet)
    assert refused == [False]
    assert (rows(settings), contents(settings.home)) == (before, there)

    monkeypatch.setattr(backing, "put_in_place", real)
    monkeypatch.setattr(backing, "require_whole", lambda *_: (_ for _ in ()).throw(Killed()))
    with pytest.raises(Killed):
        backing.restore(settings, path, replace=True, advance=quiet)
    with opened(settings) as archive, archive.read() as session:
        [delivery] = deliveries.deliveries(session, WEEK)
    assert (delivery.state, delivery.held) == (DeliveryState.UNKNOWN, True)
    assert len(rows(settings)["articles"]) == 3


def test_under_a_server_that_runs_nothing_is_replaced(kept: Settings) -> None:
    path = backing.back_up(kept, advance=quiet).path
    lock = server_lock(kept.home)
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Busy, match="meetings serve"):
            backing.restore(kept, path, replace=True, advance=quiet)
    assert not (kept.home / "set-aside").exists()
    backing.restore(kept, path, replace=True, advance=quiet)


@pytest.mark.parametrize("database", ["", "sqlite:///{}/elsewhere.db"], ids=["home", "elsewhere"])
def test_two_restores_within_a_second_keep_aside_what_each_replaced(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(tmp_path / "home", database.format(tmp_path) or None)
    fill(settings)
    path = backing.back_up(settings, advance=quiet).path
    clock = (AT.replace(microsecond=each) for each in itertools.count())
    monkeypatch.setattr(backing, "now_utc", lambda: next(clock))
    places = [place for _ in "12" for place in backing.restore(settings, path, replace=True, advance=quiet).aside]
    assert len(set(places)) == len(places) == (4 if database else 2)
    assert all(Path(place).exists() for place in places)
