"""Text out of markup: decoding, parsing, tidying. Every parser of this room goes through these few functions."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from bs4 import BeautifulSoup
from lxml import etree

MAX_PAGE = 1_000_000
"""Characters of a page that are read: no article is that long, and a longer page is made of other things."""

MAX_TAGS = 50_000
"""Tags of a page that are read: some ten times as many as an outlet's longest page has."""

_CONTROLS = dict.fromkeys((*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0xA0)))
# soft hyphens, zero-width marks and byte-order marks stand inside words of Vietnamese outlets' titles (sources.md §4.9)
_UNSEEN = _CONTROLS | dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF))
_BLOCK = re.compile(r"<(?=/?(?:p|br|div|li|ul|ol|tr|td|h\d|a|img)\b)", re.IGNORECASE)
_WORDS = etree.XPath("//text()[not(parent::script or parent::style)]")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_PROLOG = re.compile(r"\A(?:\s*<\?xml[^>]*>)+")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What stands in pages all the same: text from word processors has line and page breaks of their own."""
_CHINESE = {"gb2312", "gbk", "gb18030"}
_WESTERN = {"iso8859-1", "cp1252", "ascii"}
"""Servers send these for want of knowledge, so they count only when nothing else fits."""


def tidy(text: str) -> str:
    """One line in NFC, without control or invisible characters, each run of white space (NBSP too) one space."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return unicodedata.normalize("NFC", " ".join(text.translate(_UNSEEN).split()))


def plain_text(markup: str) -> str:
    """The words of an HTML fragment, as one tidy line; text without markup costs next to nothing."""
    if "<" in markup or "&" in markup:
        spaced = _BLOCK.sub(" <", markup.translate(_CONTROLS))
        root = etree.fromstring(f"<div>{spaced}</div>", etree.HTMLParser(no_network=True))
        markup = "".join(_WORDS(root)) if root is not None else ""
    return tidy(markup)


def decode(body: bytes, content_type: str | None, language: str) -> str:
    """A page's text, at most MAX_PAGE of it. UTF-8 wins wherever it fits; else the declared charset that fits best.

    The charset is declared by BOM, HTTP header or meta element; GB2312 and GBK are read as their superset GB 18030.
    Undecodable bytes become U+FFFD; this never fails.
    """
    wide = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = body.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = _best_text(body, dict.fromkeys(_charsets(body, content_type, language)))
    return text[:MAX_PAGE]


def as_utf8(body: bytes, content_type: str | None, language: str) -> bytes:
    """A page in UTF-8: the same bytes where they are, else as `decode` reads them."""
    if not body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            body.decode()
        except UnicodeDecodeError:
            pass
        else:
            return body
    return decode(body, content_type, language).encode(errors="ignore")


def parse_html(text: str) -> BeautifulSoup:
    """The whole page as a tree; see `Page.soup`."""
    return Page(text).soup()


