"""The folder of the web archive: what was built from what, and files written whole or not at all.

Nothing in it is ever deleted. What a page was made from is remembered as a digest, so that it is made again only when
that has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from archive.errors import file_error
from reports.records import CorrectionView
from reports.site.cards import Card
from reports.site.front import IssueLine

MANIFEST = ".build/manifest.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """A meeting as it was built last: a digest of its page's inputs, its card, the lengths of its part of each file."""

    inputs: str
    card: Card
    lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeptIssue:
    """An issue as it was built last. `new`: ids of the meetings that are new in it, as they were then."""

    inputs: str
    line: IssueLine
    lead: str
    new: tuple[str, ...]
    corrections: tuple[CorrectionView, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was built: of which program and settings (`base`), meetings, issues, and a digest of each page's inputs."""

    base: str = ""
    meetings: dict[str, Kept] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    issues: dict[str, KeptIssue] = field(default_factory=dict)


def load(out: Path) -> Manifest:
    """The manifest in the folder; an empty one where there is none that can be read, so that all is built anew."""
    try:
        return _adapter().validate_json((out / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return Manifest()
    except OSError as error:
        raise file_error(error, f"The file {out / MANIFEST}") from error


def save(out: Path, manifest: Manifest) -> None:
    """Remembers the build."""
    put(out, MANIFEST, _adapter().dump_json(manifest))


@cache
def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def put(out: Path, page: str, content: bytes) -> bool:
    """Writes one file, whole or not at all; True when its bytes are new. Raises `ArchiveError` when it cannot.

    The system is not asked to write it through, which would take ten thousand pages too long: after a power cut a file
    may be empty, and the next build makes it again.
    """
    path = out / page
    temporary = path.with_name(f".{path.name}.part")
    try:
        try:
            if path.read_bytes() == content:
                return False
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        raise file_error(error, f"The file {path}") from error
    return True


def _is_whole(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


class Folder:
    """One build in progress: asks whether a page must be made, writes it, and remembers what it was made from."""

    def __init__(self, out: Path, known: Mapping[str, str]) -> None:
        self.out = out
        self.pages: dict[str, str] = {}
        self.written = 0
        self._known = known

    def wants(self, page: str, inputs: str) -> bool:
        """Whether the page at this path must be made, from inputs of this digest; either way it belongs to the site."""
        self.enter(page, inputs)
        return self._known.get(page) != inputs or not _is_whole(self.out / page)

    def enter(self, page: str, inputs: str) -> None:
        """A page made from inputs of this digest belongs to the site."""
        self.pages[page] = inputs

    def keep(self, page: str) -> None:
        """A file that the last build made belongs to this one too; nothing when it made none."""
        if page in self._known:
            self.pages[page] = self._known[page]

    def put(self, page: str, content: bytes) -> None:
        """Writes a page that `wants` asked for."""
        self.written += put(self.out, page, content)

    @property
    def left(self) -> list[str]:
        """The pages of earlier builds that no longer belong to the site: their addresses must not vanish."""
        return sorted(set(self._known) - set(self.pages))
