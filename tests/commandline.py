"""Runs the command line inside the test's own process, as `meetings …` does, and takes what it prints."""

from __future__ import annotations

import functools
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
import typer.main

from flows import cli
from flows.settings import Settings

# Commands load these only when they run. Loaded while a test holds the clock, one would keep that clock for good.
_LATE = (
    "alerting",
    "exchanging",
    "health",
    "heartbeat",
    "issue_pages",
    "issue_steps",
    "publishing",
    "supervising",
    "trying",
)
for _module in _LATE:
    importlib.import_module(f"flows.{_module}")

# a process of ours reads its commands' signatures once, and these tests are one process for thousands of commands
typer.main.get_command = functools.cache(typer.main.get_command)

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds"


@dataclass(frozen=True)
class Ran:
    """How one command ended."""

    code: int
    out: str
    err: str


class Meetings(Protocol):
    """`meetings("import", "seeds")` on the test's own home."""

    home: Path

    def __call__(self, *arguments: str | Path) -> Ran: ...


@pytest.fixture
def meetings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Meetings:
    """The command line on a fresh home, in a folder without settings; its catalogue names one closed port."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MEETINGS_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.toml").write_text(source("town", "http://127.0.0.1:9/feed.xml"))
    monkeypatch.setenv("MEETINGS_ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("MEETINGS_HOST_DELAY", "0")

    class Here:
        home = tmp_path / "home"

        def __call__(self, *arguments: str | Path) -> Ran:
            monkeypatch.setattr(sys, "argv", ["meetings", "--home", str(self.home), *map(str, arguments)])
            capsys.readouterr()
            try:
                cli.main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
            shown = capsys.readouterr()
            return Ran(code, shown.out, shown.err)

    return Here()


def source(name: str, url: str, *, side: str = "vietnam", kind: str = "rss", **more: str) -> str:
    """One table of `sources.toml`."""
    keys = {
        "id": name,
        "outlet": name,
        "outlet_name": name.title(),
        "side": side,
        "language": "en",
        "zone": "Asia/Ho_Chi_Minh",
        "kind": kind,
        "url": url,
        "interval": "3h",
        **more,
    }
    return "[[source]]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items()) + "\n"
