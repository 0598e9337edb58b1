"""The sample units of systemd: its own checker finds nothing in them, and what they start and wait for is ours."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from flows.cli import app
from flows.serve import START_SECONDS, STOP_SECONDS
from tests.commandline import ROOT

FOLDER = ROOT / "docs" / "systemd"
UNITS = sorted(path.name for path in FOLDER.iterdir())
OURS = "/opt/meetings/bin/meetings"
CHECKER = shutil.which("systemd-analyze")


def unit(name: str) -> configparser.ConfigParser:
    """A unit's sections; of a key that is given several times, the last."""
    parsed = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(FOLDER / name, encoding="utf-8")
    return parsed


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units in one folder, our command being that of this checkout."""
    for name in UNITS:
        text = (FOLDER / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(OURS, sys.executable), encoding="utf-8")
    return tmp_path


def analyze(*arguments: str, cwd: Path) -> tuple[int, str]:
    assert CHECKER, "no systemd-analyze: run sh tests/install_packages.sh"
    done = subprocess.run([CHECKER, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_systemd_finds_nothing_to_say(installed: Path) -> None:
    names = [name.replace("@.", "@meetings.service.") for name in UNITS]
    assert analyze("verify", "--man=no", *names, cwd=installed) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [("ProtectHome=yes", "ProtectHomes=yes"), (sys.executable, "/nowhere/meetings"), ("Type=notify", "Type=eternal")],
    ids=["key", "command", "value"],
)
def test_systemd_would_find_a_slip(installed: Path, old: str, new: str) -> None:
    path = installed / "meetings.service"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert analyze("verify", "--man=no", path.name, cwd=installed) != (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["meetings.service", "meetings-backup.service", "meetings-status.service"])
def test_little_is_left_open(installed: Path, name: str) -> None:
    code, told = analyze("security", "--offline=true", "--threshold=20", f"./{name}", cwd=installed)
    assert code == 0, told


def commands() -> list[tuple[str, list[str]]]:
    starts = ((name, unit(name).get("Service", "ExecStart", fallback="")) for name in UNITS)
    return [(name, shlex.split(start)[1:]) for name, start in starts if start.startswith(OURS)]


@pytest.mark.parametrize(("name", "words"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_they_start_is_a_command_with_these_options(name: str, words: list[str]) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup), name
    command = group.commands[words[0]]
    command.make_context(words[0], words[1:], resilient_parsing=False)


def test_each_service_of_ours_is_seen() -> None:
    assert {name for name, _ in commands()} == {
        "meetings.service",
        "meetings-backup.service",
        "meetings-status.service",
    }
    assert all(unit(name).get("Unit", "OnFailure") == "meetings-failed@%n.service" for name, _ in commands())
    timers = {Path(name).stem for name in UNITS if name.endswith(".timer")}
    assert {f"{stem}.service" for stem in timers} <= set(UNITS)


def test_start_and_stop_are_given_the_time_they_take() -> None:
    assert unit("meetings.service").getint("Service", "TimeoutStartSec") > START_SECONDS
    assert unit("meetings.service").getint("Service", "TimeoutStopSec") > STOP_SECONDS


def test_the_operations_page_installs_each() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert "systemd/" in page
    named = set(re.findall(r"meetings(?:-\w+)?@?\.(?:service|timer)", page))
    assert named == set(UNITS)
