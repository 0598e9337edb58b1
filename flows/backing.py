"""Backups of the home folder, and the way back from one, as `meetings backup` and `meetings restore` do it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.backup import Advance, Manifest, write_backup
from archive.errors import file_error
from flows.settings import Settings, version
from flows.steps import existing_archive, now_utc
from parsers.records import InputError

_NAME = re.compile(r"meetings-\d{8}T\d{6}Z(-\d+)?\.tar")


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was made; `dropped` are the older ones that went for it."""

    path: Path
    manifest: Manifest
    dropped: tuple[Path, ...]


def back_up(settings: Settings, to: Path | None = None, *, keep: int | None = None, advance: Advance) -> BackupReport:
    """Backs up the archive to `to`, else under a name of its own in the backup folder, of which `keep` then stay.

    Raises `InputError` when the backup would lie in the home folder, which it is there to outlive.
    """
    if to and keep:
        raise InputError("--keep counts the backups in backup_dir; leave out --to, or --keep")
    now = now_utc()
    out = to or _fresh_name(settings.backup_dir, now)
    if out.resolve().is_relative_to(settings.home.resolve()):
        raise InputError(f"{out} lies in the home folder, which a backup must outlive; set backup_dir, or give --to")
    with existing_archive(settings) as archive:
        manifest = write_backup(archive, out, now=now, program=version(), advance=advance)
    return BackupReport(out, manifest, tuple(_drop_older(settings.backup_dir, keep)) if keep else ())


def backups(folder: Path) -> list[Path]:
    """The backups in a folder that bear a name of ours, the newest first."""
    return sorted((path for path in folder.glob("*.tar") if _NAME.fullmatch(path.name)), key=_order, reverse=True)


def _order(path: Path) -> tuple[str, int]:
    stamp, _, number = path.stem.removeprefix("meetings-").partition("-")
    return stamp, int(number or 1)


def _fresh_name(folder: Path, now: datetime) -> Path:
    stem, number = f"meetings-{now:%Y%m%dT%H%M%SZ}", 1
    while (path := folder / f"{stem}{'' if number == 1 else f'-{number}'}.tar").exists():
        number += 1
    return path


def _drop_older(folder: Path, keep: int) -> list[Path]:
    dropped = backups(folder)[keep:]
    for path in dropped:
        try:
            path.unlink()
        except OSError as error:
            raise file_error(error, f"The older backup {path}") from error
    return dropped
