"""The people of one article: full names found first, then the short forms by which they are called afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from meetings import hannames, names, officials
from meetings.folding import fold, key, lowered, plain
from meetings.officials import Official, Post
from meetings.reading import Reading, Token
from meetings.records import RANK_ORDER, Rank
from meetings.sentences import Sentence
from parsers.records import Side

if TYPE_CHECKING:
    from meetings.offices import OfficePhrase, PhraseReader

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
RUN_LIMIT = 6
TITLE_REACH = 24


@dataclass(slots=True, eq=False)
class Entity:
    """One person of the article, with all that its mentions tell."""

    name: str
    side: Side | None
    official: Official | None
    first: int
    as_written: tuple[int, int]
    posts: dict[str, Post] = field(default_factory=dict)
    role: tuple[int, int] | None = None
    asides: int = 0
    principals: int = 0
    local_place: str | None = None
    shape: Side | None = None

    def learn(self, offices: tuple[OfficePhrase, ...], role: tuple[int, int] | None) -> None:
        """Adds the offices of one mention; the fullest wording becomes the role."""
        for phrase in offices:
            for office in phrase.offices:
                if office.principal:
                    self.posts.setdefault(office.post.id, office.post)
                    self.principals += 1
                else:
                    self.asides += 1
            self.side = self.side or phrase.side
            self.local_place = self.local_place or phrase.place
        if role is not None and (self.role is None or role[1] - role[0] > self.role[1] - self.role[0]):
            self.role = role

    @property
    def spokesperson(self) -> bool:
        """Whether the text mostly shows the person as one who speaks, does business or held office once."""
        return self.asides > 0 and self.asides >= self.principals

    @property
    def principal(self) -> bool:
        """Whether the text shows the person in an office, or the officials' list does."""
        if self.spokesperson:
            return False
        return bool(self.posts) or self.official is not None

    def rank(self, reading: Reading) -> Rank | None:
        """The highest rank of the offices told, else of those held when the article was published."""
        ranks = [post.rank for post in self.posts.values()]
        if not ranks and self.official is not None:
            held = [t.post for t in self.official.terms if reading.published is None or t.covers(reading.published)]
            ranks = [officials.posts()[post].rank for post in held]
        return min(ranks, key=RANK_ORDER.index, default=None)


class NameSpan(NamedTuple):
    """A name in a sentence: text[start:end], whose it is, and the side that its shape tells."""

    start: int
    end: int
    entity: Entity | None
    shape: Side | None
    official: Official | None = None


