"""Who is named in an article: names and offices grouped into mentions of people.

A person is known from officials.toml or told by grammar: an office or the shape of a name. Which mentions are parties
of a meeting is decided elsewhere; here it is only said who is meant, for which side, in which office, and whether the
words around a name show that the person is merely spoken of (`embedded`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from meetings.offices import OfficePhrase, PhraseReader
from meetings.reading import Reading
from meetings.roster import Entity, NameSpan, Roster, find_names
from meetings.sentences import Sentence
from parsers.records import Side


@dataclass(slots=True)
class Mention:
    """One place where a person or a post is spoken of. `form`: name, role (an office without a name), generic, pronoun."""

    start: int
    end: int
    form: str
    side: Side | None
    entity: Entity | None = None
    offices: tuple[OfficePhrase, ...] = ()
    span: tuple[int, int] = (0, 0)
    embedded: bool = False
    plural: bool = False
    role: tuple[int, int] | None = None
    cues: frozenset[str] = field(default_factory=frozenset)


def find_mentions(reading: Reading) -> tuple[list[list[Mention]], Roster]:
    """For each sentence its mentions in order, and the people they speak of."""
    roster = Roster(reading)
    names = [find_names(reading, sentence, roster) for sentence in reading.sentences]
    phrases = PhraseReader(reading)
    for sentence, spans in zip(reading.sentences, names, strict=True):
        roster.introduce(phrases, sentence, spans)
    found = []
    for sentence, spans in zip(reading.sentences, names, strict=True):
        spans = roster.with_short_names(sentence, spans)
        found.append(_mentions(reading, phrases, sentence, spans))
    return found, roster


def _mentions(reading: Reading, phrases: PhraseReader, sentence: Sentence, spans: list[NameSpan]) -> list[Mention]:
    owned: set[int] = set()
    mentions = []
    befores = [phrases.before(sentence, span, spans, owned) for span in spans]
    for span, before in zip(spans, befores, strict=True):
        after = phrases.after(sentence, span, spans, owned)
        mention = _named(span, before, after)
        if span.entity is not None:
            span.entity.learn(mention.offices, mention.role, reading)
        mention.side = (span.entity.side if span.entity else None) or mention.side
        mentions.append(mention)
    mentions += _unnamed(phrases, sentence, owned, spans)
    mentions.sort(key=lambda mention: mention.start)
    _spread_embedding(reading, mentions)
    return mentions


def _spread_embedding(reading: Reading, mentions: list[Mention]) -> None:
    """ "At the invitation of A and B": what holds of A holds of B."""
    people = [m for m in mentions if m.form in ("name", "role")]
    for one, two in pairwise(people):
        if one.embedded and reading.words.patterns.and_gap.fullmatch(reading.folded, one.span[1], two.span[0]):
            two.embedded = True


def _named(span: NameSpan, before: OfficePhrase, after: OfficePhrase) -> Mention:
    """A name with the offices on both sides of it."""
    role = after if after.offices and not before.offices else before
    return Mention(
        span.start,
        span.end,
        "name",
        before.side or after.side,
        entity=span.entity,
        offices=tuple(phrase for phrase in (before, after) if phrase.offices),
        span=(min(before.start, span.start), max(after.end, span.end)),
        embedded=before.embedded or after.embedded,
        role=(role.start, role.end) if role.offices else None,
    )


def _unnamed(phrases: PhraseReader, sentence: Sentence, owned: set[int], spans: list[NameSpan]) -> list[Mention]:
    """Offices, counterparts, pronouns and functions that no name in the sentence owns."""
    mentions = []
    reached = sentence.start
    for token in phrases.reading.within(sentence.start, sentence.end):
        if (
            token.start < reached
            or token.start in owned
            or any(s.start < token.end and token.start < s.end for s in spans)
        ):
            continue
        sense = token.value
        if sense.office is not None or "counterpart" in sense.cues:
            phrase = phrases.alone(sentence, token, owned)
            if phrase is not None:
                reached = phrase.end
                mentions.append(
                    Mention(
                        token.start, token.end, "role", phrase.side, offices=(phrase,), span=(phrase.start, phrase.end), embedded=phrase.embedded,
                        plural=phrase.plural, role=(phrase.start, phrase.end), cues=sense.cues,
                    )
                )  # fmt: skip
        elif "generic" in sense.cues or "group" in sense.cues:
            side, start = phrases.side_of_noun(sentence, token)
            mentions.append(
                Mention(
                    token.start, token.end, "generic", side, span=(start, token.end), cues=sense.cues,
                    plural=phrases.reading.folded[token.end - 1] == "s", embedded=phrases.embedded_at(start),
                )
            )  # fmt: skip
        elif "pronoun" in sense.cues:
            mentions.append(
                Mention(token.start, token.end, "pronoun", None, span=(token.start, token.end), cues=sense.cues)
            )
    return mentions
