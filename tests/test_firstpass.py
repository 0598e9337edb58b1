"""The first pass of a backfill dismisses no page that an article about both countries is read from, and most others."""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from opencc import OpenCC

from meetings import screen
from meetings.firstpass import may_concern_both
from meetings.folding import plain
from parsers.articles import extract_article
from parsers.pagewords import page_words
from parsers.records import Article, Entry, Kind, Side, Source
from parsers.seedfile import seed_article
from parsers.text import as_utf8
from tests import china_pages, third_party_pages, vietnam_pages
from tests.gold_score import EVENTS, GOLD
from tests.outlet_pages import OutletPage

PAGES = (*china_pages.PAGES, *vietnam_pages.PAGES, *third_party_pages.PAGES)
SEEDS = sorted([*GOLD.glob("*.txt"), *EVENTS.glob("*.txt")])
OTHER = {Side.CHINA: "Trung Quốc", Side.VIETNAM: "Việt Nam"}
FILLER = "The committee heard how farmers of the hills had mended their terraces after the rains of last autumn. "


def passes(page: bytes, content_type: str | None = None, language: str = "en") -> bool:
    return may_concern_both(page_words(as_utf8(page, content_type, language)))


def told(article: Article | None) -> set[Side]:
    return screen.sides_told(article.text) if article else set()


@dataclass(frozen=True)
class Site:
    """Where a page is from, and how it is put around title and paragraphs."""

    host: str
    frame: str

    def page(self, title: str, text: str, *, head: str = "") -> str:
        body = self.frame.format(title=title, text=text)
        return f"<!DOCTYPE html><html><head><title>Site</title>{head}</head><body>{body}</body></html>"

    def article(self, page: bytes, content_type: str | None = None, language: str = "en") -> Article | None:
        url = f"https://{self.host}/a/b-1234567.html"
        source = Source("s", "s", "S", Side.OTHER, language, "UTC", Kind.RSS, "https://s.example/", timedelta(hours=1))
        return extract_article(page, url=url, content_type=content_type, source=source, entry=Entry(url, ""))


GENERIC = Site(
    "some.example", "<h1>{title}</h1><article><p>" + FILLER * 3 + "</p><p>{text}</p><p>" + FILLER + "</p></article>"
)
POST = Site("qdnd.vn", '<h1 class="post-title">{title}</h1><div class="post-content"><p>{text}</p></div>')
PLAIN = Site("vietnamnews.vn", '<h1>{title}</h1><div class="post-content" id="abody"><p>{text}</p></div>')
SITES = {"generic": GENERIC, "outlet": POST}


def inside(word: str, put: str) -> str:
    """The word with something behind each of its letters but the last."""
    return put.join(word)


def entities(word: str, form: str) -> str:
    return "".join(form.format(ord(char)) for char in word)


def fullwidth(word: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in word)


@cache
def _traditional() -> OpenCC:
    return OpenCC("s2t")


