"""Sources that nobody has declared yet: what an address could become, and why it is refused.

The outlet of a new address is one that the catalogue knows by its host, else one named after the host.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from parsers.catalogue import LANGUAGES, LONGEST_NOTE, Catalogue, read_source, same_address
from parsers.opml import Feed
from parsers.records import InputError, Kind, Side, Source
from parsers.source_tables import source_table

_SHOWN = 200
"""Characters of a stranger's title or address that a sentence repeats."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a list of feeds does not tell. `zone` is an IANA name, `language` one of the three."""

    side: Side = Side.OTHER
    language: str = "en"
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Adopted:
    """What an import would add. `known`: feeds that are in the catalogue already; `refused` and `notes`: sentences."""

    sources: tuple[Source, ...]
    known: int = 0
    refused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens, at most 48 characters: the form of ids and outlets."""
    plain = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))[:48].strip("-") or "source"


def unused(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or with the first number that makes it an id which is not taken."""
    names = set(taken)
    number = 1
    chosen = wanted
    while chosen in names:
        number += 1
        chosen = f"{wanted}-{number}"
    return chosen


def web_host(url: str) -> str:
    """The host of an http or https URL without `www.`; empty for anything else."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").removeprefix("www.") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def kind_of_address(url: str) -> Kind | None:
    """The kind of a search whose address alone tells it, else None."""
    host, path = web_host(url), urlsplit(url).path if web_host(url) else ""
    if host == "news.google.com" and path.startswith("/rss"):
        return Kind.GOOGLE_NEWS
    if host == "bing.com" and path.startswith("/news/search"):
        return Kind.BING_NEWS
    return Kind.GDELT if host == "api.gdeltproject.org" else None


def objection(url: str, catalogue: Catalogue) -> str | None:
    """Why an address cannot become a source; None when it can, or is one already."""
    if not web_host(url):
        return "is not an http or https URL"
    if grave := catalogue.dead_at(url):
        return f"is listed as dead: {grave.reason.rstrip('.')}"
    return None


def propose(url: str, *, catalogue: Catalogue, kind: Kind, title: str = "", defaults: Defaults) -> Source:
    """A source at `url`, its outlet's fields those of the catalogue's source on the same host, else the defaults."""
    host = web_host(url)
    kin = next((s for s in catalogue.sources if not s.kind.aggregates and web_host(s.url) == host), None)
    outlet = kin.outlet if kin else slug(host)
    language = kin.language if kin else defaults.language
    return Source(
        id=unused(slug(f"{outlet} {language}"), (s.id for s in catalogue.sources)),
        outlet=outlet,
        outlet_name=kin.outlet_name if kin else " ".join(title.split())[:_SHOWN] or host,
        side=kin.side if kin else defaults.side,
        language=language,
        zone=kin.zone if kin else defaults.zone,
        kind=kind_of_address(url) or kind,
        url=url,
        interval=timedelta(hours=3),
    )


def adopt(feeds: Sequence[Feed], *, catalogue: Catalogue, defaults: Defaults, name: str) -> Adopted:
    """The sources that the feeds of an OPML file called `name` would add to `catalogue`."""
    so_far = catalogue
    addresses = {same_address(source.url) for source in catalogue.sources}
    new: list[Source] = []
    refused: list[str] = []
    known = 0
    for feed in feeds:
        if why := objection(feed.url, catalogue):
            refused.append(f"{name}: {feed.title[:_SHOWN]!r}: {feed.url[:_SHOWN]!r} {why}.")
        elif same_address(feed.url) in addresses:
            known += 1
        else:
            try:
                new.append(_source_of(feed, so_far, defaults, name))
            except InputError as error:
                refused.append(str(error))
                continue
            addresses.add(same_address(feed.url))
            so_far = Catalogue((*so_far.sources, new[-1]), so_far.dead)
    ids = {source.id for source in so_far.sources}
    lone = {source.id for source in new if source.fallback_for and source.fallback_for not in ids}
    notes = [
        f"{name}: source '{s.id}' stands in for '{s.fallback_for}', which is no feed; it is now polled itself."
        for s in new
        if s.id in lone
    ]
    standing = (replace(source, fallback_for=None) if source.id in lone else source for source in new)
    return Adopted(tuple(standing), known, tuple(refused), tuple(notes))


def _source_of(feed: Feed, catalogue: Catalogue, defaults: Defaults, name: str) -> Source:
    """The source that a feed becomes: as proposed, with whatever keys the file gives; raises `CatalogueError`."""
    spoken = feed.language[:2].lower()
    told = replace(defaults, language=spoken) if spoken in LANGUAGES else defaults
    proposed = propose(feed.url, catalogue=catalogue, kind=Kind.RSS, title=feed.title, defaults=told)
    table = source_table(proposed) | feed.keys | {"note": feed.description[:LONGEST_NOTE]}
    table["id"] = unused(table["id"], (source.id for source in catalogue.sources))
    return read_source(table, which=repr(feed.title[:_SHOWN]), name=name)
