"""The generated pages of the backfill's benchmark are what they say, and their file is a WARC file."""

from __future__ import annotations

import gzip
import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from bench.webpages import SHARES, Crawl, Matter, WebPage, write
from meetings import screen
from meetings.detect import detect
from parsers.articles import extract_article
from parsers.records import Article, Entry, Kind, Side, Source
from parsers.text import decode, plain_text

PAGES = 1_000
EACH = 6
BOTH, ONE, NONE = 2, 1, 0


@pytest.fixture(scope="module")
def crawl() -> Crawl:
    return Crawl(PAGES)


def article(page: WebPage) -> Article:
    language = page.outlet.language
    source = Source("x", "x", "x", Side.OTHER, language, "UTC", Kind.RSS, "https://feed.example", timedelta(hours=1))
    found = extract_article(
        page.body, url=page.url, content_type=page.content_type, source=source, entry=Entry(page.url, "")
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("matter", "in_text", "on_page"),
    [
        (Matter.MEETING, {BOTH}, {BOTH}),
        (Matter.BOTH, {BOTH}, {BOTH}),
        (Matter.AROUND, {ONE}, {BOTH}),
        (Matter.ONE, {ONE, NONE}, {ONE}),
        (Matter.NEITHER, {NONE}, {NONE}),
    ],
    ids=lambda value: value.name if isinstance(value, Matter) else None,
)
def test_a_page_names_the_countries_that_its_matter_says(
    crawl: Crawl, matter: Matter, in_text: set[int], on_page: set[int]
) -> None:
    pages = list(itertools.islice((page for page in crawl if page.matter is matter), EACH))
    assert len(pages) == EACH
    for page in pages:
        whole = plain_text(decode(page.body, page.content_type, page.outlet.language))
        assert len(screen.sides_told(whole)) in on_page
        assert len(screen.sides_told(article(page).text)) in in_text


def test_each_meeting_is_told_by_its_pages_and_no_other_page_of_both_countries_tells_of_one(crawl: Crawl) -> None:
    told = {url: (each.day, each.china, each.vietnam) for each in crawl.meetings for url in each.urls}
    pages = [page for page in crawl if page.matter in (Matter.MEETING, Matter.BOTH)]
    assert {page.url for page in pages if page.matter is Matter.MEETING} == told.keys()
    for page in pages[: 2 * EACH]:
        found = [(each.date, each.china[0].name, each.vietnam[0].name) for each in detect(article(page)).meetings]
        assert found == ([told[page.url]] if page.url in told else []), page.url


def test_shares_languages_and_sizes_are_as_said(crawl: Crawl) -> None:
    pages = list(crawl)
    for matter, share in SHARES.items():
        assert sum(page.matter is matter for page in pages) == round(PAGES * share)
    assert {page.outlet.charset for page in pages if page.outlet.language == "zh"} == {"utf-8", "gb18030"}
    assert 85_000 < sum(len(page.body) for page in pages) / PAGES < 115_000
    assert 1_000 < sum(page.body.count(b"<") - page.body.count(b"</") for page in pages) / PAGES < 1_500


def test_the_file_holds_every_page_as_another_reader_reads_it(crawl: Crawl, tmp_path: Path) -> None:
    path = tmp_path / "pages.warc.gz"
    pages = [crawl.page(number) for number in range(40)]
    size = write(pages, path)
    with path.open("rb") as file:
        read = [
            (record.rec_headers["WARC-Target-URI"], record.http_headers["Content-Type"], record.content_stream().read())
            for record in ArchiveIterator(file, check_digests="raise")
            if record.rec_type == "response"
        ]
    assert read == [(page.url, page.content_type, page.body) for page in pages]
    assert size == sum(len(page.body) for page in pages) < len(gzip.decompress(path.read_bytes()))
    # what is deflated piece by piece is not much larger than what is deflated whole
    assert path.stat().st_size < 1.08 * sum(len(gzip.compress(page.body, 6)) for page in pages)


def test_the_same_seed_gives_the_same_pages_in_any_order(crawl: Crawl) -> None:
    again = Crawl(PAGES)
    assert [again.page(number).body for number in (9, 3)] == [crawl.page(number).body for number in (9, 3)]
    assert [told.urls for told in again.meetings] == [told.urls for told in crawl.meetings]


def test_a_sample_has_the_shares_of_all(crawl: Crawl) -> None:
    pages = crawl.sample(300)
    assert len({page.url for page in pages}) == 300
    assert [sum(page.matter is matter for page in pages) for matter in SHARES] == [4, 2, 6]
