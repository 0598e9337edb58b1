"""What this user may not read or write is called that, and never damaged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from flows.settings import Settings
from flows.supervising import supervise
from flows.verifying import verify
from reports.supervision import Trouble
from tests.backupkit import WEEK, fill, quiet, settings_for
from tests.faults import as_nobody


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A filled home that everybody may use; pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        monkeypatch.chdir(folder)
        settings = settings_for(home, None)
        fill(settings)
        supervise(settings)  # what it loads is loaded by one who may
        for path in (home.parent, home, *home.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        with as_nobody():
            assert verify(settings, quiet) == []
        yield settings


@pytest.mark.parametrize(
    ("place", "mode"),
    [
        pytest.param(".", 0o700, id="home"),
        pytest.param(".", 0o755, id="home that may be read"),
        pytest.param("archive.db", 0o600, id="database"),
        pytest.param("archive.db", 0o644, id="database that may be read"),
        pytest.param("articles", 0o700, id="folder of articles"),
        pytest.param("articles/2024/001_*.txt", 0o600, id="article"),
        pytest.param("raw/*", 0o600, id="raw file"),
        pytest.param(f"issues/{WEEK}/digest.md", 0o600, id="file of an issue"),
    ],
)
def test_what_may_not_be_used_is_not_damaged(settings: Settings, place: str, mode: int) -> None:
    [path] = settings.home.glob(place) if place != "." else [settings.home]
    path.chmod(mode)
    with as_nobody(), pytest.raises(ArchiveError, match=r"access is denied; make it|make it and its folder") as caught:
        verify(settings, quiet)
    assert str(path) in str(caught.value)
    if place in (".", "archive.db"):
        with as_nobody():
            _, found = supervise(settings)
        assert [each.message for each in found if each.trouble is Trouble.ARCHIVE_UNUSABLE] == [str(caught.value)]