DRESSES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "decomposed": lambda word: unicodedata.normalize("NFD", word),
    "capitals": str.upper,
    "without diacritics": plain,
    "decimal entities": lambda word: entities(word, "&#{};"),
    "hexadecimal entities": lambda word: entities(word, "&#x{:X};"),
    "entities without semicolon": lambda word: "".join(char if char.isascii() else f"&#{ord(char)}" for char in word),
    "named entities": lambda word: word.replace("ê", "&ecirc;").replace("à", "&agrave").replace(" ", "&nbsp;"),
    "soft hyphens": lambda word: inside(word, "\u00ad"),
    "soft hyphens as entities": lambda word: inside(word, "&shy;"),
    "zero width": lambda word: inside(word, "\u200b"),
    "tags inside": lambda word: inside(word, "<b></b>"),
    "each letter in a tag": lambda word: "".join(f"<i class='x'>{char}</i>" for char in word),
    "comments inside": lambda word: inside(word, "<!-- a > b -->"),
    "scripts inside": lambda word: inside(word, "<script>if (a < b) x('<p>')</script>"),
    "capital scripts inside": lambda word: inside(word, "<SCRIPT>a</Script>"),
    "styles inside": lambda word: inside(word, "<style>a > b {}</style>"),
    "brackets in attributes": lambda word: inside(word, '<b title="a>b"></b><i title=\'<p>\'></i>'),
    "loose quotes in attributes": lambda word: inside(word, '<b title = "a>b" id=\'"\'></b>'),
    "comments that end at once": lambda word: inside(word, "<!-->"),
    "comments that end oddly": lambda word: inside(word, "<!-- > --!>"),
    "declarations inside": lambda word: inside(word, "<?x y?>"),
    "no-break spaces": lambda word: word.replace(" ", "\u00a0"),
    "line feeds and tabs": lambda word: word.replace(" ", "\n\t  "),
    "tags at spaces": lambda word: word.replace(" ", "</b> <b>"),
    "line breaks at spaces": lambda word: word.replace(" ", "<br>"),
    "wide spaces": lambda word: word.replace(" ", "\u3000"),
    "full width": fullwidth,
    "traditional": lambda word: _traditional().convert(word),
    "null characters": lambda word: inside(word, "\0"),
    "ruby": lambda word: "".join(f"{char}<rp>(</rp><rt>yu</rt><rp>)</rp>" for char in word),
}  # fmt: skip
ODD = (
    *(
        "",
        "<p>a < b</p>",
        "2 > 1",
        '<p title="',
        '<a b"c="d>x</a>',
        "<![endif]-->",
        '<!DOCTYPE x "y">',
        "</script>",
        "-->",
    ),
    *(
        "<TEXTAREA><b title='x'></textarea>",
        "<iframe src=x></iframe>",
        "<title>a <b> c</title>",
        "&",
        "&#",
        "&#x;",
        "\\u",
        "\\",
    ),
    *(
        "<script>var a = '<script>'</script>",
        "<script><!-- a --></script>",
        "<!-- <script> -->",
        "<div onclick='a(\"b\")'>",
        "\ud7ff",
    ),
    *("<p>&lt;b&gt;</p>", "<svg><title>x</title></svg>", "<noscript><img src='x'></noscript>", "<x-y z>", "<1>", "</>"),
)


@cache
def words(side: Side) -> list[str]:
    return sorted(word for word, sides in screen.sided_words().items() if side in sides)


class TestPagesOfOutlets:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.file)
    def test_article_about_both_is_not_dismissed(self, page: OutletPage) -> None:
        sides = told(page.extract())
        assert passes(page.body, page.content_type, page.source.language) or sides != screen.BOTH


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_labelled_articles_about_both_are_not_dismissed(path: object) -> None:
    article = seed_article(path.read_bytes(), name=path.name)  # type: ignore[attr-defined]
    text = "".join(f"<p>{html.escape(line)}</p>\n" for line in article.paragraphs)
    assert passes(GENERIC.page(html.escape(article.title), text).encode()) >= (told(article) == screen.BOTH)


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
@pytest.mark.parametrize(
    ("china", "vietnam"),
    [
        ("Trung Quốc", "Việt Nam"),
        ("China", "Vietnam"),
        ("中国", "越南"),
        ("PLA", "VN"),
        ("北京", "河內"),
        ("Bắc Kinh", "Hà Nội"),
    ],
    ids=["vi", "en", "zh", "short", "capital", "capital vi"],
)
def test_word_in_any_dress(site: Site, dress: Callable[[str], str], china: str, vietnam: str) -> None:
    page = site.page("Title", f"x {dress(china)} y {dress(vietnam)} z, {FILLER}").encode()
    assert passes(page) or told(site.article(page)) != screen.BOTH


def test_dresses_are_seen_through_by_the_readers() -> None:
    """Otherwise the tests above would say nothing."""
    seen = {
        name
        for name, dress in DRESSES.items()
        if told(POST.article(POST.page("Title", f"x {dress('Trung Quốc')} y {dress('Việt Nam')} z, {FILLER}").encode()))
        == screen.BOTH
    }
    assert seen == set(DRESSES)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param({"@type": "NewsArticle", "headline": "Trung Quốc và Việt\u00a0Nam"}, id="headline"),
        pytest.param(
            {"@type": "NewsArticle", "headline": "x", "articleBody": f"{FILLER}\nViệt Nam\n, <b>Trung</b> Quốc"},
            id="body",
        ),
        pytest.param(
            {"@graph": [{"@type": "Article", "headline": "Vi&ecirc;&#803;t Nam \\ Trung Quốc"}]}, id="entities"
        ),
        pytest.param(
            {"@type": "NewsArticle", "headline": "x", "articleBody": f"&lt;p&gt;{FILLER}Vi&lt;b&gt;ệt Nam Trung Quốc"},
            id="markup",
        ),
    ],
)
@pytest.mark.parametrize("plain", [True, False], ids=["escaped", "as it is"])
@pytest.mark.parametrize("kind", ["application/ld+json", "application/ld&#43;json", "application/LD+json"])
def test_what_is_said_to_machines(head: dict[str, str], plain: bool, kind: str) -> None:
    script = f'<script type="{kind}">{json.dumps(head, ensure_ascii=plain)}</script>'
    assert passes(GENERIC.page("Title", FILLER, head=script).encode())


