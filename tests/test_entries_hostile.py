"""Listings that are meant to hurt: bombs, external entities, endless nesting, and any bytes at all."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.entries import MAX_ENTRIES, MAX_NAME, MAX_TEASER, MAX_TITLE, parse_entries
from parsers.records import Kind, Listing, Outcome, Selectors, Side, Source
from parsers.urls import MAX_URL

LISTINGS = Path(__file__).parent / "data" / "listings"
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": "1", "url": "https://a.org/1", "title": "Talks", "date_published": "2026-02-07T14:04:00Z"}],
    }
).encode()
GDELT = b'{"articles": [{"url": "https://a.org/1", "title": "Talks", "seendate": "20260220T063400Z"}]}'
INDEX = b"<sitemapindex><sitemap><loc>https://a.org/news-2026-9.xml</loc></sitemap></sitemapindex>"
SAMPLES = {
    Kind.RSS: (LISTINGS / "rss.xml").read_bytes(),
    Kind.ATOM: b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Talks</title><link href="/1"/></entry></feed>',
    Kind.GOOGLE_NEWS: (LISTINGS / "google_news.xml").read_bytes(),
    Kind.BING_NEWS: (LISTINGS / "google_news.xml").read_bytes(),
    Kind.NEWS_SITEMAP: (LISTINGS / "news_sitemap.xml").read_bytes(),
    Kind.SITEMAP_INDEX: INDEX,
    Kind.SECTION: (LISTINGS / "vgp_section.html").read_bytes(),
    Kind.JSONFEED: JSON_FEED,
    Kind.GDELT: GDELT,
}


def parse(data: bytes, kind: Kind) -> Listing:
    selectors = Selectors("div.box-stream-item, li, a") if kind is Kind.SECTION else None
    url = "https://a.org/list"
    source = Source(
        "t", "t", "T", Side.OTHER, "en", "Asia/Ho_Chi_Minh", kind, url, timedelta(hours=3), selectors=selectors
    )
    return parse_entries(data, source=source, url=url)


def check(listing: Listing) -> None:
    """What must hold of every listing, whatever it was made of."""
    assert bool(listing.entries or listing.follow) == (listing.outcome is Outcome.OK)
    assert listing.outcome is Outcome.OK or listing.message
    assert len(listing.entries) <= MAX_ENTRIES
    for entry in listing.entries:
        assert len(entry.url) <= MAX_URL
        assert (len(entry.title) <= MAX_TITLE, len(entry.teaser) <= MAX_TEASER) == (True, True)
        assert len(entry.outlet or "") <= MAX_NAME
        repr(entry).encode()


def test_every_kind_has_a_sample_that_is_read() -> None:
    assert set(SAMPLES) == set(Kind)
    for kind, data in SAMPLES.items():
        check(parse(data, kind))
        assert parse(data, kind).outcome is Outcome.OK, kind


@pytest.mark.parametrize("kind", Kind)
@given(data=st.binary() | st.text("<>/&;!?[]{}:,\\= \"'abcirstemu0", max_size=200).map(str.encode))
def test_any_bytes_give_a_listing(kind: Kind, data: bytes) -> None:
    check(parse(data, kind))


PIECES = [
    b"<",
    b">",
    b"&",
    b"&#x0;",
    b"&#55296;",
    b"\\ud800",
    b"\x00",
    b"\xff\xfe",
    b'"',
    b"]]>",
    b"<![CDATA[",
    b"<!--",
]
PIECES += [
    b"</item>",
    b"<item>",
    b"]",
    b"}",
    b"{",
    b"null",
    b"1e999",
    b"9999-12-31",
    b"0001-01-01",
    b"\x1f\x8b",
    b"://[",
]


@pytest.mark.parametrize("kind", Kind)
@settings(max_examples=60)
@given(pick=st.randoms(use_true_random=False), edits=st.integers(1, 12))
def test_mutated_documents_give_a_listing(kind: Kind, pick: random.Random, edits: int) -> None:
    data = SAMPLES[kind]
    for _ in range(edits):
        at, end = sorted(pick.choices(range(len(data) + 1), k=2))
        end = min(end, at + 40)
        data = pick.choice(
            [
                data[:at] + pick.choice(PIECES) + data[at:],
                data[:at] + data[end:],
                data[:end] + data[at:end] * pick.randint(1, 9) + data[end:],
                data[: max(at, 1)],
            ]
        )
    check(parse(data, kind))
    check(parse(gzip.compress(data)[: pick.randint(2, 4000)], kind))


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY s SYSTEM "{file}"><!ENTITY h SYSTEM "http://127.0.0.1:9/x">'
    '<!ENTITY % p SYSTEM "{file}">%p;]>'
)
EXTERNAL = {
    Kind.RSS: "<rss version='2.0'><channel><item><link>/1</link><title>x&s;&h;</title></item></channel></rss>",
    Kind.ATOM: "<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='/1'/><title>&s;&h;</title></entry></feed>",
    Kind.NEWS_SITEMAP: "<urlset xmlns:n='n'><url><loc>/</loc><n:news><n:title>&s;&h;</n:title></n:news></url></urlset>",
    Kind.SITEMAP_INDEX: "<sitemapindex><sitemap><loc>https://a.org/1&s;&h;</loc></sitemap></sitemapindex>",
    Kind.SECTION: "<html><body><li><a href='/1'>x&s;&h;</a></li></body></html>",
}


@pytest.mark.parametrize("kind", EXTERNAL)
def test_no_file_and_no_socket_is_opened(kind: Kind, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("top secret")
    data = (ENTITIES.format(file=secret.as_uri()) + EXTERNAL[kind]).encode()
    parse(data, kind)  # what is imported on the way is imported now
    opened: list[tuple[Any, ...]] = []
    watching = [True]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event in ("open", "socket.__new__", "socket.connect", "socket.getaddrinfo", "urllib.Request"):
            opened.append((event, arguments))

    sys.addaudithook(hook)  # stays for the life of the process, hence `watching`
    listing = parse(data, kind)
    watching.clear()
    assert opened == []
    assert "secret" not in repr(listing)
    check(listing)


def filled(head: bytes, unit: bytes, tail: bytes = b"") -> bytes:
    """As much as the client lets through, of one thing."""
    return head + unit * ((8 * 1024 * 1024 - len(head) - len(tail)) // len(unit)) + tail


RSS, END = b'<rss version="2.0"><channel>', b"</channel></rss>"
PREFIXES = b" ".join(b'a%d="u%d"' % (n, n) for n in range(250_000))
BOMBS: dict[str, tuple[Kind, Callable[[], bytes]]] = {
    "empty items": (Kind.RSS, lambda: filled(RSS, b"<item/>", END)),
    "items of one address": (Kind.RSS, lambda: filled(RSS, b"<item><link>https://a.org/1</link></item>", END)),
    "categories of one item": (Kind.RSS, lambda: filled(RSS + b"<item>", b"<category>a</category>", b"</item>" + END)),
    "attributes": (Kind.RSS, lambda: RSS + b"<item " + PREFIXES + b"/>" + END),
    "namespaces": (Kind.RSS, lambda: RSS + b"<item " + PREFIXES.replace(b"a", b"xmlns:a") + b"/>" + END),
    "unclosed comments": (Kind.RSS, lambda: filled(RSS, b"<!--")),
    "unclosed sections": (Kind.RSS, lambda: filled(RSS + b"<item><title>", b"<![CDATA[")),
    "nesting": (Kind.ATOM, lambda: filled(b"<feed><entry><content type='xhtml'>", b"<a>")),
    "ampersands": (Kind.RSS, lambda: filled(RSS + b"<item><title>", b"&aa", b"</title></item>" + END)),
    "entities": (Kind.RSS, lambda: filled(RSS + b"<item><title>", b"&nbsp;", b"</title></item>" + END)),
    "long title": (Kind.RSS, lambda: filled(RSS + b"<item><link>/1</link><title>", b"ab ", b"</title></item>" + END)),
    "packed addresses": (
        Kind.NEWS_SITEMAP,
        lambda: gzip.compress(b"<urlset>" + b"<url><loc>/a</loc></url>" * 1_000_000),
    ),
    "packed text": (Kind.SITEMAP_INDEX, lambda: gzip.compress(b"<sitemapindex>" + b"a" * 31_000_000)),
    "lists": (Kind.JSONFEED, lambda: filled(b"[", b"[],", b"0]")),
    "lists within bounds": (Kind.GDELT, lambda: b"[" + b"[]," * 1_300_000 + b"0]"),
    "lists in lists": (Kind.JSONFEED, lambda: b"[" * 4_000_000),
    "digits": (Kind.GDELT, lambda: b"9" * 4_000_000),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_bomb_takes_bounded_memory_and_time(name: str) -> None:
    script = (
        "import sys; sys.path.insert(0, ''); import tests.test_entries_hostile as t; from bench.memory import peak_mb\n"
        f"kind, data = t.BOMBS[{name!r}]; t.check(t.parse(data(), kind))\n"
        "print(peak_mb())"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, check=True, stdout=subprocess.PIPE, text=True, timeout=60
    )
    assert float(done.stdout) < 300
