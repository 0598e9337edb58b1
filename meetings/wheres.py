"""Where a meeting took place: places told with a preposition, venues, the dateline, and who was host."""

from __future__ import annotations

from dataclasses import dataclass

from meetings.encounters import SIDES
from meetings.people import Mention
from meetings.places import KnownPlace
from meetings.reading import Reading, Token
from meetings.records import Mode, Rank
from meetings.sentences import Sentence
from meetings.stories import Story
from parsers.records import Side

ARRIVAL_SENTENCES = 20
LEADERS = {Rank.LEADER, Rank.HEAD_OF_GOVERNMENT, Rank.DEPUTY_LEADER}
CAPITALS = {Side.CHINA: ("CN", "Beijing"), Side.VIETNAM: ("VN", "Hanoi")}
LEAD_SENTENCES = 2


@dataclass(frozen=True, slots=True)
class Where:
    """What is known of the place, with the words that told it; `firm` when they name more than a country."""

    venue: str | None = None
    city: str | None = None
    country: str | None = None
    token: tuple[int, int] | None = None
    firm: bool = False


class Compass:
    """Finds the places of one article's stories; the first story is its main one."""

    def __init__(self, reading: Reading, stories: list[Story], mentions: list[list[Mention]]) -> None:
        self.reading = reading
        self.stories = stories
        self.mentions = mentions

    def find(self, story: Story, mode: Mode) -> Where:
        """The place told about a story; else that of the main story, of an arrival, of host, dateline or visit."""
        where, rule, reason = self._find(story, mode)
        known = where.country is not None
        self.reading.note("place", f"wheres.{rule}", where.token or (0, 0), reason, kept=known)
        return where

    def _find(self, story: Story, mode: Mode) -> tuple[Where, str, str]:
        """The place, the rule that found it, and why."""
        if mode in (Mode.PHONE, Mode.VIDEO):
            return Where(), "Compass.find", "talks at a distance have no place"
        best = self._told(story), "Compass._told", "told with the meeting"
        if "visit" in story.first.anchor.kinds and best[0].country not in (None, "CN", "VN"):
            return _host_country(story), "_host_country", "the country that is to be visited"
        if best[0].city is None and story is not self.stories[0]:
            best = _fuller(best, (self._told(self.stories[0]), "Compass._told", "told with the article's main meeting"))
        arrival = self._arrival(), "Compass._arrival", "where the visitor came"
        dateline = dateline_place(self.reading), "dateline_place", "that of the dateline"
        seat = _host_seat(self.reading, story), "_host_seat", "the seat of whoever received the other"
        visit = _visit(self.reading), "_visit", "the country of the visit that the article speaks of"
        lead = _visit(self.reading, LEAD_SENTENCES), "_visit", "the country of the visit that the lead tells of"
        abroad = self._abroad(), "Compass._abroad", "the third country that the lead tells of"
        for guess in (arrival, lead, abroad, seat, dateline, visit):
            if best[0].country is None:
                best = guess
        if best[0].city is None and not best[0].firm:
            capital = _capital(story), "_capital", "the capital, where national leaders receive"
            for guess in (arrival, dateline, capital):
                best = _fuller(best, guess)
        return best if best[0].country else (best[0], "Compass.find", "no place is told")

    def _arrival(self) -> Where:
        """Where the visitor came: "had come to Hanoi", "a working visit to Guizhou province"."""
        for sentence in self.reading.sentences[:ARRIVAL_SENTENCES]:
            for token in self.reading.within(sentence.start, sentence.end):
                place = token.value.place
                if (
                    place
                    and place.kind != "venue"
                    and self.reading.words.patterns.arrived.search(self.reading.before(token.start, 30))
                ):
                    return Where(None, place.city, place.country, (token.start, token.end))
        return Where()

    def _abroad(self) -> Where:
        """The place in a third country in which the article's first sentences are."""
        for index, sentence in enumerate(self.reading.sentences[:LEAD_SENTENCES]):
            where = _in_sentence(self.reading, sentence, self.mentions[index], countries=True)
            if where.country not in (None, "CN", "VN"):
                return where
        return Where()

    def _told(self, story: Story) -> Where:
        """The place told in a story's sentences, else in those shortly before or after them or in the headline."""
        own = [e.index for e in story.encounters]
        first = min((i for i in own if i > 0), default=own[0])
        others = {e.index for s in self.stories if s is not story for e in s.encounters}
        near = [
            i
            for i in (*range(first - 1, max(-1, first - 4), -1), 0, first + 1, first + 2)
            if i not in own and i not in others
        ]
        best = Where()
        for index in (*own, *near):
            if index < len(self.reading.sentences):
                best = _better(
                    best,
                    _in_sentence(
                        self.reading, self.reading.sentences[index], self.mentions[index], countries=index in own
                    ),
                )
        return best


def _fuller(one: tuple[Where, str, str], two: tuple[Where, str, str]) -> tuple[Where, str, str]:
    """The one that `_better` takes, with its rule."""
    return two if _better(one[0], two[0]) is two[0] else one


def _better(one: Where, two: Where) -> Where:
    """The first told stands; the second fills in what it leaves open, in the same country."""
    if two.token is None and two.country is None:
        return one
    if one.country is None:
        return two
    if two.city and one.city is None and one.country == two.country and not one.firm:
        return two
    return one


