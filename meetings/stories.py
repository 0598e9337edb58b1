"""From the encounters of an article's sentences to its meetings: which tell of the same one, and which are no news."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from meetings.dates import Calendar
from meetings.encounters import SIDES, Encounter, Party
from meetings.people import Mention
from meetings.reading import Reading
from meetings.records import Status
from meetings.roster import Entity
from parsers.records import Side

GROUP_REACH = 5
LEAD = 4
TELLINGS = 12
OLD_DAYS = 21
_YEAR_FIRST = re.compile(r"\W{0,3}(?:[^\W\d]{2,3}\s)?((?:19|20)\d\d)(?!\d)")


@dataclass(slots=True)
class Story:
    """One meeting of the article: the encounters that tell of it, the first being the one that stands highest."""

    encounters: list[Encounter]
    parties: dict[Side, list[Party]] = field(default_factory=dict)

    @property
    def first(self) -> Encounter:
        """The encounter told first."""
        return self.encounters[0]

    @property
    def status(self) -> Status:
        """What the body says goes before what the headline says."""
        body = [e for e in self.encounters if e.index > 0] or self.encounters
        named = [e for e in body if any(e.people(side) for side in SIDES)]
        return (named or body)[0].status

    @property
    def named(self) -> bool:
        """Whether people of both sides are named."""
        return all(self.people(side) for side in SIDES)

    def people(self, side: Side) -> set[int]:
        """Identities of the named people of a side."""
        return {id(party.entity) for party in self.parties[side] if party.entity}

    def posts(self, side: Side) -> set[str]:
        """The posts told for a side."""
        return set().union(*(encounter.posts(side) for encounter in self.encounters[:TELLINGS]))


def build_stories(
    reading: Reading, calendar: Calendar, encounters: list[Encounter], mentions: list[list[Mention]]
) -> list[Story]:
    """The meetings that the article tells as news, in the order of its text."""
    asserted = []
    for encounter in encounters:
        if not encounter.weak and _old(reading, calendar, encounter):
            _note(reading, "stories._old", encounter, f"dated more than {OLD_DAYS} days before the article")
        elif not encounter.weak:
            asserted.append(encounter)
    asserted = [e for e in asserted if not e.retold] or asserted
    stories: list[Story] = []
    for encounter in asserted:
        home = next((story for story in stories if _same(story, encounter, calendar, reading)), None)
        if home is None:
            _note(reading, "stories.build_stories", encounter, "told for the first time here", kept=True)
            stories.append(Story([encounter], {side: list(encounter.parties[side]) for side in SIDES}))
        else:
            _note(reading, "stories._same", encounter, "a meeting already told: people, forum and day fit", kept=True)
            _add(home, encounter)
    if not any(story.named for story in stories):
        stories += _weak_stories(reading, encounters)
    stories = _without_asides(stories)
    _name_heads(reading, stories, mentions)
    _name_speakers(reading, stories, mentions)
    return [story for story in _joined(reading, calendar, stories) if _is_news(reading, story, stories[0])]


def _note(reading: Reading, rule: str, encounter: Encounter, reason: str, *, kept: bool = False) -> None:
    reading.note("meeting", rule, (encounter.anchor.start, encounter.anchor.end), reason, kept=kept)


def note_parties(reading: Reading, stories: list[Story]) -> None:
    """Says to whoever listens how everybody who met is known."""
    if reading.trace is None:
        return
    for party in (party for story in stories for side in SIDES for party in story.parties[side]):
        entity, span = party.entity, party.mention.span
        if entity is None:
            why = "an office whose holder is not named"
        elif entity.official is not None:
            why = "a name of officials.toml"
        else:
            why = "a name by its shape, an official by the office told with it"
        if entity is not None and party.mention.form not in ("name", "role"):
            why, span = f"meant by “{reading.text[slice(*span)]}”; {why}", entity.as_written
        reading.note("person", "stories.note_parties", span, why, kept=True)


def _weak_stories(reading: Reading, encounters: list[Encounter]) -> list[Story]:
    """Told to the other's face: only when nothing stronger is in the article."""
    told = [e for e in encounters if e.weak and all(e.people(side) for side in SIDES)]
    for encounter in told:
        words = reading.folded[encounter.anchor.start : encounter.anchor.end]
        if encounter.index <= LEAD and words in ("told", "tells"):
            _note(reading, "stories._weak_stories", encounter, "told to the other's face", kept=True)
            return [Story([encounter], {side: list(encounter.parties[side]) for side in SIDES})]
    return []


