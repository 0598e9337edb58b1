"""Whose text an article prints: copies with changed datelines, captions, cuts and additions, and what only looks so."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.similarity import LONGEST, SHORTEST, SKETCH, Fingerprint, fingerprint, same_text

STORIES = tomllib.loads((Path(__file__).parent / "data" / "copies.toml").read_text(encoding="utf-8"))["story"]
PRINTS = {story["name"]: fingerprint(story["text"].strip().split("\n")) for story in STORIES}
GROUPS = {story["name"]: story.get("copy", story["name"]) for story in STORIES}
TALKS = PRINTS["xinhua talks"]


@pytest.mark.parametrize(("one", "other"), list(combinations(PRINTS, 2)), ids=str)
def test_copies_and_no_others_are_one_text(one: str, other: str) -> None:
    copies = GROUPS[one] == GROUPS[other]
    assert same_text(PRINTS[one], PRINTS[other]) is copies
    assert same_text(PRINTS[other], PRINTS[one]) is copies
    assert not copies or PRINTS[one].sketch() & PRINTS[other].sketch()


@pytest.mark.parametrize(
    ("paragraphs", "copy"),
    [
        pytest.param([" ".join(TALKS.words[: SHORTEST - 1])], False, id="too short"),
        pytest.param([" ".join(TALKS.words[:100])], True, id="first half"),
        pytest.param([" ".join(TALKS.words[:50])], False, id="a fifth is a quotation"),
        pytest.param([" ".join(TALKS.words), "再见。" * 2], True, id="a foreign word or two"),
        pytest.param(["王毅同来访的越南外长举行会谈。" * 30, " ".join(TALKS.words)], False, id="bilingual page"),
        pytest.param([" ".join(sorted(TALKS.words))], False, id="same words in another order"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_parts_of_a_text(paragraphs: list[str], copy: bool) -> None:
    assert same_text(TALKS, fingerprint(paragraphs)) is copy


def test_what_is_too_short_has_no_sketch() -> None:
    assert not fingerprint(["They met."]).sketch()
    assert len(TALKS.sketch()) == SKETCH


def test_sketch_is_the_same_in_every_process() -> None:
    script = (
        "from meetings.similarity import Fingerprint\n"
        f"print(sorted(Fingerprint({TALKS.words!r}, '').sketch()) == {sorted(TALKS.sketch())!r})"
    )
    root = Path(__file__).parent.parent
    ran = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "True"


words = st.lists(st.sampled_from([f"word{n}" for n in range(13)]), max_size=120).map(tuple)
prints = st.builds(Fingerprint, words, st.sampled_from(["", TALKS.text, "王毅会谈"]))


@given(prints, prints)
def test_the_order_of_the_two_does_not_matter(one: Fingerprint, other: Fingerprint) -> None:
    assert same_text(one, other) is same_text(other, one)


@given(prints)
def test_a_text_is_its_own_copy_when_it_can_be_compared(one: Fingerprint) -> None:
    assert same_text(one, one) is one.comparable


@given(st.lists(st.text(), max_size=5))
def test_any_text_has_a_fingerprint(paragraphs: list[str]) -> None:
    made = fingerprint([text * 40 for text in paragraphs])
    assert len(made.words) <= LONGEST
    assert len(made.sketch()) <= SKETCH
