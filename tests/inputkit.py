"""Inputs of backfills for tests, and what is read from them."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from archive.records import Capture, Chunk
from flows.inputs import Item, read_chunk
from parsers.records import Article
from tests.warckit import record, url

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
