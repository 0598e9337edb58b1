"""Text out of markup: decoding, parsing, tidying. Every parser of this room goes through these few functions."""

from __future__ import annotations

import codecs
import re
import unicodedata

from bs4 import BeautifulSoup
from lxml import etree

MAX_PAGE = 1_000_000
"""Characters of a page that are read: no article is that long, and a longer page is made of other things."""

_CONTROLS = dict.fromkeys((*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0xA0)))
# soft hyphens, zero-width marks and byte-order marks stand inside words of Vietnamese outlets' titles (sources.md §4.9)
_UNSEEN = _CONTROLS | dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF))
_BLOCK = re.compile(r"<(?=/?(?:p|br|div|li|ul|ol|tr|td|h\d|a|img)\b)", re.IGNORECASE)
_WORDS = etree.XPath("//text()[not(parent::script or parent::style)]")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_PROLOG = re.compile(r"\A\s*<\?xml[^>]*>")
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
        texts = [body.decode(charset, "replace") for charset in _charsets(body, content_type, language)]
        text = min(texts, key=lambda text: text.count("�"))
    return text[:MAX_PAGE]


def parse_html(text: str) -> BeautifulSoup:
    """The page as a tree, by lxml; any text gives one. A `br` is a line feed, so that no words are glued.

    What is nested deeper than any page of an outlet is left out: in a tree without a floor, each paragraph of a hostile
    page would hold all the paragraphs after it.
    """
    clean = _PROLOG.sub("", text.replace("\0", ""), count=1)
    soup = BeautifulSoup(_shallow(clean) if "<" in clean else "", "lxml")
    for line_break in soup.select("br"):
        line_break.append("\n")  # in it, not in its place: that would look through all its siblings for it
    return soup


def _shallow(text: str) -> str:
    """The page as libxml2 reads it, which ends at 256 elements inside each other (`XML_PARSE_HUGE` is off)."""
    root = etree.fromstring(text, etree.HTMLParser(no_network=True, huge_tree=False))
    return str(etree.tostring(root, method="html", encoding="unicode")) if root is not None else ""


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
    return [*fitting, "utf-8"] if fitting else ["cp1252"]
