"""Who holds a lock, and whether that process still lives: real processes, one of them killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.locks import Busy, hold
from archive.store import Archive
from flows.owner import is_gone, owner

HOLDER = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from archive.locks import hold
from archive.store import Archive
from flows.owner import owner
with Archive.open(Path(sys.argv[1])) as archive:
    now = lambda: datetime.now(UTC)
    with hold(archive, "ingest", owner=owner(), now_fn=now, lease=timedelta(hours=2)):
        print("held", flush=True)
        time.sleep(300)
"""


def now() -> datetime:
    return datetime.now(UTC)


def test_this_process_is_not_gone() -> None:
    assert not is_gone(owner())


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("elsewhere:1", id="only host and number"),
        pytest.param("elsewhere:1 (0000-1/5)", id="another boot or container"),
        pytest.param("", id="nothing"),
        pytest.param("a person", id="words"),
    ],
)
def test_nothing_is_said_of_an_owner_that_cannot_be_looked_at(other: str) -> None:
    assert not is_gone(other)


def test_a_number_given_to_another_process_since_is_gone() -> None:
    before, _, started = owner().rpartition("/")
    assert is_gone(f"{before}/{int(started.rstrip(')')) + 1})")


def test_the_lock_of_a_killed_process_is_taken_over_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder, Archive.open(tmp_path) as archive:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"

        def take() -> None:
            lease = timedelta(hours=2)
            with hold(archive, "ingest", owner=owner(), now_fn=now, lease=lease, is_gone=is_gone):
                pass

        with pytest.raises(Busy, match=f":{holder.pid} "):
            take()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        take()
