"""The archive's meetings as data for others."""

from __future__ import annotations

from collections.abc import Iterator

from archive import meetings
from flows.opening import existing_archive
from flows.settings import Settings
from reports.atom import export_atom
from reports.calendar_export import export_ics
from reports.export import export_csv, export_jsonl
from reports.plover import export_plover


def exported(settings: Settings, form: str) -> Iterator[str]:
    """Every meeting of the archive in one of docs/exports.md's forms, piece by piece with its line ends."""
    with existing_archive(settings) as archive, archive.read() as session:
        everything = meetings.all_meetings(session)
    if form == "ics":
        yield export_ics(everything)
    elif form == "atom":
        yield export_atom(everything)
    else:
        yield from {"csv": export_csv, "jsonl": export_jsonl, "plover": export_plover}[form](everything)
