"""The pages on words and waits against the code."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest

import archive.checks
import archive.records
import meetings.records
import parsers.records
import reports.health
import reports.supervision
from fetch import policy

DOCS = Path(__file__).parent.parent / "docs"
VOCABULARY = (DOCS / "vocabulary.md").read_text("utf-8")
ENUMS = {
    name: kind
    for module in (
        parsers.records,
        meetings.records,
        archive.records,
        archive.checks,
        reports.health,
        reports.supervision,
    )
    for name, kind in inspect.getmembers(module, inspect.isclass)
    if issubclass(kind, StrEnum) and kind is not StrEnum
}


def rows(section: str) -> dict[str, str]:
    """The words of one section's table with their meanings, in the page's order."""
    _, found, rest = VOCABULARY.partition(f"\n## {section}\n")
    assert found, f"no section {section}"
    return dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", rest.partition("\n## ")[0], re.MULTILINE))


def test_every_list_has_its_section_and_no_other_does() -> None:
    assert sorted(re.findall(r"^## (.+)$", VOCABULARY, re.MULTILINE)) == sorted(ENUMS)


@pytest.mark.parametrize("name", sorted(ENUMS))
def test_every_word_is_explained_in_the_order_of_the_code(name: str) -> None:
    explained = rows(name)
    assert list(explained) == [member.value for member in ENUMS[name]]
    assert all(re.fullmatch(r"[A-Z].+\.", meaning) for meaning in explained.values()), "one sentence each"
    assert len(set(explained.values())) == len(explained)


def test_the_table_of_waits_is_the_codes() -> None:
    page = (DOCS / "fetching.md").read_text("utf-8")
    stated = re.findall(r"^\| `(\w+)` \| (\d+) h \| (\d+) h \| (\d+) \|$", page, re.MULTILINE)
    hour = timedelta(hours=1)
    assert {row[0]: tuple(map(int, row[1:])) for row in stated} == {
        outcome.value: (wait.first // hour, wait.cap // hour, wait.pages) for outcome, wait in policy.BACKOFFS.items()
    }
