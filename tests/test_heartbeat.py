"""The heartbeat that each run leaves at its end, and what of it counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from archive.locks import Busy
from flows.heartbeat import NAME, beating, last_beats
from flows.settings import Settings
from parsers.records import InputError, MeetingsError
from reports.supervision import RunKind
from tests.commandline import Meetings


def beats(settings: Settings) -> dict[str, tuple[bool, str]]:
    return {beat.run.value: (beat.well, beat.message) for beat in last_beats(settings)}


def end(settings: Settings, run: RunKind, error: Exception | None = None, **how: Any) -> None:
    try:
        with beating(settings, run, **how):
            if error:
                raise error
    except type(error or KeyError()):
        pass


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_a_run_leaves_its_end_beside_that_of_the_other_kind(settings: Settings) -> None:
    assert last_beats(settings) == ()
    end(settings, RunKind.INGEST)
    end(settings, RunKind.DIGEST, MeetingsError("reader@example.org refused"))
    assert beats(settings) == {"ingest": (True, ""), "digest": (False, "<address> refused")}
    told = json.loads((settings.home / NAME).read_text())
    assert datetime.fromisoformat(told["ingest"]["ended"]).tzinfo is not None
    end(settings, RunKind.DIGEST)
    assert beats(settings)["digest"] == (True, "")


@pytest.mark.parametrize(
    ("error", "how", "expected"),
    [
        pytest.param(Busy("x holds it"), {}, (True, ""), id="gave way"),
        pytest.param(KeyboardInterrupt(), {}, (True, ""), id="interrupted"),
        pytest.param(InputError("no such week"), {"by_hand": True}, (True, ""), id="failed by hand"),
        pytest.param(InputError("no such week"), {}, (False, "no such week"), id="failed"),
        pytest.param(RuntimeError(), {}, (False, "RuntimeError"), id="failed without a word"),
    ],
)
def test_what_counts_as_an_end(
    settings: Settings, error: Exception, how: Mapping[str, bool], expected: tuple[bool, str]
) -> None:
    end(settings, RunKind.DIGEST)
    end(settings, RunKind.DIGEST, error, **how)
    assert beats(settings) == {"digest": expected}


def test_success_by_hand_heals(settings: Settings) -> None:
    end(settings, RunKind.DIGEST, InputError("no mail server is set"))
    end(settings, RunKind.DIGEST, by_hand=True)
    assert beats(settings) == {"digest": (True, "")}


@pytest.mark.parametrize("text", ["", "[]", '{"ingest": 1}', '{"nap": {}}', '{"ingest": {"ended": "noon"}}', "\udcff"])
def test_a_broken_heartbeat_is_none_and_is_written_anew(settings: Settings, text: str) -> None:
    settings.home.mkdir()
    (settings.home / NAME).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert last_beats(settings) == ()
    end(settings, RunKind.INGEST)
    assert beats(settings) == {"ingest": (True, "")}


def test_a_heartbeat_that_cannot_be_written_fails_no_run(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.home.touch()
    end(settings, RunKind.INGEST)
    assert "the heartbeat was not written" in caplog.text


def test_commands_leave_a_heartbeat(meetings: Meetings) -> None:
    meetings("ingest")
    told = json.loads((meetings.home / NAME).read_text())
    assert (list(told), told["ingest"]["well"]) == (["ingest"], True)
    assert meetings("digest", "--send").code == 2
    assert list(json.loads((meetings.home / NAME).read_text())) == ["ingest"], "nothing was due yet: no run failed"
    (meetings.home / "archive.db").write_bytes(b"this is a letter to a friend, no database " * 100)
    assert meetings("digest", "--send").code == 1
    told = json.loads((meetings.home / NAME).read_text())
    assert (list(told), told["digest"]["well"]) == (["ingest", "digest"], False)
    assert "archive.db is not an archive database" in told["digest"]["message"]
