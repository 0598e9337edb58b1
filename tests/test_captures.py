"""Pages out of WARC files: every form, every split, every damage."""

from __future__ import annotations

import gzip
import io
import random
import subprocess
import sys
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
from tests.warckit import HTML, PACKINGS, http, packed, read, record, url, warc

each_packing = pytest.mark.parametrize("packing", PACKINGS)
RECORDS = [record(number) for number in range(12)]
URLS = [url(number) for number in range(12)]
HARD = random.Random(7).randbytes(400_000)  # noqa: S311
"""Does not pack, so that what is nested stands in the file as it is."""


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


@pytest.mark.parametrize("address", ["dns:news.example", "urn:x", "file:///etc/passwd", ""])
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


@pytest.mark.parametrize("packing", ["gzip", "zlib", "br", "zstd"])
def test_bomb_is_cut(packing: str) -> None:
    engines = {"gzip": gzip.compress, "zlib": zlib.compress, "br": brotli.compress}
    bomb = engines.get(packing, zstandard.ZstdCompressor().compress)(b"<p>" + b" " * (MAX_PAGE * 4))
    coding = {"zlib": "deflate"}.get(packing, packing)
    data = http(bomb, "Content-Type: text/html", f"Content-Encoding: {coding}")
    assert len(read(record(0, data)).pages[0].body) == MAX_PAGE


@each_packing
@given(kept=st.integers(1, 10_000))
def test_truncated_file(packing: str, kept: int) -> None:
    data = warc(packing, RECORDS)
    kept = min(kept, len(data))
    ends = [len(warc(packing, RECORDS[:count])) for count in range(1, 13)]
    found = read(data[:kept])
    whole = sum(end <= kept for end in ends)
    assert found.urls[:whole] == URLS[:whole]
    # a record whose last line ends alone are missing may be given or told
    assert len(found.urls) + len(found.unreadable) in range(whole + (kept not in ends), whole + 3)
    assert set(found.urls) <= set(URLS[: whole + 1])


@each_packing
@given(place=st.integers(0, 10_000), length=st.integers(1, 300), seed=st.integers(0, 9))
def test_damage_costs_the_records_it_hits(packing: str, place: int, length: int, seed: int) -> None:
    data = bytearray(warc(packing, RECORDS))
    place %= len(data)
    length = min(length, len(data) - place)
    data[place : place + length] = random.Random(seed).randbytes(length)  # noqa: S311
    ends = [len(warc(packing, RECORDS[:count])) for count in range(13)]
    sound = [
        one for one, (start, end) in zip(URLS, pairwise(ends), strict=True) if end <= place or start >= place + length
    ]
    found = read(bytes(data))
    # where a head or what stands before it is hit, the record before may take it for its own end
    assert set(found.urls) >= set(sound) - {url(number) for number in range(12) if ends[number] == place + length}
    assert set(found.urls) <= set(URLS) or packing == "plain"


@each_packing
@pytest.mark.parametrize("one_way", [True, False], ids=["one way", "seeks"])
def test_damage_between_chunks_is_told_once(packing: str, one_way: bool) -> None:
    parts = [packed(packing, one) for one in RECORDS]
    parts[4] = b"\x1f\x8b\x08 no record at all \x28\xb5\x2f\xfd WARC/1.0 neither\n" * 20
    data, border = b"".join(parts), len(b"".join(parts[:4])) + 60
    whole = read(data, one_way=one_way)
    assert whole.urls == URLS[:4] + URLS[5:]
    assert len(whole.unreadable) == 1
    assert whole.unreadable[0].where == f"news.warc at byte {len(b''.join(parts[:4])):,}"
    first, second = read(data, 0, border), read(data, border)
    assert (first.urls, second.urls) == (URLS[:4], URLS[5:])
    assert (len(first.unreadable), second.unreadable) == (1, [])
    assert first.next == second.first == len(b"".join(parts[:5]))


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_damaged_piece_is_told_with_its_place(packing: str) -> None:
    parts = [packed(packing, one) for one in RECORDS]
    damaged = bytearray(parts[2])
    damaged[-6] ^= 255
    parts[2] = bytes(damaged)
    found = read(b"".join(parts))
    assert found.urls == URLS[:2] + URLS[3:]
    assert [one.where for one in found.unreadable] == [f"news.warc at byte {len(b''.join(parts[:2])):,}"]
    assert f"{packing} data is damaged" in found.reasons[0]


