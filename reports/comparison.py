"""Both accounts of one meeting side by side: what both tell, what one alone, and differing words for one thing.

docs/comparison.md explains the rows and their limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from archive.records import StoredMeeting
from meetings import phrases
from meetings.quantities import Quantity
from meetings.topics import labels
from parsers.records import Side
from reports import words
from reports.accounts import QUOTE_LIMIT, TEXT_LIMIT, Outlets, article_view, missing_account, originals
from reports.clean import one_line
from reports.keysentences import KeySentence, sentences_of, worth
from reports.records import CellView, ComparisonView, RowView
from reports.tellings import Telling, telling

ROWS = 16
WORDINGS = 3
"""How many wordings of one thing a cell shows."""
NAMED = 4
"""How many things each part of the summary names."""
NOT_MENTIONED = "not mentioned"
_SIDES = (Side.CHINA, Side.VIETNAM)
_CAPITALS = {Side.CHINA: "Beijing", Side.VIETNAM: "Hanoi"}


@dataclass(frozen=True, slots=True)
class _Hit:
    """Words of an account that tell of a thing, and the sentence they stand in."""

    words: str
    key: KeySentence


@dataclass(frozen=True, slots=True)
class _Thing:
    """One thing that accounts tell of, with each side's words for it. `topic` is the topic that it stands for."""

    label: str
    kind: str
    topic: str
    hits: dict[Side, list[_Hit]]
    minor: bool = False

    @property
    def told_by(self) -> str:
        """both, china or vietnam."""
        return "both" if all(self.hits[side] for side in _SIDES) else ("china" if self.hits[Side.CHINA] else "vietnam")


@dataclass(frozen=True, slots=True)
class _Account:
    """One side's articles, sentence by sentence."""

    side: Side
    tellings: tuple[Telling, ...]
    keys: tuple[tuple[KeySentence, ...], ...]


def compare(stored: StoredMeeting, *, outlets: Outlets, zone: ZoneInfo, as_of: date | None) -> ComparisonView:
    """The accounts of both sides in rows; without rows where neither side gave one.

    `as_of` dates the sentence that a side gave no account, if given.
    """
    accounts = [_account(stored, side, outlets) for side in _SIDES]
    if not any(account.tellings for account in accounts):
        return ComparisonView("", (), "")
    things = _ordered(_things(accounts))
    lonely = next((account.side for account in accounts if not account.tellings), None)
    missing = NOT_MENTIONED if lonely is None else ""
    rows = tuple(
        RowView(
            label=one_line(thing.label, TEXT_LIMIT),
            kind=thing.kind,
            told_by=thing.told_by,
            china=_cell(thing.hits[Side.CHINA], missing, outlets, zone),
            vietnam=_cell(thing.hits[Side.VIETNAM], missing, outlets, zone),
        )
        for thing in things[:ROWS]
    )
    more = words.more(len(things) - ROWS, "thing compared", "things compared")
    if lonely is None:
        return ComparisonView(_summary(things), rows, more)
    gap = missing_account(stored, outlets, as_of)
    return ComparisonView(f"{_CAPITALS[lonely]}: {gap} {_told_alone(things)}".rstrip(), rows, more)


def _account(stored: StoredMeeting, side: Side, outlets: Outlets) -> _Account:
    """A side's own articles; copies of a text count once."""
    own = (m for m, _ in originals(stored.mentions) if outlets.side(m.article.article) is side)
    tellings = tuple(telling(mention) for mention in own)
    return _Account(side, tellings, tuple(tuple(sentences_of(told)) for told in tellings))


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
    """A term where the sides differ in words for one thing; else each phrase for itself."""
    hits: dict[str, dict[Side, list[_Hit]]] = {id_: _nobody() for id_ in phrases.phrases()}
    for account in accounts:
        for told, keys in zip(account.tellings, account.keys, strict=True):
            for number, hit in told.phrases:
                hits[hit.value.id][account.side].append(_Hit(told.text[hit.start : hit.end], keys[number]))
    differing = {id_ for id_ in phrases.terms() if _differ([hits[p.id] for p in _of_term(id_)])}
    for term in phrases.terms().values():
        if term.id in differing:
            merged = _nobody()
            for phrase in _of_term(term.id):
                for side in _SIDES:
                    merged[side] += hits[phrase.id][side]
            yield _Thing(term.label, "term", term.topic, merged, term.minor)
    for phrase in phrases.phrases().values():
        minor = bool(phrase.term) and phrases.terms()[phrase.term].minor
        if phrase.term not in differing and not minor and any(hits[phrase.id].values()):
            yield _Thing(phrase.label, "phrase", phrase.topic, hits[phrase.id])


