"""The house itself: pins without addresses, documented commands, light starts, seeds unchanged."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from archive.store import Archive

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock"))
# SHA-256 of the two founding articles as they were given
SEEDS = {
    "000_b277efd025430153.txt": "a30536f89799055f1277b1874e41c732f5ace2d68ff9c816009e7ce935dc0e90",
    "002_9ca21a4b430166cb.txt": "42e9094e86662af4c4f4f3fb3f06794f8344a59d23845ef80e35c22cfaf0590c",
}


def tracked() -> list[Path]:
    """The files git tracks."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", SEEDS)
def test_seeds_are_unchanged(name: str) -> None:
    assert hashlib.sha256((ROOT / "seeds" / name).read_bytes()).hexdigest() == SEEDS[name]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_pins_every_package_with_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    pins = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(pins) == len(entries) > 100
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "--index-url" not in text


def test_locks_agree_with_each_other() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9][^\s=]*)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))

    run, dev, bench = (pins(name) for name in ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock"))
    assert run.items() <= dev.items() <= bench.items()


def test_every_declared_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in project["dependencies"]}
    pinned = set(re.findall(r"^([a-z0-9][^\s=\[]*)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert declared <= pinned


def test_the_page_of_dependencies_says_what_each_is_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    given = [*project["dependencies"], *extras["postgresql"], *extras["dask"]]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", page.partition("## What the program runs on")[2], re.MULTILINE)
    assert rows == sorted(re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in given)


_TAKEN = re.compile(r"\b(MIT|BSD|ISC|Apache|PSF|Python Software Foundation|CNRI|Zlib|0BSD|CC0|MPL|LGPL|Artistic)\b")


def test_what_runs_is_under_licences_that_let_anyone_use_it() -> None:
    lock = (ROOT / "requirements-dev.lock").read_text()
    run = re.findall(r"^([a-z0-9][^\s=\[]*)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    extras = r"^((?:psycopg|prefect-dask|dask|distributed|locket|partd|tblib|toolz|tornado|zict)[^\s=\[]*)"
    run += re.findall(extras, lock, re.MULTILINE)
    here = {each.name.lower().replace("_", "-").replace(".", "-"): each.metadata for each in metadata.distributions()}
    licences = {name: licences_of(here[name]) for name in run if name in here}
    assert len(licences) > 100
    assert {name: words for name, words in licences.items() if not all(map(_TAKEN.search, words))} == {}


def licences_of(facts: metadata.PackageMetadata) -> list[str]:
    """What must all be kept, by the licence expression, else by the classifiers or the words of the package."""
    if "License-Expression" in facts:
        return re.split(r"\bAND\b(?![^(]*\))", facts["License-Expression"])
    classified = [each for each in facts.get_all("Classifier") or [] if each.startswith("License :: ")]
    return [" or ".join(classified or facts.get_all("License") or [])]


def test_nothing_tracked_names_a_package_registry() -> None:
    hosts = re.compile(
        "|".join(("pypi" + r"\.org", "files.python" + "hosted", "registry.npm" + "js", "deb.debian" + r"\.org"))
    )
    named = [p for p in tracked() if p.is_file() and hosts.search(p.read_text(encoding="utf-8", errors="ignore"))]
    assert named == []
    assert not (ROOT / "uv.lock").exists()


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [to for to in targets if "://" not in to and not (page.parent / to).exists()]
    assert broken == []


# typer itself looks for pydantic
HEAVY = {"prefect", "sqlalchemy", "httpx", "trafilatura", "bs4", "feedparser", "pydantic_settings"}


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        pytest.param(["--help"], HEAVY, id="help"),
        pytest.param(["detect", "--format", "jsonl", "seeds"], HEAVY, id="detect"),
        pytest.param(["sources", "list"], {"prefect", "trafilatura"}, id="sources list"),
        pytest.param(["sources", "check"], {"prefect"}, id="sources check"),
        pytest.param(["import", "seeds"], {"prefect"}, id="import"),
    ],
)
def test_command_does_not_load_what_it_does_not_need(arguments: list[str], forbidden: set[str], tmp_path: Path) -> None:
    Archive.open(tmp_path / "home").close()
    script = (
        "import sys\nfrom flows.cli import app\n"
        f"try: app({['--home', str(tmp_path / 'home'), *arguments]!r})\n"
        "except SystemExit as end: assert not end.code\n"
        "print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split()[1:])
    assert loaded.isdisjoint(forbidden)
