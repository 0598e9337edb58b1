"""Google-News-style sitemaps (sitemaps.org, with the news namespace): title and date without fetching a page."""

from __future__ import annotations

from lxml import etree

from parsers.entries import looks_like_html, make_entry, make_listing, no_feed, published_at
from parsers.records import Entry, Listing, Source


def parse_sitemap(data: bytes, *, source: Source, url: str) -> Listing:
    """The entries of a news sitemap; what can be read of a truncated one is taken."""
    # no entity is expanded and nothing is fetched, so a hostile document costs no more than its own bytes
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    name = str(root.tag).rpartition("}")[2].lower() if root is not None else ""
    if name == "sitemapindex":
        return no_feed(f"{url} is an index of sitemaps: declare one of the news sitemaps that it lists.")
    if root is None or name != "urlset":
        what = "an HTML page" if looks_like_html(data) else "no sitemap"
        return no_feed(f"{url} answered with {what}, not a news sitemap.")
    entries = (_read_url(item, source, url) for item in root.iter("{*}url"))
    return make_listing(entries, empty=f"{url} is a sitemap without entries.")


def _read_url(item: etree._Element, source: Source, url: str) -> Entry | None:
    def text(path: str) -> str:
        return str(item.findtext(path) or "").strip()

    date = text("{*}news/{*}publication_date") or text("{*}lastmod")
    return make_entry(
        text("{*}loc"),
        base=url,
        title=text("{*}news/{*}title"),
        teaser=text("{*}news/{*}keywords"),
        published=published_at(date, source) if date else None,
    )
