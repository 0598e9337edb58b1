"""Set phrases of both capitals and their differing terms for one thing (phrases.toml)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from meetings import lexicon, topics
from meetings.information import LANGUAGES

FILE = "phrases.toml"
WHOSE = ("china", "vietnam", "both")


@dataclass(frozen=True, slots=True)
class Term:
    """A thing that the sides call differently. A `minor` one is told at every meeting."""

    id: str
    label: str
    topic: str
    minor: bool


@dataclass(frozen=True, slots=True)
class Phrase:
    """A set phrase. `whose`: china, vietnam or both; `term` is the id of the thing it names, `topic` of what it tells;
    both may be empty. A `minor` one is said at every meeting."""

    id: str
    label: str
    whose: str
    term: str
    topic: str
    minor: bool


@cache
def terms() -> Mapping[str, Term]:
    """The things that the sides call differently, by id, in the order of the file. Raises LexiconError."""
    found: dict[str, Term] = {}
    for number, row in enumerate(lexicon.read(FILE)["term"]):
        where = f"term[{number}]"
        lexicon.only(FILE, row, ("id", "label", "topic", "minor"), where=where)
        id_ = _new_id(row, where, found)
        found[id_] = Term(id_, lexicon.word(FILE, row, "label", where=id_), _topic(row, id_), row.get("minor") is True)
    return found


@cache
def phrases() -> Mapping[str, Phrase]:
    """All phrases by id, in the order of the file. Raises LexiconError."""
    found: dict[str, Phrase] = {}
    for number, row in enumerate(lexicon.read(FILE)["phrase"]):
        where = f"phrase[{number}]"
        lexicon.only(FILE, row, ("id", "label", "whose", "term", "topic", "minor", *LANGUAGES), where=where)
        id_ = _new_id(row, where, found)
        term = lexicon.word(FILE, row, "term", where=id_, allowed=terms()) if "term" in row else ""
        found[id_] = Phrase(
            id_,
            lexicon.word(FILE, row, "label", where=id_),
            lexicon.word(FILE, row, "whose", where=id_, allowed=WHOSE),
            term,
            _topic(row, id_),
            row.get("minor") is True,
        )
    return found


def words(language: str) -> Iterable[tuple[str, Phrase]]:
    """The forms of all phrases in a language of LANGUAGES. Raises LexiconError."""
    known = phrases()
    forms: dict[str, Phrase] = {}
    for row in lexicon.read(FILE)["phrase"]:
        for word in lexicon.words(FILE, row, language, where=row["id"]):
            if word in forms:
                raise lexicon.LexiconError(
                    f"Lexicon {FILE}: key {row['id']}.{language}: {word!r} is a form of {forms[word].id} already."
                )
            forms[word] = known[row["id"]]
    return forms.items()


def _new_id(row: Mapping[str, Any], where: str, known: Mapping[str, object]) -> str:
    id_ = lexicon.word(FILE, row, "id", where=where)
    if id_ in known:
        raise lexicon.LexiconError(f"Lexicon {FILE}: key {where}.id is {id_!r}, which another has already.")
    return id_


def _topic(row: Mapping[str, Any], where: str) -> str:
    return lexicon.word(FILE, row, "topic", where=where, allowed=topics.labels()) if "topic" in row else ""
