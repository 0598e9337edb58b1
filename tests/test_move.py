"""An archive into another database: all of it or nothing, whichever way, and nobody writes to the old one again."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from archive import backfills, transfer
from archive.errors import ArchiveError
from archive.locks import Busy
from archive.records import Chunk, InputKind
from flows import moving
from flows.moving import move
from flows.opening import existing_archive, open_archive
from flows.owner import server_lock
from flows.settings import Settings
from flows.verifying import verify
from parsers.records import InputError
from tests.archive_samples import store
from tests.backupkit import contents, fill, ingest_under_way, opened, quiet, rows, settings_for
from tests.commandline import Meetings
from tests.databases import PostgreSQL


def told_by(settings: Settings) -> dict[str, str]:
    """What an archive that is in use holds, whatever the database."""
    with existing_archive(settings) as archive, archive.read() as s:
        return transfer.contents(s, quiet)


def place(kind: str, folder: Path, request: pytest.FixtureRequest) -> str | None:
    """The URL of a database that holds nothing."""
    if kind == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        return server.new_database()
    return None if kind == "home" else f"sqlite:///{folder}/elsewhere.db"


def url_of(home: Path, url: str | None) -> str:
    return url or f"sqlite:///{home}/archive.db"


@pytest.mark.parametrize(
    ("kind", "to_kind"),
    [
        pytest.param("home", "postgresql", marks=pytest.mark.slow),
        pytest.param("postgresql", "home", marks=pytest.mark.slow),
        pytest.param("postgresql", "postgresql", marks=pytest.mark.slow),
        ("home", "file"),
        ("file", "home"),
    ],
)
def test_all_is_there_and_goes_on(kind: str, to_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    home = tmp_path / "home"
    settings = settings_for(home, place(kind, tmp_path, request))
    to = place(to_kind, tmp_path, request)
    fill(settings)
    before, there = told_by(settings), contents(home)

    report = move(settings, url_of(home, to), advance=quiet)

    moved = settings_for(home, to)
    assert told_by(moved) == before
    assert contents(home) == there
    assert report.counts["articles"] == 3
    assert (report.to is None) == (to is None)
    assert verify(moved, quiet) == []
    with existing_archive(moved) as archive:
        assert store(archive, "the next").number == 4
    with pytest.raises(InputError, match="was moved to"):
        existing_archive(settings)


def test_the_command_says_what_to_set_and_shows_no_password(
    meetings: Meetings, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(settings_for(meetings.home, None))
    url = postgresql.new_database()
    secret = make_url(url).set(password="s3cret").render_as_string(hide_password=False)
    moved = meetings("move", "--to", secret)
    assert (moved.code, moved.err) == (0, "")
    assert "3 articles, 2 meetings and 1 issue moved; " in moved.out
    assert f"set MEETINGS_DATABASE_URL to {make_url(secret).render_as_string()}\n" in moved.out
    assert "s3cret" not in moved.out
    refused = meetings("run")
    assert refused.code == 2
    assert "let MEETINGS_DATABASE_URL name the new one" in refused.err
    monkeypatch.setenv("MEETINGS_DATABASE_URL", url)
    assert meetings("verify").code == 0
    back = meetings("move", "--to", f"sqlite:///{meetings.home}/archive.db")
    assert back.code == 1
    assert "holds something already" in back.err
    (meetings.home / "archive.db").rename(meetings.home.parent / "old.db")
    back = meetings("move", "--to", f"sqlite:///{meetings.home}/archive.db")
    assert (back.code, back.err) == (0, "")
    assert "Now unset MEETINGS_DATABASE_URL." in back.out
    monkeypatch.delenv("MEETINGS_DATABASE_URL")
    assert meetings("verify").code == 0


def test_an_empty_database_is_not_taken_for_the_one_that_was_moved_to(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "home", None)
    fill(settings)
    move(settings, f"sqlite:///{tmp_path}/right.db", advance=quiet)
    with pytest.raises(InputError, match=r"wrong\.db is empty, and .*archive\.db was moved to .*right\.db"):
        open_archive(settings_for(settings.home, f"sqlite:///{tmp_path}/wrong.db"))
    with open_archive(settings_for(settings.home, f"sqlite:///{tmp_path}/right.db")):
        pass


def test_progress_ends_where_the_work_does(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "home", None)
    fill(settings)
    steps: list[int] = []
    move(settings, f"sqlite:///{tmp_path}/elsewhere.db", advance=lambda _table, total: steps.append(total))
    assert set(steps) == {steps[0]}
    assert steps[0] - 3 <= len(steps) <= steps[0]


@pytest.mark.parametrize(
    ("to", "words"),
    [
        pytest.param("mysql://db/meetings", "which is not supported", id="another kind"),
        pytest.param("bananas", "cannot be read", id="no URL"),
        pytest.param("sqlite:///{home}/archive.db", "is there already", id="where it is"),
        pytest.param("sqlite://", "ends with this command", id="in memory"),
        pytest.param("sqlite:///:memory:", "ends with this command", id="in memory, by name"),
        pytest.param("sqlite:///file:x?mode=memory&uri=true", "ends with this command", id="in memory, by URI"),
        pytest.param("sqlite:///{home}/other.db", "lies in the home folder", id="in the home folder"),
        pytest.param("sqlite:///{home}/../nowhere/other.db", "No such file or directory", id="no such folder"),
        pytest.param("postgresql+psycopg://u:s3cret@127.0.0.1:9/x", "the connection broke", id="nobody there"),
    ],
)
def test_what_cannot_be_moved_to_is_told(to: str, words: str, kept: Settings) -> None:
    before = told_by(kept)
    with pytest.raises((InputError, ArchiveError), match=words) as caught:
        move(kept, to.format(home=kept.home), advance=quiet)
    assert "s3cret" not in str(caught.value)
    assert told_by(kept) == before


def test_there_must_be_an_archive(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no archive"):
        move(settings_for(tmp_path / "home", None), f"sqlite:///{tmp_path}/other.db", advance=quiet)


def test_a_database_that_holds_anything_is_left_alone(kept: Settings, database: str | None, tmp_path: Path) -> None:
    url = database or f"sqlite:///{tmp_path}/other.db"
    other = settings_for(tmp_path / "another", url)
    with opened(other) as archive:
        store(archive, "theirs")
    before, theirs = told_by(kept), told_by(other)
    with pytest.raises(ArchiveError, match="holds something already"):
        move(kept, url, advance=quiet)
    assert (told_by(kept), told_by(other)) == (before, theirs)


def test_not_while_a_run_is_under_way(database: str | None, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "home", database)
    fill(settings)
    other = f"sqlite:///{tmp_path}/other.db"
    with ingest_under_way(settings), pytest.raises(Busy, match=r"holds “ingest” there; .* then move"):
        move(settings, other, advance=quiet)
    move(settings, other, advance=quiet)
    assert rows(settings_for(tmp_path / "home", other))["locks"] == []


def test_not_while_a_chunk_of_a_backfill_is_read(kept: Settings, tmp_path: Path) -> None:
    other, now = f"sqlite:///{tmp_path}/other.db", datetime.now(UTC)
    with opened(kept) as archive, archive.write() as s:
        id_ = backfills.begin(s, [Chunk("/a.warc", InputKind.WARC, 0, 9)], rules_version="1", now=now)
        claim = backfills.claim(s, id_, owner="elsewhere:1", now=now, is_gone=lambda _: False)
    assert claim is not None
    with pytest.raises(Busy, match=r"A backfill is under way there; .* then move"):
        move(kept, other, advance=quiet)
    with opened(kept) as archive, archive.write() as s:
        backfills.give_back(s, claim)
    move(kept, other, advance=quiet)


def test_not_while_it_is_served(kept: Settings, tmp_path: Path) -> None:
    path = server_lock(kept.home)
    path.parent.mkdir()
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Busy, match=r"`meetings serve` is running .* then move"):
            move(kept, f"sqlite:///{tmp_path}/other.db", advance=quiet)


def lose_a_word(given: dict[str, str]) -> dict[str, str]:
    return given | {"articles": "another"}


def fail(_: dict[str, str]) -> dict[str, str]:
    raise ArchiveError("the disk is full")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(lose_a_word, "does not give back what it was given", id="a row that is not the same"),
        pytest.param(fail, "the disk is full", id="a disk that is full"),
    ],
)
def test_one_that_fails_changes_nothing(
    spoil: Callable[[dict[str, str]], dict[str, str]],
    words: str,
    kept: Settings,
    database: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, real, before = database or f"sqlite:///{tmp_path}/other.db", transfer.contents, told_by(kept)
    told = iter([lambda found: found, spoil])
    with monkeypatch.context() as patched:
        patched.setattr(moving, "contents", lambda *given: next(told)(real(*given)))
        with pytest.raises(ArchiveError, match=words):
            move(kept, url, advance=quiet)
    assert told_by(kept) == before
    move(kept, url, advance=quiet)
    assert len(rows(settings_for(kept.home, url))["articles"]) == 3


KILLED = """
import itertools, os, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.orm import Session
from flows.moving import move
from flows.settings import load_settings
commits = itertools.count()
def struck(_):
    if next(commits) == int(sys.argv[2]): os.kill(os.getpid(), 9)
