"""Inputs behind a real web server: with ranges and without, refusing, breaking off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]  # it has no types
import pytest

from archive.records import Unreadable
from flows.files import UNKNOWN_SIZE
from flows.inputs import plan
from parsers.records import InputError, MeetingsError
from tests.inputkit import ENDINGS, RECORDS, URLS, aligned, everything, lines, urls
from tests.warckit import HARD, PACKINGS, http, record, warc
from tests.webserver import Reply, Seen, Web


def ranged(data: bytes, *, sized: bool = True, ranges: bool = True) -> Callable[[Seen], Reply]:
    """A file as a server gives it: with its size or without, by ranges or only whole."""

    def answer(seen: Seen) -> Reply:
        said = seen.headers.get("range", "") if ranges else ""
        if seen.method == "HEAD":
            size = f"Content-Length: {len(data)}\r\n" if sized else ""
            return Reply(raw=f"HTTP/1.1 200 OK\r\n{size}Connection: close\r\n\r\n".encode())
        if said.startswith("bytes="):
            first, _, last = said.removeprefix("bytes=").partition("-")
            end = min(int(last) + 1, len(data))
            part = f"bytes {first}-{end - 1}/{len(data)}"
            return Reply(data[int(first) : end], status=206, headers={"Content-Range": part})
        return Reply(data, chunked=not sized)

    return answer


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize(
    ("sized", "ranges", "count"),
    [(True, True, 5), (True, False, 1), (False, False, 1)],
    ids=["ranges", "whole", "unsized"],
)
def test_web(web: Web, packing: str, sized: bool, ranges: bool, count: int) -> None:
    data = warc(packing, RECORDS)
    path = f"/crawl/news.warc{ENDINGS[packing]}"
    web.add(path, ranged(data, sized=sized, ranges=ranges))
    chunks = plan([web.url(path), web.url(path)], chunk_bytes=-(-len(data) // 5))
    assert len(chunks) == count
    assert chunks[-1].end == (len(data) if sized else UNKNOWN_SIZE)
    assert urls(everything(chunks)) == URLS
    assert aligned(chunks)


@pytest.mark.parametrize("part", [slice(0, None), slice(0, 0)], ids=["all", "nothing"])
def test_web_that_answers_ranges_wrongly(web: Web, part: slice) -> None:
    """Whatever range it is asked for, it sends this and calls it that range."""
    data = warc("gzip", RECORDS)
    given = ranged(data)

    def answer(seen: Seen) -> Reply:
        return Reply(data[part], status=206) if "range" in seen.headers else given(seen)

    web.add("/a.warc.gz", answer)
    chunks = plan([web.url("/a.warc.gz")], chunk_bytes=1000)
    assert len(chunks) == 1
    assert urls(everything(chunks)) == URLS


@pytest.mark.parametrize("ranges", [True, False])
def test_web_that_calls_a_file_empty_before_it_sends_it(web: Web, ranges: bool) -> None:
    data = warc("gzip", RECORDS)
    given = ranged(data, ranges=ranges)
    nothing = Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    web.add("/a.warc.gz", lambda seen: nothing if seen.method == "HEAD" else given(seen))
    assert urls(everything(plan([web.url("/a.warc.gz")], chunk_bytes=1000))) == URLS


@pytest.mark.parametrize("name", ["a.warc.gz", "a.jsonl", "a.txt"])
def test_web_file_that_is_empty_is_told(web: Web, name: str) -> None:
    web.add(f"/{name}", ranged(b""))
    [found] = everything(plan([web.url(f"/{name}")], chunk_bytes=1000))
    assert isinstance(found, Unreadable)
    assert "empty" in found.reason


def test_web_that_begins_to_answer_ranges_wrongly(web: Web) -> None:
    data = warc("gzip", [record(number, http(HARD)) for number in range(3)])
    given = ranged(data)

    def answer(seen: Seen) -> Reply:
        last = f"bytes={len(data) - 1}-{len(data) - 1}"
        asked = seen.headers.get("range", last)
        return given(seen) if asked == last else Reply(data, status=206)

    web.add("/a.warc.gz", answer)
    chunks = plan([web.url("/a.warc.gz")], chunk_bytes=1 << 30)
    with pytest.raises(MeetingsError, match=r"a\.warc\.gz cannot be read: its server sends more than it is asked for"):
        everything(chunks)


def test_web_lines_and_seeds(web: Web) -> None:
    web.add("/a.jsonl?x=1", ranged(lines(9)))
    web.add("/0.txt", ranged(b"Title: Talks\n\nThey met.\n"))
    chunks = plan([web.url("/a.jsonl?x=1"), web.url("/0.txt")], chunk_bytes=300)
    found = everything(chunks)
    assert urls(found) == [*URLS[:9], None]


def test_folder_of_the_web(web: Web) -> None:
    index = b'<a href="a.warc.gz">a</a> <a href="b.txt">b</a> <a href="?C=M">order</a>'
    web.add("/crawl/", Reply(index, headers={"Content-Type": "text/html"}))
    web.add("/crawl/a.warc.gz", ranged(warc("gzip", RECORDS)))
    web.add("/crawl/b.txt", ranged(b"Title: Talks\n\nThey met.\n"))
    assert urls(everything(plan([web.url("/crawl/*.warc.gz")], chunk_bytes=1 << 20))) == URLS
    assert urls(everything(plan([web.url("/crawl/")], chunk_bytes=1 << 20))) == [*URLS, None]


@pytest.mark.parametrize(
    ("status", "told"),
    [(403, "cannot be read: 403"), (404, "is not there"), (410, "is not"), (500, "cannot be read: 500")],
)
def test_web_that_refuses(web: Web, status: int, told: str) -> None:
    web.add("/a.warc.gz", Reply(status=status))
    with pytest.raises(InputError, match=rf"a\.warc\.gz {told}"):
        plan([web.url("/a.warc.gz")], chunk_bytes=1000)


@pytest.mark.parametrize("scheme", ["https", "s3"])
def test_address_with_a_password_is_refused_without_telling_it(scheme: str) -> None:
    with pytest.raises(InputError, match=rf"{scheme}://store\.example/a@b\.warc is given with a password") as refused:
        plan([f"{scheme}://me:pw-Input-1@store.example/a@b.warc"], chunk_bytes=1000)
    assert "pw-Input-1" not in str(refused.value)


def test_password_of_a_server_is_taken_from_netrc(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password pw-Input-1\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    web.add("/a.jsonl", ranged(lines(3)))
    assert len(everything(plan([web.url("/a.jsonl")], chunk_bytes=1000))) == 3
    assert {seen.headers.get("authorization") for seen in web.requests} == {"Basic bWU6cHctSW5wdXQtMQ=="}


@pytest.fixture
def store() -> Iterator[Any]:
    """A store of objects, as fsspec knows them."""
    memory = fsspec.filesystem("memory")
    yield memory
    memory.store.clear()


def test_store_of_objects(store: Any) -> None:
    store.pipe("/news/2024/a.warc.gz", warc("gzip", RECORDS))
    store.pipe("/news/2024/b.jsonl", lines(3))
    store.pipe("/news/c.txt", b"Title: Talks\n\nThey met.\n")
    for named in (["memory://news"], ["memory://news/**"], ["memory://news/2024/*", "memory://news/c.txt"]):
        chunks = plan(named, chunk_bytes=2000)
        assert len(chunks) > 4
        assert urls(everything(chunks)) == [*URLS, *URLS[:3], None]
    with pytest.raises(InputError, match=r"none\.warc is not there"):
        plan(["memory://news/none.warc"], chunk_bytes=2000)


def test_web_that_breaks_off(web: Web) -> None:
    data = warc("gzip", RECORDS)
    web.add("/a.warc.gz", ranged(data))
    chunks = plan([web.url("/a.warc.gz")], chunk_bytes=1 << 20)
    web.add("/a.warc.gz", Reply(data, fault="cut"))
    with pytest.raises(MeetingsError, match=r"a\.warc\.gz (cannot be read|is not there)"):
        everything(chunks)


def test_web_that_gives_no_ranges_any_more(web: Web) -> None:
    data = warc("gzip", RECORDS)
    web.add("/a.warc.gz", ranged(data))
    chunks = plan([web.url("/a.warc.gz")], chunk_bytes=1000)
    web.add("/a.warc.gz", ranged(data, ranges=False))
    assert len(urls(everything(chunks[:1]))) > 0
    with pytest.raises(InputError, match="only from its beginning"):
        everything(chunks[1:2])


def test_web_that_calls_the_packing_a_coding(web: Web) -> None:
    data = warc("gzip", RECORDS)
    web.add("/a.warc.gz", Reply(data, headers={"Content-Encoding": "gzip"}))
    assert urls(everything(plan([web.url("/a.warc.gz")], chunk_bytes=1 << 20))) == URLS


def test_far_chunk_asks_for_little_more_than_it_holds(web: Web) -> None:
    many = [record(number, http(HARD[:200_000])) for number in range(40)]
    data = warc("gzip", many)
    web.add("/a.warc.gz", ranged(data))
    chunk = plan([web.url("/a.warc.gz")], chunk_bytes=2_000_000)[2]
    before = len(web.requests)
    assert len(urls(everything([chunk]))) == 8
    said = [seen.headers["range"] for seen in web.requests[before:] if seen.method == "GET"]
    parts = [part.removeprefix("bytes=").split("-") for part in said]
    assert sum(int(last) + 1 - int(first) for first, last in parts) < 2 * (chunk.end - chunk.start)
