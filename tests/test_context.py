"""The record of an issue: what it says, and that it can be kept."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from reports.records import IssueContext
from tests.hostile_samples import hostile
from tests.report_samples import quiet, rich

WEEKS = {"rich": rich, "quiet": quiet, "hostile": hostile}


@pytest.mark.parametrize("name", WEEKS)
def test_an_issue_comes_back_from_json_as_it_was(name: str) -> None:
    kept = TypeAdapter(IssueContext)
    ctx = WEEKS[name]()
    assert kept.validate_json(kept.dump_json(ctx)) == ctx
