"""Raw answers as WARC: readable by others' tools, whole up to the moment of a kill."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from archive.errors import ArchiveError
from archive.warc import RawWriter
from parsers.records import Outcome
from tests.archive_samples import NOW, answer


@dataclass(frozen=True)
class Record:
    """One record as a foreign reader sees it."""

    type: str
    url: str | None
    warc: dict[str, str]
    start_line: str
    headers: list[tuple[str, str]]
    content: bytes


def read(data: bytes) -> list[Record]:
    """All records up to the end or the first damage, their digests checked."""
    found: list[Record] = []
    try:
        for record in ArchiveIterator(io.BytesIO(data), check_digests="raise"):
            head: Any = record.http_headers
            found.append(
                Record(
                    record.rec_type,
                    record.rec_headers.get_header("WARC-Target-URI"),
                    dict(record.rec_headers.headers),
                    f"{head.protocol} {head.statusline}" if head else "",
                    list(head.headers) if head else [],
                    record.content_stream().read(),
                )
            )
    except (ArchiveLoadFailed, EOFError, AttributeError):
        # warcio 1.8.1 trips over its own None where a record's headers break off
        return found
    return found


def written(home: Path) -> list[Record]:
    [path] = home.glob("raw/*")
    return read(path.read_bytes())


def test_exchange_is_kept_as_it_went(tmp_path: Path) -> None:
    with RawWriter(tmp_path, "083000-1", NOW) as raw:
        raw.write(answer("https://news.example/one?id=7"))
    assert [path.name for path in tmp_path.glob("raw/*")] == ["2024-12-12-083000-1.warc.gz"]
    info, response, request = written(tmp_path)
    assert info.type == "warcinfo"
    assert b"software: china-vietnam-meetings" in info.content
    assert (response.type, request.type) == ("response", "request")
    assert response.url == request.url == "https://news.example/one?id=7"
    assert response.start_line == "HTTP/1.1 200 OK"
    assert response.headers == list(answer().headers)
    assert response.content == b"<p>They met.</p>"
    assert request.start_line == "GET /one?id=7 HTTP/1.1"
    assert request.headers == list(answer().request_headers)
    assert response.warc["WARC-Date"] == "2024-12-12T03:30:00.000000Z"
    assert response.warc["WARC-Payload-Digest"].startswith("sha1:")
    assert request.warc["WARC-Concurrent-To"] == response.warc["WARC-Record-ID"]


def test_version_is_1_1(tmp_path: Path) -> None:
    with RawWriter(tmp_path, "1", NOW) as raw:
        raw.write(answer())
    [path] = tmp_path.glob("raw/*")
    with path.open("rb") as file:
        assert {record.rec_headers.protocol for record in ArchiveIterator(file)} == {"WARC/1.1"}


def test_headers_of_the_encoded_bytes_are_renamed(tmp_path: Path) -> None:
    sent = (
        ("content-encoding", "br"),
        ("content-length", "9"),
        ("x-é", "đồng chí"),
        ("set-cookie", "a"),
        ("set-cookie", "b"),
    )
    with RawWriter(tmp_path, "1", NOW) as raw:
        raw.write(answer(headers=sent, http_version="HTTP/2", reason="được"))
    response = written(tmp_path)[1]
    assert response.start_line == "HTTP/1.1 200 được"
    assert response.warc["WARC-Protocol"] == "h2"
    assert response.headers == [
        ("X-Archive-Orig-content-encoding", "br"),
        ("X-Archive-Orig-content-length", "9"),
        *sent[2:],
        ("Content-Length", "16"),
    ]
    assert response.content == answer().body


def test_redirected_exchange_names_the_address_first_asked_for(tmp_path: Path) -> None:
    with RawWriter(tmp_path, "1", NOW) as raw:
        raw.write(answer("http://news.example/", final_url="https://www.news.example/home"))
    _, response, request, metadata = written(tmp_path)
    assert {record.url for record in (response, request, metadata)} == {"https://www.news.example/home"}
    assert request.start_line == "GET /home HTTP/1.1"
    assert metadata.content == b"via: http://news.example/\r\n"


@pytest.mark.parametrize(
    ("status", "body"),
    [pytest.param(304, b"", id="not modified"), pytest.param(503, b"busy", id="server error")],
)
def test_every_answer_is_kept(tmp_path: Path, status: int, body: bytes) -> None:
    with RawWriter(tmp_path, "1", NOW) as raw:
        raw.write(answer(status=status, body=body, outcome=Outcome.NOT_MODIFIED))
    response = written(tmp_path)[1]
    assert (response.start_line, response.content) == (f"HTTP/1.1 {status} OK", body)


def test_nothing_answered_nothing_written(tmp_path: Path) -> None:
    with RawWriter(tmp_path, "1", NOW) as raw:
        raw.write(answer(status=None, outcome=Outcome.TIMEOUT))
    assert list(tmp_path.iterdir()) == []


def test_second_run_of_one_name_leaves_the_first_file_alone(tmp_path: Path) -> None:
    for _ in range(2):
        with RawWriter(tmp_path, "run/of: 3", NOW) as raw:
            raw.write(answer())
    names = sorted(path.name for path in tmp_path.glob("raw/*"))
    assert names == ["2024-12-12-run-of-3-2.warc.gz", "2024-12-12-run-of-3.warc.gz"]


def test_threads_write_whole_exchanges(tmp_path: Path) -> None:
    bodies = [os.urandom(5000 + n) for n in range(40)]
    with RawWriter(tmp_path, "1", NOW) as raw, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: raw.write(answer(f"https://news.example/{n}", bodies[n])), range(40)))
    records = written(tmp_path)[1:]
    assert [record.type for record in records] == ["response", "request"] * 40
    assert all(one.url == two.url for one, two in zip(records[::2], records[1::2], strict=True))
    assert {record.content for record in records[::2]} == set(bodies)


def test_truncated_file_is_readable_up_to_there(tmp_path: Path) -> None:
    with RawWriter(tmp_path, "1", NOW) as raw:
        raw.write(answer())
        assert raw.path is not None
        whole = raw.path.stat().st_size
        raw.write(answer("https://news.example/two"))
    data = raw.path.read_bytes()
    for length in range(whole, len(data)):
        assert [record.url for record in read(data[:length])][1:3] == ["https://news.example/one"] * 2
    assert len(read(data)) == 5


CHILD = """
import os, signal, sys
from pathlib import Path
from archive import warc
from tests.archive_samples import NOW, answer

