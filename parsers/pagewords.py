"""What a reader of pages could take for words on one, straight from its bytes: more than the article, never less.

The first pass of a backfill looks at these words before a page is made a tree, which costs far more. So all that
`articles.extract_article` can put into an article's text is among them, in its order: the words between tags, titles in
meta elements, JSON-LD. A page that is plain is cut at its brackets, once it is sure that tags are what they enclose
(WHATWG HTML §13.2.5). Any other is read by libxml2, as the article is.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from itertools import chain
from typing import TypeAlias

import numpy as np
from lxml import etree

from parsers.text import MAX_PAGE

MARK = "\0"
"""Stands where a tag, comment or script was: maybe inside a word, maybe between two."""

_APART = "\n|\n"
# Elements and comments that do not end at the next bracket, after a quick look that most tags are none. The groups are
# words in them, the last one what is not so plain: there the search ends, else each of many openings would be looked
# for its end.
_SPECIAL = re.compile(
    rb"<(?=[sStTiIxXnNpPrRmM!])(?![pP]>|[sS][pP]|[iI][mM])"
    rb"(?:script(?=[\s>])(?=[^<>+&]*+>)[^>]*+>[^<]*+(?:<(?!/script|!--)[^<]*+)*+"
    rb"(?:<!--[^<]*+(?:<(?!/?script)[^<]*+)*+)?+</script>"
    rb"|style(?=[\s>])[^<>]*+>[^<]*+(?:<(?!/style)[^<]*+)*+</style>"
    rb"|!--(?!-?>)[^-]*+(?:-(?!-!?>)[^-]*+)*+-->"
    rb"|script(?=[\s>])[^<>]*+>([^<]*+)</script>"
    rb"|title>([^<]*+)</title>"
    rb"|iframe(?=[\s>])[^<>]*+>\s*+</iframe>"
    rb"|textarea(?=[\s>])[^<>]*+>\s*+</textarea>"
    rb"|[mM][eE][tT][aA]\s(?=[^<>]*[tT][iI][tT][lL][eE])([^<>]*+)>"
    rb"|(!--(?!-?>)|[sStTiIxXnNpPrR](?=[cCtTiIeEfFmMoOlLpP])(?i:cript|tyle|itle|extarea|frame|mp|oembed|oframes|laintext|[tp])(?=[\s/>]))[\s\S]*+)"
)
_NOT_PLAIN = (b"cmsMainContent", b"data-preloaded")
"""Ids of elements in whose attributes readers look for text: CGTN's, and Discourse's by trafilatura."""

_OPEN, _CLOSE, _DOUBLE, _SINGLE, _EQUALS, _SPACE = b"<>\"'= "
_NEAR = 300
"""Characters that are looked back from a quotation mark or title to what it belongs to."""
_DRAWING = re.compile(rb"<svg\b[^<>]*+>\s*+\Z")
_TAG_BEGINS = np.isin(np.arange(256), list(b"/!?" + bytes(range(65, 91)) + bytes(range(97, 123))))
_Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]
_Places: TypeAlias = np.ndarray[tuple[int], np.dtype[np.intp]]

_PROLOG = re.compile(r"\A(?:\s*<\?xml[^>]*>)+")
_ANY_TAG = re.compile(r"<[^<>]*+>")
_TEXTS = etree.XPath("//text()[not(parent::script or parent::style)]", smart_strings=False)
_RUBY = ("rt", "rp")
_BOXES = (
    *("title", "iframe", "textarea", "noscript", "template", "svg", "button"),
    *("form", "nav", "aside", "audio", "video", "figure"),
)
_METAS = etree.XPath("//meta[@content]")
_DATA = etree.XPath("//script[@type]/text() | //@data-json | //@data-preloaded", smart_strings=False)
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_JSON_MEANS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b", '"': '"', "\\": "\\", "/": "/"}
_NESTED = 4
"""JSON in JSON in an attribute, with markup in it: readers look no deeper."""


def page_words(page: bytes) -> str:
    """The words of a page in UTF-8 (see `text.as_utf8`), MARK for markup; any bytes give some.

    What is text in its source is whole and in order, with entities decoded; spaces and invisible characters are as they
    stand. What stands in attributes that nobody reads, in scripts and in comments is left out.
    """
    if len(page) > MAX_PAGE:
        page = page.decode(errors="ignore")[:MAX_PAGE].encode()
    page = page.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"")
    found = _of_plain(page)
    return _by_tree(page.decode(errors="ignore")) if found is None else found


def _of_plain(page: bytes) -> str | None:
    """The words of a page whose tags are what its brackets enclose; None for any other."""
    parts, stride = _SPECIAL.split(page), _SPECIAL.groups + 1
    texts, data, titles, metas, odd = (parts[first::stride] for first in range(stride))
    marked = MARK.encode().join(texts)
    if any(odd) or any(name in marked for name in _NOT_PLAIN) or not _stand_apart(texts, titles):
        return None
    if (words := _without_tags(marked)) is None:
        return None
    apart = [_text(part) for part in chain(titles, metas) if part]
    return _APART.join((_text(words), *apart, *_data_words(b"\n".join(filter(None, data)).decode(errors="ignore"))))


def _stand_apart(texts: list[bytes], titles: list[bytes]) -> bool:
    """Whether titles are the head's or a drawing's: of `texts` each is what stands before the title of its number."""
    body = next((number for number, text in enumerate(texts) if b"<body" in text), 0)
    return all(
        _DRAWING.search(texts[number][-_NEAR:]) for number, title in enumerate(titles) if title and number >= body
    )


def _without_tags(page: bytes) -> bytes | None:
    """The page with MARK for each tag; None when brackets and quotes are not plain."""
    letters = np.frombuffer(page, np.uint8)
    stops = np.flatnonzero((letters == _OPEN) | (letters == _CLOSE) | (letters == _DOUBLE))
    at = stops[letters.take(stops) != _DOUBLE]
    opening = np.flatnonzero(letters.take(at) == _OPEN)
    if not len(opening):
        return page
    if opening[-1] + 1 == len(at) or not (letters.take(at.take(opening + 1)) == _CLOSE).all():
        return None
    before = at.searchsorted(np.flatnonzero(letters == ord(MARK)))
    if (letters.take(at.take(before[before > 0] - 1)) == _OPEN).any():  # what was taken out stood inside a tag
        return None
    singles = np.sort(np.concatenate((at, np.flatnonzero(letters == _SINGLE))), kind="stable")
    if not (_are_closed(page, letters, stops, _DOUBLE) and _are_closed(page, letters, singles, _SINGLE)):
        return None
    begins, ends = at.take(opening) + 1, at.take(opening + 1) + 1
    if not _TAG_BEGINS.take(letters.take(begins)).all():
        return None
    edges = np.zeros(2 * len(opening) + 2, np.intp)
    edges[1:-1:2], edges[2:-1:2], edges[-1] = begins, ends, len(letters)
    outside = np.arange(len(edges) - 1) % 2 == 0
    rest = bytes(letters[np.repeat(outside, np.diff(edges))])
    return rest.replace(b"<", MARK.encode())


def _are_closed(page: bytes, letters: _Bytes, stops: _Places, mark: int) -> bool:
    """Whether each `mark` that may open a value is closed by another before any bracket; `stops`: where they stand."""
    marks = np.flatnonzero(letters.take(stops) == mark)
    before = letters.take(stops.take(marks) - 1)
    for place in stops.take(marks[before <= _SPACE]).tolist():
        nearest = page[max(0, place - _NEAR) : place].rstrip()
        if not nearest or nearest.endswith(b"="):
            return False
    opening = marks[before == _EQUALS]
    if not len(opening):
        return True
    return bool(opening[-1] + 1 < len(stops) and (letters.take(stops.take(opening + 1)) == mark).all())


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


def _text(part: bytes) -> str:
    return _decoded(part.decode(errors="ignore"))


def _decoded(text: str) -> str:
    """Text with its entities decoded, also those that were encoded twice."""
    for _ in range(_NESTED):
        if "&" not in text or (decoded := html.unescape(text)) == text:
            break
        text = decoded
    return text


def _by_tree(page: str) -> str:
    """The words of any page, by libxml2: with and without what readers take out of the middle of a text."""
    clean = _PROLOG.sub("", page, count=1)
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(clean, parser) if "<" in clean else None
    if root is None:
        return _decoded(page)
    titles = (meta.get("content") for meta in _METAS(root) if "title" in " ".join(meta.values()).lower())
    said = [*map(_decoded, titles), *chain.from_iterable(map(_data_words, _DATA(root)))]
    texts = [MARK.join(_TEXTS(root))]
    for boxes in (_RUBY, _BOXES):
        if next(root.iter(*boxes), None) is not None:
            etree.strip_elements(root, *boxes, with_tail=False)
            texts.append(MARK.join(_TEXTS(root)))
    return _APART.join((*map(_decoded, texts), *said))
