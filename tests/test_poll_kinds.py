"""Polling by kind of source: indexes of sitemaps, addresses without titles, entries of other publishers."""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from archive import articles
from archive.store import Archive
from parsers.records import Article
from parsers.slugs import slug_title
from tests.archive_samples import get_article
from tests.commandline import Meetings, source
from tests.prefect_server import PAGE
from tests.webserver import Reply, Web

XML = {"Content-Type": "application/xml; charset=utf-8"}
HTML = {"Content-Type": "text/html"}
TALKS = "/politics/vietnam-and-china-hold-talks-post{n}.html"


def index(*children: str) -> bytes:
    """An index of sitemaps, the newest first."""
    items = "".join(
        f"<sitemap><loc>{url}</loc><lastmod>2024-12-1{9 - n}</lastmod></sitemap>" for n, url in enumerate(children)
    )
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</sitemapindex>'.encode()


def urlset(*urls: str) -> bytes:
    """A sitemap of addresses alone."""
    items = "".join(f"<url><loc>{url}</loc><lastmod>2024-12-11</lastmod></url>" for url in urls)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</urlset>'.encode()


def pages(web: Web, *numbers: int) -> list[str]:
    return [web.add(TALKS.format(n=n), Reply(PAGE.encode(), headers=HTML)) for n in numbers]


def ingest(meetings: Meetings) -> dict[str, Any]:
    """The report of one forced poll of the only source."""
    (report,) = json.loads(meetings("ingest", "--force", "--json").out)["sources"]
    assert isinstance(report, dict)
    return report


def stored(meetings: Meetings) -> list[Article]:
    with Archive.open(meetings.home) as archive, archive.read() as session:
        found = [get_article(session, number) for number in range(1, articles.count_articles(session) + 1)]
    return [item.article for item in found if item]


@pytest.fixture
def archive_of_months(web: Web, meetings: Meetings, tmp_path: Path) -> Web:
    """An index whose two sitemaps share one address, all without titles; a validator that never changes."""
    del meetings
    first, second, third = pages(web, 100001, 100002, 100003)
    december = web.add("/sitemap-2024-12.xml", Reply(urlset(first, second), headers=XML))
    november = web.add("/sitemap-2024-11.xml", Reply(urlset(second, third), headers=XML))
    web.add("/sitemap.xml", Reply(index(december, november), etag='"same"', headers=XML))
    (tmp_path / "sources.toml").write_text(source("wire", web.url("/sitemap.xml"), kind="sitemap_index"))
    return web


def test_an_index_is_followed_to_its_newest_documents(meetings: Meetings, archive_of_months: Web) -> None:
    report = ingest(meetings)
    assert (report["outcome"], report["followed"], report["entries"], report["new_articles"]) == ("ok", 2, 3, 3)
    assert [seen.path for seen in archive_of_months.requests[:3]] == [
        "/sitemap.xml",
        "/sitemap-2024-12.xml",
        "/sitemap-2024-11.xml",
    ]


def test_an_index_that_stays_the_same_hides_no_new_article(meetings: Meetings, archive_of_months: Web) -> None:
    ingest(meetings)
    late = pages(archive_of_months, 100004)
    archive_of_months.add("/sitemap-2024-12.xml", Reply(urlset(*late), headers=XML))
    assert ingest(meetings)["new_articles"] == 1
    asked = [seen for seen in archive_of_months.requests if seen.path == "/sitemap.xml"]
    assert [seen.headers.get("if-none-match") for seen in asked] == [None, None]


@pytest.mark.parametrize(
    ("reply", "outcome", "entries"),
    [
        pytest.param(Reply(status=500), "server_error", 2, id="fails"),
        pytest.param(Reply(b"<html><body>Sorry</body></html>", headers=HTML), "not_a_feed", 2, id="is a page"),
        pytest.param(Reply(urlset(), headers=XML), "ok", 2, id="is empty"),
    ],
)
def test_what_the_other_documents_of_an_index_list_is_kept(
    meetings: Meetings, archive_of_months: Web, reply: Reply, outcome: str, entries: int
) -> None:
    archive_of_months.add("/sitemap-2024-12.xml", reply)
    report = ingest(meetings)
    assert (report["outcome"], report["entries"], report["new_articles"]) == (outcome, entries, entries)


@pytest.mark.parametrize("status", [404, 410])
def test_an_older_document_that_was_taken_away_fails_no_index(
    meetings: Meetings, archive_of_months: Web, status: int
) -> None:
    archive_of_months.add("/sitemap-2024-11.xml", Reply(status=status))
    report = ingest(meetings)
    assert (report["outcome"], report["followed"], report["entries"]) == ("ok", 2, 2)


def test_an_index_of_nothing_is_an_answer(meetings: Meetings, archive_of_months: Web) -> None:
    for month in ("12", "11"):
        archive_of_months.add(f"/sitemap-2024-{month}.xml", Reply(urlset(), headers=XML))
    report = ingest(meetings)
    assert (report["outcome"], report["followed"], report["entries"]) == ("ok", 2, 0)


