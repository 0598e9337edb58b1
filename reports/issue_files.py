"""An issue's files: `issues/2024-W50/digest.md`, `.html`, `.txt` and, when asked for, `.eml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from archive.errors import file_error
from archive.files import write_atomically

FOLDER = "issues"


def write_issue_files(out: Path, week: str, forms: Mapping[str, str | bytes]) -> tuple[Path, ...]:
    """Writes `out/<week>/digest.<suffix>` for each suffix of `forms`, whole or not at all; the paths, in that order.

    A file that holds the same bytes already is left untouched. Raises `ArchiveError` naming what cannot be written.
    """
    folder = out / week
    paths = []
    for suffix, content in forms.items():
        path = folder / f"digest.{suffix}"
        data = content if isinstance(content, bytes) else content.encode()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            same = path.is_file() and path.read_bytes() == data
        except OSError as error:
            raise file_error(error, f"The file {path}") from error
        if not same:
            write_atomically(path, data)
        paths.append(path)
    return tuple(paths)
