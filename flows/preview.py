"""A file of ours shown in the person's browser, without waiting for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

_OPENS_BY_ITSELF = ("darwin", "win32", "cygwin")


def can_show(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a browser with a window is to be expected: named in BROWSER, or a desktop is there."""
    return platform in _OPENS_BY_ITSELF or any(environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


def show_in_browser(page: Path) -> None:
    """Open the page in the browser that Python's `webbrowser` finds; returns at once, whatever comes of it.

    It runs in a process of its own, since a browser named in BROWSER may keep its caller waiting.
    """
    command = [sys.executable, "-m", "webbrowser", page.resolve().as_uri()]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # a thread waits for its end, so that no zombie stays and the command can end before
    waiting = threading.Thread(
        target=subprocess.run, args=(command,), kwargs={**quiet, "check": False, "start_new_session": True}, daemon=True
    )
    waiting.start()
