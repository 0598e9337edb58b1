"""JSON Lines of articles or of pages (docs/backfill.md): one line, one record. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from archive.records import Capture, Unreadable
from parsers.agencies import agency_of
from parsers.dates import YEARS, read_day
from parsers.records import Article, Side, article_key
from parsers.text import tidy
from parsers.urls import canonical_url

# beside ours, the names of news-please and trafilatura
_URLS = ("url", "source")
_TEXTS = ("text", "maintext")
_WHEN = ("published", "date", "date_publish")
_CAPTURED = ("captured_at", "date_download")
_SIDES = frozenset(Side)
_LANGUAGE = re.compile(r"([a-z]{2})(?![a-z])")
"""As a tag begins (BCP 47); "chinese" is none."""


def read_line(line: bytes, where: str) -> Capture | Article | Unreadable | None:
    """What one line holds: a page where it has `html`, else an article; None for an empty line."""
    if not line.strip():
        return None
    try:
        record = json.loads(line.decode("utf-8-sig"), strict=False)
    except UnicodeDecodeError:
        return Unreadable(where, "it is no JSON: it is not in UTF-8")
    except json.JSONDecodeError as error:
        return Unreadable(where, f"it is no JSON: {error.msg}, at its character {error.pos + 1}")
    except (ValueError, RecursionError) as error:
        return Unreadable(where, f"it is no JSON that can be read: {error}")
    if not isinstance(record, dict):
        return Unreadable(where, "it is no JSON object")
    found = _capture(record, where) if _text(record, "html") else _article(record)
    return Unreadable(where, found) if isinstance(found, str) else found


def _capture(record: Mapping[str, Any], where: str) -> Capture | str:
    url = _text(record, *_URLS).strip()
    if canonical_url(url) is None:
        return "its 'url' is no http or https address"
    moment, _ = _when(record, _CAPTURED)
    # JSON is text: whatever charset the page names was undone already
    body = _text(record, "html").encode("utf-8", "replace")
    return Capture(url, body, "text/html; charset=utf-8", moment, where)


def _article(record: Mapping[str, Any]) -> Article | str:
    title = tidy(_text(record, "title"))
    paragraphs = _paragraphs(record)
    if not title or not paragraphs:
        return "it needs 'html', or 'title' and 'text' (or 'paragraphs')"
    url = canonical_url(_text(record, *_URLS).strip())
    published, day = _when(record, _WHEN)
    outlet, side = agency_of(paragraphs) or (None, None)
    said = _text(record, "side").lower()
    return Article(
        key=article_key(url or "\n".join((title, *paragraphs)).encode("utf-8", "replace")),
        title=title,
        paragraphs=paragraphs,
        published=published,
        published_on=day,
        language=found[1] if (found := _LANGUAGE.match(_text(record, "language").lower())) else None,
        url=url,
        outlet=tidy(_text(record, "outlet")) or outlet,
        side=Side(said) if said in _SIDES else side,
        method="jsonl",
    )


def _paragraphs(record: Mapping[str, Any]) -> tuple[str, ...]:
    given = record.get("paragraphs")
    lines = given if isinstance(given, list) else _text(record, *_TEXTS).split("\n")
    return tuple(line for item in lines if isinstance(item, str) and (line := tidy(item)))


def _when(record: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[datetime | None, date | None]:
    """The moment in UTC where a zone stands with it, and the day as it is written."""
    written = _text(record, *keys).strip()
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None, read_day(written)
    if moment.year not in YEARS:
        return None, None
    return (moment.astimezone(UTC) if moment.tzinfo else None), moment.date()


def _text(record: Mapping[str, Any], *keys: str) -> str:
    """The first of `keys` that has a text; empty where none has."""
    return next((value for key in keys if isinstance(value := record.get(key), str) and value), "")
