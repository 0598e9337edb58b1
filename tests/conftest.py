"""What every test file shares: its place in the order, the local web server, golden files, hypothesis' settings."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from itertools import chain, groupby
from typing import Any

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


class _PatientSys:
    """`sys` as new threads see it: where a trace function cannot be installed yet, it is tried again.

    CPython 3.11 lets one thread at a time install one, and with audit hooks, which tests have, two may be at it: then a
    thread of a test would end before it began, when coverage is measured.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)

    def settrace(self, function: Callable[..., Any] | None) -> None:
        for _ in range(1000):
            try:
                sys.settrace(function)
            except RuntimeError:
                time.sleep(0.001)
            else:
                return


threading._sys = _PatientSys()  # type: ignore[attr-defined]

# Two cores shared with whatever else runs: an example that takes long is no finding.
settings.register_profile("exploring", deadline=None)
# CI tries the same examples each time: what a new one finds is for the next who works here, not for whoever lands next
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "exploring")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker begins with its share of the files that are slow as a whole.

    What one worker takes over from another in the end (`--dist worksteal`: from the end of its queue) are quick tests
    then, and no server or browser of a file is started a second time.
    """
    shares: list[list[pytest.Item]] = [[] for _ in range(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")))]
    if not shares:
        return
    for _, file in groupby(items, lambda item: item.path):
        tests = list(file)
        if all(test.get_closest_marker("slow") for test in tests):
            min(shares, key=len).extend(tests)
    begun = set(chain(*shares))
    others = [test for test in items if test not in begun]
    for share in shares:
        room = max(0, len(items) // len(shares) - len(share))
        share.extend(others[:room])
        del others[:room]
    items[:] = [*chain(*shares), *others]


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """True when golden files are to be written anew."""
    return bool(request.config.getoption("--update-golden"))
