"""Visits to the other side that are announced as an article's news although no meeting is told."""

from __future__ import annotations

from meetings.anchors import Anchor, doubted, find_anchors, remembered
from meetings.encounters import SIDES, Encounter, Party
from meetings.people import Mention
from meetings.reading import Reading
from meetings.records import Status
from meetings.sentences import Sentence
from meetings.stories import LEAD, Story
from parsers.records import Side

INVITATION_REACH = 8
WHY = "no meeting is told, but a coming visit is the news"


def announced_visit(reading: Reading, mentions: list[list[Mention]]) -> Story | None:
    """The announced visit that headline or lead tell of: the visitor, and whoever of the other side invited."""
    lead = list(enumerate(reading.sentences[: LEAD + 1]))
    for index, sentence in (*lead[1:], *lead[:1]):
        spans = [m.span for m in mentions[index] if m.form in ("name", "role")]
        for anchor in find_anchors(reading, sentence, spans):
            if "visit" not in anchor.kinds or anchor.status is not Status.ANNOUNCED:
                continue
            if doubted(reading, sentence, anchor) or remembered(reading, sentence, anchor):
                continue
            story = _story(reading, mentions, index, anchor)
            if story is not None:
                reading.note("meeting", "visits.announced_visit", (anchor.start, anchor.end), WHY, kept=True)
                return story
    return None


def _story(reading: Reading, mentions: list[list[Mention]], index: int, anchor: Anchor) -> Story | None:
    visitor = _visitor(reading, mentions[index], anchor)
    if visitor is None or visitor.entity is None or visitor.side not in SIDES:
        return None
    host = Side.VIETNAM if visitor.side is Side.CHINA else Side.CHINA
    if not _names(reading, reading.sentences[index], host):
        return None
    parties = {visitor.side: [Party(visitor.side, visitor.entity, visitor)], host: _inviters(reading, mentions, host)}
    return Story([Encounter(index, anchor, parties, status=Status.ANNOUNCED)], parties)


def _visitor(reading: Reading, mentions: list[Mention], anchor: Anchor) -> Mention | None:
    """Who visits: after "visit by", else before the words of the visit."""
    named = [m for m in mentions if m.entity and m.entity.principal]
    if reading.folded[anchor.start : anchor.end].endswith(" by"):
        return next((m for m in named if m.start >= anchor.end), None)
    return next((m for m in named if m.end <= anchor.start and not m.embedded), None)


def _names(reading: Reading, sentence: Sentence, side: Side) -> bool:
    return any(t.value.country and t.value.country.side is side for t in reading.within(sentence.start, sentence.end))


def _inviters(reading: Reading, mentions: list[list[Mention]], side: Side) -> list[Party]:
    """The officials of the host named with the invitation."""
    found: list[Party] = []
    for index, sentence in enumerate(reading.sentences[:INVITATION_REACH]):
        if not reading.words.patterns.invited.search(reading.folded, sentence.start, sentence.end):
            continue
        for mention in mentions[index]:
            known = mention.entity
            if known and mention.side is side and known.principal and all(known is not p.entity for p in found):
                found.append(Party(side, known, mention))
    return found
