"""All words of one language in one matcher: lexicon files in, typed tokens out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from meetings import countries, forums, lexicon, officials, places
from meetings.countries import Country
from meetings.forums import KnownForum
from meetings.matching import Matcher
from meetings.officials import Official, Post, posts
from meetings.places import KnownPlace
from meetings.records import Mode
from parsers.records import Side

LANGUAGES = ("en",)
TRIGGER_KINDS = ("meet", "noun", "chair", "head", "hold", "told", "visit")
CUE_LISTS = (
    "embedding", "embedding_after", "attendance", "future", "future_after", "doubt", "cancelled", "background", "also", "same_day",
    "multilateral", "message", "pronoun", "generic", "counterpart", "both", "group", "speech", "here", "business", "ignored",
)  # fmt: skip


class Office(NamedTuple):
    """A phrase that names an office: the post, the side when the office exists on one side only, and what it needs."""

    post: Post
    side: Side | None = None
    body: bool = False
    principal: bool = True
    verb: bool = False


class Trigger(NamedTuple):
    """A phrase that tells of an encounter (verbs.toml says what the kinds mean)."""

    kind: str
    mode: Mode | None = None
    host: str | None = None


Meaning = Country | Official | Office | KnownPlace | KnownForum | Trigger | str
"""One thing that a word may mean; a string is the name of a cue list of grammar.toml."""


class Sense(NamedTuple):
    """All that a word may mean."""

    country: Country | None = None
    official: Official | None = None
    office: Office | None = None
    place: KnownPlace | None = None
    forum: KnownForum | None = None
    triggers: tuple[Trigger, ...] = ()
    cues: frozenset[str] = frozenset()


_FIELDS: dict[type, str] = {
    Country: "country",
    Official: "official",
    Office: "office",
    KnownPlace: "place",
    KnownForum: "forum",
}


@dataclass(frozen=True, slots=True)
class Grammar:
    """The small words of a language that are not tokens."""

    frequent: frozenset[str]
    abbreviations: frozenset[str]
    titles: tuple[str, ...]
    not_names: frozenset[str]
    starters: frozenset[str]
    bodies: tuple[str, ...]
    not_bodies: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """One language, ready to read."""

    language: str
    matcher: Matcher[Sense]
    grammar: Grammar
    dates: Mapping[str, Any]


@cache
def load(language: str) -> Vocabulary:
    """The vocabulary of a language of `LANGUAGES`. Raises LexiconError that names file and key."""
    meanings: dict[str, list[Meaning]] = {}
    for word, meaning in _all_words(language):
        meanings.setdefault(word, []).append(meaning)
    return Vocabulary(
        language,
        Matcher((word, _sense(found)) for word, found in meanings.items()),
        _grammar(language),
        lexicon.read(f"{language}/dates.toml"),
    )


def _sense(meanings: Iterable[Meaning]) -> Sense:
    sense = Sense()
    for meaning in meanings:
        if isinstance(meaning, str):
            sense = sense._replace(cues=sense.cues | {meaning})
        elif isinstance(meaning, Trigger):
            sense = sense._replace(triggers=(*sense.triggers, meaning))
        else:
            sense = sense._replace(**{_FIELDS[type(meaning)]: meaning})
    return sense


def _all_words(language: str) -> Iterator[tuple[str, Meaning]]:
    yield from countries.entries()
    for official in officials.load():
        for name in official.full_names:
            yield name, official
    for place in places.load():
        for word in place.words:
            yield word, place
    for forum in forums.load():
        for word in forum.words:
            yield word, forum
    yield from _offices(language)
    yield from _triggers(language)
    yield from _cues(language)


def _offices(language: str) -> Iterator[tuple[str, Office]]:
    name = f"{language}/offices.toml"
    table = lexicon.read(name)
    yield from _ministries(name, table)
    for number, row in enumerate(table["office"]):
        where = f"office[{number}]"
        lexicon.only(name, row, ("post", "words", "side", "body", "principal", "verb"), where=where)
        post = posts()[lexicon.word(name, row, "post", where=where, allowed=posts())]
        side = (
            Side(lexicon.word(name, row, "side", where=where, allowed=("china", "vietnam"))) if "side" in row else None
        )
        office = Office(
            post, side, bool(row.get("body", False)), bool(row.get("principal", True)), bool(row.get("verb", False))
        )
        for word in lexicon.words(name, row, "words", where=where):
            yield word, office


def _ministries(name: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Office]]:
    """Titles built from a domain and a template: "foreign" and "deputy {} minister"."""
    domains, templates = table["domains"], table["templates"]
    for domain, pair in domains["posts"].items():
        for template_list, post in zip(("minister", "vice"), pair, strict=True):
            if post not in posts():
                raise lexicon.LexiconError(f"Lexicon {name}: key domains.posts.{domain} names no post: {post!r}.")
            office = Office(posts()[post])
            for template in lexicon.words(name, templates, template_list, where="templates"):
                for word in lexicon.words(name, domains, domain, where="domains"):
                    yield template.replace("{}", word), office


def _triggers(language: str) -> Iterator[tuple[str, Trigger]]:
    name = f"{language}/verbs.toml"
    for number, row in enumerate(lexicon.read(name)["trigger"]):
        where = f"trigger[{number}]"
        lexicon.only(name, row, ("words", "kind", "mode", "host"), where=where)
        kind = lexicon.word(name, row, "kind", where=where, allowed=TRIGGER_KINDS)
        mode = Mode(lexicon.word(name, row, "mode", where=where, allowed=list(Mode))) if "mode" in row else None
        host = lexicon.word(name, row, "host", where=where, allowed=("subject", "object")) if "host" in row else None
        for word in lexicon.words(name, row, "words", where=where):
            yield word, Trigger(kind, mode, host)


def _cues(language: str) -> Iterator[tuple[str, str]]:
    name = f"{language}/grammar.toml"
    table = lexicon.read(name)["cues"]
    lexicon.only(name, table, CUE_LISTS, where="cues")
    for cue in CUE_LISTS:
        for word in lexicon.words(name, table, cue, where="cues"):
            yield word, cue


def _grammar(language: str) -> Grammar:
    name, offices_name = f"{language}/grammar.toml", f"{language}/offices.toml"
    table, offices = lexicon.read(name), lexicon.read(offices_name)
    return Grammar(
        frozenset(lexicon.words(name, table["language"], "frequent", where="language")),
        frozenset(lexicon.words(name, table["sentences"], "abbreviations", where="sentences")),
        lexicon.words(name, table["names"], "titles", where="names"),
        frozenset(lexicon.words(name, table["names"], "not_names", where="names")),
        frozenset(lexicon.words(name, table["names"], "starters", where="names")),
        lexicon.words(offices_name, offices["bodies"], "words", where="bodies"),
        lexicon.words(offices_name, offices["bodies"], "not_words", where="bodies"),
        lexicon.words(offices_name, offices["hosts"], "words", where="hosts"),
    )
