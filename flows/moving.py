"""An archive from one database into another, both ways (`meetings move`); its files stay in the home folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import URL

from archive.errors import ArchiveError
from archive.replacing import restoring
from archive.store import Archive, address_of, file_of
from archive.transfer import be_patient, contents, copy_rows, note_move
from flows.backing import database_of, no_server, require_quiet
from flows.opening import existing_archive
from flows.settings import Settings
from parsers.records import Advance, InputError


@dataclass(frozen=True, slots=True)
class MoveReport:
    """An archive that is elsewhere now. `to`: its URL without password, None for the file in the home folder itself."""

    before: str
    to: str | None
    counts: Mapping[str, int]


def move(settings: Settings, to: str, *, advance: Advance) -> MoveReport:
    """Copies the archive into the empty database at the URL `to`, compares every row, and closes the old one for good.

    Nobody else writes meanwhile. Raises `Busy` while a run or `meetings serve` is under way, `InputError` when `to`
    cannot be used, `ArchiveError` when it holds anything: then all is as it was. Killed, all is as it was, or the copy
    is whole and the old archive still in use: then empty the new one, and move again.
    """

    def step(table: str, tables: int) -> None:
        # each is copied, then read on both sides
        advance(table, 3 * tables)

    url = database_of(settings.model_copy(update={"database_url": SecretStr(to)}))
    there = _absolute(address_of(settings.home, url))
    if there.get_backend_name() == "sqlite" and file_of(there) is None:
        raise InputError(f"{to} ends with this command, and the archive with it; name a file: sqlite:///FILE")
    with no_server(settings.home, then="move"), existing_archive(settings) as source, restoring(settings.home):
        if _absolute(source.address) == there:
            raise InputError(f"{source.name} is there already; name another database")
        with Archive.open(settings.home, url) as target, source.write() as from_, target.write() as into:
            require_quiet(from_, then="move")
            be_patient(from_, into)
            counts = copy_rows(from_, into, target.name, step)
            if contents(from_, step) != contents(into, step):
                raise ArchiveError(f"{target.name} does not give back what it was given; nothing was changed.")
            # committed after the new one, so that no kill leaves neither in use
            note_move(from_, there.render_as_string())
        return MoveReport(source.name, None if url is None else there.render_as_string(), counts)


def _absolute(address: URL) -> URL:
    """The same place from whichever folder it is named."""
    file = file_of(address)
    return address.set(database=str(file.resolve())) if file else address
