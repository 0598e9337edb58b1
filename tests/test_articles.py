"""Article pages whatever their outlet: dates, metadata, canonical links, and what goes wrong with pages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.articles import entry_article, extract_article
from parsers.articles.draft import clean_paragraphs
from parsers.records import Article, Entry, Kind, Side, Source, article_key
from parsers.text import decode
from parsers.urls import canonical_url
from tests.outlet_pages import LISTED, vietnamese
from tests.test_outlets import PAGES

TWO_PM = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
VIETNAM = vietnamese("vgp")


def extract_html(
    page: str | bytes, *, url: str = "https://a.org/news-12345.html", published: datetime | None = None
) -> Article | None:
    body = page if isinstance(page, bytes) else page.encode()
    entry = Entry(url, "Title in the feed", published=published)
    return extract_article(body, url=url, content_type=None, source=VIETNAM, entry=entry)


def test_late_evening_story_keeps_the_outlets_day() -> None:
    article = next(page for page in PAGES if page.file == "nhandan/chinese.html").article()
    assert article.published is not None  # 00:20 in Hanoi is the day before in UTC
    assert (article.published.date(), article.published_on) == (date(2026, 7, 6), date(2026, 7, 7))


def test_page_wins_over_the_entry() -> None:
    page = PAGES[0]
    entry = Entry(page.url, "Title in the feed", published=LISTED)
    article = extract_article(page.body, url=page.url, content_type=None, source=page.source, entry=entry)
    assert article == page.article()
    assert article.published != LISTED


TEXT = "".join(
    f"<p>Paragraph {n} says at some length what the two made-up delegations agreed upon that day in Lang Son.</p>"
    for n in range(6)
)


def html(body: str = TEXT, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body><h1>Shown title</h1><article>{body}</article></body></html>"


def test_line_break_and_emphasis_inside_a_paragraph() -> None:
    article = extract_html(
        '<h1>T</h1><div class="detail-content"><p>Li Yiban<br>met <b>Mau</b>.<br/>They parted.</p></div>',
        url="https://en.baochinhphu.vn/x-111260904103625767.htm",
    )
    assert article is not None
    assert article.paragraphs == ("Li Yiban met Mau. They parted.",)


def test_a_page_of_endless_breaks_endings_and_json_takes_no_longer_than_its_length() -> None:
    # each of the three took minutes to hours by the square of its length
    breaks, endings = "a<br>" * 40_000, "■" * 30_000
    numbers = ",".join("0" * 250_000)
    article = extract_html(
        f'<script type="application/ld+json">[{numbers}]</script><h1>T</h1>'
        f'<div class="detail-content"><p>{breaks}</p><p>{endings}</p><p>They parted.</p></div>',
        url="https://en.baochinhphu.vn/x-111260904103625767.htm",
    )
    assert article is not None
    assert (article.paragraphs[-1], len(article.paragraphs)) == ("They parted.", 2)


def test_a_page_without_a_floor_takes_no_longer_than_its_length() -> None:
    # each paragraph held all that came after it: a minute for 140 kB
    nested = "<p>x<span>" * 10_000
    article = extract_html(
        f'<h1>T</h1><div id="detailContent"><p>They met in Hanoi.</p>{nested}</div>',
        url="https://english.news.cn/20260904/0123456789abcdef0123456789abcdef/c.html",
    )
    assert article is not None
    assert article.paragraphs[0] == "They met in Hanoi."


class TestDates:
    META = '<meta property="article:published_time" content="{}">'

    @pytest.mark.parametrize(
        ("written", "listed", "published", "day"),
        [
            pytest.param("2026-03-18T21:00:00+07:00", LISTED, TWO_PM, 18, id="page has a time"),
            pytest.param("2026-03-18T21:00:00", LISTED, TWO_PM, 18, id="time without zone"),
            pytest.param("2026-03-18", LISTED, LISTED, 18, id="page has the day, entry the time"),
            pytest.param("2026-03-17", LISTED, None, 17, id="page has another day"),
            pytest.param("2026-03-18", None, None, 18, id="page has the day"),
            pytest.param("", LISTED, LISTED, 18, id="only the entry"),
            pytest.param("", datetime(2026, 3, 17, 17, tzinfo=UTC), None, 18, id="entry has only the day"),
            pytest.param("07/08/2026 10:00", LISTED, LISTED, 18, id="page's date reads both ways"),
        ],
    )
    def test_whose_date(self, written: str, listed: datetime | None, published: datetime | None, day: int) -> None:
        article = extract_html(html(head=self.META.format(written)), published=listed)
        assert article is not None
        assert (article.published, article.published_on) == (published, date(2026, 3, day))

    def test_day_of_the_url_when_nothing_else_is_dated(self) -> None:
        article = extract_html(html(), url="https://a.org/20260318/12345.html")
        assert article is not None
        assert (article.published, article.published_on) == (None, date(2026, 3, 18))

    def test_undated(self) -> None:
        article = extract_html(html())
        assert article is not None
        assert (article.published, article.published_on) == (None, None)


class TestMetadata:
    @pytest.mark.parametrize(
        ("head", "title", "method"),
        [
            pytest.param(
                '<script type="application/ld+json">[{"@type": "NewsArticle", "headline": "In JSON"}]</script>',
                "In JSON",
                "jsonld+trafilatura",
                id="JSON-LD in a list",
            ),
            pytest.param(
                '<script type="application/ld+json">{broken</script><meta property="og:title" content="Open | A Site">'
                '<meta property="og:site_name" content="A Site">',
                "Open",
                "opengraph+trafilatura",
                id="broken JSON-LD, OpenGraph with the site's name",
            ),
            pytest.param(
                '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
                "Shown title",
                "trafilatura",
                id="deep JSON",
            ),
            pytest.param(
                '<script type="application/ld+json">{"@type": 5, "headline": ["x"], "@graph": 7}</script>',
                "Shown title",
                "trafilatura",
                id="JSON-LD of other types",
            ),
            pytest.param("", "Shown title", "trafilatura", id="none"),
        ],
    )
    def test_title_and_method(self, head: str, title: str, method: str) -> None:
        article = extract_html(html(head=head))
        assert article is not None
        assert (article.title, article.method) == (title, method)

    @pytest.mark.parametrize(
        ("named", "url"),
        [
            ("https://a.org/new-slug-12345.html", "https://a.org/new-slug-12345.html"),
            ("/new-slug-12345.html?utm_source=x", "https://a.org/new-slug-12345.html"),
            ("https://a.org/", "https://a.org/news-12345.html"),
            ("https://a.org/other-99999.html", "https://a.org/news-12345.html"),
            ("https://elsewhere.org/new-slug-12345.html", "https://a.org/news-12345.html"),
            ("::", "https://a.org/news-12345.html"),
        ],
    )
    def test_canonical_link_is_believed_with_the_same_host_and_number(self, named: str, url: str) -> None:
        article = extract_html(html(head=f'<link rel="canonical" href="{named}">'))
        assert article is not None
        assert (article.url, article.key) == (url, article_key(url))

    def test_outlet_page_of_unknown_layout_falls_back(self) -> None:
        article = extract_html(html(), url="https://en.baochinhphu.vn/x-111260904103625767.htm")
        assert article is not None
        assert article.method == "trafilatura"


class TestBadPages:
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"\0\0\0", id="only NULs"),
            pytest.param(b"not a page", id="plain words"),
            pytest.param(b"<html><body></body></html>", id="no text"),
            pytest.param(b"<html><script>alert('They met.')</script></html>", id="only a script"),
            pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), id="picture"),
            pytest.param(b"%PDF-1.7\n\xff\xfe", id="PDF"),
        ],
    )
    def test_page_without_text_gives_none(self, body: bytes) -> None:
        for url in (*(page.url for page in PAGES), "https://a.org/x-12345.html"):
            assert extract_html(body, url=url) is None, url

    def test_nuls_and_controls_inside_are_dropped(self) -> None:
        article = extract_html(html(TEXT.replace("two", "t\0w\x08o")))
        assert article is not None
        assert "the two made-up" in article.paragraphs[0]

    def test_page_of_five_megabytes(self) -> None:
        filler = "<!-- " + "x" * 4_000_000 + " --><script>" + "y();" * 300_000 + "</script>"
        article = extract_html(html(TEXT + filler))
        assert article is not None
        assert len(article.paragraphs) == 6

    def test_page_of_white_space(self) -> None:
        assert extract_html(" " * 5_000_000 + "<p>") is None

    def test_very_deep_page_does_not_raise(self) -> None:
        extract_html("<div>" * 20_000 + TEXT + "</div>" * 20_000)

    @given(st.binary(max_size=300) | st.text("<>/=\"' abdhiprtv\0!-&;", max_size=300).map(str.encode))
    def test_any_bytes_never_raise(self, body: bytes) -> None:
        for page in PAGES[::5]:
            extract_html(body, url=page.url)


@pytest.mark.parametrize(
    ("encoding", "declared", "language"),
    [
        pytest.param("utf-8", None, "zh", id="UTF-8, undeclared"),
        pytest.param("utf-8", "text/html; charset=gb2312", "zh", id="UTF-8, declared as GB2312"),
        pytest.param("gb18030", "text/html; charset=GBK", "zh", id="GBK"),
        pytest.param("gb18030", None, "zh", id="GBK, undeclared"),
        pytest.param("gb18030", "text/html; charset=iso-8859-1", "zh", id="GBK, declared as Latin-1"),
        pytest.param("gb18030", "text/html; charset=utf-8", "zh", id="GBK, declared as UTF-8"),
        pytest.param("gb18030", "text/html; charset=no-such", "zh", id="GBK, declared as nonsense"),
        pytest.param("big5", "text/html; charset=big5", "zh", id="Big5"),
        pytest.param("utf-16", None, "zh", id="UTF-16 with BOM"),
    ],
)
def test_charsets(encoding: str, declared: str | None, language: str) -> None:
    text = "王毅會見裴青山" * 5
    assert decode(text.encode(encoding), declared, language) == text


def test_one_bad_byte_does_not_turn_a_page_into_another_charset() -> None:
    assert decode("Hà Nội ".encode() * 9 + b"\xff", "text/html; charset=utf-8", "vi") == "Hà Nội " * 9 + "�"


def test_western_quotes_in_an_english_page() -> None:
    assert decode(b"Xi\x92s visit", "text/html", "en") == "Xi’s visit"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("They met in December./.", ("They met in December.",)),
        ("They met in December. /.", ("They met in December.",)),
        ("They met. Enditem", ("They met.",)),
        ("他们会面。（完）", ("他们会面。",)),
        ("They met.  ■ ", ("They met.",)),
        ("Editor: huaxia", ()),
        ("【责任编辑:某某】", ()),
        ("Source: Xinhua", ()),
        ("Related News", ()),
        ("Source: " + "a long sentence that quotes where it comes from " * 5, None),
        ("The title", ()),
        (" \u00a0\u200b ", ()),
    ],
)
def test_furniture_and_endings(line: str, kept: tuple[str, ...] | None) -> None:
    assert clean_paragraphs([line, line], "The title") == (kept if kept is not None else (line.strip(),))


class TestAggregator:
    source = Source(
        id="google-news-en",
        outlet="google-news",
        outlet_name="Google News",
        side=Side.OTHER,
        language="en",
        zone="UTC",
        kind=Kind.GOOGLE_NEWS,
        url="https://news.google.com/rss/search?q=x",
        interval=timedelta(hours=3),
    )

    def test_article_of_an_entry_has_title_and_teaser_only(self) -> None:
        url = "https://news.google.com/rss/articles/CBMiMadeUp?oc=5"
        article = entry_article(self.source, Entry(url, "Premiers meet", "In Kunming.", LISTED, outlet="Made-Up Times"))
        assert article == Article(
            key=article_key(url),
            title="Premiers meet",
            paragraphs=("In Kunming.",),
            published=LISTED,
            published_on=date(2026, 3, 18),
            language="en",
            url=url,
            outlet="Made-Up Times",
            side=Side.OTHER,
            source_id="google-news-en",
            method="entry:google_news",
        )
        assert article.url == canonical_url(url)

    def test_entry_without_teaser_or_publisher(self) -> None:
        article = entry_article(self.source, Entry("https://news.google.com/rss/articles/X", "Premiers meet"))
        assert (article.paragraphs, article.outlet, article.published_on) == ((), "google-news", None)
