"""OPML 2.0 (http://opml.org/spec2.opml): the list of feeds that readers exchange. Bytes in, feeds out, and back.

What OPML has no place for travels in attributes of a namespace of our own, which the format allows and other readers
leave alone; so our own file gives back every key of a feed. Sitemaps, section pages and GDELT are no feeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from parsers.records import InputError, Kind, Source
from parsers.source_tables import source_table

NAMESPACE = "urn:x-china-vietnam-meetings:source"
FEEDS = frozenset({Kind.RSS, Kind.ATOM, Kind.JSONFEED, Kind.GOOGLE_NEWS, Kind.BING_NEWS})
"""The kinds that other readers can poll too."""

MAX_BYTES = 4 * 1024 * 1024
MAX_FEEDS = 1000
MAX_DEPTH = 32

_OWN = f"{{{NAMESPACE}}}"
_OPML_HAS = frozenset({"url", "note", "selectors"})
# what XML 1.0 §2.2 has no character for
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class OpmlError(InputError):
    """A file is no OPML that may be read; the sentence names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of an OPML file. `keys`: the keys of `sources.toml` that a file of ours gives, as text."""

    url: str
    title: str = ""
    language: str = ""
    description: str = ""
    keys: dict[str, str] = field(default_factory=dict)


def write_opml(sources: Sequence[Source], *, title: str, created: datetime) -> bytes:
    """The feeds among `sources` as OPML 2.0 in UTF-8, a folder for each outlet; `created` is an aware time."""
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"meetings": NAMESPACE})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = _xml_text(title)
    etree.SubElement(head, "dateCreated").text = format_datetime(created)
    etree.SubElement(head, "docs").text = "http://opml.org/spec2.opml"
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {}
    for source in sources:
        if source.kind in FEEDS:
            name = _xml_text(source.outlet_name)
            folder = folders.get(source.outlet)
            if folder is None:
                folder = folders[source.outlet] = etree.SubElement(body, "outline", {"text": name, "title": name})
            etree.SubElement(folder, "outline", _attributes(source))
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _attributes(source: Source) -> dict[str, str]:
    shown = {"type": "rss", "text": source.id, "title": source.id, "xmlUrl": source.url, "language": source.language}
    if source.note:
        shown["description"] = source.note
    own = {key: value for key, value in source_table(source).items() if key not in _OPML_HAS}
    shown |= {
        f"{_OWN}{key}": str(value).lower() if isinstance(value, bool) else str(value) for key, value in own.items()
    }
    return {name: _xml_text(value) for name, value in shown.items()}


def _xml_text(text: str) -> str:
    return _NO_XML.sub("", text)


def read_opml(data: bytes, *, name: str) -> tuple[Feed, ...]:
    """The feeds of an OPML file, in its order, out of whatever folders; `name` is the file's, for errors.

    Raises `OpmlError` for what is no OPML, is too large, or declares a document type: that could hold entities that
    grow without end, and no OPML needs one.
    """
    if len(data) > MAX_BYTES:
        raise OpmlError(f"{name} has more than {MAX_BYTES // 1024 // 1024} MiB; no list of feeds needs that much")
    # UTF-16 puts a zero byte between the letters
    if b"<!DOCTYPE" in data.replace(b"\0", b""):
        raise OpmlError(f"{name} declares a document type, which OPML does not need; remove the <!DOCTYPE …>")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        # lxml adds its own name for the bytes, "(<string>, line 1)", where the line stands already
        reason = str(error).splitlines()[0].partition(" (<string>")[0].rstrip(".")
        raise OpmlError(f"{name} is no XML: {reason}; give an OPML file as feed readers export it") from error
    if root.getroottree().docinfo.internalDTD is not None or root.tag != "opml":
        raise OpmlError(f"{name} is no OPML: its root is <{str(root.tag)[:40]}>, not <opml>")
    feeds = []
    for feed in _feeds(root.find("body"), 0, name):
        feeds.append(feed)
        if len(feeds) > MAX_FEEDS:
            raise OpmlError(f"{name} lists more than {MAX_FEEDS} feeds; split it")
    return tuple(feeds)


def _feeds(parent: etree._Element | None, depth: int, name: str) -> Iterator[Feed]:
    if depth > MAX_DEPTH:
        raise OpmlError(f"{name} nests folders more than {MAX_DEPTH} deep; flatten it")
    for outline in parent.iterchildren("outline") if parent is not None else ():
        # attribute names are written in any case out there
        given = {str(key).lower(): str(value).strip() for key, value in outline.attrib.items()}
        title = given.get("title") or given.get("text", "")
        if url := given.get("xmlurl"):
            keys = {key.removeprefix(_OWN): value for key, value in given.items() if key.startswith(_OWN)}
            yield Feed(url, title, given.get("language", ""), given.get("description", ""), keys)
        yield from _feeds(outline, depth + 1, name)
