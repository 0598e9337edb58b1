"""A story as a record of design §5: every field with the words it was read from."""

from __future__ import annotations

import re

from meetings import codes
from meetings.dates import Calendar
from meetings.encounters import SIDES, Party
from meetings.forums import KnownForum, levels
from meetings.officials import Post
from meetings.reading import Reading
from meetings.records import (
    RANK_ORDER,
    Channel,
    Direction,
    Evidence,
    Forum,
    Meeting,
    Mode,
    Part,
    Person,
    Place,
    Rank,
    Status,
)
from meetings.stories import Story
from meetings.topics import find_topics
from meetings.whens import Clock, When
from meetings.wheres import Compass, Where
from parsers.records import Side

ORDINAL_REACH = 60
GROUP_WORDS = 60
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}


def make_meeting(
    reading: Reading, calendar: Calendar, clock: Clock, compass: Compass, story: Story, part: Part
) -> Meeting:
    """The record of one story, without an id; its topics are those of its part of the article."""
    mode = _mode(story)
    when = clock.find(story)
    where = compass.find(story, mode)
    forum, forum_span = _forum(reading, story)
    people = {
        side: tuple(_person(reading, party) for party in story.parties[side]) or _group(reading, story)
        for side in SIDES
    }
    ranks = [person.rank for side in SIDES for person in people[side] if person.rank]
    unnamed = levels().get(forum.name) if forum else None
    level = min(ranks, key=RANK_ORDER.index, default=unnamed or Rank.DIRECTOR)
    channel = _channel(story)
    status = _status(calendar, story, when)
    direction = _direction(mode, where)
    topics = find_topics(reading.text, reading.words.folding, part)
    return Meeting(
        date=when.first,
        end_date=when.last if when.last != when.first else None,
        date_basis=when.basis,
        status=status,
        mode=mode,
        place=Place(where.venue, where.city, where.country),
        direction=direction,
        china=people[Side.CHINA],
        vietnam=people[Side.VIETNAM],
        level=level,
        channel=channel,
        forum=forum,
        topics=topics,
        codes=codes.code(
            status=status, mode=mode, direction=direction, channel=channel, topics=topics, teller=reading.own_side
        ),
        evidence=_evidence(reading, story, when, where, forum_span, mode),
        part=part,
    )


def _person(reading: Reading, party: Party) -> Person:
    """A participant: canonical name, the form as written, and the office in the text's own words."""
    entity, text = party.entity, reading.text
    role_span = (entity.role if entity and entity.role else None) or party.mention.role
    role = _role_words(text[slice(*role_span)]) if role_span else None
    if entity is None:
        ranks = [o.post.rank for phrase in party.mention.offices for o in phrase.offices]
        if role is None:
            role = _role_words(text[slice(*party.mention.span)])
        return Person(None, None, role, min(ranks, key=RANK_ORDER.index, default=None))
    return Person(entity.name, text[slice(*entity.as_written)], role, entity.rank(reading))


def _group(reading: Reading, story: Story) -> tuple[Person, ...]:
    """A side that nobody is named for: the words by which the text calls those who met, if any."""
    span = _group_words(reading, story)
    return (Person(None, None, _role_words(reading.text[slice(*span)]), None),) if span else ()


def _group_words(reading: Reading, story: Story) -> tuple[int, int] | None:
    """From the first to the last word for officials, delegations or departments in the telling's clause."""
    sentence = reading.sentences[story.first.index]
    words = [t for t in reading.within(sentence.start, sentence.end) if "group" in t.value.cues and not t.value.forum]
    if not words:
        forum = story.first.forum
        return (forum[1], forum[2]) if forum else None
    last = words[0]
    for word in words[1:]:
        if word.start - last.end <= GROUP_WORDS:
            last = word
    return words[0].start, last.end


