"""What the search page's script looks through: one small file a year, each a script that hands over its meetings.

Files of data could not be read from a folder that is opened from disk; scripts can.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache

from meetings import places
from reports.site.cards import Card, Participant, forum_name
from reports.site.paths import person_page

FOLDER = "assets/search"


def shard_path(year: str) -> str:
    """Where the meetings of a year stand."""
    return f"{FOLDER}/{year}.js"


def shard(year: str, cards: Sequence[Card]) -> str:
    """The meetings of one year, newest first; names stand once a file and are referred to by number.

    A row is id, day, date ("" when not known), headline, place, status, level, channel, told by, topics, people, forum,
    city. `places` gives what texts call these cities in any language.
    """
    people: dict[str, list[str]] = {}
    numbers: dict[str, int] = {}
    rows = []
    for card in sorted(cards, key=lambda card: (card.day, card.id), reverse=True):
        for each in card.people:
            if each.name:
                _remember(people, numbers, each)
        named = sorted({numbers[person_page(each.side, each.name)] for each in card.people if each.name})
        forum = forum_name(card.forum, card.ordinal) if card.forum else ""
        rows.append(
            [card.id, card.day, card.date, card.headline, card.where, card.status, card.level, card.channel, card.told,
             " ".join(card.topics), named, forum, card.city]
        )  # fmt: skip
    listed = [[page.split("/")[1], *names] for page, names in people.items()]
    called = {city: " ".join(_cities()[city]) for city in sorted({card.city for card in cards} & _cities().keys())}
    values = {"year": year, "people": listed, "places": called, "rows": rows}
    content = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return f"meetingsOfYear({content.encode('utf-8', 'replace').decode()});\n"


@cache
def _cities() -> Mapping[str, tuple[str, ...]]:
    """What texts call each city of the lexicon."""
    found: dict[str, tuple[str, ...]] = {}
    for place in places.load():
        if place.kind == "city":
            found[place.name] = (*found.get(place.name, ()), *place.words)
    return found


def _remember(people: dict[str, list[str]], numbers: dict[str, int], participant: Participant) -> None:
    """Enters a person, or the further forms of a name that is known."""
    page = person_page(participant.side, participant.name)
    numbers.setdefault(page, len(numbers))
    names = people.setdefault(page, [participant.name])
    names.extend(form.text for form in participant.names if form.text not in names)
