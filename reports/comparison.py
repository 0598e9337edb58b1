"""Both accounts of one meeting side by side: what both tell, what one alone, and differing words for one thing.

docs/comparison.md explains the rows and their limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from archive.records import Mention, StoredMeeting
from meetings import phrases
from meetings.quantities import CLOSE, Quantity
from meetings.topics import labels
from parsers.records import Side
from reports import words
from reports.accounts import TEXT_LIMIT, Outlets, article_view, missing_account, originals
from reports.clean import one_line
from reports.keysentences import QUOTE_LIMIT, KeySentence, sentences_of
from reports.records import ArticleView, CellView, ComparisonView, RowView
from reports.tellings import Telling, telling

MOST = 8
"""How many rows there are at most of what one side tells alone, and of what both tell."""
KINDS = ("term", "phrase", "figure", "topic")
WORDINGS = 3
"""How many wordings of one thing a cell shows."""
BEFORE = 120
"""Code points of an over-long sentence that are quoted before the words in question."""
NAMED = 3
"""How many things each part of the summary names."""
NOT_MENTIONED = "not mentioned"
_SIDES = (Side.CHINA, Side.VIETNAM)
_TELLERS = {"both": "both accounts mention", "vietnam": "only Hanoi’s mentions", "china": "only Beijing’s mentions"}
_CAPITALS = {Side.CHINA: "Beijing", Side.VIETNAM: "Hanoi"}


class _Hit(NamedTuple):
    """Words of an account that tell of a thing, from `start` on of its article's text, and the sentence around them."""

    words: str
    start: int
    key: KeySentence

    @property
    def in_title(self) -> bool:
        """Whether they stand in an article's title."""
        return self.key.telling.sentences[self.key.number].paragraph == 0

    @property
    def quote(self) -> str:
        """The sentence; of an over-long one the part around the words."""
        key, begin = self.key, self.start - BEFORE
        if begin <= key.start or len(key.text) <= QUOTE_LIMIT:
            return key.quote
        return one_line(f"…{key.telling.text[begin : key.end]}", QUOTE_LIMIT)


@dataclass(frozen=True)
class _Thing:
    """One thing that accounts tell of, with each side's words for it. `topic` is the topic that it stands for."""

    label: str
    kind: str
    topic: str
    hits: dict[Side, list[_Hit]]
    minor: bool = False

    @cached_property
    def told_by(self) -> str:
        """both, china or vietnam."""
        return "both" if all(self.hits[side] for side in _SIDES) else ("china" if self.hits[Side.CHINA] else "vietnam")

    @cached_property
    def bests(self) -> dict[Side, _Hit]:
        """That of the weightiest sentence of each side that tells of it; a title's only where no sentence has one."""
        return {side: max(hits, key=_weight) for side, hits in self.hits.items() if hits}


@dataclass(frozen=True, slots=True)
class _Account:
    """One side's articles, sentence by sentence."""

    side: Side
    tellings: tuple[Telling, ...]
    keys: tuple[Mapping[int, KeySentence], ...]


def compare(stored: StoredMeeting, *, outlets: Outlets, zone: ZoneInfo, as_of: date | None) -> ComparisonView:
    """The accounts of both sides in rows; without rows where neither side gave one.

    `as_of` dates the sentence that a side gave no account, if given.
    """
    texts = originals(stored.mentions)
    accounts = [_account(texts, side, outlets) for side in _SIDES]
    if not any(account.tellings for account in accounts):
        return ComparisonView("", (), "")
    things = _things(accounts)
    chosen = _chosen(things)
    lonely = next((account.side for account in accounts if not account.tellings), None)
    missing = NOT_MENTIONED if lonely is None else ""

    def shown(mention: Mention) -> ArticleView:
        return article_view(mention, outlets, zone)

    rows = tuple(
        RowView(
            label=one_line(thing.label, TEXT_LIMIT),
            kind=thing.kind,
            told_by=thing.told_by,
            china=_cell(thing, Side.CHINA, missing, shown),
            vietnam=_cell(thing, Side.VIETNAM, missing, shown),
        )
        for thing in chosen
    )
    more = words.more(len(things) - len(chosen), "thing compared", "things compared")
    if lonely is None:
        return ComparisonView(_summary(things), rows, more)
    gap = missing_account(stored, outlets, as_of).rstrip(".")
    return ComparisonView(_alone(lonely, gap, things), rows, more)


