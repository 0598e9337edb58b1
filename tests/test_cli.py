"""The command line as a person meets it: what it prints, how it ends, and that a second run changes nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from flows import cli, heartbeat
from tests.commandline import SEEDS, Meetings, source


def pages(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of every command, the one without words among them."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from pages(inner, *path, name)


@pytest.mark.parametrize("words", [*pages(get_command(cli.app))], ids=lambda words: " ".join(words) or "meetings")
def test_every_page_of_help_fits_a_terminal_and_speaks_no_python(
    meetings: Meetings, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = meetings(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert not re.search(r"<\w+>|list\[|\w\.\.\.$", ran.out, re.MULTILINE)


def snapshot(home: Path) -> dict[str, object]:
    """Everything a home holds but the time of the last run: each file's bytes, and the catalogue as SQL."""
    files: dict[str, object] = {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.startswith(("archive.db", heartbeat.NAME))
    }
    connection = sqlite3.connect(home / "archive.db")
    try:
        return files | {"archive.db": list(connection.iterdump())}
    finally:
        connection.close()


def test_first_run_without_network_ends_well_and_the_second_changes_nothing(meetings: Meetings) -> None:
    assert meetings("import", SEEDS).code == 0
    first = meetings("run")
    assert first.code == 0, first.err
    assert "town" in first.out
    assert "connect_error" in first.out
    for week in ("2024-W50", "2023-W28"):
        assert week in first.out
        for suffix in ("md", "html", "txt", "eml"):
            assert (meetings.home / "issues" / week / f"digest.{suffix}").stat().st_size > 200
    before = snapshot(meetings.home)
    assert meetings("import", SEEDS).code == 0
    assert meetings("run").code == 0
    assert snapshot(meetings.home) == before


def test_founding_articles_digests_name_their_meetings(meetings: Meetings) -> None:
    meetings("import", SEEDS)
    meetings("run")
    december = (meetings.home / "issues/2024-W50/digest.md").read_text()
    for words in ("Wang Yi", "Bui Thanh Son", "16th", "Beijing", "10 December 2024", "3+3"):
        assert words in december
    july = (meetings.home / "issues/2023-W28/digest.md").read_text()
    for words in ("Wang Yi", "Bui Thanh Son", "Jakarta", "13 July 2023"):
        assert words in july


def detected(meetings: Meetings, *options: str) -> dict[str, dict[str, Any]]:
    """The lines of `detect` on the seeds, by file name."""
    ran = meetings("detect", "--format", "jsonl", *options, SEEDS)
    assert ran.code == 0
    return {Path(line["path"]).name: line for line in map(json.loads, ran.out.splitlines())}


def test_detect_prints_the_three_founding_meetings(meetings: Meetings) -> None:
    lines = detected(meetings)
    december = lines["000_b277efd025430153.txt"]["meetings"]
    july = lines["002_9ca21a4b430166cb.txt"]["meetings"]
    committee = next(m for m in december if m["forum"]["ordinal"] == 16)
    dialogue = next(m for m in december if m["forum"]["ordinal"] == 1)
    assert (len(december), len(july)) == (2, 1)
    for meeting, date, city, country in (
        (committee, "2024-12-10", "Beijing", "CN"),
        (july[0], "2023-07-13", "Jakarta", "ID"),
    ):
        assert (meeting["date"], meeting["place"]["city"], meeting["place"]["country"]) == (date, city, country)
        assert [p["name"] for p in meeting["china"]] == ["Wang Yi"]
        assert [p["name"] for p in meeting["vietnam"]] == ["Bui Thanh Son"]
        assert (meeting["status"], meeting["mode"]) == ("held", "in_person")
    assert "Steering Committee" in committee["forum"]["name"]
    assert "3+3" in dialogue["forum"]["name"]
    assert july[0]["direction"] == "third_country"


