"""`pg_dump` and `pg_restore`: PostgreSQL's own programs, run on the database of an archive.

The password goes to them in the environment, since every user of a machine may read command lines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import URL

from archive.errors import ArchiveError
from parsers.records import InputError

_VERSIONS = re.compile(r"server version: (\d+)\S*.*pg_dump version: (\d+)")
_NEWER_FORMAT = "unsupported version"
_MISMATCH = "server version mismatch"


def dump(address: URL, tables: Iterable[str], snapshot: str, out: Path) -> None:
    """Writes these tables as the exported snapshot sees them to `out`, in pg_dump's custom format.

    Raises `InputError` when pg_dump is missing or older than the server, `ArchiveError` when it fails.
    """
    chosen = [f"--table={table}" for table in tables]
    _run("pg_dump", address, "--format=custom", f"--snapshot={snapshot}", f"--file={out}", *chosen)


def restore(address: URL, dumped: Path) -> None:
    """Brings what `dump` wrote into a database without such tables; whole, or not at all. Raises like `dump`."""
    _run("pg_restore", address, "--single-transaction", "--exit-on-error", str(dumped))


def _run(program: str, address: URL, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise InputError(
            f"{program} is needed for an archive in PostgreSQL and is not on the PATH; install PostgreSQL's client "
            f"programs of the server's version or a newer one (Debian: postgresql-client)"
        )
    place = address.username, None, address.host, address.port, address.database, address.query
    plain = URL.create("postgresql", *place).render_as_string()
    command = [found, "--no-owner", "--no-privileges", "--no-password", f"--dbname={plain}", *arguments]
    secret = {"PGPASSWORD": address.password} if address.password else {}
    done = subprocess.run(  # noqa: S603 - a program found by its name, arguments of ours
        command, env={**os.environ, **secret, "LC_ALL": "C"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise _failed(program, done.stderr)


def _failed(program: str, told: str) -> ArchiveError | InputError:
    if _MISMATCH in told:
        versions = _VERSIONS.search(told.replace("\n", " "))
        server, own = versions.groups() if versions else ("newer", "older")
        return InputError(
            f"{program} is of version {own} and the server of version {server}; install PostgreSQL's client programs "
            f"of version {server} and put them first on the PATH"
        )
    if _NEWER_FORMAT in told:
        return InputError(f"{program} is older than the pg_dump that wrote this backup; install newer client programs")
    lines = [line for line in told.strip().splitlines() if "error:" in line] or told.strip().splitlines()
    return ArchiveError(f"{program} failed: {lines[0].partition('error: ')[2] or lines[0] if lines else 'no reason'}.")
