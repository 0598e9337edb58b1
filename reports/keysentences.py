"""Which sentences of the articles say most of a meeting: those with information, not those at the top."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache

from archive.records import Mention
from meetings.sentences import count_words
from reports.clean import one_line
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
QUOTE_LIMIT = 420
"""Code points of a sentence that are quoted at the most."""
LONG = 45
"""Words (two Han characters are one) from which on a sentence is worth less for each further word."""
SHORT = 20
"""Words below which a line without a stop at its end is a headline, a credit or a menu, and no sentence."""
ENGLISH = 1.25
"""How much more a sentence in the issue's own language is worth to its reader."""
SHARED = 0.6
"""Part of a sentence's words by which another sentence says the same: agencies copy each other."""

Things = Mapping[str, AbstractSet[str]]
"""What is told, by its kind."""

_ONCE = frozenset({"outcome", "agreement", "proposal", "warning", "first", "plan"})
_STOPS, _CLOSING = tuple(".!?…。！？；:："), "\"'”’」』)）]"
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")


@dataclass(frozen=True, eq=False)
class KeySentence:
    """A sentence: the number of it in its telling, what it tells, by kind, and what it is worth by itself."""

    telling: Telling
    number: int
    things: Things
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

    @cached_property
    def quote(self) -> str:
        """The sentence as it is quoted, which it often is several times: on one line, cut where it is over-long."""
        return one_line(self.text, QUOTE_LIMIT)


def key_sentences(mentions: Sequence[Mention], *, limit: int) -> tuple[KeySentence, ...]:
    """The sentences that together say most, in the order of the mentions.

    Each next one is that which adds most to those before; earlier mentions and sentences win a tie. Titles are left
    out (they stand with the source), and so is what another sentence already says. Where none says anything, the
    sentence that is evidence for most fields stands for the account.
    """
    candidates = [key for mention in mentions for key in sentences_of(telling(mention)).values()]
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
    known: dict[str, set[str]] = {}
    for one in chosen:
        for kind, told in one.things.items():
            known.setdefault(kind, set()).update(told)
    best, most = None, 0.0
    for key in candidates:
        # what is known already takes worth away and never adds any
        if key.value <= most:
            continue
        gain = worth(key.text, key.telling.language, key.things, known) if known else key.value
        if gain > most and not any(_said_by(key, one) for one in chosen):
            best, most = key, gain
    return best


class _Keys(dict[int, KeySentence]):
    """The sentences of a telling by number: those that tell something, in order, and any other once it is asked for."""

    def __init__(self, told: Telling, things: Mapping[int, dict[str, set[str]]]) -> None:
        self._told = told
        for number in sorted(things):
            text, here = told.quote(number), things[number]
            if _is_fragment(text):
                here["fragment"] = {""}
            self[number] = KeySentence(told, number, here, worth(text, told.language, here, {}))

    def __missing__(self, number: int) -> KeySentence:
        self[number] = KeySentence(self._told, number, {}, 0.0)
        return self[number]


@lru_cache(maxsize=KEPT)
def sentences_of(told: Telling) -> Mapping[int, KeySentence]:
    """The sentences of a telling, by their numbers, with what they tell."""
    things: defaultdict[int, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for number, (start, end, kind) in told.signals:
        things[number][kind].add(told.text[start:end].casefold())
    for number, (_, _, phrase) in told.phrases:
        if not phrase.minor and phrase.term != "names":
            things[number]["phrase"].add(phrase.id)
    for number, (_, _, topic) in told.topics:
        things[number]["topic"].add(topic)
    for number, quantity in told.quantities:
        things[number]["number"].add(quantity.label)
    for number, name in told.fields:
        things[number]["field"].add(name)
    return _Keys(told, things)


def _is_fragment(text: str) -> bool:
    """Whether a line is no sentence: it is short, and no stop ends it."""
    return not text.rstrip(_CLOSING).endswith(_STOPS) and count_words(text) < SHORT


def worth(text: str, language: str, things: Things, known: Things) -> float:
    """What a sentence that tells these things adds to what is known; below nothing for courtesies and captions."""
    total = 0.0
    # in one order, so that the sum is the same to the last digit in every run
    for kind in sorted(things):
        here = things[kind]
        again = len(here & known[kind]) if kind in known else None
        total += _share(kind, len(here), again)
    if total <= 0:
        return total
    # so short a text has no more words than that, and need not be counted
    words = LONG if len(text) < 2 * LONG else max(LONG, count_words(text))
    return total * LONG / words * (ENGLISH if language == "en" else 1)


@lru_cache(maxsize=KEPT)
def _share(kind: str, count: int, again: int | None) -> float:
    """What so many things of one kind are worth, `again` of which are known; None: nothing of that kind is known."""
    if kind in _ONCE:
        return WEIGHTS[kind] * (1 if again is None else AGAIN)
    if WEIGHTS[kind] < 0:
        return WEIGHTS[kind] * min(count, 2)
    known = again or 0
    return WEIGHTS[kind] * sum([*[1.0] * (count - known), *[KNOWN] * known][: MOST[kind]])


def _fields(key: KeySentence) -> int:
    return len(key.things.get("field", ()))


def _said_by(candidate: KeySentence, chosen: KeySentence) -> bool:
    """Whether the chosen sentence has most of the candidate's words, or is it."""
    return candidate is chosen or len(candidate.words & chosen.words) >= SHARED * len(candidate.words)