def test_addresses_without_titles_are_screened_by_their_words(meetings: Meetings, web: Web, tmp_path: Path) -> None:
    wanted = pages(web, 100001)
    others = [
        web.url(path)
        for path in ("/sport/hanoi-fc-win-again-post100002.html", "/20241211/8f7e6d5c4b3a29180f1e2d3c4b5a6978/c.html")
    ]
    web.add("/sitemap.xml", Reply(urlset(*others, *wanted), headers=XML))
    (tmp_path / "sources.toml").write_text(source("wire", web.url("/sitemap.xml"), kind="news_sitemap"))
    report = ingest(meetings)
    assert (report["entries"], report["screened_out"], report["new_articles"]) == (3, 2, 1)
    assert stored(meetings)[0].title.startswith("Chinese, Vietnamese foreign ministers"), "the page's own title"


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("https://a.example/politics/pm-meets-chinese-premier-post281736.html", "Pm Meets Chinese Premier"),
        ("https://a.example/pm-meets-chinese-premier/281736/", "Pm Meets Chinese Premier"),
        ("https://a.example/thu-tuong-tiep-dai-su-trung-quoc-102241210.htm", "Thu Tuong Tiep Dai Su Trung Quoc"),
        ("https://a.example/pm%20meets%20premier", "Pm Meets Premier"),
        ("https://a.example/中越-外长-会谈", "中越 外长 会谈"),
        ("https://a.example/politics/index.html", ""),
        ("https://a.example/20241210/8f7e6d5c4b3a29180f1e2d3c4b5a6978/c.html", ""),
        ("https://a.example/", ""),
        ("https://a.example", ""),
        ("https://a.example/" + "a-" * 5000, " ".join("A" * 250)),
    ],
    ids=[
        "number behind",
        "number beside",
        "Vietnamese",
        "spaces",
        "Chinese",
        "section",
        "hashes",
        "root",
        "host",
        "long",
    ],
)
def test_the_words_of_an_address(url: str, title: str) -> None:
    assert slug_title(url) == title


def search_feed(*items: tuple[str, str, str]) -> bytes:
    """A search feed of (title, link, publisher), as Bing writes it."""
    rows = "".join(
        f"<item><title>{title}</title><link>{link}</link><News:Source>{publisher}</News:Source></item>"
        for title, link, publisher in items
    )
    start = '<rss version="2.0" xmlns:News="https://www.bing.com/news/search"><channel><title>B</title>'
    return f"{start}{rows}</channel></rss>".encode()


def test_what_an_aggregator_lists_is_its_publishers(meetings: Meetings, web: Web, tmp_path: Path) -> None:
    known, strange = (web.url(f"/{n}.html", host=f"127.0.1.{n}") for n in (7, 8))
    for n in (7, 8):
        web.add(f"/{n}.html", Reply(PAGE.encode(), headers=HTML))
    items = ("Wang Yi meets Vietnamese deputy PM", known, "Wire"), ("China, Viet Nam hold talks", strange, "Lao Post")
    web.add("/search.xml", Reply(search_feed(*items), headers=XML))
    (tmp_path / "sources.toml").write_text(
        source("search", web.url("/search.xml"), side="other", kind="bing_news", zone="UTC")
        + source(
            "wire", web.url("/feed.xml", host="127.0.1.7"), side="china", zone="Asia/Shanghai", outlet="peking-wire"
        )
    )
    report = json.loads(meetings("ingest", "--source", "search", "--json").out)["sources"][0]
    assert (report["entries"], report["pages"], report["new_articles"]) == (2, 2, 2)
    found = {article.url: article for article in stored(meetings)}
    assert [(found[url].outlet, found[url].side, found[url].source_id) for url in (known, strange)] == [
        ("peking-wire", "china", "search"),
        ("Lao Post", "other", "search"),
    ]


def test_a_google_link_that_spells_its_address_out_is_read_there(meetings: Meetings, web: Web, tmp_path: Path) -> None:
    page = web.add("/talks.html", Reply(PAGE.encode(), headers=HTML))
    token = base64.urlsafe_b64encode(b"\x08\x13\x22" + bytes([len(page)]) + page.encode()).decode().rstrip("=")
    item = (
        "<item><title>Wang Yi meets Vietnamese deputy PM - Wire</title>"
        f"<link>https://news.google.com/rss/articles/{token}</link></item>"
    )
    web.add("/g.xml", Reply(f'<rss version="2.0"><channel>{item}</channel></rss>'.encode(), headers=XML))
    (tmp_path / "sources.toml").write_text(source("search", web.url("/g.xml"), kind="google_news"))
    assert ingest(meetings)["pages"] == 1
    (article,) = stored(meetings)
    assert (article.url, len(article.paragraphs) > 1) == (page, True)


def test_an_opaque_aggregator_costs_no_page_and_names_the_outlet(meetings: Meetings, web: Web, tmp_path: Path) -> None:
    item = (
        "<item><title>Wang Yi meets Vietnamese deputy PM - Wire</title>"
        "<link>https://news.google.com/rss/articles/CBMiXUFVX3lx</link>"
        f'<source url="{web.url("", host="127.0.1.7")}">Wire</source></item>'
    )
    web.add("/g.xml", Reply(f'<rss version="2.0"><channel>{item}</channel></rss>'.encode(), headers=XML))
    (tmp_path / "sources.toml").write_text(
        source("search", web.url("/g.xml"), side="other", kind="google_news")
        + source("wire", web.url("/feed.xml", host="127.0.1.7"), side="china", outlet="peking-wire")
    )
    report = json.loads(meetings("ingest", "--source", "search", "--json").out)["sources"][0]
    assert (report["pages"], report["new_articles"], report["skipped"]) == (0, 1, {})
    assert Counter(seen.path for seen in web.requests) == {"/g.xml": 1}
    (article,) = stored(meetings)
    assert (article.outlet, article.side, article.source_id) == ("peking-wire", "china", "search")
    assert article.method == "entry:google_news"
