"""The archive's meetings as files of data, which a new build mends where meetings changed instead of making them anew.

Each file is a head, one part a meeting, and a tail; how long each meeting's part is, is remembered between two builds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from archive.records import StoredMeeting
from reports.calendar_export import calendar_frame, event
from reports.export import export_csv, export_jsonl
from reports.plover import export_plover

JSONL, CSV, PLOVER, ICS = "data/meetings.jsonl", "data/meetings.csv", "data/plover.jsonl", "meetings.ics"
FILES = (JSONL, CSV, PLOVER, ICS)

Parts = tuple[bytes, ...]
"""What each of FILES says of one meeting, in their order; empty where a file leaves it out."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands before and after the meetings in each of FILES."""

    heads: Parts
    tails: Parts


def frame() -> Frame:
    """The frame of every build."""
    head, tail = calendar_frame()
    return Frame((b"", "".join(export_csv(())).encode(), b"", head.encode()), (b"", b"", b"", tail.encode()))


def parts_of(stored: StoredMeeting, page: str | None) -> Parts:
    """The parts of a meeting; `page` is its address on the web, if that is known."""
    _, row = export_csv((stored,))
    texts = "".join(export_jsonl((stored,))), row, "".join(export_plover((stored,))), event(stored, page)
    return tuple(text.encode() for text in texts)


def taken_apart(contents: Sequence[bytes], lengths: Mapping[str, Sequence[int]], frame: Frame) -> dict[str, Parts]:
    """The parts of each meeting in files of an earlier build, whose `lengths` are remembered in their order.

    Empty when the files are not those that were built.
    """
    found = [
        list(accumulate([each[at] for each in lengths.values()], initial=len(frame.heads[at])))
        for at in range(len(FILES))
    ]
    for at, content in enumerate(contents):
        if len(content) != found[at][-1] + len(frame.tails[at]) or not content.startswith(frame.heads[at]):
            return {}
    return {
        id_: tuple(contents[at][found[at][row] : found[at][row + 1]] for at in range(len(FILES)))
        for row, id_ in enumerate(lengths)
    }


def joined(parts: Sequence[Parts], frame: Frame) -> list[bytes]:
    """The files of all meetings."""
    return [frame.heads[at] + b"".join([each[at] for each in parts]) + frame.tails[at] for at in range(len(FILES))]
