"""What a person sees on the terminal: tables, lines, and progress (on stderr, and only when it is a terminal)."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from parsers.records import Advance, MeetingsError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


@contextmanager
def progress(label: str) -> Iterator[Advance]:
    """A progress line on stderr while the block runs; silent when stderr is no terminal.

    Yields a function to call after each step with the step's name and how many there are in all.
    """
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)

        def advance(what: str, total: int) -> None:
            bar.update(task, advance=1, description=f"{label} {what}", total=total)

        yield advance


def _silent(what: str, total: int) -> None:
    """Nobody watches."""
    del what, total


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table to stdout; on anything but a terminal it is as wide as it needs, so that nothing is cut."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # no lines between columns: at 80 columns they cost what a name needs
    shown = Table(title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else 200).print(shown)


def put(text: str = "") -> None:
    """One line to stdout."""
    sys.stdout.write(text + "\n")


def warn(text: str) -> None:
    """One line to stderr."""
    sys.stderr.write(text + "\n")


def sentence_of(error: Exception) -> str:
    """What a person is told of an error that ends the program; output that finds no room is thrown away."""
    if isinstance(error, MeetingsError):
        return str(error)
    if not isinstance(error, OSError) or not (error.filename or error.errno in _NO_ROOM):
        # further lines of a database's error quote the statement and its values
        what = "".join(str(error).splitlines()[:1])
        return f"unexpected {type(error).__name__}: {what}; run it again with --debug before the command"
    from archive.errors import file_error

    if not error.filename:
        # Python would try to write it again at its end, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return str(file_error(error, f"The file {error.filename}" if error.filename else "The output"))


def put_hanging(head: str, text: str) -> None:
    """Words to stdout behind a head, on a terminal broken to its width so that the head stands alone."""
    if sys.stdout.isatty():
        width = max(shutil.get_terminal_size().columns, len(head) + 30)
        text = textwrap.fill(text, width, initial_indent=head, subsequent_indent=" " * len(head))[len(head) :]
    put(head + text)


def put_json(value: object) -> None:
    """One JSON value a line, for scripts."""
    put(json.dumps(value, ensure_ascii=False, default=str))
