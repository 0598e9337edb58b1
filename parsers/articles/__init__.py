"""An article's page to an Article: by the outlet's own parser where there is one, else by metadata and trafilatura."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from parsers.articles import generic
from parsers.articles.draft import Draft
from parsers.articles.families import layouts_for
from parsers.articles.metadata import Metadata, page_url, read_metadata
from parsers.dates import Stamp, midnight, url_day
from parsers.records import Article, Entry, Source, article_key
from parsers.text import Page, decode, tidy
from parsers.urls import canonical_url


def extract_article(body: bytes, *, url: str, content_type: str | None, source: Source, entry: Entry) -> Article | None:
    """The article in a page fetched from `url` for `entry`; None when the page holds no text. Bad HTML never raises.

    The page's own title and date win over the entry's; the entry's time is taken where the page gives that day without
    a time. What has no zone is in the source's.
    """
    page = Page(decode(body, content_type, source.language))
    head = page.soup(generic.KEEP)
    entry_url = canonical_url(entry.url) or entry.url
    known_as = page_url(head, canonical_url(url) or url) or entry_url
    metadata = read_metadata(head, source)
    draft, method = _by_outlet(page, url, source)
    if draft is None:
        draft, method = generic.read(page.text, head, metadata, source), generic.method(metadata)
    if draft is None:
        return None
    stamp = _best_stamp(draft.stamp, metadata.stamp, entry.published, url_day(url), source)
    return _article(source, entry, known_as, draft, method, metadata, stamp)


def entry_article(source: Source, entry: Entry) -> Article:
    """An article of title and teaser only, for an aggregator whose links lead nowhere that can be read."""
    url = canonical_url(entry.url) or entry.url
    stamp = _entry_stamp(entry.published, source)
    return Article(
        key=article_key(url),
        title=tidy(entry.title),
        paragraphs=(entry.teaser,) if entry.teaser else (),
        published=stamp.moment if stamp else None,
        published_on=stamp.day if stamp else None,
        language=source.language,
        url=url,
        outlet=entry.outlet or source.outlet,
        side=source.side,
        source_id=source.id,
        method=f"entry:{source.kind}",
    )


def _by_outlet(page: Page, url: str, source: Source) -> tuple[Draft | None, str]:
    for layout in layouts_for(url):
        if draft := layout.read(page.soup(layout.keep), url, source):
            return draft, f"outlet:{layout.name}"
    return None, ""


def _article(
    source: Source, entry: Entry, url: str, draft: Draft, method: str, metadata: Metadata, stamp: Stamp | None
) -> Article:
    title = draft.title or metadata.title or tidy(entry.title) or draft.paragraphs[0]
    return Article(
        key=article_key(url),
        title=title,
        paragraphs=draft.paragraphs,
        published=stamp.moment if stamp else None,
        published_on=stamp.day if stamp else None,
        language=source.language,
        url=url,
        outlet=source.outlet,
        side=source.side,
        source_id=source.id,
        method=method,
        captions=draft.captions,
    )


def _best_stamp(
    shown: Stamp | None, declared: Stamp | None, listed: datetime | None, in_url: date | None, source: Source
) -> Stamp | None:
    """The page's date where it has a time of day, else the listing's time for that day, else the best bare date."""
    entry = _entry_stamp(listed, source)
    page = next((stamp for stamp in (shown, declared) if stamp and stamp.moment), None) or shown or declared
    if page is None:
        return entry or (Stamp(in_url) if in_url else None)
    if page.moment is None and entry and entry.day == page.day:
        return entry
    return page


def _entry_stamp(listed: datetime | None, source: Source) -> Stamp | None:
    """A listing's date; the beginning of a day stands for a date without a time (`entries.published_at`)."""
    if listed is None:
        return None
    zone = ZoneInfo(source.zone)
    day = listed.astimezone(zone).date()
    return Stamp(day, None if listed == midnight(day, zone) else listed)
