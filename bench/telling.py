"""Made-up accounts of meetings in three languages, with evidence at its true offsets. The same dice, the same words."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter

from bench.newsroom import FILLERS, SLOTS, day_in
from meetings import officials
from meetings.codes import code
from meetings.forums import load as load_forums
from meetings.records import (
    Channel,
    DateBasis,
    Direction,
    Evidence,
    Forum,
    Meeting,
    Mode,
    Person,
    Place,
    Rank,
    Status,
    Topic,
)
from parsers.records import Article, Side, article_key

SIZE = 3_000
FILLER_PARAGRAPHS = 1_000
LOCALS = 400
LANGUAGES = ("en", "zh", "vi")
COUNTRIES = {
    Side.CHINA: {"en": "Chinese", "zh": "中国", "vi": "Trung Quốc"},
    Side.VIETNAM: {"en": "Vietnamese", "zh": "越南", "vi": "Việt Nam"},
}
OFFICES = {
    "party_chief": ("General Secretary", "总书记", "Tổng Bí thư"),
    "president": ("President", "国家主席", "Chủ tịch nước"),
    "premier": ("Prime Minister", "总理", "Thủ tướng"),
    "vice_premier": ("Deputy Prime Minister", "副总理", "Phó Thủ tướng"),
    "foreign_minister": ("Foreign Minister", "外交部长", "Bộ trưởng Ngoại giao"),
    "defence_minister": ("Defence Minister", "国防部长", "Bộ trưởng Quốc phòng"),
    "public_security_minister": ("Minister of Public Security", "公安部部长", "Bộ trưởng Công an"),
    "ambassador": ("Ambassador", "大使", "Đại sứ"),
    "province_party_secretary": ("provincial Party Secretary", "省委书记", "Bí thư Tỉnh ủy"),
    "local_official": ("Chairman of a border county", "边境县县长", "Chủ tịch huyện biên giới"),
    "official": ("Minister", "部长", "Bộ trưởng"),
}
FAMILIES = {
    Side.CHINA: (("Wang", "王", "Vương"), ("Li", "李", "Lý"), ("Zhang", "张", "Trương"), ("Huang", "黄", "Hoàng")),
    Side.VIETNAM: (("Nguyen", "阮", "Nguyễn"), ("Tran", "陈", "Trần"), ("Le", "黎", "Lê"), ("Pham", "范", "Phạm")),
}
GIVEN = (
    ("Guo", "国", "Quốc"), ("Wen", "文", "Văn"), ("Hai", "海", "Hải"), ("Son", "山", "Sơn"), ("Minh", "明", "Minh"),
    ("Long", "龙", "Long"), ("Xuan", "春", "Xuân"), ("Hoa", "华", "Hoa"), ("Binh", "平", "Bình"), ("An", "安", "An"),
)  # fmt: skip
CITIES = (
    ("Beijing", "CN", "北京", "Bắc Kinh"), ("Hanoi", "VN", "河内", "Hà Nội"), ("Nanning", "CN", "南宁", "Nam Ninh"),
    ("Ho Chi Minh City", "VN", "胡志明市", "Thành phố Hồ Chí Minh"), ("Kunming", "CN", "昆明", "Côn Minh"),
    ("Mong Cai", "VN", "芒街", "Móng Cái"), ("Lang Son", "VN", "谅山", "Lạng Sơn"),
    ("Jakarta", "ID", "雅加达", "Jakarta"),
)  # fmt: skip
MET = {
    Status.HELD: {
        "en": "{c_office} {c} {status:held talks} with {v_office} {v} in {city} on {day}{forum}.",
        "zh": "{day}，{c_office}{c}在{city}同{v_office}{v}{status:举行会谈}{forum}。",
        "vi": "Ngày {day}, tại {city}, {c_office} {c} đã {status:hội đàm} với {v_office} {v}{forum}.",
    },
    Status.ANNOUNCED: {
        "en": "{c_office} {c} {status:will hold talks} with {v_office} {v} in {city} on {day}{forum}.",
        "zh": "{c_office}{c}{status:将于}{day}在{city}同{v_office}{v}举行会谈{forum}。",
        "vi": "{c_office} {c} {status:sẽ hội đàm} với {v_office} {v} tại {city} ngày {day}{forum}.",
    },
    Status.CANCELLED: {
        "en": "Talks between {c_office} {c} and {v_office} {v} in {city} on {day} {status:were called off}{forum}.",
        "zh": "{c_office}{c}原定{day}在{city}同{v_office}{v}举行的会谈{status:已取消}{forum}。",
        "vi": "Cuộc hội đàm giữa {c_office} {c} và {v_office} {v} tại {city} ngày {day} {status:đã bị hủy}{forum}.",
    },
}
TITLES = {"en": "{c}, {v} discuss ties in {city}", "zh": "{c}会见{v}", "vi": "{v} hội đàm với {c} tại {city}"}
IN_FORUM = {"en": ", at the {forum}", "zh": "（{forum}）", "vi": ", trong khuôn khổ {forum}"}
SAYS = {
    "en": (
        "{who} said that China and Viet Nam should build {topic:community with a shared future} together.",
        "{who} reaffirmed the one-China policy and called for restraint at sea.",
        "“We signed {n} documents today, the first of their kind,” said {who}.",
    ),
    "zh": (
        "{who}表示，中越双方应携手构建具有战略意义的{topic:命运共同体}。",
        "{who}重申坚持一个中国政策，主张妥善管控分歧。",
        "{who}指出，双方今天签署了{n}项合作文件，尚属首次。",
    ),
    "vi": (
        "{who} khẳng định hai nước cùng xây dựng {topic:cộng đồng chia sẻ tương lai} có ý nghĩa chiến lược.",
        "{who} đề nghị hai bên kiểm soát tốt bất đồng, tôn trọng luật pháp quốc tế, UNCLOS 1982.",
        "“Hôm nay hai bên đã ký {n} văn kiện hợp tác, lần đầu tiên,” {who} cho biết.",
    ),
}
TOPICS: Mapping[str, tuple[str, str, str]] = {
    "trade": (
        "They agreed to raise {topic:trade} to {n}0 billion dollars a year by 2027.",
        "双方同意到2027年把{topic:贸易}额提高到{n}0亿美元。",
        "Hai bên nhất trí nâng kim ngạch {topic:thương mại} lên {n}0 tỷ USD vào năm 2027.",
    ),
    "railways": (
        "Work on {n} standard-gauge {topic:railways} across the border is to begin next year.",
        "{n}条跨境标准轨{topic:铁路}将于明年开工。",
        "{n} tuyến {topic:đường sắt} khổ tiêu chuẩn qua biên giới sẽ khởi công vào năm tới.",
    ),
    "political_trust": (
        "Both called for more {topic:political trust} and {n} exchanges of delegations a year.",
        "双方主张深化{topic:政治互信}，每年互派{n}个代表团。",
        "Hai bên nhất trí củng cố {topic:tin cậy chính trị} và trao đổi {n} đoàn mỗi năm.",
    ),
    "agriculture": (
        "{n} kinds of {topic:farm produce} may be brought in through the border gates from now on.",
        "今后{n}种{topic:农产品}可经口岸入境。",
        "Từ nay {n} loại {topic:nông sản} được nhập khẩu qua các cửa khẩu.",
    ),
    "border": (
        "The {topic:land border} is to be patrolled together {n} times a month.",
        "双方每月将在{topic:陆地边界}联合巡逻{n}次。",
        "Hai bên tuần tra chung trên tuyến {topic:biên giới} {n} lần mỗi tháng.",
    ),
}
AT_SEA = {
    Side.CHINA: (
        "The sides are to handle {topic:maritime} issues by dialogue.",
        "双方将通过对话处理{topic:海上}问题。",
        "Hai bên xử lý các vấn đề {topic:trên biển} thông qua đối thoại.",
    ),
    Side.VIETNAM: (
        "Peace in the {topic:East Sea} rests on international law, said the Vietnamese side.",
        "越方强调{topic:南海}和平须以国际法为基础。",
        "Phía Việt Nam nhấn mạnh hòa bình ở {topic:Biển Đông} dựa trên luật pháp quốc tế.",
    ),
}


@dataclass(frozen=True, slots=True)
class Official:
    """Somebody who meets: the name in its canonical form and as each language writes it, with the office."""

    name: str
    side: Side
    written: Mapping[str, str]
    office: Mapping[str, str]
    rank: Rank
    channel: Channel

    def person(self, language: str) -> Person:
        """The principal as an article of that language tells of them."""
        return Person(self.name, self.written[language], self.office[language], self.rank)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, before anybody tells of it. `told_day` is False where articles leave the day out."""

    day: dt.date
    status: Status
    china: Official
    vietnam: Official
    city: tuple[str, str, str, str]
    forum: Forum | None
    topics: tuple[str, ...]
    told_day: bool


