"""What a page gives of an article, and the tidying that every outlet's text needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

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
    r"|related\s+(?:news|articles?|stories)\b.*|read\s+more\b.*|see\s+also\s*[:：].*|follow us\b.*|\[?editor[:：].*"
    r"|[【\[(（]?(?:责任编辑|责编|编辑|纠错|来源)\s*[:：].*|【纠错】.*|相关(?:新闻|阅读|链接)[:：]?.*|分享(?:到|让更多人看到)?[:：]?"
    r"|tin (?:liên quan|cùng chuyên mục)[:：]?.*|chia sẻ[:：]?|xem thêm[:：]?.*"
    r")",
    re.IGNORECASE,
)
_LONGEST_FURNITURE = 160
"""A whole sentence may begin with 'Source:'; a line of page furniture is short."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Title, date and paragraphs as one reader found them; what it did not find is empty or None."""

    title: str
    stamp: Stamp | None
    paragraphs: tuple[str, ...]
    method: str


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
    """The words of the first element that has any, the selectors tried in their order; '' when none has."""
    found = (text_of(node) for selector in selectors for node in soup.select(selector))
    return next(filter(None, found), "")


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
