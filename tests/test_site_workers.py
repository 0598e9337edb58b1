"""The processes that help to make the web archive, when something happens to them or to the one they help."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive.store import Archive
from flows.site_workers import Bench, Means, Workers
from reports.accounts import Outlets
from reports.firsts import Past

ROOT = Path(__file__).parent.parent
BUILD = """
import sys, time
from pathlib import Path
from zoneinfo import ZoneInfo
from archive.store import Archive
from flows.site_workers import Means, Workers
from reports.accounts import Outlets
from reports.firsts import Past

def nothing(job, bench):
    return job

if __name__ == "__main__":
    home = Path(sys.argv[1])
    archive = Archive.open(home)
    with Workers(archive, Means(home, None, Outlets.of([]), ZoneInfo("UTC"), home / "site", "")) as workers:
        print(sum(workers.each(nothing, [1, 2], Past.of([]), tells_of=1000)), flush=True)
        time.sleep(600)
"""


@pytest.mark.slow
def test_helping_processes_end_with_one_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    command = [sys.executable, str(script), str(tmp_path / "home")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    ) as build:
        try:
            assert build.stdout is not None
            assert build.stdout.readline() == b"3\n"
            build.kill()
            # it stays open until the last of them has gone
            build.communicate(timeout=60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(build.pid, signal.SIGKILL)


def told(job: int, bench: Bench) -> int:
    with bench.archive.read():
        return job


@pytest.mark.slow
def test_where_helping_processes_cannot_read_the_archive_one_goes_on_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    means = Means(tmp_path / "file", None, Outlets.of([]), ZoneInfo("UTC"), tmp_path / "site", "")
    with Archive.open(tmp_path / "home") as archive, Workers(archive, means) as workers:
        assert list(workers.each(told, [1, 2], Past.of([]), tells_of=1000)) == [1, 2]
    assert "one goes on alone" in caplog.text
