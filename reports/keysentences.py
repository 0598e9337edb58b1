"""Which sentences of the articles say most of a meeting: those with information, not those at the top."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

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


_ENDED = re.compile(r"[.!?…。！？；:：][\"'”’」』)）\]]*$")


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence: the number of it in its telling, what it tells, as (kind, thing), and what it is worth by itself.

    `words` is empty where it tells nothing.
    """

    telling: Telling
    number: int
    things: frozenset[tuple[str, str]]
    words: frozenset[str] = field(repr=False)
    length: int
    value: float = 0.0

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
    tellings = [telling(mention) for mention in mentions]
    candidates = [candidate for told in tellings for candidate in sentences_of(told)]
    # what is known already takes worth away and never adds any
    left = [candidate for candidate in candidates if candidate.value > 0]
    chosen: list[KeySentence] = []
    while len(chosen) < limit and left:
        known = frozenset[tuple[str, str]]().union(*(key.things for key in chosen))
        best = max(left, key=lambda candidate: worth(candidate, known))
        if worth(best, known) <= 0:
            break
        chosen.append(best)
        left = [candidate for candidate in left if not _said_by(candidate, best)]
    if not chosen and limit:
        chosen = [key for key in candidates if _fields(key)]
        chosen = [max(chosen, key=_fields)] if chosen else []
    order = {mention.article.number: index for index, mention in enumerate(mentions)}
    return tuple(sorted(chosen, key=lambda key: (order[key.mention.article.number], key.start)))


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
    found = []
    for number, told_here in enumerate(things):
        words = told.quote(number)
        length = count_words(words)
        if not told_here:
            found.append(KeySentence(told, number, frozenset(), frozenset(), length))
            continue
        if length < SHORT and not _ENDED.search(words):
            told_here.add(("fragment", ""))
        key = KeySentence(told, number, frozenset(told_here), _words(words), length)
        found.append(replace(key, value=worth(key)))
    return tuple(found)


def worth(key: KeySentence, known: Collection[tuple[str, str]] = ()) -> float:
    """What a sentence adds to what is known already; below nothing for courtesies and captions."""
    kinds = {kind for kind, _ in known}
    total = 0.0
    for kind in {kind for kind, _ in key.things}:
        shown = [thing for thing in key.things if thing[0] == kind]
        if kind in ("outcome", "agreement", "proposal", "warning", "first", "plan"):
            total += WEIGHTS[kind] * (AGAIN if kind in kinds else 1)
        elif WEIGHTS[kind] < 0:
            total += WEIGHTS[kind] * min(len(shown), 2)
        else:
            values = sorted((KNOWN if thing in known else 1 for thing in shown), reverse=True)
            total += WEIGHTS[kind] * sum(values[: MOST[kind]])
    if total <= 0:
        return total
    return total * min(1.0, LONG / key.length) * (ENGLISH if key.telling.language == "en" else 1)


def _fields(key: KeySentence) -> int:
    return sum(kind == "field" for kind, _ in key.things)


def _said_by(candidate: KeySentence, chosen: KeySentence) -> bool:
    """Whether the chosen sentence has most of the candidate's words, or is it."""
    return candidate is chosen or len(candidate.words & chosen.words) >= SHARED * len(candidate.words)


def _words(text: str) -> frozenset[str]:
    """Words, or single characters where a script writes none apart."""
    return frozenset(re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", text.casefold()))
