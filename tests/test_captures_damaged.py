"""WARC files that are damaged, cut off, lie or are none: what is sound is read, and nothing fills the memory."""

from __future__ import annotations

import gzip
import io
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.captures import MAX_PAGE, splits
from tests.warckit import HARD, HTML, PACKINGS, RECORDS, URLS, http, packed, read, record, url, warc

each_packing = pytest.mark.parametrize("packing", PACKINGS)


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


@each_packing
@pytest.mark.parametrize("one_way", [True, False], ids=["one way", "seeks"])
def test_long_damage(packing: str, one_way: bool) -> None:
    """Longer than what is held of a file."""
    noise = b"\x1f\x8b\x08" + HARD * 3 + b"\n"
    found = read(warc(packing, RECORDS[:2]) + noise + warc(packing, RECORDS[2:]) + noise, one_way=one_way)
    assert found.urls == URLS
    assert len(found.unreadable) == 2


LARGE = [record(number, http(HTML + HARD[number * 100_000 :][:100_000].hex().encode() * 2)) for number in range(4)]
"""Each is unpacked in several parts."""


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
@pytest.mark.parametrize("one_way", [True, False], ids=["one way", "seeks"])
def test_damage_deep_in_a_record(packing: str, one_way: bool) -> None:
    parts = [packed(packing, one) for one in LARGE]
    place = len(parts[0])
    parts[1] = parts[1][:60_000] + HARD[:9000] + parts[1][69_000:]
    found = read(b"".join(parts), one_way=one_way)
    assert found.urls == [url(0), url(2), url(3)]
    [told] = found.unreadable
    assert told.where == f"news.warc at byte {place:,}"
    assert f"{packing} data is damaged" in told.reason


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
@pytest.mark.parametrize("one_way", [True, False], ids=["one way", "seeks"])
def test_large_piece_cut_off(packing: str, one_way: bool) -> None:
    parts = [packed(packing, one) for one in LARGE]
    parts[1] = parts[1][:60_000]
    found = read(b"".join(parts), one_way=one_way)
    assert found.urls == [url(0), url(2), url(3)]
    assert len(found.unreadable) == 1
    last = read(b"".join(parts[:2]), one_way=one_way)
    assert (last.urls, last.reasons, last.others) == ([url(0)], ["the file ends within it"], 0)
    assert last.next == len(parts[0]) + 60_000


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
@pytest.mark.parametrize("one_way", [True, False], ids=["one way", "seeks"])
def test_file_packed_as_a_whole_and_cut_off(packing: str, one_way: bool) -> None:
    data = packed(packing, b"".join(LARGE))
    found = read(data[: len(data) * 15 // 16], one_way=one_way)
    assert found.urls == [url(0), url(1), url(2)]
    assert found.reasons == ["the file ends within it"]


@each_packing
def test_head_that_is_damaged_in_a_file_packed_as_a_whole(packing: str) -> None:
    broken = RECORDS[3].replace(b"WARC/1.0", b"WARC 1.0")
    found = read(packed(packing, b"".join([*RECORDS[:3], broken, *RECORDS[4:]])))
    assert found.urls == URLS[:3] + URLS[4:]
    assert len(found.unreadable) == 1 or len(found.pages) == 11


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
        (b"\x5d\x2a\x4d\x18\x09\0\0\0\x28\xb5\x2f\xfd\x20\x05\xff\xff\xff", "its zstd dictionary is damaged"),
        (gzip.compress(b"") * 3, "no WARC record begins here"),
    ],
)
def test_what_is_no_warc(data: bytes, reason: str) -> None:
    found = read(data)
    assert (found.pages, found.first, found.next) == ([], None, None)
    [told] = found.unreadable
    assert told.where == "news.warc at byte 0"
    assert reason in told.reason


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"{}"),
        gzip.compress(record(0, length="many")) + gzip.compress(RECORDS[1]),
        gzip.compress(RECORDS[0])[:-9],
        b"\x5d\x2a\x4d\x18\x09\0\0\0\x28\xb5\x2f\xfd\x20\x05\xff\xff\xff",
    ],
    ids=["no warc", "no length", "cut off", "damaged dictionary"],
)
def test_file_that_shows_no_records_is_not_split(data: bytes) -> None:
    assert not splits(io.BytesIO(data))


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
