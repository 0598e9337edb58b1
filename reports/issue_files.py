"""An issue's files: `issues/2024-W50/digest.md`, `.html`, `.txt`, `.eml` and the chart that its HTML shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from archive.errors import file_error
from archive.files import PRIVATE, sole_writer, write_atomically

FOLDER = "issues"


def write_issue_files(out: Path, week: str, files: Mapping[str, str | bytes]) -> tuple[Path, ...]:
    """Writes `out/<week>/<name>` for each name of `files`, whole or not at all; the paths, in that order.

    A file that holds the same bytes already is left untouched. Raises `ArchiveError` naming what cannot be written.
    """
    with sole_writer(out / week):
        return tuple(_write(out / week / name, content) for name, content in files.items())


def _write(path: Path, content: str | bytes) -> Path:
    data = content if isinstance(content, bytes) else content.encode()
    try:
        same = path.is_file() and path.read_bytes() == data
    except OSError as error:
        raise file_error(error, f"The file {path}") from error
    if not same and path.suffix == ".eml":
        write_atomically(path, data, mode=PRIVATE)
    elif not same:
        write_atomically(path, data)
    return path
