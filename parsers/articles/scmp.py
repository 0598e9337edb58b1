"""South China Morning Post: class names are generated, so parts are known by `data-qa`; title and date by JSON-LD."""

from __future__ import annotations

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_MARKUP = Markup(
    body=('section[data-qa="ContentBody-ContentBodyContainer"]',),
    titles=('h1[data-qa="ContentHeadline-ContainerWithTag"]',),
    times=('time[data-qa*="PublishedDate"]',),
    leads=('h3[data-qa="ContentSubHeadline-ContainerWithTag"]',),
    boxes='[data-qa*="AdSlot"], [data-qa*="Widget"], [data-qa*="Paywall"], [data-qa*="Audio"], [data-qa*="Speech"]',
    pictures='figure, [data-qa*="ArticleImage"], .image-inline-container',
    lead_pictures='div[data-qa="ArticleImage-ImageContainer"]',
)

LAYOUTS = (Layout("scmp", ("scmp.com",), _MARKUP.read, _MARKUP.keep),)
