"""Listings of every kind: what real outlets write, what goes wrong, and what is meant to hurt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from parsers.catalogue import parse_catalogue
from parsers.entries import MAX_ENTRIES, MAX_TEASER, MAX_TITLE, parse_entries
from parsers.records import DateOrder, Entry, Kind, Listing, Outcome, Selectors, Source

ROOT = Path(__file__).parent.parent
LISTINGS = Path(__file__).parent / "data" / "listings"
CATALOGUE = parse_catalogue((ROOT / "sources.toml").read_text("utf-8"), name="sources.toml")
SOURCES = {source.id: source for source in CATALOGUE.sources}
RSS = SOURCES["vnexpress-en"]
SITEMAP = SOURCES["globaltimes"]
SECTION = SOURCES["vgp-en-politics"]
GOOGLE = SOURCES["google-news-en"]


def parse(data: bytes, source: Source, content_type: str | None = None) -> Listing:
    return parse_entries(data, source=source, url=source.url, content_type=content_type)


def rss(items: str, *, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


def item(number: int, **fields: str) -> str:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<item><link>https://a.org/{number}</link>{inner}</item>"


class TestFeeds:
    listing = parse((LISTINGS / "rss.xml").read_bytes(), RSS)

    def test_entries_in_order_each_url_once(self) -> None:
        assert self.listing.outcome is Outcome.OK
        assert [entry.url[-12:] for entry in self.listing.entries] == ["5100001.html", "5100002.html", "5100003.html"]

    def test_markup_becomes_words(self) -> None:
        assert self.listing.entries[0] == Entry(
            url="https://e.vnexpress.net/news/made-up-5100001.html",
            title="Made-up ministers of China & Vietnam meet",
            teaser="They talked about trade and trains.",
            published=datetime(2026, 9, 14, 11, 48, 23, tzinfo=UTC),
        )

    def test_relative_link_and_undated_entry(self) -> None:
        assert self.listing.entries[1].url == "https://e.vnexpress.net/news/made-up-5100002.html"
        assert self.listing.entries[2].published is None

    def test_date_that_reads_both_ways_needs_the_sources_order(self) -> None:
        assert self.listing.entries[1].published is None
        dated = parse((LISTINGS / "rss.xml").read_bytes(), replace(RSS, date_order=DateOrder.MDY))
        assert dated.entries[1].published == datetime(2026, 9, 4, 11, 44, tzinfo=UTC)

    def test_ttl_is_the_feeds_own_wish(self) -> None:
        assert self.listing.ttl == timedelta(minutes=90)

    def test_atom(self) -> None:
        feed = (
            b'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title type="html">A &lt;i&gt;b'
            b'&lt;/i&gt;</title><link href="/x"/><id>urn:1</id><updated>2026-09-14T00:00:00Z</updated>'
            b'<content type="html">&lt;p&gt;Words&lt;/p&gt;</content></entry></feed>'
        )
        (entry,) = parse(feed, replace(RSS, kind=Kind.ATOM)).entries
        assert (entry.title, entry.teaser) == ("A b", "Words")
        assert entry.published == datetime(2026, 9, 14, tzinfo=UTC)

    def test_words_without_spaces_around_blocks_stay_apart(self) -> None:
        (entry,) = parse(rss(item(1, description="&lt;p&gt;Talks.&lt;/p&gt;&lt;p&gt;Dinner.&lt;/p&gt;")), RSS).entries
        assert entry.teaser == "Talks. Dinner."

    def test_soft_hyphen_and_no_break_space(self) -> None:
        (entry,) = parse(rss(item(1, title="bor­der talks\u200b")), RSS).entries
        assert entry.title == "border talks"

    def test_length_and_number_are_bounded(self) -> None:
        items = "".join(item(n, title="T" * 900, description="w " * 9000) for n in range(MAX_ENTRIES + 5))
        entries = parse(rss(items), RSS).entries
        assert len(entries) == MAX_ENTRIES
        assert (len(entries[0].title), len(entries[0].teaser)) == (MAX_TITLE, MAX_TEASER)

    def test_url_beyond_the_limit_is_left_out(self) -> None:
        listing = parse(rss(f"<item><link>https://a.org/{'x' * 3000}</link></item>" + item(2)), RSS)
        assert [entry.url for entry in listing.entries] == ["https://a.org/2"]

    def test_truncated_feed_gives_what_was_whole(self) -> None:
        data = rss(item(1, title="One") + item(2, title="Two"))
        assert parse(data[: data.index(b"Two") + 3], RSS).entries[0].title == "One"

    @pytest.mark.parametrize(
        ("content_type", "encoding"),
        [(None, "gbk"), ("text/xml", "gbk"), ("text/xml; charset=gbk", "gbk"), ("text/html", "utf-8")],
    )
    def test_charset(self, content_type: str | None, encoding: str) -> None:
        body = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel>{item(1, title="王毅会见")}'
        listing = parse((body + "</channel></rss>").encode(encoding), RSS, content_type)
        assert [entry.title for entry in listing.entries] == ["王毅会见"]


def test_google_news_names_the_publisher_and_keeps_the_link() -> None:
    listing = parse((LISTINGS / "google_news.xml").read_bytes(), GOOGLE)
    assert listing.entries == (
        Entry(
            url="https://news.google.com/rss/articles/CBMiMadeUpTokenA?oc=5",
            title="Made-up premiers meet in Kunming",
            published=datetime(2026, 10, 5, 7, 0, tzinfo=UTC),
            outlet="Made-Up Times",
            outlet_url="https://madeup.example",
        ),
    )


class TestSitemaps:
    def test_news_sitemap(self) -> None:
        listing = parse((LISTINGS / "news_sitemap.xml").read_bytes(), SITEMAP)
        first, second = listing.entries
        assert first == Entry(
            url="https://www.globaltimes.cn/page/202607/1365253.shtml",
            title="Made-up defence officials of China & Vietnam meet",
            teaser="China, Vietnam, defence",
            published=datetime(2026, 7, 6, 10, 19, tzinfo=UTC),
        )
        assert second.published == datetime(2026, 7, 6, 16, 0, tzinfo=UTC)  # midnight of 7 July in Beijing

    def test_index_of_sitemaps_is_named_as_such(self) -> None:
        listing = parse(b"<sitemapindex><sitemap><loc>https://a.org/1.xml</loc></sitemap></sitemapindex>", SITEMAP)
        assert (listing.outcome, "index of sitemaps" in listing.message) == (Outcome.NOT_A_FEED, True)

    def test_truncated_sitemap_gives_what_was_whole(self) -> None:
        data = (LISTINGS / "news_sitemap.xml").read_bytes()
        assert len(parse(data[: data.index(b"1365254")], SITEMAP).entries) >= 1


class TestSections:
    def test_vgp_reads_the_month_first_attribute(self) -> None:
        listing = parse((LISTINGS / "vgp_section.html").read_bytes(), SECTION)
        assert listing.entries == (
            Entry(
                url="https://en.baochinhphu.vn/viet-nam-china-talk-111260805203508000.htm",
                title="Viet Nam, China hold made-up talks",
                teaser="VGP - Made-up delegations met’s in Lang Son.",
                published=datetime(2026, 8, 5, 13, 35, tzinfo=UTC),
            ),
        )

    def test_xinhua_dates_by_url_and_drops_what_is_no_article(self) -> None:
        listing = parse((LISTINGS / "xinhua_section.html").read_bytes(), SOURCES["xinhua-en-latest"])
        assert [(entry.title, entry.published) for entry in listing.entries] == [
            ("Made-up minister meets Vietnamese counterpart", datetime(2026, 3, 17, 16, 0, tzinfo=UTC)),
            ("Made-up talks", datetime(2026, 3, 18, 16, 0, tzinfo=UTC)),
        ]

    def test_item_that_is_the_link_itself_and_a_separate_title(self) -> None:
        page = b'<html><body><a class="c" href="/a-1"><h3>Title</h3> <i>07/08/2026</i></a></body></html>'
        source = replace(SECTION, selectors=Selectors(item="a.c", title="h3", time="i"), date_order=DateOrder.DMY)
        (entry,) = parse(page, source).entries
        assert (entry.title, entry.published) == ("Title", datetime(2026, 8, 6, 17, 0, tzinfo=UTC))

    def test_selector_that_is_not_css_is_told(self) -> None:
        listing = parse(b"<html></html>", replace(SECTION, selectors=Selectors(item="li[")))
        assert (listing.outcome, "'vgp-en-politics'" in listing.message) == (Outcome.NOT_A_FEED, True)

    def test_gbk_page_in_spite_of_its_header(self) -> None:
        page = (
            '<html><head><meta charset="gb2312"></head><body><li><a href="/a-1">王毅会见裴青山</a></li></body></html>'
        )
        source = replace(SECTION, selectors=Selectors(item="li"), language="zh")
        (entry,) = parse(page.encode("gbk"), source, "text/html; charset=iso-8859-1").entries
        assert entry.title == "王毅会见裴青山"


HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Please wait</p></body></html>"


@pytest.mark.parametrize(
    ("source", "data", "outcome", "told"),
    [
        pytest.param(RSS, HTML, Outcome.NOT_A_FEED, "an HTML page", id="feed is HTML"),
        pytest.param(GOOGLE, HTML, Outcome.NOT_A_FEED, "an HTML page", id="Google feed is HTML"),
        pytest.param(SITEMAP, HTML, Outcome.NOT_A_FEED, "an HTML page", id="sitemap is HTML"),
        pytest.param(SECTION, HTML, Outcome.NO_ENTRIES, "vgp-en-politics", id="section without items"),
        pytest.param(RSS, b"", Outcome.NOT_A_FEED, "empty", id="feed is empty"),
        pytest.param(SITEMAP, b" \n", Outcome.NOT_A_FEED, "empty", id="sitemap is blank"),
        pytest.param(SECTION, b"", Outcome.NOT_A_FEED, "empty", id="section is empty"),
        pytest.param(RSS, b"\x00\x01\xff" * 50, Outcome.NOT_A_FEED, "something unreadable", id="feed is garbage"),
        pytest.param(SITEMAP, b"\x00\x01\xff" * 50, Outcome.NOT_A_FEED, "something unreadable", id="sitemap garbage"),
        pytest.param(SECTION, b"\x00\x01\xff" * 50, Outcome.NO_ENTRIES, "no entry", id="section is garbage"),
        pytest.param(RSS, b'{"error": "busy"}', Outcome.NOT_A_FEED, "JSON", id="feed is JSON"),
        pytest.param(SITEMAP, rss(item(1)), Outcome.NOT_A_FEED, "an RSS feed", id="sitemap is a feed"),
        pytest.param(SECTION, rss(item(1)), Outcome.NO_ENTRIES, "no entry", id="section is a feed"),
        pytest.param(RSS, rss(""), Outcome.NO_ENTRIES, "without entries", id="feed without items"),
        pytest.param(SITEMAP, b"<urlset/>", Outcome.NO_ENTRIES, "without entries", id="sitemap without URLs"),
    ],
)
def test_what_came_instead_is_told(source: Source, data: bytes, outcome: Outcome, told: str) -> None:
    listing = parse(data, source)
    assert (listing.entries, listing.outcome) == ((), outcome)
    assert told in listing.message


BOMB = '<!DOCTYPE x [<!ENTITY a "haha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("source", "data"),
    [
        pytest.param(RSS, rss(item(1, title="&i;"), head=BOMB + "]>"), id="feed"),
        pytest.param(
            SITEMAP,
            (BOMB + "]><urlset><url><loc>https://a.org/1</loc><title>&i;</title></url></urlset>").encode(),
            id="sitemap",
        ),
        pytest.param(SECTION, (BOMB + "]><html><body>&i;</body></html>").encode(), id="section"),
    ],
)
def test_entity_bomb_is_not_expanded(source: Source, data: bytes) -> None:
    assert all(len(entry.title) < 100 for entry in parse(data, source).entries)
