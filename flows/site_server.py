"""A look at the web archive through a small web server on this machine alone; no server for the public."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from parsers.records import MeetingsError

HOST = "127.0.0.1"


class _Handler(SimpleHTTPRequestHandler):
    """Files as they are, with the types that browsers want for ours; nothing whose name begins with a dot."""

    extensions_map = {  # noqa: RUF012 - the base class has it as a plain dictionary
        **SimpleHTTPRequestHandler.extensions_map,
        ".atom": "application/atom+xml",
        ".ics": "text/calendar; charset=utf-8",
        ".jsonl": "application/x-ndjson",
        ".js": "text/javascript; charset=utf-8",
    }

    def translate_path(self, path: str) -> str:
        """The file of an address, which never leads out of the folder."""
        hidden = any(part.startswith(".") for part in unquote(urlsplit(path).path).split("/"))
        return super().translate_path("/does-not-exist" if hidden else path)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the base class
        """Keeps quiet."""


def serve_folder(folder: Path, port: int, *, ready: Callable[[str], None]) -> None:
    """Serves the folder until interrupted; `ready` is told the address. Port 0 takes any that is free.

    Raises `MeetingsError` when the port is taken.
    """
    try:
        server = ThreadingHTTPServer((HOST, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise MeetingsError(f"port {port} cannot be used ({error.strerror}); give another one with --port") from error
    with server:
        ready(f"http://{HOST}:{server.server_address[1]}/")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
