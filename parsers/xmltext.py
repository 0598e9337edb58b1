"""XML as outlets send it, by libxml2: what is broken is mended, nothing outside is opened, no entity is expanded."""

from __future__ import annotations

import html.entities
import re
from functools import lru_cache

from lxml import etree

MAX_MARKUP = 600_000
"""Tags, attributes and entities of a document: 50,000 addresses (sitemaps.org) have 500,000, a long feed 50,000."""
_MOST_MENDED = 50_000
"""Ampersands; beyond them they are left for libxml2 to drop."""

# what XML itself knows stays; any other ampersand is a character, or begins an entity that only HTML knows
_AMPERSAND = re.compile(
    rb"&(?!#\d{1,7};|(?-i:#x)[\da-f]{1,6};|(?:lt|gt|amp|quot|apos);)(?:([a-z][a-z\d]{1,9});)?", re.IGNORECASE
)


class TooMuchMarkupError(ValueError):
    """A document of more markup than any that we read: it would fill the memory."""


def read_xml(document: bytes, *, encoding: str | None = None) -> etree._Element | None:
    """The root of a document, of a broken one what can be read of it; None when there is nothing.

    `encoding` outranks what the document declares. Entities that it declares itself are left out. Raises
    TooMuchMarkupError.
    """
    quotes = document.count(b'"') + document.count(b"'")
    if document.count(b"<") + document.count(b"&") + quotes // 2 > MAX_MARKUP:
        raise TooMuchMarkupError(f"it has more than {MAX_MARKUP:,} tags, attributes and entities")
    try:
        root = etree.fromstring(document, _parser(encoding, recover=False))
    except (etree.XMLSyntaxError, ValueError):
        root = _recover(_AMPERSAND.sub(_character, document, _MOST_MENDED), encoding)
    if root is not None and b"<!ENTITY" in document:
        etree.strip_elements(root, etree.Entity, with_tail=False)
    return root


def local_name(element: etree._Element) -> str:
    """An element's name in lower case, without namespace or prefix."""
    return _local(str(element.tag))


@lru_cache(maxsize=512)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _recover(document: bytes, encoding: str | None) -> etree._Element | None:
    try:
        return etree.fromstring(document, _parser(encoding, recover=True))
    except (etree.XMLSyntaxError, ValueError):
        return None


def _parser(encoding: str | None, *, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _character(found: re.Match[bytes]) -> bytes:
    code = html.entities.name2codepoint.get((found[1] or b"").decode("ascii"))
    return f"&#{code};".encode() if code else b"&amp;" + found[0][1:]