def _old(reading: Reading, calendar: Calendar, encounter: Encounter) -> bool:
    """Whether the clause dates the encounter weeks before the article, or into another year."""
    if encounter.status is not Status.HELD or calendar.today is None:
        return False
    sentence = reading.sentences[encounter.index]
    near = [
        d
        for d in calendar.in_sentence(sentence)
        if abs(d.start - encounter.anchor.start) < 90 and d.weekday is None and d.first
    ]
    year = _YEAR_FIRST.match(reading.text, sentence.start, sentence.end)
    if year and not calendar.in_sentence(sentence):
        return int(year[1]) < calendar.today.year - 1
    return bool(near) and all(d.first is not None and (calendar.today - d.first).days > OLD_DAYS for d in near)


def _same(story: Story, encounter: Encounter, calendar: Calendar, reading: Reading) -> bool:
    """Whether an encounter tells of a story's meeting: people, forum and day fit."""
    for side in SIDES:
        ours, theirs = story.people(side), encounter.people(side)
        if ours and theirs and not ours & theirs:
            return False
        if not (ours and theirs) and not _posts_fit(story.posts(side), encounter.posts(side)):
            return False
    if not _forums_fit(story, encounter):
        return False
    shared = any(story.people(side) & encounter.people(side) for side in SIDES)
    if not shared and not _fills_group(story, encounter):
        return False
    return _days_fit(story, encounter, calendar, reading)


def _fills_group(story: Story, encounter: Encounter) -> bool:
    """Whether one of the two names nobody and the other, near it, does; or both name nobody."""
    told, telling = (any(x.people(side) for side in SIDES) for x in (story, encounter))
    if told and telling:
        return False
    near = encounter.index - story.encounters[-1].index <= GROUP_REACH
    if told:
        return near and (encounter.forum is None or any(e.forum for e in story.encounters))
    return near or story.first.index == 0


def _posts_fit(ours: set[str], theirs: set[str]) -> bool:
    return not ours or not theirs or bool(ours & theirs)


def _forums_fit(story: Story, encounter: Encounter) -> bool:
    """Another forum is another meeting; a social occasion is one beside the talks."""
    told = next((e.forum for e in story.encounters[:TELLINGS] if e.forum), None)
    if (told is None) is not (encounter.forum is None) and story.status is not encounter.status and _body(story):
        return False
    if told is None and encounter.forum is not None and encounter.also and "chair" in encounter.anchor.kinds:
        return False
    if told is None or encounter.forum is None:
        other = told or encounter.forum
        return other is None or not other[0].social
    return told[0].name == encounter.forum[0].name


def _body(story: Story) -> bool:
    """Whether more than the headline has told of a meeting."""
    return any(e.index > 0 for e in story.encounters)


def _days_fit(story: Story, encounter: Encounter, calendar: Calendar, reading: Reading) -> bool:
    """Two encounters that each tell a day of their own are one meeting only if the days are the same."""
    mine = own_day(reading, calendar, encounter)
    days = [day for e in story.encounters[:TELLINGS] if (day := own_day(reading, calendar, e))]
    return mine is None or not days or any(a <= mine[1] and mine[0] <= b for a, b in days)


def own_day(reading: Reading, calendar: Calendar, encounter: Encounter) -> tuple[dt.date, dt.date] | None:
    """The day told in the encounter's own sentence, nearest to its words."""
    sentence = reading.sentences[encounter.index]
    days = [d for d in calendar.in_sentence(sentence) if not d.journey]
    ahead = encounter.status is Status.ANNOUNCED
    for day in sorted(days, key=lambda d: abs(d.start - encounter.anchor.start)):
        resolved = calendar.resolve(day, ahead=ahead)
        if resolved:
            return resolved
    return None


