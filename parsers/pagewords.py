"""What a reader of pages could take for words on one, straight from its bytes: more than the article, never less.

The first pass of a backfill looks at these words before a page is made a tree, which costs a hundred times as much. So
all that `articles.extract_article` can put into an article's text is among them, in its order: the words between tags,
titles of meta elements, JSON-LD. Pages that HTML's grammar reads otherwise than a few regular expressions do (WHATWG
HTML §13.2.5) are read by libxml2, like the article.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator

from lxml import etree

from parsers.text import MAX_PAGE

MARK = "\0"
"""Stands where a tag, comment or script was: maybe inside a word, maybe between two."""

_APART = "\n|\n"
_MARK = MARK.encode()
_RAW = "script|style|title|textarea|iframe|xmp|noembed|noframes|plaintext"
_REGION = re.compile(rf"<(?:!--|({_RAW})(?=[\s/>]))".encode())
# quotes only as HTML has them: behind an equals sign, closed, with no bracket in between
_INSIDE = rb"""[^<>"'\0]*+(?:(?<==)(?:"[^<>"\0]*+"|'[^<>'\0]*+')[^<>"'\0]*+)*+>"""
_TAG = re.compile(rb"<(?:/?[a-zA-Z]" + _INSIDE + rb"|[!?][^<>\0]*+>)")
_OPENING = re.compile(rb"<[a-zA-Z]" + _INSIDE)
_META = re.compile(rb"<[mM][eE][tT][aA]\b[^>]*+>")
_ANY_TAG = re.compile(r"<[^<>]*+>")
# elements that a reader may leave out of the middle of a word, attributes that a reader takes words from
_READ_SLOWLY = (b"<rt", b"<rp", b"data-json", b"data-preloaded")
_WORDY = ("data-json", "data-preloaded")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_JSON_MEANS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b", '"': '"', "\\": "\\", "/": "/"}
_NESTED = 4
"""JSON in JSON in an attribute, with markup in it: no page has more inside each other."""


def page_words(page: bytes) -> str:
    """The words of a page in UTF-8 (see `text.as_utf8`), MARK for markup; any bytes give some.

    What is text in its source is whole and in order, with entities decoded; spaces and invisible characters are as they
    stand. What stands in attributes that nobody reads, in scripts and in comments is left out.
    """
    if len(page) > MAX_PAGE:
        page = page.decode(errors="ignore")[:MAX_PAGE].encode()
    page = page.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"")
    found = _quickly(page)
    return _by_tree(page.decode(errors="ignore")) if found is None else found


def _quickly(page: bytes) -> str | None:
    """The words, by regular expressions; None for a page that is not so plain."""
    lower = page.lower()
    if any(word in lower for word in _READ_SLOWLY):
        return None
    kept: list[bytes] = []
    apart: list[str] = []
    reached = 0
    while region := _REGION.search(lower, reached):
        end = _comment_end(lower, region.end()) if region[1] is None else _element_end(page, lower, region, apart)
        if end is None:
            return None
        kept.append(page[reached : region.start()])
        reached = end
    kept.append(page[reached:])
    marked = _MARK.join(kept)
    words = _TAG.sub(_MARK, marked)
    if b"<" in words:
        return None
    titles = [meta.decode(errors="ignore") for meta in _META.findall(marked) if b"title" in meta.lower()]
    return _APART.join((_decoded(words.decode(errors="ignore")), *map(_decoded, titles), *apart))


def _comment_end(lower: bytes, start: int) -> int | None:
    """Where a comment ends that begins before `start`; None for one that ends oddly or not at all."""
    end = lower.find(b"-->", start)
    if end < 0 or lower.startswith((b">", b"->"), start) or lower.find(b"--!>", start, end) >= 0:
        return None
    return end + 3


def _element_end(page: bytes, lower: bytes, region: re.Match[bytes], apart: list[str]) -> int | None:
    """Where an element without markup in it ends; what it says goes to `apart`, unless it is program or style.

    None when it does not end, or when it may end elsewhere: a script that holds another in a comment.
    """
    name, opening = region[1], _OPENING.match(page, region.start())
    close = lower.find(b"</" + name, opening.end()) if opening else -1
    if opening is None or close < 0 or lower[close + len(name) + 2 : close + len(name) + 3] not in b" \t\n\f\r/>":
        return None
    if name == b"script":
        if lower.find(b"<!--", opening.end(), close) >= 0 and lower.find(b"<script", opening.end(), close) >= 0:
            return None
        if _is_data(opening[0].lower()):
            apart.extend(_data_words(page[opening.end() : close].decode(errors="ignore")))
    elif name != b"style":
        apart.append(_decoded(page[opening.end() : close].decode(errors="ignore")))
    return close


def _is_data(opening: bytes) -> bool:
    """Whether a script may be JSON-LD."""
    return b"ld" in opening or b"&" in opening


def _data_words(written: str) -> Iterator[str]:
    """What JSON says, read once, and again for JSON and markup in its strings."""
    for _ in range(_NESTED):
        decoded = _decoded(written)
        yield decoded
        if "<" in decoded:
            yield _ANY_TAG.sub(MARK, decoded)
        if "\\" not in written:
            return
        written = _JSON_ESCAPE.sub(_meant, written)


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else _JSON_MEANS.get(escape[2], escape[0])


def _decoded(text: str) -> str:
    """Text with its entities decoded, also those that were encoded twice."""
    for _ in range(_NESTED):
        if "&" not in text or (decoded := html.unescape(text)) == text:
            break
        text = decoded
    return text


def _by_tree(page: str) -> str:
    """The words of any page, by libxml2: with and without what a reader may leave out of a word."""
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
    clean = re.sub(r"\A\s*<\?xml[^>]*>", "", page)
    root = etree.fromstring(clean, parser) if "<" in clean else None
    if root is None:
        return _decoded(page)
    parts: list[str] = []
    apart: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        parts.append(MARK)
        if event == "end":
            parts.append(element.tail or "")
        elif element.tag not in ("script", "style", "rt", "rp"):
            parts.append(element.text or "")
        if event == "start":
            apart.extend(_told_apart(element))
    return _APART.join((_decoded("".join(parts)), *apart))


def _told_apart(element: etree.Element) -> Iterator[str]:
    if element.tag in ("rt", "rp"):
        yield _decoded("".join(element.itertext()))
    elif element.tag == "script" and _is_data(etree.tostring(element).lower().partition(b">")[0]):
        yield from _data_words(element.text or "")
    elif element.tag == "meta":
        yield _decoded(element.get("content") or "")
    for name in _WORDY:
        if value := element.get(name):
            yield from _data_words(value)
