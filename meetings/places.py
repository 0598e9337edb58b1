"""Cities, provinces and venues (places.toml)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from meetings import lexicon

FILE = "places.toml"
KINDS = ("city", "province", "venue")


class KnownPlace(NamedTuple):
    """One row of places.toml: what its words say of venue, city and country (ISO 3166-1 alpha-2)."""

    kind: str
    name: str
    city: str | None
    country: str
    words: tuple[str, ...]


@cache
def load() -> tuple[KnownPlace, ...]:
    """places.toml, in its order."""
    table = lexicon.read(FILE)
    lexicon.only(FILE, table, KINDS)
    found = []
    for kind in KINDS:
        for number, row in enumerate(table[kind]):
            where = f"{kind}[{number}]"
            lexicon.only(FILE, row, ("name", "city", "country", "words"), where=where)
            name = lexicon.word(FILE, row, "name", where=where)
            city = name if kind == "city" else row.get("city")
            country = lexicon.word(FILE, row, "country", where=where)
            found.append(KnownPlace(kind, name, city, country, lexicon.words(FILE, row, "words", where=where)))
    return tuple(found)
