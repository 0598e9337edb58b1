"""Opening, migrating and sharing the archive, and what it says when the database or the disk refuses."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import IntegrityError, StatementError

from archive.articles import add_article, count_articles
from archive.models import MentionRow
from archive.schema import HEAD, current_revision
from archive.store import Archive, ArchiveError
from parsers.records import InputError
from tests.archive_samples import NOW, article, everything, get_article, store
from tests.databases import EMPTY, PostgreSQL
from tests.faults import as_nobody


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "home") as opened:
        yield opened


def test_fresh_home_is_private_and_at_head(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    with Archive.open(home) as archive, archive.read() as s:
        assert current_revision(s.connection()) == HEAD
        assert s.scalar(text("PRAGMA journal_mode")) == "wal"
        assert s.scalar(text("PRAGMA foreign_keys")) == 1
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "archive.db").stat().st_mode & 0o777 == 0o600


def _open_and_add(home: str, names: list[str]) -> None:
    with Archive.open(Path(home)) as archive:
        for name in names:
            with archive.write() as s:
                add_article(s, article(name), now=NOW)


@pytest.mark.slow
def test_several_processes_open_a_fresh_home_at_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    names = [str(n) for n in range(20)]
    processes = [spawn.Process(target=_open_and_add, args=(str(tmp_path / "home"), names)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    with Archive.open(tmp_path / "home") as archive, archive.read() as s:
        assert count_articles(s) == 20


def test_threads_share_one_archive(archive: Archive) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: store(archive, str(n)).number, range(40)))
    assert sorted(numbers) == list(range(1, 41))


def _add_and_fail(archive: Archive) -> None:
    with archive.write() as s:
        add_article(s, article(), now=NOW)
        raise ZeroDivisionError


def test_failed_block_leaves_nothing(archive: Archive) -> None:
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(archive)
    with archive.read() as s:
        assert count_articles(s) == 0


def test_reader_sees_one_state_throughout(tmp_path: Path, database: str | None) -> None:
    with Archive.open(tmp_path / "home", database) as archive:
        with archive.read() as s:
            assert count_articles(s) == 0
            store(archive)
            assert count_articles(s) == 0
        with archive.read() as s:
            assert count_articles(s) == 1


def test_writer_sees_what_was_committed_while_it_waited(tmp_path: Path, database: str | None) -> None:
    def count(archive: Archive) -> int:
        with archive.write() as s:
            return count_articles(s)

    with Archive.open(tmp_path / "home", database) as archive, ThreadPoolExecutor(1) as pool:
        with archive.write() as s:
            add_article(s, article(), now=NOW)
            waiting = pool.submit(count, archive)
            time.sleep(0.1)
        assert waiting.result() == 1


def test_foreign_keys_hold(archive: Archive) -> None:
    lost = MentionRow(article_number=7, position=0, meeting_id="m-none", record={}, rules_version="1", recorded_at=NOW)
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), archive.write() as s:
        s.add(lost)


def test_naive_times_are_refused(archive: Archive) -> None:
    with pytest.raises(StatementError, match="has no time zone"), archive.write() as s:
        add_article(s, article(), now=NOW.replace(tzinfo=None))


def test_times_come_back_in_utc(archive: Archive) -> None:
    beijing = dt.datetime(2024, 12, 11, 7, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    stored = store(archive, published=beijing)
    assert stored.article.published == beijing
    assert stored.article.published is not None
    assert stored.article.published.tzinfo is dt.UTC


def test_unstorable_text_is_replaced_one_for_one(archive: Archive) -> None:
    stored = store(archive, title="a\ud800b\0c", paragraphs=("x\udfffy",))
    with archive.read() as s:
        again = get_article(s, stored.number)
    assert again == stored
    assert stored.article.text == "a\ufffdb\ufffdc\n\nx\ufffdy"


def test_kill_in_a_transaction_leaves_nothing(archive: Archive) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from archive.store import Archive;"
        "from archive.articles import add_article; from tests.archive_samples import NOW, article\n"
        "with Archive.open(Path(sys.argv[1])).write() as s:\n"
        "    add_article(s, article(), now=NOW); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(archive.home)], check=False)
    assert killed.returncode == -9
    with archive.read() as s:
        assert count_articles(s) == 0
        assert s.scalar(text("PRAGMA integrity_check")) == "ok"
    assert store(archive).number == 1


class TestRefusals:
    """Each is one sentence that names the place and says what to do."""

    def test_home_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "home").write_text("a file")
        with pytest.raises(ArchiveError, match=r"home is in the way: a folder is needed here"):
            Archive.open(tmp_path / "home")

    def test_home_below_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("a file")
        with pytest.raises(ArchiveError, match=r"file/home is in the way"):
            Archive.open(tmp_path / "file" / "home")

    def test_database_is_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "archive.db").mkdir()
        with pytest.raises(ArchiveError, match=r"archive\.db cannot be opened"):
            Archive.open(tmp_path)

    def test_not_a_database(self, tmp_path: Path) -> None:
        (tmp_path / "archive.db").write_bytes(b"this is a letter to a friend, no database " * 100)
        with pytest.raises(ArchiveError, match=r"archive\.db is not an archive database"):
            Archive.open(tmp_path)

    def test_damaged(self, archive: Archive) -> None:
        for n in range(50):
            store(archive, str(n), paragraphs=("They spoke. " * 300,))
        archive.close()
        database = archive.home / "archive.db"
        data = bytearray(database.read_bytes())
        data[250_000:] = b"\xa5" * (len(data) - 250_000)
        database.write_bytes(data)
        with Archive.open(archive.home) as damaged:
            for number in range(30, 51):
                with pytest.raises(ArchiveError, match="is damaged; restore"), damaged.read() as s:
                    get_article(s, number)

    def test_damaged_text(self, archive: Archive) -> None:
        store(archive)
        with archive.write() as s:
            s.execute(text("UPDATE articles SET title = CAST(x'ff' AS TEXT)"))
        with pytest.raises(ArchiveError, match="is damaged; restore"), archive.read() as s:
            get_article(s, 1)

    def test_locked(self, archive: Archive) -> None:
        other = sqlite3.connect(archive.home / "archive.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        url = f"sqlite:///{archive.home}/archive.db?timeout=0.05"
        with Archive.open(archive.home, url) as waiting, pytest.raises(ArchiveError, match="is locked by another"):
            store(waiting)
        other.close()
        assert store(archive).number == 1

    def test_read_only(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            with Archive.open(home) as archive:
                store(archive)
            home.chmod(0o555)
            (home / "archive.db").chmod(0o444)
            with as_nobody(), pytest.raises(ArchiveError, match="access is denied"):
                Archive.open(home).write().__enter__().execute(text("DELETE FROM articles"))
            home.chmod(0o755)

    def test_home_cannot_be_made(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o555)
            with as_nobody(), pytest.raises(ArchiveError, match="home may not be read or written: access is denied"):
                Archive.open(Path(folder) / "home")

    def test_disk_full(self, archive: Archive) -> None:
        store(archive, "before")
        with archive.write() as s:
            pages = s.scalar(text("PRAGMA page_count"))
            s.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(ArchiveError, match="the disk is full; free some space"):
            store(archive, "after", paragraphs=("They spoke. " * 5000,))
        with archive.read() as s:
            assert count_articles(s) == 1

    def test_file_size_limit(self, archive: Archive) -> None:
        store(archive, "before")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
        try:
            with pytest.raises(ArchiveError, match="a size limit refuses"):
                store(archive, "after", paragraphs=("They spoke. " * 100_000,))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert store(archive, "later").number == 2

    @pytest.mark.slow
    @pytest.mark.parametrize("where", ["sqlite", "postgresql"])
    def test_tables_of_another_program(self, tmp_path: Path, postgresql: PostgreSQL, where: str) -> None:
        url = postgresql.new_database(EMPTY) if where == "postgresql" else f"sqlite:///{tmp_path}/other.db"
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE articles (id INTEGER)"))
        with pytest.raises(ArchiveError, match=r"of another program \(articles\); give the archive its own database"):
            Archive.open(tmp_path / "home", url)
        with engine.begin() as connection:
            assert inspect(connection).get_table_names() == ["articles"]
        engine.dispose()

    def test_written_by_a_newer_program(self, archive: Archive) -> None:
        with archive.write() as s:
            s.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        before = everything(archive)
        with pytest.raises(ArchiveError, match="newer version of this program; upgrade"):
            Archive.open(archive.home)
        assert everything(archive) == before

    @pytest.mark.parametrize(
        ("url", "sentence"),
        [
            pytest.param("nonsense", "database URL cannot be read", id="no URL"),
            pytest.param("oracel://somewhere/db", "begins with oracel://, which is not", id="unknown database"),
            pytest.param("mysql+pymysql://u:p@h/db", r"begins with mysql\+pymysql://", id="another database"),
            pytest.param("postgresql://u:w0rd@h/db", r"write postgresql\+psycopg:// instead", id="no driver named"),
            pytest.param("sqlite://h/db", "has three slashes", id="SQLite on a host"),
            pytest.param("sqlite://u:w0rd@/db", "has three slashes", id="SQLite with a password"),
            pytest.param("postgres://u:w0rd@h/db", r"write postgresql\+psycopg:// instead", id="the short name"),
            pytest.param("postgresql://u:p@ss:w0rd@h/db", "database URL cannot be read", id="password not escaped"),
        ],
    )
    def test_database_url(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, sentence: str) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError, match=sentence) as caught:
            Archive.open(tmp_path, url)
        assert "w0rd" not in str(caught.value)
        assert list(tmp_path.iterdir()) == []

    def test_a_driver_that_is_not_installed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(InputError, match=r"pip install 'china-vietnam-meetings\[postgresql\]'"):
            Archive.open(tmp_path, "postgresql+psycopg://u:w0rd@h/db")
