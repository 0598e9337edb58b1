"""Back up, lose everything, restore: the same archive, the same digests, in either database."""

from __future__ import annotations

import errno
import io
import itertools
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archive import backup, pgtools
from archive.errors import ArchiveError
from archive.restoring import SET_ASIDE, STAGING
from archive.store import Archive
from flows import backing
from flows.settings import Settings
from parsers.records import InputError
from tests.archive_samples import everything, store
from tests.backup_samples import WEEK, fill, ingest_under_way, opened, settings_for
from tests.commandline import Meetings
from tests.databases import PostgreSQL

FOLDERS = ("articles", "raw", "issues")


def quiet(what: str, total: int) -> None:
    del what, total


def files(home: Path) -> dict[str, bytes]:
    """All that a backup holds of a home folder, by path."""
    found = (path for folder in FOLDERS for path in (home / folder).rglob("*") if path.is_file())
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in found}


def rows(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with opened(settings) as archive:
        return everything(archive)


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    """A filled home on SQLite."""
    settings = settings_for(tmp_path / "home", None)
    fill(settings)
    return settings


@pytest.fixture
def pg_programs(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> PostgreSQL:
    """The server with its own programs first on the PATH."""
    monkeypatch.setenv("PATH", f"{postgresql.bin}{os.pathsep}{os.environ['PATH']}")
    return postgresql


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("sqlite", "sqlite", id="sqlite"),
        pytest.param("sqlite", "postgresql", id="sqlite to postgresql", marks=pytest.mark.slow),
        pytest.param("postgresql", "postgresql", id="postgresql", marks=pytest.mark.slow),
    ],
)
def test_what_was_lost_comes_back_with_the_same_digests(
    before: str, after: str, meetings: Meetings, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def use(kind: str) -> Settings:
        server = request.getfixturevalue("pg_programs") if kind == "postgresql" else None
        url = server.new_database() if server else None
        if url:
            monkeypatch.setenv("MEETINGS_DATABASE_URL", url)
        return settings_for(meetings.home, url)

    settings = use(before)
    fill(settings)
    assert meetings("verify").out == "All is as it should be.\n"
    said, exported, remembered = files(meetings.home), meetings("export").out, rows(settings)
    assert len([name for name in said if name.startswith(f"issues/{WEEK}/")]) >= 4
    assert exported.count("\n") == 2

    made = meetings("backup")
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("3 articles, 2 meetings and 1 issue backed up")
    shutil.rmtree(meetings.home)
    settings = use(after)
    restored = meetings("restore")
    assert (restored.code, restored.err) == (0, "")
    assert restored.out.startswith("3 articles, 2 meetings and 1 issue restored")

    checked = meetings("verify")
    assert (checked.code, checked.out, checked.err) == (0, "All is as it should be.\n", "")
    assert files(meetings.home) == said
    assert meetings("export").out == exported
    assert meetings.home.stat().st_mode & 0o777 == 0o700
    assert not (meetings.home / STAGING).exists()
    if before == after:
        assert rows(settings) == remembered
    shutil.rmtree(meetings.home / "issues")
    assert meetings("digest", "--week", WEEK).code == 0
    assert files(meetings.home) == said
    with opened(settings) as archive:
        assert store(archive, "four").number == 4


def test_a_backup_is_private_and_named_by_its_moment(kept: Settings) -> None:
    first, second = (backing.back_up(kept, advance=quiet) for _ in range(2))
    assert first.path.stat().st_mode & 0o777 == 0o600
    assert kept.backup_dir.stat().st_mode & 0o777 == 0o700
    assert backing.backups(kept.backup_dir) == [second.path, first.path]
    assert sorted(kept.backup_dir.iterdir()) == sorted((first.path, second.path))


def test_the_manifest_comes_first_and_says_what_the_rest_is(kept: Settings) -> None:
    report = backing.back_up(kept, advance=quiet)
    with tarfile.open(report.path) as tar:
        names = tar.getnames()
        told = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert names == ["manifest.json", *(member["path"] for member in told["members"])]
    assert (told["format"], told["database"], told["counts"]["articles"]) == (1, "sqlite", 3)
    assert set(names) == {"manifest.json", "archive.db", *files(kept.home)}


def test_keep_deletes_the_oldest_alone_and_nothing_of_others(kept: Settings) -> None:
    kept.backup_dir.mkdir()
    old = [kept.backup_dir / f"meetings-2024010{number}T000000Z.tar" for number in (1, 2, 3)]
    foreign = kept.backup_dir / "holiday.tar"
    for path in (*old, foreign):
        path.write_bytes(b"")
    report = backing.back_up(kept, keep=2, advance=quiet)
    assert backing.backups(kept.backup_dir) == [report.path, old[2]]
    assert report.dropped == (old[1], old[0])
    assert foreign.exists()


def test_of_a_raw_file_that_grows_the_whole_records_are_taken(kept: Settings) -> None:
    [raw] = (kept.home / "raw").iterdir()
    whole = raw.read_bytes()
    raw.write_bytes(whole + whole[:200])
    backing.back_up(kept, advance=quiet)
    shutil.rmtree(kept.home)
    backing.restore(kept, advance=quiet)
    assert raw.read_bytes() == whole


def test_files_written_while_the_backup_is_taken_do_no_harm(
    meetings: Meetings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(meetings.home, None)
    fill(settings)
    real = backup._snapshot

    def slow(archive: Archive, out: Path) -> tuple[str, str, dict[str, int]]:
        taken = real(archive, out)
        (meetings.home / "articles" / "2099").mkdir()
        (meetings.home / "articles" / "2099" / "099_0123456789abcdef.txt").write_text("after the snapshot")
        next((meetings.home / "articles" / "2023").iterdir()).unlink()
        return taken

    monkeypatch.setattr(backup, "_snapshot", slow)
    assert meetings("backup").code == 0
    shutil.rmtree(meetings.home)
    assert meetings("restore").code == 0
    assert meetings("verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["backup", "--to", "home/x.tar"], "lies in the home folder", id="into the home"),
        pytest.param(["backup", "--to", "x.tar", "--keep", "2"], "leave out --to", id="keep elsewhere"),
        pytest.param(["restore"], "there is no backup in backups", id="nothing to restore"),
        pytest.param(["restore", "none.tar"], "none.tar cannot be read", id="no such backup"),
        pytest.param(["restore", "sources.toml"], "is no backup of this program", id="no backup at all"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(arguments: list[str], words: str, meetings: Meetings) -> None:
    if arguments[0] == "backup":
        assert meetings("import", Path(__file__).parent.parent / "seeds").code == 0
    ended = meetings(*arguments)
    assert ended.code == 2
    assert words in ended.err
    assert ended.err.count("\n") == 1


def test_a_damaged_database_takes_no_good_backups_place(kept: Settings) -> None:
    good = backing.back_up(kept, advance=quiet).path
    database = kept.home / "archive.db"
    data = bytearray(database.read_bytes())
    # the b-tree pages behind the first ones, which opening reads
    data[20 * 4096 :] = b"\xff" * len(data[20 * 4096 :])
    database.write_bytes(data)
    with pytest.raises(ArchiveError, match="damaged"):
        backing.back_up(kept, keep=1, advance=quiet)
    assert backing.backups(kept.backup_dir) == [good]
    assert list(kept.backup_dir.iterdir()) == [good]


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
    before = files(kept.home)
    with pytest.raises((ArchiveError, InputError)) as caught:
        backing.restore(kept, path, replace=True, advance=quiet)
    assert words in str(caught.value)
    assert files(kept.home) == before
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
    before = files(meetings.home)
    with Archive.open(meetings.home) as archive:
        store(archive, "later")
    refused = meetings("restore")
    assert refused.code == 2
    assert "--replace" in refused.err
    restored = meetings("restore", "--replace")
    assert restored.code == 0
    [aside] = (meetings.home / SET_ASIDE).iterdir()
    assert str(aside) in restored.out
    assert files(meetings.home) == before
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
    before, there = rows(settings), files(other)

    def fail(home: Path, stamp: str) -> None:
        raise ArchiveError(f"{home} {stamp}: the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(backing, "put_in_place", fail)
        with pytest.raises(ArchiveError, match="the disk is full"):
            backing.restore(settings, path, replace=True, advance=quiet)
    assert (rows(settings), files(other)) == (before, there)
    backing.restore(settings, path, replace=True, advance=quiet)
    assert len(rows(settings)["articles"]) == 3


@pytest.mark.parametrize("nth", range(1, 9))
def test_a_move_that_fails_is_taken_back_with_those_before_it(
    nth: int, kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backing.back_up(kept, advance=quiet).path
    before, there, calls, real = rows(kept), files(kept.home), itertools.count(1), Path.rename

    def rename(self: Path, target: Path) -> Path:
        if next(calls) == nth:
            raise OSError(errno.EIO, "Input/output error")
        return real(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename)
        with pytest.raises(ArchiveError, match="Input/output error"):
            backing.restore(kept, path, replace=True, advance=quiet)
    assert (rows(kept), files(kept.home)) == (before, there)


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


def script(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


MISMATCH = """pg_dump: error: aborting because of server version mismatch
pg_dump: detail: server version: 17.5; pg_dump version: 15.13 (Debian 15.13-0+deb12u1)"""


@pytest.mark.parametrize(
    ("says", "words"),
    [
        pytest.param(None, "install PostgreSQL's client programs", id="not installed"),
        pytest.param(MISMATCH, "pg_dump is of version 15 and the server of version 17; install", id="older"),
        pytest.param("pg_restore: error: unsupported version (1.16) in file header", "install newer", id="newer file"),
        pytest.param('pg_dump: error: connection to server at "h" failed', "failed: connection to server", id="other"),
        pytest.param("", "no reason", id="no words"),
    ],
)
def test_what_a_program_of_postgresql_lacks_is_one_sentence(
    says: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if says is not None:
        script(tmp_path / "bin", "pg_dump", f"cat >&2 <<'EOF'\n{says}\nEOF\nexit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin" if says is not None else str(tmp_path))
    url = create_engine("postgresql+psycopg://ann:secret@h/db").url
    with pytest.raises((InputError, ArchiveError)) as caught:
        pgtools.dump(url, ["articles"], "1", tmp_path / "out")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_password_stands_in_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "bin", "pg_dump", f'echo "$@" > {tmp_path}/words; echo "$PGPASSWORD" > {tmp_path}/secret')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")
    url = create_engine("postgresql+psycopg://ann:s%40cret@h:5433/db?sslmode=require").url
    pgtools.dump(url, ["articles"], "1", tmp_path / "out")
    words = (tmp_path / "words").read_text()
    assert "--dbname=postgresql://ann@h:5433/db?sslmode=require" in words
    assert "cret" not in words
    assert (tmp_path / "secret").read_text() == "s@cret\n"
