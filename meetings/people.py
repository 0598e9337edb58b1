"""Who is named in an article: names and offices grouped into mentions of people.

A person is known from officials.toml or told by grammar: an office or the shape of a name. Which mentions are parties
of a meeting is decided elsewhere; here it is only said who is meant, for which side, in which office, and whether the
words around a name show that the person is merely spoken of (`embedded`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from meetings.offices import OfficePhrase, PhraseReader
from meetings.reading import Reading, Token
from meetings.roster import Entity, NameSpan, Roster, find_names
from meetings.sentences import Sentence
from parsers.records import Side


@dataclass(slots=True)
class Mention:
    """One place where a person or a post is spoken of. `form`: name, role (only an office), generic, pronoun."""

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
    names = [find_names(reading, sentence) for sentence in reading.sentences]
    phrases = PhraseReader(reading)
    for sentence, spans in zip(reading.sentences, names, strict=True):
        roster.introduce(phrases, sentence, spans)
    roster.settle()
    found = []
    for sentence, full in zip(reading.sentences, names, strict=True):
        found.append(_mentions(reading, phrases, sentence, roster.with_short_names(sentence, full)))
    return found, roster


def _mentions(reading: Reading, phrases: PhraseReader, sentence: Sentence, spans: list[NameSpan]) -> list[Mention]:
    owned: set[int] = set()
    mentions = []
    befores = [phrases.before(sentence, span, spans, owned) for span in spans]
    for span, before in zip(spans, befores, strict=True):
        after = phrases.after(sentence, span, spans, owned)
        mention = _named(span, before, after)
        if span.entity is not None:
            span.entity.learn(mention.offices, mention.role)
        mention.side = (span.entity.side if span.entity else None) or mention.side
        mentions.append(mention)
    mentions += _unnamed(reading, phrases, sentence, owned, spans)
    mentions.sort(key=lambda mention: mention.start)
    _spread_embedding(reading, mentions)
    return mentions


def _role(token: Token, phrase: OfficePhrase) -> Mention:
    span = phrase.start, phrase.end
    return Mention(
        token.start,
        token.end,
        "role",
        phrase.side,
        offices=(phrase,),
        span=span,
        embedded=phrase.embedded,
        plural=phrase.plural,
        role=span,
        cues=token.value.cues,
    )


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


def _unnamed(
    reading: Reading, phrases: PhraseReader, sentence: Sentence, owned: set[int], spans: list[NameSpan]
) -> list[Mention]:
    """Offices, counterparts, pronouns and functions that no name in the sentence owns."""
    mentions: list[Mention] = []
    reached = sentence.start
    for token in reading.within(sentence.start, sentence.end):
        taken = token.start in owned or any(s.start < token.end and token.start < s.end for s in spans)
        if taken or token.start < reached:
            continue
        cues = token.value.cues
        if token.value.office is not None or "counterpart" in cues:
            phrase = phrases.alone(sentence, token, owned)
            if phrase is not None:
                reached = phrase.end
                mentions.append(_role(token, phrase))
        elif "generic" in cues or "group" in cues:
            mentions.append(_function(reading, phrases, sentence, token))
        elif "pronoun" in cues:
            mentions.append(Mention(token.start, token.end, "pronoun", None, span=(token.start, token.end), cues=cues))
    return mentions


def _function(reading: Reading, phrases: PhraseReader, sentence: Sentence, token: Token) -> Mention:
    """ "The Chinese leader", "the delegation": somebody told by function only."""
    side, start = phrases.side_of_noun(sentence, token)
    plural = reading.words.patterns.plural.search(reading.folded[token.start : token.end]) is not None
    return Mention(
        token.start,
        token.end,
        "generic",
        side,
        span=(start, token.end),
        embedded=phrases.embedded_at(start),
        plural=plural,
        cues=token.value.cues,
    )


def note_bystanders(reading: Reading, mentions: list[Mention], standing: list[Mention]) -> None:
    """Says of everybody named in a sentence of encounter, to whoever listens, why they cannot be a party to it."""
    if reading.trace is None:
        return
    for mention in mentions:
        known = mention.entity
        if mention.form not in ("name", "role"):
            continue
        if mention.embedded:
            why = "only spoken of, as in an invitation, a greeting or a mission"
        elif all(mention is not other for other in standing):
            why = "merely attended"
        elif known is not None and mention.side not in (Side.CHINA, Side.VIETNAM):
            why = "of neither side, as far as the text says"
        elif known is not None and not known.principal:
            why = "no office told or known that represents the state"
        else:
            continue
        reading.note("person", "people.note_bystanders", mention.span, why)


def attendants(reading: Reading, sentence: Sentence) -> list[tuple[int, int]]:
    """The clauses whose last words say that the people in them were there but were not principals."""
    found = []
    for token in reading.within(sentence.start, sentence.end):
        last = token.end >= sentence.end - 1 or reading.words.patterns.clause_end.match(reading.folded, token.end)
        if "attendance_after" in token.value.cues and last:
            marks = reading.words.patterns.clause_end.finditer(reading.folded, sentence.start, token.start)
            found.append((max((mark.end() for mark in marks), default=sentence.start), token.start))
    return found


def met_by_third(before: list[Mention], after: list[Mention]) -> bool:
    """Whether somebody of another country met people of both sides, who then did not meet each other."""
    subjects = {m.side for m in before if m.form in ("name", "role")}
    objects = {m.side for m in after if m.form in ("name", "role")}
    both = objects >= {Side.CHINA, Side.VIETNAM} or any(m.plural for m in after if m.form == "role")
    return subjects == {Side.OTHER} and both