class Roster:
    """Everyone named so far, and what short form means whom."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.entities: dict[str, Entity] = {}
        self._short: dict[str, list[Entity]] = {}
        self._alone = {short: official for official in officials.load() for short in official.alone}

    def entity(self, text: str, start: int, end: int, *, official: Official | None, side: Side | None) -> Entity:
        """The person of this name, new or known."""
        name = official.name if official else plain(text)
        known = self.entities.get(key(name))
        if known is None:
            known = Entity(name, side, official, start, (start, end))
            self.entities[key(name)] = known
            words = name.split()
            shorts = {words[0], words[-1]} if side is None else {words[0] if side is Side.CHINA else words[-1]}
            for short in shorts if len(words) > 1 else ():
                self._short.setdefault(fold(short), []).append(known)
        return known

    def introduce(self, phrases: PhraseReader, sentence: Sentence, spans: list[NameSpan]) -> None:
        """Makes an entity of every full name, with the side that official list, own words or shape tell."""
        owned: set[int] = set()
        befores = [phrases.before(sentence, span, spans, owned) for span in spans]
        for index, (span, before) in enumerate(zip(spans, befores, strict=True)):
            if span.entity is not None:
                continue
            text = self.reading.text[span.start : span.end]
            after = phrases.after(sentence, span, spans, owned)
            official, shape = span.official, span.shape
            if official is not None and _contradicts(official, before, after):
                shape, official = Side.VIETNAM, None
            side = official.side if official else None
            if side is None:
                if shape is None and not (before.offices or after.offices):
                    continue
                told = before.side or after.side or phrases.delegation_side(sentence, before.start)
                side = self._side(span, told or self._implied(before, spans[:index]), text)
            entity = self.entity(text, span.start, span.end, official=official, side=side)
            entity.side, entity.shape = entity.side or side, entity.shape or shape
            spans[index] = span._replace(entity=entity)

    def _side(self, span: NameSpan, told: Side | None, text: str) -> Side | None:
        """The side of a name: as its office tells it, or as the shape of a long name tells it where that is sure."""
        if "shape_of_side" not in self.reading.words.grammar.manners:
            return told
        sure = span.shape is not None and told not in (None, Side.OTHER) and len(text.split()) > 2
        return span.shape if sure else told or span.shape

    def _implied(self, office: OfficePhrase, earlier: list[NameSpan]) -> Side | None:
        """Whose an office told without a country is: in an enumeration that of the one before, else the outlet's."""
        own = self.reading.words.grammar.implied_side
        if own is None or not office.offices or office.side is not None:
            return None
        last = max((span for span in earlier if span.end <= office.start), key=lambda span: span.end, default=None)
        gap = self.reading.written[last.end : office.start] if last else ""
        if last and last.entity and gap and self.reading.words.patterns.list_gap.fullmatch(gap):
            return last.entity.side if gap == "、" else (self.reading.own_side or own)
        clean = self.reading.words.patterns.implied.search(self.reading.before(office.start, 12))
        return (self.reading.own_side or own) if clean else Side.OTHER

    def settle(self) -> None:
        """Gives those whose side no office told, anywhere in the article, that of their name's shape."""
        for entity in self.entities.values():
            sure = entity.shape is Side.VIETNAM or "shape_of_side" in self.reading.words.grammar.manners
            entity.side = entity.side or (entity.shape if sure else None)

    def with_short_names(self, sentence: Sentence, spans: list[NameSpan]) -> list[NameSpan]:
        """The sentence's names with its short forms ("Wang", "Son", "President Lam") resolved."""
        found = [span for span in spans if span.entity is not None]
        for word in _words(self.reading, sentence):
            if not self._may_be_short(word) or any(s.start < word.end() and word.start() < s.end for s in found):
                continue
            person = self._by_short(sentence, word)
            if person is not None:
                found.append(NameSpan(word.start(), word.end(), person, None))
        for start, end, name in hannames.repeated(self.reading, sentence, self.entities):
            if not any(span.start < end and start < span.end for span in found):
                found.append(NameSpan(start, end, self.entities[name], None))
        return sorted(found, key=lambda span: span.start)

    def _may_be_short(self, word: re.Match[str]) -> bool:
        """Whether anybody is ever called so: most words are dismissed by this alone."""
        folded = self.reading.folded[word.start() : word.end()]
        return folded in self._short or word[0] in self._alone or folded in _short_names()

    def _by_short(self, sentence: Sentence, word: re.Match[str]) -> Entity | None:
        text, start = word[0], word.start()
        token = next(iter(self.reading.within(start, start + 1)), None)
        if token is not None and token.value.place is None and "pronoun" not in token.value.cues:
            return None
        office = self._office_before(start)
        if "short_titled" in self.reading.words.grammar.manners and office is None and not self._titled(start):
            return None
        known = self._short.get(fold(text), ())
        if text in self.reading.words.grammar.not_names and not (office or (known and start != sentence.start)):
            return None
        if known:
            earlier = [person for person in known if person.first <= start]
            return max(earlier, key=lambda person: person.first) if earlier else known[0]
        if text in self._alone:
            official = self._alone[text]
            return self.entity(text, start, word.end(), official=official, side=official.side)
        return self._by_office(text, start, word.end(), office)

    def _office_before(self, start: int) -> Post | None:
        """The post of an office that ends right before an offset."""
        for token in reversed(self.reading.within(max(0, start - 60), start)):
            if token.value.office is not None:
                between = self.reading.folded[token.end : start].strip()
                return token.value.office.post if between in ("", *self.reading.words.grammar.titles) else None
        return None

    def one_of_two(self, posts: set[str], side: Side) -> Entity | None:
        """The person of a side whom "the two ministers" means, when the article names one minister of each side."""
        ranks = {officials.posts()[post].rank for post in posts}
        found: dict[Side, list[Entity]] = {Side.CHINA: [], Side.VIETNAM: []}
        for entity in self.entities.values():
            kin = any(_kin(post, posts) and post.rank in ranks for post in entity.posts.values())
            if kin and entity.principal and entity.side in found:
                found[entity.side].append(entity)
        return found[side][0] if all(len(people) == 1 for people in found.values()) else None

    def _titled(self, start: int) -> bool:
        """Whether a word of courtesy or rank stands right before an offset."""
        before = self.reading.before(start, TITLE_REACH)
        return any(re.search(rf"\b{re.escape(title)} $", before) for title in self.reading.words.grammar.titles)

    def _by_office(self, text: str, start: int, end: int, post: Post | None) -> Entity | None:
        """An official never named in full, told by office and short name: "PM Chinh"."""
        if post is None:
            return None
        fitting = [o for o in _short_names().get(fold(text), ()) if o.held(post.id, self.reading.published)]
        if len(fitting) != 1:
            return None
        return self.entity(text, start, end, official=fitting[0], side=fitting[0].side)


