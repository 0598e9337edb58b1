"""Which entries are worth their page: hardly any of irrelevant news, every one that tells of a meeting."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.screening import MOST_FETCHED, entries, passing
from meetings.screen import worth_a_page
from parsers.records import Side
from parsers.seedfile import seed_article
from tests.gold_score import EVENTS, GOLD, labels

LEAD = 200


def test_tables_are_large_enough_and_of_three_languages() -> None:
    assert (len(entries("irrelevant")) >= 150, len(entries("relevant")) >= 60) == (True, True)
    for name in ("irrelevant", "relevant"):
        assert {language for language, *_ in entries(name)} == {"en", "vi", "zh"}


def test_irrelevant_entries_hardly_ever_cost_a_page() -> None:
    assert len(passing("irrelevant")) <= MOST_FETCHED * len(entries("irrelevant"))


def test_no_relevant_entry_is_lost() -> None:
    assert passing("relevant") == [title for _, _, title, _ in entries("relevant")]


@pytest.mark.parametrize("folder", [GOLD, EVENTS], ids=["restated", "events"])
def test_no_labelled_text_of_a_meeting_is_lost(folder: Path) -> None:
    told = [name for name, label in labels([""], folder).items() if label["meetings"]]
    lost = []
    for name in told:
        article = seed_article((folder / f"{name}.txt").read_bytes(), name=f"{name}.txt")
        lead = next(line for line in article.text.splitlines() if line.strip() and line.strip() != article.title)
        if not any(worth_a_page(article.title, lead[:LEAD], side=side) for side in Side):
            lost.append(name)
    assert lost == []
    assert len(told) > 50


@pytest.mark.parametrize(
    ("title", "teaser", "side", "worth"),
    [
        pytest.param("China's exports to Vietnam grow", "", Side.OTHER, False, id="both, but nothing official"),
        pytest.param("China and Vietnam sign rail deals", "", Side.OTHER, True, id="a matter of states"),
        pytest.param("Premier Li Qiang in Vietnam", "", Side.OTHER, True, id="an official's name"),
        pytest.param("Rail officials gather", "The talks took place.", Side.CHINA, False, id="one country only"),
        pytest.param("Giá gạo Trung Quốc tăng", "", Side.VIETNAM, False, id="prices, Vietnamese"),
        pytest.param("Hải quân Trung Quốc đến Đà Nẵng", "", Side.VIETNAM, True, id="navies, Vietnamese"),
        pytest.param("越南咖啡涨价", "", Side.CHINA, False, id="prices, Chinese"),
        pytest.param("Китай China Вьетнам Vietnam", "", Side.OTHER, True, id="none of our languages"),
    ],
)
def test_worth(title: str, teaser: str, side: Side, worth: bool) -> None:
    assert worth_a_page(title, teaser, side=side) is worth