@cache
def holders(side: Side, month: dt.date) -> tuple[Official, ...]:
    """The lexicon's officials of that month's first day, by rank, then invented local ones."""
    found = [
        _official(side, _forms(person), term.post)
        for person in officials.load()
        if person.side is side
        for term in person.terms[-1:] + person.terms[:-1]
        if term.covers(month)
    ]
    unique = {person.name: person for person in reversed(found)}
    return (*sorted(unique.values(), key=lambda person: (list(Rank).index(person.rank), person.name)), *_locals(side))


@cache
def _locals(side: Side) -> tuple[Official, ...]:
    dice = random.Random(side.value)
    names = {tuple(zip(dice.choice(FAMILIES[side]), *dice.sample(GIVEN, 2), strict=True)) for _ in range(LOCALS)}
    posts = ("province_party_secretary", "ambassador", "local_official")
    return tuple(
        _official(side, (" ".join(latin), "".join(han), " ".join(marked)), posts[at % 3])
        for at, (latin, han, marked) in enumerate(sorted(names))
    )


def _official(side: Side, written: tuple[str, str, str], post: str) -> Official:
    known = officials.posts()[post]
    words = dict(zip(LANGUAGES, OFFICES.get(post, OFFICES["official"]), strict=True))
    office = {
        "en": f"{COUNTRIES[side]['en']} {words['en']}",
        "zh": f"{COUNTRIES[side]['zh']}{words['zh']}",
        "vi": f"{words['vi']} {COUNTRIES[side]['vi']}",
    }
    return Official(written[0], side, dict(zip(LANGUAGES, written, strict=True)), office, known.rank, known.channel)


