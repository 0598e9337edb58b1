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
from typing import TypeAlias

import numpy as np
from lxml import etree

from parsers.text import MAX_PAGE

MARK = "\0"
"""Stands where a tag, comment or script was: maybe inside a word, maybe between two."""

_APART = "\n|\n"
# Elements and comments that do not end at the next bracket. Groups: words in them; the last one: what is not so plain.
_SPECIAL = re.compile(
    rb"<(?:script(?=[\s>])(?=[^<>+&]*+>)[^>]*+>[^<]*+(?:<(?!/script|!--)[^<]*+)*+"
    rb"(?:<!--[^<]*+(?:<(?!/?script)[^<]*+)*+)?+</script>"
    rb"|style(?=[\s>])[^<>]*+>[^<]*+(?:<(?!/style)[^<]*+)*+</style>"
    rb"|!--(?!-?>)[^-]*+(?:-(?!-!?>)[^-]*+)*+-->"
    rb"|script(?=[\s>])[^<>]*+>([^<]*+)</script>"
    rb"|title>([^<]*+)</title>"
    rb"|iframe(?=[\s>])[^<>]*+>([^<]*+)</iframe>"
    rb"|textarea(?=[\s>])[^<>]*+>([^<]*+)</textarea>"
    rb"|[mM][eE][tT][aA]\s(?=[^<>]*[tT][iI][tT][lL][eE])([^<>]*+)>"
    rb"|(!--(?!-?>)|/?[sStTiIxXnNpPrR](?i:cript|tyle|itle|extarea|frame|mp|oembed|oframes|laintext|[tp])(?=[\s/>])))"
)
_NOT_PLAIN = (b"cmsMainContent", b"data-preloaded")
"""Ids of elements in whose attributes readers look for text: CGTN's, and Discourse's by trafilatura."""

_OPEN, _CLOSE, _DOUBLE, _SINGLE, _EQUALS, _SPACE = b"<>\"'= "
_BRACKETS = np.isin(np.arange(256), (_OPEN, _CLOSE))
_TAG_BEGINS = np.isin(np.arange(256), list(b"/!?" + bytes(range(65, 91)) + bytes(range(97, 123))))
_Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

_PROLOG = re.compile(r"\A\s*<\?xml[^>]*>")
_ANY_TAG = re.compile(r"<[^<>]*+>")
_TEXTS = etree.XPath("//text()[not(parent::script or parent::style)]", smart_strings=False)
_TEXTS_WITHOUT_RUBY = etree.XPath(
    "//text()[not(parent::script or parent::style or ancestor::rt or ancestor::rp)]", smart_strings=False
)
_ATTRIBUTES = etree.XPath("//meta/@content", smart_strings=False)
_DATA = etree.XPath("//script[@type]/text() | //@data-json | //@data-preloaded", smart_strings=False)
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_JSON_MEANS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b", '"': '"', "\\": "\\", "/": "/"}
_NESTED = 4
"""JSON in JSON in an attribute, with markup in it: readers look no deeper."""
_AROUND = 200
"""Characters before and after an escape: more than any name is long."""


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
    if any(name in page for name in _NOT_PLAIN):
        return None
    parts = _SPECIAL.split(page)
    stride = _SPECIAL.groups + 1
    if any(parts[stride - 1 :: stride]):
        return None
    words = _without_tags(MARK.encode().join(filter(None, parts)))
    return None if words is None else _read(words.replace(b"<", MARK.encode()).decode(errors="ignore"))


def _without_tags(page: bytes) -> bytes | None:
    """The page with of each tag but its first bracket; None when brackets and quotes are not plain."""
    letters = np.frombuffer(page, np.uint8)
    if not (_are_closed(page, letters, _DOUBLE) and _are_closed(page, letters, _SINGLE)):
        return None
    at = np.flatnonzero(_BRACKETS.take(letters))
    kinds = letters.take(at)
    opening = np.flatnonzero(kinds == _OPEN)
    if not len(opening):
        return page
    if opening[-1] + 1 == len(at) or not (kinds.take(opening + 1) == _CLOSE).all():
        return None
    begins = at.take(opening) + 1
    if not _TAG_BEGINS.take(letters.take(begins)).all():
        return None
    edges = np.zeros(2 * len(opening) + 2, np.intp)
    edges[1:-1:2], edges[2:-1:2], edges[-1] = begins, at.take(opening + 1) + 1, len(letters)
    outside = np.arange(len(edges) - 1) % 2 == 0
    return letters[np.repeat(outside, np.diff(edges))].tobytes()


def _are_closed(page: bytes, letters: _Bytes, mark: int) -> bool:
    """Whether each quotation mark that may open a value is closed by another before any bracket."""
    quotes = letters == mark
    at = np.flatnonzero(quotes)
    before = letters.take(at - 1)
    spaced = at[before <= _SPACE]
    if any(page[max(0, place - _AROUND) : place].rstrip().endswith(b"=") for place in spaced.tolist()):
        return False
    if not (before == _EQUALS).any():
        return True
    stops = np.flatnonzero(_BRACKETS.take(letters) | quotes)
    opening = np.flatnonzero((letters.take(stops) == mark) & (letters.take(stops - 1) == _EQUALS))
    return bool(opening[-1] + 1 < len(stops) and (letters.take(stops.take(opening + 1)) == mark).all())


def _read(words: str) -> str:
    """Words with their entities decoded, and once more what may be JSON or markup in it."""
    decoded = _decoded(words)
    apart = [_ANY_TAG.sub(MARK, decoded)] if "<" in decoded else []
    if (first := words.find("\\")) >= 0:
        apart += _data_words(words[max(0, first - _AROUND) : words.rfind("\\") + _AROUND])
    return _APART.join((decoded, *apart))


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
    """The words of any page, by libxml2: with and without what is set above others to tell how to say them."""
    clean = _PROLOG.sub("", page, count=1)
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(clean, parser) if "<" in clean else None
    if root is None:
        return _decoded(page)
    texts = [MARK.join(_TEXTS(root))]
    if root.find(".//rt") is not None or root.find(".//rp") is not None:
        texts.append(MARK.join(_TEXTS_WITHOUT_RUBY(root)))
    data = (words for written in _DATA(root) for words in _data_words(written))
    return _APART.join((*map(_read, texts), *map(_decoded, _ATTRIBUTES(root)), *data))
