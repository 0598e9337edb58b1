"""Whose article an aggregator's entry is: the publisher's outlet, side, zone and language, by the catalogue."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import unquote_plus, urlsplit

from courlan import extract_domain

from parsers.records import Entry, Source

_SITE = re.compile(r"\bsite:([\w-]+(?:\.[\w-]+)+)", re.ASCII)
_PARENTHESES = re.compile(r"\s*\(([^()]*)\)")


class Publishers:
    """Looks up publishers among the sources of a catalogue; of an aggregator's search for one `site:`, that site.

    A publisher is known by the address of the article or of its own home page, else by its name.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._hosts: dict[str, list[Source]] = {}
        self._domains: dict[str, list[Source]] = {}
        self._names: dict[str, list[Source]] = {}
        for source in sources:
            hosts = _sites(source) if source.kind.aggregates else [_host(source.url)]
            for host in hosts:
                self._hosts.setdefault(host, []).append(source)
                self._domains.setdefault(_domain(host), []).append(source)
            for name in (source.outlet_name, source.outlet) if hosts else ():
                self._names.setdefault(_plain(name), []).append(source)

    def of_entry(self, entry: Entry, *, language: str | None = None) -> Source | None:
        """A source of the outlet that published `entry`; None when the catalogue has none, or more than one outlet.

        Its language is that of the article's host where a source has that host; else `language`, where that is given.
        """
        for url in filter(None, (entry.url, entry.outlet_url)):
            host = _host(url)
            if found := _of_one_outlet(self._hosts.get(host, ()), language):
                return found
            if found := _of_one_outlet(self._domains.get(_domain(host), ()), language):
                return replace(found, language=language or found.language)
        for name in _spellings(entry.outlet or ""):
            if found := _of_one_outlet(self._names.get(_plain(name), ()), language):
                return replace(found, language=language or found.language)
        return None


def _of_one_outlet(sources: Sequence[Source], language: str | None) -> Source | None:
    """The first in the language, else the first; None when they are of several outlets."""
    if len({source.outlet for source in sources}) != 1:
        return None
    return next((source for source in sources if source.language == language), sources[0])


def _sites(source: Source) -> list[str]:
    """The hosts that a search is confined to."""
    return [host.lower().removeprefix("www.") for host in _SITE.findall(unquote_plus(urlsplit(source.url).query))]


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _domain(host: str) -> str:
    """What was registered of a host: people.com.cn of world.people.com.cn, by the list of public suffixes."""
    return extract_domain(f"http://{host}/") or host


def _spellings(name: str) -> Iterable[str]:
    """A name, what stands before its parentheses, and what in them: Google writes "Vietnam+ (VietnamPlus)"."""
    if name:
        yield name
        yield _PARENTHESES.sub("", name)
        yield from _PARENTHESES.findall(name)


def _plain(name: str) -> str:
    """Letters and digits alone, without case and diacritics."""
    spelt = unicodedata.normalize("NFKD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in spelt.casefold() if letter.isalnum())
