"""The officials of both sides (officials.toml) and the posts they held (posts.toml), checked when read."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

from meetings import lexicon
from meetings.folding import key
from meetings.records import Channel, Rank
from parsers.records import Side

FILE, POSTS_FILE = "officials.toml", "posts.toml"
HANDOVER = dt.timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Post:
    """An office in the abstract; `single`: one holder per side at a time."""

    id: str
    rank: Rank
    channel: Channel
    single: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A post held from `start` to `end` (None: still)."""

    post: str
    start: dt.date
    end: dt.date | None

    def covers(self, day: dt.date) -> bool:
        """Whether the post was held on `day`."""
        return self.start <= day <= (self.end or dt.date.max)


@dataclass(frozen=True, slots=True)
class Official:
    """One person; `also` holds every other written form, `alone` short forms that need no full name beside them."""

    name: str
    side: Side
    also: tuple[str, ...]
    alone: tuple[str, ...]
    terms: tuple[Term, ...]

    @property
    def full_names(self) -> tuple[str, ...]:
        """All forms of the full name, the canonical one first."""
        return (self.name, *self.also)

    @property
    def short_name(self) -> str:
        """What English text calls the person after the first time: Chinese by family, Vietnamese by given name."""
        return self.name.split()[0 if self.side is Side.CHINA else -1]

    def held(self, post: str, day: dt.date | None) -> bool:
        """Whether the person held `post` on `day`, or ever when no day is known."""
        return any(term.post == post and (day is None or term.covers(day)) for term in self.terms)


@cache
def posts() -> Mapping[str, Post]:
    """posts.toml by id."""
    found = {}
    for name, row in lexicon.read(POSTS_FILE).items():
        lexicon.only(POSTS_FILE, row, ("rank", "channel", "single"), where=name)
        rank = lexicon.word(POSTS_FILE, row, "rank", where=name, allowed=[r.value for r in Rank])
        channel = lexicon.word(POSTS_FILE, row, "channel", where=name, allowed=[c.value for c in Channel])
        found[name] = Post(name, Rank(rank), Channel(channel), bool(row.get("single", False)))
    return found


@cache
def load() -> tuple[Official, ...]:
    """officials.toml, in its order. Raises LexiconError that names the official and the key."""
    rows = lexicon.read(FILE).get("official")
    if not isinstance(rows, list):
        raise lexicon.LexiconError(f"Lexicon {FILE}: there is no [[official]] table.")
    people = tuple(_official(row) for row in rows)
    _check_unique(people)
    _check_terms(people)
    return people


def _official(row: Mapping[str, Any]) -> Official:
    name = lexicon.word(FILE, row, "name", where="official")
    lexicon.only(FILE, row, ("name", "side", "also", "alone", "posts"), where=name)
    side = lexicon.word(FILE, row, "side", where=name, allowed=("china", "vietnam"))
    rows = row.get("posts")
    if not isinstance(rows, list) or not rows:
        raise lexicon.LexiconError(f"Lexicon {FILE}: key {name}.posts must be a list of at least one post.")
    return Official(
        name,
        Side(side),
        lexicon.words(FILE, row, "also", where=name, required=False),
        lexicon.words(FILE, row, "alone", where=name, required=False),
        tuple(_term(item, name) for item in rows),
    )


def _term(row: Mapping[str, Any], name: str) -> Term:
    where = f"{name}.posts"
    lexicon.only(FILE, row, ("post", "from", "to"), where=where)
    post = lexicon.word(FILE, row, "post", where=where, allowed=posts())
    start, end = row.get("from"), row.get("to")
    if not isinstance(start, dt.date) or not (end is None or isinstance(end, dt.date)):
        raise lexicon.LexiconError(f"Lexicon {FILE}: {where}: `from` and `to` of {post} must be dates like 2016-04-09.")
    if end is not None and end < start:
        raise lexicon.LexiconError(f"Lexicon {FILE}: {where}: {post} ends on {end}, before it begins on {start}.")
    return Term(post, start, end)


def _check_unique(people: tuple[Official, ...]) -> None:
    """No written form may stand for two people."""
    seen: dict[str, str] = {}
    for person in people:
        for form in {key(name) for name in person.full_names}:
            if seen.setdefault(form, person.name) != person.name:
                raise lexicon.LexiconError(f"Lexicon {FILE}: {person.name} and {seen[form]} share the name {form!r}.")


def _check_terms(people: tuple[Official, ...]) -> None:
    """A single post has one holder per side at a time, save for a month's handing over."""
    held: dict[tuple[Side, str], list[tuple[Term, str]]] = defaultdict(list)
    for person in people:
        for term in person.terms:
            if posts()[term.post].single:
                held[person.side, term.post].append((term, person.name))
    for (side, post), terms in held.items():
        for (one, a), (two, b) in combinations(terms, 2):
            start, end = max(one.start, two.start), min(one.end or dt.date.max, two.end or dt.date.max)
            if end - start > HANDOVER:
                raise lexicon.LexiconError(
                    f"Lexicon {FILE}: {a} and {b} are both {post} of {side.value} from {start} to {end}."
                )
