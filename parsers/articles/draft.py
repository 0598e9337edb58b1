"""What a page gives of an article, and the tidying that every outlet's text needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bs4 import BeautifulSoup, NavigableString, Tag

from parsers.dates import Stamp
from parsers.text import tidy

MAX_PARAGRAPHS = 2000
_MAX_PARAGRAPH = 50_000

# ends that agencies put behind the last sentence: VNA and VGP "./.", Xinhua "Enditem" and ■, Chinese "（完）"
_ENDING = re.compile(r"\s*(?:\.?/\.|\bEnditem|■|[（(]完[)）])\s*$")
_LONGEST_ENDING = 40
_FURNITURE = re.compile(
    r"(?:"
    r"(?:web\s+)?editors?\s*[:：].*|source\s*[:：].*|share(?:\s+(?:this|on)\b.*)?[:：]?|print|advertisement"
    r"|showPlayer\(.*|.{0,60} / \d{1,2}:\d{2} UTC\+8, [\d-]{10}"
    r"|related\s+(?:news|articles?|stories)\b.*|read\s+more\b.*|see\s+also\s*[:：].*|follow us\b.*|\[?editor[:：].*"
    r"|(?:reported|written|translated|edited) by\s.{1,60}"
    r"|[【\[(（]?(?:责任编辑|责编|编辑|纠错|来源)\s*[:：].*|【纠错】.*|相关(?:新闻|阅读|链接)[:：]?.*|分享(?:到|让更多人看到)?[:：]?"
    r"|tin (?:liên quan|cùng chuyên mục)[:：]?.*|chia sẻ[:：]?|xem thêm[:：]?.*"
    r")",
    re.IGNORECASE,
)
_LONGEST_FURNITURE = 160
"""A whole sentence may begin with 'Source:'; a line of page furniture is short."""

# captions close with who took the picture: (Xinhua/Li Tao), (Photo by A B/Xinhua), [Photo/Xinhua], Photo: VCG, /CFP,
# 新华社记者 李涛 摄, （新华社发）, （图片来源：越通社）
_PHOTO_LINE = re.compile(
    r"(?:[(（](?:[^()（）]{0,60}(?:Xinhua/|/Xinhua)[^()（）]{0,60}|Photos?\b[^()（）]{1,80})[)）]"
    r"|\[Photo\b[^\[\]]{1,80}\]|\bPhotos?\s?:[^.!?]{1,60}|\s/\s?[A-Z][\w .'-]{1,40}"
    r"|(?:新华社|中新社|中新网|人民网|人民日报|本报|图片)[^。]{0,25}[摄发][）)]?|[（(](?:图片)?来源[:：][^（）()。]{1,30}[）)])\s*$"
)
LONGEST_CAPTION = 1500

_BLOCKS = {
    *("address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption"),
    *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre"),
    *("section", "table", "td", "th", "tr", "ul"),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """Title, date and paragraphs as one reader found them; what it did not find is empty or None.

    `captions`: the positions in `paragraphs` of those that are captions of pictures.
    """

    title: str
    stamp: Stamp | None
    paragraphs: tuple[str, ...]
    captions: tuple[int, ...] = ()


def compose(title: str, stamp: Stamp | None, captions: Iterable[str], lines: Iterable[str]) -> Draft | None:
    """A draft of cleaned paragraphs, the captions first and marked, as in the seeds; None when there is no text.

    A line that repeats a caption is the caption.
    """
    shown = clean_paragraphs(captions, title)
    paragraphs = clean_paragraphs([*shown, *lines], title)
    return Draft(title, stamp, paragraphs, tuple(range(len(shown)))) if paragraphs else None


def clean_paragraphs(lines: Iterable[str], title: str) -> tuple[str, ...]:
    """Tidy paragraphs without page furniture, agency endings, doubles or a repeated title, in their order."""
    kept: dict[str, None] = {}
    for line in lines:
        text = _without_ending(tidy(line[:_MAX_PARAGRAPH]))
        if text and text != title and not _is_furniture(text):
            kept.setdefault(text)
        if len(kept) == MAX_PARAGRAPHS:
            break
    return tuple(kept)


def text_of(node: Tag | None) -> str:
    """The words of an element as one tidy line; '' for None."""
    return tidy(node.get_text("")) if node is not None else ""


def first_text(soup: BeautifulSoup, *selectors: str) -> str:
    """The words of the first element with any, the first three of each selector looked at in order; '' for none."""
    found = (text_of(node) for selector in selectors for node in soup.select(selector, limit=3))
    return next(filter(None, found), "")


def blocks(body: Tag, *, breaks: bool = False) -> list[str]:
    """The words of a body in the lines that a reader sees: one per paragraph, heading, list item or bare text.

    Two `br` with nothing between them end a line; with `breaks`, for outlets that have no paragraphs, one does. Scripts
    and comments are no words.
    """
    lines: list[str] = []
    line: list[str] = []
    after_break: list[int] = []

    def end() -> None:
        lines.append(tidy("".join(line)))
        line.clear()
        after_break.clear()

    def is_edge(child: Tag) -> bool:
        if child.name != "br":
            return child.name in _BLOCKS
        double = bool(after_break) and not "".join(line[after_break.pop() :]).strip()
        after_break.append(len(line))
        return breaks or double

    def walk(node: Tag) -> None:  # parse_html ends a page's depth at 256, so this never meets Python's limit
        for child in node.children:
            if isinstance(child, Tag):
                edge = is_edge(child)
                if edge:
                    end()
                walk(child)
                if edge:
                    end()
            elif type(child) is NavigableString:
                line.append(child)

    walk(body)
    end()
    return [text for text in lines if text]


def photo_lines(lines: Iterable[str]) -> list[str]:
    """Those lines that name a photographer or picture agency at their end, as Chinese outlets' captions do."""
    return [line for line in lines if len(line) <= LONGEST_CAPTION and _PHOTO_LINE.search(line)]


def drop(body: Tag, selector: str) -> None:
    """Take boxes, scripts and the like out of a body before its text is read."""
    for node in body.select(selector):
        node.decompose()


def _without_ending(text: str) -> str:
    while found := _ENDING.search(text, max(0, len(text) - _LONGEST_ENDING)):
        text = text[: found.start()]
        if "/." in found[0] and text and text[-1] not in '.!?…”"':
            text += "."
    return text


def _is_furniture(text: str) -> bool:
    return len(text) <= _LONGEST_FURNITURE and _FURNITURE.fullmatch(text) is not None
