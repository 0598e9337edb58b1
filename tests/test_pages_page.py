"""docs/pages.md names every layout with its hosts and its last day."""

from __future__ import annotations

from pathlib import Path

import pytest

from parsers.articles.families import MODULES
from parsers.articles.layouts import Layout

TEXT = (Path(__file__).parents[1] / "docs/pages.md").read_text(encoding="utf-8")
ROWS = {cells[2].strip(" `"): cells for line in TEXT.splitlines() if len(cells := line.split("|")) == 7}
LAYOUTS = [layout for module in MODULES for layout in module.LAYOUTS]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_has_its_row(layout: Layout) -> None:
    row = ROWS[layout.name]
    assert row[4].strip() == (layout.valid_until.isoformat() if layout.valid_until else "")
    assert row[5].strip()
    assert row[3].strip() == "the same" or set(row[3].strip().split(", ")) == set(layout.hosts)


def test_no_row_is_of_a_layout_that_is_not() -> None:
    assert set(ROWS) - {"layout", "---"} == {layout.name for layout in LAYOUTS}
