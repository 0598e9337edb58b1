"""A feed with all taken out that no entry is made of: what feedparser is given to read.

feedparser is written in Python and takes some time for every element, for some of them the square of their number; a
feed that is not well-formed it reads by regular expressions. libxml2 is quick whatever comes, so it reads first: what
is left is well-formed, small and without a document type, hence without entities of its own.
"""

from __future__ import annotations

import re

from lxml import etree

from parsers.entries import MAX_ENTRIES
from parsers.xmltext import local_name, read_xml

_MAX_TEXT = 20_000
"""Characters of one element."""
_MAX_ALIKE = 4
"""Children of one name that an item keeps: links come in several kinds."""
_MAX_NAMESPACES = 50

_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)
_CONTAINERS = {"rss", "feed", "rdf", "channel"}
_ITEMS = {"item", "entry"}
_READ = {
    *("title", "link", "guid", "id", "description", "summary", "abstract", "content", "encoded", "fullitem", "body"),
    *("source", "group"),
    *("pubdate", "published", "updated", "issued", "modified", "date", "created"),
}
_TEASERS = {"description", "summary"}
_CONTENTS = frozenset({"content", "encoded", "fullitem", "body"})
"""Not read where a teaser is told."""
_IDENTIFIER = frozenset({"guid"})
"""Not read where there is a link: only in its place can it be one (RSS 2.0, isPermaLink)."""
_ATTRIBUTES = {"href", "rel", "type", "mode", "url", "version", "ispermalink", "about", "base", "lang", "src"}


def prune(document: bytes) -> bytes | None:
    """The same feed as UTF-8, bare of all that is not read; None when the document (in UTF-8) holds no feed.

    Raises ValueError when it has more markup or namespaces than any feed.
    """
    start = _ROOT.search(document)
    root = read_xml(document[start.start() :], encoding="utf-8") if start else None
    if root is None:
        return None
    _strip_containers(root)
    namespaces = {str(element.tag).rpartition("}")[0] for element in root.iter(etree.Element)}
    if len(namespaces) > _MAX_NAMESPACES:
        raise ValueError(f"it has more than {_MAX_NAMESPACES} namespaces")
    if document.count(b"xmlns") > _MAX_NAMESPACES:
        etree.cleanup_namespaces(root)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _strip_containers(root: etree._Element) -> None:
    items = 0
    stack = [root]
    while stack:
        container = stack.pop()
        _strip_attributes(container)
        for child in list(container):
            name = local_name(child)
            if name in _CONTAINERS:
                stack.append(child)
            elif name in _ITEMS and items < 2 * MAX_ENTRIES:
                items += 1
                _strip_item(child)
            elif name != "ttl":
                container.remove(child)


def _strip_item(item: etree._Element) -> None:
    alike: dict[str, int] = {}
    _strip_attributes(item)
    spare = _spare(item)
    for child in list(item):
        name = local_name(child)
        alike[name] = alike.get(name, 0) + 1
        if name not in _READ or name in spare or alike[name] > _MAX_ALIKE:
            item.remove(child)
            continue
        for element in child.iter() if len(child) else (child,):
            _strip_attributes(element)
            _strip_text(element)


def _spare(item: etree._Element) -> frozenset[str]:
    """The names of the children that are read only where others, which this item has, say nothing."""
    telling = [child for child in item if child.text and not child.text.isspace()]
    contents = _CONTENTS if any(local_name(child) in _TEASERS for child in telling) else frozenset[str]()
    return contents | _IDENTIFIER if any(child.tag == "link" for child in telling) else contents


def _strip_text(element: etree._Element) -> None:
    text = element.text
    if not text:
        return
    if "<" in text and "]]>" not in text[:_MAX_TEXT]:  # else every bracket would be an event of its own
        element.text = etree.CDATA(text[:_MAX_TEXT])
    elif len(text) > _MAX_TEXT:
        element.text = text[:_MAX_TEXT]


def _strip_attributes(element: etree._Element) -> None:
    if element.attrib:
        for name in element.attrib:
            if name.rpartition("}")[2].rpartition(":")[2].lower() not in _ATTRIBUTES:
                del element.attrib[name]
