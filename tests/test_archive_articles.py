"""The catalogue of articles and its projection to seed-format files, killed at every step."""

from __future__ import annotations

import datetime as dt
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from archive.articles import add_article, add_articles, articles_between, count_articles, known_keys, stored_article
from archive.files import project_articles
from archive.meetings import record_detection
from archive.models import ArticleRow, KeyRow
from archive.store import Archive, ArchiveError
from meetings.records import Detection
from parsers.records import Side
from parsers.seedfile import seed_article
from tests.archive_samples import HOUR, NOW, article, day, everything, get_article, store, unread

SEEDS = Path(__file__).parent.parent / "seeds"


def test_article_comes_back_as_it_was(archive: Archive) -> None:
    told = article(language=None, side=Side.CHINA, published=None, paragraphs=("习近平", "Tô Lâm", ""), captions=(0, 2))
    with archive.write() as s:
        stored, new = add_article(s, told, now=NOW, old_name="old.txt")
    assert (stored.article, stored.number, stored.old_name, new) == (told, 1, "old.txt", True)
    with archive.read() as s:
        assert get_article(s, 1) == stored
        assert get_article(s, 2) is None


def test_same_key_is_known_and_keeps_its_text(archive: Archive) -> None:
    store(archive)
    with archive.write() as s:
        again, new = add_article(s, article(title="Corrected", paragraphs=("Other text.",)), now=NOW + HOUR)
        assert count_articles(s) == 1
    assert not new
    assert again.article == article()


def test_page_of_an_imported_file_fills_in_what_the_file_lacked(archive: Archive) -> None:
    bare: dict[str, Any] = {
        "url": None,
        "outlet": None,
        "source_id": None,
        "published": None,
        "language": None,
        "method": "seed:dated",
    }
    store(archive, **bare, published_on=None)
    assert project_articles(archive) == 1
    with archive.write() as s:
        page = article(paragraphs=("The page's text.",), published_on=day("2023-07-14"))
        filled, new = add_article(s, page, now=NOW + HOUR)
    assert not new
    assert filled.article == article(method="seed:dated", published_on=day("2023-07-14"))
    assert project_articles(archive) == 1
    assert [path.parent.name for path in archive.home.glob("articles/*/*")] == ["2023"]
    assert "Date: Jul 14, 2023" in next(archive.home.glob("articles/2023/*")).read_text()


def test_filled_in_article_is_read_again(archive: Archive) -> None:
    stored = store(archive, url=None)
    with archive.write() as s:
        record_detection(s, stored, Detection("en"), rules_version="1", now=NOW)
        assert unread(s, "1") == []
        add_article(s, article(), now=NOW + HOUR)
        assert [waiting.number for waiting in unread(s, "1")] == [stored.number]


def test_known_keys_of_very_many(archive: Archive) -> None:
    keys = [store(archive, str(n)).article.key for n in range(3)]
    many = [f"{n:016x}" for n in range(3000)]
    with archive.read() as s:
        assert known_keys(s, [*many, *keys]) == set(keys)
        assert known_keys(s, []) == set()


def test_what_is_to_be_read_by_publication_and_version(archive: Archive) -> None:
    stored = [store(archive, str(n)) for n in range(4)]
    late = store(archive, "late", published=NOW)
    dateless = store(archive, "dateless", published=None, published_on=None)
    by_day = store(archive, "by day", published=None)
    early = store(archive, "early", published=None, published_on=day("2023-01-01"))
    by_key = sorted(stored, key=lambda each: each.article.key)
    expected = [each.number for each in (early, *by_key, late, by_day, dateless)]
    with archive.write() as s:
        assert [waiting.number for waiting in unread(s, "1")] == expected
        record_detection(s, stored[1], Detection("en", notes=("nobody met",)), rules_version="1", now=NOW)
        assert [waiting.number for waiting in unread(s, "1")] == [n for n in expected if n != stored[1].number]
        assert [waiting.number for waiting in unread(s, "2")] == expected
        assert [waiting.number for waiting in unread(s, "0")] == expected


