"""Whole small articles: what is recognised, field by field. One construction of English each, with its kin."""

from __future__ import annotations

import pytest

from meetings.detect import detect
from tests.meeting_articles import Case, cases, told


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_article(case: Case) -> None:
    found = detect(case.article)
    assert sorted(map(told, found.meetings)) == sorted(case.expected)
    assert found.meetings or found.notes


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_evidence_cuts_out_its_words(case: Case) -> None:
    for meeting in detect(case.article).meetings:
        fields = {e.field for e in meeting.evidence}
        assert {"status", "mode"} <= fields
        assert fields >= ({"date"} if meeting.date and meeting.date_basis.value != "dateline" else set())
        for evidence in (*meeting.evidence, *(topic.evidence for topic in meeting.topics)):
            assert case.article.text[evidence.start : evidence.end] == evidence.text != ""
