"""The Prefect server's own database, where that is one in PostgreSQL (`prefect_database_url`)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from flows.settings import Settings
from parsers.records import InputError, MeetingsError

if TYPE_CHECKING:
    from sqlalchemy import URL

VARIABLE = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
CONNECT_SECONDS = 30.0


def require_own(settings: Settings) -> None:
    """Raises `InputError` when Prefect's tables would lie among the archive's: one has the same name in both."""
    prefect = _address(settings)
    if prefect is None or settings.archive_url is None:
        return
    from sqlalchemy import make_url

    archive = make_url(settings.archive_url)
    if (archive.host, archive.port or 5432, archive.database) == (prefect.host, prefect.port or 5432, prefect.database):
        raise InputError(
            "MEETINGS_PREFECT_DATABASE_URL names the archive's own database; make another one for Prefect, on the same "
            "server if you like"
        )


def variables(settings: Settings) -> dict[str, str]:
    """What the server is told of it by its environment; its password is in there, so nothing else gets it."""
    url = settings.prefect_database_url
    return {VARIABLE: url.get_secret_value()} if url else {}


def require_reachable(settings: Settings) -> None:
    """Raises `MeetingsError` when it does not answer: the server itself would say so in a hundred lines."""
    address = _address(settings)
    if address is None:
        return
    try:
        asyncio.run(asyncio.wait_for(_knock(address), CONNECT_SECONDS))
    except Exception as error:
        # the driver's own errors have no parent that others share, and a wrong parameter in the URL is a TypeError
        reason = "".join(str(error).splitlines()[:1])
        raise MeetingsError(
            f"Prefect's database {address.render_as_string()} cannot be used ({reason or 'no answer'}); "
            "start it, or mend MEETINGS_PREFECT_DATABASE_URL"
        ) from error


async def _knock(address: URL) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(address)
    try:
        async with engine.connect():
            pass
    finally:
        await engine.dispose()


def _address(settings: Settings) -> URL | None:
    if settings.prefect_database_url is None:
        return None
    from sqlalchemy import make_url

    return make_url(settings.prefect_database_url.get_secret_value())
