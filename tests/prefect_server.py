"""A real `meetings serve` in a process of its own, on a fresh home and a free port, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from flows.prefect_api import PrefectApi
from flows.settings import Settings, shipped

PATIENCE = 150.0
START = (
    "import sys; from pathlib import Path; from flows.serve import serve; from flows.settings import load_settings; "
    "sys.exit(serve(load_settings(), deployments=Path(sys.argv[1])))"
)
T = TypeVar("T")
NOTHING_MORE: Mapping[str, str] = {}
FEED_PATH, PAGE_PATH = "/feed.xml", "/2024/12/talks.html"
PAGE = """<html lang="en"><head><title>Chinese, Vietnamese foreign ministers hold talks in Beijing</title>
<meta property="article:published_time" content="2024-12-10T20:00:00+08:00"></head><body><article>
<h1>Chinese, Vietnamese foreign ministers hold talks in Beijing</h1>
<p>BEIJING, Dec. 10 – Chinese Foreign Minister Wang Yi met with Vietnamese Deputy Prime Minister and Foreign Minister
Bui Thanh Son in Beijing on Tuesday.</p>
<p>Wang said that China stood ready to work with Viet Nam on railways and on trade across the land border, and that the
two neighbours should carry out what their leaders had agreed.</p>
<p>Bui Thanh Son said that Viet Nam gave its relations with China first place in its foreign policy.</p>
</article></body></html>"""


def feed(page_url: str) -> bytes:
    """An RSS feed with the one article at `page_url`."""
    return f"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Test wire</title>
<link>http://wire.example/</link><description>One item</description><item>
<title>Chinese, Vietnamese foreign ministers hold talks in Beijing</title><link>{page_url}</link>
<description>Wang Yi and Bui Thanh Son spoke of railways between China and Viet Nam.</description>
<pubDate>Tue, 10 Dec 2024 12:00:00 GMT</pubDate></item></channel></rss>""".encode()


def catalogue(*sources: tuple[str, str]) -> str:
    """A `sources.toml` of RSS sources, given as id and URL."""
    return "".join(
        f'[[source]]\nid = "{name}"\noutlet = "{name}"\noutlet_name = "{name.title()}"\nside = "china"\n'
        f'language = "en"\nzone = "Asia/Shanghai"\nkind = "rss"\nurl = "{url}"\ninterval = "1h"\n\n'
        for name, url in sources
    )


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def every_minute(folder: Path) -> Path:
    """The shipped prefect.yaml with `ingest` on every minute."""
    text = shipped("prefect.yaml").read_text(encoding="utf-8")
    assert "5 */3 * * *" in text
    path = folder / "prefect.yaml"
    path.write_text(text.replace("5 */3 * * *", "* * * * *"), encoding="utf-8")
    return path


def until(what: Callable[[], T | None], why: str, patience: float = PATIENCE) -> T:
    """The first true value that `what` gives; fails with `why` when none comes."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if value := what():
            return value
        time.sleep(0.3)
    raise AssertionError(f"waited {patience:.0f} s in vain for {why}")


class Served:
    """One home, one port; `start` and `stop` may follow each other. `more`: further variables of the environment.

    `measured`: coverage, which costs such processes a third more, is measured; one file with servers is enough.
    """

    def __init__(
        self, folder: Path, sources: str, more: Mapping[str, str] = NOTHING_MORE, *, measured: bool = False
    ) -> None:
        self.folder = folder
        self.more = more
        self._foreign = ("MEETINGS_", "PREFECT_") if measured else ("MEETINGS_", "PREFECT_", "COVERAGE_")
        self.home = folder / "home"
        (folder / "sources.toml").write_text(sources, encoding="utf-8")
        self.settings = Settings(home=self.home, prefect_port=free_port())
        self.api = PrefectApi(self.settings)
        self.output: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def env(self) -> dict[str, str]:
        """The environment of an operator whose own Prefect points elsewhere."""
        plain = {k: v for k, v in os.environ.items() if not k.startswith(self._foreign)}
        return plain | {
            "MEETINGS_HOME": str(self.home),
            "MEETINGS_PREFECT_PORT": str(self.settings.prefect_port),
            "MEETINGS_SOURCES_FILE": str(self.folder / "sources.toml"),
            "MEETINGS_ALLOW_PRIVATE_ADDRESSES": "true",
            "MEETINGS_HOST_DELAY": "0",
            "MEETINGS_READ_TIMEOUT": "120",
            "MEETINGS_TOTAL_TIMEOUT": "140",
            "PREFECT_API_URL": "http://127.0.0.1:9/api",
            "PREFECT_HOME": str(self.folder / "foreign"),
            "PREFECT_PROFILE": "foreign",
            **self.more,
        }

    def start(self, deployments: Path) -> None:
        """Start, and wait until it says that it serves."""
        self.output = []
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, str(deployments)],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        until(lambda: any("Serving." in line for line in self.output) or self.ended, "`meetings serve` to be up")
        assert not self.ended, "".join(self.output)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output.append(line)

    @property
    def ended(self) -> bool:
        """Whether the process is over."""
        return self._process is None or self._process.poll() is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.ended:
            self._close()
        else:
            self.stop()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end; the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(timeout=90)
        self._close()
        return code

    def _close(self) -> None:
        if self._process and self._process.stdout and self._reader:
            self._reader.join(timeout=30)
            self._process.stdout.close()

    def left_over(self) -> list[str]:
        """The command lines of all processes that carry this home in their environment (Linux: /proc)."""
        mark = f"MEETINGS_HOME={self.home}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue  # it ended while we looked
        return found

    def meetings(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`meetings …` as the operator calls it."""
        command = [sys.executable, "-c", "from flows.cli import main; main()", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def runs(self, deployment: str, **state: list[str]) -> list[dict[str, Any]]:
        """The flow runs of a deployment, newest first, by `type` or `name` of their state."""
        wanted: dict[str, Any] = {"deployments": {"name": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_DESC"}
        if state:
            wanted["flow_runs"] = {"state": {key: {"any_": names} for key, names in state.items()}}
        found: list[dict[str, Any]] = self.api.call("POST", "/flow_runs/filter", wanted)
        return found

    def artifact(self, key: str) -> dict[str, Any]:
        """The latest artifact under a key."""
        found: dict[str, Any] = self.api.call("GET", f"/artifacts/{key}/latest")
        return found
