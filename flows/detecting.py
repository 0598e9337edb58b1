"""`meetings detect`: the meetings in seed-format files, clustered over the whole run; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.seedpaths import read_seeds
from meetings.detect import detect
from meetings.identity import cluster
from meetings.jsonform import detection_line
from meetings.records import Detection
from parsers.records import Advance, Article
from parsers.seedfile import SeedError


def detect_paths(paths: Sequence[Path], *, with_text: bool, on_file: Advance) -> tuple[list[dict[str, Any]], list[str]]:
    """One line (design §5) per readable file, and one sentence per file that is none.

    A meeting's id is the same in every line of the run that tells of it, whatever the order of the files.
    """
    told: list[tuple[str, Article, Detection]] = []
    refused = []
    for path, article in read_seeds(paths, on_file=on_file):
        if isinstance(article, SeedError):
            refused.append(str(article))
        else:
            told.append((str(path), article, detect(article)))
    return list(_lines(told, with_text=with_text)), refused


def _lines(told: Iterable[tuple[str, Article, Detection]], *, with_text: bool) -> Iterator[dict[str, Any]]:
    told = list(told)
    ids = iter(cluster([(m, article.published_on) for _, article, found in told for m in found.meetings]))
    for path, article, found in told:
        named = replace(found, meetings=tuple(replace(meeting, id=next(ids)) for meeting in found.meetings))
        yield detection_line(path, article, named, with_text=with_text)


def rows_of(line: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """The rows of `detect`'s table for one line; a file without meetings says why there are none."""
    name = Path(line["path"]).name
    if not line["meetings"]:
        yield "–", "no meeting", "", "; ".join(line["notes"]), "", "", name
    for m in line["meetings"]:
        place = ", ".join(filter(None, (m["place"]["city"], m["place"]["country"])))
        forum = m["forum"] and f"{m['forum']['name']} ({m['forum']['ordinal'] or 'no number'})"
        yield m["date"], m["status"], place, _people(m["china"]), _people(m["vietnam"]), forum, name


def _people(people: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(p["name"] or p["role"] or "?" for p in people)
