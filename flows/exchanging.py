"""Sources to and from other readers: the catalogue as OPML or TOML, and the feeds of an OPML file as new sources."""

from __future__ import annotations

from pathlib import Path

from archive.files import write_atomically
from flows.settings import Settings, read_text
from flows.steps import load_catalogue, now_utc
from parsers.catalogue import Catalogue, parse_catalogue
from parsers.newcomers import Adopted, Defaults, adopt
from parsers.opml import read_opml, write_opml
from parsers.records import InputError
from parsers.source_tables import dead_toml, source_toml

TITLE = "China–Viet Nam meetings: sources"


def export_sources(settings: Settings, form: str) -> bytes:
    """The feeds of the catalogue in force as `opml`, or all of it as `toml`; UTF-8."""
    catalogue = load_catalogue(settings)
    if form == "opml":
        return write_opml(catalogue.sources, title=TITLE, created=now_utc())
    return "\n".join([*map(source_toml, catalogue.sources), *map(dead_toml, catalogue.dead)]).encode()


def import_sources(settings: Settings, path: Path, *, into: Path | None, defaults: Defaults) -> tuple[Adopted, str]:
    """The new sources in an OPML file and their tables as text, appended to the catalogue `into` if given.

    They are held against the catalogue in force, or against `into` with what the one in force calls dead. Raises
    `InputError` for a file that cannot be read or written and for a catalogue that would not be sound afterwards.
    """
    force = load_catalogue(settings)
    before = read_text(into, "catalogue of sources") if into and into.exists() else ""
    base = parse_catalogue(before, name=str(into)) if before.strip() else Catalogue(() if into else force.sources)
    buried = {address.url: address for address in (*force.dead, *base.dead)}
    base = Catalogue(base.sources, tuple(buried.values()))
    adopted = adopt(read_opml(_bytes(path), name=str(path)), catalogue=base, defaults=defaults, name=str(path))
    text = "\n".join(source_toml(source) for source in adopted.sources)
    if adopted.sources:
        parse_catalogue("\n".join(source_toml(s) for s in (*base.sources, *adopted.sources)), name=str(into or path))
        if into is not None:
            write_atomically(into, f"{before.rstrip()}\n\n{text}".lstrip().encode())
    return adopted, text


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"OPML file {path} cannot be read: {error.strerror}") from error
