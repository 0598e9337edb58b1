"""Which sentences of the articles say most of a meeting: those with information, not those at the top."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache

from archive.records import Mention
from meetings.sentences import count_words
from reports.tellings import KEPT, Telling, telling

# What a sentence is worth for each kind of information in it. Set by hand on tests/data/quotable.toml.
WEIGHTS = {
    "outcome": 3.0, "agreement": 1.0, "proposal": 1.5, "warning": 2.0, "first": 1.5, "plan": 1.0, "named": 1.0,
    "number": 2.0, "phrase": 0.8, "topic": 0.5, "field": 0.3,
    "courtesy": -2.5, "boilerplate": -1.2, "ceremony": -3.0, "caption": -6.0, "fragment": -2.0,
}  # fmt: skip
MOST = {"topic": 4, "field": 5, "named": 3, "phrase": 3, "number": 3}
"""How many of a kind count in one sentence: lists of everything say little of anything."""
KNOWN = 0.3
"""What a thing is still worth that a chosen sentence tells already."""
AGAIN = 0.6
"""The same for a kind, such as a second proposal."""
LONG = 45
"""Words (two Han characters are one) from which on a sentence is worth less for each further word."""
SHORT = 20
"""Words below which a line without a stop at its end is a headline, a credit or a menu, and no sentence."""
ENGLISH = 1.25
"""How much more a sentence in the issue's own language is worth to its reader."""
SHARED = 0.6
"""Part of a sentence's words by which another sentence says the same: agencies copy each other."""

_ONCE = frozenset({"outcome", "agreement", "proposal", "warning", "first", "plan"})
_STOPS, _CLOSING = tuple(".!?…。！？；:："), "\"'”’」』)）]"
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")


@dataclass(frozen=True, eq=False)
class KeySentence:
    """A sentence: the number of it in its telling, what it tells, as (kind, thing), and what it is worth by itself."""

    telling: Telling
    number: int
    things: frozenset[tuple[str, str]]
    value: float

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words, or single characters where a script writes none apart."""
        return frozenset(_WORD.findall(self.text.casefold()))

    @property
    def mention(self) -> Mention:
        """Whose sentence it is."""
        return self.telling.mention

    @property
    def start(self) -> int:
        """Where it begins in its article's text."""
        return self.telling.sentences[self.number].start

    @property
    def end(self) -> int:
        """Where it ends there."""
        return self.telling.sentences[self.number].end

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.telling.quote(self.number)


def key_sentences(mentions: Sequence[Mention], *, limit: int) -> tuple[KeySentence, ...]:
    """The sentences that together say most, in the order of the mentions.

    Each next one is that which adds most to those before; earlier mentions and sentences win a tie. Titles are left
    out (they stand with the source), and so is what another sentence already says. Where none says anything, the
    sentence that is evidence for most fields stands for the account.
    """
    candidates = [key for mention in mentions for key in sentences_of(telling(mention))]
    chosen: list[KeySentence] = []
    while len(chosen) < limit and (best := _next(candidates, chosen)):
        chosen.append(best)
    if not chosen and limit:
        chosen = [key for key in candidates if _fields(key)]
        chosen = [max(chosen, key=_fields)] if chosen else []
    order = {mention.article.number: index for index, mention in enumerate(mentions)}
    return tuple(sorted(chosen, key=lambda key: (order[key.mention.article.number], key.start)))


def _next(candidates: Sequence[KeySentence], chosen: Sequence[KeySentence]) -> KeySentence | None:
    """The sentence that adds most to those chosen and says nothing that they say; None when no other adds anything."""
    known = frozenset[tuple[str, str]]().union(*(key.things for key in chosen))
    best, most = None, 0.0
    for key in candidates:
        # what is known already takes worth away and never adds any
        if key.value <= most or any(_said_by(key, one) for one in chosen):
            continue
        gain = worth(key.telling, key.number, key.things, known)
        if gain > most:
            best, most = key, gain
    return best


@lru_cache(maxsize=KEPT)
def sentences_of(told: Telling) -> tuple[KeySentence, ...]:
    """All sentences of a telling with what they tell."""
    things: list[set[tuple[str, str]]] = [set() for _ in told.sentences]
    for number, signal in told.signals:
        things[number].add((signal.value, told.text[signal.start : signal.end].casefold()))
    for number, phrase in told.phrases:
        if not phrase.value.minor and phrase.value.term != "names":
            things[number].add(("phrase", phrase.value.id))
    for number, topic in told.topics:
        things[number].add(("topic", topic.value))
    for number, quantity in told.quantities:
        things[number].add(("number", quantity.label))
    for number, name in told.fields:
        things[number].add(("field", name))
    for number, told_here in enumerate(things):
        if told_here and _is_fragment(told.quote(number)):
            told_here.add(("fragment", ""))
    return tuple(
        KeySentence(told, number, frozenset(told_here), worth(told, number, told_here) if told_here else 0.0)
        for number, told_here in enumerate(things)
    )


def _is_fragment(text: str) -> bool:
    """Whether a line is no sentence: it is short, and no stop ends it."""
    return not text.rstrip(_CLOSING).endswith(_STOPS) and count_words(text) < SHORT


def worth(
    told: Telling,
    number: int,
    things: AbstractSet[tuple[str, str]],
    known: AbstractSet[tuple[str, str]] = frozenset(),
) -> float:
    """What a sentence that tells these things adds to what is known; below nothing for courtesies and captions."""
    kinds = {kind for kind, _ in known}
    of_kind: dict[str, list[float]] = {}
    for thing in things:
        of_kind.setdefault(thing[0], []).append(KNOWN if thing in known else 1.0)
    total = 0.0
    # in one order, so that the sum is the same to the last digit in every run
    for kind, values in sorted(of_kind.items()):
        if kind in _ONCE:
            total += WEIGHTS[kind] * (AGAIN if kind in kinds else 1)
        elif WEIGHTS[kind] < 0:
            total += WEIGHTS[kind] * min(len(values), 2)
        else:
            total += WEIGHTS[kind] * sum(sorted(values, reverse=True)[: MOST[kind]])
    if total <= 0:
        return total
    text = told.quote(number)
    # so short a text has no more words than that, and need not be counted
    words = LONG if len(text) < 2 * LONG else max(LONG, count_words(text))
    return total * LONG / words * (ENGLISH if told.language == "en" else 1)


def _fields(key: KeySentence) -> int:
    return sum(kind == "field" for kind, _ in key.things)


def _said_by(candidate: KeySentence, chosen: KeySentence) -> bool:
    """Whether the chosen sentence has most of the candidate's words, or is it."""
    return candidate is chosen or len(candidate.words & chosen.words) >= SHARED * len(candidate.words)
