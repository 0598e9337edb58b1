"""Radio Free Asia's pages in all languages before it moved to Arc Publishing (RSSHub's route, a public archiver).

Addresses of the new make, with the date in them, are seen from 3 November 2024. Where those pages have their text could
not be confirmed: they go to the generic reader.
"""

from __future__ import annotations

from datetime import date

from parsers.articles.layouts import Layout
from parsers.articles.markup import Markup

_OLDER = Markup(
    body=("#storytext",),
    titles=("#storycontent h1", "h1"),
    times=("#story_date",),
    lead_pictures="#headerimg",
)

LAYOUTS = (Layout("rfa-2024", ("rfa.org",), _OLDER.read, _OLDER.keep, valid_until=date(2024, 11, 2)),)
