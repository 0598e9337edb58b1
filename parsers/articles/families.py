"""Which layouts an article's page may have: the modules of all outlets, looked up by host and tried by the page's day.

A layout is never deleted when an outlet changes its markup: old stories stay as they were made, and a backfill meets
them. It gets a `valid_until` instead, and the new one is put before it. Where the URL tells the page's day, the layout
in use on that day is tried first, then those that came after it, since outlets also move old stories into new pages,
and last those already given up by then. Where it does not, the newest comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

from parsers.articles import (
    baoquocte,
    baotintuc,
    cgtn,
    chinadaily,
    chinanews,
    diplomat,
    globaltimes,
    govcn,
    mfa_china,
    mofa_vietnam,
    nikkei,
    people,
    qdnd,
    rfa,
    scmp,
    shine,
    vgp,
    vietnamnet,
    vietnamnews,
    vna,
    vnexpress,
    vov,
    xinhua,
)
from parsers.articles.layouts import Layout
from parsers.dates import url_day

MODULES = (
    *(xinhua, people, globaltimes, chinadaily, cgtn, mfa_china, govcn, shine, chinanews),
    *(vna, vgp, vov, vietnamnews, vnexpress, vietnamnet, qdnd, mofa_vietnam, baoquocte, baotintuc),
    *(scmp, diplomat, nikkei, rfa),
)


def layouts_for(url: str) -> tuple[Layout, ...]:
    """The layouts to try on the page at `url`, in order; a longer host suffix comes before a shorter one."""
    found = [layout for suffix in _suffixes(url) for layout in _BY_HOST.get(suffix, ())]
    day = url_day(url) if any(layout.valid_until for layout in found) else None
    return tuple(found if day is None else sorted(found, key=lambda layout: _distance(layout, day)))


def has_family(url: str) -> bool:
    """True when some outlet's module reads pages of this host."""
    return any(suffix in _BY_HOST for suffix in _suffixes(url))


def _suffixes(url: str) -> Iterator[str]:
    labels = (urlsplit(url).hostname or "").split(".")
    return (".".join(labels[start:]) for start in range(len(labels)))


def _distance(layout: Layout, day: date) -> tuple[bool, int]:
    """How far from `day` it was given up, before or after; sorting is stable, so declared order breaks ties."""
    end = (layout.valid_until or date.max).toordinal()
    return end < day.toordinal(), abs(end - day.toordinal())


def _by_host() -> dict[str, tuple[Layout, ...]]:
    hosts: dict[str, tuple[Layout, ...]] = {}
    for module in MODULES:
        for layout in module.LAYOUTS:
            for host in layout.hosts:
                hosts[host] = (*hosts.get(host, ()), layout)
    return hosts


_BY_HOST = _by_host()
