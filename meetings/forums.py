"""Standing mechanisms and named occasions (forums.toml)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from meetings import lexicon
from meetings.folding import key
from meetings.records import Rank

FILE = "forums.toml"


class KnownForum(NamedTuple):
    """One table of forums.toml. `level`: of those who meet in it, where the text names nobody."""

    name: str
    words: tuple[str, ...]
    social: bool
    level: Rank | None


@cache
def load() -> tuple[KnownForum, ...]:
    """forums.toml, in its order."""
    found = []
    for number, row in enumerate(lexicon.read(FILE).get("forum", ())):
        name = lexicon.word(FILE, row, "name", where=f"forum[{number}]")
        lexicon.only(FILE, row, ("name", "words", "social", "level"), where=name)
        level = Rank(lexicon.word(FILE, row, "level", where=name, allowed=list(Rank))) if "level" in row else None
        words = lexicon.words(FILE, row, "words", where=name)
        found.append(KnownForum(name, words, bool(row.get("social", False)), level))
    return tuple(found)


@cache
def levels() -> dict[str, Rank]:
    """The level of each forum that has one, by its name."""
    return {forum.name: forum.level for forum in load() if forum.level}


@cache
def _social() -> frozenset[str]:
    return frozenset(key(forum.name) for forum in load() if forum.social)


def is_social(name: str) -> bool:
    """Whether a forum's name is that of an occasion beside the talks."""
    return key(name) in _social()
