"""Passwords are written nowhere, readers' addresses only where they are needed, and in files of their owner alone."""

from __future__ import annotations

import gzip
import logging
import os
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError

from archive import issues
from archive.store import Archive, ArchiveError
from flows import issuing
from flows.heartbeat import masking
from flows.settings import Settings, load_settings, shipped
from flows.steps import now_utc
from parsers.records import InputError
from reports.recipients import Recipient
from tests.commandline import SEEDS, Meetings
from tests.databases import PostgreSQL
from tests.mailserver import DROP, Inbox, mail_server, one_login
from tests.prefect_server import Served, catalogue, free_port, until

READER, NAME, OTHER = "jane.doe@readers.example", "Jane Quillfeather", "ned@readers.example"
OPERATOR = "operator@desk.example"
SMTP_PASSWORD, DATABASE_PASSWORD, TOKEN_KEY = "pw-Smtp-7130", "pw-Database-9244", "pw-Token-5518"
PASSWORDS = (SMTP_PASSWORD, DATABASE_PASSWORD, TOKEN_KEY)
PEOPLE = (READER, NAME, OTHER)
RECIPIENTS = f"""[[recipient]]
address = "{READER}"
name = "{NAME}"

[[recipient]]
address = "{OTHER}"
"""


def variables(port: int, url: str | None = None) -> dict[str, str]:
    """The environment of a service that has every secret there is; the database takes any password."""
    password = make_url(url).set(password=DATABASE_PASSWORD) if url else None
    return {
        "MEETINGS_SMTP_HOST": "127.0.0.1",
        "MEETINGS_SMTP_PORT": str(port),
        "MEETINGS_SMTP_SECURITY": "none",
        "MEETINGS_SMTP_USERNAME": "post",
        "MEETINGS_SMTP_PASSWORD": SMTP_PASSWORD,
        "MEETINGS_UNSUBSCRIBE_URL": "https://lists.example/leave?t={token}",
        "MEETINGS_UNSUBSCRIBE_SECRET": TOKEN_KEY,
        "MEETINGS_ALERT_TO": OPERATOR,
        **({"MEETINGS_DATABASE_URL": password.render_as_string(hide_password=False)} if password else {}),
    }


def files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file below a folder with what stands in it, unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            yield path, (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")


def told(words: str, hidden: tuple[str, ...] = PASSWORDS + PEOPLE) -> list[str]:
    return [each for each in hidden if each in words]


def begun(home: Path, url: str | None = None) -> None:
    """An archive at work for weeks, so that last week's issue is one that is mailed."""
    with Archive.open(home, url) as archive, archive.write() as session:
        issues.mark_first_run(session, now_utc() - timedelta(weeks=6))


@pytest.fixture
def said(meetings: Meetings) -> Iterator[Callable[..., str]]:
    """`said("digest", "--send")`: all that the command prints with --debug, and the traceback that it ends with."""

    def run(*arguments: str) -> str:
        try:
            ran = meetings("--debug", *arguments)
        except Exception:  # noqa: BLE001 - whatever it is, its traceback is shown
            return traceback.format_exc()
        return f"{ran.code}\n{ran.out}{ran.err}"

    yield run
    logging.getLogger("sqlalchemy").setLevel(logging.NOTSET)


@pytest.fixture
def service(
    meetings: Meetings, tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], None]:
    """Sets everything a service has, with its mail server at this port."""
    (tmp_path / "recipients.toml").write_text(RECIPIENTS, encoding="utf-8")

    def use(port: int) -> None:
        for key, value in variables(port, database).items():
            monkeypatch.setenv(key, value)
        begun(meetings.home, database)

    return use


ECHO = f"<{READER}> may not, post:{SMTP_PASSWORD}"
OPEN: dict[str, Any] = {"auth_require_tls": False, "authenticator": one_login("post", SMTP_PASSWORD)}
PLAYS = [
    pytest.param(Inbox(recipients={READER: f"550 {ECHO}"}), OPEN, "1 refused", id="refused with an echo"),
    pytest.param(Inbox(recipients={READER: f"450 {ECHO}"}), OPEN, "1 to be tried again", id="put off"),
    pytest.param(Inbox(sender=f"550 {ECHO}"), OPEN, "2 to be tried again", id="sender refused"),
    pytest.param(Inbox(content=DROP), OPEN, "2 unknown", id="in doubt"),
    pytest.param(
        Inbox(), OPEN | {"authenticator": one_login("post", "other")}, "2 to be tried again", id="wrong password"
    ),
    pytest.param(Inbox(), {}, "2 to be tried again", id="no login offered"),
]