def test_every_piece_of_evidence_cuts_out_its_text(meetings: Meetings) -> None:
    for line in detected(meetings, "--with-text").values():
        for meeting in line["meetings"]:
            assert {"china", "vietnam", "status"} <= {
                e["field"].split(".")[0].split("[")[0] for e in meeting["evidence"]
            }
            for evidence in meeting["evidence"]:
                assert line["text"][evidence["start"] : evidence["end"]] == evidence["text"] != ""


def test_detect_as_a_table_shows_the_same(meetings: Meetings) -> None:
    ran = meetings("detect", SEEDS)
    assert ran.code == 0
    for words in ("2024-12-10", "2023-07-13", "Jakarta", "Wang Yi", "Bui Thanh Son"):
        assert words in ran.out


def _folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder.txt"
    path.mkdir()
    return tmp_path


def _binary(tmp_path: Path) -> Path:
    path = tmp_path / "picture.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe")
    return path


def _empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty.txt"
    path.touch()
    return path


@pytest.mark.parametrize("command", ["import", "detect"])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        pytest.param(lambda tmp: tmp / "absent.txt", "absent.txt", id="missing"),
        pytest.param(_folder, "folder.txt", id="folder named like a file"),
        pytest.param(_binary, "picture.txt", id="binary"),
        pytest.param(_empty, "empty.txt", id="empty"),
    ],
)
def test_bad_seed_file_is_one_sentence_that_names_it(
    meetings: Meetings, tmp_path: Path, command: str, make: Any, name: str
) -> None:
    ran = meetings(command, make(tmp_path))
    assert ran.code == 2
    assert name in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert "Traceback" not in ran.err


def test_a_bad_file_does_not_stop_the_good_ones(meetings: Meetings, tmp_path: Path) -> None:
    _binary(tmp_path)
    ran = meetings("import", tmp_path / "picture.txt", SEEDS)
    assert (ran.code, ran.out) == (2, "2 articles imported, 0 known already.\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["digest", "--week", "2024-W60"], ["2024-W60", "52"], id="week that does not exist"),
        pytest.param(["digest", "--week", "last"], ["last", "2024-W50"], id="no week at all"),
        pytest.param(["digest", "--send", "--dry-run"], ["--send", "--dry-run"], id="send and dry run"),
        pytest.param(["ingest", "--source", "nowhere"], ["nowhere", "sources list"], id="unknown source"),
        pytest.param(["ingest", "--sources", "absent.toml"], ["absent.toml"], id="catalogue missing"),
        pytest.param(["digest", "--week", "2024-W50", "--dry-run"], ["recipients.toml"], id="nobody to send to"),
        pytest.param(["redetect", "--since", "2024"], ["--since 2024", "2024-01-31"], id="no day"),
        pytest.param(["detect", "."], ["no .txt file"], id="folder without seed files"),
        pytest.param(["trigger", "digest", "-p", "week=2024-W60"], ["2024-W60"], id="trigger for no week"),
        pytest.param(["trigger", "digest", "-p", "week=8000-W01"], ["has not begun"], id="trigger for a week to come"),
        pytest.param(["trigger", "digest", "-p", "since=8000-W01"], ["is not over"], id="trigger since a week to come"),
        pytest.param(
            ["trigger", "digest", "-p", "week=2024-W50", "-p", "since=2024-W50"], ["exclude each other"], id="both"
        ),
        pytest.param(["trigger", "ingest", "-p", 'sources=["nowhere"]'], ["nowhere"], id="trigger for no source"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(
    meetings: Meetings, arguments: list[str], words: list[str]
) -> None:
    ran = meetings(*arguments)
    assert ran.code == 2, ran
    assert len(ran.err.strip().splitlines()) == 1
    for word in words:
        assert word in ran.err


@pytest.mark.parametrize(
    "words",
    [
        "status", "export", "site build", "sources check", "deliveries", "verify", "repair", "backup", "redetect",
        "digest", "digest --week 2024-W50", "digest --since 2024-W50", "digest --send",
        "digest --since 2024-W50 --send",
    ],
)  # fmt: skip
def test_a_look_into_a_home_that_is_none_says_so_and_makes_nothing(meetings: Meetings, words: str) -> None:
    ran = meetings(*words.split())
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1), ran
    assert f"there is no archive in {meetings.home} yet; `meetings run` makes one" in ran.err
    assert not meetings.home.exists()


def test_a_back_issue_is_never_mailed(meetings: Meetings) -> None:
    meetings("import", SEEDS)
    for words, told in ((("--week", "2024-W50"), "2024-W50 is a back issue"), ((), "is a back issue")):
        ran = meetings("digest", *words, "--send")
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)
        assert told in ran.err
        assert "never mailed; the first that is mailed is that of 2" in ran.err
    assert not (meetings.home / heartbeat.NAME).exists(), "no run has failed"


