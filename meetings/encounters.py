"""Who met whom in one sentence: the people before and after an anchor, paired by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meetings import anchors
from meetings.anchors import Anchor
from meetings.forums import KnownForum
from meetings.people import Mention, attendants, met_by_third, note_bystanders
from meetings.reading import Reading
from meetings.records import Mode, Status
from meetings.roster import Entity, Roster
from meetings.sentences import Sentence
from parsers.records import Side

SIDES = (Side.CHINA, Side.VIETNAM)
COUNTRY = {Side.CHINA: "China", Side.VIETNAM: "Viet Nam"}
LOOK_BACK = 8
PRONOUN_REACH = 12


@dataclass(slots=True, eq=False)
class Party:
    """One side's participant: a person of the article, or an office without a name."""

    side: Side
    entity: Entity | None
    mention: Mention


@dataclass(slots=True)
class Encounter:
    """What one anchor tells. `index` is the sentence's; an empty side is a group nobody names."""

    index: int
    anchor: Anchor
    parties: dict[Side, list[Party]]
    forum: tuple[KnownForum, int, int] | None = None
    status: Status = Status.HELD
    mode: Mode | None = None
    shared: bool = False
    weak: bool = False
    also: bool = False
    retold: bool = False

    def people(self, side: Side) -> set[int]:
        """Identities of the named people of a side."""
        return {id(party.entity) for party in self.parties[side] if party.entity}

    def posts(self, side: Side) -> set[str]:
        """The posts told for a side."""
        told = {o.post.id for party in self.parties[side] for phrase in party.mention.offices for o in phrase.offices}
        return (
            told.union(*(party.entity.posts for party in self.parties[side] if party.entity))
            if self.parties[side]
            else told
        )


