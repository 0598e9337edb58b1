"""The words in a sentence that tell of an encounter, with tense, mode and what speaks against taking them as news."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from meetings.reading import Reading, Token
from meetings.records import Mode, Status
from meetings.sentences import Sentence

HOLD_BEFORE, HOLD_AFTER = 70, 130
FUTURE_BEFORE, FUTURE_AFTER = 70, 120
CLAUSE = 90
_AT = re.compile(
    r"\b(?:at|in|during|after|before|following|for|of|to|through|as)\s+(?:(?:a|an|his|her|their|the|its|this|that|these|two|\d+(?:st|nd|rd|th)|[\w-]+|[\"'+\d]+)\s+){0,6}$"
)
_WITH = re.compile(r"^[^,.;]{0,60}?\b(?:between|with|among)\b|^\s+(?:that|which)\s[^,.;]{0,60}\bhad\b")
_PAST = re.compile(r"^(?:met|held|had|received|co-chaired|hosted|saw|was|were|spoke|talked|\w+ed)\b")
_BASE = re.compile(
    r"^(?:to\s+)?(?:meet|hold|have|receive|host|pay|visit|co-chair|see|talk|be|call|co-host|confer|make)\b"
)
_OWN = re.compile(r"\s(?:[\w\"'-]+\s){0,4}")
_CLAUSE_END = re.compile(r"[,;:]|\bsaid\b|\btold\b")


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
    """The anchors of a sentence, in order; those with nobody named between them are one. `mentions`: spans of people."""
    tokens = tuple(t for t in reading.within(sentence.start, sentence.end) if "ignored" not in t.value.cues)
    found: list[Anchor] = []
    for token in tokens:
        if any(start <= token.start < end for start, end in mentions):
            continue
        anchor = _anchor(reading, sentence, token, tokens)
        if anchor is None:
            continue
        if found and _one(found[-1], anchor, mentions):
            found[-1] = _joined(found[-1], anchor)
        else:
            found.append(anchor)
    return [replace(anchor, status=_status(reading, sentence, anchor, tokens)) for anchor in found]


def _one(first: Anchor, second: Anchor, mentions: list[tuple[int, int]]) -> bool:
    """Whether two anchors tell of one thing: "co-chaired the 16th meeting"; nobody is named between them."""
    if (first.kinds | second.kinds) & {"told", "head", "visit"} or second.start - first.end >= CLAUSE:
        return False
    return not any(first.end <= start < second.start for start, _ in mentions)


def doubted(reading: Reading, sentence: Sentence, anchor: Anchor) -> bool:
    """Whether the encounter is only wished for, guessed at or denied."""
    words = reading.folded[anchor.start : anchor.end]
    past = _PAST.match(words)
    for token in reading.within(max(sentence.start, anchor.start - 45), anchor.start):
        if (
            "doubt" not in token.value.cues
            or reading.text[token.start].isupper()
            or _CLAUSE_END.search(reading.folded, token.end, anchor.start)
        ):
            continue
        if not past or reading.folded[token.start : token.end] in _HARD_DOUBT:
            return True
    return False


_HARD_DOUBT = frozenset(
    {"may", "might", "could", "if", "whether", "never", "possible", "possibly", "unlikely", "without", "should", "must"}
)


def remembered(reading: Reading, sentence: Sentence, anchor: Anchor) -> bool:
    """Whether the words around an anchor show that it tells of the past and not of the news."""
    for token in reading.within(max(sentence.start, anchor.start - CLAUSE), min(sentence.end, anchor.end + CLAUSE)):
        if "background" not in token.value.cues:
            continue
        word = reading.folded[token.start : token.end]
        if token.start < anchor.start:
            if "recall" in word or not _CLAUSE_END.search(reading.folded, token.end, anchor.start):
                return True
        elif word != "since" and not _CLAUSE_END.search(reading.folded, anchor.end, token.start):
            return True
    return False


def cancelled(reading: Reading, sentence: Sentence, anchor: Anchor) -> bool:
    """Whether the sentence says that the encounter was called off."""
    near = reading.within(max(sentence.start, anchor.start - CLAUSE), min(sentence.end, anchor.end + CLAUSE))
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
            and not _CLAUSE_END.search(reading.folded, other.end, token.start)
        ):
            return "held"
        coming = holds or "future_after" in other.value.cues
        if coming and 0 <= other.start - token.end <= HOLD_AFTER:
            return "held"
    if _WITH.match(reading.folded[token.end : min(sentence.end, token.end + 90)]):
        return "with"
    if _AT.search(reading.folded[max(sentence.start, token.start - 60) : token.start]):
        return "at"
    return None


def _takes(reading: Reading, hold: Token, noun: Token) -> bool:
    """ "Had" holds only what it has right beside it."""
    if reading.folded[hold.start : hold.end] not in ("had", "have", "has"):
        return True
    return bool(_OWN.fullmatch(reading.folded[hold.end : noun.start])) and reading.before(hold.start, 3) != "to "


def _joined(first: Anchor, second: Anchor) -> Anchor:
    return Anchor(
        first.start, second.end, first.kinds | second.kinds, first.mode if first.mode not in (None, Mode.IN_PERSON) else second.mode or first.mode, first.host or second.host
    )  # fmt: skip


def _is_future(reading: Reading, token: Token) -> bool:
    """Words of the future before a verb; "will be", "is to" and the like may stand there too."""
    cues = token.value.cues
    return "future" in cues or (
        "future_after" in cues and reading.folded.startswith(("will ", "is to", "are to"), token.start)
    )


def _status(reading: Reading, sentence: Sentence, anchor: Anchor, tokens: tuple[Token, ...]) -> Status:
    """Announced when words of the future stand before the verb or after the noun."""
    words = reading.folded[anchor.start : anchor.end]
    if sentence.paragraph == 0 and words.startswith("to "):
        return Status.ANNOUNCED
    if not _PAST.match(words) or anchor.kinds & {"noun", "session"}:
        for token in tokens:
            if _is_future(reading, token) and 0 <= anchor.start - token.end <= FUTURE_BEFORE:
                between = reading.folded[token.end : anchor.start]
                if not _CLAUSE_END.search(between) or _BASE.match(words):
                    return Status.ANNOUNCED
    if "meet" not in anchor.kinds or not _PAST.match(words):
        for token in tokens:
            if "future_after" in token.value.cues and -3 <= token.start - anchor.end <= FUTURE_AFTER:
                if not re.search(r"\b(?:said|told|stressed|noted|that)\b", reading.folded[anchor.end : token.start]):
                    return Status.ANNOUNCED
    return Status.HELD
