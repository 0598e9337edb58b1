"""Pages of the usual make, declared by their selectors: title, time, lead and a body with pictures and boxes in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup, Tag

from parsers.articles.draft import LONGEST_CAPTION, Draft, blocks, compose, drop, first_text, photo_lines, text_of
from parsers.dates import Stamp, read_stamp
from parsers.records import DateOrder, Side, Source

_NEVER_TEXT = {
    *("script", "style", "noscript", "template", "audio", "video", "iframe", "form", "button", "svg", "nav", "aside"),
}
_BOX_CLASS = re.compile(r"related|relate-|-relate|share|social", re.IGNORECASE)
_DAY_FIRST = {Side.VIETNAM: DateOrder.DMY}
_CLOSE = 8
"""Elements between an image and its frame: a link, a cell, a row; further out is no frame but the page."""
_KEPT = re.compile(r"([a-z]\w*)?([.#][\w-]+)?")


@dataclass(frozen=True, slots=True)
class Markup:
    """CSS selectors of a page's parts; of several for one part the first that finds something counts.

    `times` are read in their `datetime` attribute, then in their words, day before month on Vietnamese pages unless the
    source says otherwise. Inside `body`, what `boxes` finds is not the article; what `pictures` finds, or a tag in
    `framed` around an image, holds the `captions`: all its words where there is no such element, unless `captioned`:
    then it is a box. `lead_pictures` stand outside the body. With `breaks` a `br` ends a paragraph. Where captions are
    `credited`, a paragraph that ends by naming a photographer is one.

    ValueError for `:has()`: on a hostile page of boxes in boxes each would look through all that is in it.
    """

    body: tuple[str, ...]
    titles: tuple[str, ...] = ("h1",)
    times: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    boxes: str = ""
    pictures: str = "figure"
    framed: tuple[str, ...] = ("table",)
    captions: str = "figcaption, .caption"
    captioned: bool = False
    lead_pictures: str = ""
    breaks: bool = False
    credited: bool = False

    def __post_init__(self) -> None:
        inside = (self.boxes, self.pictures, self.captions, self.lead_pictures)
        for selector in (*self.titles, *self.times, *self.leads, *self.body, *inside):
            if ":has(" in selector:
                raise ValueError(f"'{selector}' looks through all that is in each element")

    @property
    def keep(self) -> tuple[str, ...]:
        """What `Layout.keep` has to name for these selectors: the outermost element of each."""
        outside = filter(None, self.lead_pictures.split(", "))
        return tuple(_kept(one) for one in (*self.titles, *self.times, *self.leads, *outside, *self.body))

    def read(self, soup: BeautifulSoup, _url: str, source: Source) -> Draft | None:
        """The article on a page; None when its body is not where these pages have it."""
        body = next((found for one in self.body if (found := soup.select_one(one))), None)
        if body is None:
            return None
        title, stamp = first_text(soup, *self.titles), shown_stamp(soup, self.times, source)
        lead = next((lines for one in self.leads for node in soup.select(one, limit=3) if (lines := blocks(node))), [])
        _drop_boxes(body)
        if self.boxes:
            drop(body, self.boxes)
        pictures = soup.select(self.lead_pictures) if self.lead_pictures else []
        captions: list[str] = []
        for picture in (*pictures, *body.select(self.pictures), *self._frames(body)):
            if picture.parent is not None:  # it did not go with the picture around it
                captions += self._captions(picture)
                picture.decompose()
        lines = blocks(body, breaks=self.breaks)
        if self.credited:
            captions += photo_lines(lines)
        return compose(title, stamp, captions, [*lead, *lines])

    def _captions(self, picture: Tag) -> list[str]:
        found = picture.select(self.captions)
        return [" ".join(blocks(node)) for node in (found if found or self.captioned else [picture])]

    def _frames(self, body: Tag) -> list[Tag]:
        """The nearest such element around each image; one with more words than any caption is no picture's."""
        frames: dict[int, Tag] = {}
        for image in body.find_all("img"):
            around = islice(takewhile(lambda node: node is not body, image.parents), _CLOSE)
            if frame := next((node for node in around if node.name in self.framed), None):
                frames[id(frame)] = frame
        return [frame for frame in frames.values() if len(text_of(frame)) <= LONGEST_CAPTION]


def _drop_boxes(body: Tag) -> None:
    """What is no text on any outlet's page, by one look at each element: a selector for it takes ten times as long."""
    for node in body.find_all(True):
        if node.parent is None:  # it went with the box around it; `decomposed` would look through all that is in it
            continue
        if node.name in _NEVER_TEXT or _BOX_CLASS.search(" ".join(node.get("class") or ())):
            node.decompose()


def shown_stamp(soup: BeautifulSoup, selectors: tuple[str, ...], source: Source) -> Stamp | None:
    """The first readable date in the elements that `selectors` find, in their order; without zone: the source's."""
    zone, order = ZoneInfo(source.zone), source.date_order or _DAY_FIRST.get(source.side)
    for selector in selectors:
        for node in soup.select(selector, limit=5):
            for text in (str(node.get("datetime", "")), text_of(node)):
                if stamp := read_stamp(text, zone, order):
                    return stamp
    return None


def _kept(selector: str) -> str:
    found = _KEPT.match(selector)
    if found is None or not found[0]:
        raise ValueError(f"'{selector}' begins with neither tag nor .class nor #id")
    return found[0]