def _kin(post: Post, posts: set[str]) -> bool:
    """Whether a post is one of `posts` or a kind of it: the public security minister is a minister."""
    return any(post.id == known or post.id.endswith(f"_{known}") for known in posts)


def _contradicts(official: Official, before: OfficePhrase, after: OfficePhrase) -> bool:
    """Whether the offices beside a name are Vietnamese ones: the Vietnamese form of a Chinese name may be anybody's."""
    offices = [office for phrase in (before, after) for office in phrase.offices if office.side]
    return official.side is Side.CHINA and bool(offices) and all(o.side is Side.VIETNAM for o in offices)


@cache
def _short_names() -> dict[str, list[Official]]:
    """All officials by the short name that English text calls them by."""
    found: dict[str, list[Official]] = {}
    for official in officials.load():
        found.setdefault(fold(official.short_name), []).append(official)
    return found


def find_names(reading: Reading, sentence: Sentence) -> list[NameSpan]:
    """Full names in a sentence: those of the list, then runs of capitalised words in the shape of a name."""
    spans = [
        NameSpan(token.start, token.end, None, token.value.official.side, token.value.official)
        for token in reading.within(sentence.start, sentence.end)
        if token.value.official is not None
    ]
    for run in _runs(reading, sentence):
        spans += _names_of_run(run, exact="diacritics" in reading.words.grammar.manners)
    taken = {span.start for span in spans}
    spans += [NameSpan(a, b, None, side) for a, b, side in hannames.after_offices(reading, sentence) if a not in taken]
    return sorted((s for s in spans if not _historical(reading, s)), key=lambda span: span.start)


def _historical(reading: Reading, span: NameSpan) -> bool:
    return fold(reading.text[span.start : span.end]) in names.surnames().historical


def _names_of_run(run: list[re.Match[str]], *, exact: bool) -> list[NameSpan]:
    words = [match[0] for match in run]
    parts = names.split_names(words, exact=exact)
    found = [NameSpan(run[a].start(), run[b - 1].end(), None, side) for a, b, side in parts]
    if not found and 2 <= len(run) <= 4:
        known = names.surnames()
        if fold(words[0]) in known.china | known.vietnam:
            found.append(NameSpan(run[0].start(), run[-1].end(), None, None))
    return found


def _words(reading: Reading, sentence: Sentence) -> list[re.Match[str]]:
    return [word for word in _WORD.finditer(reading.text, sentence.start, sentence.end) if word[0][0].isupper()]


def _may_be_name(token: Token, word: re.Match[str]) -> bool:
    """Whether a lexicon word may be part of a name too: a place, or a country, of one word."""
    country = token.value.country is not None and token.value.country.kind == "name" and token.start == word.start()
    return (token.value.place is not None or country) and token.end == word.end()


def _is_small(token: Token, word: re.Match[str]) -> bool:
    """Whether a lexicon word is a small word only, such as "former", which is a syllable of names too."""
    sense = token.value
    known = sense.office or sense.country or sense.place or sense.forum or sense.official or sense.triggers
    return not known and "ignored" not in sense.cues and token.start == word.start() and token.end == word.end()


def _family_name(word: re.Match[str]) -> bool:
    return lowered(word[0]) in names.surnames().vietnam


def _runs(reading: Reading, sentence: Sentence) -> list[list[re.Match[str]]]:
    """Runs of capitalised words that are no lexicon words, save pronouns and, after the first, places and countries."""
    tokens = {offset: t for t in reading.within(sentence.start, sentence.end) for offset in range(t.start, t.end)}
    exact = "diacritics" in reading.words.grammar.manners
    runs: list[list[re.Match[str]]] = []
    for word in _words(reading, sentence):
        if word.start() == sentence.start and word[0] in reading.words.grammar.starters:
            continue
        token = tokens.get(word.start())
        place = token is not None and _may_be_name(token, word)
        small = token is not None and exact and _is_small(token, word)
        if token is not None and not place and not small and "pronoun" not in token.value.cues:
            continue
        joined = runs and runs[-1][-1].end() + 1 == word.start() and reading.folded[word.start() - 1] == " "
        if joined and len(runs[-1]) < RUN_LIMIT:
            runs[-1].append(word)
        elif not place and (not small or _family_name(word)):
            runs.append([word])
    return [run for run in runs if len(run) > (2 if run[0].start() in tokens and exact else 1)]