def _in_sentence(reading: Reading, sentence: Sentence, mentions: list[Mention], *, countries: bool) -> Where:
    """The place told in a sentence: a venue, else a city, else a province or country in which it was."""
    tokens = reading.within(sentence.start, sentence.end)
    spans = [m.span for m in mentions if m.form in ("name", "role")]
    dateline_end = _dateline_end(reading, sentence)
    found: dict[str, tuple[KnownPlace, Token]] = {}
    country: Token | None = None
    for token in tokens:
        place = token.value.place
        if token.start < dateline_end or any(a <= token.start < b for a, b in spans):
            continue
        if place is not None and _located(reading, sentence, token):
            found.setdefault(place.kind, (place, token))
        elif (
            token.value.country
            and token.value.country.kind == "name"
            and not _of_place(reading, token)
            and reading.words.patterns.in_country.search(reading.before(token.start, 30))
        ):
            country = country or token
    if "venue" in found:
        place, token = found["venue"]
        city = place.city or (found["city"][0].city if "city" in found else None)
        return Where(place.name, city, place.country, (token.start, token.end), firm=True)
    for kind in ("city", "province"):
        if kind in found:
            place, token = found[kind]
            return Where(None, place.city, place.country, (token.start, token.end), firm=True)
    here = any("here" in token.value.cues for token in tokens)
    if here:
        return dateline_place(reading)
    if country is not None and country.value.country and len(country.value.country.code) == 2 and countries:
        return Where(None, None, country.value.country.code, (country.start, country.end))
    return Where()


def _of_place(reading: Reading, token: Token) -> bool:
    """Whether a country only says where a place lies: "Guangxi in China"."""
    return any(
        t.value.place or t.value.country
        for t in reading.within(token.start - 16, token.start)
        if t.end >= token.start - 9
    )


def _located(reading: Reading, sentence: Sentence, token: Token) -> bool:
    place = token.value.place
    if place is not None and place.kind == "venue":
        return True
    if reading.words.patterns.hosted.match(reading.after(token.end, 30)):
        return True
    if reading.words.patterns.located_word.fullmatch(reading.folded, token.start, token.end):
        return True
    before = reading.folded[max(sentence.start, token.start - 80) : token.start]
    return bool(reading.words.patterns.located.search(before)) and not reading.words.patterns.not_located.search(before)


def _dateline_end(reading: Reading, sentence: Sentence) -> int:
    match = reading.words.patterns.dateline.match(reading.written[sentence.start : sentence.start + 90])
    return sentence.start + match.end() if match else sentence.start


def dateline_place(reading: Reading) -> Where:
    """The place of the article's dateline."""
    for sentence in reading.sentences[:14]:
        match = reading.words.patterns.dateline.match(reading.written[sentence.start : sentence.start + 90])
        if match is None:
            continue
        start = sentence.start + match.start("city")
        for token in reading.within(start, start + 2):
            if token.value.place and token.value.place.kind != "venue":
                place = token.value.place
                return Where(None, place.city, place.country, (token.start, token.end))
    return Where()


def _host_country(story: Story) -> Where:
    """The country of an announced visit: that of whoever is not the visitor, who is told first."""
    side = list(story.parties)[1]
    return Where(None, None, "CN" if side is Side.CHINA else "VN")


def _host_seat(reading: Reading, story: Story) -> Where:
    """Who received the other says the country; the seat of both a local host and a consul says the city."""
    for encounter in story.encounters:
        anchor = encounter.anchor
        if anchor.host is None:
            continue
        parties = [(side, party) for side in SIDES for party in encounter.parties[side]]
        hosts = [p for p in parties if (p[1].mention.start < anchor.start) == (anchor.host == "subject")]
        if hosts:
            side, host = min(hosts, key=lambda p: abs(p[1].mention.start - anchor.start))
            return _seat(reading, side, host.entity.local_place if host.entity else None)
    return Where()


def _capital(story: Story) -> Where:
    """The capital of whoever received the other, when it was one of the state's or party's leaders."""
    for encounter in story.encounters:
        anchor = encounter.anchor
        for side in SIDES if anchor.host else ():
            for party in encounter.parties[side]:
                host = (party.mention.start < anchor.start) == (anchor.host == "subject")
                leads = party.entity and any(post.rank in LEADERS for post in party.entity.posts.values())
                if host and leads:
                    country, city = CAPITALS[side]
                    return Where(None, city, country)
    return Where()


def _seat(reading: Reading, side: Side, place: str | None) -> Where:
    code = "CN" if side is Side.CHINA else "VN"
    city = next(
        (
            t.value.place
            for t in reading.tokens
            if t.value.place and t.value.place.name == place and t.value.place.kind == "city"
        ),
        None,
    )
    return Where(None, city.city if city else None, code, None)


def _visit(reading: Reading, sentences: int | None = None) -> Where:
    """The country of a visit that the article, or its first sentences, speak of."""
    end = reading.sentences[:sentences][-1].end
    for token in reading.within(0, end):
        country = token.value.country
        if country and country.side and reading.words.patterns.visited.search(reading.before(token.start, 12)):
            return Where(None, None, country.code)
    return Where()
