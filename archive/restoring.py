"""The way back from a backup: unpacked beside the archive, every hash checked, only then put in its place."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from archive import files
from archive.backup import DUMP_NAME, FOLDERS, FORMAT, MANIFEST, Manifest, Member
from archive.errors import ArchiveError, file_error
from archive.models import Base, LockRow, MetaRow
from archive.schema import HEAD
from archive.store import DATABASE_NAME, Archive
from parsers.records import Advance, InputError

STAGING = ".restore"
"""The folder in the home where a backup is unpacked."""
SET_ASIDE = "set-aside"
"""The folder in the home where what is replaced or unknown is moved."""
_CHUNK = 1 << 20
DATABASES = (DATABASE_NAME, DUMP_NAME)


def unpack(backup: Path, home: Path, advance: Advance) -> Manifest:
    """Unpacks a backup into the home's staging folder; what it holds.

    Raises `InputError` when the file is no backup, or one of a newer program; `ArchiveError` when anything in it is
    missing or not what the manifest says. Then nothing is left of it.
    """
    staging = home / STAGING
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.clear(staging)
        staging.mkdir(mode=0o700)
        try:
            manifest = _unpack(backup, staging, advance)
            # all of them at once: each by itself would take minutes for ten thousand files
            os.sync()
        except BaseException:
            files.clear(staging)
            raise
    except OSError as error:
        raise file_error(error, f"The home folder {home}") from error
    return manifest


def _unpack(backup: Path, staging: Path, advance: Advance) -> Manifest:
    try:
        file = backup.open("rb")
    except OSError as error:
        raise InputError(f"The backup {backup} cannot be read: {error.strerror}.") from error
    with file:
        if not tarfile.is_tarfile(file):
            raise InputError(f"{backup} is no backup of this program.")
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:") as tar:
                manifest = _manifest(tar, backup)
                due = {member.path: member for member in manifest.members}
                while (info := tar.next()) is not None:
                    member = due.pop(info.name, None)
                    content = tar.extractfile(info) if info.isfile() else None
                    if member is None or content is None:
                        raise _damaged(backup, f"it holds {info.name}, of which its manifest does not know")
                    advance(member.path, len(manifest.members))
                    _put(content, staging / member.path, member, info, backup)
        except tarfile.TarError as error:
            raise _damaged(backup, "it breaks off") from error
    if due:
        raise _damaged(backup, f"{next(iter(due))} is missing in it")
    return manifest


def _manifest(tar: tarfile.TarFile, backup: Path) -> Manifest:
    info = tar.next()
    content = tar.extractfile(info) if info and info.name == MANIFEST else None
    if content is None:
        raise InputError(f"{backup} is no backup of this program: {MANIFEST} is not the first file in it.")
    try:
        manifest = _read_manifest(json.loads(content.read()), backup)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(backup, f"its {MANIFEST} cannot be read") from error
    if manifest.schema > HEAD:
        raise InputError(f"{backup} was written by a newer version of this program; upgrade the program to restore it.")
    if not all(_is_ours(member.path) for member in manifest.members):
        raise _damaged(backup, "it holds files that have no place in a home folder")
    return manifest


def _read_manifest(facts: Mapping[str, object], backup: Path) -> Manifest:
    if facts["format"] != FORMAT:
        raise InputError(f"{backup} was written by a newer version of this program; upgrade the program to restore it.")
    members = tuple(Member(**each) for each in facts["members"])  # type: ignore[attr-defined]
    return Manifest(**{**facts, "members": members})  # type: ignore[arg-type]


def _is_ours(path: str) -> bool:
    """Whether a file may go there: nothing leaves the staging folder (CWE-22)."""
    parts = PurePosixPath(path).parts
    return path in DATABASES or (len(parts) > 1 and parts[0] in FOLDERS and ".." not in parts and "\0" not in path)


def _put(content: IO[bytes], path: Path, member: Member, info: tarfile.TarInfo, backup: Path) -> None:
    """Writes one file with its mode and time once it is known to be what the manifest says."""
    sha256, size = hashlib.sha256(), 0
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while data := content.read(_CHUNK):
            sha256.update(data)
            size += len(data)
            out.write(data)
    if (size, sha256.hexdigest()) != (member.size, member.sha256):
        raise _damaged(backup, f"{member.path} is not what was backed up")
    path.chmod(info.mode & 0o700)
    os.utime(path, (info.mtime, info.mtime))


def _damaged(backup: Path, why: str) -> ArchiveError:
    return ArchiveError(f"The backup {backup} is damaged: {why}; restore another one. Nothing was changed.")


def occupants(home: Path) -> list[Path]:
    """What lies in a home folder beside what restoring itself leaves there."""
    if not home.is_dir():
        return []
    return [path for path in home.iterdir() if path.name not in (STAGING, SET_ASIDE)]


def forget_locks(s: Session) -> None:
    """A backup taken during a run holds that run's locks, and the run is of the past."""
    s.execute(delete(LockRow))


def require_whole(archive: Archive, manifest: Manifest) -> None:
    """Raises `ArchiveError` when the archive that is used from now on lacks rows of the backup."""
    if manifest.schema != HEAD:
        # a migration may have made other rows of them
        return
    known = {table.name: table for table in Base.metadata.sorted_tables}
    with archive.read() as session:
        for name, count in manifest.counts.items():
            if name in (LockRow.__tablename__, MetaRow.__tablename__):
                continue
            found = session.scalar(select(func.count()).select_from(known[name]))
            if found != count:
                raise ArchiveError(
                    f"{archive.name} holds {found} of {count} rows of {name} after the restore; what was there before "
                    "lies aside, restore again."
                )
