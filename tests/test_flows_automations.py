"""A real server watched: each automation is there once and fires, the operator gets the mail, systemd hears of it."""

from __future__ import annotations

import email
import socket
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from flows.heartbeat import beat, last_beats
from flows.settings import shipped
from reports.supervision import RunKind
from tests.mailserver import Inbox, mail_server
from tests.prefect_server import Served, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

OPERATOR = "operator@example.org"
OURS = {"crash-zombie-flow-runs", "alert-failed-flow-runs", "alert-crashed-flow-runs", "alert-late-flow-runs"}


@pytest.fixture(scope="module")
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def heard() -> Iterator[tuple[str, list[str]]]:
    """A socket as systemd's, by its path, and what was said there."""
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="sd-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        path = str(Path(folder) / "notify")
        ear.bind(path)

        def listen() -> None:
            while (word := ear.recv(100).decode()) != "enough":
                said.append(word)

        thread = threading.Thread(target=listen)
        thread.start()
        yield path, said
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth:
            mouth.sendto(b"enough", path)
        thread.join()


@pytest.fixture(scope="module")
def served(inbox: Inbox, heard: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose catalogue is wrong, so that every ingest fails."""
    with mail_server(inbox) as port:
        mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none", "ALERT_TO": OPERATOR}
        more = {f"MEETINGS_{key}": value for key, value in mail.items()}
        more |= {"NOTIFY_SOCKET": heard[0], "WATCHDOG_USEC": "3000000"}
        with Served(tmp_path_factory.mktemp("served"), "[[source]]\nid = 3\n", more) as one:
            one.start(shipped("prefect.yaml"))
            yield one


def automations(served: Served) -> dict[str, dict[str, Any]]:
    found = served.api.call("POST", "/automations/filter", {})
    assert len(found) == len(OURS)
    return {automation["name"]: automation for automation in found}


def mailed(served: Served, inbox: Inbox) -> tuple[str, str]:
    """Subject and text of the first mail, once it has come and its alert is over, which no later test then counts."""
    until(lambda: inbox.accepted, "a mail to the operator")
    all_over(served)
    to, content = inbox.accepted[0]
    assert to == OPERATOR
    message = email.message_from_bytes(content, policy=default)
    return message["Subject"], message.get_content()


def all_over(served: Served) -> None:
    """Waits until every alert that has begun is over."""
    until(lambda: not served.runs("alert", type=["SCHEDULED", "PENDING", "RUNNING"]), "the alert to end")


def alerts(served: Served) -> list[str]:
    return [f"{run['name']}: {run['state']['message']}" for run in served.runs("alert", type=["COMPLETED", "FAILED"])]


def new_run(served: Served, deployment: str) -> dict[str, Any]:
    """A run of a deployment that is due now."""
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": datetime.now(UTC).isoformat()}}
    run: dict[str, Any] = served.api.call("POST", f"/deployments/{deployment}/create_flow_run", {"state": state})
    return run


def test_a_second_start_installs_nothing_twice_and_systemd_hears_of_it(
    served: Served, heard: tuple[str, list[str]]
) -> None:
    _, said = heard
    assert {name for name, each in automations(served).items() if each["enabled"]} == OURS
    until(lambda: "WATCHDOG=1" in said, "a sign of life")
    said.clear()
    assert served.stop() == 0
    assert [word for word in said if word != "WATCHDOG=1"] == ["STOPPING=1"]
    said.clear()
    served.start(shipped("prefect.yaml"))
    until(lambda: said, "the server to say that it is up")
    assert said[0] == "READY=1"
    assert set(automations(served)) == OURS


def test_a_failed_run_is_mailed_once_and_its_alert_starts_no_other(served: Served, inbox: Inbox) -> None:
    inbox.accepted.clear()
    before = len(alerts(served))
    assert served.meetings("trigger", "ingest").returncode == 1
    subject, text = mailed(served, inbox)
    # three, and a fourth when another test's digest has failed before
    assert subject.partition(": ")[2].partition(" things need a person: ")[0] in {"3", "4"}
    assert "archive_unusable, settings_wrong, run_failed" in subject
    assert "run_failed: The ingest of " in text
    assert "sources.toml" in text
    first = len(alerts(served))
    served.meetings("trigger", "ingest")
    until(lambda: len(alerts(served)) > first, "the second alert to end")
    all_over(served)
    assert any(told.endswith("the operator knows") for told in alerts(served))
    # Prefect may start one twice when its database is locked for a moment
    assert before + 2 <= len(alerts(served)) <= before + 4
    assert len(inbox.accepted) == 1


def test_a_crashed_run_leaves_a_heartbeat_after_all_and_is_mailed(served: Served, inbox: Inbox) -> None:
    inbox.accepted.clear()
    beat(served.settings, RunKind.INGEST)
    run = new_run(served, served.api.call("GET", "/deployments/name/digest/digest")["id"])
    state = {"state": {"type": "CRASHED", "message": "the machine died"}, "force": True}
    served.api.call("POST", f"/flow_runs/{run['id']}/set_state", state)
    subject, text = mailed(served, inbox)
    assert "run_failed" in subject
    assert "crashed: the machine died" in text
    assert {known.run: known.well for known in last_beats(served.settings)} == {"ingest": True, "digest": False}


def test_a_late_run_is_mailed(served: Served, inbox: Inbox) -> None:
    inbox.accepted.clear()
    beat(served.settings, RunKind.INGEST)
    late = automations(served)["alert-late-flow-runs"]
    assert late["trigger"]["within"] == 1800
    body = {key: late[key] for key in ("name", "description", "enabled", "trigger", "actions")}
    place = f"/automations/{late['id']}"
    served.api.call("PUT", place, body | {"trigger": late["trigger"] | {"within": 10}})
    # a deployment of that name that nobody serves
    flow = served.api.call("POST", "/flows/", {"name": "absent"})
    run = new_run(served, served.api.call("POST", "/deployments/", {"name": "ingest", "flow_id": flow["id"]})["id"])
    subject, text = mailed(served, inbox)
    # on a busy machine another test's run may well be late by seconds
    served.api.call("PUT", place, body)
    assert "run_late" in subject
    assert f"“{run['name']}” has been due" in text
