"""Pages declared by selectors: what becomes of pictures, boxes, leads, breaks, times, and of pages made to be slow."""

from __future__ import annotations

from datetime import date

import pytest

from parsers.articles.draft import Draft
from parsers.articles.markup import Markup
from parsers.records import Side, Source
from parsers.text import parse_html
from tests.outlet_pages import chinese, source, vietnamese

PLAIN = Markup(body=("#body",), titles=("h1",), times=("time", ".when"), leads=(".lead",), boxes=".box")


def read(markup: Markup, page: str, of: Source | None = None) -> Draft | None:
    return markup.read(parse_html(page), "https://a.vn/x-1.html", of or vietnamese("a"))


@pytest.mark.parametrize(
    ("body", "captions", "lines"),
    [
        ("<p>A.</p><figure><img><figcaption>C</figcaption></figure><p>B.</p>", ["C"], ["A.", "B."]),
        ("<figure><img><p>C</p></figure><p>A.</p>", ["C"], ["A."]),
        ("<figure><figcaption><p>C</p>Photo: X</figcaption></figure><p>A.</p>", ["C Photo: X"], ["A."]),
        ("<figure><figure><figcaption>C</figcaption></figure></figure><p>A.</p>", ["C"], ["A."]),
        ("<table><tr><td><img></td></tr><tr><td>C</td></tr></table><p>A.</p>", ["C"], ["A."]),
        ("<table><tr><td>A</td><td>B</td></tr></table>", [], ["A", "B"]),
        (f"<table><tr><td><img><p>{'They met. ' * 200}</p></td></tr></table>", [], [("They met. " * 200).strip()]),
        (f"<table><tr><td>{'<div>' * 9}<img>{'</div>' * 9}<p>A.</p></td></tr></table>", [], ["A."]),
        ("<p>A.</p><div class='box'>Elsewhere</div><div class='x-RELATED-y'><p>Elsewhere</p></div>", [], ["A."]),
        ("<p>A.</p><div class='related'><div class='share'>B</div></div><aside>C</aside><form>D</form>", [], ["A."]),
        ("<p class='position-relative'>A.</p>", [], ["A."]),
        ("A.<br>B.<br> <br>C.<div>D.</div>E.", [], ["A. B.", "C.", "D.", "E."]),
        ("A.<br><br><br><br>B.", [], ["A.", "B."]),
        ("<div class='lead'>L.</div><p>A.</p>", [], ["L.", "A."]),
        ("<ul><li>A<ul><li>B</li></ul></li></ul><h3>H</h3><blockquote>Q</blockquote>", [], ["A", "B", "H", "Q"]),
        ("<p>A.</p><p>A.</p><p> \u00a0</p><p>T</p>", [], ["A."]),
    ],
)
def test_body(body: str, captions: list[str], lines: list[str]) -> None:
    draft = read(PLAIN, f'<h1>T</h1><div id="body">{body}</div>')
    assert draft is not None
    assert list(draft.paragraphs) == captions + lines
    assert draft.captions == tuple(range(len(captions)))


def test_lead_and_picture_outside_the_body_come_first() -> None:
    markup = Markup(body=("#body",), leads=(".none", ".lead"), lead_pictures="#head, .top")
    draft = read(
        markup,
        '<h1>T</h1><div class="lead"></div><div class="lead"><p>L1.</p><p>L2.</p></div>'
        '<div id="head"><img>C1</div><figure>elsewhere</figure><div id="body"><p>A.</p><div class="top">C2</div></div>',
    )
    assert draft == Draft("T", None, ("C1", "C2", "L1.", "L2.", "A."), (0, 1))


def test_box_that_may_be_a_picture_is_one_only_with_a_caption() -> None:
    markup = Markup(body=("#body",), pictures=".any", captioned=True)
    boxes = '<div class="any"><figcaption>C</figcaption></div><div class="any">Elsewhere</div>'
    draft = read(markup, f'<div id="body"><p>A.</p>{boxes}</div>')
    assert draft is not None
    assert draft.paragraphs == ("C", "A.")


@pytest.mark.parametrize("page", ["", "<h1>T</h1><p>A.</p>", '<h1>T</h1><div id="body"> <script>x</script></div>'])
def test_page_of_another_make_or_without_words_is_none(page: str) -> None:
    assert read(PLAIN, page) is None


@pytest.mark.parametrize(
    ("shown", "of", "day"),
    [
        ('<time datetime="2026-09-04T10:00:00+07:00">5 Sep 2026</time>', vietnamese("a"), date(2026, 9, 4)),
        ('<time datetime="?">5 Sep 2026</time>', vietnamese("a"), date(2026, 9, 5)),
        ("<time>soon</time><time>05/08/2026 20:35</time>", vietnamese("a"), date(2026, 8, 5)),
        ('<div class="when">05/08/2026</div>', chinese("a"), None),
        ('<div class="when">25/08/2026</div>', source("a", Side.OTHER, "en", "UTC"), date(2026, 8, 25)),
        ('<div class="when">4/9/2026</div><time>5 Sep 2026</time>', vietnamese("a"), date(2026, 9, 5)),
        ("", vietnamese("a"), None),
    ],
)
def test_time(shown: str, of: Source, day: date | None) -> None:
    draft = read(PLAIN, f'{shown}<div id="body"><p>A.</p></div>', of)
    assert draft is not None
    assert (draft.stamp.day if draft.stamp else None) == day


class TestKeep:
    def test_names_the_outermost_element_of_each_selector(self) -> None:
        markup = Markup(
            body=("div.body.wide > section", "#other"),
            titles=("h1.title", "h1"),
            times=('.top [data-role="when"]',),
            leads=('h3[data-qa="lead"]',),
            lead_pictures="#head, table.picture",
        )
        assert markup.keep == ("h1.title", "h1", ".top", "h3", "#head", "table.picture", "div.body", "#other")

    def test_selector_that_begins_with_an_attribute_is_refused(self) -> None:
        with pytest.raises(ValueError, match="begins with neither"):
            _ = Markup(body=("[data-x]",)).keep

    @pytest.mark.parametrize("selector", ["p:not(:has(a))", "table:has(img)"])
    def test_selector_that_looks_through_each_element_is_refused(self, selector: str) -> None:
        with pytest.raises(ValueError, match="looks through"):
            Markup(body=("#body",), boxes=selector)
        with pytest.raises(ValueError, match="looks through"):
            Markup(body=(selector,))


# each box, picture or table inside the next looked through all that the outermost holds: a minute for 100 kB
@pytest.mark.parametrize("nest", ["<figure>", "<table><tr><td><img>", '<div class="related">'])
def test_boxes_without_a_floor_take_no_longer_than_their_length(nest: str) -> None:
    page = f'<h1>T</h1><div id="body"><p>A.</p>{nest * 60}{"<i>x</i>" * 15_000}<figcaption>C</figcaption>'
    draft = read(PLAIN, page)
    assert draft is not None
    assert "A." in draft.paragraphs