moves = itertools.count()
def advance(what, total):
    if next(moves) == int(sys.argv[3]): os.kill(os.getpid(), 9)
event.listen(Session, "after_commit", struck)
move(load_settings(Path(sys.argv[1])), os.environ["TO"], advance=advance)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("commit", "table", "whole"),
    [
        pytest.param(-1, 9, False, id="in the middle of copying"),
        pytest.param(0, -1, True, id="between the two databases"),
        pytest.param(1, -1, True, id="at its end"),
    ],
)
def test_killed_there_is_one_archive_in_use(
    commit: int, table: int, whole: bool, kept: Settings, tmp_path: Path
) -> None:
    url, before = f"sqlite:///{tmp_path}/other.db", told_by(kept)
    env = {**os.environ, "TO": url}
    command = [sys.executable, "-c", KILLED, str(kept.home), str(commit), str(table)]
    killed = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert killed.returncode == -9, killed.stderr
    copy = settings_for(kept.home, url)
    if commit == 1:
        with pytest.raises(InputError, match="was moved to"):
            existing_archive(kept)
        assert told_by(copy) == before
        return
    with existing_archive(kept):
        assert told_by(kept) == before
    if whole:
        with pytest.raises(ArchiveError, match="holds something already"):
            move(kept, url, advance=quiet)
        (tmp_path / "other.db").unlink()
    move(kept, url, advance=quiet)
    assert told_by(copy) == before
