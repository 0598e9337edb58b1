"""Helping processes end with the one that started them, whatever ended it."""

from __future__ import annotations

import os
from multiprocessing import parent_process
from threading import Thread


def end_with_parent() -> None:
    """From now on this process ends when its parent does.

    Who is killed dismisses nobody: its helpers would wait for work for ever, or go on beside the next one's.
    """
    Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
