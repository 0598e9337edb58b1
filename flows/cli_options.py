"""What the files of the command line share: options that mean the same everywhere, and the settings of a command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class Globals:
    """Options before the command."""

    home: Path | None


SourcesFile = Annotated[
    Path | None, typer.Option("--sources", metavar="FILE", help="Another catalogue than the one in force.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def settings_of(context: typer.Context, sources_file: Path | None = None) -> Settings:
    """The settings in force, with the options before the command; raises `InputError` for what cannot be used."""
    from flows.settings import load_settings

    return load_settings(home=context.obj.home, sources_file=sources_file)
