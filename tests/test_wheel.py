"""The wheel alone: everything a worker needs is inside it (lexicons, sources, templates, migrations, deployments)."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.commandline import ROOT, SEEDS, source

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's contents, as an installer would lay them out."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def run(unpacked: Path, cwd: Path, script: str) -> str:
    """Run a script in a folder without a checkout, with the wheel's modules in front of the editable ones."""
    guard = f"import sys; sys.path[:] = [{str(unpacked)!r}, *(p for p in sys.path if p != {str(ROOT)!r})]\n"
    done = subprocess.run([sys.executable, "-c", guard + script], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_holds_what_it_runs_with_and_nothing_else(unpacked: Path) -> None:
    tops = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"flows", "parsers", "reports", "fetch", "meetings", "archive"}


def test_it_runs_the_main_job_far_from_any_checkout(unpacked: Path, tmp_path: Path) -> None:
    offline = tmp_path / "offline.toml"
    offline.write_text(source("x", "http://127.0.0.1:9/feed.xml"))
    script = f"""
import os, sys
os.environ["MEETINGS_HOME"] = {str(tmp_path / "home")!r}
from flows import cli, detecting
assert cli.__file__.startswith({str(unpacked)!r}), cli.__file__
for words in (["sources", "list"], ["import", {str(SEEDS)!r}], ["digest", "--week", "2024-W50"]):
    sys.argv = ["meetings", *words]
    try:
        cli.main()
    except SystemExit as end:
        assert not end.code, words
os.environ["MEETINGS_SOURCES_FILE"] = {str(offline)!r}
sys.argv = ["meetings", "run"]
cli.main()
"""
    out = run(unpacked, tmp_path, script)
    assert "xinhua" in out
    assert (tmp_path / "home/issues/2024-W50/digest.html").exists()
    assert "2023-W28" in out


def test_its_deployments_are_served_from_inside(unpacked: Path, tmp_path: Path) -> None:
    script = f"""
from flows.deployments import read_deployments
from flows.settings import shipped
path = shipped("prefect.yaml")
assert str(path).startswith({str(unpacked)!r}), path
print(*sorted(deployment.name for deployment in read_deployments(path)))
"""
    assert run(unpacked, tmp_path, script).split() == ["alert", "backfill", "digest", "ingest"]