class SentenceReader:
    """Reads encounters, sentence by sentence, remembering who was spoken of before."""

    def __init__(self, reading: Reading, roster: Roster, mentions: list[list[Mention]]) -> None:
        self.reading = reading
        self.roster = roster
        self.mentions = mentions
        self._met: set[int] = set()

    def encounters(self, index: int) -> list[Encounter]:
        """The encounters that the sentence tells, without those it merely wishes for or remembers."""
        reading, sentence = self.reading, self.reading.sentences[index]
        mentions = self._standing(index)
        found_anchors = anchors.find_anchors(
            reading, sentence, [m.span for m in self.mentions[index] if m.form in ("name", "role")]
        )
        if _has_cue(reading, sentence, "message") and not any(a.mode is Mode.PHONE for a in found_anchors):
            for anchor in found_anchors:
                self._reject(
                    "encounters.SentenceReader.encounters", anchor, "the sentence is about a message, not about talks"
                )
            return []
        if found_anchors:
            note_bystanders(reading, self.mentions[index], mentions)
        found: list[Encounter] = []
        previous = sentence.start
        for position, anchor in enumerate(found_anchors):
            following = next(
                (a.start for a in found_anchors[position + 1 :] if a.kinds & {"meet", "chair", "noun"}), sentence.end
            )
            if anchors.doubted(reading, sentence, anchor):
                self._reject("anchors.doubted", anchor, "only wished for, guessed at or denied")
            elif anchors.remembered(reading, sentence, anchor):
                self._reject("anchors.remembered", anchor, "words around it show that it is the past, not the news")
            else:
                found += self._encounters(index, anchor, mentions, previous, following)
            if anchor.strong:
                previous = anchor.end
        self._met.update(*(encounter.people(side) for encounter in found if not encounter.weak for side in SIDES))
        return found

    def _reject(self, rule: str, anchor: Anchor, reason: str) -> None:
        if anchor.strong:
            self.reading.note("encounter", rule, (anchor.start, anchor.end), reason)

    def _standing(self, index: int) -> list[Mention]:
        """Mentions that can be parties: not embedded, not after words that name mere attendants."""
        sentence = self.reading.sentences[index]
        tokens = self.reading.within(sentence.start, sentence.end)
        limit = min((t.start for t in tokens if "attendance" in t.value.cues), default=sentence.end)
        there = attendants(self.reading, sentence)
        return [
            m
            for m in self.mentions[index]
            if not m.embedded and m.start < limit and not any(a <= m.start < b for a, b in there)
        ]

    def _encounters(
        self, index: int, anchor: Anchor, mentions: list[Mention], previous: int, following: int
    ) -> list[Encounter]:
        after = [m for m in mentions if anchor.end <= m.start < following or anchor.start <= m.start < anchor.end]
        before = [m for m in mentions if previous <= m.start < anchor.start]
        earlier = [m for m in mentions if m.start < previous]
        first = next((m for m in after if m.form in ("name", "role")), None)
        if (
            first is not None
            and first.side is Side.OTHER
            and "meet" in anchor.kinds
            and not any(m.side in SIDES and m.form == "name" for m in after)
        ):
            self._reject("encounters.SentenceReader._encounters", anchor, "who is met is of another country")
            return []
        if self._of_third(index, anchor) or ("meet" in anchor.kinds and met_by_third(before, after)):
            self._reject("encounters.SentenceReader._of_third", anchor, "the subject is of another country")
            return []
        parties = self._pair(index, anchor, after, before, earlier)
        sentence = self.reading.sentences[index]
        encounter = Encounter(
            index,
            anchor,
            parties,
            forum=self._forum(sentence, anchor, following),
            status=Status.CANCELLED if anchors.cancelled(self.reading, sentence, anchor) else anchor.status,
            mode=self._mode(sentence, anchor),
            weak=not anchor.strong or self._recalls(anchor),
            also=_has_cue(self.reading, sentence, "also"),
            retold=anchors.retold(self.reading, index, anchor),
        )
        encounter.shared = self._both_told(sentence)
        if all(parties[side] for side in SIDES):
            self._accept("encounters.SentenceReader._pair", anchor, "officials of both sides stand with these words")
            return _split(encounter)
        if self._is_group(encounter, sentence):
            self._accept(
                "encounters.SentenceReader._is_group", anchor, "both sides met here, though not both are named"
            )
            return [encounter]
        missing = " and ".join(COUNTRY[side] for side in SIDES if not parties[side])
        self._reject("encounters.SentenceReader._pair", anchor, f"no official of {missing} stands with these words")
        return []

    def _accept(self, rule: str, anchor: Anchor, reason: str) -> None:
        if not anchor.strong:
            reason = "both sides are named, but these words alone assert no meeting"
        self.reading.note("encounter", rule, (anchor.start, anchor.end), reason, kept=anchor.strong)

    def _recalls(self, anchor: Anchor) -> bool:
        """Whether the words only lead to what was said at a meeting told before: "At the meeting, …"."""
        told_at = "at" in anchor.kinds and not anchor.kinds & {"held", "with", "meet", "chair"}
        return told_at and self.reading.words.patterns.recap.match(self.reading.folded, anchor.end) is not None

    def _mode(self, sentence: Sentence, anchor: Anchor) -> Mode | None:
        """Phone or video when the anchor or the sentence says so."""
        if anchor.mode in (Mode.PHONE, Mode.VIDEO):
            return anchor.mode
        triggers = (t for token in self.reading.within(sentence.start, sentence.end) for t in token.value.triggers)
        return next((trigger.mode for trigger in triggers if trigger.kind == "means"), anchor.mode)

    def _of_third(self, index: int, anchor: Anchor) -> bool:
        """Whether "he" right before the words of encounter is somebody of another country, the sentence's subject."""
        people = [m for m in self.mentions[index] if m.start < anchor.start]
        pronoun = next((m for m in people if m.form == "pronoun" and anchor.start - m.end <= PRONOUN_REACH), None)
        first = next((m for m in people if m.form in ("name", "role")), None)
        return pronoun is not None and first is not None and first.side is Side.OTHER

    def _pair(
        self, index: int, anchor: Anchor, after: list[Mention], before: list[Mention], earlier: list[Mention]
    ) -> dict[Side, list[Party]]:
        """The participants of each side: objects after the words of encounter, subjects before them."""
        objects = {side: self._listed(index, after, side, anchor) for side in SIDES}
        subjects = {side: self._listed(index, before[::-1], side, anchor, back=True) for side in SIDES}
        alone = any(subjects[side] for side in SIDES) and "meet" not in anchor.kinds
        far = {side: [] if alone else self._listed(index, earlier[::-1], side, anchor, back=True) for side in SIDES}
        if all(subjects[side] for side in SIDES) and not self._direct(anchor, objects):
            objects = {side: [] for side in SIDES}
        parties = {side: objects[side] or subjects[side] or far[side] for side in SIDES}
        missing = [side for side in SIDES if not parties[side]]
        if len(missing) == 2 and index and anchors.both_before(self.reading, anchor):
            last = {side: [m for m in self.mentions[index - 1] if _stands(m, side)][-1:] for side in SIDES}
            if all(last.values()):
                return {side: [Party(side, m.entity, m) for m in named] for side, named in last.items()}
        if len(missing) == 1 and self._may_fill(anchor, after, before, missing[0]):
            fill = self._spoken_of(index, missing[0])
            parties[missing[0]] = [fill] if fill else []
        return parties

    def _direct(self, anchor: Anchor, objects: dict[Side, list[Party]]) -> bool:
        """Whether an object follows the words of encounter at once, with no other clause between."""
        starts = [party.mention.span[0] for side in SIDES for party in objects[side]]
        return bool(starts) and not self.reading.words.patterns.object_break.search(
            self.reading.folded, anchor.end, max(anchor.end, min(starts))
        )

    def _listed(
        self, index: int, mentions: list[Mention], side: Side, anchor: Anchor, *, back: bool = False
    ) -> list[Party]:
        """The first participant of a side and those enumerated with it."""
        found: list[Party] = []
        last: Mention | None = None
        for mention in mentions:
            party = self._party(index, mention, side, anchor)
            if party is None:
                if found and mention.form == "name":
                    break
                continue
            if last is not None:
                one, two = (mention, last) if back else (last, mention)
                if not self.reading.words.patterns.list_gap.fullmatch(self.reading.written, one.span[1], two.span[0]):
                    break
            if all(party.entity is not p.entity or party.entity is None for p in found):
                found.append(party)
            last = mention
        return found[::-1] if back else found

    def _party(self, index: int, mention: Mention, side: Side, anchor: Anchor) -> Party | None:
        """The mention as a participant of `side`, or None."""
        if mention.form == "name":
            entity = mention.entity
            if entity is None or entity.side is not side or not (entity.principal or "head" in anchor.kinds):
                return None
            return Party(side, entity, mention)
        if mention.form == "role":
            return self._role_party(index, mention, side)
        if mention.form == "generic" and mention.side is side and not mention.plural and "generic" in mention.cues:
            return self._spoken_of(index, side, mention)
        return None

    def _role_party(self, index: int, mention: Mention, side: Side) -> Party | None:
        """An office without a name: whoever of the article holds it, else the office itself."""
        posts = {o.post.id for phrase in mention.offices for o in phrase.offices}
        holders = [e for e in self.roster.entities.values() if posts & set(e.posts) and e.principal]
        if mention.side is None and not mention.plural and "counterpart" not in mention.cues:
            return Party(side, holders[0], mention) if len(holders) == 1 and holders[0].side is side else None
        if mention.plural:
            if not (posts and self._of_both(mention) and self._near(index, side)):
                return None
            both = self.reading.words.patterns.both_before.search(self.reading.before(mention.span[0], 30))
            return Party(side, self.roster.one_of_two(posts, side) if both else None, mention)
        told = mention.side or self._opposite(index, mention)
        if told is not side:
            return None
        if "counterpart" in mention.cues:
            return Party(side, self._counterpart(index, side), mention)
        same = [e for e in holders if e.side is side]
        return Party(side, same[0] if len(same) == 1 else None, mention)

    def _opposite(self, index: int, mention: Mention) -> Side | None:
        """The side of "his counterpart": the other than that of whoever was named before it."""
        before = [m for m in self.mentions[index] if m.form == "name" and m.start < mention.start and m.side in SIDES]
        return None if not before else (Side.VIETNAM if before[-1].side is Side.CHINA else Side.CHINA)

    def _counterpart(self, index: int, side: Side) -> Entity | None:
        """The person of `side` named soonest after the sentence, else before it."""
        near = (*range(index + 1, min(index + 4, len(self.mentions))), *range(index - 1, max(-1, index - 4), -1))
        return next((m.entity for i in near for m in self.mentions[i] if m.entity and _stands(m, side)), None)

    def _may_fill(self, anchor: Anchor, after: list[Mention], before: list[Mention], side: Side) -> bool:
        """Whether a pronoun, or a function of that side, stands where the missing participant would."""
        folded, patterns = self.reading.folded, self.reading.words.patterns
        for mention in before:
            if (
                mention.form == "pronoun"
                and patterns.subject.fullmatch(folded, mention.start, mention.end)
                and anchor.start - mention.end < 90
            ):
                return True
        for mention in after:
            near = mention.start - anchor.end < 40
            if mention.form == "pronoun" and patterns.object.fullmatch(folded, mention.start, mention.end) and near:
                return True
            if mention.form == "generic" and mention.side in (side, None) and near and not mention.plural:
                return True
        return any(m.form == "generic" and m.side is side and not m.plural for m in before)

    def _spoken_of(self, index: int, side: Side, mention: Mention | None = None) -> Party | None:
        """Whom a pronoun or function means: of a side's people named before, one who met somebody, else the last."""
        before = [
            known
            for near in range(index - 1, max(-1, index - LOOK_BACK), -1)
            for known in self.mentions[near]
            if _stands(known, side)
        ]
        known = next((m for m in before if id(m.entity) in self._met), before[0] if before else None)
        if known is None and mention is not None:
            known = self._coming(index, side)
        return Party(side, known.entity, mention or known) if known else None

    def _coming(self, index: int, side: Side) -> Mention | None:
        """The official of a side named soonest after a sentence: a headline calls people by function first."""
        for near in range(index + 1, min(len(self.mentions), index + LOOK_BACK)):
            for known in self.mentions[near]:
                if _stands(known, side):
                    return known
        return None

    def _forum(self, sentence: Sentence, anchor: Anchor, following: int) -> tuple[KnownForum, int, int] | None:
        """The forum named with the anchor, not one that is only mentioned elsewhere in the sentence."""
        start = max(sentence.start, anchor.start - 110)
        for token in self.reading.within(start, max(anchor.end, min(following, anchor.end + 170))):
            told = Anchor(token.start, token.end, frozenset())
            if token.value.forum and not (
                anchors.remembered(self.reading, sentence, told) or anchors.doubted(self.reading, sentence, told)
            ):
                return token.value.forum, token.start, token.end
        return None

    def _both_told(self, sentence: Sentence) -> bool:
        """Whether the sentence speaks of both sides, by name or as "the two sides"."""
        sides = set()
        for token in self.reading.within(sentence.start, sentence.end):
            if "both" in token.value.cues:
                return True
            if token.value.country and token.value.country.side:
                sides.add(token.value.country.side)
            elif token.value.place and token.value.place.country in ("CN", "VN"):
                sides.add(Side.CHINA if token.value.place.country == "CN" else Side.VIETNAM)
        return len(sides) == 2

    def _near(self, index: int, side: Side) -> bool:
        """Whether a side is spoken of in the sentence or shortly before it."""
        start = self.reading.sentences[max(0, index - LOOK_BACK)].start
        near = self.reading.within(start, self.reading.sentences[index].end)
        countries = [t.value.country for t in near if t.value.country]
        return any(country.side is side or country.kind == "pair" for country in countries) or any(
            _stands(m, side) for i in range(max(0, index - LOOK_BACK), index + 1) for m in self.mentions[i]
        )

    def _of_both(self, mention: Mention) -> bool:
        """Whether an office in the plural is of both sides: "their defence ministers", "ministers of A and B"."""
        start, end = mention.span
        if self.reading.words.patterns.both_before.search(self.reading.before(start, 30)):
            return True
        near = self.reading.within(max(0, start - 30), end + 30)
        sides = {t.value.country.side for t in near if t.value.country and t.value.country.side}
        return len(sides) == 2

    def _groups_met(self, anchor: Anchor, sentence: Sentence) -> bool:
        """Whether delegations, officials or working groups stand as the subject of "met"."""
        before = self.reading.within(max(sentence.start, anchor.start - 80), anchor.start)
        if not self.reading.words.patterns.group_verb.match(self.reading.folded, anchor.start):
            return False
        return any("group" in token.value.cues for token in before)

    def _is_group(self, encounter: Encounter, sentence: Sentence) -> bool:
        """Whether it is a meeting of both sides although a side's participants are not named in the sentence."""
        kinds = encounter.anchor.kinds
        if not encounter.shared or not all(self._near(encounter.index, side) for side in SIDES):
            return False
        if "meet" in kinds and self._groups_met(encounter.anchor, sentence):
            return True
        if not kinds & {"noun", "session", "chair"} or ("at" in kinds and "held" not in kinds):
            return False
        if encounter.forum is not None:
            return bool(kinds & {"with", "held", "chair"})
        return bool(kinds & {"held", "chair"}) and _has_cue(self.reading, sentence, "group")


def _stands(mention: Mention, side: Side) -> bool:
    """Whether a mention is of an official of the side who is not merely spoken of."""
    return mention.entity is not None and mention.side is side and not mention.embedded and mention.entity.principal


def _has_cue(reading: Reading, sentence: Sentence, cue: str) -> bool:
    return any(cue in token.value.cues for token in reading.within(sentence.start, sentence.end))


def _split(encounter: Encounter) -> list[Encounter]:
    """One counterpart and several on the other side, met in turn: one encounter each."""
    counts = {side: len(encounter.parties[side]) for side in SIDES}
    many = next((side for side in SIDES if counts[side] > 1 and counts[_other(side)] == 1), None)
    if many is None or encounter.anchor.kinds & {"chair", "session", "head", "visit"}:
        return [encounter]
    one = _other(many)
    return [
        replace(encounter, parties={many: [party], one: encounter.parties[one]}) for party in encounter.parties[many]
    ]


def _other(side: Side) -> Side:
    return Side.VIETNAM if side is Side.CHINA else Side.CHINA
