"""The few calls to a Prefect server's REST API that need no Prefect: its health, a run's start and its state.

Prefect's own client would first load for two seconds, write to the user's `~/.prefect`, and obey whatever profile or
`PREFECT_API_URL` it finds there. The paths are those of the API reference of the pinned 3.8.8.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import time
from typing import Any

from flows.settings import Settings
from parsers.records import MeetingsError

TIMEOUT = 30.0
BUSY = (429, 502, 503)
BUSY_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)


class ServerError(MeetingsError):
    """Nothing answers there, or something that is no Prefect server."""


class RefusedError(MeetingsError):
    """The server understood and said no; `status` is the HTTP status, the text what the server said."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class PrefectApi:
    """The API of the server that `meetings serve` starts with these settings."""

    def __init__(self, settings: Settings) -> None:
        self._host = reachable(settings.prefect_host)
        self._port = settings.prefect_port

    @property
    def ui(self) -> str:
        """Where a browser finds it."""
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    @property
    def url(self) -> str:
        """What `PREFECT_API_URL` has to be."""
        return f"{self.ui}/api"

    def healthy(self) -> bool:
        """Whether the server is up and its database open."""
        try:
            return self._call("GET", "/health", None) is True
        except MeetingsError:
            return False

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What one call answers; raises `ServerError` or `RefusedError`.

        A server that is too busy for a moment is asked again, as Prefect's own client does: on SQLite it answers 503
        while its database is locked, and has done nothing then (prefect.md §3).
        """
        for wait in BUSY_WAITS:
            try:
                return self._call(method, path, body)
            except RefusedError as error:
                if error.status not in BUSY:
                    raise
            time.sleep(wait)
        return self._call(method, path, body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body)
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        try:
            connection.request(method, "/api" + path, data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(
                f"no Prefect server answers at {self.ui}: start `meetings serve`, "
                "or set MEETINGS_PREFECT_PORT to the port on which it runs"
            ) from error
        finally:
            connection.close()
        try:
            answer = json.loads(text) if text else None  # 204 has no body
        except ValueError as error:
            raise ServerError(f"what answers at {self.ui} is no Prefect server; set MEETINGS_PREFECT_PORT") from error
        if response.status >= 400:
            raise RefusedError(response.status, _reason(answer))
        return answer


def reachable(host: str) -> str:
    """The address under which a server on this machine that listens on `host` is called."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "::1" if address.version == 6 else "127.0.0.1"


def _reason(answer: object) -> str:
    detail = answer.get("detail", answer) if isinstance(answer, dict) else answer
    return detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False)
