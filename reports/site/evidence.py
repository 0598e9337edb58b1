"""Where each field of a meeting was read: every article that tells it, its sentences with the words marked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from archive.records import Mention, StoredMeeting
from meetings.records import Evidence, Meeting
from meetings.topics import labels
from reports import words
from reports.accounts import TEXT_LIMIT, Outlets, article_view, ordered
from reports.clean import one_line
from reports.records import ArticleView
from reports.tellings import sentences_of_text

PIECE_LIMIT = 1200
FIELDS = {
    "status": "what took place",
    "mode": "how",
    "china": "China",
    "vietnam": "Viet Nam",
    "date": "date",
    "place": "place",
    "forum": "forum",
}
"""What a field of the record is called on a page; any other goes by its own name."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a sentence's words; `kinds` are the fields that it is evidence for, `labels` those that end with it."""

    text: str
    kinds: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceView:
    """One article as a source of the meeting: what it alone says, and its sentences that show it.

    `anchor` names it on the page; `copy_of` the article whose text it prints (its anchor, empty when that does not tell
    of this meeting), both empty when it prints its own. A copy's sentences stand with its original.
    """

    anchor: str
    article: ArticleView
    side: str
    says: str
    prints: str
    copy_of: str
    fields: tuple[str, ...]
    sentences: tuple[tuple[Piece, ...], ...]


class _Mark(NamedTuple):
    start: int
    end: int
    kind: str
    label: str


def sources(stored: StoredMeeting, *, outlets: Outlets, zone: ZoneInfo) -> tuple[SourceView, ...]:
    """Every mention of a meeting, copies after all others."""
    mentions = sorted(ordered(stored.mentions), key=lambda mention: mention.article.copy_of is not None)
    here = {mention.article.number: mention for mention in mentions}
    return tuple(_source(mention, here, outlets, zone) for mention in mentions)


def _source(mention: Mention, here: dict[int, Mention], outlets: Outlets, zone: ZoneInfo) -> SourceView:
    article, original = mention.article, here.get(mention.article.copy_of or 0)
    side = outlets.side(article.article)
    marks = _marks(mention.meeting)
    printed = article.copy_of is not None
    return SourceView(
        anchor=anchor(article.number),
        article=article_view(mention, outlets, zone),
        side=side.value if side else "unknown",
        says=_says(mention.meeting),
        prints=_prints(mention, original, outlets) if printed else "",
        copy_of=anchor(original.article.number) if original else "",
        fields=tuple(dict.fromkeys(mark.kind for mark in marks)),
        sentences=() if original else _sentences(article.article.text, marks),
    )


def anchor(number: int) -> str:
    """The name of an article's part of the page."""
    return f"article-{number}"


def _prints(mention: Mention, original: Mention | None, outlets: Outlets) -> str:
    if original is None:
        return f"Prints the text of article {mention.article.copy_of}."
    return f"Prints the text that {outlets.name(original.article.article) or 'another article'} has first."


def _says(meeting: Meeting) -> str:
    """The article's own telling in a line, which may differ from that of the others."""
    day = words.plain_day(meeting.date) if meeting.date else "no date"
    basis = words.DATE_BASES[meeting.date_basis]
    how = " ".join(filter(None, (words.STATUSES[meeting.status], words.MODES[meeting.mode])))
    place = meeting.place.city or words.COUNTRIES.get(meeting.place.country or "", meeting.place.country)
    people = [person.name or person.role or "" for person in (*meeting.china, *meeting.vietnam)]
    facts = (how, f"{day} ({basis})" if basis else day, place or "no place", ", ".join(filter(None, people)))
    return one_line(" · ".join(fact for fact in facts if fact), TEXT_LIMIT)


def _marks(meeting: Meeting) -> list[_Mark]:
    """What to mark; words that show several fields carry one mark for each."""
    topics = labels()
    found = [_mark(each, each.field, FIELDS.get(each.field, each.field)) for each in meeting.evidence]
    found += [_mark(topic.evidence, "topic", topics.get(topic.id, topic.id)) for topic in meeting.topics]
    return found


def _mark(evidence: Evidence, kind: str, label: str) -> _Mark:
    return _Mark(evidence.start, evidence.end, kind, _clean(label))


@lru_cache
def _clean(label: str) -> str:
    return one_line(label, TEXT_LIMIT)


def _sentences(text: str, marks: Sequence[_Mark]) -> tuple[tuple[Piece, ...], ...]:
    """The sentences in which something is marked, in the order of the text."""
    found = sentences_of_text(text)
    starts = [sentence.start for sentence in found]
    chosen: dict[int, list[_Mark]] = {}
    for mark in marks:
        at = max(0, bisect_right(starts, mark.start) - 1)
        while at < len(found) and found[at].start < mark.end:
            chosen.setdefault(at, []).append(mark)
            at += 1
    return tuple(_pieces(text, found[at].start, found[at].end, chosen[at]) for at in sorted(chosen))


def _pieces(text: str, start: int, end: int, marks: Sequence[_Mark]) -> tuple[Piece, ...]:
    """One sentence, cut wherever a mark begins or ends."""
    here = [
        (min(max(start, first), end), min(max(start, last), end), kind, label) for first, last, kind, label in marks
    ]
    cuts = {start, end}
    for first, last, _, _ in here:
        cuts.add(first)
        cuts.add(last)
    pieces = []
    for one, two in pairwise(sorted(cuts)):
        kinds: dict[str, None] = {}
        labels: dict[str, None] = {}
        for first, last, kind, label in here:
            if first <= one and last >= two:
                kinds[kind] = None
                if last == two:
                    labels[label] = None
        pieces.append(Piece(_spaced(text[one:two]), tuple(kinds), tuple(labels)))
    return tuple(pieces)


def _spaced(text: str) -> str:
    """Part of a line made clean, the space at its ends kept as one."""
    clean = one_line(text, PIECE_LIMIT)
    return f"{' ' * text[:1].isspace()}{clean}{' ' * text[-1:].isspace()}" if clean else " " * bool(text)
