"""docs/data_dictionary.md and the tables say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Enum, Integer, LargeBinary, Table
from sqlalchemy.types import TypeEngine

from archive.columns import Seconds, UtcDateTime
from archive.models import Base

PAGE = (Path(__file__).parent.parent / "docs" / "data_dictionary.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0].strip(): part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]}
WORDS: dict[type[TypeEngine[Any]], str] = {
    UtcDateTime: "time",
    Date: "date",
    JSON: "JSON",
    Boolean: "yes/no",
    Integer: "number",
    Seconds: "number",
    Enum: "word",
    LargeBinary: "bytes",
}


def rows(section: str) -> list[tuple[str, str, bool]]:
    """(column, type in words, always has a value) for each row of a section."""
    found = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", SECTIONS[section], flags=re.MULTILINE)
    return [(name, kind.strip(), empty.strip() == "–") for name, kind, empty in found]


def described(column: Column[object]) -> tuple[str, str, bool]:
    word = next((word for kind, word in WORDS.items() if isinstance(column.type, kind)), "text")
    unique = ", key" if column.primary_key else ", unique" if column.unique else ""
    return column.name, word + unique, not column.nullable


def test_every_table_has_its_section() -> None:
    assert [*SECTIONS] == [*Base.metadata.tables, "Files"]


@pytest.mark.parametrize("table", Base.metadata.tables.values(), ids=lambda table: table.name)
def test_every_column_is_described(table: Table) -> None:
    assert rows(table.name) == [described(column) for column in table.columns]
