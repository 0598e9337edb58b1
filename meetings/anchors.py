"""The words in a sentence that tell of an encounter, with tense, mode and what speaks against taking them as news."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meetings.reading import Reading, Token
from meetings.records import Mode, Status
from meetings.sentences import Sentence

HOLD_BEFORE, HOLD_AFTER = 70, 130
FUTURE_BEFORE, FUTURE_AFTER = 70, 120
CLAUSE = 90
BOTH_REACH = 8
SPEECH_REACH = 1000


@dataclass(frozen=True, slots=True)
class Anchor:
    """Words of encounter at text[start:end]. `kinds` are those of verbs.toml, and `session` for a named forum."""

    start: int
    end: int
    kinds: frozenset[str]
    mode: Mode | None = None
    host: str | None = None
    status: Status = Status.HELD

    @property
    def strong(self) -> bool:
        """Whether the words alone assert an encounter."""
        return bool(self.kinds & {"meet", "chair", "noun", "session"})


def find_anchors(reading: Reading, sentence: Sentence, mentions: list[tuple[int, int]]) -> list[Anchor]:
    """The anchors of a sentence, in order; adjoining ones are joined. `mentions`: where people are named."""
    tokens = tuple(t for t in reading.within(sentence.start, sentence.end) if "ignored" not in t.value.cues)
    found: list[Anchor] = []
    for token in tokens:
        if any(start <= token.start < end for start, end in mentions):
            continue
        anchor = _anchor(reading, sentence, token, tokens)
        if anchor is None:
            continue
        if found and _one(reading, found[-1], anchor, mentions):
            found[-1] = _joined(found[-1], anchor)
        else:
            found.append(anchor)
    return [replace(anchor, status=_status(reading, sentence, anchor, tokens)) for anchor in found]


def _one(reading: Reading, first: Anchor, second: Anchor, mentions: list[tuple[int, int]]) -> bool:
    """Whether two anchors tell of one thing: "co-chaired the 16th meeting"; nobody is named between them."""
    if (first.kinds | second.kinds) & {"told", "head", "visit"} or second.start - first.end >= CLAUSE:
        return False
    if "meet" in first.kinds & second.kinds and reading.words.patterns.clause_end.search(
        reading.folded, first.end, second.start
    ):
        return False
    return not any(first.end <= start < second.start for start, _ in mentions)


def doubted(reading: Reading, sentence: Sentence, anchor: Anchor) -> bool:
    """Whether the encounter is only wished for, guessed at or denied."""
    words = reading.folded[anchor.start : anchor.end]
    past = reading.words.patterns.past.match(words)
    for token in reading.within(max(sentence.start, anchor.start - 45), anchor.start):
        if (
            "doubt" not in token.value.cues
            or reading.text[token.start].isupper()
            or reading.words.patterns.clause_end.search(reading.folded, token.end, anchor.start)
        ):
            continue
        if not past or reading.words.patterns.hard_doubt.fullmatch(reading.folded, token.start, token.end):
            return True
    return False


def remembered(reading: Reading, sentence: Sentence, anchor: Anchor) -> bool:
    """Whether the words around an anchor show that it tells of the past and not of the news."""
    start = max(0, anchor.start - SPEECH_REACH)
    paragraph = max(start, reading.text.rfind("\n", start, anchor.start) + 1)
    if reading.words.patterns.addressed.search(reading.folded, paragraph, anchor.end):
        return True
    for token in reading.within(max(sentence.start, anchor.start - CLAUSE), min(sentence.end, anchor.end + CLAUSE)):
        if "background" not in token.value.cues:
            continue
        word = reading.folded[token.start : token.end]
        if token.start < anchor.start:
            if reading.words.patterns.recall.match(word) or not reading.words.patterns.clause_end.search(
                reading.folded, token.end, anchor.start
            ):
                return True
        elif not reading.words.patterns.since.fullmatch(word) and not reading.words.patterns.clause_end.search(
            reading.folded, anchor.end, token.start
        ):
            return True
    return False


def both_before(reading: Reading, anchor: Anchor) -> bool:
    """Whether "the two sides", as a pronoun, stands right before the words of encounter."""
    near = reading.within(anchor.start - BOTH_REACH, anchor.start)
    return any({"both", "pronoun"} <= token.value.cues for token in near)


def retold(reading: Reading, index: int, anchor: Anchor) -> bool:
    """Whether somebody's words, reported since the beginning of the paragraph, tell of the encounter."""
    first = index
    paragraph = reading.sentences[index].paragraph
    while first > 0 and reading.sentences[first - 1].paragraph == paragraph and not _resumes(reading, first):
        if anchor.start - reading.sentences[first - 1].start > SPEECH_REACH:
            break
        first -= 1
    start = reading.sentences[first].start
    return reading.words.patterns.reported.search(reading.folded, start, anchor.start) is not None


