"""Handling many records at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def in_bulk() -> Iterator[None]:
    """Python's search for garbage in cycles waits meanwhile.

    Records hold no cycles, and with ten thousand of them the search takes longer than the reading. Decorates, too.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