def shapes(archive: Archive) -> list[tuple[object, ...]]:
    """What is stored of each article, by number."""
    with archive.read() as s:
        rows = s.scalars(select(ArticleRow).order_by(ArticleRow.number))
        return [(stored_article(row), row.text_sha256, row.notes, row.detected_rules, row.compared) for row in rows]


MANY = [
    article("plain"),
    article("bare", published=None, published_on=None, language=None, outlet=None, side=None, url=None),
    article("damaged", title="T\0itle \ud800", paragraphs=("One.", "caption"), captions=(1,), side=Side.CHINA),
]


def test_many_at_once_are_stored_as_one_by_one(archive: Archive, tmp_path: Path) -> None:
    with archive.write() as s:
        numbers, new = add_articles(s, MANY, now=NOW)
        assert add_articles(s, [], now=NOW) == ([], set())
    with Archive.open(tmp_path / "other") as other, other.write() as s:
        single = [add_article(s, each, now=NOW)[0].number for each in MANY]
        s.commit()
        assert shapes(archive) == shapes(other)
    assert (numbers, new) == (single, {each.key for each in MANY})


def test_many_at_once_known_ones_keep_their_text(archive: Archive) -> None:
    first, again = article("one"), article("one", title="Another title")
    with archive.write() as s:
        add_articles(s, [first], now=NOW)
        s.add(KeyRow(key="f" * 16, article_number=1, url="https://news.example/former"))
        numbers, new = add_articles(
            s, [article("two"), again, replace(again, key="f" * 16), article("two", title="Twice")], now=NOW + HOUR
        )
        assert [each.article for each in unread(s, "1")] == sorted([first, article("two")], key=lambda each: each.key)
    assert (numbers, new) == ([2, 1, 1, 2], {article("two").key})


def test_many_at_once_fill_in_imported_files(archive: Archive) -> None:
    file = store(archive, url=None, published=None, outlet=None, method="seed:dated", paragraphs=("As imported.",))
    with archive.write() as s:
        record_detection(s, file, Detection("en"), rules_version="1", now=NOW)
        page = article(paragraphs=("As on the page.",))
        assert add_articles(s, [page, replace(page, outlet="late")], now=NOW) == ([1, 1], set())
        (waiting,) = unread(s, "1")
    assert waiting.article == replace(page, method="seed:dated", paragraphs=("As imported.",))


def test_thousands_at_once(archive: Archive) -> None:
    many = [article(str(n)) for n in range(2500)]
    with archive.write() as s:
        numbers, new = add_articles(s, many, now=NOW)
        assert (numbers, len(new)) == (list(range(1, 2501)), 2500)
        assert add_articles(s, many[::-1], now=NOW) == (numbers[::-1], set())


@pytest.mark.parametrize(
    ("published", "published_on", "counted"),
    [
        pytest.param("2024-12-08T17:00", "2024-12-09", 1, id="first moment of the week in Hanoi"),
        pytest.param("2024-12-08T16:59", "2024-12-08", 0, id="moment before"),
        pytest.param("2024-12-15T16:59", "2024-12-15", 1, id="last minute"),
        pytest.param("2024-12-15T17:00", "2024-12-16", 0, id="first moment of the next week"),
        pytest.param("2024-12-08T16:30", "2024-12-09", 0, id="Monday in Beijing, Sunday in Hanoi"),
        pytest.param(None, "2024-12-09", 1, id="only the day, Monday"),
        pytest.param(None, "2024-12-15", 1, id="only the day, Sunday"),
        pytest.param(None, "2024-12-16", 0, id="only the day, next Monday"),
        pytest.param(None, None, 1, id="no date: by storage"),
    ],
)
def test_articles_of_a_week(archive: Archive, published: str | None, published_on: str | None, counted: int) -> None:
    moment = dt.datetime.fromisoformat(published).replace(tzinfo=dt.UTC) if published else None
    store(archive, published=moment, published_on=day(published_on) if published_on else None)
    hanoi = ZoneInfo("Asia/Ho_Chi_Minh")
    with archive.read() as s:
        week = dt.datetime(2024, 12, 9, tzinfo=hanoi), dt.datetime(2024, 12, 16, tzinfo=hanoi)
        assert articles_between(s, *week) == counted


