"""What disks and databases do wrong, done to this process: operations that fail from one point on."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url

from tests.databases import PostgreSQL

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass
class Disk:
    """Counts what changes files below a folder (SQLite's own excepted), and fails it after the first `good` of them."""

    below: str
    good: float
    code: int
    done: int = 0

    def step(self, path: object) -> None:
        """One operation on that path."""
        if isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(self.below):
            self.done += 1
            if self.done > self.good:
                raise OSError(self.code, os.strerror(self.code), os.fsdecode(path))


_disk: Disk | None = None


def _hook(name: str, args: tuple[Any, ...]) -> None:
    """The audit events of the standard library come before the operation, and what is raised here prevents it."""
    if _disk is None:
        return
    if (name == "open" and (args[2] or 0) & WRITING) or name in ("os.mkdir", "os.rename", "os.remove"):
        _disk.step(args[1] if name == "os.rename" else args[0])


sys.addaudithook(_hook)


@contextmanager
def failing_disk(below: Path, code: int = errno.EIO, *, good: float = float("inf")) -> Iterator[Disk]:
    """After `good` operations every further one below the folder fails with that error; so does syncing."""
    global _disk  # noqa: PLW0603 - an audit hook cannot be taken away
    disk = Disk(str(below), good, code)
    real = os.fsync

    def fsync(descriptor: int) -> None:
        disk.step(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        _disk = disk
        try:
            yield disk
        finally:
            _disk = None


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere, so the block runs as a user who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def file_size_limit(most: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: the kernel refuses as it does on a full disk, SQLite included."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def on_connect(statement: str) -> Iterator[None]:
    """Every database connection made in the block begins with that statement."""

    def say(connection: Any, _record: object) -> None:
        connection.cursor().execute(statement)
        connection.commit()

    event.listen(Engine, "connect", say)
    try:
        yield
    finally:
        event.remove(Engine, "connect", say)


@contextmanager
def cut_connection(server: PostgreSQL, *, at: int) -> Iterator[Iterator[int]]:
    """The server ends the session that is about to make the statement of that number, the first of all being 1.

    Those to the archive that the environment names are counted. Yields the numbers still to be given.
    """
    numbers = itertools.count(1)
    archive = make_url(os.environ["MEETINGS_DATABASE_URL"]).database

    def cut(connection: Any, cursor: Any, *_: object) -> None:
        if connection.engine.url.database == archive and next(numbers) == at:
            server.execute(f"SELECT pg_terminate_backend({cursor.connection.info.backend_pid}, 5000)")

    event.listen(Engine, "before_cursor_execute", cut)
    try:
        yield numbers
    finally:
        event.remove(Engine, "before_cursor_execute", cut)
