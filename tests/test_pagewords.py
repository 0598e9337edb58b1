"""The words of a page: all that a reader may take, in order, by whichever of the two ways they are read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from lxml import etree

from meetings import screen
from parsers.pagewords import page_words
from parsers.text import as_utf8
from tests import china_pages, third_party_pages, vietnam_pages
from tests.outlet_pages import OutletPage
from tests.test_firstpass import POST, passes, told

PAGES = (*china_pages.PAGES, *vietnam_pages.PAGES, *third_party_pages.PAGES)


def letters(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFC", text) if char.isalnum())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.file)
def test_every_line_of_an_article_is_among_the_words(page: OutletPage) -> None:
    found = letters(page_words(as_utf8(page.body, page.content_type, page.source.language)))
    missing = [line for line in page.article().paragraphs if letters(line) not in found]
    # boxes in the middle of a paragraph stand between its words
    assert [word for line in missing for word in line.split() if letters(word) not in found] == []


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("gb18030", "中国 越南"),
        ("gbk", "中国 越南"),
        ("big5", "中國 越南"),
        ("utf-16", "Trung Quốc Việt Nam"),
        ("utf-8-sig", "Trung Quốc Việt Nam"),
        ("windows-1252", "Chin&#97; &agrave; Vietnam é"),
        ("cp1258", "B\u0103\u0301c Kinh H\u00e0 N\u00f4\u0323i"),
        ("hex", "China Vietnam \xe9"),
    ],
)
def test_other_charsets(charset: str, text: str) -> None:
    page = POST.page("Title", text, head=f'<meta charset="{charset}">')
    coded = page.encode("latin-1" if charset == "hex" else charset)
    assert told(POST.article(coded)) == screen.BOTH
    assert passes(coded)


def test_page_in_utf_8_stays_the_same_bytes() -> None:
    page = "Việt".encode()
    assert as_utf8(page, "text/html; charset=gb2312", "zh") is page


TOKENS = (
    *(
        "<",
        "</",
        ">",
        "/>",
        "<b",
        "<b ",
        "<a ",
        " x",
        "=",
        '"',
        "'",
        " ",
        "\n",
        "a",
        "<!--",
        "-->",
        "--!>",
        "<!-",
        "->",
        "-",
    ),
    *(
        "--",
        "!",
        "<script>",
        "</script>",
        "<script",
        "</script",
        "<SCRIPT>",
        "<style>",
        "</style>",
        "<!",
        "<?",
        "?>",
        "<title>",
    ),
    *(
        "</title>",
        "<textarea>",
        "</textarea>",
        "<iframe>",
        "</iframe>",
        "<meta ",
        "title",
        "<p>",
        "</p>",
        "<svg>",
        "</svg>",
        "<x>",
    ),
    *(
        "<![CDATA[",
        "]]>",
        "&",
        "lt;",
        "&shy;",
        "<rt>",
        "</rt>",
        "<b>",
        "</b>",
        '="',
        '"a"',
        "='",
        "'b'",
        '= "',
        "<noscript>",
    ),
    *(
        "</noscript>",
        "<xmp>",
        "<plaintext>",
        "<noembed>",
        "<br>",
        '<a t="',
        '">',
        "<img ",
        "/",
        "<1",
        "<table>",
        "<tr>",
        "<td>",
    ),
    *("<script type=ld+json>", "<template>", "</template>", "<select>", "<option>", "\u0301"),
)


@given(st.tuples(*(st.lists(st.sampled_from(TOKENS), max_size=size).map("".join) for size in (3, 2, 7, 3))))
@example(("<!<!--<p>", ">", '<!---->"><x>', ""))
@example(("", "", "<script type=ld+json>'b'</script>", ""))
def test_what_libxml2_reads_without_a_break_is_among_the_words_without_one(soup: tuple[str, ...]) -> None:
    first, before, within, after = soup
    page = f"<html><head></head><body>{first}<p>{before} Viet{within}nam {after}</body></html>"
    root = etree.fromstring(page, etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True))
    assume(root is not None)
    text = "".join(root.xpath("//text()[not(parent::script or parent::style or ancestor::rt)]"))
    assume("Vietnam" in letters(text))
    assert "Vietnam" in letters(page_words(page.encode()))
