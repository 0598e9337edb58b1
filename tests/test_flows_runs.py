"""The flows themselves in one process, with Prefect's engine on a throw-away server: what they store, say and show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from archive import issues
from archive.locks import hold
from flows.digest import artifact_key, digest
from flows.heartbeat import last_beats
from flows.ingest import ingest
from flows.opening import open_archive
from flows.settings import Settings, load_settings
from flows.steps import now_utc
from reports.week import Week, last_complete_week, week_of_day
from tests.mailserver import Inbox, mail_server
from tests.prefect_server import FEED_PATH, PAGE, PAGE_PATH, catalogue, feed
from tests.webserver import Reply, Web

pytestmark = pytest.mark.slow

NONE_OPEN = "0 refused, 0 unknown, 0 to be tried again"
READERS = ("reader@example.org", "desk@example.net")


@pytest.fixture(scope="session")
def engine() -> Iterator[None]:
    """Prefect's own harness; imported here, because it costs five seconds."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    # without heartbeats a flow run ends in 0.3 s instead of 1.1 s
    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.fixture
def settings(engine: None, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A fresh home whose catalogue has one source that works and one that is out of order."""
    del engine
    web.add(FEED_PATH, Reply(feed(web.url(PAGE_PATH)), headers={"Content-Type": "application/rss+xml"}))
    web.add(PAGE_PATH, Reply(PAGE.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
    web.add("/broken.xml", Reply(b"out of order", status=503))
    listed = catalogue(("wire", web.url(FEED_PATH)), ("broken", web.url("/broken.xml", "127.0.1.2")))
    (tmp_path / "sources.toml").write_text(listed, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for key, value in {"HOME": tmp_path / "home", "ALLOW_PRIVATE_ADDRESSES": "true", "HOST_DELAY": "0"}.items():
        monkeypatch.setenv(f"MEETINGS_{key}", str(value))
    return load_settings()


def said(state: State[Any]) -> tuple[str, str]:
    return state.type.value, state.message or ""


def latest_artifact(key: str) -> str:
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
    from prefect.client.schemas.sorting import ArtifactSort

    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])), sort=ArtifactSort.CREATED_DESC, limit=1
        )
    return str(found[0].data)


def started_before(settings: Settings, *, weeks: int = 1) -> Week:
    """Let the archive's first run lie weeks back, so that last week's issue is no back issue; that week."""
    with open_archive(settings) as archive, archive.write() as session:
        issues.mark_first_run(session, now_utc() - timedelta(weeks=weeks))
    return last_complete_week(now_utc(), settings.tz)


def test_one_broken_source_does_not_stop_the_others(settings: Settings) -> None:
    state = ingest(return_state=True)
    assert said(state) == ("COMPLETED", "2 sources polled, 1 new article, 1 new meeting; failing: broken")
    rows = json.loads(latest_artifact("sources"))
    shown = [(row["source"], row["state"]) for row in rows]
    assert shown == [("wire", "stale"), ("broken", "server_error")], "alarms first: its one item is of 2024"
    assert rows[1]["why"] == "127.0.1.2 answered 503 Service Unavailable."
    assert (settings.home / "archive.db").exists()


def test_a_second_ingest_finds_nothing_due_and_leaves_the_table(settings: Settings) -> None:
    del settings
    ingest(return_state=True)
    table = latest_artifact("sources")
    assert said(ingest(return_state=True)) == ("COMPLETED", "0 sources polled, 0 new articles, 0 new meetings")
    assert latest_artifact("sources") == table


def test_ingest_gives_way_to_whoever_holds_the_archive(settings: Settings) -> None:
    with (
        open_archive(settings) as archive,
        hold(archive, "ingest", owner="another shell", now_fn=now_utc, lease=timedelta(hours=1)),
    ):
        kind, words = said(ingest(return_state=True))
    assert kind == "CANCELLED"
    assert words.startswith("another shell has held")


def test_a_wrong_catalogue_fails_the_run_with_file_and_source(settings: Settings, tmp_path: Path) -> None:
    del settings
    (tmp_path / "sources.toml").write_text('[[source]]\nid = "x"\nurll = "https://x.example"\n', encoding="utf-8")
    kind, words = said(ingest(return_state=True))
    assert kind == "FAILED"
    assert "sources.toml" in words
    assert "source 'x'" in words


def test_digest_polls_first_and_shows_the_issue_it_wrote(settings: Settings) -> None:
    state = digest(week="2024-W50", return_state=True)
    assert said(state) == ("COMPLETED", "2024-W50: 1 new meeting, a back issue: never mailed")
    assert "Bui Thanh Son" in latest_artifact("digest-2024-w50")
    assert (settings.home / "issues" / "2024-W50" / "digest.md").exists()


def test_digest_writes_even_when_it_cannot_poll(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEETINGS_POLL_FIRST_TIMEOUT", "0.1")
    week = started_before(settings)
    with (
        open_archive(settings) as archive,
        hold(archive, "ingest", owner="another shell", now_fn=now_utc, lease=timedelta(hours=1)),
    ):
        kind, words = said(digest(return_state=True))
    assert kind == "COMPLETED"
    assert words == f"{week.label}: 0 new meetings, not sent, because no mail server is set (MEETINGS_SMTP_HOST)"


def test_digest_reaches_each_reader_once_and_names_none(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    week = started_before(settings)
    tables = "".join(f'[[recipient]]\naddress = "{address}"\n' for address in READERS)
    (tmp_path / "recipients.toml").write_text(tables, encoding="utf-8")
    inbox = Inbox()
    with mail_server(inbox) as port:
        for key, value in {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": port, "SMTP_SECURITY": "none"}.items():
            monkeypatch.setenv(f"MEETINGS_{key}", str(value))
        first = said(digest(poll_first=False, return_state=True))
        again = said(digest(poll_first=False, return_state=True))
    assert first == ("COMPLETED", f"{week.label}: 0 new meetings, 2 accepted, {NONE_OPEN}, 0 served before")
    assert again == ("COMPLETED", f"{week.label}: 0 new meetings, 0 accepted, {NONE_OPEN}, 2 served before")
    assert sorted(address for address, _ in inbox.accepted) == sorted(READERS)
    shown = latest_artifact(artifact_key(week)) + str(first)
    assert not any(address in shown for address in READERS)


def test_digest_tells_of_a_refused_reader_without_naming_them(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_before(settings)
    tables = "".join(f'[[recipient]]\naddress = "{address}"\n' for address in READERS)
    (tmp_path / "recipients.toml").write_text(tables, encoding="utf-8")
    with mail_server(Inbox(recipients={READERS[0]: f"550 {READERS[0]} unknown"})) as port:
        for key, value in {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": port, "SMTP_SECURITY": "none"}.items():
            monkeypatch.setenv(f"MEETINGS_{key}", str(value))
        kind, words = said(digest(poll_first=False, return_state=True))
    assert kind == "FAILED"
    assert "1 accepted, 1 refused" in words
    assert READERS[0] not in words


def test_what_is_held_after_a_restore_is_no_success(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_before(settings)
    with open_archive(settings) as archive, archive.write() as session:
        issues.mark_restored(session, now_utc())
    (tmp_path / "recipients.toml").write_text(f'[[recipient]]\naddress = "{READERS[0]}"\n', encoding="utf-8")
    monkeypatch.setenv("MEETINGS_SMTP_HOST", "127.0.0.1")
    for _ in range(2):
        kind, words = said(digest(poll_first=False, return_state=True))
        assert (kind, "1 unknown, 1 of them held" in words.replace(", 0 to be tried again, 0 served before", "")) == (
            "FAILED",
            True,
        ), words
    assert [beat.well for beat in last_beats(settings)] == [False]


def test_a_poll_that_breaks_stops_no_digest(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("flows.digest.poll_and_detect", broken)
    week = started_before(settings)
    kind, words = said(digest(return_state=True))
    assert (kind, words.startswith(f"{week.label}: ")) == ("COMPLETED", True), words


def test_wrong_settings_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    del settings
    monkeypatch.setenv("MEETINGS_ZONE", "Nowhere/At_All")
    kind, words = said(digest(return_state=True))
    assert (kind, "zone" in words) == ("FAILED", True), words


def test_digest_dry_run_writes_messages_and_closes_nothing(settings: Settings, tmp_path: Path) -> None:
    week = started_before(settings)
    (tmp_path / "recipients.toml").write_text(f'[[recipient]]\naddress = "{READERS[0]}"\n', encoding="utf-8")
    kind, words = said(digest(poll_first=False, dry_run=True, return_state=True))
    assert (kind, words) == ("COMPLETED", f"{week.label}: 0 new meetings, 1 messages written as files")
    with open_archive(settings) as archive, archive.read() as session:
        assert issues.closed_issues(session, settings.zone) == []


def test_a_week_that_does_not_exist_fails_in_words(settings: Settings) -> None:
    del settings
    kind, words = said(digest(week="2024-W60", poll_first=False, return_state=True))
    assert kind == "FAILED"
    assert "2024-W60" in words


def test_missed_weeks_are_made_up_in_their_order_beyond_the_four(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = started_before(settings, weeks=6)
    weeks = [week_of_day(last.days()[0] - timedelta(weeks=number)).label for number in range(4, -1, -1)]
    (tmp_path / "recipients.toml").write_text("nonsense", encoding="utf-8")
    monkeypatch.setenv("MEETINGS_SMTP_HOST", "127.0.0.1")
    kind, words = said(digest(since=weeks[0], poll_first=False, return_state=True))
    assert (kind, words.startswith(f"{weeks[0]}: ")) == ("FAILED", True)
    assert words.endswith(f"; {', '.join(weeks[1:])}: not begun, because issues close in their order")
    (tmp_path / "recipients.toml").write_text(f'[[recipient]]\naddress = "{READERS[0]}"\n', encoding="utf-8")
    inbox = Inbox()
    with mail_server(inbox) as port:
        for key, value in {"SMTP_PORT": port, "SMTP_SECURITY": "none"}.items():
            monkeypatch.setenv(f"MEETINGS_{key}", str(value))
        kind, words = said(digest(since=weeks[0], poll_first=False, return_state=True))
    assert (kind, [part.split(":")[0] for part in words.split("; ")]) == ("COMPLETED", weeks)
    assert len(inbox.accepted) == len(weeks)
    assert said(digest(since=weeks[0], poll_first=False, return_state=True)) == ("COMPLETED", "nothing is left to do")
    both = said(digest(since=weeks[0], week=weeks[0], poll_first=False, return_state=True))
    assert both == ("FAILED", "week and since exclude each other; give one of them")