@pytest.mark.parametrize(("inbox", "options", "outcome"), PLAYS)
def test_a_sending_that_fails_names_nobody_and_no_password(
    inbox: Inbox,
    options: Mapping[str, Any],
    outcome: str,
    said: Callable[..., str],
    service: Callable[[int], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.CRITICAL, "mail.log")  # the mail server's own
    with mail_server(inbox, **options) as port:
        service(port)
        words = said("digest", "--send")
    assert outcome in words
    assert "meetings deliveries --issue" in words
    words += said("status") + said("status", "--json")
    assert not told(words + caplog.text)


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(lambda m: m.setattr(issuing, "message", _lost), id="an error of ours"),
        pytest.param(
            lambda _: Path("recipients.toml").write_text('[[recipient]]\naddress = "jane.doe readers.example"\n'),
            id="no address",
        ),
        pytest.param(lambda _: Path("recipients.toml").write_text(RECIPIENTS * 2), id="an address twice"),
        pytest.param(lambda m: m.delenv("MEETINGS_SMTP_USERNAME"), id="password without user"),
        pytest.param(lambda m: m.setenv("MEETINGS_UNSUBSCRIBE_URL", "http://no"), id="a wrong setting"),
        pytest.param(lambda m: m.setenv("MEETINGS_SMTP_SECURITY", "starttls"), id="no STARTTLS there"),
        pytest.param(lambda m: m.setenv("MEETINGS_SMTP_SECURITY", "tls"), id="no TLS there"),
        pytest.param(
            lambda m: m.setenv("MEETINGS_DATABASE_URL", f"postgresql+psycopg://u:{DATABASE_PASSWORD}@127.0.0.1:9/db"),
            id="no database server",
        ),
    ],
)
def test_whatever_is_wrong_is_told_without_addresses_and_passwords(
    break_it: Callable[[pytest.MonkeyPatch], object],
    said: Callable[..., str],
    service: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.CRITICAL, "mail.log")  # the mail server's own
    with mail_server(Inbox(), **OPEN) as port:
        service(port)
        break_it(monkeypatch)
        words = said("digest", "--send")
    assert not words.startswith("0\n")
    assert not told(words + caplog.text, (*PASSWORDS, *PEOPLE, "jane.doe"))


def _lost(settings: Settings, issue: issuing.Issue, recipient: Recipient, *_: object, **__: object) -> None:
    raise LookupError(f"no message for {recipient} of {issue.week} under {settings!r}")


@pytest.mark.slow
def test_only_private_files_hold_addresses_and_none_a_password(
    said: Callable[..., str],
    service: Callable[[int], None],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    database: str | None,
) -> None:
    if database:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        monkeypatch.setenv("PATH", str(server.bin), prepend=os.pathsep)
    (tmp_path / "recipients.toml").chmod(0o600)
    seed = str(min(SEEDS.glob("*.txt")))
    inbox = Inbox(recipients={READER: f"550 {ECHO}"})
    with mail_server(inbox, **OPEN) as port:
        service(port)
        commands = [
            "import " + seed, "digest --dry-run", "digest --send", "ingest --force", "site build", "redetect",
            f"explain --html page.html {seed}", "sources check", "verify", "repair", "backup", "status --mail",
            *(f"export --format {each}" for each in ("jsonl", "csv", "ics", "atom", "plover")),
        ]  # fmt: skip
        words = {command: said(*command.split()) for command in commands}
    failed = {command for command, each in words.items() if not each.startswith("0\n")}
    assert failed == {"digest --send", "sources check", "status --mail"}
    assert {command: found for command, each in words.items() if (found := told(each))} == {}
    written = dict(files(tmp_path))
    assert {path: found for path, each in written.items() if (found := told(each, PASSWORDS))} == {}
    with_people = {path for path, each in written.items() if told(each, PEOPLE)}
    assert {path.suffix for path in with_people} == {".toml", ".eml", ".tar"} | (set() if database else {".db"})
    mails = {path for path in written if path.suffix in (".eml", ".tar", ".db")}
    assert {
        path: oct(mode) for path in with_people | mails if (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077
    } == {}
    assert {path.parent.name for path in mails} >= {"mail", "backups"}
    # the operator's mail names no reader either
    [notice] = [content.decode() for to, content in inbox.accepted if to == OPERATOR]
    assert not told(notice)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_log_of_every_step_shows_no_rows_and_no_parameters(
    meetings: Meetings, service: Callable[[int], None], tmp_path: Path
) -> None:
    with mail_server(Inbox(recipients={READER: f"550 {ECHO}"}), **OPEN) as port:
        service(port)
        command = [sys.executable, "-c", "from flows.cli import main; main()", "--home", str(meetings.home), "--debug"]
        ran = subprocess.run(
            [*command, "digest", "--send"], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
        )
    assert "1 refused" in ran.stdout
    assert "INFO sqlalchemy.engine" in ran.stderr
    assert "INSERT INTO deliveries" in ran.stderr
    assert not told(ran.stdout + ran.stderr)


def test_an_error_of_the_database_quotes_no_values(archive: Archive) -> None:
    with pytest.raises(IntegrityError) as caught, archive.write() as session:
        session.execute(text("INSERT INTO meta (key, value) VALUES (:key, :key)"), [{"key": READER}] * 2)
    shown = "".join(traceback.format_exception(caught.value))
    assert "meta" in shown
    assert not told(shown)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://ann:x@{DATABASE_PASSWORD}@127.0.0.1:9/db",
        f"postgresql+psycopg://ann@127.0.0.1:9/db?password={DATABASE_PASSWORD}",
        f"postgresql+psycopg://ann@127.0.0.1:9/db?sslpassword={DATABASE_PASSWORD}",
        f"postgresql+psycopg://ann:{DATABASE_PASSWORD}@127.0.0.1:port/db",
        f"postgresql+psycopg://ann:{DATABASE_PASSWORD}@127.0.0.1:9/db",
        f"postgresql+psycopg://ann:x%40{DATABASE_PASSWORD}@127.0.0.1:9/db",
        f"nosuch://ann:{DATABASE_PASSWORD}@127.0.0.1/db",
        f"ann:{DATABASE_PASSWORD}@127.0.0.1",
    ],
    ids=["@ in it", "behind ?", "of a key", "no port", "no server", "escaped @", "no such database", "no URL"],
)
def test_a_database_that_cannot_be_opened_is_told_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises((InputError, ArchiveError)) as caught:
        Archive.open(tmp_path / "home", url)
    assert not told("".join(traceback.format_exception(caught.value)))


