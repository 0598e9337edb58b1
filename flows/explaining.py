"""`meetings explain`: one seed-format file, read aloud by the detector; nothing is stored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flows.console import put, table
from flows.seedpaths import read_seeds
from meetings.detect import detect
from meetings.tracing import Trace
from parsers.records import InputError
from parsers.seedfile import SeedError
from reports.explanation import LEGEND, Explanation, Piece, explain

if TYPE_CHECKING:
    from rich.text import Text

# the last of a piece's kinds to be listed here colours it; brackets and labels say the same without colour
_STYLES = {
    "topic": "underline",
    "rejected": "strike dim",
    "forum": "green",
    "place": "magenta",
    "date": "blue",
    "words": "bold yellow",
    "vietnam": "bold cyan",
    "china": "bold red",
}


def explain_file(path: Path) -> Explanation:
    """The explanation of one file. Raises InputError when the path is no readable seed-format file."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; name one seed-format file")
    [(_, article)] = read_seeds([path])
    if isinstance(article, SeedError):
        raise article
    trace: Trace = []
    return explain(path.name, article, detect(article, trace=trace), trace)


def write_page(explanation: Explanation, out: Path) -> None:
    """Writes the explanation as an HTML page. Raises InputError when the file cannot be written."""
    from reports.explain_page import render_explanation

    try:
        out.write_text(render_explanation(explanation), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}; name a file in a folder that exists") from error


def show(explanation: Explanation) -> None:
    """Prints the explanation: the marked text, each meeting's fields, and what was rejected."""
    from rich.console import Console
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    put(f"{explanation.name} · published: {explanation.published} · language: {explanation.language}")
    for note in explanation.notes:
        put(note)
    legend = Text("\n").join(Text(f"{LEGEND[kind][0]}  {LEGEND[kind][1]}", _STYLES[kind]) for kind in explanation.kinds)
    if explanation.kinds:
        console.print(Text("\n[marked words]"), legend, sep="\n")
    for paragraph in explanation.paragraphs:
        console.print()
        console.print(Text().join(_marked(piece) for piece in paragraph))
    for meeting in explanation.meetings:
        put()
        columns = ("field", "value", "words", "why", "rule")
        rows = [(f.name, f.value, "\n".join(f.words), f.why, f.rule) for f in meeting.facts]
        table(f"Meeting {meeting.number}", columns, rows)
    if explanation.rejected:
        put()
        refused = [(r.label, f"{r.before} [{r.words}] {r.after}".strip(), r.why, r.rule) for r in explanation.rejected]
        table("Considered and rejected", ("", "words", "why", "rule"), refused)


def _marked(piece: Piece) -> Text:
    """A piece in its colour, with a bracket where each mark begins, and a bracket and a label where it ends."""
    from rich.text import Text

    style = next((_STYLES[kind] for kind in reversed(_STYLES) if kind in piece.kinds), "")
    shown = Text("[" * piece.opens, "dim")
    shown.append(piece.text, style)
    for label in piece.labels:
        shown.append(f"]{label}", "dim")
    return shown