def _resumes(reading: Reading, index: int) -> bool:
    """Whether a sentence begins with words that go on with the news."""
    start = reading.sentences[index].start
    return any({"also", "same_day"} & token.value.cues for token in reading.within(start, start + 1))


def cancelled(reading: Reading, sentence: Sentence, anchor: Anchor) -> bool:
    """Whether the sentence says that the encounter was called off."""
    near = reading.within(anchor.start, sentence.end)
    return any("cancelled" in token.value.cues for token in near)


def _anchor(reading: Reading, sentence: Sentence, token: Token, tokens: tuple[Token, ...]) -> Anchor | None:
    kinds = {trigger.kind: trigger for trigger in token.value.triggers}
    for kind in ("meet", "chair", "head", "visit", "told"):
        if kind in kinds:
            return Anchor(token.start, token.end, frozenset({kind}), kinds[kind].mode, kinds[kind].host)
    if ("noun" in kinds or token.value.forum) and (held := _held(reading, sentence, token, tokens)) is not None:
        noun = kinds.get("noun")
        kind = "session" if token.value.forum else "noun"
        return Anchor(token.start, token.end, frozenset({kind, held}), noun.mode if noun else None)
    return None


def _held(reading: Reading, sentence: Sentence, token: Token, tokens: tuple[Token, ...]) -> str | None:
    """What makes an event of a noun: `held` by somebody, told `at` it, or `with` somebody. None: a mere word."""
    for other in tokens:
        holds = any(trigger.kind == "hold" for trigger in other.value.triggers) and _takes(reading, other, token)
        if (
            holds
            and -HOLD_BEFORE <= other.end - token.start <= 0
            and not reading.words.patterns.clause_end.search(reading.folded, other.end, token.start)
        ):
            return "held"
        coming = holds or "future_after" in other.value.cues
        if coming and 0 <= other.start - token.end <= HOLD_AFTER:
            return "held"
    if reading.words.patterns.with_noun.match(reading.folded[token.end : min(sentence.end, token.end + 90)]):
        return "with"
    if reading.words.patterns.at_noun.search(reading.folded[max(sentence.start, token.start - 60) : token.start]):
        return "at"
    return None


def _takes(reading: Reading, hold: Token, noun: Token) -> bool:
    """ "Had" holds only what it has right beside it."""
    if not reading.words.patterns.had.fullmatch(reading.folded, hold.start, hold.end):
        return True
    return (
        bool(reading.words.patterns.had_noun.fullmatch(reading.folded[hold.end : noun.start]))
        and reading.before(hold.start, 3) != "to "
    )


def _joined(first: Anchor, second: Anchor) -> Anchor:
    mode = first.mode if first.mode in (Mode.PHONE, Mode.VIDEO) else second.mode or first.mode
    return Anchor(first.start, second.end, first.kinds | second.kinds, mode, first.host or second.host)


def _is_future(reading: Reading, token: Token) -> bool:
    """Words of the future before a verb; "will be", "is to" and the like may stand there too."""
    cues = token.value.cues
    if "future" in cues:
        return True
    words = reading.folded[token.start : token.end]
    return "future_after" in cues and reading.words.patterns.before_verb.match(words) is not None


def _status(reading: Reading, sentence: Sentence, anchor: Anchor, tokens: tuple[Token, ...]) -> Status:
    """Announced when words of the future stand before the verb or after the noun."""
    words = reading.folded[anchor.start : anchor.end]
    if sentence.paragraph == 0 and reading.words.patterns.infinitive.match(words):
        return Status.ANNOUNCED
    if not reading.words.patterns.past.match(words) or anchor.kinds & {"noun", "session"}:
        for token in tokens:
            if _is_future(reading, token) and 0 <= anchor.start - token.end <= FUTURE_BEFORE:
                between = reading.folded[token.end : anchor.start]
                if not reading.words.patterns.clause_end.search(between) or reading.words.patterns.base.match(words):
                    return Status.ANNOUNCED
    if "meet" not in anchor.kinds or not reading.words.patterns.past.match(words):
        for token in tokens:
            near = "future_after" in token.value.cues and -3 <= token.start - anchor.end <= FUTURE_AFTER
            if near and not reading.words.patterns.speech.search(reading.folded, anchor.end, token.start):
                return Status.ANNOUNCED
    return Status.HELD
