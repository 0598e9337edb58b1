"""Why the detector says what it says of one article: marks in its text, fields with their rules, what was rejected.

Pure: text, detection and the detector's own steps go in; `explain_page.py` and the command line show the result.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from meetings.records import Detection, Evidence, Meeting, Person
from meetings.tracing import Step, Trace
from parsers.records import Article
from reports.words import CHANNELS, DATE_BASES, MODES, RANKS, STATUSES

CONTEXT = 48
# each kind of mark: the letter in its labels, and what it means
LEGEND = {
    "china": ("C", "who met, for China"),
    "vietnam": ("V", "who met, for Viet Nam"),
    "words": ("W", "words of encounter"),
    "date": ("D", "day"),
    "place": ("P", "place"),
    "forum": ("F", "forum"),
    "topic": ("T", "topic"),
    "rejected": ("X", "considered and rejected"),
}
_KINDS = {"status": "words", "mode": "words"}
# control characters and bidi overrides would disturb a terminal or turn a page's text round
_UNSHOWN = ("Cc", "Cs", "Cn", "Co")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text under the same marks: `opens` of them begin with it, those called `labels` end with it."""

    text: str
    kinds: tuple[str, ...] = ()
    opens: int = 0
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of a meeting: its value, the words it was read from, the rule that read it and why."""

    name: str
    value: str
    words: tuple[str, ...] = ()
    rule: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One meeting, field by field."""

    number: int
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Words that could have told of a meeting or a participant, and why they were not taken so."""

    label: str
    before: str
    words: str
    after: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is shown for one article; the first paragraph is its title."""

    name: str
    published: str
    language: str
    notes: tuple[str, ...]
    paragraphs: tuple[tuple[Piece, ...], ...]
    meetings: tuple[Told, ...]
    rejected: tuple[Rejected, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    kind: str
    label: str


def explain(name: str, article: Article, detection: Detection, trace: Trace) -> Explanation:
    """The explanation of one detection, from the trace that the detector filled for it."""
    text = article.text
    refused = _refused(trace)
    marks = _evidence_marks(detection) + [
        _Mark(step.start, step.end, "rejected", f"X{number}") for number, step in enumerate(refused, 1)
    ]
    return Explanation(
        name=_shown(name),
        published=article.published_on.isoformat() if article.published_on else "no date",
        language=detection.language or "not determined",
        notes=detection.notes,
        paragraphs=tuple(_paragraphs(text, marks)),
        meetings=tuple(_told(number, m, trace) for number, m in enumerate(detection.meetings, 1)),
        rejected=tuple(_rejected(number, step, text) for number, step in enumerate(refused, 1)),
        kinds=tuple(kind for kind in LEGEND if any(mark.kind == kind for mark in marks)),
    )


def _refused(trace: Trace) -> list[Step]:
    """The last word on everything that was considered, where it is a no; once each, in the order of the text."""
    last = {(step.start, step.end): step for step in trace if step.subject in ("encounter", "meeting", "person")}
    return sorted((step for step in last.values() if not step.kept), key=lambda step: (step.start, step.end))


def _rejected(number: int, step: Step, text: str) -> Rejected:
    start, end = max(0, step.start - CONTEXT), min(len(text), step.end + CONTEXT)
    before, after = text[start : step.start].rsplit("\n", 1)[-1], text[step.end : end].split("\n", 1)[0]
    return Rejected(
        f"X{number}",
        ("…" if step.start - len(before) == start > 0 else "") + _line(before),
        _line(text[step.start : step.end]),
        _line(after) + ("…" if step.end + len(after) == end < len(text) else ""),
        step.rule,
        step.reason,
    )


def _evidence_marks(detection: Detection) -> list[_Mark]:
    """One mark for equal words of one kind, labelled with the numbers of all meetings that rest on them."""
    numbers: dict[tuple[int, int, str], list[str]] = {}
    for number, meeting in enumerate(detection.meetings, 1):
        for kind, evidence in _evidence(meeting):
            told = numbers.setdefault((evidence.start, evidence.end, kind), [])
            if str(number) not in told:
                told.append(str(number))
    return [_Mark(*spot, LEGEND[spot[2]][0] + ",".join(told)) for spot, told in numbers.items()]


def _evidence(meeting: Meeting) -> list[tuple[str, Evidence]]:
    found = [(_KINDS.get(e.field, e.field), e) for e in meeting.evidence]
    return found + [("topic", topic.evidence) for topic in meeting.topics]


def _paragraphs(text: str, marks: Sequence[_Mark]) -> list[tuple[Piece, ...]]:
    paragraphs, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            paragraphs.append(_pieces(text, start, start + len(line), marks))
        start += len(line) + 1
    return paragraphs


def _pieces(text: str, start: int, end: int, marks: Sequence[_Mark]) -> tuple[Piece, ...]:
    """One line of the text, cut wherever a mark begins or ends; a mark over several lines is cut at their ends."""
    here = [m for m in marks if m.start < end and m.end > start]
    cuts = sorted({start, end, *(max(start, m.start) for m in here), *(min(end, m.end) for m in here)})
    order = list(LEGEND)
    pieces = []
    for one, two in pairwise(cuts):
        over = sorted((m for m in here if m.start <= one and m.end >= two), key=lambda m: order.index(m.kind))
        ending = sorted((m for m in over if min(end, m.end) == two), key=lambda m: -m.start)
        pieces.append(
            Piece(
                _shown(text[one:two]),
                tuple(dict.fromkeys(m.kind for m in over)),
                sum(max(start, m.start) == one for m in over),
                tuple(m.label for m in ending),
            )
        )
    return tuple(pieces)


def _told(number: int, meeting: Meeting, trace: Trace) -> Told:
    """The fields of one meeting. The trace has one step for its day and one for its place, in the meetings' order."""
    day, place = ([s for s in trace if s.subject == subject][number - 1] for subject in ("date", "place"))
    anchor = _kept(trace, [e for e in meeting.evidence if e.field == "status"], ("encounter", "meeting"))
    facts = [
        Fact(
            "what",
            f"{STATUSES[meeting.status]} {MODES[meeting.mode]}".strip(),
            _words(meeting, "status", "mode"),
            *anchor,
        )
    ]
    for field, name, people in (("china", "China", meeting.china), ("vietnam", "Viet Nam", meeting.vietnam)):
        known = _kept(trace, [e for e in meeting.evidence if e.field == field], ("person",))
        facts.append(Fact(name, "; ".join(map(_person, people)) or "nobody named", _words(meeting, field), *known))
    facts += [
        Fact("day", _day(meeting), _words(meeting, "date"), day.rule, day.reason),
        Fact("place", _place(meeting), _words(meeting, "place"), place.rule, place.reason),
    ]
    if meeting.forum:
        session = f", no. {meeting.forum.ordinal}" if meeting.forum.ordinal else ""
        words = _words(meeting, "forum")
        facts.append(Fact("forum", meeting.forum.name + session, words, "records_of._forum", "a name of forums.toml"))
    if meeting.topics:
        topics, words = ", ".join(t.id for t in meeting.topics), tuple(_line(t.evidence.text) for t in meeting.topics)
        facts.append(Fact("topics", topics, words, "topics.find_topics", "words of topics.toml in the whole article"))
    return Told(number, (*facts, *_derived(meeting)))


def _derived(meeting: Meeting) -> list[Fact]:
    """The fields that follow from the others."""
    plover = meeting.codes.plover
    code = " ".join(filter(None, (meeting.codes.cameo, plover.event, plover.mode)))
    return [
        Fact("level", RANKS[meeting.level], (), "records_of.make_meeting", "the highest rank of those who met"),
        Fact("channel", CHANNELS[meeting.channel], (), "records_of._channel", "that of the highest office told"),
        Fact("direction", meeting.direction.value, (), "records_of._direction", "from mode and country"),
        Fact("codes", code, (), "codes.code", "CAMEO, then PLOVER, from the fields above"),
    ]


def _kept(trace: Trace, evidence: Sequence[Evidence], subjects: tuple[str, ...]) -> tuple[str, str]:
    """The rules that kept these words, and why; each said once."""
    spots = {(e.start, e.end) for e in evidence}
    steps = [s for s in trace if s.kept and s.subject in subjects and (s.start, s.end) in spots]
    rules, reasons = (dict.fromkeys(values) for values in ((s.rule for s in steps), (s.reason for s in steps)))
    return ", ".join(rules), "; ".join(reasons)


def _words(meeting: Meeting, *fields: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_line(e.text) for e in meeting.evidence if e.field in fields))


def _person(person: Person) -> str:
    name = person.name or person.role or "?"
    return _line(f"{name} ({person.role})" if person.name and person.role else name)


def _day(meeting: Meeting) -> str:
    if meeting.date is None:
        return "not known"
    days = f"{meeting.date}" + (f" to {meeting.end_date}" if meeting.end_date else "")
    basis = DATE_BASES[meeting.date_basis]
    return f"{days}, {basis}" if basis else days


def _place(meeting: Meeting) -> str:
    place = meeting.place
    return ", ".join(filter(None, (place.venue, place.city, place.country))) or "not known"


def _shown(text: str) -> str:
    """The text of the same length, with a replacement character for what must not reach a terminal or a page."""
    return "".join(
        "\ufffd" if char in _BIDI or (unicodedata.category(char) in _UNSHOWN and char != "\t") else char
        for char in text
    )


def _line(text: str) -> str:
    return " ".join(_shown(text.replace("\n", " ")).split())