def _role_words(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip(" ,–-")


def _mode(story: Story) -> Mode:
    """Phone or video when any telling says so; else in person for whoever met, received or sat together."""
    modes = [e.mode for e in story.encounters if e.mode]
    for mode in (Mode.PHONE, Mode.VIDEO):
        if mode in modes:
            return mode
    return Mode.IN_PERSON


def _status(calendar: Calendar, story: Story, when: When) -> Status:
    """As told; but what lies days after the article's own day has not been yet."""
    if story.status is Status.HELD and when.first and calendar.today and (when.first - calendar.today).days > 1:
        return Status.ANNOUNCED
    return story.status


def _direction(mode: Mode, where: Where) -> Direction:
    if mode in (Mode.PHONE, Mode.VIDEO):
        return Direction.REMOTE
    if where.country is None:
        return Direction.UNKNOWN
    return {"CN": Direction.TO_CHINA, "VN": Direction.TO_VIETNAM}.get(where.country, Direction.THIRD_COUNTRY)


def _channel(story: Story) -> Channel:
    """The channel of the highest-ranking office told; an embassy's when one side is a diplomat."""
    posts = [post for side in SIDES for party in story.parties[side] for post in _party_posts(party)]
    if any(post.channel is Channel.EMBASSY for post in posts):
        return Channel.EMBASSY
    if not posts:
        return Channel.STATE
    best = min(posts, key=lambda post: RANK_ORDER.index(post.rank))
    return best.channel


def _party_posts(party: Party) -> list[Post]:
    if party.entity and party.entity.posts:
        return list(party.entity.posts.values())
    return [office.post for phrase in party.mention.offices for office in phrase.offices]


def _forum(reading: Reading, story: Story) -> tuple[Forum | None, tuple[int, int] | None]:
    """The forum told with the story, with the ordinal in front of it, and where both stand."""
    best: tuple[KnownForum, int, int] | None = None
    for encounter in story.encounters:
        if encounter.forum is None:
            continue
        ordinal, start = _ordinal(reading, *encounter.forum[1:], reading.sentences[encounter.index].start)
        if ordinal is not None:
            return Forum(encounter.forum[0].name, ordinal), (min(start, encounter.forum[1]), encounter.forum[2])
        best = best or encounter.forum
    return (Forum(best[0].name, None), (best[1], best[2])) if best else (None, None)


def _ordinal(reading: Reading, start: int, end: int, limit: int) -> tuple[int | None, int]:
    """The number of the session beside a forum's name at text[start:end], and where it stands."""
    ordinals = reading.words.grammar.ordinals
    after = reading.words.patterns.ordinal_after.match(reading.folded, end, end + ORDINAL_REACH)
    last = after if after and (after[2] is None or after[2] in ordinals) else None
    for match in reading.words.patterns.ordinal.finditer(reading.folded, max(limit, start - ORDINAL_REACH), start):
        if not after and (match[2] is None or match[2] in ordinals):
            last = match
    if last is None:
        return None, start
    if last[1]:
        return int(last[1]), last.start()
    if last[2]:
        return ordinals.index(last[2]) + 1, last.start()
    if not reading.text[slice(*last.span(3))].isupper():
        return None, start
    return _roman(last[3]), last.start()


def _roman(letters: str) -> int:
    values = [_ROMAN[letter] for letter in letters]
    return sum(-v if v < max(values[i:], default=0) else v for i, v in enumerate(values))


def _evidence(
    reading: Reading, story: Story, when: When, where: Where, forum: tuple[int, int] | None, mode: Mode
) -> tuple[Evidence, ...]:
    found = []

    def add(name: str, span: tuple[int, int] | None) -> None:
        if span is not None and span[0] < span[1]:
            found.append(Evidence(name, reading.text[span[0] : span[1]], *span))

    told = next((e for e in story.encounters if e.index > 0), story.first)
    add("status", (told.anchor.start, told.anchor.end))
    for side in SIDES:
        if not story.parties[side]:
            add(side.value, _group_words(reading, story))
        for party in story.parties[side]:
            add(
                side.value,
                party.mention.span
                if party.mention.form in ("name", "role")
                else (party.entity.as_written if party.entity else None),
            )
    add("date", when.word)
    add("place", where.token)
    add("forum", forum)
    if mode in (Mode.PHONE, Mode.VIDEO):
        phone = next((e for e in story.encounters if e.mode is mode), told)
        add("mode", (phone.anchor.start, phone.anchor.end))
    else:
        add("mode", (told.anchor.start, told.anchor.end))
    return tuple(found)