def _account(texts: Sequence[tuple[Mention, Sequence[Mention]]], side: Side, outlets: Outlets) -> _Account:
    """A side's own articles. A copy is read too, since it may hold a sentence more, and so is each title."""
    own = [
        telling(mention)
        for first, copies in texts
        if outlets.side(first.article.article) is side
        for mention in (first, *(copy for copy in copies if outlets.side(copy.article.article) is side))
    ]
    tellings = tuple(part for told in own for part in (told, told.heading))
    return _Account(side, tellings, tuple(sentences_of(told) for told in tellings))


def _things(accounts: Sequence[_Account]) -> list[_Thing]:
    """All that at least one account tells of, in the order of the lexicons."""
    named = [*_terms_and_phrases(accounts)]
    covered: dict[str, set[Side]] = {}
    for thing in named:
        covered.setdefault(thing.topic, set()).update(side for side in _SIDES if thing.hits[side])
    topics = [
        thing
        for thing in _topics(accounts)
        if not {side for side in _SIDES if thing.hits[side]} <= covered.get(thing.topic, set())
    ]
    return [*named, *topics, *_figures(accounts)]


def _terms_and_phrases(accounts: Sequence[_Account]) -> Iterable[_Thing]:
    """A term where each side has a name of its own for a thing; else its phrases, those of both sides as one."""
    hits: dict[str, dict[Side, list[_Hit]]] = {}
    for account in accounts:
        for told, keys in zip(account.tellings, account.keys, strict=True):
            for number, (start, end, phrase) in told.phrases:
                found = hits.setdefault(phrase.id, _nobody())
                found[account.side].append(_Hit(told.text[start:end], start, keys[number]))
    named = [phrase for phrase in phrases.phrases().values() if phrase.id in hits]
    done = set()
    for term in phrases.terms().values():
        own = _own_names([hits[phrase.id] for phrase in named if phrase.term == term.id])
        if all(own.values()):
            yield _Thing(term.label, "term", term.topic, own, term.minor)
        if term.minor or all(own.values()):
            done.add(term.id)
    for phrase in named:
        found = hits[phrase.id]
        shared = f"both {phrase.term}" if phrase.term and all(found.values()) else ""
        if not {phrase.term, shared} & done:
            yield _Thing(phrase.label, "phrase", phrase.topic, found, phrase.minor)
            done.update(filter(None, [shared]))


def _own_names(hits: Sequence[dict[Side, list[_Hit]]]) -> dict[Side, list[_Hit]]:
    """What each side calls a thing of several names, and the other side does not."""
    own = _nobody()
    for side, other in zip(_SIDES, reversed(_SIDES), strict=True):
        for named in hits:
            if not named[other]:
                own[side] += named[side]
    return own


def _topics(accounts: Sequence[_Account]) -> Iterable[_Thing]:
    hits: dict[str, dict[Side, list[_Hit]]] = {}
    for account in accounts:
        for told, keys in zip(account.tellings, account.keys, strict=True):
            for number, (start, end, topic) in told.topics:
                found = hits.setdefault(topic, _nobody())
                found[account.side].append(_Hit(told.text[start:end], start, keys[number]))
    order = {id_: number for number, id_ in enumerate(labels())}
    for id_ in sorted(hits, key=lambda id_: (order.get(id_, len(order)), id_)):
        yield _Thing(labels().get(id_, id_.replace("_", " ")), "topic", id_, hits[id_])


def _figures(accounts: Sequence[_Account]) -> Iterable[_Thing]:
    groups: list[tuple[Quantity, dict[Side, list[_Hit]]]] = []
    of_unit: dict[str, list[tuple[Quantity, dict[Side, list[_Hit]]]]] = {}
    of_value: dict[tuple[str, float], dict[Side, list[_Hit]]] = {}
    for account in accounts:
        for told, keys in zip(account.tellings, account.keys, strict=True):
            for number, quantity in told.quantities:
                start, end, value, unit = quantity
                found = of_value.get((unit.id, value))
                if found is None:
                    alike = of_unit.setdefault(unit.id, [])
                    found = _first_same(alike, quantity)
                    if found is None:
                        found = _nobody()
                        alike.append((quantity, found))
                        groups.append((quantity, found))
                    of_value[unit.id, value] = found
                found[account.side].append(_Hit(told.text[start:end], start, keys[number]))
    for quantity, hits in groups:
        yield _Thing(quantity.label, "figure", "", hits)