raw = warc.RawWriter(Path(sys.argv[1]), "killed", NOW)
for n in range(3):
    raw.write(answer(f"https://news.example/{n}"))

def half(file, data):
    file.write(data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)

warc._append = half
raw.write(answer("https://news.example/lost"))
"""


def test_kill_loses_only_the_exchange_being_written(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], check=False)
    assert killed.returncode == -9
    urls = [record.url for record in written(tmp_path) if record.type == "response"]
    assert urls[:3] == [f"https://news.example/{n}" for n in range(3)]
    with RawWriter(tmp_path, "killed", NOW) as raw:
        raw.write(answer())
        assert raw.path is not None
    assert len(read(raw.path.read_bytes())) == 3


def test_refused_exchange_leaves_no_half_record(tmp_path: Path) -> None:
    big = answer("https://news.example/big", os.urandom(200_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with RawWriter(tmp_path, "1", NOW) as raw:
        raw.write(answer())
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
        try:
            with pytest.raises(ArchiveError, match=r"1\.warc\.gz cannot be written: it would exceed the limit"):
                raw.write(big)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        raw.write(replace(big, body=b"small"))
    assert [record.content for record in written(tmp_path) if record.type == "response"] == [answer().body, b"small"]


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("in the way")
    with RawWriter(tmp_path, "1", NOW) as raw, pytest.raises(ArchiveError, match="raw is in the way: a folder"):
        raw.write(answer())
