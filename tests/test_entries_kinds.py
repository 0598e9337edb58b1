"""The kinds beyond feeds and section pages: sitemap indexes, JSON Feed, Bing and Google News, GDELT, packed bodies."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from parsers.aggregators import google_target
from parsers.entries import MAX_ENTRIES, MAX_UNPACKED, parse_entries
from parsers.records import Entry, Kind, Listing, Outcome, Side, Source

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Please wait</p></body></html>"
RSS = b'<?xml version="1.0"?><rss version="2.0"><channel><item><link>https://a.org/1</link></item></channel></rss>'
INDEX = b"<sitemapindex><sitemap><loc>https://a.org/news-2026-9.xml</loc></sitemap></sitemapindex>"


def parse(data: bytes, kind: Kind) -> Listing:
    url = "https://a.org/list"
    source = Source("town", "town", "Town", Side.OTHER, "en", "Asia/Ho_Chi_Minh", kind, url, timedelta(hours=3))
    return parse_entries(data, source=source, url=url)


def index(*children: tuple[str, str]) -> bytes:
    inner = "".join(
        f"<sitemap><loc> https://a.org/{name} </loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</sitemap>"
        for name, changed in children
    )
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inner}</sitemapindex>'.encode()


@pytest.mark.parametrize(
    ("children", "newest"),
    [
        pytest.param(
            [("news-2026-8.xml", ""), ("news-2026-9.xml", ""), ("news-2026-10.xml", ""), ("news-2025-12.xml", "")],
            ["news-2026-10.xml", "news-2026-9.xml", "news-2026-8.xml"],
            id="months without leading zero",
        ),
        pytest.param(
            [("categories.xml", "2026-10-02"), ("news-2026-9.xml", ""), ("news-2026-10.xml", "")],
            ["news-2026-10.xml", "news-2026-9.xml", "categories.xml"],
            id="what names a month before what names none",
        ),
        pytest.param(
            [("a.xml", "2026-09-01"), ("b.xml", "2026-09-03T08:00:00+07:00"), ("c.xml", ""), ("d.xml", "2026-09-02")],
            ["b.xml", "d.xml", "a.xml"],
            id="by last change",
        ),
        pytest.param(
            [("news-2026-8.xml", "2026-10-01T01:00:00Z"), ("news-2026-10.xml", "2026-10-01T00:00:00Z")],
            ["news-2026-10.xml", "news-2026-8.xml"],
            id="all changed on one day",
        ),
        pytest.param(
            [("sitemaps/2026/9/article.xml", ""), ("sitemaps/2026/10/article.xml", "")],
            ["sitemaps/2026/10/article.xml", "sitemaps/2026/9/article.xml"],
            id="month in the path",
        ),
        pytest.param(
            [("post/2026-07-08.xml", ""), ("post/2026-07-10.xml", ""), ("s-2026-6-21-25.xml", "")],
            ["post/2026-07-10.xml", "post/2026-07-08.xml", "s-2026-6-21-25.xml"],
            id="days",
        ),
        pytest.param([("b.xml", ""), ("a.xml", ""), ("b.xml", "")], ["b.xml", "a.xml"], id="in its order, each once"),
    ],
)
def test_index_gives_its_newest_sitemaps(children: list[tuple[str, str]], newest: list[str]) -> None:
    listing = parse(index(*children), Kind.SITEMAP_INDEX)
    assert (listing.outcome, listing.entries) == (Outcome.OK, ())
    assert listing.follow == tuple(f"https://a.org/{name}" for name in newest)


def test_index_follows_no_other_scheme_nor_itself() -> None:
    locations = [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://a.org/x.xml",
        "https://a.org/list",
        "//[",
        "sub.xml",
    ]
    inner = "".join(f"<sitemap><loc>{location}</loc></sitemap>" for location in locations)
    listing = parse(f"<sitemapindex>{inner}</sitemapindex>".encode(), Kind.SITEMAP_INDEX)
    assert listing.follow == ("https://a.org/sub.xml",)


def test_plain_sitemap_under_an_index_is_read() -> None:
    data = (
        b"<urlset><url><loc> https://a.org/talks-post1.vnp </loc><lastmod>2026-09-05</lastmod></url>"
        b"<url><loc>/b</loc></url></urlset>"
    )
    assert parse(data, Kind.SITEMAP_INDEX).entries == (
        Entry("https://a.org/talks-post1.vnp", "", published=datetime(2026, 9, 4, 17, tzinfo=UTC)),
        Entry("https://a.org/b", ""),
    )


def test_of_a_long_sitemap_the_newest_are_taken_in_its_order() -> None:
    first = datetime(2020, 1, 1, tzinfo=UTC)
    urls = "".join(
        f"<url><loc>https://a.org/{n}</loc><lastmod>{(first + timedelta(hours=n)).isoformat()}</lastmod></url>"
        for n in range(MAX_ENTRIES + 500)
    )
    entries = parse(f"<urlset>{urls}</urlset>".encode(), Kind.NEWS_SITEMAP).entries
    assert [entries[0].url, entries[-1].url, len(entries)] == [
        "https://a.org/500",
        f"https://a.org/{MAX_ENTRIES + 499}",
        MAX_ENTRIES,
    ]


class TestPackedBodies:
    def test_gzip_is_unpacked(self) -> None:
        assert parse(gzip.compress(RSS), Kind.RSS).entries[0].url == "https://a.org/1"
        assert parse(gzip.compress(INDEX), Kind.SITEMAP_INDEX).follow == ("https://a.org/news-2026-9.xml",)

    def test_bomb_is_refused(self) -> None:
        listing = parse(gzip.compress(b"<urlset>" + b" " * (MAX_UNPACKED + 1)), Kind.NEWS_SITEMAP)
        assert (listing.outcome, "unpacks to more than" in listing.message) == (Outcome.NOT_A_FEED, True)

    def test_truncated_gives_what_was_whole(self) -> None:
        urls = "".join(f"<url><loc>https://a.org/{n * n}</loc></url>" for n in range(5000))
        packed = gzip.compress(f"<urlset>{urls}</urlset>".encode())
        assert len(parse(packed[: len(packed) // 2], Kind.NEWS_SITEMAP).entries) > 100


def json_feed(*items: object, **top: object) -> bytes:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": items} | top).encode()


@pytest.mark.parametrize(
    ("item", "entry"),
    [
        pytest.param(
            {"id": "1", "url": "https://a.org/1", "title": "AT&T < B", "content_text": "a < b & c > d"},
            Entry("https://a.org/1", "AT&T < B", "a < b & c > d"),
            id="title and text are no markup",
        ),
        pytest.param(
            {"id": 7, "url": "/7", "content_html": "<p>Talks.</p><p>Dinner &amp; tea</p>"},
            Entry("https://a.org/7", "", "Talks. Dinner & tea"),
            id="no title, relative address, a number as id",
        ),
        pytest.param(
            {"id": "x", "external_url": "https://b.org/x", "summary": "short", "content_html": "<p>long</p>"},
            Entry("https://b.org/x", "", "short"),
            id="only an external address; the summary before the content",
        ),
        pytest.param(
            {"id": "x", "url": "https://a.org/note", "external_url": "https://b.org/x"},
            Entry("https://a.org/note", ""),
            id="its own address before the external",
        ),
        pytest.param({"id": "https://a.org/9"}, Entry("https://a.org/9", ""), id="id is address"),
        pytest.param(
            {"url": "/d", "date_published": "2026-02-07T14:04:00-05:00", "date_modified": "2026-03-01T00:00:00Z"},
            Entry("https://a.org/d", "", published=datetime(2026, 2, 7, 19, 4, tzinfo=UTC)),
            id="published",
        ),
        pytest.param(
            {"url": "/d", "date_modified": "2026-03-01T00:00:00Z", "date_published": None},
            Entry("https://a.org/d", "", published=datetime(2026, 3, 1, tzinfo=UTC)),
            id="only modified",
        ),
        pytest.param(
            {"url": "/s", "title": "\ud800 talks"}, Entry("https://a.org/s", "? talks"), id="half a surrogate"
        ),
        pytest.param({"id": "no-address", "title": "t"}, None, id="no address"),
        pytest.param({"url": ["a"], "title": 5, "id": {}}, None, id="wrong types"),
        pytest.param("text", None, id="no object"),
    ],
)
def test_json_feed_item(item: object, entry: Entry | None) -> None:
    listing = parse(json_feed(item, {"id": "last", "url": "https://a.org/last"}), Kind.JSONFEED)
    assert listing.entries == ((entry,) if entry else ()) + (Entry("https://a.org/last", ""),)


@pytest.mark.parametrize(
    "version",
    ["https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1", "http://www.jsonfeed.org/version/1.1/"],
)
def test_json_feed_versions_and_what_is_left_alone(version: str) -> None:
    data = json_feed(
        {"url": "/1"}, version=version, next_url="https://a.org/2.json", expired=True, authors=[{"name": 1}]
    )
    listing = parse(b"\xef\xbb\xbf" + data, Kind.JSONFEED)
    assert (listing.outcome, len(listing.entries), listing.follow) == (Outcome.OK, 1, ())


def token(*fields: bytes) -> str:
    """A Google News link of the given strings, as its message is built."""
    numbers = iter((0x22, 0x1A, 0x12))
    message = b"\x08\x13"
    for field in fields:
        size = len(field)
        length = bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])
        message += bytes([next(numbers)]) + length + field
    return "https://news.google.com/rss/articles/" + base64.urlsafe_b64encode(message).decode().rstrip("=") + "?oc=5"


LONG = b"https://en.vietnamplus.vn/" + b"a-long-slug-" * 15 + b"post1.vnp"


@pytest.mark.parametrize(
    ("link", "target"),
    [
        pytest.param(token(b"https://a.org/x"), "https://a.org/x", id="plain"),
        pytest.param(token(LONG, b"https://amp.a.org/x"), LONG.decode(), id="long, with its AMP page"),
        pytest.param(token(b"\x01number", b"http://a.org/2"), "http://a.org/2", id="in a later field"),
        pytest.param(token(b"AU_yqLOpaque" * 5), None, id="opaque, as since 2024"),
        pytest.param("https://news.google.com/rss/articles/!!!", None, id="no base64"),
        pytest.param("https://news.google.com/rss/articles/" + "_" * 3000, None, id="no message"),
        pytest.param(token(b"https://a.org/x").replace("news.google.com", "a.org"), None, id="another host"),
    ],
)
def test_google_token(link: str, target: str | None) -> None:
    assert google_target(link) == target


def search_result(link: str, extra: str, title: str = "Made-up talks") -> bytes:
    address = link.replace("&", "&amp;")
    return (
        '<rss version="2.0" xmlns:News="https://www.bing.com/news/search?q=x&amp;format=rss"><channel><item>'
        f"<title>{title}</title><link>{address}</link><description>They &lt;b&gt;met&lt;/b&gt;.</description>"
        f"<pubDate>Fri, 18 Sep 2026 19:37:00 GMT</pubDate>{extra}</item></channel></rss>"
    ).encode()


BING = "http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=12BE&url={}&c=44&mkt=en-us"


@pytest.mark.parametrize(
    ("link", "extra", "url", "outlet"),
    [
        pytest.param(
            BING.format("https%3a%2f%2fwww.cgtn.com%2fa-b%3futm_source%3dbing"),
            "<News:Source>CGTN</News:Source><News:Image>http://www.bing.com/th?id=1</News:Image>",
            "https://www.cgtn.com/a-b",
            "CGTN",
            id="unwrapped",
        ),
        pytest.param(
            BING.format("https%3a%2f%2fwww.msn.com%2fen-us%2fnews%2far-AA1"),
            "<News:Source>South China Morning Post on MSN</News:Source>",
            "https://www.msn.com/en-us/news/ar-AA1",
            "South China Morning Post",
            id="republished by MSN",
        ),
        pytest.param("https://a.org/1", "", "https://a.org/1", None, id="plain link without a publisher"),
        pytest.param(
            "http://www.bing.com/news/apiclick.aspx?ref=FexRss", "", None, None, id="a wrapper around nothing"
        ),
    ],
)
def test_bing_news(link: str, extra: str, url: str | None, outlet: str | None) -> None:
    listing = parse(search_result(link, extra), Kind.BING_NEWS)
    when = datetime(2026, 9, 18, 19, 37, tzinfo=UTC)
    expected = Entry(url or "", "Made-up talks", "They met.", when, outlet=outlet)
    assert listing.entries == ((expected,) if url else ())


def test_google_news_link_that_spells_its_address_out() -> None:
    extra = '<source url="https://en.vietnamplus.vn">Vietnam+ (VietnamPlus)</source>'
    link = token(b"https://en.vietnamplus.vn/talks-post1.vnp")
    data = search_result(link, extra, "Talks - and tea - Vietnam+ (VietnamPlus)")
    (entry,) = parse(data, Kind.GOOGLE_NEWS).entries
    assert (entry.url, entry.title) == ("https://en.vietnamplus.vn/talks-post1.vnp", "Talks - and tea")
    assert (entry.outlet, entry.outlet_url) == ("Vietnam+ (VietnamPlus)", "https://en.vietnamplus.vn")


ARTICLE = (
    '{"url": "https://en.vietnamplus.vn/a-post1.vnp", "url_mobile": "", "title": "%s", "seendate": "20260220T063400Z",'
    ' "socialimage": "", "domain": "en.vietnamplus.vn", "language": "English", "sourcecountry": "Vietnam"}'
)


@pytest.mark.parametrize(
    ("title", "read"),
    [
        pytest.param("China , Vietnam hold talks", "China , Vietnam hold talks", id="plain"),
        pytest.param(
            r"Party\'s guest at the \Great Hall", r"Party\'s guest at the \Great Hall", id="stray backslashes"
        ),
        pytest.param(r"\u4e2d\u8d8a \"talks\" \\ x \u12", r'中越 "talks" \ x \u12', id="good escapes stay good"),
        pytest.param("one\ttwo\x07 three", "one two three", id="raw control characters"),
    ],
)
def test_gdelt_titles(title: str, read: str) -> None:
    listing = parse(('{"articles": [' + ARTICLE % title + "]}").encode(), Kind.GDELT)
    assert listing.entries == (
        Entry(
            "https://en.vietnamplus.vn/a-post1.vnp",
            read,
            published=datetime(2026, 2, 20, 6, 34, tzinfo=UTC),
            outlet="en.vietnamplus.vn",
        ),
    )


@pytest.mark.parametrize(
    ("kind", "data", "outcome", "told"),
    [
        pytest.param(Kind.GDELT, b"Please limit requests to one every 5 seconds.", Outcome.NOT_A_FEED, "'Please limit"),
        pytest.param(Kind.GDELT, b"The specified phrase is too short.\n", Outcome.NOT_A_FEED, "phrase is too short"),
        pytest.param(Kind.GDELT, b"HTTP/1.1 200 OK\r\nServer: x\r\n", Outcome.NOT_A_FEED, "'HTTP/1.1 200 OK Server"),
        pytest.param(Kind.GDELT, HTML, Outcome.NOT_A_FEED, "an HTML page"),
        pytest.param(Kind.GDELT, b"{}", Outcome.NO_ENTRIES, "no article"),
        pytest.param(Kind.GDELT, b'{"articles": []}', Outcome.NO_ENTRIES, "no article"),
        pytest.param(Kind.GDELT, b'{"articles": [1, {"url": 2}, null]}', Outcome.NO_ENTRIES, "no article"),
        pytest.param(Kind.GDELT, b"[1]", Outcome.NOT_A_FEED, "JSON, not GDELT's"),
        pytest.param(Kind.JSONFEED, HTML, Outcome.NOT_A_FEED, "an HTML page, not a JSON Feed"),
        pytest.param(Kind.JSONFEED, RSS, Outcome.NOT_A_FEED, "an RSS feed, not a JSON Feed"),
        pytest.param(Kind.JSONFEED, b'{"error": "busy"}', Outcome.NOT_A_FEED, "does not say"),
        pytest.param(Kind.JSONFEED, b'{"version": "https://a.org/1"}', Outcome.NOT_A_FEED, "does not say"),
        pytest.param(Kind.JSONFEED, b'[{"version": 1}]', Outcome.NOT_A_FEED, "does not say"),
        pytest.param(Kind.JSONFEED, b'{"version": "https://jsonfeed', Outcome.NOT_A_FEED, "JSON, not a JSON Feed"),
        pytest.param(Kind.JSONFEED, json_feed(), Outcome.NO_ENTRIES, "without entries"),
        pytest.param(Kind.JSONFEED, json_feed(items={"a": 1}), Outcome.NO_ENTRIES, "without entries"),
        pytest.param(Kind.SITEMAP_INDEX, HTML, Outcome.NOT_A_FEED, "an HTML page, not an index of sitemaps"),
        pytest.param(Kind.SITEMAP_INDEX, b"<sitemapindex/>", Outcome.NO_ENTRIES, "without sitemaps"),
        pytest.param(Kind.NEWS_SITEMAP, INDEX, Outcome.NOT_A_FEED, "an index of sitemaps (kind 'sitemap_index')"),
        pytest.param(Kind.BING_NEWS, HTML, Outcome.NOT_A_FEED, "an HTML page, not a feed"),
        pytest.param(Kind.RSS, INDEX, Outcome.NOT_A_FEED, "an index of sitemaps"),
        pytest.param(Kind.RSS, b"RssPage.html", Outcome.NOT_A_FEED, "the text 'RssPage.html'"),
        pytest.param(Kind.ATOM, b"%PDF-1.7 ...", Outcome.NOT_A_FEED, "a PDF file"),
        pytest.param(Kind.ATOM, b"<script>document.cookie='x'</script>", Outcome.NOT_A_FEED, "an HTML page"),
    ],
)
def test_what_came_instead_is_told(kind: Kind, data: bytes, outcome: Outcome, told: str) -> None:
    listing = parse(data, kind)
    assert (listing.entries, listing.follow, listing.outcome) == ((), (), outcome)
    assert told in listing.message
