"""`pg_dump` and `pg_restore`: PostgreSQL's own programs; the second only writes the SQL that we run.

The password goes to them in the environment, since every user of a machine may read command lines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from archive.errors import ArchiveError
from parsers.records import InputError

_VERSIONS = re.compile(r"server version: (\d+)\S*.*pg_dump version: (\d+)")
_FOR_OTHERS = re.compile(rb"\\|SET \w+_timeout = ")
"""Lines for psql itself, and limits of time that are ours to set and that older servers do not know."""
_NEWER_FORMAT = "unsupported version"
_MISMATCH = "server version mismatch"


def dump(address: URL, tables: Iterable[str], snapshot: str, out: Path) -> None:
    """Writes these tables as the exported snapshot sees them to `out`, in pg_dump's custom format.

    Raises `InputError` when pg_dump is missing or older than the server, `ArchiveError` when it fails.
    """
    chosen = [f"--table={table}" for table in tables]
    _run("pg_dump", address, "--format=custom", f"--snapshot={snapshot}", f"--file={out}", *chosen)


def restore(connection: Connection, dumped: Path) -> None:
    """Brings what `dump` wrote into a database without such tables, in this transaction, which stays open.

    Raises like `dump`, and the database's own errors.
    """
    command = [_found("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(dumped)]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(  # noqa: S603 - a program found by its name, arguments of ours
            command, env={**os.environ, "LC_ALL": "C"}, stdout=subprocess.PIPE, stderr=said
        ) as program:
            assert program.stdout is not None  # noqa: S101 - tells mypy that it is piped
            try:
                _play(connection, program.stdout)
            except BaseException:
                program.kill()
                raise
        if program.returncode:
            said.seek(0)
            raise _failed("pg_restore", said.read().decode(errors="replace"))
    # a dump empties the search path of whoever plays it
    connection.exec_driver_sql("RESET ALL")


def _play(connection: Connection, script: IO[bytes]) -> None:
    """Runs a script as psql would: statements, and rows behind each COPY up to a line of their own."""
    statements: list[bytes] = []
    for line in script:
        if line.startswith(b"COPY ") and line.rstrip().endswith(b" FROM stdin;"):
            _run_statements(connection, statements)
            _copy(connection, line.rstrip().removesuffix(b";"), script)
        elif not _FOR_OTHERS.match(line):
            statements.append(line)
    _run_statements(connection, statements)


def _run_statements(connection: Connection, statements: list[bytes]) -> None:
    if any(not line.startswith(b"--") and line.strip() for line in statements):
        # without parameters the driver sends several at once
        connection.exec_driver_sql(b"".join(statements).decode(), execution_options={"no_parameters": True})
    statements.clear()


def _copy(connection: Connection, statement: bytes, rows: IO[bytes]) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - tells mypy that it is open
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                if row.rstrip() == b"\\.":
                    break
                copy.write(row)
    except connection.dialect.loaded_dbapi.Error as error:
        # as SQLAlchemy wraps the driver's errors, so that `told` knows them
        raise DBAPIError("COPY", None, error) from error


def _found(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise InputError(
            f"{program} is needed for an archive in PostgreSQL and is not on the PATH; install PostgreSQL's client "
            f"programs of the server's version or a newer one (Debian: postgresql-client)"
        )
    return found


def _run(program: str, address: URL, *arguments: str) -> None:
    found = _found(program)
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
