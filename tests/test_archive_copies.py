"""Articles that print one text: grouped alike in every order of arrival, found by index, counted once."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from archive.articles import add_article, articles_between
from archive.copies import candidates, duplicate_shares, group_copies
from archive.models import ArticleRow
from archive.store import Archive
from parsers.records import Article
from tests.archive_samples import HOUR, NOW, article, day, everything, get_article
from tests.databases import ON_SQLITE

STORIES = tomllib.loads((Path(__file__).parent / "data" / "copies.toml").read_text(encoding="utf-8"))["story"]


def story(name: str, **changes: Any) -> Article:
    """One of the self-made stories as an article; published in their order, so that the first is the earliest."""
    at = next(n for n, one in enumerate(STORIES) if one["name"] == name)
    paragraphs = tuple(STORIES[at]["text"].strip().split("\n"))
    when = dt.datetime(2026, 3, 4, tzinfo=dt.UTC) + at * dt.timedelta(minutes=30)
    plain = article(name, paragraphs=paragraphs, published=when, published_on=when.date(), language=None)
    return replace(plain, **changes)


ALL = tuple(story(one["name"]) for one in STORIES)
XINHUA, PAPER, CUT, ADDED = ALL[:4]


def add(archive: Archive, *articles: Article) -> None:
    with archive.write() as s:
        for each in articles:
            add_article(s, each, now=NOW)


def groups(archive: Archive) -> dict[str, str]:
    """For every article, by title, the title of the one whose text it prints."""
    with archive.read() as s:
        titles = {row.number: row.title for row in s.query(ArticleRow)}
        return {row.title: titles[row.copy_of or 0] for row in s.query(ArticleRow)}


def as_title(name: str) -> str:
    return f"Article {name}"


EXPECTED = {
    as_title(one["name"]): as_title(
        next(o["name"] for o in STORIES if o is one or o.get("copy") == one.get("copy", ""))
    )
    for one in STORIES
}


def test_copies_are_grouped_under_the_earliest_and_others_stand_alone(archive: Archive) -> None:
    add(archive, *ALL)
    assert group_copies(archive) == len(ALL)
    assert groups(archive) == EXPECTED
    with archive.read() as s:
        origin, copy = get_article(s, 1), get_article(s, 2)
    assert origin is not None
    assert copy is not None
    assert (origin.copy_of, copy.copy_of) == (None, 1)


def test_a_second_call_changes_nothing(archive: Archive) -> None:
    add(archive, *ALL)
    group_copies(archive)
    before = everything(archive)
    assert group_copies(archive) == 0
    assert everything(archive) == before


@given(st.permutations(ALL), st.sets(st.integers(1, len(ALL) - 1)))
@settings(max_examples=8)
def test_the_order_of_arrival_does_not_matter(order: list[Article], cuts: set[int]) -> None:
    with TemporaryDirectory() as folder, Archive.open(Path(folder)) as archive:
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(order)], strict=True):
            add(archive, *order[start:end])
            group_copies(archive)
        assert groups(archive) == EXPECTED


def test_groups_that_a_third_article_joins_become_one(archive: Archive) -> None:
    half = [f"alpha{n}" for n in range(60)]
    rest = [f"beta{n}" for n in range(60)]
    first, second = article("a", paragraphs=(" ".join(half),)), article("b", paragraphs=(" ".join(rest),))
    both = article("c", paragraphs=(" ".join(half), " ".join(rest)))
    add(archive, first, second)
    group_copies(archive)
    assert len(set(groups(archive).values())) == 2
    add(archive, both)
    group_copies(archive)
    assert len(set(groups(archive).values())) == 1


@pytest.mark.parametrize(
    ("first", "second", "origin"),
    [
        pytest.param(
            replace(PAPER, outlet="people"),
            replace(XINHUA, outlet="xinhua", published=None),
            "xinhua talks",
            id="agency",
        ),
        pytest.param(replace(XINHUA, outlet="cgtn"), PAPER, "xinhua talks", id="agency elsewhere: the earliest"),
        pytest.param(
            replace(XINHUA, published=None, published_on=None), PAPER, PAPER.title[8:], id="undated comes last"
        ),
        pytest.param(replace(XINHUA, published=None), PAPER, PAPER.title[8:], id="only the day comes after a time"),
    ],
)
def test_origin(archive: Archive, first: Article, second: Article, origin: str) -> None:
    add(archive, first, second)
    group_copies(archive)
    assert set(groups(archive).values()) == {as_title(origin)}


@pytest.mark.parametrize(
    ("published_on", "copies"),
    [("2026-03-07", True), ("2026-03-01", True), ("2026-03-08", False), ("2026-02-28", False), (None, True)],
)
def test_days_apart(archive: Archive, published_on: str | None, copies: bool) -> None:
    add(archive, XINHUA, replace(PAPER, published_on=day(published_on) if published_on else None))
    group_copies(archive)
    assert (len(set(groups(archive).values())) == 1) is copies


def test_captions_are_not_compared(archive: Archive) -> None:
    caption = " ".join(f"caption{n}" for n in range(150))
    add(archive, XINHUA, replace(PAPER, paragraphs=(caption, *PAPER.paragraphs[:3]), captions=(0,)))
    group_copies(archive)
    assert len(set(groups(archive).values())) == 1


def test_imported_file_that_turns_out_to_be_the_agency_s_own(archive: Archive) -> None:
    add(
        archive,
        replace(PAPER, outlet="people"),
        replace(XINHUA, outlet=None, url=None, published_on=None, published=None),
    )
    group_copies(archive)
    assert set(groups(archive).values()) == {PAPER.title}
    add(archive, replace(XINHUA, outlet="xinhua"))
    assert group_copies(archive) == 1
    assert set(groups(archive).values()) == {XINHUA.title}


def test_articles_of_a_week_count_each_text_once(archive: Archive) -> None:
    add(archive, XINHUA, PAPER, CUT, story("short brief"))
    week = dt.datetime(2026, 3, 2, tzinfo=dt.UTC), dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    with archive.read() as s:
        assert articles_between(s, *week) == 4
    group_copies(archive)
    with archive.read() as s:
        assert articles_between(s, *week) == 2


def test_share_of_copies_of_each_source(archive: Archive) -> None:
    add(archive, replace(XINHUA, source_id="wire"))
    add(archive, *(replace(PAPER, key=f"{n:016x}", source_id="paper") for n in range(5)))
    add(archive, *(article(str(n), source_id="paper") for n in range(14)))
    add(archive, replace(XINHUA, key="f" * 16, source_id=None))
    group_copies(archive)
    with archive.read() as s:
        assert duplicate_shares(s, NOW, fewest=20) == {}
        assert duplicate_shares(s, NOW, fewest=19) == {"paper": 5 / 19}
        assert duplicate_shares(s, NOW, fewest=1).keys() == {"paper", "wire"}
        assert duplicate_shares(s, NOW + HOUR, fewest=1) == {}


@ON_SQLITE
def test_lookup_goes_by_index(archive: Archive) -> None:
    query = candidates(frozenset({1, -2}), day("2026-03-04")).compile(compile_kwargs={"literal_binds": True})
    with archive.read() as s:
        plan = [row[-1] for row in s.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
        waiting = [row[-1] for row in s.execute(text("EXPLAIN QUERY PLAN SELECT * FROM articles WHERE compared IS 0"))]
    assert sum("SEARCH article_sketches USING PRIMARY KEY (value=? AND day" in step for step in plan) == 2
    assert not any(step.startswith("SCAN") for step in plan + waiting)