@each_packing
def test_piece_cut_off_in_the_middle_of_a_file(packing: str) -> None:
    parts = [packed(packing, one) for one in RECORDS]
    parts[2] = parts[2][: len(parts[2]) // 2]
    found = read(b"".join(parts))
    assert found.urls == URLS[:2] + URLS[3:]
    assert len(found.unreadable) == 1


@each_packing
@pytest.mark.parametrize("length", ["4294967296", "9" * 18, "0", "17", "1000"])
def test_length_that_is_not_true(packing: str, length: str) -> None:
    lying = record(5, length=length)
    found = read(warc(packing, [*RECORDS[:5], lying, *RECORDS[6:]]))
    assert found.urls == URLS
    assert found.pages[5].body == found.pages[5].body
    assert found.pages[5].body.startswith(HTML[:10]) or length in ("0", "17")


@each_packing
@pytest.mark.parametrize("length", ["", "-1", "many", "1e9", "9" * 19, "٣"])
def test_length_that_is_none(packing: str, length: str) -> None:
    found = read(warc(packing, [RECORDS[0], record(1, length=length), RECORDS[2]]))
    assert found.urls == [url(0), url(2)]
    assert found.reasons == ["its head does not say how long it is"]


@each_packing
@pytest.mark.parametrize("length", ["4294967296", "100000000"])
def test_last_record_that_claims_more_than_there_is(packing: str, length: str) -> None:
    found = read(warc(packing, [RECORDS[0], record(1, length=length)]))
    # a packed piece is known to be whole; of a plain file nobody knows what is missing
    assert found.urls == ([url(0)] if packing == "plain" else [url(0), url(1)])
    assert found.reasons == (["it is cut off"] if packing == "plain" else [])


@each_packing
def test_long_page_is_cut_and_what_follows_is_read(packing: str) -> None:
    long = record(0, http(b"<p>" + HARD * 20))
    found = read(warc(packing, [long, RECORDS[1]]))
    assert found.urls == URLS[:2]
    assert len(found.pages[0].body) == MAX_PAGE


def test_head_without_end_is_passed_over() -> None:
    endless = b"WARC/1.0\r\nWARC-Type: response\r\n" + b"X: y\r\n" * 100_000
    found = read(RECORDS[0] + endless + b"\r\n\r\n" + RECORDS[1])
    assert found.urls == URLS[:2]
    assert len(found.unreadable) == 1


def test_field_that_stands_twice_counts_once() -> None:
    data = record(0).replace(b"WARC-Date:", b"Content-Length: 3\r\nWARC-Date:")
    assert read(data + RECORDS[1]).urls == URLS[:2]


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
def test_empty_pieces_between_records(packing: str) -> None:
    found = read(b"".join([packed(packing, b""), *(packed(packing, one) + packed(packing, b"") for one in RECORDS)]))
    assert (found.urls, found.unreadable) == (URLS, [])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no warc at all", "no WARC record begins here"),
        (gzip.compress(b"{}"), "no WARC record begins here"),
        (HARD, "no WARC record begins here"),
        (b"\x1f\x8b\x08", "the file ends within it"),
        (b"\x28\xb5\x2f\xfd\0", "its zstd data is damaged"),
        (b"\x5d\x2a\x4d\x18\x08\0\0\0\x28\xb5\x2f\xfd\xff\xff\xff\xff", "no WARC record begins here"),
        (b"\x5d\x2a\x4d\x18\x00\0\0\0", "no WARC record begins here"),
        (gzip.compress(b"") * 3, "no WARC record begins here"),
    ],
)
def test_what_is_no_warc(data: bytes, reason: str) -> None:
    found = read(data)
    assert (found.pages, found.first, found.next) == ([], None, None)
    [told] = found.unreadable
    assert told.where == "news.warc at byte 0"
    assert reason in told.reason


def test_empty_file() -> None:
    found = read(b"")
    assert (found.reasons, found.first, found.next) == (["the file is empty"], None, None)


def nested() -> tuple[bytes, int]:
    """A file in which a record holds a WARC file that did not pack, and a place in that."""
    inner = gzip.compress(record(77, http(HARD[:9000])), 9) + gzip.compress(record(78, http(HARD[:9000])), 9)
    outer = http(HARD[:9000] + inner, "Content-Type: application/warc")
    parts = [gzip.compress(one, 0) for one in (RECORDS[0], record(1, outer), RECORDS[2])]
    return b"".join(parts), b"".join(parts).index(inner[:200]) - 5


def test_nested_file_fools_a_split_and_is_found_out() -> None:
    data, place = nested()
    assert read(data).urls == [url(0), url(2)]
    first, second = read(data, 0, place), read(data, place)
    assert first.urls == [url(0)]
    assert second.urls == [url(77), url(78), url(2)]
    assert second.first != first.next
    assert first.next is not None
    again = read(data, first.next)
    assert (again.urls, again.first) == ([url(2)], first.next)


@each_packing
def test_stream_that_cannot_seek(packing: str) -> None:
    many = [record(number, http(HARD[number * 1000 : number * 1000 + 50_000])) for number in range(30)]
    found = read(warc(packing, many), one_way=True)
    assert found.urls == [url(number) for number in range(30)]
    assert not found.unreadable


MEASURE = """
import re, sys
from pathlib import Path

from archive.captures import CaptureReader
from archive.records import Capture, Chunk, InputKind

path = sys.argv[1]
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
before = peak()
with open(path, "rb") as file:
    chunk = Chunk(path, InputKind.WARC, 0, 1 << 40)
    pages = sum(isinstance(found, Capture) for found in CaptureReader(file, chunk))
print(pages, peak() - before)
"""


@pytest.mark.slow
@each_packing
def test_nothing_fills_the_memory(packing: str, tmp_path: Path) -> None:
    """A record of 40 MB, one that claims 4 GB, a page that unpacks to 40 MB."""
    long = http(b" " * 40_000_000)
    bomb = gzip.compress(b" " * 40_000_000)
    coded = http(bomb, "Content-Type: text/html", "Content-Encoding: gzip")
    path = tmp_path / "large.warc"
    with path.open("wb") as file:
        for one in (RECORDS[0], record(1, long), record(2, coded), record(3, length=1 << 32), RECORDS[4]):
            file.write(packed(packing, one))
    done = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True)
    pages, peak = map(int, done.stdout.split())
    assert pages == 5
    assert peak < 30
