"""A whole archive of invented meetings, as large as ten years of news make it: for benchmarks of issues, site, search.

Every article is told in one of three languages with evidence at its true offsets; every other telling of a side may be
a copy. The same arguments give the same archive. Most articles tell of no meeting, as in life.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert

from archive.issues import mark_first_run
from archive.models import ArticleRow, MeetingRow, MentionRow
from archive.store import Archive
from meetings import officials
from meetings.detect import RULES_VERSION
from meetings.jsonform import meeting_to_dict
from meetings.records import (
    Channel,
    Codes,
    DateBasis,
    Direction,
    Evidence,
    Forum,
    Meeting,
    Mode,
    Person,
    Place,
    Plover,
    Rank,
    Status,
    Topic,
)
from parsers.records import Article, Side, article_key

FIRST_DAY, LAST_DAY = dt.date(2015, 1, 5), dt.date(2024, 12, 29)
FIRST_RUN = dt.datetime(2024, 11, 1, tzinfo=dt.UTC)
_BATCH = 2000
_LOCALS = 600
OUTLETS = (
    ("xinhua", "en", Side.CHINA), ("fmprc", "zh", Side.CHINA), ("peoplesdaily", "zh", Side.CHINA),
    ("vietnamplus", "en", Side.VIETNAM), ("nhandan", "vi", Side.VIETNAM), ("vnexpress", "vi", Side.VIETNAM),
    ("straitstimes", "en", Side.OTHER),
)  # fmt: skip
_CITIES = (
    ("Beijing", "CN", "北京", "Bắc Kinh"), ("Hanoi", "VN", "河内", "Hà Nội"), ("Nanning", "CN", "南宁", "Nam Ninh"),
    ("Kunming", "CN", "昆明", "Côn Minh"), ("Mong Cai", "VN", "芒街", "Móng Cái"), ("Jakarta", "ID", "雅加达", "Jakarta"),
    ("Lang Son", "VN", "谅山", "Lạng Sơn"), ("Dongxing", "CN", "东兴", "Đông Hưng"),
)  # fmt: skip
_FORUMS = (
    "Steering Committee for Bilateral Cooperation", "3+3 Strategic Dialogue", "Land Border Joint Committee",
    "Border Defence Friendship Exchange",
)  # fmt: skip
_TOPICS = {
    "trade": ("trade", "贸易", "thương mại"),
    "infrastructure": ("railways", "铁路", "đường sắt"),
    "political_trust": ("mutual trust", "互信", "tin cậy"),
    "south_china_sea": ("maritime issues", "海上问题", "vấn đề trên biển"),
    "defence": ("defence", "国防", "quốc phòng"),
    "agriculture": ("farm produce", "农产品", "nông sản"),
}
_SAYS = {
    "en": "{c} of China met {v} of Viet Nam in {city} on {day} and both spoke of {topics}.",
    "zh": "{day}，中国的{c}在{city}会见越南的{v}，双方谈到{topics}。",
    "vi": "Ngày {day}, tại {city}, ông {c} của Trung Quốc gặp ông {v} của Việt Nam và trao đổi về {topics}.",
}
_FILLER = {
    "en": "Officials said after session {n} that {w} tonnes would cross the border and {x} projects would follow.",
    "zh": "会后第{n}号公报说，过境货物将达{w}吨，另有{x}个项目将陆续展开。",
    "vi": "Thông cáo số {n} cho biết {w} tấn hàng sẽ qua biên giới và {x} dự án sẽ tiếp tục được triển khai.",
}
_LANGUAGES = ("en", "zh", "vi")


@dataclass(frozen=True, slots=True)
class _Official:
    name: str
    written: tuple[str, str, str]
    rank: Rank


def fill(archive: Archive, meetings: int = 10_000, articles: int = 100_000, seed: int = 1) -> None:
    """Fills an empty archive; about four articles tell of each meeting, the others of none."""
    dice = random.Random(seed)
    people = {side: _people(side, dice) for side in (Side.CHINA, Side.VIETNAM)}
    with archive.write() as session:
        mark_first_run(session, FIRST_RUN)
    numbers = iter(range(1, articles + 1))
    rows: dict[Any, list[dict[str, Any]]] = {ArticleRow: [], MeetingRow: [], MentionRow: []}
    for index in range(meetings):
        for model, row in _meeting(dice, people, index, numbers, articles - meetings + index + 1):
            rows[model].append(row)
        if len(rows[ArticleRow]) > _BATCH:
            _flush(archive, rows)
    for number in numbers:
        rows[ArticleRow].append(_article(dice, number, _day(dice), OUTLETS[number % 7], f"News {number}", ()))
        if len(rows[ArticleRow]) > _BATCH:
            _flush(archive, rows)
    _flush(archive, rows)


def _flush(archive: Archive, rows: dict[Any, list[dict[str, Any]]]) -> None:
    with archive.write() as session:
        for model, batch in rows.items():
            if batch:
                session.execute(insert(model), batch)
            batch.clear()


def _people(side: Side, dice: random.Random) -> list[_Official]:
    """Those of the lexicon, and invented local officials."""
    known = [
        _Official(person.name, _forms(person), officials.posts()[person.terms[0].post].rank)
        for person in officials.load()
        if person.side is side
    ]
    families, given = (("Zhao", "Qian", "Sun", "Zhou"), ("Nguyen", "Tran", "Le", "Pham"))[side is Side.VIETNAM], "aeiou"
    invented = []
    for number in range(_LOCALS):
        name = f"{dice.choice(families)} {dice.choice('BDLMT')}{given[number % 5]}n{'g' * (number % 2)} {_word(number)}"
        invented.append(_Official(name, (name, name, name), Rank.LOCAL))
    return known + invented


def _word(number: int) -> str:
    return "".join("BDGHLMNPTV"[int(digit)].lower() + "aeioa"[int(digit) % 5] for digit in f"{number:03d}").title()


def _forms(person: officials.Official) -> tuple[str, str, str]:
    """The name in English, Chinese and Vietnamese writing."""
    han = next((form for form in person.also if "\u3400" <= form[0] <= "\u9fff"), person.name)
    marked = next((form for form in person.also if not form.isascii() and form[0] < "\u3400"), person.name)
    return person.name, han, marked


def _day(dice: random.Random) -> dt.date:
    return FIRST_DAY + dt.timedelta(days=dice.randrange((LAST_DAY - FIRST_DAY).days))


def _meeting(
    dice: random.Random, people: dict[Side, list[_Official]], index: int, numbers: Iterator[int], left: int
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The rows of one meeting, its articles and tellings; `left` bounds how many articles it may take."""
    china = _some(dice, people[Side.CHINA])
    vietnam = _some(dice, people[Side.VIETNAM])
    day, city = _day(dice), dice.choice(_CITIES)
    plain = _record(dice, index, day, city, china, vietnam)
    topics = dice.sample(sorted(_TOPICS), dice.randint(1, 4))
    known = dt.datetime.combine(day, dt.time(12), dt.UTC)
    tellings = []
    for outlet in dice.sample(OUTLETS, min(left, dice.choice((1, 2, 3, 4, 4, 5, 6, 7)))):
        number = next(numbers)
        language = _LANGUAGES.index(outlet[1])
        words = {
            "c": " and ".join(each.written[language] for each in china),
            "v": " and ".join(each.written[language] for each in vietnam),
            "city": city[0] if language == 0 else city[1 + language],
            "day": f"{day:%d/%m/%Y}",
            "topics": ", ".join(_TOPICS[topic][language] for topic in topics),
        }
        sentence = _SAYS[outlet[1]].format(**words)
        row = _article(dice, number, day, outlet, f"{words['c']} – {words['v']} ({number})", (sentence,))
        text = "\n".join((f"{row['title']}\n", *row["paragraphs"]))
        told = _told(plain, text, words, [(topic, _TOPICS[topic][language]) for topic in topics])
        tellings.append(told)
        yield ArticleRow, row
        yield MentionRow, {
            "article_number": number, "position": 0, "meeting_id": plain.id, "record": meeting_to_dict(told),
            "placed_on": day, "rules_version": RULES_VERSION, "recorded_at": known,
        }  # fmt: skip
    yield MeetingRow, {
        "id": plain.id, "record": meeting_to_dict(replace(plain, topics=tellings[0].topics)), "date": day,
        "placed_on": day, "first_seen": known, "held_known_at": known if plain.status is Status.HELD else None,
    }  # fmt: skip


