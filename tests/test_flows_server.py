"""`meetings serve` and `meetings trigger` with a real Prefect server; workers have theirs in test_cluster.py.

The scheduler test is the guard against versions of FastAPI and SQLAlchemy under which Prefect starts, answers, and
never schedules anything (prefect.md §1).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from archive.locks import hold
from flows.opening import open_archive
from flows.serve import _Stopped, _Stops
from flows.settings import shipped
from flows.steps import now_utc
from tests.databases import EMPTY, PostgreSQL
from tests.prefect_server import FEED_PATH, PAGE, PAGE_PATH, Served, catalogue, every_minute, feed, until
from tests.webserver import Reply, Web

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Newswire(Web):
    """A feed with one article about one meeting, a source that is broken, and one that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self._let = threading.Event()
        self._let.set()
        listed = Reply(feed(self.url(PAGE_PATH)), headers={"Content-Type": "application/rss+xml"})
        self.add(FEED_PATH, listed)
        self.add(PAGE_PATH, Reply(PAGE.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
        self.add("/broken.xml", Reply(b"out of order", status=503))
        self.add("/slow.xml", lambda _: listed if self._let.wait() else Reply(status=503))

    @contextmanager
    def slow(self) -> Iterator[None]:
        """The slow source gives no answer while the block runs."""
        self._let.clear()
        try:
            yield
        finally:
            self._let.set()


@pytest.fixture(scope="module")
def newswire() -> Iterator[Newswire]:
    web = Newswire()
    yield web
    web.close()


def sources(web: Web) -> str:
    # three addresses, because one host is asked one thing at a time
    hosts = {
        "wire": ("127.0.0.1", FEED_PATH),
        "broken": ("127.0.1.2", "/broken.xml"),
        "slow": ("127.0.1.3", "/slow.xml"),
    }
    return catalogue(*((name, web.url(path, host)) for name, (host, path) in hosts.items()))


@pytest.fixture(scope="module")
def served(newswire: Newswire, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the tests of this file that only look and trigger; its first ingest came by the schedule."""
    folder = tmp_path_factory.mktemp("served")
    with Served(folder, sources(newswire), measured=True) as one:
        one.start(every_minute(folder))
        ended = until(lambda: one.runs("ingest", type=["COMPLETED", "FAILED", "CRASHED"]), "a scheduled ingest to end")
        assert ended[-1]["state"]["type"] == "COMPLETED", ended[-1]["state"]
        # from here on runs come by hand only
        ingest = one.api.call("GET", "/deployments/name/ingest/ingest")
        one.api.call("PATCH", f"/deployments/{ingest['id']}", {"paused": True})
        until(lambda: not one.runs("ingest", type=["RUNNING", "PENDING"]), "the last scheduled ingest to end")
        yield one


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_scheduler_has_created_runs(served: Served) -> None:
    scheduled = served.runs("digest", name=["Scheduled"])
    assert len(scheduled) >= 3
    starts = [moment(run["expected_start_time"]).astimezone(served.settings.tz) for run in scheduled]
    assert {(start.isoweekday(), start.hour, start.minute) for start in starts} == {(1, 7, 0)}


def test_a_scheduled_run_fired_on_time_and_completed(served: Served) -> None:
    first = served.runs("ingest", type=["COMPLETED"])[-1]
    due = moment(first["expected_start_time"])
    assert first["auto_scheduled"]
    assert (due.second, due.microsecond) == (0, 0)
    assert moment(first["start_time"]) - due < timedelta(minutes=1), "before the next one was due"
    assert first["name"] == f"ingest {due.astimezone(served.settings.tz):%Y-%m-%d %H:%M}"
    assert "failing: broken" in first["state"]["message"]


def test_a_manual_ingest_completes_and_its_artifacts_and_events_are_there(served: Served) -> None:
    done = served.meetings("trigger", "ingest", "-p", 'sources=["wire", "broken"]')
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{served.api.ui}/runs/flow-run/" in done.stdout
    assert "Completed: 2 sources polled" in done.stdout
    table = served.artifact("sources")
    assert table["type"] == "table"
    assert '"broken"' in table["data"]
    assert "server_error" in table["data"]
    wanted = {"filter": {"event": {"name": ["meeting.detected"]}}, "limit": 10}
    events: dict[str, Any] = until(
        lambda: next((e for e in [served.api.call("POST", "/events/filter", wanted)] if e["events"]), None),
        "the event of the new meeting",
    )
    [event] = events["events"]
    assert event["payload"]["date"] == "2024-12-10"
    assert event["payload"]["china"] == ["Wang Yi"]


def test_a_manual_digest_leaves_files_and_an_artifact(served: Served) -> None:
    done = served.meetings("trigger", "digest", "-p", "week=2024-W50", "-p", "poll_first=false", "-p", "send=false")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2024-W50: 1 new meeting, a back issue: never mailed" in done.stdout
    artifact = served.artifact("digest-2024-w50")
    assert artifact["type"] == "markdown"
    assert "Wang Yi" in artifact["data"]
    assert (served.home / "issues" / "2024-W50" / "digest.html").exists()


def test_a_second_ingest_beside_a_running_one_is_told_as_cancelled(served: Served, newswire: Newswire) -> None:
    first: list[subprocess.CompletedProcess[str]] = []
    thread = threading.Thread(
        target=lambda: first.append(served.meetings("trigger", "ingest", "-p", 'sources=["slow"]'))
    )
    with newswire.slow():
        thread.start()
        until(lambda: served.runs("ingest", type=["RUNNING"]), "the first ingest to run")
        second = served.meetings("trigger", "ingest")
    thread.join()
    assert second.returncode == 1
    assert "Cancelled: another ingest is under way" in second.stdout
    assert first[0].returncode == 0, first[0].stdout


def test_an_ingest_beside_the_command_line_is_told_who_holds_the_archive(served: Served) -> None:
    with (
        open_archive(served.settings) as archive,
        hold(archive, "ingest", owner="somebody's shell", now_fn=now_utc, lease=timedelta(minutes=10)),
    ):
        done = served.meetings("trigger", "ingest")
    assert done.returncode == 1
    assert "Cancelled: somebody's shell" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["ingest", "-p", "force=maybe"], 2, "force", id="wrong type"),
        pytest.param(["ingest", "-p", "fast=true"], 2, "it takes sources, force", id="no such parameter"),
        pytest.param(["digest", "-p", "week=2024-50"], 2, "2024-W50", id="no ISO week"),
        pytest.param(["digest", "-p", "week=2024-W60", "-p", "poll_first=false"], 2, "2024-W60", id="no such week"),
        pytest.param(["ingest", "-p", 'sources=["nowhere"]'], 2, "no source is called nowhere", id="no such source"),
    ],
)
def test_what_a_run_cannot_do_is_told_in_words(served: Served, arguments: list[str], code: int, words: str) -> None:
    done = served.meetings("trigger", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_second_serve_of_the_same_home_is_refused(served: Served) -> None:
    other = Served(served.folder, (served.folder / "sources.toml").read_text(encoding="utf-8"))
    done = other.meetings("serve")
    assert done.returncode == 1
    assert "another `meetings serve` is running" in done.stderr


def test_a_taken_port_is_named_with_the_way_out(served: Served, tmp_path: Path) -> None:
    other = Served(tmp_path, catalogue())
    other.settings = served.settings
    done = other.meetings("serve")
    assert done.returncode == 1
    assert f"port {served.settings.prefect_port}" in done.stderr
    assert "MEETINGS_PREFECT_PORT" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_trigger_without_a_server_says_so(tmp_path: Path) -> None:
    done = Served(tmp_path, catalogue()).meetings("trigger", "ingest")
    assert done.returncode == 1
    assert "start `meetings serve`" in done.stderr


def test_a_stop_leaves_no_process_and_what_it_cut_short_begins_again(newswire: Newswire, tmp_path: Path) -> None:
    with Served(tmp_path, sources(newswire), measured=True) as one:
        one.start(shipped("prefect.yaml"))
        with newswire.slow():
            started = one.meetings("trigger", "ingest", "--no-watch", "-p", 'sources=["slow"]')
            assert started.returncode == 0, started.stdout
            until(lambda: one.runs("ingest", type=["RUNNING"]), "the ingest to run")
            until(lambda: any("prefect.engine" in line for line in one.left_over()), "its process")
            assert one.stop(signal.SIGTERM) == 0
        assert one.left_over() == []
        assert "Traceback" not in "".join(one.output)

        one.start(shipped("prefect.yaml"))
        assert any("begins again, because it was cut short" in line for line in one.output)
        until(lambda: one.runs("ingest", type=["COMPLETED"]), "the ingest to complete after all")
        assert one.stop(signal.SIGINT) == 0
        assert one.left_over() == []


def test_a_second_ctrl_c_ends_at_once_what_will_not_stop(tmp_path: Path) -> None:
    stubborn = tmp_path / "stubborn"
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\necho up\nwhile :; do sleep 1; done\n")
    stubborn.chmod(0o700)
    script = (
        "import types\nfrom pathlib import Path\nimport flows.serve as it\nfrom flows.settings import Settings\n"
        f"it.sys = types.SimpleNamespace(executable={str(stubborn)!r}, stdout=it.sys.stdout)\n"
        f"raise SystemExit(it.serve(Settings(home=Path({str(tmp_path / 'home')!r}))))\n"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout
        assert keeper.stdout.readline() == "up\n"
        keeper.send_signal(signal.SIGINT)
        time.sleep(1)  # were both to come as one, the stubborn one would be ended after STOP_SECONDS
        keeper.send_signal(signal.SIGINT)
        shown, told = keeper.communicate(timeout=120)
    assert (keeper.returncode, told) == (0, ""), shown


@pytest.mark.parametrize(
    ("signals", "ended"),
    [
        ((0, 0, 0), (False, False)),
        ((0, 1, 0), (True, False)),
        ((0, 1, 1), (True, True)),
        ((0, 2, 0), (True, True)),
        ((1, 0, 0), (True, False)),
        ((2, 0, 0), (True, True)),
        ((1, 1, 0), (True, True)),
    ],
    ids=["none", "one", "two", "two at once", "before the first wait", "two before it", "one before it, one between"],
)
def test_no_signal_to_stop_is_lost_and_none_strikes_between(
    signals: tuple[int, int, int], ended: tuple[bool, bool]
) -> None:
    """Signals before the wait for the server, in it (where it is not begun: after it), and in the wait for its end."""
    stops, told = _Stops(), []
    for _ in range(signals[0]):
        stops()
    for here in signals[1:]:
        left = here
        try:
            with stops:
                while left:
                    left -= 1
                    stops()
            told.append(False)
        except _Stopped:
            told.append(True)
        for _ in range(left):
            stops()
    assert tuple(told) == ended


def test_a_killed_keeper_takes_the_server_with_it_whatever_its_database(
    newswire: Newswire, tmp_path: Path, postgresql: PostgreSQL
) -> None:
    url = make_url(postgresql.new_database(EMPTY)).set(drivername="postgresql+asyncpg")
    with Served(tmp_path, sources(newswire), {"MEETINGS_PREFECT_DATABASE_URL": url.render_as_string()}) as one:
        one.start(shipped("prefect.yaml"))
        assert not list((one.home / "prefect").glob("prefect.db*"))
        engine = create_engine(url.set(drivername="postgresql+psycopg"))
        with engine.connect() as connection:
            deployed = connection.execute(text("SELECT name FROM deployment ORDER BY name")).scalars().all()
        engine.dispose()
        assert deployed == ["alert", "backfill", "digest", "ingest"]
        one.stop(signal.SIGKILL)
        until(lambda: not one.left_over(), "the server to follow")


def test_a_prefect_database_that_does_not_answer_is_told_in_one_sentence(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://ann:hunter2@127.0.0.1:9/prefect"
    done = Served(tmp_path, catalogue(), {"MEETINGS_PREFECT_DATABASE_URL": url}).meetings("serve")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Prefect's database postgresql+asyncpg://ann:***@127.0.0.1:9/prefect cannot be used" in done.stderr


def test_a_wrong_prefect_yaml_is_refused_before_anything_starts(tmp_path: Path) -> None:
    bad = tmp_path / "prefect.yaml"
    bad.write_text(shipped("prefect.yaml").read_text(encoding="utf-8").replace("0 7 * * 1", "bananas"))
    with Served(tmp_path, catalogue()) as one:
        with pytest.raises(AssertionError, match="deployment digest: schedules: 1: cron: 'bananas'"):
            one.start(bad)
        assert one.left_over() == []
