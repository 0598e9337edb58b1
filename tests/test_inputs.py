"""What a backfill reads: how inputs become chunks, and chunks articles and captures."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.records import Capture, Chunk, InputKind, Unreadable
from flows import inputs
from flows.files import UNKNOWN_SIZE
from flows.inputs import Item, plan, read_chunk
from flows.jsonlines import read_line
from parsers.records import Article, InputError, MeetingsError, Side, article_key
from tests.warckit import PACKINGS, record, url, warc
from tests.webserver import Reply, Seen, Web

RECORDS = [record(number) for number in range(40)]
URLS = [url(number) for number in range(40)]
ENDINGS = {"plain": "", "gzip": ".gz", "zstd": ".zst"}


def texts(number: int) -> dict[str, Any]:
    return {"url": f"https://news.example/{number}", "title": f"Talks {number}", "text": "They met.\nThey agreed."}


def lines(count: int) -> bytes:
    return b"".join(json.dumps(texts(number)).encode() + b"\n" for number in range(count))


def everything(chunks: list[Chunk]) -> list[Item]:
    found: list[Item] = []
    for chunk in chunks:
        with read_chunk(chunk) as reader:
            found += reader
    return found


def urls(items: list[Item]) -> list[str | None]:
    return [item.url for item in items if isinstance(item, (Capture, Article))]


def aligned(chunks: list[Chunk]) -> bool:
    """Whether each chunk of one file began where the one before ended."""
    met: list[tuple[int | None, int | None]] = []
    for chunk in chunks:
        with read_chunk(chunk) as reader:
            list(reader)
            met.append((reader.first, reader.next))
    began = [one for one in met if one[0] is not None]
    return all(before[1] == after[0] for before, after in pairwise(began))


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("chunk_bytes", [100, 1000, 4000, 1 << 30])
def test_warc_is_cut(packing: str, chunk_bytes: int, tmp_path: Path) -> None:
    path = tmp_path / f"news.warc{ENDINGS[packing]}"
    path.write_bytes(warc(packing, RECORDS))
    chunks = plan([str(path)], chunk_bytes=chunk_bytes)
    assert len(chunks) == -(-path.stat().st_size // chunk_bytes)
    assert {chunk.input for chunk in chunks} == {str(path)}
    assert all(chunk.end - chunk.start <= chunk_bytes for chunk in chunks)
    assert urls(everything(chunks)) == URLS
    assert aligned(chunks)


def test_file_packed_as_a_whole_is_one_chunk(tmp_path: Path) -> None:
    path = tmp_path / "news.warc.gz"
    path.write_bytes(gzip.compress(b"".join(RECORDS)))
    assert plan([str(path)], chunk_bytes=100) == [Chunk(str(path), InputKind.WARC, 0, path.stat().st_size)]
    assert urls(everything(plan([str(path)], chunk_bytes=100))) == URLS


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of each kind, and some of none."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "in"
    (root / "deep").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / "a.warc.gz").write_bytes(warc("gzip", RECORDS[:3]))
    (root / "deep" / "b.WARC").write_bytes(warc("plain", RECORDS[3:5]))
    (root / "c.jsonl").write_bytes(lines(2))
    for number in range(3):
        (root / "deep" / f"{number}.txt").write_text(f"Title: Talks {number}\n\nThey met.\n", encoding="utf-8")
    (root / "readme.md").write_text("nothing", encoding="utf-8")
    (root / ".hidden" / "d.warc").write_bytes(RECORDS[9])
    (root / ".e.warc").write_bytes(RECORDS[9])
    return root


KINDS = {"a.warc.gz": "warc", "b.WARC": "warc", "c.jsonl": "jsonl", "in": "seeds"}


@pytest.mark.parametrize(
    "given_",
    [
        ["in"],
        ["in", "in"],
        ["in", "./in/../in/"],
        ["in", "in/a.warc.gz", "in/*.jsonl"],
        ["in/deep/b.WARC", "in", "link"],
        ["in", "in/deep/*.txt", "in/deep/1.txt"],
    ],
    ids=" ".join,
)
def test_what_is_listed_twice_counts_once(given_: list[str], tree: Path) -> None:
    (tree.parent / "link").symlink_to(tree)
    chunks = plan(given_, chunk_bytes=1 << 20)
    assert {Path(chunk.input).name: chunk.kind.value for chunk in chunks} == KINDS
    assert len(chunks) == 4
    found = everything(chunks)
    assert len(found) == 3 + 2 + 2 + 3
    assert all(Path(chunk.input).is_absolute() for chunk in chunks)


@pytest.mark.usefixtures("tree")
def test_order_of_inputs_makes_no_difference() -> None:
    named = ["in/deep", "in/a.warc.gz", "in/c.jsonl"]
    assert plan(named, chunk_bytes=200) == plan(named[::-1], chunk_bytes=200)


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("in/*.warc*", 1), ("in/**/*.txt", 3), ("in/**", 4), ("in/[ac].*", 2), ("in/deep/?.txt", 3), ("*", 4)],
)
def test_patterns(pattern: str, count: int, tree: Path) -> None:
    chunks = plan([pattern], chunk_bytes=1 << 20)
    files = sum(chunk.end if chunk.kind is InputKind.SEEDS else 1 for chunk in chunks)
    assert files == (6 if pattern in ("in/**", "*") else count)
    assert not [item for item in everything(chunks) if isinstance(item, Unreadable)]
    assert tree.is_dir()


def test_name_that_looks_like_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "news[1]*.warc"
    path.write_bytes(RECORDS[0])
    assert urls(everything(plan([str(path)], chunk_bytes=100_000))) == URLS[:1]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (warc("gzip", RECORDS), InputKind.WARC),
        (warc("zstd", RECORDS), InputKind.WARC),
        (warc("plain", RECORDS), InputKind.WARC),
        (lines(3), InputKind.JSONL),
        (gzip.compress(lines(3)), InputKind.JSONL),
    ],
)
def test_file_of_another_name_is_known_by_what_it_holds(content: bytes, kind: InputKind, tmp_path: Path) -> None:
    path = tmp_path / "download"
    path.write_bytes(content)
    chunks = plan([str(path)], chunk_bytes=1 << 20)
    assert [chunk.kind for chunk in chunks] == [kind]
    assert urls(everything(chunks))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none.warc", "none.warc is not there"),
        ("none/", "none is not there"),
        ("none-*.warc", "fits no file"),
        ("in/readme.md", "nothing that can be read"),
        ("in/.hidden/none", "is not there"),
        ("empty", "holds no file"),
        ("strange", "nothing that can be read"),
        ("pipe.warc", "is no file"),
        ("s3://bucket/a.warc.gz", "Install s3fs"),
        ("nope://bucket/a.warc.gz", "Protocol not known: nope"),
        ("http://127.0.0.1:9/a.warc.gz", "is not there"),
        ("http://127.0.0.1:9/*.warc.gz", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, told: str, tree: Path) -> None:
    (tree.parent / "empty").mkdir()
    (tree.parent / "strange").mkdir()
    (tree.parent / "strange" / "a.png").write_bytes(b"x")
    os.mkfifo(tree.parent / "pipe.warc")
    with pytest.raises(InputError) as refused:
        plan(["in", name], chunk_bytes=1000)
    message = str(refused.value)
    assert told in message
    assert name.rstrip("/").rpartition("/")[2] in message
    assert "\n" not in message


def test_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.warc"
    path.write_bytes(RECORDS[0])
    path.chmod(0)
    if os.geteuid() == 0:  # nobody can refuse root
        monkeypatch.setattr(io, "FileIO", refuse)
    with pytest.raises(InputError, match=r"secret\.warc cannot be read: Permission denied"):
        plan([str(path)], chunk_bytes=10)


def refuse(*_: object) -> io.FileIO:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("name", ["empty.warc", "empty.warc.gz", "empty.jsonl", "empty.txt"])
def test_empty_file_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    chunks = plan([str(tmp_path / name)], chunk_bytes=1000)
    [found] = everything(chunks)
    assert isinstance(found, Unreadable)
    assert name in found.where
    assert "empty" in found.reason


def test_file_that_is_gone_when_its_turn_comes(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(RECORDS[0])
    chunks = plan([str(path)], chunk_bytes=1 << 20)
    path.unlink()
    with pytest.raises(InputError, match="is not there"):
        everything(chunks)


def test_many_seed_files_are_several_chunks(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_FILES", 2)
    chunks = [chunk for chunk in plan(["in"], chunk_bytes=10) if chunk.kind is InputKind.SEEDS]
    assert [(chunk.start, chunk.end) for chunk in chunks] == [(0, 2), (2, 3)]
    articles = everything(chunks)
    assert [item.title for item in articles if isinstance(item, Article)] == ["Talks 0", "Talks 1", "Talks 2"]
    assert aligned(chunks)
    assert tree.is_dir()


def test_seed_files_that_are_none(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_MAX_SEED", 60)
    (tree / "deep" / "0.txt").write_bytes(b"\0\1\2\xff")
    (tree / "deep" / "1.txt").write_bytes(b"Title: x\n" * 60)
    found = everything(plan(["in/deep/*.txt"], chunk_bytes=10))
    assert [type(item) for item in found] == [Unreadable, Unreadable, Article]


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


@pytest.mark.parametrize("ending", PACKED)
@pytest.mark.parametrize("members", [1, 2])
def test_json_lines(ending: str, members: int, tmp_path: Path) -> None:
    path = tmp_path / f"news.jsonl{ending}"
    path.write_bytes(PACKED[ending](lines(3)) * members)
    chunks = plan([str(path)], chunk_bytes=50)
    assert (len(chunks) == 1) == bool(ending)
    assert urls(everything(chunks)) == URLS[:3] * members
    assert aligned(chunks)


@pytest.mark.parametrize("ending", [ending for ending in PACKED if ending])
def test_packed_lines_that_end_too_early(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"news.jsonl{ending}"
    whole = PACKED[ending](lines(8000))
    path.write_bytes(whole[: len(whole) * 2 // 3])
    *articles, last = everything(plan([str(path)], chunk_bytes=50))
    assert isinstance(last, Unreadable)
    assert "damaged or cut off" in last.reason
    assert urls(articles) == [f"https://news.example/{number}" for number in range(len(articles))]


@given(st.lists(st.integers(0, 400), max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_split_of_lines_takes_each_once(tmp_path: Path, cuts: list[int], ending: str, closed: bool) -> None:
    data = ending.join(json.dumps(texts(number)) for number in range(4)).encode() + (b"\n\n" if closed else b"")
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [Chunk(str(path), InputKind.JSONL, start, end) for start, end in pairwise(places) if start < end]
    assert urls(everything(chunks)) == URLS[:4]
    assert aligned(chunks)


def test_line_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_MAX_LINE", 200)
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(1) + b'{"html": "' + b"x" * 1000 + b'"}\n' + lines(1))
    first, long, last = everything(plan([str(path)], chunk_bytes=1 << 20))
    assert isinstance(long, Unreadable)
    assert "longer than 200 bytes" in long.reason
    assert urls([first, last]) == [url(0), url(0)]


def article(**fields: object) -> Article:
    found = read_line(json.dumps({"title": "Talks", "text": "They met.", **fields}).encode(), "a.jsonl")
    assert isinstance(found, Article)
    return found


def test_article_of_a_line() -> None:
    found = article(
        url="https://news.example/a?utm_source=x",
        paragraphs=["One. ", "", " Two\u00a0three."],
        published="2024-12-11T08:30:00+07:00",
        language="VI-vn",
        outlet=" Báo Quốc tế ",
        side="vietnam",
    )
    assert found == Article(
        key=article_key("https://news.example/a"),
        title="Talks",
        paragraphs=("One.", "Two three."),
        published=datetime(2024, 12, 11, 1, 30, tzinfo=UTC),
        published_on=date(2024, 12, 11),
        language="vi",
        url="https://news.example/a",
        outlet="Báo Quốc tế",
        side=Side.VIETNAM,
        method="jsonl",
    )


@pytest.mark.parametrize(
    ("written", "published", "day"),
    [
        ("2024-12-11", None, date(2024, 12, 11)),
        ("2024-12-11 23:30:00", None, date(2024, 12, 11)),
        ("2024-12-11T23:30:00Z", datetime(2024, 12, 11, 23, 30, tzinfo=UTC), date(2024, 12, 11)),
        ("2024-12-11T23:30:00-05:00", datetime(2024, 12, 12, 4, 30, tzinfo=UTC), date(2024, 12, 11)),
        ("11 December 2024", None, date(2024, 12, 11)),
        ("2024年12月11日", None, date(2024, 12, 11)),
        ("11/12/2024", None, None),
        ("0001-01-01T00:00:00+14:00", None, None),
        ("soon", None, None),
        (20241211, None, None),
        (None, None, None),
    ],
)
def test_dates_of_lines(written: object, published: datetime | None, day: date | None) -> None:
    found = article(date=written)
    assert (found.published, found.published_on) == (published, day)


def test_article_without_address_is_known_by_its_text() -> None:
    assert article().key == article().key != article(text="They met again.").key
    assert article().url is None
    assert article(url="ftp://x").url is None


def test_agency_is_told_by_the_dateline() -> None:
    assert article(text="HANOI, Dec. 11 (Xinhua) -- They met.").side is Side.CHINA


@pytest.mark.parametrize("key", ["captured_at", "date_download"])
def test_page_of_a_line(key: str) -> None:
    line = {"url": "https://news.example/a", "html": "<p>Hội đàm</p>", key: "2024-12-11T08:30:00+00:00"}
    found = read_line(json.dumps(line).encode(), "a.jsonl")
    moment = datetime(2024, 12, 11, 8, 30, tzinfo=UTC)
    page = "<p>Hội đàm</p>".encode()
    assert found == Capture("https://news.example/a", page, "text/html; charset=utf-8", moment, "a.jsonl")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"title": "\xff"}', "no JSON"),
        (b"[]", "no JSON object"),
        (b"7", "no JSON object"),
        (b"{}", "it needs"),
        (b'{"title": "Talks"}', "it needs"),
        (b'{"title": "Talks", "text": " \\n "}', "it needs"),
        (b'{"title": 7, "text": ["They met."]}', "it needs"),
        (b'{"title": "Talks", "paragraphs": [7, null]}', "it needs"),
        (b'{"html": "<p>x"}', "'url'"),
        (b'{"html": "<p>x", "url": "javascript:x"}', "'url'"),
    ],
)
def test_line_that_cannot_be_read(line: bytes, reason: str) -> None:
    found = read_line(line, "a.jsonl at byte 7")
    assert isinstance(found, Unreadable)
    assert found.where == "a.jsonl at byte 7"
    assert reason in found.reason


KEYS = st.sampled_from(["url", "title", "text", "paragraphs", "html", "date", "side"])


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
        max_leaves=8,
    )
)
def test_any_json_gives_something(value: object) -> None:
    assert isinstance(read_line(json.dumps(value).encode(), "x"), (Article, Capture, Unreadable))


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


@pytest.mark.parametrize("status", [403, 404, 500])
def test_web_that_refuses(web: Web, status: int) -> None:
    web.add("/a.warc.gz", Reply(status=status))
    with pytest.raises(InputError, match=rf"a\.warc\.gz is not there .*{status}"):
        plan([web.url("/a.warc.gz")], chunk_bytes=1000)


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