class Page:
    """A page, read once by libxml2, of which each reader gets the part it needs as a tree of its own.

    Any text gives one. After MAX_TAGS the page is cut off. What is nested deeper than any page of an outlet is left out
    (libxml2 ends at 256 elements inside each other): in a tree without a floor, each paragraph of a hostile page would
    hold all those after it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        clean = _first_tags(_PROLOG.sub("", text.replace("\0", ""), count=1))
        parser = etree.HTMLParser(no_network=True, huge_tree=False, remove_comments=True)
        self._root = etree.fromstring(clean, parser) if "<" in clean else None
        if self._root is not None:
            for line_break in self._root.iter("br"):
                line_break.tail = "\n" + _NO_XML.sub(" ", line_break.tail or "")

    def soup(self, keep: tuple[str, ...] = ()) -> BeautifulSoup:
        """A new tree of what `keep` names, in the page's order: `tag`, `.class`, `#id` or `tag.class`; () means all.

        An element inside another that is kept is in its place there; what stands around them is gone. What a page says
        to machines (meta elements, JSON-LD, the canonical link) is always kept. After a `br` stands a line feed, so
        that no words are glued. Building such a tree is what reading a page costs.
        """
        if self._root is None:
            return BeautifulSoup("", "lxml")
        parts = _outermost(self._kept(keep)) if keep else [self._root]
        markup = (etree.tostring(part, method="html", encoding="unicode", with_tail=False) for part in parts)
        return BeautifulSoup("".join(markup), "lxml")

    def _kept(self, keep: tuple[str, ...]) -> list[etree.Element]:
        kept = dict(self._for_machines)
        for name in keep:
            kept.update(_by_name(self._index, name))
        return [kept[number] for number in sorted(kept)]

    @cached_property
    def _for_machines(self) -> list[tuple[int, etree.Element]]:
        tagged = (found for tag in _MACHINE_TAGS for found in self._index.get(tag, ()))
        return [(number, element) for number, element in tagged if _says_to_machines(element)]

    @cached_property
    def _index(self) -> dict[str, list[tuple[int, etree.Element]]]:
        """Elements by `tag`, `.class` and `#id`, each with its number in the page's order."""
        index: dict[str, list[tuple[int, etree.Element]]] = defaultdict(list)
        for number, element in enumerate(self._root.iter("*") if self._root is not None else ()):
            found = (number, element)
            index[element.tag].append(found)
            for name in (element.get("class") or "").split():
                index["." + name].append(found)
            if name := element.get("id"):
                index["#" + name].append(found)
        return index


_MACHINE_TAGS = ("meta", "link", "script")
_NAMED = re.compile(r"([a-z]\w*)?([.#][\w-]+)?")
_MOST_KEPT = 1000
"""Elements that are looked at: no outlet's page has so many that are named in `keep`."""


def _first_tags(text: str) -> str:
    if text.count("<") <= MAX_TAGS:
        return text
    return text[: next(islice(re.finditer("<", text), MAX_TAGS, None)).start()]


def _says_to_machines(element: etree.Element) -> bool:
    if element.tag == "link":
        return "canonical" in (element.get("rel") or "")
    return "content" in element.attrib or element.get("type") == "application/ld+json"


def _by_name(index: dict[str, list[tuple[int, etree.Element]]], name: str) -> Iterator[tuple[int, etree.Element]]:
    parts = _NAMED.fullmatch(name)
    if parts is None or not name:
        raise ValueError(f"'{name}' names no element: write tag, .class, #id or tag.class")
    tag, mark = parts.groups()
    return (found for found in index.get(mark or tag, ()) if not tag or found[1].tag == tag)


def _outermost(elements: list[etree.Element]) -> list[etree.Element]:
    kept: list[etree.Element] = []
    for element in elements[:_MOST_KEPT]:
        if not kept or kept[-1] not in element.iterancestors():
            kept.append(element)
    return kept


def _best_text(body: bytes, charsets: Iterable[str]) -> str:
    """The text by the charset that leaves the fewest bytes undecoded; of several the first."""
    least, best = len(body) + 1, ""
    for charset in (*charsets, "utf-8"):
        try:
            text = body.decode(charset, "replace")
        except (LookupError, UnicodeError):  # a codec that makes no text, such as `hex`, or not of such bytes
            continue
        if (lost := text.count("�")) < least:
            least, best = lost, text
        if not least:
            break
    return best


def _charsets(body: bytes, content_type: str | None, language: str) -> list[str]:
    declared = _CHARSET.findall((content_type or "").encode("ascii", "ignore")) + _CHARSET.findall(body[:4096])
    names = []
    for name in declared:
        try:
            names.append(codecs.lookup(name.decode("ascii")).name)
        except LookupError:
            continue
    fitting = ["gb18030" if name in _CHINESE else name for name in names if name not in _WESTERN]
    if language == "zh":
        fitting.append("gb18030")
    return fitting or ["cp1252"]
