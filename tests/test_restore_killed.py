"""A restore that is killed, at a named step, in a real process: the next command finds all of it or nothing of it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive import files
from archive.errors import ArchiveError
from archive.files import project_articles
from archive.locks import Busy
from archive.replacing import NOTE, put_in_place, restoring
from archive.restoring import SET_ASIDE, STAGING
from bench.killing import Job, Launcher
from flows import backing
from flows.opening import open_archive
from flows.settings import Settings
from flows.verifying import verify
from tests.archive_samples import store
from tests.backupkit import contents, fill, opened, quiet, rows, settings_for
from tests.commandline import Meetings


@dataclass(frozen=True)
class Place:
    """Where a backup of three articles is to be restored over an archive of four."""

    meetings: Meetings
    settings: Settings
    backup: Path
    launcher: Launcher

    def killed(self, step: str) -> None:
        """A restore in a process of its own that dies there."""
        url = self.settings.archive_url
        env = {"MEETINGS_HOME": str(self.settings.home), **({"MEETINGS_DATABASE_URL": url} if url else {})}
        words = "restore", str(self.backup), "--replace"
        assert self.launcher.run(Job(words, env, self.backup.with_name("log"), step=step)).killed

    def articles(self) -> set[int]:
        """How many there are by the database, and how many by the files."""
        files = [name for name in contents(self.settings.home) if name.startswith("articles/")]
        return {len(rows(self.settings)["articles"]), len(files)}


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as started:
        yield started


@pytest.fixture(params=["home", "elsewhere", pytest.param("postgresql", marks=pytest.mark.slow)])
def place(
    request: pytest.FixtureRequest,
    meetings: Meetings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    launcher: Launcher,
) -> Place:
    """With the database in the home folder, in a SQLite file elsewhere, and in PostgreSQL."""
    source = settings_for(tmp_path / "source", None)
    fill(source)
    backup = backing.back_up(source, advance=quiet).path
    url = f"sqlite:///{tmp_path}/elsewhere.db" if request.param == "elsewhere" else None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    if url:
        monkeypatch.setenv("MEETINGS_DATABASE_URL", url)
    settings = settings_for(meetings.home, url)
    fill(settings)
    with opened(settings) as archive:
        store(archive, "later")
        project_articles(archive)
    return Place(meetings, settings, backup, launcher)


BEFORE, AFTER = {4}, {3}
STEPS = {
    "archive.files:write_atomically after": BEFORE,
    "pathlib:Path.rename after 3": BEFORE,
    "pathlib:Path.rename after 6": BEFORE,
    "archive.replacing:conclude before 2": AFTER,
}


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_killed_anywhere_the_next_command_finds_one_archive(place: Place, step: str) -> None:
    place.killed(step)
    assert place.meetings("verify").code == 0
    assert place.articles() == STEPS[step]
    home = place.settings.home
    assert not (home / STAGING / NOTE).exists()
    assert (home / SET_ASIDE).exists() is (STEPS[step] == AFTER)
    assert place.meetings("restore", str(place.backup), "--replace").code == 0
    assert place.articles() == AFTER
    assert not (home / STAGING).exists()


@pytest.mark.slow
def test_killed_between_the_last_move_and_the_commit(place: Place) -> None:
    """In SQLite the last move is the commit."""
    place.killed("archive.replacing:put_in_place after")
    assert (place.settings.home / STAGING / NOTE).exists()
    in_server = (place.settings.archive_url or "").startswith("postgresql")
    if in_server:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("MEETINGS_DATABASE_URL")
            ran = place.meetings("status")
        assert (ran.code, "set MEETINGS_DATABASE_URL to that database again" in ran.err) == (2, True)
    assert verify(place.settings, quiet) == []
    assert place.articles() == (BEFORE if in_server else AFTER)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_commit_that_fails_takes_the_files_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*given: object, **facts: object) -> None:
        put_in_place(*given, **facts)  # type: ignore[arg-type]  # as it was called
        raise ArchiveError("the connection broke")

    before = rows(place.settings), contents(place.settings.home)
    monkeypatch.setattr(backing, "put_in_place", lose)
    with pytest.raises(ArchiveError, match="the connection broke"):
        backing.restore(place.settings, place.backup, replace=True, advance=quiet)
    assert (rows(place.settings), contents(place.settings.home)) == before
    assert place.articles() == BEFORE


def test_while_a_restore_is_under_way_nobody_comes_into_the_home(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "home", None)
    fill(settings)
    backup = backing.back_up(settings, advance=quiet).path
    before = contents(settings.home)
    with restoring(settings.home):
        with pytest.raises(Busy, match="A restore is under way"):
            backing.restore(settings, backup, replace=True, advance=quiet)
        (settings.home / STAGING).mkdir()
        (settings.home / STAGING / NOTE).write_text("{}")
        with pytest.raises(Busy, match="A restore is under way"):
            open_archive(settings)
    assert contents(settings.home) == before


@pytest.mark.parametrize(
    ("database", "interrupted", "clears"),
    [
        pytest.param("", (3,), False, id="while it clears up"),
        pytest.param("", (3, 4), True, id="while it takes the moves back"),
        pytest.param("sqlite:///{}/elsewhere.db", (4, 5), True, id="while it takes them back, the database elsewhere"),
    ],
)
def test_ctrl_c_twice_costs_nothing_of_the_home(
    database: str, interrupted: tuple[int, ...], clears: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(tmp_path / "home", database.format(tmp_path) or None)
    fill(settings)
    backup = backing.back_up(settings, advance=quiet).path
    (settings.home / "raw" / "later").write_bytes(b"in no backup")
    before, calls, real = (rows(settings), contents(settings.home)), itertools.count(1), Path.rename

    def rename(self: Path, target: Path) -> Path:
        if next(calls) in interrupted:
            raise KeyboardInterrupt
        return real(self, target)

    def clear_half(folder: Path) -> None:
        if folder.exists():
            shutil.rmtree(folder / "raw")
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename)
        if not clears:
            patched.setattr(files, "clear", clear_half)
        with pytest.raises(KeyboardInterrupt):
            backing.restore(settings, backup, replace=True, advance=quiet)
    open_archive(settings).close()
    assert (rows(settings), contents(settings.home)) == before


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"aside": [], "new": [], "mark": "", "server": "", "more": 1}'])
def test_a_note_that_cannot_be_read_is_named_and_left(text: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "home", None)
    note = settings.home / STAGING / NOTE
    note.parent.mkdir(parents=True)
    note.write_text(text)
    with pytest.raises(
        ArchiveError, match=r"moves\.json, the note of a restore that was cut off, is damaged or of another"
    ):
        open_archive(settings)
    assert note.read_text() == text
