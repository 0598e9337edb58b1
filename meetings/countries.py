"""Which countries a text speaks of: one pass over countries.toml's names, in three languages."""

from __future__ import annotations

from typing import NamedTuple

from meetings import lexicon
from parsers.records import Side

FILE = "countries.toml"


class Country(NamedTuple):
    """What a name stands for: `code` is ISO 3166-1 alpha-2; `kind` is name, adjective, capital, party,
    pair (both countries in one word) or trap."""

    code: str
    kind: str

    @property
    def side(self) -> Side | None:
        """The side whose country it is, None for any other country or a trap."""
        return SIDES.get(self.code) if self.kind != "trap" else None


KINDS = (
    ("names", "name"), ("adjectives", "adjective"), ("capital", "capital"), ("parties", "party"), ("pairs", "pair"),
)  # fmt: skip
SIDES = {"CN": Side.CHINA, "VN": Side.VIETNAM}


def entries() -> list[tuple[str, Country]]:
    """Every word of countries.toml with what it stands for."""
    table = lexicon.read(FILE)
    lexicon.only(FILE, table, ("china", "vietnam", "traps", "other"))
    found: list[tuple[str, Country]] = []
    for side in ("china", "vietnam"):
        code = lexicon.word(FILE, table[side], "code", where=side, allowed=SIDES)
        for key, kind in KINDS:
            listed = lexicon.words(FILE, table[side], key, where=side, required=key != "pairs")
            found += [(word, Country(code, kind)) for word in listed]
    found += [(word, Country("", "trap")) for word in lexicon.words(FILE, table["traps"], "words", where="traps")]
    for number, row in enumerate(table["other"]):
        code = lexicon.word(FILE, row, "code", where=f"other[{number}]")
        found += [(word, Country(code, "name")) for word in lexicon.words(FILE, row, "words", where=f"other[{number}]")]
    return found
