"""What an unknown document could be: its kind, the feeds that it names, the selectors of its list."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.guessing import FEWEST_LINKS, guess_kind, guess_pattern, guess_selectors, guess_title, named_feeds
from parsers.records import Kind, Selectors
from parsers.text import parse_html

LISTINGS = Path(__file__).parent / "data" / "listings"
URL = "https://www.town.vn/politics/"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(b'<?xml version="1.0"?><!-- <feed> --><rss version="2.0">', Kind.RSS, id="RSS behind a comment"),
        pytest.param(b'\xef\xbb\xbf<rdf:RDF xmlns="http://purl.org/rss/1.0/">', Kind.RSS, id="RSS 1.0 with a BOM"),
        pytest.param(b'<feed xmlns="http://www.w3.org/2005/Atom">', Kind.ATOM, id="Atom"),
        pytest.param(b"<?xml-stylesheet href='x'?><urlset>", Kind.NEWS_SITEMAP, id="sitemap"),
        pytest.param(gzip.compress(b"<urlset>"), Kind.NEWS_SITEMAP, id="packed sitemap"),
        pytest.param(b"\x1f\x8b broken", None, id="broken packing"),
        pytest.param(b"<sitemapindex>", Kind.SITEMAP_INDEX, id="index"),
        pytest.param('<?xml version="1.0"?><rss>'.encode("utf-16"), Kind.RSS, id="UTF-16"),
        pytest.param(b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', Kind.JSONFEED, id="JSON Feed"),
        pytest.param(b'{"articles": [{"url": "x"}]}', Kind.GDELT, id="GDELT"),
        pytest.param(b"<!DOCTYPE html><html><body><p>feed</p>", Kind.SECTION, id="page"),
        pytest.param(b"<HTML><BODY>", Kind.SECTION, id="page in capitals"),
        pytest.param(b'{"detail": "not found"}', None, id="other JSON"),
        pytest.param(b"<svg xmlns='x'/>", None, id="a picture in XML"),
        pytest.param(b"\x89PNG\r\n\x1a\n", None, id="a picture"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_kind(data: bytes, kind: Kind | None) -> None:
    assert guess_kind(data) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rss.xml", Kind.RSS),
        ("google_news.xml", Kind.RSS),
        ("news_sitemap.xml", Kind.NEWS_SITEMAP),
        ("xinhua_section.html", Kind.SECTION),
        ("vgp_section.html", Kind.SECTION),
    ],
)
def test_kind_of_recorded_listings(name: str, kind: Kind) -> None:
    assert guess_kind((LISTINGS / name).read_bytes()) is kind


def test_feeds_that_a_page_names() -> None:
    page = parse_html(
        '<head><link rel="alternate" type="application/rss+xml" href="/comments/feed">'
        '<link rel="alternate" type="application/atom+xml" href="//a.org/atom">'
        '<link rel="alternate" hreflang="en" href="/en">'
        '<link rel="alternate" type="application/feed+json" href="feed.json">'
        '<link rel="alternate" type="application/atom+xml" href="//a.org/atom"></head>'
    )
    assert named_feeds(page, URL) == (
        "https://a.org/atom",
        "https://www.town.vn/politics/feed.json",
        "https://www.town.vn/comments/feed",
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("<rss><channel><title><![CDATA[Town & Land]]></title>", "Town & Land"),
        ("<html><head><TITLE>\n Town  News </TITLE>", "Town News"),
        ('<feed><atom:title type="text">Báo &amp; đài</atom:title>', "Báo & đài"),
        ("<urlset/>", ""),
    ],
)
def test_title(text: str, title: str) -> None:
    assert guess_title(text) == title


def story(number: int, markup: str = '<div class="story big">{image}<h3>{link}</h3></div>') -> str:
    link = f'<a href="/politics/leaders-of-two-countries-meet-post{number}.html">'
    return markup.format(image=f"{link}<img></a>", link=f"{link}Leaders of two countries meet {number}</a>")


MENU = "".join(f'<li class="item"><a href="/section-{n}">Section number {n} of all</a></li>' for n in range(20))


def listing(markup: str, count: int = 8, foot: str = "") -> str:
    return f"<ul>{MENU}</ul><div class='list'>{''.join(story(28_000 + n, markup) for n in range(count))}</div>{foot}"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        pytest.param(
            listing('<div class="story big">{image}<h3>{link}</h3></div>'),
            Selectors("div.story", "h3 a[href]", url_pattern="-post[0-9]+\\.html"),
            id="pictures beside headings",
        ),
        pytest.param(
            listing('<li class="tit">{link}</li>'),
            Selectors("li.tit", url_pattern="-post[0-9]+\\.html"),
            id="a plain list beside a longer menu",
        ),
        pytest.param(
            listing("<article>{link}</article>"), Selectors("article", url_pattern="-post[0-9]+\\.html"), id="articles"
        ),
        pytest.param(
            listing(
                '<div class="row">{link}{link}</div>',
                foot='<div class="row"><a href="https://ads.org/x-123456">Buy now, buy cheap</a></div>',
            ),
            Selectors("div.row", url_pattern="-post[0-9]+\\.html"),
            id="advertisement of another site",
        ),
        pytest.param(listing("<li>{link}</li>", count=FEWEST_LINKS - 1), None, id="too few"),
        pytest.param(f"<ul>{MENU}</ul>", None, id="a menu only"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_selectors(html: str, found: Selectors | None) -> None:
    assert guess_selectors(parse_html(html), URL) == found


@pytest.mark.parametrize(
    ("urls", "pattern"),
    [
        (["https://a.vn/x-post1234.vnp", "https://a.vn/y-post99999.vnp"], "-post[0-9]+\\.vnp"),
        (["https://a.cn/202608/t20260828_12012299.html"] * 3, "/t[0-9]+_[0-9]+\\.html"),
        (["https://a.vn/x-12345", "https://a.vn/y-9876"], "-[0-9]+"),
        (["https://a.vn/x-12345", "https://a.vn/y-9876.html"], None),
        (["https://a.vn/some-words"], None),
        ([], None),
    ],
)
def test_pattern(urls: list[str], pattern: str | None) -> None:
    assert guess_pattern(urls) == pattern


@given(st.text(max_size=300), st.binary(max_size=100))
def test_nothing_makes_it_raise(text: str, data: bytes) -> None:
    guess_kind(data)
    guess_title(text)
    page = parse_html(f"{text}<a href='{text}'>{text}</a>" * 3)
    guess_selectors(page, URL)
    named_feeds(page, URL)
