"""What every test file shares: the local web server, golden files and hypothesis' settings."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.webserver",
    "tests.commandline",
    "tests.fetchkit",
    "tests.tlskit",
    "tests.internet",
    "tests.databases",
    "tests.issuekit",
    "tests.backupkit",
]

# Two cores shared with whatever else runs: an example that takes long is no finding.
settings.register_profile("exploring", deadline=None)
# CI tries the same examples each time: what a new one finds is for the next who works here, not for whoever lands next
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "exploring")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """True when golden files are to be written anew."""
    return bool(request.config.getoption("--update-golden"))
