"""The Diplomat, whose theme marks a story's parts `td-…` (calibre's recipe for it)."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=(".td-prose",),
    titles=("#td-story-head h1", "h1"),
    times=("#td-meta",),
    boxes="#td-box-newsletter, .td-share, .td-ad, .td-ad-inline-txt, .td-story-magazine__link, .td-authors",
    pictures='figure, [id^="caption-attachment"]',
    captions="figcaption",
    lead_pictures="#td-story-image",
)

LAYOUTS = (Layout("diplomat", ("thediplomat.com",), _MARKUP.read, _MARKUP.keep),)
