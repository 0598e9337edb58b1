"""A page's tree, whole or only the parts that a reader names."""

from __future__ import annotations

import pytest

from parsers.articles.draft import blocks
from parsers.text import MAX_TAGS, Page, parse_html

PAGE = """<!DOCTYPE html><html><head><meta name="a" content="1"><meta charset="utf-8"><title>T</title>
<link rel="stylesheet" href="x.css"><link rel="canonical" href="https://a.org/1"></head>
<body class="page"><h1 id="logo">Site</h1><div class="menu wide"><p>Menu</p></div>
<script>run()</script><script type="application/ld+json">{"@type": "NewsArticle"}</script>
<div class="story big"><h1>Title</h1><p class="big">One<br>line</p><!-- note --></div><p class="big">After</p></body>"""


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        pytest.param(("h1",), ["Site", "Title"], id="tag"),
        pytest.param((".menu",), ["Menu"], id="class among several"),
        pytest.param(("#logo",), ["Site"], id="id"),
        pytest.param(("p.big",), ["One line", "After"], id="tag and class"),
        pytest.param(
            (".big", "h1"), ["Site", "Title", "One line", "After"], id="one inside another, in the page's order"
        ),
        pytest.param((".none", "nav"), [], id="not on the page"),
        pytest.param((), ["T", "Site", "Menu", "Title", "One line", "After"], id="all"),
    ],
)
def test_tree_holds_what_is_named(keep: tuple[str, ...], words: list[str]) -> None:
    soup = Page(PAGE).soup(keep)
    assert blocks(soup) == words or blocks(soup) == ["T" + words[0], *words[1:]]


def test_what_is_said_to_machines_is_in_every_tree() -> None:
    soup = Page(PAGE).soup(("nav",))
    assert [str(node.name) for node in soup.select("meta, link, script")] == ["meta", "link", "script"]
    assert soup.select_one('link[rel="canonical"]') is not None


def test_each_tree_is_its_own() -> None:
    page = Page(PAGE)
    page.soup((".story",)).decompose()
    assert blocks(page.soup((".story",))) == ["Title", "One line"]


@pytest.mark.parametrize("name", ["", "a > b", "[href]", ".a.b", "*"])
def test_name_that_cannot_be_looked_up(name: str) -> None:
    with pytest.raises(ValueError, match="names no element"):
        Page(PAGE).soup((name,))


@pytest.mark.parametrize(
    "text",
    [
        *("", "no markup", "<", "<>", "\0", "<?xml version='1.0' encoding='x'?><p>a"),
        "<?xml version='1.0'?>\n<?xml version='1.0' encoding='x'?><p>a",
        *(f"<p>a<br>b{odd}c" for odd in ("\v", "\f", "\x02", "\x7f", "&#11;", "\ufffe", "\U0001ffff")),
    ],
)
def test_any_text_gives_a_tree(text: str) -> None:
    for keep in ((), ("p", ".a")):
        assert Page(text).soup(keep).select("div") == []


def test_page_ends_after_so_many_tags() -> None:
    soup = Page("<h1>Title</h1><p>a</p>" * MAX_TAGS).soup()
    assert len(soup.select("h1, p")) == MAX_TAGS / 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<p class='big'>x<span>" * 20_000, id="no floor"),
        pytest.param("<div class='big'>" * 200 + "<p class='big'>x</p>" * 40_000, id="all named, deep and wide"),
        pytest.param(f"<p class='{'big ' * 200_000}'>x</p>", id="one class a hundred thousand times"),
        pytest.param("<h1>" * 200_000, id="nothing but headings"),
    ],
)
def test_hostile_markup_costs_no_more_than_its_length(text: str) -> None:
    # each took minutes if elements were looked for inside each other
    assert Page(text).soup((".big", "h1")).find(True) is not None


class TestBlocks:
    @pytest.mark.parametrize(
        ("body", "breaks", "lines"),
        [
            pytest.param("<p>One <b>two</b></p><p>Three</p>", False, ["One two", "Three"], id="paragraphs"),
            pytest.param("Bare<p>One</p>tail<div>Two</div>", False, ["Bare", "One", "tail", "Two"], id="bare text"),
            pytest.param("One<br>two<br/> <br>three", False, ["One two", "three"], id="one break and two"),
            pytest.param("One<br>two<br/><br>three", True, ["One", "two", "three"], id="breaks between paragraphs"),
            pytest.param("<ul><li><p>One</p></li><li>Two</li></ul>", False, ["One", "Two"], id="list"),
            pytest.param("<p>\u00a0</p><p></p><p>One<script>x</script></p><!-- c -->", False, ["One"], id="no words"),
        ],
    )
    def test_lines(self, body: str, breaks: bool, lines: list[str]) -> None:
        assert blocks(parse_html(f"<div>{body}</div>"), breaks=breaks) == lines