def _of_term(term: str) -> list[phrases.Phrase]:
    return [phrase for phrase in phrases.phrases().values() if phrase.term == term]


def _differ(hits: Sequence[dict[Side, list[_Hit]]]) -> bool:
    """Whether both sides name a thing, and not by the same phrases."""
    used = [{number for number, sides in enumerate(hits) if sides[side]} for side in _SIDES]
    return all(used) and used[0] != used[1]


def _topics(accounts: Sequence[_Account]) -> Iterable[_Thing]:
    hits: dict[str, dict[Side, list[_Hit]]] = {}
    for account in accounts:
        for told, keys in zip(account.tellings, account.keys, strict=True):
            for number, hit in told.topics:
                found = hits.setdefault(hit.value, _nobody())
                found[account.side].append(_Hit(told.text[hit.start : hit.end], keys[number]))
    order = {id_: number for number, id_ in enumerate(labels())}
    for id_ in sorted(hits, key=lambda id_: (order.get(id_, len(order)), id_)):
        yield _Thing(labels().get(id_, id_.replace("_", " ")), "topic", id_, hits[id_])


def _figures(accounts: Sequence[_Account]) -> Iterable[_Thing]:
    groups: list[tuple[Quantity, dict[Side, list[_Hit]]]] = []
    for account in accounts:
        for told, keys in zip(account.tellings, account.keys, strict=True):
            for number, quantity in told.quantities:
                found = next((hits for known, hits in groups if known.same(quantity)), None)
                if found is None:
                    found = _nobody()
                    groups.append((quantity, found))
                found[account.side].append(_Hit(told.text[quantity.start : quantity.end], keys[number]))
    for quantity, hits in groups:
        yield _Thing(quantity.label, "figure", "", hits)


def _nobody() -> dict[Side, list[_Hit]]:
    return {side: [] for side in _SIDES}


def _ordered(things: Sequence[_Thing]) -> list[_Thing]:
    """Differing terms, then what one side tells alone, then what both tell; what is told of every meeting last."""

    def rank(thing: _Thing) -> tuple[bool, int, int]:
        place = 0 if thing.kind == "term" else 2 if thing.told_by == "both" else 1
        return thing.minor, place, ("term", "phrase", "topic", "figure").index(thing.kind)

    return sorted(things, key=rank)


def _cell(hits: Sequence[_Hit], missing: str, outlets: Outlets, zone: ZoneInfo) -> CellView:
    """A side's wordings, and the weightiest sentence among those that hold one."""
    if not hits:
        return CellView("", "", "", None, missing)
    best = max(hits, key=lambda hit: worth(hit.key))
    wordings = [best.words, *(hit.words for hit in hits)]
    shown = list(
        {" ".join(wording.casefold().split()): wording.strip("\"'“”‘’ ") for wording in reversed(wordings)}.values()
    )
    told = best.key.telling
    return CellView(
        words=one_line("; ".join(shown[::-1][:WORDINGS]), TEXT_LIMIT),
        language=told.language,
        quote=one_line(best.key.text, QUOTE_LIMIT),
        article=article_view(told.mention, outlets, zone),
        missing="",
    )


def _summary(things: Sequence[_Thing]) -> str:
    """What both tell, what each tells alone, and for what their words differ, in one sentence."""
    plain = [thing for thing in things if not thing.minor and thing.kind != "figure"]
    shared = [thing for thing in plain if thing.told_by == "both" and thing.kind != "term"]
    parts = [f"Both accounts mention {_listed(shared)}"] if shared else ["The accounts share no subject known here"]
    for side in (Side.VIETNAM, Side.CHINA):
        alone = [thing for thing in plain if thing.told_by == side.value]
        if alone:
            parts.append(f"only {_CAPITALS[side]}’s mentions {_listed(alone)}")
    terms = [thing for thing in plain if thing.kind == "term"]
    if terms:
        parts.append(f"they differ in words for {_listed(terms)}")
    return f"{'; '.join(parts)}."


def _told_alone(things: Sequence[_Thing]) -> str:
    plain = [thing for thing in things if not thing.minor and thing.kind != "figure"]
    return f"The other account mentions {_listed(plain)}." if plain else ""


def _listed(things: Sequence[_Thing]) -> str:
    names = [one_line(thing.label, TEXT_LIMIT) for thing in things]
    if len(names) > NAMED:
        names[NAMED:] = [words.counted(len(names) - NAMED, "more thing")]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
