"""Which sentences of an article tell of which of its meetings."""

from __future__ import annotations

from collections.abc import Sequence

from meetings.encounters import SIDES
from meetings.people import Mention
from meetings.reading import Reading
from meetings.records import Part
from meetings.stories import Story


def parts(reading: Reading, stories: Sequence[Story], mentions: Sequence[Sequence[Mention]]) -> list[Part]:
    """The part of the article that each story has, empty where there is only one.

    A sentence belongs to the meetings it tells of; else to those of whom it names somebody; else to whose the sentence
    before it is. What stands before the first is the first one's.
    """
    if len(stories) < 2:
        return [()] * len(stories)
    telling: dict[int, set[int]] = {}
    for number, story in enumerate(stories):
        for encounter in story.encounters:
            telling.setdefault(encounter.index, set()).add(number)
    people = [story.people(SIDES[0]) | story.people(SIDES[1]) for story in stories]
    current = telling[min((index for index in telling if index > 0), default=0)]
    spans: list[list[tuple[int, int]]] = [[] for _ in stories]
    for index, sentence in enumerate(reading.sentences):
        named = {id(mention.entity) for mention in mentions[index] if mention.entity}
        meant = {number for number, known in enumerate(people) if known & named}
        current = telling.get(index) or (current & meant) or meant or current
        for number in current:
            _extend(spans[number], sentence.start, sentence.end, reading.text)
    return [tuple(stretches) for stretches in spans]


def _extend(stretches: list[tuple[int, int]], start: int, end: int, text: str) -> None:
    """Adds a sentence to the stretch before it when only blanks lie between."""
    if stretches and not text[stretches[-1][1] : start].strip():
        stretches[-1] = (stretches[-1][0], end)
    else:
        stretches.append((start, end))
