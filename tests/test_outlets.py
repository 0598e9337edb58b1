"""Every outlet's pages through one class of tests, and which layout is tried when."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import pytest

from parsers.articles import families
from parsers.articles.draft import Draft
from parsers.articles.families import has_family, layouts_for
from parsers.articles.layouts import Layout
from parsers.text import Page, decode
from tests import china_pages, third_party_pages, vietnam_pages
from tests.outlet_pages import DATA, OutletPage, chinese

PAGES = (*china_pages.PAGES, *vietnam_pages.PAGES, *third_party_pages.PAGES)
LAYOUTS = [layout for module in families.MODULES for layout in module.LAYOUTS]

# words that stand on the pages of tests/data only around the article: boxes, bars, lines of editors, menus, tags
FOREIGN = (
    *("editor", "related", "another meeting", "other leader", "elsewhere", "advert", "share", "follow us", "see also"),
    *("subscribe", "read more", "most viewed", "comment", "copyright", "tracker", "function(", "download"),
    *("编辑", "相关", "分享", "另一场会见", "版权", "扫一扫", "纠错", "下载"),
    *("liên quan", "chia sẻ", "xem thêm", "bình luận", "cuộc gặp khác", "quảng cáo", "bản quyền"),
)


def hyphenated(words: str) -> str:
    """The words with a soft hyphen in the long ones and no space at which a line may break; entities stay."""
    return re.sub(r"(?<![&#\w])([a-z]{2})(?=[a-z]{3})", "\\1\u00ad", re.sub(r"(?<=\w) (?=\w)", "\u00a0", words))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.file)
class TestEveryOutlet:
    def test_golden_record(self, page: OutletPage, update_golden: bool) -> None:
        record = json.loads(json.dumps(asdict(page.article()), default=str))
        golden = DATA / Path(page.file).with_suffix(".json")
        if update_golden:
            golden.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", "utf-8")
        assert record == json.loads(golden.read_text("utf-8"))

    def test_title_and_date(self, page: OutletPage) -> None:
        article = page.article()
        moment = datetime.fromisoformat(page.published) if "T" in page.published else None
        assert (article.title, article.published) == (page.title, moment)
        assert str(article.published_on or "") == page.published[:10]

    def test_captions_stand_first_and_are_marked(self, page: OutletPage) -> None:
        article = page.article()
        assert article.captions == tuple(range(page.captions))
        assert len(article.paragraphs) > page.captions

    def test_nothing_of_the_page_around_the_article(self, page: OutletPage) -> None:
        text = page.article().text.lower()
        assert [word for word in FOREIGN if word in text] == []
        assert not any(line.endswith(("./.", "（完）", "■", "Enditem")) for line in page.article().paragraphs)
        assert not any(mark in text for mark in "\u00a0\u00ad\u200b\ufeff<>{}�")

    def test_layout_is_recorded(self, page: OutletPage) -> None:
        assert page.article().method == f"outlet:{page.layout}"

    def test_what_a_layout_keeps_is_all_it_reads(self, page: OutletPage) -> None:
        tree = Page(decode(page.body, page.content_type, page.source.language))
        layout = next(layout for layout in layouts_for(page.url) if layout.name == page.layout)
        kept, whole = (layout.read(tree.soup(keep), page.url, page.source) for keep in (layout.keep, ()))
        assert kept == whole != None  # noqa: E711 - a chain

    def test_scripts_are_never_text(self, page: OutletPage) -> None:
        hostile = b"<p><script>alert(1)</script><style>p{}</style><!-- alert(2) -->"
        article = page.extract(page.body.replace(b"<p>", hostile).replace(b"<br>", b"<br><script>alert(3)</script>"))
        assert article is not None
        assert article == page.article()

    def test_other_stories_around_the_page_change_nothing(self, page: OutletPage) -> None:
        other = b'<div class="hot-list"><h3>Another meeting</h3><p>On Jan. 2, 2020 other leaders met.</p></div>'
        around = re.sub(rb"(<body[^>]*>)", rb"\1" + other, page.body).replace(b"</body>", other + b"</body>")
        assert around.count(other) == 2
        assert page.extract(around) == page.article()

    def test_soft_hyphens_and_spaces_that_do_not_break_change_nothing(self, page: OutletPage) -> None:
        head, body = decode(page.body, page.content_type, page.source.language).split("<body", 1)
        spaced = re.sub(r"(?<=>)[^<]+(?=<(?!/script|/style))", lambda words: hyphenated(words[0]), body)
        encoding = "utf-8" if page.content_type and "utf-8" in page.content_type else "gb18030"
        assert page.extract(f"{head}<body{spaced}".encode(encoding)) == page.article()

    def test_reading_the_page_again_gives_the_same(self, page: OutletPage) -> None:
        assert page.article() == page.article()


def test_every_layout_has_a_page_and_every_page_a_row() -> None:
    assert {layout.name for layout in LAYOUTS} == {page.layout for page in PAGES}
    stored = {str(file.relative_to(DATA)) for file in DATA.glob("*/*.html")}
    others = {name for name in stored if name.startswith(("issues/", "listings/"))}
    assert stored - others == {page.file for page in PAGES}


def test_names_of_layouts_are_unique() -> None:
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)


@pytest.mark.parametrize("host", sorted({host for layout in LAYOUTS for host in layout.hosts}))
def test_page_of_unknown_make_goes_to_the_generic_reader(host: str) -> None:
    text = "".join(f"<p>Paragraph {n} says at length what two made-up delegations agreed upon.</p>" for n in range(9))
    page = OutletPage("", "", f"https://{host}/made-up-12345.html", chinese("any"), "", "")
    article = page.extract(f"<html><body><h1>Title</h1><div class='x-body'>{text}</div></body></html>".encode())
    assert article is not None
    assert (article.method, len(article.paragraphs), article.captions) == ("trafilatura", 9, ())


class TestCgtn:
    URL = "https://news.cgtn.com/news/2026-06-03/Made-up-1AbCdEfGhIj/p.html"

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param("", id="empty"),
            pytest.param("{}", id="no list"),
            pytest.param("[1, null, []]", id="no blocks"),
            pytest.param('[{"type": 0}, {"type": 0, "content": 5}]', id="no text"),
            pytest.param('[{"type": 3, "content": "<p>Video</p>"}]', id="only a video"),
            pytest.param("[" * 100_000, id="deep"),
        ],
    )
    def test_without_blocks_of_text_the_container_itself_is_read(self, data: str) -> None:
        page = OutletPage("", "cgtn", self.URL, chinese("cgtn"), "", "")
        body = f"<h1>T</h1><div id='cmsMainContent' data-json='{data}'><p>They met.</p></div>"
        article = page.extract(body.encode())
        assert article is not None
        assert (article.method, article.paragraphs) == ("outlet:cgtn", ("They met.",))

    def test_blocks_nested_without_a_floor_in_a_container_as_deep(self) -> None:
        page = OutletPage("", "cgtn", self.URL, chinese("cgtn"), "", "")
        blocks = json.dumps([{"type": 0, "content": "<p>They met.</p>" + "<div>x" * 9_000}])
        body = "<div>" * 240 + f"<div id='cmsMainContent' data-json='{blocks}'></div>"
        article = page.extract(body.encode())
        assert article is not None
        assert article.paragraphs[0] == "They met."


class TestWhichLayouts:
    @staticmethod
    def read(*_: object) -> Draft | None:
        return None

    @pytest.fixture(autouse=True)
    def outlet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ends = {"now": None, "until 2020": date(2020, 6, 30), "until 2010": date(2010, 1, 1)}
        layouts = tuple(Layout(name, ("a.cn",), self.read, valid_until=end) for name, end in ends.items())
        edition = Layout("edition", ("en.a.cn",), self.read)
        monkeypatch.setattr(families, "_BY_HOST", {"a.cn": layouts, "en.a.cn": (edition,)})

    @pytest.mark.parametrize(
        ("url", "names"),
        [
            ("https://www.a.cn/x-1.html", ["now", "until 2020", "until 2010"]),
            ("https://a.cn/20260318/1.html", ["now", "until 2020", "until 2010"]),
            ("https://a.cn/20200701/1.html", ["now", "until 2020", "until 2010"]),
            ("https://a.cn/20200630/1.html", ["until 2020", "now", "until 2010"]),
            ("https://a.cn/20100101/1.html", ["until 2010", "until 2020", "now"]),
            ("https://en.a.cn/x-1.html", ["edition", "now", "until 2020", "until 2010"]),
            ("https://nota.cn/x-1.html", []),
            ("https://a.cn.elsewhere.org/x-1.html", []),
            ("mailto:x", []),
        ],
    )
    def test_tried_by_the_day_in_the_url(self, url: str, names: list[str]) -> None:
        tried = [layout.name for layout in layouts_for(url)]
        assert tried == names
        assert has_family(url) == bool(names)