def _forms(person: officials.Official) -> tuple[str, str, str]:
    """The name in English, Chinese and Vietnamese writing."""
    han = next((form for form in person.also if "\u3400" <= form[0] <= "\u9fff"), person.name)
    marked = next((form for form in person.also if not form.isascii() and form[0] < "\u3400"), person.name)
    return person.name, han, marked


@cache
def forums() -> tuple[tuple[str, Mapping[str, str]], ...]:
    """The lexicon's standing mechanisms: the name, and what each language calls it."""
    return tuple((known.name, _called(known.words)) for known in load_forums() if not known.social)


def _called(words: Sequence[str]) -> dict[str, str]:
    han = [word for word in words if "\u3400" <= word[-1] <= "\u9fff"]
    latin = [word for word in words if word not in han]
    english = [word for word in latin if word.isascii()] or latin
    marked = [word for word in latin if not word.isascii()] or latin
    return {"en": english[0], "zh": (han or english)[0], "vi": marked[0]}


class _Script:
    """An article while it is written: its paragraphs, and what was read where."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.paragraphs: list[str] = []
        self.length = len(title) + 2
        self.evidence: dict[str, Evidence] = {}

    def write(self, template: str, words: Mapping[str, str], topic: str = "") -> None:
        """Add a paragraph; `{name:text}` is evidence for `name`, and so are the words of a field."""
        text = ""
        for literal, name, given, _ in Formatter().parse(template):
            text += literal
            if name is None:
                continue
            word = given or words[name]
            field = f"topic {topic}" if name == "topic" else _FIELDS.get(name)
            if field and word and field not in self.evidence:
                start = self.length + len(text)
                self.evidence[field] = Evidence(field.split()[0], word, start, start + len(word))
            text += word
        self.fill(text)

    def fill(self, text: str) -> None:
        """Add a paragraph that tells nothing."""
        self.paragraphs.append(text)
        self.length += len(text) + 1


_FIELDS = {"c": "china", "v": "vietnam", "city": "place", "day": "date", "status": "status"}


def tell(
    dice: random.Random, event: Event, *, url: str, language: str, side: Side, published: dt.date
) -> tuple[Article, Meeting]:
    """One article of about 3 kB by an outlet of `side`, and the meeting as it tells of it."""
    words = _words(event, language)
    script = _Script(TITLES[language].format(**words))
    template = MET[event.status][language]
    if not event.told_day:
        template = template.replace(" on {day}", "").replace("Ngày {day}, t", "T").replace(" ngày {day}", "")
        template = template.replace("{day}，", "").replace("于{day}", "")
    script.write(template, words)
    told = [topic for topic in event.topics if dice.random() < 0.7] or list(event.topics[:1])
    for topic in told:
        sentences = AT_SEA.get(side, AT_SEA[Side.CHINA]) if topic == "south_china_sea" else TOPICS[topic]
        script.write(sentences[LANGUAGES.index(language)], {"n": str(dice.randrange(2, 40))}, topic)
    speaker = event.china if side is Side.CHINA else event.vietnam
    for sentence in dice.sample(SAYS[language], 2):
        number = str(dice.randrange(2, 20))
        script.write(sentence, {"who": speaker.written[language], "n": number}, "shared_future")
    pad(dice, script.paragraphs, language)
    article = _article(url, script.title, script.paragraphs, language, side, published)
    return article, _meeting(event, script, language, side)


def pad(dice: random.Random, paragraphs: list[str], language: str) -> None:
    """Add paragraphs of other matter until the text is as long as news is."""
    length = sum(len(paragraph.encode()) for paragraph in paragraphs)
    while length < SIZE:
        paragraphs.append(dice.choice(_fillers(language)))
        length += len(paragraphs[-1].encode())


def other_news(dice: random.Random, *, url: str, language: str, side: Side, published: dt.date) -> Article:
    """An article that tells of no meeting."""
    paragraphs: list[str] = []
    pad(dice, paragraphs, language)
    return _article(url, paragraphs[0].split(".")[0][:80], paragraphs, language, side, published)


@cache
def _fillers(language: str) -> tuple[str, ...]:
    dice = random.Random(language)

    def sentence() -> str:
        slots = {name: dice.choice(words) for name, words in SLOTS[language].items()}
        return dice.choice(FILLERS[language]).format(number=dice.randrange(4, 99), **slots)

    gap = "" if language == "zh" else " "
    return tuple(gap.join(sentence() for _ in range(3)) for _ in range(FILLER_PARAGRAPHS))


def _words(event: Event, language: str) -> dict[str, str]:
    forum = ""
    if event.forum:
        name = dict(forums())[event.forum.name][language]
        forum = IN_FORUM[language].format(forum=f"{name} ({event.forum.ordinal})")
    return {
        "c": event.china.written[language],
        "v": event.vietnam.written[language],
        "c_office": event.china.office[language],
        "v_office": event.vietnam.office[language],
        "city": event.city[{"en": 0, "zh": 2, "vi": 3}[language]],
        "day": day_in(language, event.day),
        "forum": forum,
    }


def _article(url: str, title: str, paragraphs: Sequence[str], language: str, side: Side, published: dt.date) -> Article:
    at = dt.datetime.combine(published, dt.time(10), dt.UTC)
    return Article(
        article_key(url), title, tuple(paragraphs), published=at, published_on=published,
        language=language, url=url, side=side,
    )  # fmt: skip


def _meeting(event: Event, script: _Script, language: str, side: Side) -> Meeting:
    country = event.city[1]
    direction = {"CN": Direction.TO_CHINA, "VN": Direction.TO_VIETNAM}.get(country, Direction.THIRD_COUNTRY)
    level = min(event.china.rank, event.vietnam.rank, key=list(Rank).index)
    channel = Channel.SUBNATIONAL if level is Rank.LOCAL else event.china.channel
    found = script.evidence.items()
    topics = tuple(Topic(field.split()[1], item) for field, item in found if item.field == "topic")
    return Meeting(
        date=event.day if event.told_day else None,
        end_date=None,
        date_basis=DateBasis.EXPLICIT if event.told_day else DateBasis.UNKNOWN,
        status=event.status,
        mode=Mode.IN_PERSON,
        place=Place(None, event.city[0], country),
        direction=direction,
        china=(event.china.person(language),),
        vietnam=(event.vietnam.person(language),),
        level=level,
        channel=channel,
        forum=event.forum,
        topics=topics,
        codes=code(
            status=event.status, mode=Mode.IN_PERSON, direction=direction, channel=channel, topics=topics, teller=side
        ),
        evidence=tuple(item for _, item in found if item.field != "topic"),
    )
