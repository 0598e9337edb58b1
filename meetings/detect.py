"""The meetings that an article reports: one pass dismisses what speaks of one country only, rules read the rest."""

from __future__ import annotations

import hashlib
from importlib.resources.abc import Traversable

from meetings import language, lexicon, screen
from meetings.dates import Calendar
from meetings.encounters import Encounter, SentenceReader
from meetings.parts import parts
from meetings.people import find_mentions
from meetings.reading import MAX_LENGTH, read
from meetings.records import Detection
from meetings.records_of import make_meeting
from meetings.stories import build_stories, note_parties
from meetings.tracing import Trace
from meetings.visits import announced_visit
from meetings.vocabulary import LANGUAGES
from meetings.whens import Clock
from meetings.wheres import Compass
from parsers.records import Article

CODE_VERSION = "2"


def _rules_version() -> str:
    """A hash over the code's version and every lexicon file: equal versions give equal results."""
    digest = hashlib.sha256(CODE_VERSION.encode())
    for name, data in sorted(_lexicon_files(lexicon.root(), "")):
        digest.update(name.encode() + b"\0" + data + b"\0")
    return digest.hexdigest()[:16]


def _lexicon_files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for item in folder.iterdir():
        if item.is_dir():
            found += _lexicon_files(item, f"{prefix}{item.name}/")
        elif item.name.endswith(".toml"):
            found.append((prefix + item.name, item.read_bytes()))
    return found


RULES_VERSION: str = _rules_version()


def detect(article: Article, *, trace: Trace | None = None) -> Detection:
    """The meetings between officials of China and Viet Nam that the article tells of, with evidence for every field.

    Never raises for any text. `notes` say why there are none, or what was left out; a `trace` receives every step.
    """
    text = article.text[:MAX_LENGTH]
    if not text.strip():
        return Detection(None, (), ("The article has no text.",))
    if screen.sides_told(text) != screen.BOTH:
        return Detection(article.language, (), ("The text does not speak of both countries.",))
    spoken = language.recognise(text)
    if spoken not in LANGUAGES:
        what = (
            "in a language that is not recognised"
            if spoken is None
            else f"in {spoken}, for which there are no rules yet"
        )
        return Detection(spoken, (), (f"The text is {what}.",))
    reading = read(article, spoken, trace)
    mentions, roster = find_mentions(reading)
    sentence_reader = SentenceReader(reading, roster, mentions)
    encounters: list[Encounter] = [
        e for index in range(len(reading.sentences)) for e in sentence_reader.encounters(index)
    ]
    calendar = Calendar(reading)
    stories = build_stories(reading, calendar, encounters, mentions)
    visit = announced_visit(reading, mentions) if not any(story.named for story in stories) else None
    stories = [visit] if visit else stories
    note_parties(reading, stories)
    clock, compass = Clock(reading, calendar, stories), Compass(reading, stories, mentions)
    meetings = [
        make_meeting(reading, calendar, clock, compass, story, part)
        for story, part in zip(stories, parts(reading, stories, mentions), strict=True)
    ]
    notes = [] if stories else ["No encounter between officials of the two countries is told."]
    if len(article.text) > MAX_LENGTH:
        notes.append(f"Only the first {MAX_LENGTH} characters were read.")
    return Detection(spoken, tuple(meetings), tuple(notes))
