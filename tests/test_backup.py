"""Back up, lose everything, restore: the same archive, the same digests, in either database."""

from __future__ import annotations

import json
import resource
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive import backup
from archive.errors import ArchiveError
from archive.restoring import STAGING
from archive.store import Archive
from flows import backing
from flows.settings import Settings
from tests.archive_samples import store
from tests.backupkit import WEEK, contents, fill, opened, quiet, rows, settings_for
from tests.commandline import Meetings


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
    said, exported, remembered = contents(meetings.home), meetings("export").out, rows(settings)
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
    assert contents(meetings.home) == said
    assert meetings("export").out == exported
    assert meetings.home.stat().st_mode & 0o777 == 0o700
    assert not (meetings.home / STAGING).exists()
    if before == after:
        assert {**rows(settings), "meta": [], "deliveries": []} == {**remembered, "meta": [], "deliveries": []}
    shutil.rmtree(meetings.home / "issues")
    assert meetings("digest", "--week", WEEK).code == 0
    assert contents(meetings.home) == said
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
    assert set(names) == {"manifest.json", "archive.db", *contents(kept.home)}


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
        pytest.param(["backup", "--to", "no/such/x.tar"], "there is no folder no/such", id="into no folder"),
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


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: to who writes much, what a full disk is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [pytest.param(-1, id="for the database"), pytest.param(1, id="for the whole")])
def test_without_room_nothing_is_left_and_older_backups_stay(room: int, kept: Settings) -> None:
    good = backing.back_up(kept, advance=quiet).path
    database = (kept.home / "archive.db").stat().st_size
    with file_size_limit(database + room * 2048), pytest.raises(ArchiveError, match="limit"):
        backing.back_up(kept, keep=1, advance=quiet)
    assert list(kept.backup_dir.iterdir()) == [good]
    shutil.rmtree(kept.home)
    with file_size_limit(database + room * 2048 - 4096), pytest.raises(ArchiveError, match="limit"):
        backing.restore(kept, advance=quiet)
    assert list(kept.home.iterdir()) == []
    backing.restore(kept, advance=quiet)
    assert len(rows(kept)["articles"]) == 3
