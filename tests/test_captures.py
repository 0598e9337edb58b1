"""Pages out of WARC files: every form, every split, every damage."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.captures import MAX_PAGE, splits
from archive.warc import RawWriter
from tests.archive_samples import NOW, answer
from tests.warckit import HARD, HTML, PACKINGS, RECORDS, URLS, http, packed, read, record, url, warc

each_packing = pytest.mark.parametrize("packing", PACKINGS)


def block(number: int, packing: str = "br") -> bytes:
    engines: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "two gzip": lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]),
        "zlib": zlib.compress,
        "raw": lambda body: zlib.compress(body)[2:-4],
        "br": brotli.compress,
        "zstd": zstandard.ZstdCompressor().compress,
    }
    return engines[packing](HTML + b"%d" % number)


@each_packing
def test_whole_file(packing: str) -> None:
    found = read(warc(packing, [record(90, b"a: b", kind="warcinfo"), *RECORDS, record(91, b"GET", kind="request")]))
    assert found.urls == URLS
    assert (found.others, found.unreadable, found.first) == (2, [], 0)
    assert found.pages[3].body == HTML + b"<!-- 3 -->"
    assert found.pages[3].content_type == "text/html; charset=utf-8"
    assert found.pages[3].captured_at == datetime(2024, 12, 11, 8, 30, tzinfo=UTC)


@each_packing
def test_place_of_a_page_is_where_its_record_begins(packing: str) -> None:
    data = warc(packing, RECORDS)
    offset = len(warc(packing, RECORDS[:5]))
    assert read(data).pages[5].where == f"news.warc at byte {offset:,}"


@each_packing
@given(cuts=st.lists(st.integers(0, 4000), max_size=6))
def test_each_split_takes_every_record_once(packing: str, cuts: list[int]) -> None:
    data = warc(packing, RECORDS)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parts = [read(data, start, end) for start, end in pairwise(places)]
    assert [one for part in parts for one in part.urls] == URLS
    assert not any(part.unreadable for part in parts)
    began = [part for part in parts if part.first is not None]
    assert [part.first for part in began] == [0, *(part.next for part in began[:-1])]
    assert began[-1].next == len(data)


@each_packing
@given(
    bodies=st.lists(
        st.lists(st.sampled_from([b"WARC/1.0\r\nWARC-Type: response\r\n", b"\r\n\r\n", b"\x1f\x8b\x08", b"x"])),
        max_size=5,
    )
)
def test_page_about_such_files(packing: str, bodies: list[list[bytes]]) -> None:
    told = [HTML + b"".join(parts) for parts in bodies]
    found = read(warc(packing, [record(number, http(body)) for number, body in enumerate(told)] or RECORDS[:1]))
    assert not found.unreadable
    assert not told or [page.body for page in found.pages] == told


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
@pytest.mark.parametrize("size", [1 << 30, 5000, 700], ids=["one piece", "large pieces", "small pieces"])
def test_packed_as_a_whole(packing: str, size: int) -> None:
    whole = b"".join(RECORDS)
    data = b"".join(packed(packing, whole[at : at + size]) for at in range(0, len(whole), size))
    found = read(data)
    assert found.urls == URLS
    assert not found.unreadable
    assert not splits(io.BytesIO(data))


@each_packing
def test_packed_by_record_can_be_split(packing: str) -> None:
    assert splits(io.BytesIO(warc(packing, RECORDS)))


@pytest.mark.parametrize("hidden", [True, False], ids=["packed dictionary", "plain dictionary"])
def test_zstd_with_a_dictionary(hidden: bool) -> None:
    trained = zstandard.train_dictionary(2000, [record(number) for number in range(400)])
    said = zstandard.ZstdCompressor().compress(trained.as_bytes()) if hidden else trained.as_bytes()
    engine = zstandard.ZstdCompressor(dict_data=trained)
    head = b"\x5d\x2a\x4d\x18" + len(said).to_bytes(4, "little") + said
    frames = [engine.compress(one) for one in RECORDS]
    data = head + b"".join(frames)
    assert len(b"".join(frames)) < len(warc("zstd", RECORDS)) / 2
    found = read(data)
    assert (found.urls, found.unreadable) == (URLS, [])
    later = read(data, len(head) + len(frames[0]) + 1)
    assert later.urls == URLS[2:]


def test_other_writers_files() -> None:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
    for number in range(3):
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        page = io.BytesIO(HTML)
        writer.write_record(
            writer.create_warc_record(url(number), "response", payload=page, length=len(HTML), http_headers=head)
        )
    found = read(out.getvalue())
    assert found.urls == URLS[:3]
    assert {page.body for page in found.pages} == {HTML}


def test_own_raw_files(tmp_path: Path) -> None:
    with RawWriter(tmp_path, "run", NOW) as raw:
        raw.write(answer("https://news.example/one", headers=(("Content-Type", "text/html"),)))
        raw.write(answer("https://news.example/feed", headers=(("Content-Type", "application/rss+xml"),)))
    [path] = tmp_path.glob("raw/*")
    found = read(path.read_bytes())
    assert found.urls == ["https://news.example/one"]
    assert found.pages[0].captured_at == NOW
    assert found.pages[0].body == b"<p>They met.</p>"
    assert found.others == 4  # the file's own record, a feed, two requests


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (http(status="HTTP/1.1 301 Moved"), "response"),
        (http(status="HTTP/1.1 404 Not Found"), "response"),
        (http(status="HTTP/1.1 304 Not Modified"), "response"),
        (http(b"\x89PNG", "Content-Type: image/png"), "response"),
        (http(b"<rss/>", "Content-Type: application/rss+xml"), "response"),
        (http(b'<?xml version="1.0"?>\n<!-- a -->\n<rss version="2.0"/>'), "response"),
        (http(b"<!-- -->" * 3000 + b"<urlset>"), "response"),
        (http(b"plain", "Server: x"), "response"),
        (http(b""), "response"),
        (b"not http at all", "response"),
        (b"", "response"),
        (http(), "revisit"),
        (http(), "request"),
        (http(), "metadata"),
        (http(), "conversion"),
        (http(), "continuation"),
        (http(), "of_tomorrow"),
        (HTML, "resource"),
    ],
)
def test_no_page(block: bytes, kind: str) -> None:
    found = read(warc("gzip", [record(0, block, kind=kind), record(1)]))
    assert (found.urls, found.others, found.unreadable) == ([url(1)], 1, [])


@pytest.mark.parametrize("address", ["dns:news.example", "urn:x", "file:///etc/passwd", "https://x/\0", ""])
def test_no_page_of_the_web(address: str) -> None:
    data = record(0).replace(url(0).encode(), address.encode())
    assert (read(data).pages, read(data).others) == ([], 1)


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.0 200",
        "HTTP/2 200",
        "HTTP/2.0 200 OK",
        "HTTP/1.1  203 Non-Authoritative",
        ":status: 200",
    ],
)
def test_heads_of_answers(head: str) -> None:
    assert read(record(0, http(HTML, "content-type: text/html", status=head))).pages[0].body == HTML


@pytest.mark.parametrize(
    ("headers", "body", "is_page"),
    [
        (("Content-Type: text/html; charset=GB2312",), "<p>越南</p>".encode("gb18030"), True),
        (("Content-Type: application/xhtml+xml",), b'<?xml version="1.0"?><html/>', True),
        (("CONTENT-TYPE:TEXT/HTML",), HTML, True),
        (("Server: x",), b"\xef\xbb\xbf \n<!DOCTYPE html><p>x", True),
        (("Server: x",), b"<!-- saved --><html>", True),
        (("Content-Type: text/plain",), HTML, False),
        (("Content-Type: text/htmlx",), HTML, False),
    ],
)
def test_kinds_of_answers(headers: tuple[str, ...], body: bytes, is_page: bool) -> None:
    pages = read(record(0, http(body, *headers))).pages
    assert [page.body for page in pages] == ([body] if is_page else [])


def test_resource_record() -> None:
    data = record(0, HTML, kind="resource").replace(b"application/http; msgtype=resource", b"text/html")
    assert read(data).pages[0].body == HTML


@pytest.mark.parametrize(
    ("coding", "packing"),
    [
        ("gzip", "gzip"),
        ("x-gzip", "two gzip"),
        ("GZIP", "gzip"),
        ("deflate", "zlib"),
        ("deflate", "raw"),
        ("br", "br"),
        ("zstd", "zstd"),
    ],
)
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "not chunked"])
def test_codings(coding: str, packing: str, chunked: bool) -> None:
    body = block(0, packing)
    headers = ["Content-Type: text/html", f"Content-Encoding: {coding}"]
    if chunked:
        headers.append("Transfer-Encoding: Chunked")
        body = b"5\r\n" + body[:5] + b"\r\n%X ; a=b\r\n" % len(body[5:]) + body[5:] + b"\r\n0\r\n\r\n"
    assert read(record(0, http(body, *headers))).pages[0].body == HTML + b"0"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "identity", "", "aws-chunked", "gzip, br"])
def test_coding_that_was_undone_already(coding: str) -> None:
    data = http(HTML, "Content-Type: text/html", f"Content-Encoding: {coding}", "Transfer-Encoding: chunked")
    assert read(record(0, data)).pages[0].body == HTML


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"\x00\xff\x00\xff" * 9),
        ("deflate", b"\x00\xff\x00\xff" * 9),
        ("gzip", b"\x1f\x8b\x08" + b"\xff" * 30),
        ("zstd", b"\x28\xb5\x2f\xfd" + b"\xff" * 30),
        ("dcb", b"\x00\xff\x00\xff" * 9),
    ],
)
def test_coding_that_it_is_not(coding: str, body: bytes) -> None:
    data = http(body, "Content-Type: text/html", f"Content-Encoding: {coding}")
    found = read(record(0, data) + record(1))
    assert found.urls == [url(1)]
    assert coding in found.reasons[0]


@pytest.mark.parametrize("packing", ["gzip", "zlib", "br", "zstd"])
def test_body_that_ends_too_early_is_given_as_far_as_it_goes(packing: str) -> None:
    text = bytes(random.Random(3).choices(b"abcdefghij <p>", k=400_000))  # noqa: S311
    engines = {"gzip": gzip.compress, "zlib": zlib.compress, "br": brotli.compress}
    whole = engines.get(packing, zstandard.ZstdCompressor().compress)(HTML + text)
    coding = {"zlib": "deflate"}.get(packing, packing)
    data = http(whole[: len(whole) - 500], "Content-Type: text/html", f"Content-Encoding: {coding}")
    body = read(record(0, data)).pages[0].body
    assert body
    assert (HTML + text).startswith(body)


@pytest.mark.parametrize(("empty", "count"), [(199, 1), (20_000, 0)])
def test_empty_members_without_number_are_not_followed(empty: int, count: int) -> None:
    """Each would be copied once for each before it."""
    body = gzip.compress(b"") * empty + gzip.compress(HTML)
    data = http(body, "Content-Type: text/html", "Content-Encoding: gzip")
    assert len(read(record(0, data)).pages) == count


@pytest.mark.parametrize("packing", ["gzip", "zlib", "br", "zstd"])
def test_bomb_is_cut(packing: str) -> None:
    engines = {"gzip": gzip.compress, "zlib": zlib.compress, "br": brotli.compress}
    bomb = engines.get(packing, zstandard.ZstdCompressor().compress)(b"<p>" + b" " * (MAX_PAGE * 4))
    coding = {"zlib": "deflate"}.get(packing, packing)
    data = http(bomb, "Content-Type: text/html", f"Content-Encoding: {coding}")
    assert len(read(record(0, data)).pages[0].body) == MAX_PAGE


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2024-12-11T08:30:00Z", datetime(2024, 12, 11, 8, 30, tzinfo=UTC)),
        ("2024-12-11T08:30:00.123456789Z", datetime(2024, 12, 11, 8, 30, 0, 123456, tzinfo=UTC)),
        ("2024-12-11T08:30:00+08:00", datetime(2024, 12, 11, 0, 30, tzinfo=UTC)),
        ("2024-12-11T08:30", datetime(2024, 12, 11, 8, 30, tzinfo=UTC)),
        ("2024-12-11", datetime(2024, 12, 11, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(date: str, moment: datetime | None) -> None:
    data = record(0).replace(b"2024-12-11T08:30:00Z", date.encode())
    assert read(data).pages[0].captured_at == moment


def in_head(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A record whose own head is changed."""
    head, end, rest = data.partition(b"\r\n\r\n")
    return change(head + end) + rest


@pytest.mark.parametrize(
    "change",
    [
        lambda data: in_head(data, lambda head: head.replace(b"\r\n", b"\n")),
        lambda data: data.replace(b"WARC/1.0", b"WARC/0.18"),
        lambda data: data.replace(url(0).encode(), b"<" + url(0).encode() + b">"),
        lambda data: in_head(data, lambda head: head.lower().replace(b"warc/1.0", b"WARC/1.1")),
        lambda data: b"\r\n\r\n" + data + b"\r\n" * 50,
    ],
    ids=["bare line feeds", "old version", "address in brackets", "small letters", "empty lines around"],
)
@pytest.mark.parametrize("packing", ["plain", "gzip"])
def test_other_spellings(change: Callable[[bytes], bytes], packing: str) -> None:
    data = change(RECORDS[0])
    found = read(packed(packing, data))
    assert (found.urls, found.unreadable) == ([url(0)], [])


@each_packing
def test_stream_that_cannot_seek(packing: str) -> None:
    many = [record(number, http(HARD[number * 1000 : number * 1000 + 50_000])) for number in range(30)]
    found = read(warc(packing, many), one_way=True)
    assert found.urls == [url(number) for number in range(30)]
    assert not found.unreadable
