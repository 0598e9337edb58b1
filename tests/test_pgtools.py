"""PostgreSQL's own programs: what they are told, and what their failures mean to a person."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from archive import pgtools
from archive.errors import ArchiveError
from parsers.records import InputError


def script(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


MISMATCH = """pg_dump: error: aborting because of server version mismatch
pg_dump: detail: server version: 17.5; pg_dump version: 15.13 (Debian 15.13-0+deb12u1)"""


@pytest.mark.parametrize(
    ("says", "words"),
    [
        pytest.param(None, "install PostgreSQL's client programs", id="not installed"),
        pytest.param(MISMATCH, "pg_dump is of version 15 and the server of version 17; install", id="older"),
        pytest.param("pg_restore: error: unsupported version (1.16) in file header", "install newer", id="newer file"),
        pytest.param('pg_dump: error: connection to server at "h" failed', "failed: connection to server", id="other"),
        pytest.param("", "no reason", id="no words"),
    ],
)
def test_what_a_program_of_postgresql_lacks_is_one_sentence(
    says: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if says is not None:
        script(tmp_path / "bin", "pg_dump", f"cat >&2 <<'EOF'\n{says}\nEOF\nexit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin" if says is not None else str(tmp_path))
    url = create_engine("postgresql+psycopg://ann:secret@h/db").url
    with pytest.raises((InputError, ArchiveError)) as caught:
        pgtools.dump(url, ["articles"], "1", tmp_path / "out")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_password_stands_in_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "bin", "pg_dump", f'echo "$@" > {tmp_path}/words; echo "$PGPASSWORD" > {tmp_path}/secret')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")
    url = create_engine("postgresql+psycopg://ann:s%40cret@h:5433/db?sslmode=require").url
    pgtools.dump(url, ["articles"], "1", tmp_path / "out")
    words = (tmp_path / "words").read_text()
    assert "--dbname=postgresql://ann@h:5433/db?sslmode=require" in words
    assert "cret" not in words
    assert (tmp_path / "secret").read_text() == "s@cret\n"
