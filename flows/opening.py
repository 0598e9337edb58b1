"""Opens the archive that the settings name: the one in use, at today's version, or none."""

from __future__ import annotations

from sqlalchemy.orm import Session

from archive import issues, keys
from archive.replacing import settle_restore
from archive.store import DATABASE_NAME, Archive, address_of, file_of
from archive.transfer import is_empty, moved_to
from flows.settings import Settings
from parsers.records import InputError


def open_archive(settings: Settings) -> Archive:
    """The archive in the home folder, its schema and its articles' keys at today's version.

    A restore that was killed is taken back, unless the new archive is in force. Raises `InputError` when the archive
    was moved into another database.
    """
    settle_restore(settings.home, settings.archive_url)
    archive = Archive.open(settings.home, settings.archive_url)
    try:
        keep_in_use(archive)
        _require_successor(settings, archive)
        keys.refresh_keys(archive)
    except BaseException:
        archive.close()
        raise
    return archive


def keep_in_use(archive: Archive) -> None:
    """Raises `InputError` when the archive was moved into another database; so does each `write` that comes later.

    Whoever has opened it before the move, or waits for its end, would write what nobody ever sees.
    """

    def require_here(session: Session) -> None:
        elsewhere = moved_to(session)
        if elsewhere is not None:
            raise InputError(
                f"{archive.name} was moved to {elsewhere}, and nothing is written to the old one any more; "
                "let MEETINGS_DATABASE_URL name the new one"
            )

    with archive.read() as session:
        require_here(session)
    archive.ask_before_writing(require_here)


def _require_successor(settings: Settings, archive: Archive) -> None:
    """Raises `InputError` for an empty database where this home's archive was moved into another one."""
    file = settings.home / DATABASE_NAME
    if settings.archive_url is None or not file.exists() or file_of(archive.address) == file:
        return
    with archive.read() as session:
        if issues.first_run_at(session) is not None:
            return
    with Archive.open(settings.home) as former, former.read() as session:
        elsewhere = moved_to(session)
    if elsewhere not in (None, archive.address.render_as_string()):
        raise InputError(
            f"{archive.name} is empty, and {former.name[4:]} was moved to {elsewhere}; "
            "let MEETINGS_DATABASE_URL name that one"
        )


def require_archive(settings: Settings) -> None:
    """Raises `InputError` where there is no file of the archive yet, unless it is in PostgreSQL; makes nothing."""
    settle_restore(settings.home, settings.archive_url)
    file = file_of(address_of(settings.home, settings.archive_url))
    if file and not file.exists():
        where = f"at {file}" if settings.archive_url else f"in {settings.home}"
        raise InputError(
            f"there is no archive {where} yet; `meetings run` makes one, --home or MEETINGS_DATABASE_URL names another"
        )


def existing_archive(settings: Settings) -> Archive:
    """The archive, which a look at it does not make; raises `InputError` where there is none yet."""
    require_archive(settings)
    archive = open_archive(settings)
    if settings.database_url is None:
        return archive
    with archive.read() as session:
        never_run = is_empty(session) and issues.first_run_at(session) is None
    if never_run:
        # a mistyped name, more often than a first look: a repair would clear away the files of the right one
        archive.close()
        raise InputError(f"{archive.name} is empty; look at MEETINGS_DATABASE_URL, or fill it: meetings run, restore")
    return archive
