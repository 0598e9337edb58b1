"""How many entries of irrelevant news cost a page, and how many relevant ones are lost, in two tables written by hand.

The tables (`tests/data/screening/`) hold an entry a line: language, side of the outlet, title, teaser. The irrelevant
ones are the hard ones: they name the other country. `by_country` is the share that would pass by the countries alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from meetings.screen import concerns_both, worth_a_page
from parsers.records import Side

TABLES = Path(__file__).parent.parent / "tests" / "data" / "screening"
MOST_FETCHED = 0.05
"""Of irrelevant entries (issue 4, Budgets)."""


def entries(name: str) -> list[tuple[str, Side, str, str]]:
    """The entries of a table: language, side, title, teaser."""
    with (TABLES / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(language, Side(side), title, teaser) for language, side, title, teaser in rows]


def passing(name: str, screen: Callable[..., bool] = worth_a_page) -> list[str]:
    """The titles of those entries of a table that pass a screen."""
    return [title for _, side, title, teaser in entries(name) if screen(title, teaser, side=side)]


def main() -> dict[str, object]:
    """Share of irrelevant entries that cost a page, and count of relevant ones that get none."""
    irrelevant, relevant = len(entries("irrelevant")), len(entries("relevant"))
    return {
        "irrelevant_fetched": len(passing("irrelevant")) / irrelevant,
        "by_country": len(passing("irrelevant", concerns_both)) / irrelevant,
        "relevant_lost": relevant - len(passing("relevant")),
        "irrelevant": irrelevant,
        "relevant": relevant,
    }
