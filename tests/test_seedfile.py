"""The seed format: both dialects, what people make by hand, and that nothing is lost by writing and reading."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.records import Dialect, article_key
from parsers.seedfile import Seed, SeedError, file_name, parse_file_name, read_seed, seed_article, write_seed

SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))
TEXT = "Title: Two ministers meet\nDate: Dec 11, 2024\n\nFirst paragraph.\nSecond paragraph.\n"
EXPECTED = Seed("Two ministers meet", date(2024, 12, 11), ("First paragraph.", "Second paragraph."), Dialect.LABELLED)


def read(text: str) -> Seed:
    return read_seed(text.encode(), name="x.txt")


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name)
def test_founding_seed_round_trips_byte_for_byte(path: Path) -> None:
    data = path.read_bytes()
    seed = read_seed(data, name=path.name)
    assert write_seed(seed, seed.dialect) == data


def test_founding_seeds_are_one_of_each_dialect() -> None:
    seeds = [read_seed(path.read_bytes(), name=path.name) for path in SEEDS]
    assert [(seed.dialect, seed.published_on, len(seed.paragraphs)) for seed in seeds] == [
        (Dialect.LABELLED, date(2024, 12, 11), 11),
        (Dialect.DATED, date(2023, 7, 14), 13),
    ]


def test_writer_writes_labelled_unless_told() -> None:
    dated = Seed("A title", date(2023, 7, 4), ("One.",), Dialect.DATED)
    assert write_seed(dated) == b"Title: A title\nDate: Jul 4, 2023\n\nOne.\n"
    assert write_seed(dated, Dialect.DATED) == b" date 2023-07-04 A title\n\nOne.\n\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), id="bom"),
        pytest.param(TEXT.encode("utf-16"), id="utf-16 with bom"),
        pytest.param(TEXT.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(TEXT.replace("\n", "\r").encode(), id="cr"),
        pytest.param(TEXT.replace("\n", "  \n\t").encode(), id="stray spaces"),
        pytest.param(("\n\n" + TEXT).encode(), id="empty lines first"),
        pytest.param(TEXT.replace("\nDate", "\n\nDate").encode(), id="empty line between headers"),
        pytest.param(TEXT.replace("\nSecond", "\n\n\nSecond").encode(), id="empty lines between paragraphs"),
        pytest.param(TEXT.replace("Title: ", "").encode(), id="title without label"),
        pytest.param(TEXT.replace("Title: ", "TITLE :").encode(), id="label in capitals"),
        pytest.param(TEXT.rstrip("\n").encode(), id="no line end at the end"),
    ],
)
def test_reader_takes_what_people_produce(data: bytes) -> None:
    assert read_seed(data, name="x.txt") == EXPECTED


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Dec 11, 2024", date(2024, 12, 11)),
        ("December 11, 2024", date(2024, 12, 11)),
        ("11 December 2024", date(2024, 12, 11)),
        ("2024-12-11", date(2024, 12, 11)),
        ("2024/12/11", date(2024, 12, 11)),
        ("2024年12月11日", date(2024, 12, 11)),
        ("11 tháng 12, 2024", date(2024, 12, 11)),
        ("25/12/2024", date(2024, 12, 25)),
        ("11/12/2024", None),
        ("2024-12", None),
        ("Dec 41, 2024", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_date_spellings(written: str, day: date | None) -> None:
    assert read(f"Title: T\nDate: {written}\n\nText.\n") == Seed("T", day, ("Text.",), Dialect.LABELLED)


@pytest.mark.parametrize(
    ("header", "day", "title"),
    [
        (" date 2023-07-14 Wang Yi: ready", date(2023, 7, 14), "Wang Yi: ready"),
        ("date 2023-07-14 Wang Yi: ready", date(2023, 7, 14), "Wang Yi: ready"),
        (" date  14 July 2023  Wang Yi", date(2023, 7, 14), "Wang Yi"),
        (" date 2023-07-14 2024 plan agreed", date(2023, 7, 14), "2024 plan agreed"),
        (" date 2023-09 Bộ trưởng làm việc", None, "Bộ trưởng làm việc"),
        (" date 11/12/2024 Talks", None, "Talks"),
        (" date Talks end", None, "Talks end"),
    ],
)
def test_dated_header(header: str, day: date | None, title: str) -> None:
    assert read(header + "\n\nText.\n") == Seed(title, day, ("Text.",), Dialect.DATED)


def test_dated_file_keeps_a_caption_and_the_text_below_it_apart() -> None:
    seed = read(" date 2023-12-13 A visit\n\nPHOTO: SOMEBODY\nHANOI - They met.\n\nThey parted.\n")
    assert seed.paragraphs == ("PHOTO: SOMEBODY", "HANOI - They met.", "They parted.")


def test_headline_that_begins_with_date_is_no_header() -> None:
    assert read("Date palms for Hanoi\n\nText.\n").title == "Date palms for Hanoi"


def test_text_is_in_nfc() -> None:
    seed = read(unicodedata.normalize("NFD", "Title: Tô Lâm\n\nHà Nội.\n"))
    assert (seed.title, seed.paragraphs) == ("Tô Lâm", ("Hà Nội.",))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\t\n", "is empty"),
        (b"Title:\nDate: Dec 11, 2024\n", "no title and no text"),
        (b"Title: a\0b\n", "binary"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not text in UTF-8"),
        ("Title: 会见".encode("gbk"), "not text in UTF-8"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
    ],
)
def test_refusal_names_the_file(data: bytes, reason: str) -> None:
    with pytest.raises(SeedError, match=reason) as caught:
        read_seed(data, name="folder/bad.txt")
    assert str(caught.value).startswith("folder/bad.txt ")


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("000_b277efd025430153.txt", (0, "b277efd025430153")),
        ("seeds/1234_9ca21a4b430166cb.txt", (1234, "9ca21a4b430166cb")),
        ("00_b277efd025430153.txt", None),
        ("000_B277EFD025430153.txt", None),
        ("000_b277efd025430153.txt.bak", None),
        ("note.txt", None),
    ],
)
def test_file_names(name: str, parsed: tuple[int, str] | None) -> None:
    assert parse_file_name(name) == parsed
    assert parsed is None or name.endswith(file_name(*parsed))


def test_article_of_a_seed_keeps_the_digits_of_its_name() -> None:
    article = seed_article(TEXT.encode(), name="seeds/007_0123456789abcdef.txt")
    assert (article.key, article.method, article.language) == ("0123456789abcdef", "seed:labelled", None)
    assert article.text == "Two ministers meet\n\nFirst paragraph.\nSecond paragraph."


def test_article_of_any_other_name_is_known_by_its_bytes() -> None:
    assert seed_article(TEXT.encode(), name="note.txt").key == article_key(TEXT.encode())


def test_importing_the_reader_loads_no_heavy_library() -> None:
    heavy = "bs4", "lxml", "trafilatura", "feedparser", "pydantic", "courlan"
    code = f"import sys, parsers.seedfile; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def one_line(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


lines = st.text(st.characters(exclude_categories=("Cs", "Cc"))).map(one_line).filter(lambda text: bool(text.strip()))
seeds = st.builds(Seed, lines, st.none() | st.dates(), st.lists(lines, max_size=5).map(tuple), st.sampled_from(Dialect))


@given(seeds)
def test_reading_what_was_written_gives_the_same(seed: Seed) -> None:
    assert read_seed(write_seed(seed, seed.dialect), name="x") == seed


@given(st.text(min_size=1), st.lists(st.text()), st.sampled_from(Dialect))
def test_writing_any_text_gives_a_file_that_reads_back_and_stays(
    title: str, paragraphs: list[str], dialect: Dialect
) -> None:
    seed = read_seed(write_seed(Seed("T " + title, None, tuple(paragraphs), dialect), dialect), name="x")
    assert read_seed(write_seed(seed, dialect), name="x") == seed


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda text: b"\xef\xbb\xbf Title: " + text.encode()))
def test_reading_any_bytes_gives_a_seed_or_the_one_error(data: bytes) -> None:
    try:
        seed = read_seed(data, name="x")
    except SeedError:
        return
    assert seed.title == unicodedata.normalize("NFC", seed.title.strip()) != ""
    assert all(unicodedata.is_normalized("NFC", line) and line.strip() == line != "" for line in seed.paragraphs)
