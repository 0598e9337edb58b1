"""What happens beside a backfill: another run, an ingest, a move of the archive, a page of an imported file."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from archive import backfills, readings
from archive.articles import add_articles
from archive.meetings import all_meetings
from archive.models import ChunkRow
from archive.records import Chunk, ChunkState, InputKind
from archive.store import Archive
from flows import backfilling, steps
from flows.backfilling import open_backfill, run_backfill
from flows.chunkwork import Order, work_chunk
from flows.moving import move
from flows.settings import Settings
from meetings.detect import RULES_VERSION, detect
from meetings.records import Detection
from parsers.records import Article, InputError
from tests.archive_samples import NOW, article, day, unread
from tests.backfillkit import crawl, expected
from tests.backupkit import quiet
from tests.issuekit import BEIJING
from tests.test_backfilling import alone, found

PAGES = 60
TUESDAY = (
    "China and Vietnam spoke of railways. Chinese Foreign Minister Wang Yi met with Vietnamese Foreign Minister Bui "
    "Thanh Son on Tuesday."
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def warc(tmp_path: Path) -> Path:
    return crawl(tmp_path / "crawl.warc.gz", PAGES)


def test_a_move_in_the_middle_ends_the_run_and_the_new_archive_goes_on(
    settings: Settings, warc: Path, tmp_path: Path
) -> None:
    other = f"sqlite:///{tmp_path}/other.db"
    moved = settings.model_copy(update={"database_url": SecretStr(other)})
    order = open_backfill(settings, [str(warc)], chunk_bytes=1000)
    done: list[str] = []

    def moving(order: Order, number: int) -> str:
        told = work_chunk(order, number)
        if not done:
            move(settings, other, advance=quiet)
        done.append(told)
        return told

    with pytest.raises(InputError, match="was moved to"):
        run_backfill(settings, order, lambda: alone(order, moving))
    assert len(done) == 1, "nothing more is done in the old one"
    again = open_backfill(moved, [str(warc)], chunk_bytes=1000)
    run_backfill(moved, again, lambda: alone(again))
    assert again.backfill == order.backfill
    assert found(moved) == expected(PAGES)


def test_what_another_run_has_done_again_is_waited_for(
    settings: Settings, warc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run found that a chunk's beginning was mistaken, a moment before this one looks."""
    order = open_backfill(settings, [str(warc)], chunk_bytes=1000)
    looks = itertools.count()

    def realigned(s: Any, backfill: str, **_: object) -> int:
        if not next(looks):
            s.get_one(ChunkRow, (backfill, 2)).state = ChunkState.TODO
        return 0

    monkeypatch.setattr(backfills, "realign", realigned)
    report = run_backfill(settings, order, lambda: alone(order))
    assert report.progress.chunks[ChunkState.DONE] == sum(report.progress.chunks.values())


def test_a_chunk_that_is_not_to_be_had_is_left_alone_for_a_while(
    settings: Settings, warc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker elsewhere cannot know that its holder is gone, though the run that deals it out does."""
    clock = itertools.count()
    monkeypatch.setattr(backfilling.time, "monotonic", lambda: float(next(clock)))  # type: ignore[attr-defined]
    monkeypatch.setattr(backfilling, "EVERY", 0.001)
    order = open_backfill(settings, [str(warc)], chunk_bytes=1000)
    tries: list[float] = []

    def elsewhere(order: Order, number: int) -> str:
        if number == 1:
            tries.append(float(next(clock)))
        return "" if number == 1 and len(tries) < 3 else work_chunk(order, number)

    report = run_backfill(settings, order, lambda: alone(order, elsewhere))
    assert report.progress.counts.read == PAGES
    assert len(tries) == 3
    assert all(after - before >= backfilling.REFUSED_FOR for before, after in itertools.pairwise(tries))


def test_an_ingest_leaves_what_is_stored_meanwhile_to_the_join(archive: Archive) -> None:
    """Else it would last for as long as the backfill, and no other ingest could begin."""
    store(archive, *map(page, range(3)))
    read = 0
    for _ in itertools.islice(steps.read_due(archive), 20):
        read += 1
        store(archive, page(10 + read))
    assert read == 3
    assert len(list(steps.read_due(archive))) == 3


@pytest.mark.parametrize("under_way", [True, False], ids=["under way", "stopped"])
def test_an_ingest_leaves_what_workers_have_read_to_the_join(archive: Archive, *, under_way: bool) -> None:
    old, new = page(1), page(2)
    with archive.write() as s:
        id_ = backfills.begin(s, [Chunk("/a.warc", InputKind.WARC, 0, 9)], rules_version="1", now=NOW)
        claim = backfills.claim(s, id_, owner="elsewhere:1", now=steps.now_utc(), is_gone=lambda _: False)
        numbers, _ = add_articles(s, [old], now=NOW)
        readings.keep(s, [(numbers[0], old, detect(old))], rules_version=RULES_VERSION, now=NOW)
        if claim and not under_way:
            backfills.give_back(s, claim)
    store(archive, new)
    assert steps.detect_new(archive).articles == (1 if under_way else 2)
    with archive.read() as s:
        assert [each.article.key for each in unread(s, RULES_VERSION)] == ([old.key] if under_way else [])


def test_a_file_whose_page_comes_while_it_is_read_is_read_again(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = article("one", paragraphs=(TUESDAY,), published=None)
    store(archive, replace(whole, url=None, published_on=None, outlet=None, source_id=None))
    comes = [whole]

    def read(told: Article, name: str) -> Detection:
        while comes:
            store(archive, comes.pop())
        return honest(told, name)

    honest = steps.read_article
    monkeypatch.setattr(steps, "read_article", read)
    list(steps.read_due(archive))
    with archive.read() as s:
        assert not unread(s, RULES_VERSION)
        assert [told.meeting.date for told in all_meetings(s)] == [day("2024-12-10")], "the day before the page's"


def page(number: int) -> Article:
    return article(f"page-{number}", paragraphs=(BEIJING, f"Number {number}."))


def store(archive: Archive, *pages: Article) -> None:
    with archive.write() as s:
        add_articles(s, pages, now=NOW)