@pytest.mark.parametrize(
    "error",
    [KeyError(READER), InputError(f"<{READER}> is there twice"), ValueError("at", READER)],
    ids=lambda error: type(error).__name__,
)
def test_what_leaves_a_flow_keeps_its_kind_and_loses_its_addresses(error: Exception) -> None:
    error.__context__ = RuntimeError(READER)
    with pytest.raises(type(error)) as caught, masking():
        raise error
    assert "<address>" in str(caught.value)
    assert not told("".join(traceback.format_exception(caught.value)))


def test_what_holds_secrets_does_not_show_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for key, value in variables(25, "postgresql+psycopg://ann@127.0.0.1/db").items():
        monkeypatch.setenv(key, value)
    settings = load_settings()
    held = (settings, issuing.smtp_settings(settings), issuing.unsubscribe(settings), Recipient(READER, NAME))
    assert not told(" ".join(f"{each!r} {each}" for each in held) + settings.model_dump_json())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_service_whose_runs_fail_tells_neither_addresses_nor_passwords(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """Everything that a real server keeps and says: runs, states, logs, artifacts, events, and the operator's mail."""
    url = postgresql.new_database()
    (tmp_path / "recipients.toml").write_text(RECIPIENTS, encoding="utf-8")
    begun(tmp_path / "home", url)
    inbox = Inbox(recipients={READER: f"550 {ECHO}"})
    with mail_server(inbox, **OPEN) as port:
        wire = catalogue(("wire", f"http://127.0.0.1:{free_port()}/feed.xml"))
        with Served(tmp_path, wire, variables(port, url)) as served:
            served.start(shipped("prefect.yaml"))
            printed = [served.meetings("trigger", "digest", "-p", "poll_first=false")]
            assert "1 accepted, 1 refused" in printed[0].stdout
            printed.append(served.meetings("trigger", "ingest", "-p", 'sources=["wire"]'))
            (tmp_path / "recipients.toml").write_text(RECIPIENTS * 2, encoding="utf-8")
            printed.append(served.meetings("trigger", "digest", "-p", "poll_first=false"))
            assert "is the one of recipient 1" in printed[-1].stdout
            until(lambda: [to for to, _ in inbox.accepted if to == OPERATOR], "the mail to the operator")
        words = "".join(served.output) + "".join(f"{each.stdout}{each.stderr}" for each in printed)
    mails = "".join(content.decode() for to, content in inbox.accepted if to == OPERATOR)
    assert not told(words + mails)
    (tmp_path / "recipients.toml").unlink()
    written = dict(files(tmp_path))
    kept = "".join(each for path, each in written.items() if path.name.startswith("prefect.db"))
    assert "is the one of recipient 1" in kept
    assert "1 accepted, 1 refused" in kept
    assert {path: found for path, each in written.items() if (found := told(each))} == {}
