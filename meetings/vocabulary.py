"""All words of one language in one matcher: lexicon files in, typed tokens out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, NamedTuple

from meetings import countries, forums, lexicon, officials, places
from meetings.countries import Country
from meetings.folding import fold, lowered, plain, respelt
from meetings.forums import KnownForum
from meetings.matching import Matcher
from meetings.officials import Official, Post, posts
from meetings.places import KnownPlace
from meetings.records import Mode
from parsers.records import Side

LANGUAGES = ("en", "vi", "zh")
MANNERS = ("diacritics", "shape_of_side", "short_titled", "country_after")
NEVER = "(?!)"
TRIGGER_KINDS = ("meet", "noun", "chair", "head", "hold", "told", "visit", "means")
CUE_LISTS = (
    "embedding", "embedding_after", "attendance", "attendance_after", "future", "future_after", "doubt", "cancelled",
    "background", "also", "same_day", "message", "pronoun", "generic", "counterpart", "both", "group", "speech", "here",
    "ignored",
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


@dataclass(frozen=True, slots=True)
class Patterns:
    """The regular expressions of patterns.toml, one field for each key. A key that is left out never matches."""

    at_noun: re.Pattern[str]
    with_noun: re.Pattern[str]
    had_noun: re.Pattern[str]
    had: re.Pattern[str]
    past: re.Pattern[str]
    base: re.Pattern[str]
    infinitive: re.Pattern[str]
    before_verb: re.Pattern[str]
    clause_end: re.Pattern[str]
    speech: re.Pattern[str]
    hard_doubt: re.Pattern[str]
    recall: re.Pattern[str]
    since: re.Pattern[str]
    list_gap: re.Pattern[str]
    object_break: re.Pattern[str]
    both_before: re.Pattern[str]
    and_gap: re.Pattern[str]
    subject: re.Pattern[str]
    object: re.Pattern[str]
    group_verb: re.Pattern[str]
    fill: re.Pattern[str]
    fill_comma: re.Pattern[str]
    apposition: re.Pattern[str]
    body_rest: re.Pattern[str]
    not_in_office: re.Pattern[str]
    of_office: re.Pattern[str]
    possessive: re.Pattern[str]
    and_office: re.Pattern[str]
    where: re.Pattern[str]
    country_after: re.Pattern[str]
    noun_country: re.Pattern[str]
    own_office: re.Pattern[str]
    articles: re.Pattern[str]
    head_of_state: re.Pattern[str]
    plural: re.Pattern[str]
    located: re.Pattern[str]
    not_located: re.Pattern[str]
    in_country: re.Pattern[str]
    hosted: re.Pattern[str]
    arrived: re.Pattern[str]
    visited: re.Pattern[str]
    invited: re.Pattern[str]
    dateline: re.Pattern[str]
    ordinal: re.Pattern[str]
    ordinal_after: re.Pattern[str]
    led_by: re.Pattern[str]
    recap: re.Pattern[str]
    reported: re.Pattern[str]
    addressed: re.Pattern[str]
    located_word: re.Pattern[str]
    implied: re.Pattern[str]
    plural_before: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Grammar:
    """The small words of a language that are not tokens, and its `manners`:

    diacritics     words that differ in them only are different words
    shape_of_side  the shape of a name tells its side (Chinese names are written in pinyin)
    short_titled   a short name stands only right after a title or office
    country_after  an office is followed by the country whose it is
    """

    manners: frozenset[str]
    frequent: frozenset[str]
    abbreviations: frozenset[str]
    titles: tuple[str, ...]
    not_names: tuple[str, ...]
    starters: frozenset[str]
    bodies: tuple[str, ...]
    not_bodies: tuple[str, ...]
    hosts: tuple[str, ...]
    ordinals: tuple[str, ...]
    name_ends: frozenset[str]
    implied_side: Side | None


@dataclass(frozen=True)
class Vocabulary:
    """One language, ready to read."""

    language: str
    matcher: Matcher[Sense]
    grammar: Grammar
    patterns: Patterns

    @property
    def folding(self) -> Callable[[str], str]:
        """How text and words of the language are made alike."""
        return lowered if "diacritics" in self.grammar.manners else fold


@cache
def load(language: str) -> Vocabulary:
    """The vocabulary of a language of `LANGUAGES`. Raises LexiconError that names file and key."""
    grammar = _grammar(language)
    meanings: dict[str, list[Meaning]] = {}
    for word, meaning in _all_words(language):
        for form in _forms(word, meaning) if "diacritics" in grammar.manners else (word,):
            meanings.setdefault(form, []).append(meaning)
    words = ((word, _sense(found)) for word, found in meanings.items())
    folding = lowered if "diacritics" in grammar.manners else fold
    return Vocabulary(language, Matcher(words, folding), grammar, _patterns(language, grammar))


def _forms(word: str, meaning: Meaning) -> set[str]:
    """A word and, for names of several words, the form without diacritics that some print."""
    named = isinstance(meaning, Official | KnownPlace | Country) and " " in word
    return {word, plain(word)} if named else {word}


def _sense(meanings: Iterable[Meaning]) -> Sense:
    sense = Sense()
    for meaning in meanings:
        if isinstance(meaning, str):
            sense = sense._replace(cues=sense.cues | {meaning})
        elif isinstance(meaning, Trigger):
            sense = sense._replace(triggers=(*sense.triggers, meaning))
        else:
            sense = _with(sense, meaning)
    return sense


def _with(sense: Sense, meaning: Country | Official | Office | KnownPlace | KnownForum) -> Sense:
    match meaning:
        case Country():
            return sense._replace(country=meaning)
        case Official():
            return sense._replace(official=meaning)
        case Office():
            return sense._replace(office=meaning)
        case KnownPlace():
            return sense._replace(place=meaning)
        case KnownForum():
            return sense._replace(forum=meaning)


def _all_words(language: str) -> Iterator[tuple[str, Meaning]]:
    yield from countries.entries()
    yield from _countries(language)
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


def _countries(language: str) -> Iterator[tuple[str, Country]]:
    """Names of countries that are other words in other languages."""
    name = f"{language}/grammar.toml"
    table = lexicon.read(name).get("countries", {})
    for code in table:
        for word in lexicon.words(name, table, code, where="countries"):
            yield word, Country(code, "name")


def _offices(language: str) -> Iterator[tuple[str, Office]]:
    name = f"{language}/offices.toml"
    table = lexicon.read(name)
    yield from _ministries(name, table)
    for number, row in enumerate(table["office"]):
        where = f"office[{number}]"
        lexicon.only(name, row, ("post", "words", "side", "body", "principal", "verb"), where=where)
        post = posts()[lexicon.word(name, row, "post", where=where, allowed=posts())]
        side = _side(name, row, "side", where)
        office = Office(
            post, side, bool(row.get("body", False)), bool(row.get("principal", True)), bool(row.get("verb", False))
        )
        for word in lexicon.words(name, row, "words", where=where):
            yield word, office


def _side(name: str, row: Mapping[str, Any], key: str, where: str) -> Side | None:
    return Side(lexicon.word(name, row, key, where=where, allowed=("china", "vietnam"))) if key in row else None


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
        for word in lexicon.words(name, table, cue, where="cues", required=False):
            yield word, cue


def _patterns(language: str, grammar: Grammar) -> Patterns:
    name = f"{language}/patterns.toml"
    table = lexicon.read(name)
    keys = [field.name for field in fields(Patterns)]
    lexicon.only(name, table, keys)
    compiled = {}
    for key in keys:
        try:
            words = lexicon.word(name, table, key) if key in table else NEVER
            compiled[key] = re.compile(respelt(words) if "diacritics" in grammar.manners else words)
        except re.error as error:
            raise lexicon.LexiconError(f"Lexicon {name}: key {key} is no regular expression: {error}.") from error
    return Patterns(**compiled)


def _grammar(language: str) -> Grammar:
    name, offices_name = f"{language}/grammar.toml", f"{language}/offices.toml"
    table, offices = lexicon.read(name), lexicon.read(offices_name)
    manners = frozenset(lexicon.words(name, table["language"], "manners", where="language", required=False))
    if not manners <= set(MANNERS):
        raise lexicon.LexiconError(f"Lexicon {name}: key language.manners may hold {', '.join(MANNERS)} only.")
    return Grammar(
        manners,
        frozenset(lexicon.words(name, table["language"], "frequent", where="language")),
        frozenset(lexicon.words(name, table["sentences"], "abbreviations", where="sentences")),
        lexicon.words(name, table["names"], "titles", where="names"),
        lexicon.words(name, table["names"], "not_names", where="names"),
        frozenset(lexicon.words(name, table["names"], "starters", where="names")),
        lexicon.words(offices_name, offices["bodies"], "words", where="bodies"),
        lexicon.words(offices_name, offices["bodies"], "not_words", where="bodies"),
        lexicon.words(offices_name, offices["hosts"], "words", where="hosts"),
        lexicon.words(name, table["numbers"], "ordinals", where="numbers"),
        frozenset(lexicon.words(name, table["names"], "ends", where="names", required=False)),
        _side(name, table["names"], "implied_side", "names"),
    )