def _some(dice: random.Random, people: Sequence[_Official]) -> list[_Official]:
    """One or two, the first of the list most often."""
    at = min(int(dice.paretovariate(0.5)) - 1, len(people) - 1)
    return [people[at], *([dice.choice(people)] if dice.random() < 0.2 else [])]


def _record(
    dice: random.Random,
    index: int,
    day: dt.date,
    city: tuple[str, str, str, str],
    china: Sequence[_Official],
    vietnam: Sequence[_Official],
) -> Meeting:
    order = tuple(Rank)
    level = min((each.rank for each in (*china, *vietnam)), key=order.index)
    forum = Forum(dice.choice(_FORUMS), 1 + index % 40) if dice.random() < 0.15 else None
    announced = day > dt.date(2024, 12, 15)
    directions = {"CN": Direction.TO_CHINA, "VN": Direction.TO_VIETNAM}
    return Meeting(
        date=day, end_date=None, date_basis=DateBasis.EXPLICIT,
        status=Status.ANNOUNCED if announced else Status.HELD, mode=Mode.IN_PERSON,
        place=Place(city=city[0], country=city[1]), direction=directions.get(city[1], Direction.THIRD_COUNTRY),
        china=tuple(Person(each.name, each.name, "Minister", each.rank) for each in china),
        vietnam=tuple(Person(each.name, each.name, "Minister", each.rank) for each in vietnam),
        level=level, channel=Channel.SUBNATIONAL if level is Rank.LOCAL else dice.choice(tuple(Channel)[:5]),
        forum=forum, topics=(), codes=Codes("042", Plover("CONSULT", "visit", ("diplomatic",))), evidence=(),
        id=f"m-{index:012x}",
    )  # fmt: skip


