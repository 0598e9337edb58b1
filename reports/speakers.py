"""Who is quoted in an account: a principal's name beside a word of reported speech, or "he" after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from meetings.folding import fold
from meetings.matching import Hit, Matcher
from meetings.records import Meeting
from reports.keysentences import KeySentence, sentences_of
from reports.tellings import Telling

NAMES_KEPT = 512
REACH = 90
"""Code points between a name and the word of speech that is its own: an office may stand between."""
AFTER = 30
"""The same where the word comes first ("said Wang")."""
ADDRESSED = 3
"""Code points after a word of speech within which a name is of somebody spoken to ("told Lam")."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody whose words are reported: the name of the record, and the sentences, weightiest first."""

    name: str
    sentences: tuple[KeySentence, ...]


def speakers(tellings: Sequence[Telling], meeting: Meeting) -> tuple[Speaker, ...]:
    """Who of the meeting's principals is quoted in these articles: those first who are quoted most."""
    found: dict[str, list[KeySentence]] = {}
    for told in tellings:
        own = _spoken(told, meeting)
        keys = sentences_of(told)
        for number, names in own.items():
            for name in names:
                found.setdefault(name, []).append(keys[number])
    order = sorted(found, key=lambda name: -len(found[name]))
    return tuple(Speaker(name, tuple(sorted(found[name], key=lambda key: -key.value))) for name in order)


def _spoken(told: Telling, meeting: Meeting) -> dict[int, list[str]]:
    """The people whose words each sentence of a telling reports, by number of sentence."""
    names = _names(told, meeting) if told.speech else {}
    if not names:
        return {}
    folded = fold(told.text)
    named = _by_sentence(told.placed(Matcher(names.items()).find(told.text, folded)))
    verbs = _by_sentence(told.speech)
    found: dict[int, list[str]] = {}
    last: str | None = None
    for number in sorted(named.keys() | verbs.keys()):
        here = named.get(number, [])
        quoted = _quoted(folded, here, verbs[number], last) if number in verbs else []
        if quoted:
            found[number] = quoted
        last = quoted[-1] if quoted else (here[0].value if len({name.value for name in here}) == 1 else last)
    return found


def _by_sentence(placed: Iterable[tuple[int, Hit[str]]]) -> dict[int, list[Hit[str]]]:
    found: dict[int, list[Hit[str]]] = {}
    for number, hit in placed:
        found.setdefault(number, []).append(hit)
    return found


def _quoted(text: str, named: Sequence[Hit[str]], verbs: Sequence[Hit[str]], last: str | None) -> list[str]:
    """Whose words each word of speech reports, in one sentence.

    The first name of its clause before it, not one that words were said to; else whoever spoke last in the sentence;
    else the name right after it ("said Wang"); else, for "he", the last speaker before the sentence.
    """
    found: list[str] = []
    reached, speaker = 0, None
    for verb in verbs:
        if verb.value == "he":
            speaker = speaker or last
            continue
        before = [n for n in named if reached <= n.start and n.end <= verb.start <= n.end + REACH]
        before = [n for n in before if not reached or n.start - reached > ADDRESSED]
        if len(before) > 1:
            comma = max(text.rfind(mark, reached, verb.start) for mark in ",;，；")
            before = [n for n in before if n.start > comma] or before
        after = next((n for n in named if verb.end <= n.start <= verb.end + AFTER), None)
        speaker = before[0].value if before else speaker or (after.value if after else None)
        reached = verb.end
        if speaker and speaker not in found:
            found.append(speaker)
    return found


def _names(told: Telling, meeting: Meeting) -> dict[str, str]:
    """Every written form of the principals, folded, and whose it is.

    The record of this very article has the form that it writes. In English a family name (of Chinese) or given name
    (of Vietnamese) stands for the whole; a form that two people share is nobody's.
    """
    forms: dict[str, set[str]] = {}
    own = told.mention.meeting
    for people, short in ((meeting.china + own.china, 0), (meeting.vietnam + own.vietnam, -1)):
        for person in people:
            for form in filter(None, (person.name, person.as_written)):
                words = _words(form)
                names = {" ".join(words), words[short]} if told.language == "en" and words else {" ".join(words)}
                for name in names:
                    forms.setdefault(name, set()).add(person.name or form)
    return {form: min(owners) for form, owners in forms.items() if len(owners) == 1 and form}


@lru_cache(maxsize=NAMES_KEPT)
def _words(name: str) -> tuple[str, ...]:
    """The words of a name, folded; kept, since the same people meet again and again."""
    return tuple(fold(name).split())
