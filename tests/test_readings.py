"""What many workers read and one records: the same meetings whatever the order of workers, on both databases."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from archive import readings
from archive.articles import add_articles
from archive.meetings import all_meetings, record_detection
from archive.models import ArticleRow, ReadingRow
from archive.store import Archive
from archive.versions import add_version
from flows import steps
from meetings.detect import RULES_VERSION, detect
from meetings.records import Detection
from parsers.records import Article, Side
from tests.archive_samples import HOUR, NOW, article, day, meeting, unread
from tests.issuekit import BEIJING

Read = tuple[Article, Detection]
TELLING = Detection("en", (meeting(),), ("One was left out.",))
SILENT = Detection("en", (), ("No encounter between officials of the two countries is told.",))


def keep(archive: Archive, *read: Read, rules: str = "1") -> None:
    """What a worker does with what it read."""
    with archive.write() as s:
        numbers, _ = add_articles(s, [each for each, _ in read], now=NOW)
        told = [(number, *each) for number, each in zip(numbers, read, strict=True)]
        readings.keep(s, told, rules_version=rules, now=NOW)


def staged(archive: Archive, rules: str = "1") -> dict[int, Detection]:
    """What is kept of all that is to be read."""
    with archive.read() as s:
        return readings.staged(s, unread(s, rules), rules)


def due(archive: Archive, rules: str = "1") -> list[int]:
    with archive.read() as s:
        return sorted(each.number for each in unread(s, rules))


def kept_rows(archive: Archive) -> int:
    with archive.read() as s:
        return s.scalar(select(func.count()).select_from(ReadingRow)) or 0


def test_what_tells_of_a_meeting_waits_and_what_does_not_is_read(archive: Archive) -> None:
    keep(archive, (article("one"), TELLING), (article("two", language=None), SILENT))
    assert (due(archive), staged(archive)) == ([1], {1: TELLING})
    with archive.read() as s:
        row = s.get_one(ArticleRow, 2)
        assert (row.detected_rules, row.detected_at, row.notes, row.language) == ("1", NOW, list(SILENT.notes), "en")
        assert s.get_one(ArticleRow, 1).detected_at is None


def test_a_language_that_the_page_names_stays(archive: Archive) -> None:
    keep(archive, (article("one", language="vi"), SILENT))
    with archive.read() as s:
        assert s.get_one(ArticleRow, 1).language == "vi"


def test_a_whole_meeting_comes_back_as_it_was(archive: Archive) -> None:
    page = article(paragraphs=(BEIJING,))
    found = detect(page)
    assert found.meetings
    keep(archive, (page, found))
    assert staged(archive) == {1: found}


def test_of_two_readings_the_later_counts(archive: Archive) -> None:
    again = replace(TELLING, meetings=(meeting("2024-12-09"),))
    keep(archive, (article(), TELLING), (article(), again))
    assert staged(archive) == {1: again}
    keep(archive, (article(), TELLING))
    assert staged(archive) == {1: TELLING}


def test_other_rules_read_for_themselves(archive: Archive) -> None:
    keep(archive, (article(), TELLING))
    assert staged(archive, "2") == {}
    keep(archive, (article(), SILENT), rules="2")
    assert (due(archive, "2"), kept_rows(archive)) == ([], 0)


def test_better_rules_that_find_nothing_more_are_recorded_too(archive: Archive) -> None:
    """Only recording withdraws what the article told before."""
    keep(archive, (article(), TELLING))
    with archive.write() as s:
        (stored,) = unread(s, "1")
        record_detection(s, stored, TELLING, rules_version="1", now=NOW)
    keep(archive, (article(), SILENT), rules="2")
    assert staged(archive, "2") == {1: SILENT}


def test_what_these_rules_have_read_is_not_kept_again(archive: Archive) -> None:
    keep(archive, (article(), SILENT))
    keep(archive, (article(), TELLING))
    assert (due(archive), kept_rows(archive)) == ([], 0)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another title"},
        {"paragraphs": ("Another text.",)},
        {"published_on": day("2024-12-12")},
        {"side": Side.CHINA},
    ],
    ids=lambda change: next(iter(change)),
)
def test_of_a_known_article_only_a_reading_of_its_own_text_is_kept(archive: Archive, change: dict[str, Any]) -> None:
    keep(archive, (article(), TELLING))
    keep(archive, (article(**change), replace(TELLING, notes=("of another text",))))
    assert staged(archive) == {1: TELLING}


def test_what_the_rules_do_not_go_by_may_differ(archive: Archive) -> None:
    keep(archive, (article(), SILENT))
    keep(archive, (article(outlet="other", language=None, method="generic", captions=(1,)), TELLING), rules="2")
    assert staged(archive, "2") == {1: TELLING}


def test_a_newer_text_is_read_by_whoever_records(archive: Archive) -> None:
    keep(archive, (article(), TELLING))
    with archive.write() as s:
        add_version(s, article(title="They met and signed"), now=NOW + HOUR)
    assert staged(archive) == {}
    keep(archive, (article(), SILENT))
    assert (due(archive), staged(archive)) == ([1], {})


def test_what_was_read_in_a_text_that_cannot_be_stored_is_not_kept(archive: Archive) -> None:
    keep(archive, (article(title="T\0itle"), TELLING))
    assert (due(archive), kept_rows(archive)) == ([1], 0)


def test_notes_that_cannot_be_stored_are(archive: Archive) -> None:
    keep(archive, (article("one"), replace(TELLING, notes=("Not \ud800 read.",))))
    assert [found.meetings for found in staged(archive).values()] == [TELLING.meetings]


def test_thousands_at_once(archive: Archive) -> None:
    keep(archive, *((article(str(n)), SILENT if n % 3 else TELLING) for n in range(1500)))
    assert (len(due(archive)), len(staged(archive))) == (500, 500)


class TestJoin:
    """`steps.read_due` with and without what was read before."""

    PAGES = (
        article("first", published=None, published_on=day("2024-12-12"), paragraphs=(BEIJING,)),
        article("second", published=None, published_on=day("2024-12-13"), paragraphs=(BEIJING, "They had tea.")),
        article("third", published=None, published_on=None, paragraphs=(BEIJING, "They shook hands.")),
        article("other", paragraphs=("Nobody met.",)),
    )

    def told(self, archive: Archive) -> list[tuple[Any, ...]]:
        """What is stored in the end, less what only tells when and in which order articles came."""
        list(steps.read_due(archive))
        with archive.read() as s:
            return [
                (each.meeting, each.placed_on, [(of.article.article.key, of.meeting) for of in each.mentions])
                for each in all_meetings(s)
            ]

    def brought(self, folder: Path, order: Sequence[int], database: str | None, *, read: bool) -> list[tuple[Any, ...]]:
        with Archive.open(folder, database) as archive:
            for at in order:
                page = self.PAGES[at]
                if read:
                    keep(archive, (page, detect(page)), rules=RULES_VERSION)
                else:
                    with archive.write() as s:
                        add_articles(s, [page], now=NOW)
            found = self.told(archive)
            assert (kept_rows(archive), due(archive, RULES_VERSION)) == (0, [])
        return found

    def test_in_any_order_the_same_meetings(self, tmp_path: Path) -> None:
        orders = list(itertools.permutations(range(4)))[::5]
        found = [
            self.brought(tmp_path / f"{at}-{read}", order, None, read=read)
            for at, order in enumerate(orders)
            for read in (True, False)
        ]
        assert [len(mentions) for _, _, mentions in found[0]] == [2, 1]
        assert all(each == found[0] for each in found)

    def test_nothing_is_read_twice(self, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
        keep(archive, *((page, detect(page)) for page in self.PAGES), rules=RULES_VERSION)
        monkeypatch.setattr(steps, "detect", lambda _article: pytest.fail("it was read before"))
        monkeypatch.setattr(steps, "TOGETHER", 2)
        assert [len(mentions) for _, _, mentions in self.told(archive)] == [2, 1]
        assert kept_rows(archive) == 0

    @pytest.mark.parametrize("cut", [1, 2, 3])
    def test_cut_off_and_begun_again(self, archive: Archive, tmp_path: Path, cut: int) -> None:
        keep(archive, *((page, detect(page)) for page in self.PAGES[::-1]), rules=RULES_VERSION)
        list(itertools.islice(steps.read_due(archive), cut))
        whole = self.brought(tmp_path / "whole", range(4), None, read=True)
        assert self.told(archive) == whole