def _first_same(
    known: Sequence[tuple[Quantity, dict[Side, list[_Hit]]]], quantity: Quantity
) -> dict[Side, list[_Hit]] | None:
    """The hits of the first known figure of its unit that is the same."""
    if not quantity.unit.single:
        # most are far from being the same, which is seen at once
        low, high = quantity.value * (1 - 2 * CLOSE), quantity.value * (1 + 2 * CLOSE)
        known = [figure for figure in known if low <= figure[0].value <= high]
    return next((hits for figure, hits in known if figure.same(quantity)), None)


def _nobody() -> dict[Side, list[_Hit]]:
    return {side: [] for side in _SIDES}


def _chosen(things: Sequence[_Thing]) -> list[_Thing]:
    """Differing terms, then what Beijing tells alone, what Hanoi does, what both do; so many of each at most."""
    chosen = []
    for told_by, most in (("term", len(things)), ("china", MOST), ("vietnam", MOST), ("both", MOST)):
        block = [thing for thing in things if told_by == ("term" if thing.kind == "term" else thing.told_by)]
        chosen += _weighed(block)[:most]
    return chosen


def _weighed(block: Sequence[_Thing]) -> list[_Thing]:
    """What is said at every meeting last; before it what one side tells in the very sentence of a thing above."""
    seen: set[tuple[int, int]] = set()
    rank: dict[str, tuple[bool, bool, int]] = {}
    for thing in sorted(block, key=lambda thing: (thing.minor, KINDS.index(thing.kind))):
        bests = [best.key for best in thing.bests.values()]
        sentences = {(best.telling.mention.article.number, best.number) for best in bests}
        rank[thing.label] = (thing.minor, len(sentences) == 1 and sentences <= seen, KINDS.index(thing.kind))
        seen |= sentences
    return sorted(block, key=lambda thing: rank[thing.label])


def _weight(hit: _Hit) -> tuple[bool, float]:
    return not hit.in_title, hit.key.value


def _cell(thing: _Thing, side: Side, missing: str, shown: Callable[[Mention], ArticleView]) -> CellView:
    """A side's wordings, and the weightiest sentence among those that hold one."""
    best = thing.bests.get(side)
    if best is None:
        return CellView("", "", "", None, missing)
    wordings: dict[str, str] = {}
    for hit in (best, *(hit for hit in thing.hits[side] if not hit.in_title)):
        wordings.setdefault(" ".join(hit.words.casefold().split()), hit.words)
        if len(wordings) == WORDINGS:
            break
    told = best.key.telling
    return CellView(
        words=one_line("; ".join(wordings.values()), TEXT_LIMIT),
        language=told.language,
        quote=best.quote,
        article=shown(told.mention),
        missing="",
    )


def _summary(things: Sequence[_Thing]) -> str:
    """What both tell, what each tells alone, and for what their words differ, in one sentence."""
    told = {by: [t for t in _subjects(things) if t.told_by == by and t.kind != "term"] for by in _TELLERS}
    terms = [thing for thing in _subjects(things) if thing.kind == "term"]
    parts = [f"{teller} {_listed(told[by])}" for by, teller in _TELLERS.items() if told[by]]
    if terms:
        parts.append(f"they have words of their own for {_listed(terms)}")
    text = "; ".join(parts) or "the accounts hold no subject known here"
    return f"{text[0].upper()}{text[1:]}."


def _alone(lonely: Side, gap: str, things: Sequence[_Thing]) -> str:
    other = next(side for side in _SIDES if side is not lonely)
    told = _subjects(things)
    mentions = f"; {_CAPITALS[other]}’s account mentions {_listed(told)}" if told else ""
    return f"{_CAPITALS[lonely]}: {gap[0].lower()}{gap[1:]}{mentions}."


def _subjects(things: Sequence[_Thing]) -> list[_Thing]:
    """What a summary names: no figures, nothing said at every meeting; of what both tell, plain topics first."""
    named = [thing for thing in things if not thing.minor and thing.kind != "figure"]
    return sorted(named, key=lambda thing: thing.kind == "phrase" and thing.told_by == "both")


def _listed(things: Sequence[_Thing]) -> str:
    names = [one_line(thing.label, TEXT_LIMIT) for thing in things]
    if len(names) > NAMED + 1:
        names[NAMED:] = [words.counted(len(names) - NAMED, "more subject")]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
