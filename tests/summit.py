"""One summit told by six outlets in three languages (tests/data/summit, all invented), through the real chain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from archive.meetings import all_meetings
from archive.records import StoredMeeting
from archive.store import Archive
from flows.opening import open_archive
from flows.settings import Settings
from flows.steps import detect_new, import_paths
from parsers.catalogue import parse_catalogue
from reports.accounts import Outlets
from reports.comparison import compare
from reports.records import CellView, ComparisonView

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data" / "summit"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
AS_OF = dt.date(2031, 10, 20)
OUTLETS = Outlets.of(parse_catalogue((ROOT / "sources.toml").read_text("utf-8"), name="sources.toml").sources)


@contextmanager
def archive_of(home: Path, *paths: Path) -> Iterator[Archive]:
    """An archive with these seed files imported and read."""
    settings = Settings(home=home)
    assert not import_paths(settings, paths).refused
    with open_archive(settings) as archive:
        detect_new(archive)
        yield archive


def meetings_of(home: Path, *paths: Path) -> list[StoredMeeting]:
    """The meetings that these seed files tell of, the one that most articles tell first."""
    with archive_of(home, *paths) as archive, archive.read() as session:
        return sorted(all_meetings(session), key=lambda stored: -len(stored.mentions))


def compared(stored: StoredMeeting) -> ComparisonView:
    """The comparison of a meeting's accounts, as of the Monday after the summit."""
    return compare(stored, outlets=OUTLETS, zone=ZONE, as_of=AS_OF)


def as_table(view: ComparisonView) -> str:
    """A comparison as a Markdown table: summary, rows, and how many are left out."""
    lines = [view.summary, "", "| | kind | Beijing | Hanoi |", "|---|---|---|---|"]
    lines += [f"| {row.label} | {row.kind} | {_cell(row.china)} | {_cell(row.vietnam)} |" for row in view.rows]
    return "\n".join([*lines, *(["", view.more] if view.more else [])]) + "\n"


def _cell(cell: CellView) -> str:
    if cell.article is None:
        return f"*{cell.missing}*" if cell.missing else ""
    quote = cell.quote.replace("|", "\\|")
    return f"**{cell.words}** “{quote}” ({cell.article.outlet}, {cell.language})"