def _add(story: Story, encounter: Encounter) -> None:
    """Takes up an encounter: names where there were none, and everyone that it names too."""
    story.encounters.append(encounter)
    for side in SIDES:
        named = [p for p in encounter.parties[side] if p.entity]
        if not story.people(side):
            story.parties[side] = named or story.parties[side] or list(encounter.parties[side])


def _joined(reading: Reading, calendar: Calendar, stories: list[Story]) -> list[Story]:
    """Stories whose people turned out to be the same once heads and speakers were known."""
    kept: list[Story] = []
    for story in stories:
        twin = next(
            (
                k
                for k in kept
                if all(k.people(s) and k.people(s) == story.people(s) for s in SIDES)
                and _forums_fit(k, story.first)
                and _days_fit(k, story.first, calendar, reading)
            ),
            None,
        )
        if twin is None:
            kept.append(story)
        else:
            twin.encounters += story.encounters
    return kept


def _without_asides(stories: list[Story]) -> list[Story]:
    """The stories without those of groups, below the lead of an article whose first meeting is of named people."""
    if not stories or not all(stories[0].people(side) for side in SIDES):
        return stories
    return [
        story
        for story in stories
        if any(story.people(side) for side in SIDES) or any(e.index <= LEAD or e.also for e in story.encounters)
    ]


def _name_heads(reading: Reading, stories: list[Story], mentions: list[list[Mention]]) -> None:
    """Gives a meeting of unnamed delegations the people who headed them."""
    open_stories = [story for story in stories if not all(story.people(side) for side in SIDES)]
    if not open_stories:
        return
    for index, sentence in enumerate(reading.sentences):
        if not any(
            t.kind == "head" for token in reading.within(sentence.start, sentence.end) for t in token.value.triggers
        ):
            continue
        story = min(open_stories, key=lambda s: abs(s.first.index - index))
        for side in SIDES:
            head = next((m for m in mentions[index] if _can_head(m, side)), None)
            if head is not None and not story.people(side):
                story.parties[side] = [Party(side, head.entity, head)]


def _can_head(mention: Mention, side: Side) -> bool:
    return (
        mention.entity is not None and mention.side is side and not mention.embedded and not mention.entity.spokesperson
    )


def _name_speakers(reading: Reading, stories: list[Story], mentions: list[list[Mention]]) -> None:
    """Gives an unnamed side of the article's only meeting the first official of it who speaks afterwards."""
    if len(stories) != 1 or all(stories[0].people(side) for side in SIDES):
        return
    story = stories[0]
    for index in range(story.first.index + 1, len(reading.sentences)):
        sentence = reading.sentences[index]
        if not any("speech" in token.value.cues for token in reading.within(sentence.start, sentence.end)):
            continue
        for side in SIDES:
            speaker = next((m for m in mentions[index] if _can_head(m, side) and m.entity and m.entity.principal), None)
            if speaker is not None and not story.people(side) and _posts_fit(story.posts(side), _posts(speaker.entity)):
                story.parties[side] = [Party(side, speaker.entity, speaker)]


def _posts(entity: Entity | None) -> set[str]:
    return set(entity.posts) if entity else set()


def _is_news(reading: Reading, story: Story, main: Story) -> bool:
    """Whether a meeting beside the first one is news too: it shares somebody, stands in the lead, or is tied to it."""
    if story is main:
        return True
    if any(story.people(side) & main.people(side) for side in SIDES):
        return True
    if story.status is Status.ANNOUNCED:
        tied = any(e.index <= LEAD for e in story.encounters)
    else:
        tied = any(e.index <= LEAD or e.also or (e.forum and e.shared) for e in story.encounters)
    if not tied:
        _note(reading, "stories._is_news", story.first, "below the lead, and shares nobody with the main meeting")
    return tied
