"""The seed format (design §4, docs/seed_format.md): one article as plain text, in two dialects. Reader and writer.

In both dialects a line is a paragraph and empty lines only part paragraphs: no outlet wraps lines, while captions do
stand on a line of their own directly above the text.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from parsers.agencies import agency_of
from parsers.dates import read_day, split_leading_day
from parsers.records import Article, Dialect, InputError, article_key

_LABEL = re.compile(r"\s*(title|date)\s*[:：]\s*(.*)", re.IGNORECASE)
_DATED = re.compile(r"(\s*)date\s+(?=\S)", re.IGNORECASE)
_FILE_NAME = re.compile(r"(\d{3,})_([0-9a-f]{16})\.txt")
_CONTROLS = dict.fromkeys(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\t"))
_UNKNOWN = "unknown"
"""Written where a date is not known, so that a paragraph or title is never taken for the missing date."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class SeedError(InputError):
    """A file that is not in the seed format; the sentence names it."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One file's content in NFC. `published_on` is None when the file has no date or one that reads both ways."""

    title: str
    published_on: date | None
    paragraphs: tuple[str, ...]
    dialect: Dialect


def read_seed(data: bytes, *, name: str) -> Seed:
    """The seed in a file's bytes; `name` is only for the error.

    Takes both dialects, and what people make by hand: BOM, CRLF, stray spaces, no headers, no date, other spellings
    of the date. Raises SeedError for an empty, binary or undecodable file.
    """
    text = _decode(data, name)
    lines = [line for raw in text.splitlines() if (line := _clean(raw))]
    if not lines:
        raise SeedError(f"{name} is empty: a seed file holds a title, a date and the text of one article.")
    first_raw = next(raw for raw in text.splitlines() if _clean(raw))
    if (dated := _dated_header(first_raw)) is not None:
        published_on, title = dated
        dialect, body = Dialect.DATED, lines[1:]
    else:
        title, published_on, body = _labelled_header(lines)
        dialect = Dialect.LABELLED
    if not title:
        if not body:
            raise SeedError(f"{name} has no title and no text: put the title after 'Title:' on the first line.")
        title, *body = body
    return Seed(title, published_on, tuple(body), dialect)


def write_seed(seed: Seed, dialect: Dialect | None = None) -> bytes:
    """The file's bytes, in `dialect` or by default labelled; reading them gives the same title, date and paragraphs."""
    title, day = _one_line(seed.title), seed.published_on
    paragraphs = [line for paragraph in seed.paragraphs if (line := _one_line(paragraph))]
    if dialect is Dialect.DATED:
        blocks = [f" date {day.isoformat() if day else _UNKNOWN} {title}", *paragraphs]
        text = "".join(block + "\n\n" for block in blocks)
    else:
        written = f"{_MONTHS[day.month - 1]} {day.day}, {day.year:04d}" if day else _UNKNOWN
        text = f"Title: {title}\nDate: {written}\n\n" + "".join(line + "\n" for line in paragraphs)
    return text.encode("utf-8", "replace")


def seed_article(data: bytes, *, name: str) -> Article:
    """The article in a seed file; its key is the name's 16 hex digits, else that of the bytes. Raises SeedError.

    The format says nothing of the outlet; an agency's dateline does.
    """
    seed = read_seed(data, name=name)
    named = parse_file_name(name)
    outlet, side = agency_of(seed.paragraphs) or (None, None)
    return Article(
        key=named[1] if named else article_key(data),
        title=seed.title,
        paragraphs=seed.paragraphs,
        published_on=seed.published_on,
        outlet=outlet,
        side=side,
        method=f"seed:{seed.dialect}",
    )


def file_name(number: int, key: str) -> str:
    """`NNN_<16 hex>.txt`: the article's number in the archive, at least three digits, and its key."""
    return f"{number:03d}_{key}.txt"


def parse_file_name(name: str) -> tuple[int, str] | None:
    """(number, key) of a file name or path in the form of `file_name`, None for any other."""
    found = _FILE_NAME.fullmatch(PurePath(name).name)
    return (int(found[1]), found[2]) if found else None


def _decode(data: bytes, name: str) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SeedError(f"{name} is not text in UTF-8: save it as UTF-8 plain text.") from error
    if "\0" in text:
        raise SeedError(f"{name} is a binary file, not a seed file: give plain text in UTF-8.")
    return text


def _dated_header(line: str) -> tuple[date | None, str] | None:
    """(date, title) of ` date YYYY-MM-DD Title`; without a date it is one only if the line is indented."""
    found = _DATED.match(line)
    if found is None:
        return None
    rest = line[found.end() :]
    split = split_leading_day(rest)
    if split is None:
        return (None, _clean(rest)) if found[1] else None
    return split[0], _clean(split[1])


def _labelled_header(lines: list[str]) -> tuple[str, date | None, list[str]]:
    """(title, date, body): a `Title:` and a `Date:` line in any order; a bare first line is the title."""
    labels: dict[str, str] = {}
    for number, line in enumerate(lines[:2]):
        found = _LABEL.fullmatch(line)
        if number and (found is None or found[1].lower() in labels):
            break
        label, value = (found[1].lower(), found[2]) if found else ("title", line)
        labels[label] = value
    return labels.get("title", ""), read_day(labels.get("date", "")), lines[len(labels) :]


def _clean(line: str) -> str:
    return unicodedata.normalize("NFC", line.translate(_CONTROLS)).strip()


def _one_line(text: str) -> str:
    return _clean(" ".join(text.splitlines()))