@pytest.mark.parametrize(
    "tag",
    [
        '<meta property="og:title" content="Vi&ecirc;&#803;t Nam - Trung Quốc">',
        "<META NAME=ArticleTitle CONTENT='Việt Nam - Trung Quốc'>",
        '<meta content="Việt Nam > Trung Quốc" property="og:title"/>',
    ],
)
def test_titles_in_meta_elements(tag: str) -> None:
    assert passes(GENERIC.page("Title", FILLER, head=tag).encode())


def test_text_in_attributes_that_readers_look_into() -> None:
    blocks = json.dumps([{"type": 0, "content": "<p>Vi<b>et</b>&nbsp;Nam and Chin&#97;</p>"}])
    page = f'<div class="news-title">T</div><div id="cmsMainContent" data-json="{html.escape(blocks)}"></div>'.encode()
    assert told(Site("news.cgtn.com", "").article(page)) == screen.BOTH
    assert passes(page)


ONE_SIDED = {
    "script": "<script>var country = 'Vietnam'</script>",
    "comment": "<!-- Vietnam -->",
    "style": "<style>.x::after { content: 'Vietnam' }</style>",
    "address": '<a href="/vietnam/" title="Vietnam" class="vietnam">Asia</a>',
    "other words": "<p>Vietcombank soviet hue hanoian VNExpress VNA TVN vn hano ithanoi</p>",
    "parts in different words": "<p>Via tnam hano i, viet. nam</p>",
    "small letters": "<p>vietnam hanoi vpa vn</p>",
    "meta element": '<meta name="description" content="Vietnam">',
}


@pytest.mark.parametrize("extra", ONE_SIDED.values(), ids=ONE_SIDED)
@pytest.mark.parametrize("odd", ["", "<p>a < b"], ids=["plain", "read as a tree"])
def test_page_about_one_country_is_dismissed(extra: str, odd: str) -> None:
    assert not passes(GENERIC.page("China", FILLER + "Chinese and Beijing" + extra + odd).encode())


def test_a_long_paragraph_may_be_cut_off_inside_a_word() -> None:
    page = POST.page("Title", "China " + "x " * 24_996 + "VNXYZ").encode()
    assert told(POST.article(page)) == screen.BOTH
    assert passes(page)


MARKUP = st.sampled_from(ODD)


@given(
    china=st.sampled_from(words(Side.CHINA)),
    vietnam=st.sampled_from(words(Side.VIETNAM)),
    dresses=st.tuples(st.sampled_from(sorted(DRESSES)), st.sampled_from(sorted(DRESSES))),
    odd=st.tuples(MARKUP, MARKUP, MARKUP),
    site=st.sampled_from(sorted(SITES)),
    in_title=st.booleans(),
)
def test_what_the_readers_see_is_never_dismissed(
    china: str, vietnam: str, dresses: tuple[str, str], odd: tuple[str, str, str], site: str, in_title: bool
) -> None:
    one, two = (DRESSES[dress](html.escape(word)) for dress, word in zip(dresses, (china, vietnam), strict=True))
    title = f"{odd[2]}{one}" if in_title else "Title"
    text = f"{odd[0]} x {one if not in_title else ''} {odd[1]}, {two} {FILLER}"
    page = SITES[site].page(title, text).encode(errors="ignore")
    assume(told(SITES[site].article(page)) == screen.BOTH)
    assert passes(page)


@given(st.binary(max_size=300))
def test_any_bytes_give_an_answer(page: bytes) -> None:
    assert passes(page) in (True, False)
    assert passes(b"<p>" + page, "text/html; charset=utf-7") in (True, False)