def test_a_sending_that_a_damaged_archive_stops_is_a_failed_run(meetings: Meetings) -> None:
    meetings.home.mkdir()
    (meetings.home / "archive.db").write_bytes(b"no database at all" * 100)
    ran = meetings("digest", "--send")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert json.loads((meetings.home / heartbeat.NAME).read_text())["digest"]["well"] is False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(source("town", "http://example.org/f", colour="red"), ["town", "colour"], id="unknown key"),
        pytest.param(source("town", "feed.xml"), ["town", "url"], id="bad address"),
        pytest.param("[[source]\n", ["sources.toml"], id="broken toml"),
    ],
)
def test_wrong_catalogue_names_file_and_key(meetings: Meetings, tmp_path: Path, text: str, words: list[str]) -> None:
    (tmp_path / "sources.toml").write_text(text)
    for arguments in (["run"], ["sources", "list"]):
        ran = meetings(*arguments)
        assert ran.code == 2
        for word in ["sources.toml", *words]:
            assert word in ran.err


def test_sources_list_and_check_speak_json(meetings: Meetings) -> None:
    listed = json.loads(meetings("sources", "list", "--json").out)
    assert [(row["id"], row["kind"], row["side"]) for row in listed] == [("town", "rss", "vietnam")]
    meetings("import", SEEDS)
    never = meetings("sources", "check", "--json")
    assert (never.code, json.loads(never.out)[0]["outcome"]) == (0, "never_polled")
    meetings("ingest")
    failing = meetings("sources", "check", "--json")
    row = json.loads(failing.out)[0]
    assert (failing.code, row["outcome"], row["failing"], row["failures"]) == (1, "connect_error", True, 1)
    assert row["since"].endswith("+07:00")
    assert (row["entries"], row["new_articles"]) == (0, 0)


def test_export_holds_what_was_detected(meetings: Meetings) -> None:
    meetings("import", SEEDS)
    meetings("run")
    lines = [json.loads(line) for line in meetings("export").out.splitlines()]
    rows = list(csv.DictReader(io.StringIO(meetings("export", "--format", "csv").out)))
    assert len(lines) == len(rows) == 3
    assert {line["date"] for line in lines} == {row["date"] for row in rows} == {"2024-12-10", "2023-07-13"}
    events = [json.loads(line) for line in meetings("export", "--format", "plover").out.splitlines()]
    calendar = meetings("export", "--format", "ics").out
    feed = meetings("export", "--format", "atom").out
    assert len(events) == calendar.count("BEGIN:VEVENT") == feed.count("<entry>") == 3


def test_status_counts_what_is_there(meetings: Meetings) -> None:
    meetings("import", SEEDS)
    meetings("run")
    facts = json.loads(meetings("status", "--json").out)
    assert (facts["articles"], facts["meetings"], facts["sources"], facts["sources_failing"]) == (2, 3, 1, 1)
    assert "articles" in meetings("status").out


def test_unexpected_error_is_a_sentence_without_traceback(meetings: Meetings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the sky fell")

    monkeypatch.setattr("flows.steps.import_paths", broken)
    ran = meetings("import", SEEDS)
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "the sky fell" in ran.err
    assert "--debug" in ran.err