def _told(plain: Meeting, text: str, words: dict[str, str], topics: Sequence[tuple[str, str]]) -> Meeting:
    """The meeting as one article tells it, every field with where it was read."""
    body = text.index("\n\n")

    def read(field: str, phrase: str) -> Evidence:
        start = text.index(phrase, body)
        return Evidence(field, phrase, start, start + len(phrase))

    fields = (("date", "day"), ("place", "city"), ("china", "c"), ("vietnam", "v"))
    return replace(
        plain,
        china=tuple(replace(person, as_written=words["c"]) for person in plain.china[:1]) + plain.china[1:],
        vietnam=tuple(replace(person, as_written=words["v"]) for person in plain.vietnam[:1]) + plain.vietnam[1:],
        topics=tuple(Topic(topic, read("topic", phrase)) for topic, phrase in topics),
        evidence=tuple(read(field, words[name]) for field, name in fields),
    )


def _article(
    dice: random.Random,
    number: int,
    day: dt.date,
    outlet: tuple[str, str, Side],
    title: str,
    lead: Sequence[str],
) -> dict[str, Any]:
    name, language, side = outlet
    url = f"https://{name}.example/{language}/{number:07d}.html"
    paragraphs = (*lead, *(_filler(dice, language) for _ in range(8)))
    article = Article(article_key(url), title, paragraphs)
    at = dt.datetime.combine(day, dt.time(10), dt.UTC)
    return {
        "number": number, "key": article.key, "title": title, "paragraphs": list(paragraphs),
        "text_sha256": article.text_sha256, "published": at, "published_on": day, "language": language, "url": url,
        "outlet": name, "side": side, "source_id": f"{name}-{language}", "method": f"outlet:{name}", "stored_at": at,
        "path": f"articles/{day.year}/{number:03d}_{article.key}.txt", "detected_rules": RULES_VERSION,
        "detected_at": at, "notes": [], "captions": [], "compared": True, "copy_of": number, "version": 1,
    }  # fmt: skip


def _filler(dice: random.Random, language: str) -> str:
    sentence = _FILLER[language]
    return " ".join(
        sentence.format(n=dice.randint(1, 99), w=dice.randint(100, 9999), x=dice.randint(2, 30)) for _ in range(3)
    )
