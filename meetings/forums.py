"""Standing mechanisms and named occasions (forums.toml)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from meetings import lexicon
from meetings.folding import key

FILE = "forums.toml"


class KnownForum(NamedTuple):
    """One table of forums.toml."""

    name: str
    words: tuple[str, ...]
    social: bool


@cache
def load() -> tuple[KnownForum, ...]:
    """forums.toml, in its order."""
    found = []
    for number, row in enumerate(lexicon.read(FILE).get("forum", ())):
        name = lexicon.word(FILE, row, "name", where=f"forum[{number}]")
        lexicon.only(FILE, row, ("name", "words", "social"), where=name)
        found.append(KnownForum(name, lexicon.words(FILE, row, "words", where=name), bool(row.get("social", False))))
    return tuple(found)


@cache
def _social() -> frozenset[str]:
    return frozenset(key(forum.name) for forum in load() if forum.social)


def is_social(name: str) -> bool:
    """Whether a forum's name is that of an occasion beside the talks."""
    return key(name) in _social()
