"""What a backfill reads: how inputs become chunks, and chunks articles and captures."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.records import Chunk, InputKind, Unreadable
from flows import inputs
from flows.inputs import plan
from parsers.records import Article, InputError
from tests.inputkit import ENDINGS, RECORDS, URLS, aligned, everything, lines, texts, urls
from tests.warckit import PACKINGS, url, warc


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


@pytest.mark.parametrize(
    "given_",
    [["links"], ["links/*"], ["links", "in"], ["in", "links/*"], ["deep/*", "links", "in/*"]],
    ids=" ".join,
)
def test_links_count_as_the_files_they_lead_to(given_: list[str], tree: Path) -> None:
    links = tree.parent / "links"
    links.mkdir()
    (tree.parent / "deep").symlink_to(tree / "deep")
    for number, file in enumerate(("a.warc.gz", "deep/b.WARC", "c.jsonl", "deep/0.txt", "deep/1.txt", "deep/2.txt")):
        (links / f"{number}{Path(file).suffixes[0]}").symlink_to(tree / file)
        (links / f"again-{number}{Path(file).suffixes[0]}").symlink_to(tree / file)
    (links / "loop").symlink_to(links)
    chunks = plan(given_, chunk_bytes=1 << 20)
    assert sorted(Path(chunk.input).name for chunk in chunks[:3]) == ["a.warc.gz", "b.WARC", "c.jsonl"]
    assert len(everything(chunks)) == 3 + 2 + 2 + 3


@pytest.mark.parametrize("named", ["in", "in/*", "in/gone.warc"])
def test_link_that_leads_nowhere_is_named(named: str, tree: Path) -> None:
    (tree / "gone.warc").symlink_to(tree / "nothing.warc")
    with pytest.raises(InputError, match=r"nothing\.warc is not there"):
        plan([named], chunk_bytes=1 << 20)


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
        ("in/half.gz", "nothing that can be read"),
        ("s3://bucket/a.warc.gz", "Install s3fs"),
        ("nope://bucket/a.warc.gz", "Protocol not known: nope"),
        ("http://127.0.0.1:9/a.warc.gz", "cannot be read: Cannot connect"),
        ("http://127.0.0.1:9/*.warc.gz", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, told: str, tree: Path) -> None:
    (tree.parent / "empty").mkdir()
    (tree.parent / "strange").mkdir()
    (tree.parent / "strange" / "a.png").write_bytes(b"x")
    (tree / "half.gz").write_bytes(gzip.compress(lines(1))[:20])
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


def test_what_tells_seed_files_from_others_at_their_places(tree: Path) -> None:
    def told() -> str:
        return inputs.seeds_told(plan(["in"], chunk_bytes=10))

    before = told()
    os.utime(tree / "deep" / "0.txt", (0, 0))
    assert told() == before
    (tree / "deep" / "0.txt").rename(tree / "deep" / "00.txt")
    renamed = told()
    (tree / "deep" / "1.txt").write_text("Title: Longer\n\nThey met and agreed.\n", encoding="utf-8")
    assert len({before, renamed, told()}) == 3
    assert inputs.seeds_told(plan(["in/*.warc.gz"], chunk_bytes=10)) == ""


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