def test_same_articles_from_many_threads_are_stored_once(archive: Archive) -> None:
    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(lambda n: store(archive, str(n % 5)).number, range(60)))
    assert sorted(set(numbers)) == [1, 2, 3, 4, 5]


class TestFiles:
    """The projection: whole files or none, and everything there after the next run."""

    def test_seeds_are_written_as_they_are_read(self, archive: Archive) -> None:
        for path in sorted(SEEDS.iterdir()):
            with archive.write() as s:
                add_article(s, seed_article(path.read_bytes(), name=path.name), now=NOW, old_name=path.name)
        assert project_articles(archive) == 2
        written = sorted(path.relative_to(archive.home).as_posix() for path in archive.home.glob("articles/*/*"))
        assert written == ["articles/2023/002_9ca21a4b430166cb.txt", "articles/2024/001_b277efd025430153.txt"]
        with archive.read() as s:
            for number in (1, 2):
                stored = get_article(s, number)
                assert stored is not None
                assert stored.path in written
                again = seed_article((archive.home / stored.path).read_bytes(), name=stored.path)
                assert again.text == stored.article.text
                assert again.key == stored.article.key

    def test_undated_article_goes_by_storage(self, archive: Archive) -> None:
        store(archive, published=None, published_on=None)
        project_articles(archive)
        assert next(archive.home.glob("articles/2024/001_*.txt")).read_text().startswith("Title: Article one\n")

    def test_second_run_changes_nothing(self, archive: Archive) -> None:
        store(archive)
        assert project_articles(archive) == 1
        before = everything(archive)
        assert project_articles(archive) == 0
        assert everything(archive) == before

    def test_more_than_one_batch(self, archive: Archive) -> None:
        with archive.write() as s:
            for n in range(130):
                add_article(s, article(str(n)), now=NOW)
        assert project_articles(archive) == 130
        assert len(list(archive.home.glob("articles/2024/*.txt"))) == 130

    def test_folder_that_cannot_be_made(self, archive: Archive) -> None:
        store(archive)
        (archive.home / "articles").write_text("in the way")
        with pytest.raises(ArchiveError, match="articles is in the way: a folder is needed"):
            project_articles(archive)

    def test_file_size_limit(self, archive: Archive) -> None:
        store(archive, paragraphs=("They spoke. " * 10_000,))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
        try:
            with pytest.raises(ArchiveError, match=r"001_[0-9a-f]{16}\.txt cannot be written: it would exceed"):
                project_articles(archive)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list(archive.home.glob("articles/*/*.txt")) == []
        assert project_articles(archive) == 1


CHILD = """
import os, signal, sys
from pathlib import Path
from unittest.mock import patch
from archive.files import project_articles
from archive.store import Archive

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

archive = Archive.open(Path(sys.argv[1]), sys.argv[3] or None)
with patch(sys.argv[2], die):
    project_articles(archive)
"""


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("archive.files._write_article", id="before the first file"),
        pytest.param("os.fsync", id="written, not synced"),
        pytest.param("pathlib.Path.replace", id="synced, not renamed"),
        pytest.param("archive.files.sync_folder", id="folder not synced"),
        pytest.param("archive.store.Archive.write", id="written, not recorded"),
    ],
)
def test_killed_projection_leaves_whole_files_and_heals(archive: Archive, database: str | None, step: str) -> None:
    for n in range(3):
        store(archive, str(n))
    killed = subprocess.run([sys.executable, "-c", CHILD, str(archive.home), step, database or ""], check=False)
    assert killed.returncode == -9
    for path in archive.home.glob("articles/*/[0-9]*.txt"):
        assert path.read_text().endswith("They spoke.\n")
    assert project_articles(archive) == 3
    assert sorted(path.name[:3] for path in archive.home.glob("articles/2024/*")) == ["001", "002", "003"]
    assert list(archive.home.glob("articles/*/.*")) == []
