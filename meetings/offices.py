"""The words around a name that say what office the person holds, for which side: read leftwards and rightwards.

Kinds of words that may belong: offices, countries, parties, provinces, "of", "the", "and", capitalised words of bodies.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from meetings.countries import Country
from meetings.officials import Official
from meetings.reading import Reading, Token
from meetings.roster import NameSpan
from meetings.sentences import Sentence
from meetings.vocabulary import Office
from parsers.records import Side

GAP_LIMIT = 70


class OfficePhrase(NamedTuple):
    """Offices told of one person in text[start:end]; `place` is the province or city whose office it is."""

    start: int
    end: int
    offices: tuple[Office, ...] = ()
    side: Side | None = None
    embedded: bool = False
    plural: bool = False
    place: str | None = None


class PhraseReader:
    """Reads office phrases of one article. `owned` collects the start of every token that a name has taken."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.patterns = reading.words.patterns
        self._embedding = {t.end: t for t in reading.tokens if "embedding" in t.value.cues}

    def before(self, sentence: Sentence, span: NameSpan, spans: list[NameSpan], owned: set[int]) -> OfficePhrase:
        """What stands before a name and belongs to it."""
        reading = self.reading
        barrier = max((s.end for s in spans if s.end <= span.start), default=sentence.start)
        taken: list[Token] = []
        cursor, embedded = span.start, False
        for token in reversed(reading.within(max(sentence.start, barrier), span.start)):
            gap = reading.written[token.end : cursor]
            if any(other.end == token.start for other in spans) and "embedding_after" not in token.value.cues:
                break
            if token.end > cursor or not self._belongs(token):
                if token.value.triggers:
                    break
                continue
            if len(gap) > GAP_LIMIT or self._merely_where(token) or self.patterns.not_in_office.search(gap):
                break
            if taken and span.official is not None and self._of_other_side(token, span.official):
                break
            if not self._precedes(token, gap, taken) and not (not taken and self._set_off(token, gap, span.end)):
                break
            if (
                token.value.office
                and taken
                and self.patterns.of_office.search(gap)
                and self._of_another(taken, span.start)
            ):
                embedded = True
                break
            taken.append(token)
            cursor = token.start
        owned.update(token.start for token in taken)
        taken.reverse()
        embedded = embedded or self.embedded_at(cursor) or self._embedded_after(span.end)
        end = max((t.end for t in taken), default=span.start)
        if reading.written.startswith(")", end):  # "Party of Vietnam (CPV) Central Committee To Lam"
            rest = self.patterns.body_rest.match(reading.written, end, span.start)
            end = rest.end() if rest else end
        return self._phrase(sentence, taken, cursor, end, embedded)

    def _of_other_side(self, token: Token, official: Official) -> bool:
        """Whether an office or its country, told before a listed official of the other side, closes somebody else's."""
        if "country_after" not in self.reading.words.grammar.manners:
            return False
        side = token.value.office.side if token.value.office else _side_of(token) if token.value.country else None
        return side not in (None, official.side) and not self.patterns.where.search(
            self.reading.before(token.start, 12)
        )

    def _precedes(self, token: Token, gap: str, taken: list[Token]) -> bool:
        """Whether a token before the words already taken belongs to them too."""
        grammar, office = self.reading.words.grammar, token.value.office
        if "country_after" in grammar.manners and not office and taken and taken[-1].value.office:
            return self.patterns.and_office.fullmatch(gap) is not None and self._in_title(token.end)
        listed = office and any(t.value.office for t in taken)
        if listed and "country_after" in grammar.manners and not gap.strip():
            return False
        return (self.patterns.fill_comma if listed else self.patterns.fill).fullmatch(gap) is not None

    def after(self, sentence: Sentence, span: NameSpan, spans: list[NameSpan], owned: set[int]) -> OfficePhrase:
        """What stands after a name in apposition to it."""
        reading = self.reading
        limit = min((s.start for s in spans if s.start >= span.end), default=sentence.end)
        opening = self.patterns.apposition.match(reading.written, span.end, sentence.end)
        side_only = self._country_after(span.end)
        if opening is None:
            return OfficePhrase(span.end, span.end, side=side_only)
        taken: list[Token] = []
        cursor = opening.end()
        for token in reading.within(opening.end(), limit):
            gap = reading.written[cursor : token.start]
            if (
                token.start in owned
                or len(gap) > GAP_LIMIT
                or self.patterns.not_in_office.search(gap)
                or (taken and token.value.triggers and not token.value.office)
                or (taken and token.value.office and not token.value.office.principal)
            ):
                break
            if not self._belongs(token):
                continue
            pattern = (
                self.patterns.fill_comma
                if (token.value.office or "counterpart" in token.value.cues) and taken
                else self.patterns.fill
            )
            if not pattern.fullmatch(gap):
                break
            taken.append(token)
            cursor = token.end
        if not any(t.value.office or "counterpart" in t.value.cues for t in taken):
            return OfficePhrase(span.end, span.end, side=side_only)
        owned.update(token.start for token in taken)
        body = self.patterns.body_rest.match(reading.written, cursor, limit)
        return self._phrase(sentence, taken, taken[0].start, body.end() if body else cursor, False)

    def alone(self, sentence: Sentence, token: Token, owned: set[int]) -> OfficePhrase | None:
        """An office or counterpart that no name owns, with the country beside it. None for those who only speak."""
        reading = self.reading
        if token.value.office is not None and (not token.value.office.principal or token.value.office.verb):
            return None
        taken, start, end = [token], token.start, token.end
        for left in reversed(reading.within(max(sentence.start, token.start - GAP_LIMIT), token.start)):
            if not self._belongs(left) and not left.value.triggers:
                continue
            if (
                left.start in owned
                or not self._belongs(left)
                or self._merely_where(left)
                or not self.patterns.fill.fullmatch(reading.written[left.end : start])
            ):
                break
            if left.value.office or "counterpart" in left.value.cues:
                break
            taken.insert(0, left)
            start = left.start
        for right in reading.within(token.end, min(sentence.end, token.end + 2 * GAP_LIMIT)):
            if (
                right.start in owned
                or not self._belongs(right)
                or not self._next_to(right, reading.written[end : right.start])
            ):
                break
            if right.value.office and not self.patterns.and_office.fullmatch(reading.folded[end : right.start]):
                break
            taken.append(right)
            end = right.end
        phrase = self._phrase(sentence, taken, start, end, self.embedded_at(start))
        if not phrase.offices and "counterpart" not in token.value.cues:
            return None
        many = self.patterns.plural.search(reading.folded[token.start : token.end])
        return phrase._replace(plural=bool(many or self.patterns.plural_before.search(reading.before(token.start, 4))))

    def _next_to(self, token: Token, gap: str) -> bool:
        """Whether a token continues an office; another office of the same person may stand behind a comma."""
        listed = token.value.office is not None and "country_after" in self.reading.words.grammar.manners
        return (self.patterns.fill_comma if listed else self.patterns.fill).fullmatch(gap) is not None

    def side_of_noun(self, sentence: Sentence, token: Token) -> tuple[Side | None, int]:
        """The side of "the Chinese leader" or "leaders of Vietnam", and where the phrase begins."""
        reading = self.reading
        for left in reversed(reading.within(max(sentence.start, token.start - 40), token.start)):
            country = left.value.country
            if country is not None and self.patterns.noun_country.fullmatch(reading.folded, left.end, token.start):
                return country.side or Side.OTHER, left.start
            break
        country = self._country_right(token.end)
        article = self.patterns.articles.search(reading.before(token.start, 6))
        start = token.start - len(article[0]) if article else token.start
        return (country.side or Side.OTHER) if country else None, start

    def delegation_side(self, sentence: Sentence, start: int) -> Side | None:
        """The side of a delegation that is led by whoever is named at an offset: "the Chinese delegation led by X"."""
        led = self.patterns.led_by.search(self.reading.folded, max(sentence.start, start - GAP_LIMIT), start)
        if led is None:
            return None
        before = self.reading.within(max(sentence.start, led.start() - GAP_LIMIT), led.start())
        told = (t for t in reversed(before) if t.value.country and t.value.country.kind != "capital")
        return next((side for token in told if (side := _side_of(token))), None)

    def embedded_at(self, start: int) -> bool:
        """Whether the words right before an offset show that the person is only spoken of."""
        article = self.patterns.articles.search(self.reading.before(start, 6))
        cursor = start - len(article[0]) if article else start
        blank = self.reading.folded[cursor - 1 : cursor] == " "
        return (cursor - 1 if blank else cursor) in self._embedding

    def _embedded_after(self, end: int) -> bool:
        return any(
            "embedding_after" in token.value.cues and self.reading.folded[end : token.start].isascii()
            for token in self.reading.within(end, end + 4)
        )

    def _set_off(self, token: Token, gap: str, end: int) -> bool:
        """Whether commas set off a name after its office: "his counterpart, General X," or "China's minister, X,"."""
        if (
            not gap.startswith(",")
            or not self.patterns.fill.fullmatch(gap[1:])
            or not self.reading.text.startswith((",", ".", ")"), end)
        ):
            return False
        own = token.value.office is not None and self.patterns.own_office.search(self.reading.before(token.start, 30))
        return "counterpart" in token.value.cues or bool(own)

    def _of_another(self, taken: list[Token], name: int) -> bool:
        """Whether "envoy of" leads to somebody else: "of General Secretary X", "of Vietnam's X"."""
        if taken[-1].value.office:
            return True
        only_countries = not any(token.value.office for token in taken)
        return only_countries and self.reading.folded[taken[0].end : name].startswith("'s")

    def _merely_where(self, token: Token) -> bool:
        """Whether a place or country only says where something was: "in Beijing Xi told …"."""
        if token.value.office or self.reading.folded.startswith("'s", token.end):
            return False
        where = self.patterns.where.search(self.reading.before(token.start, 12))
        if where is None:
            return False
        return not self._in_title(token.start - len(where[0].lstrip()) - 1)

    def _in_title(self, end: int) -> bool:
        """Whether an office, or an office and its country, ends at an offset: "ambassador of China" in Hanoi."""
        near = self.reading.within(end - 2 * GAP_LIMIT, end)
        whose = next((t for t in near if t.end == end and (t.value.country or t.value.place)), None)
        ends = {end, whose.start - 1} if whose and "country_after" in self.reading.words.grammar.manners else {end}
        return any(t.end in ends and t.value.office for t in near)

    def _belongs(self, token: Token) -> bool:
        """Whether a token can be part of an office phrase."""
        sense = token.value
        if sense.office is not None or "counterpart" in sense.cues:
            return True
        if sense.place is not None and sense.country is None:
            return True
        if sense.country is not None:
            return sense.country.kind not in ("trap", "pair")
        return False

    def _phrase(self, sentence: Sentence, taken: list[Token], start: int, end: int, embedded: bool) -> OfficePhrase:
        offices = tuple(t.value.office for t in taken if t.value.office and self._official(t, start, end, sentence))
        return OfficePhrase(start, end, offices, self._side(taken), embedded, False, self._place(taken))

    def _official(self, token: Token, start: int, end: int, sentence: Sentence) -> bool:
        """Whether a title that firms have too stands with an official body."""
        office = token.value.office
        if office is None or not office.body:
            return True
        grammar, folded = self.reading.words.grammar, self.reading.folded
        around = (
            folded[min(start, token.start) : token.start]
            + " "
            + folded[token.end : max(end, min(sentence.end, token.end + 60))]
        )
        after = folded[token.end : token.end + 60]
        if any(re.search(rf"\b{re.escape(word)}\b", after.split(",")[0]) for word in grammar.not_bodies):
            return False
        if office.post.id in ("president", "vice_president"):
            return bool(self.patterns.head_of_state.match(after))
        return any(re.search(rf"\b{re.escape(word)}\b", around) for word in grammar.bodies)

    def _side(self, taken: list[Token]) -> Side | None:
        """The side told by an office phrase: the office's own, else the country nearest before it, else after it."""
        office = next((i for i, t in enumerate(taken) if t.value.office or "counterpart" in t.value.cues), None)
        if office is None:
            return next((_side_of(t) for t in reversed(taken) if _side_of(t)), None)
        fixed = next((t.value.office.side for t in taken if t.value.office and t.value.office.side), None)
        if fixed:
            return fixed
        diplomat = any(t.value.office and t.value.office.post.channel == "embassy" for t in taken)
        home = [t for t in taken[:office] if not (diplomat and self._hosts(t))]
        before = next((side for t in reversed(home) if (side := _side_of(t))), None)
        if before is None and len(home) < office:
            return _other(_side_of(next(t for t in taken[:office] if self._hosts(t))))
        if before and "country_after" not in self.reading.words.grammar.manners:
            return before
        after = (side for t in taken[office:] if (side := _side_of(t)))
        return (self._diplomat_side(taken[office:]) if diplomat else next(after, None)) or before

    def _diplomat_side(self, taken: list[Token]) -> Side | None:
        """An ambassador "of China" is China's; one "to China" comes from the other side."""
        for token in taken:
            side = _side_of(token)
            if side is None:
                continue
            return _other(side) if self._hosts(token) else side
        return None

    def _hosts(self, token: Token) -> bool:
        """Whether the word before a country says that a diplomat is posted there; Han writing has no blank between."""
        before = self.reading.before(token.start, 12)
        word = before.split()[-1:] or [""]
        previous = before.split()[-2:-1] or [""]
        link = previous[0] if word[0] == "the" else word[0]
        hosts = self.reading.words.grammar.hosts
        return link in hosts or any(before.endswith(host) for host in hosts if not host.isascii())

    def _place(self, taken: list[Token]) -> str | None:
        return next((t.value.place.name for t in taken if t.value.place and t.value.place.kind != "venue"), None)

    def _country_after(self, end: int) -> Side | None:
        country = self._country_right(end)
        return country.side if country else None

    def _country_right(self, end: int) -> Country | None:
        """The country in "… of Vietnam", "… in China", "… from Laos" right after an offset."""
        match = self.patterns.country_after.match(self.reading.folded[end : end + 12])
        if match is None:
            return None
        token = next(iter(self.reading.within(end + match.end(), end + match.end() + 1)), None)
        return token.value.country if token is not None else None


def _other(side: Side | None) -> Side | None:
    """The side that deals with this one; None of another country."""
    return {Side.CHINA: Side.VIETNAM, Side.VIETNAM: Side.CHINA}.get(side) if side else None


def _side_of(token: Token) -> Side | None:
    """The side that a country, party, province or city of a phrase belongs to; OTHER for another country."""
    country, place = token.value.country, token.value.place
    if country is not None:
        return None if country.kind == "pair" else country.side or Side.OTHER
    if place is not None:
        return {"CN": Side.CHINA, "VN": Side.VIETNAM}.get(place.country, Side.OTHER)
    return None
