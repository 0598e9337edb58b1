"""Samples for the tests of reports: a rich week and a quiet one. Sentences and most events are invented."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from archive.records import IssuePart, IssueState, Mention, Said, StoredArticle, StoredIssue, StoredMeeting
from archive.tallies import Tally
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
from reports.context import build_context
from reports.figures import count_weeks
from reports.records import IssueContext
from reports.select import placed_on, select_issue
from reports.week import Week
from tests.report_catalogue import SOURCES, STANDING_BY, STATES, at, day

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST_RUN = dt.datetime(2024, 12, 1, 2, tzinfo=dt.UTC)


_OUTLETS = {item.outlet: item for item in SOURCES}


def stored_article(
    number: int, outlet: str | None, language: str | None, published: str | None, title: str, *paragraphs: str
) -> StoredArticle:
    """An article of an outlet of `SOURCES`; without outlet an imported file."""
    url = f"https://{outlet}.example/{language}/{number:06d}.html" if outlet else None
    key = article_key(url or f"file {number}")
    article = Article(
        key=key,
        title=title,
        paragraphs=paragraphs,
        published_on=day(published) if published else None,
        language=language,
        url=url,
        outlet=outlet,
        side=_OUTLETS[outlet].side if outlet in _OUTLETS else None,
        method="test",
    )
    path = f"articles/2024/{number:03d}_{key}.txt"
    return StoredArticle(number, article, at("2024-12-11T01:00"), path, None if outlet else f"{number:03d}_{key}.txt")


def person(name: str | None, role: str | None, written: str | None = None, rank: Rank | None = None) -> Person:
    return Person(name, written, role, rank)


def meeting(
    meeting_id: str,
    date: str | None,
    china: Sequence[Person],
    vietnam: Sequence[Person],
    *,
    end_date: str | None = None,
    basis: DateBasis = DateBasis.EXPLICIT,
    status: Status = Status.HELD,
    mode: Mode = Mode.IN_PERSON,
    place: Place | None = None,
    level: Rank = Rank.MINISTER,
    channel: Channel = Channel.STATE,
    forum: Forum | None = None,
    direction: Direction = Direction.UNKNOWN,
) -> Meeting:
    return Meeting(
        date=day(date) if date else None,
        end_date=day(end_date) if end_date else None,
        date_basis=basis if date else DateBasis.UNKNOWN,
        status=status,
        mode=mode,
        place=place or Place(),
        direction=direction,
        china=tuple(china),
        vietnam=tuple(vietnam),
        level=level,
        channel=channel,
        forum=forum,
        topics=(),
        codes=Codes("042", Plover("CONSULT", "visit", ())),
        evidence=(),
        id=meeting_id,
    )


def evidence(article: StoredArticle, field: str, phrase: str) -> Evidence:
    """Where the phrase stands first in the article's body."""
    text = article.article.text
    start = text.index(phrase, text.index("\n\n"))
    return Evidence(field, phrase, start, start + len(phrase))


def mention(
    base: Meeting, article: StoredArticle, fields: Mapping[str, str], topics: Mapping[str, str] | None = None
) -> Mention:
    """The article's telling of `base`, with evidence for fields and topics by phrases of its text."""
    told = dataclasses.replace(
        base,
        evidence=tuple(evidence(article, field, phrase) for field, phrase in fields.items()),
        topics=tuple(Topic(topic, evidence(article, topic, phrase)) for topic, phrase in (topics or {}).items()),
    )
    return Mention(article, told)


def stored(base: Meeting, *mentions: Mention, first_seen: str = "2024-12-11T01:00") -> StoredMeeting:
    topics = {topic.id: topic for item in mentions for topic in item.meeting.topics}
    merged = dataclasses.replace(base, topics=tuple(topics.values()), evidence=mentions[0].meeting.evidence)
    known = at(first_seen) if base.status is Status.HELD else None
    return StoredMeeting(merged, at(first_seen), known, mentions)


def steering_committee() -> StoredMeeting:
    base = meeting(
        "m-steering",
        "2024-12-10",
        [person("Wang Yi", "Foreign Minister of China", "王毅", Rank.MINISTER)],
        [
            person(
                "Bui Thanh Son",
                "Deputy Prime Minister and Foreign Minister of Viet Nam",
                "Bùi Thanh Sơn",
                Rank.MINISTER,
            )
        ],
        place=Place("Diaoyutai State Guesthouse", "Beijing", "CN"),
        forum=Forum("China-Vietnam Steering Committee for Bilateral Cooperation", 16),
        direction=Direction.TO_CHINA,
    )
    xinhua = stored_article(
        11, "xinhua", "en", "2024-12-11", "China, Vietnam hold committee session in Beijing",
        "BEIJING, Dec. 10 (Xinhua) -- Foreign Minister Wang Yi and Vietnamese Deputy Prime Minister Bui Thanh Son "
        "co-chaired the 16th session of the steering committee in Beijing on Tuesday.",
        "Wang said trade should grow and railways across the border should be planned soon. Observers had expected it.",
        "He called for talks on the South China Sea. Bui Thanh Son is on an official visit to China.",
    )  # fmt: skip
    chinese = stored_article(
        12, "xinhua", "zh", "2024-12-10", "王毅主持中越双边合作指导委员会会议",
        "外交部长王毅10日在北京同越南副总理兼外长裴青山共同主持中越双边合作指导委员会第十六次会议。双方谈到铁路和贸易。",
    )  # fmt: skip
    plus = stored_article(
        13, "vietnamplus", "en", "2024-12-10", "Deputy PM co-chairs cooperation committee’s 16th meeting",
        "Deputy Prime Minister Bui Thanh Son and Chinese Foreign Minister Wang Yi co-chaired the 16th meeting "
        "of the committee in Beijing on December 10. Son proposed that "
        "differences in the East Sea be settled by law, UNCLOS 1982 above all.",
    )  # fmt: skip
    nhandan = stored_article(
        14, "nhandan", "vi", "2024-12-10", "Họp Ủy ban chỉ đạo hợp tác song phương lần thứ 16",
        "Ngày 10/12, tại Bắc Kinh, Phó Thủ tướng Bùi Thanh Sơn và Bộ trưởng Ngoại giao Vương Nghị đồng chủ trì "
        "phiên họp lần thứ 16. Hai bên nhất trí sớm triển khai các tuyến đường sắt và mở rộng nhập khẩu nông sản.",
    )  # fmt: skip
    return stored(
        base,
        mention(base, xinhua, {"date": "Tuesday", "china": "Wang Yi", "forum": "16th session"},
                {"trade": "trade should", "infrastructure": "railways"}),
        mention(base, chinese, {"date": "10日", "china": "王毅", "vietnam": "裴青山"}, {"infrastructure": "铁路"}),
        mention(base, plus, {"date": "December 10", "vietnam": "Bui Thanh Son", "forum": "16th meeting"},
                {"maritime": "differences in the East Sea"}),
        mention(base, nhandan, {"date": "Ngày 10/12", "vietnam": "Bùi Thanh Sơn"}, {"trade": "nhập khẩu nông sản"}),
    )  # fmt: skip


def dialogue() -> StoredMeeting:
    base = meeting(
        "m-dialogue",
        "2024-12-09",
        [
            person("Wang Yi", "Foreign Minister", "王毅", Rank.MINISTER),
            person("Dong Jun", "Defence Minister", "董军", Rank.MINISTER),
            person("Wang Xiaohong", "Minister of Public Security", "王小洪", Rank.MINISTER),
        ],
        [
            person("Bui Thanh Son", "Foreign Minister", "Bùi Thanh Sơn", Rank.MINISTER),
            person("Phan Van Giang", "Minister of National Defence", "Phan Văn Giang", Rank.MINISTER),
            person("Luong Tam Quang", "Minister of Public Security", "Lương Tam Quang", Rank.MINISTER),
        ],
        place=Place(None, "Beijing", "CN"),
        forum=Forum("“3+3” strategic dialogue on diplomacy, defence and public security", 1),
        channel=Channel.MILITARY,
        basis=DateBasis.DATELINE,
        direction=Direction.TO_CHINA,
    )
    chinese = stored_article(
        15, "mfa", "zh", "2024-12-09", "中越举行“3+3”战略对话首次部长级会议",
        "中越外交、国防、公安“3+3”战略对话首次部长级会议9日在北京举行。王毅、董军、王小洪同越方三位部长共同主持。",
    )  # fmt: skip
    nhandan = stored_article(
        16, "nhandan", "vi", "2024-12-09", "Đối thoại chiến lược 3+3 cấp bộ trưởng lần thứ nhất",
        "Sáng 9/12, Đối thoại chiến lược 3+3 cấp bộ trưởng lần thứ nhất diễn ra tại Bắc Kinh. "
        "Ba bộ trưởng mỗi bên đã dự và trao đổi về hợp tác quốc phòng.",
    )  # fmt: skip
    return stored(
        base,
        mention(base, chinese, {"date": "9日", "china": "王毅", "forum": "首次部长级会议"}, {"security": "公安"}),
        mention(base, nhandan, {"date": "9/12", "place": "Bắc Kinh"}, {"defence": "quốc phòng"}),
    )


def guangdong() -> StoredMeeting:
    """The last stop of the visit on which the dialogue and the committee met."""
    base = meeting(
        "m-guangdong",
        "2024-12-11",
        [person("Liang Bo", "Deputy Governor of Guangdong", "梁波", Rank.VICE_MINISTER)],
        [person("Bui Thanh Son", "Deputy Prime Minister and Foreign Minister", "Bùi Thanh Sơn", Rank.MINISTER)],
        place=Place(None, "Guangzhou", "CN"),
        channel=Channel.SUBNATIONAL,
        direction=Direction.TO_CHINA,
    )
    nhandan = stored_article(
        26, "nhandan", "vi", "2024-12-11", "Phó Thủ tướng Bùi Thanh Sơn làm việc tại Quảng Đông",
        "Ngày 11/12, tại Quảng Châu, Phó Thủ tướng Bùi Thanh Sơn đã làm việc với Phó Tỉnh trưởng Lương Ba "
        "về thương mại nông sản.",
    )  # fmt: skip
    return stored(base, mention(base, nhandan, {"date": "Ngày 11/12"}, {"trade": "thương mại"}))


def phone_call() -> StoredMeeting:
    """Told by Hanoi alone."""
    base = meeting(
        "m-phone",
        "2024-12-12",
        [person("Li Wenhai", "Minister of Transport")],
        [person("Tran Minh Duc", "Minister of Transport", "Trần Minh Đức")],
        mode=Mode.PHONE,
        basis=DateBasis.RELATIVE,
    )
    plus = stored_article(
        17, "vietnamplus", "en", "2024-12-13", "Transport ministers discuss railway by phone",
        "Minister Tran Minh Duc spoke by phone with his Chinese counterpart Li Wenhai yesterday "
        "about the Lao Cai line.",
    )  # fmt: skip
    return stored(base, mention(base, plus, {"date": "yesterday", "mode": "by phone"}, {"infrastructure": "Lao Cai"}))


def border_meeting() -> StoredMeeting:
    """Told by Beijing alone, of a Vietnamese side without names."""
    base = meeting(
        "m-border",
        "2024-12-13",
        [person("Chen Guoping", "Mayor of Dongxing", "陈国平", Rank.LOCAL)],
        [person(None, "a delegation of Mong Cai’s border guard", None, Rank.LOCAL)],
        place=Place("the Beilun River bridge", "Dongxing", "CN"),
        level=Rank.LOCAL,
        channel=Channel.SUBNATIONAL,
        basis=DateBasis.WEEKDAY,
    )
    chinese = stored_article(
        18, "xinhua", "zh", "2024-12-14", "东兴与芒街举行边境会晤",
        "东兴市市长陈国平周五在北仑河大桥会见越南芒街边防代表团，就口岸通关交换意见。",
    )  # fmt: skip
    copy = stored_article(27, "mfa", "zh", "2024-12-14", "东兴市长会见芒街代表团", *chinese.article.paragraphs)
    fields = {"date": "周五", "china": "陈国平", "place": "北仑河大桥"}
    return stored(
        base,
        mention(base, chinese, fields),
        mention(base, dataclasses.replace(copy, copy_of=chinese.number), fields),
    )


def sidelines() -> StoredMeeting:
    """In a third country, with a third party's account."""
    base = meeting(
        "m-sidelines",
        "2024-12-11",
        [person("Zhao Liming", "Vice Minister of Water Resources", "赵立明", Rank.VICE_MINISTER)],
        [person("Nguyen Thu Ha", "Deputy Minister of Environment", "Nguyễn Thu Hà", Rank.VICE_MINISTER)],
        end_date="2024-12-12",
        place=Place("National Convention Centre", "Vientiane", "LA"),
        level=Rank.VICE_MINISTER,
    )
    lao = stored_article(
        19, "kpl", "en", "2024-12-12", "Neighbours meet beside river forum",
        "Vice Minister Zhao Liming and Deputy Minister Nguyen Thu Ha met in Vientiane on December 11 and 12.",
    )  # fmt: skip
    xinhua = stored_article(
        20, "xinhua", "en", "2024-12-12", "China, Vietnam discuss river data",
        "Zhao Liming met Nguyen Thu Ha in Vientiane on Wednesday. China will share flood data all year, Zhao said.",
    )  # fmt: skip
    return stored(
        base,
        mention(base, lao, {"date": "December 11", "china": "Zhao Liming", "place": "Vientiane"}),
        mention(base, xinhua, {"date": "Wednesday", "place": "Vientiane"}, {"environment": "flood data"}),
    )


def imported() -> StoredMeeting:
    """From an imported file: no outlet, no link, no dated text."""
    base = meeting(
        "m-imported",
        None,
        [person("He Wei", "Ambassador of China to Viet Nam", None, Rank.DIRECTOR)],
        [person("Le Quang Vinh", None)],
        place=Place(None, "Hanoi", "VN"),
        level=Rank.DIRECTOR,
        channel=Channel.EMBASSY,
    )
    file = stored_article(
        21, None, None, "2024-12-14", "Chinese ambassador received",
        "Le Quang Vinh received Chinese Ambassador He Wei in Hanoi and praised the growth of tourism.",
    )  # fmt: skip
    return stored(base, mention(base, file, {"china": "He Wei", "place": "Hanoi"}, {"tourism": "tourism"}))


def late_report() -> StoredMeeting:
    base = meeting(
        "m-late",
        "2024-12-06",
        [person("Sun Jie", "Deputy Head of the International Department", None, Rank.VICE_MINISTER)],
        [
            person(
                "Pham Hong Lan",
                "Deputy Head of the Commission for External Relations",
                "Phạm Hồng Lan",
                Rank.VICE_MINISTER,
            )
        ],
        place=Place(None, "Ho Chi Minh City", "VN"),
        level=Rank.VICE_MINISTER,
        channel=Channel.PARTY,
    )
    nhandan = stored_article(
        22, "nhandan", "vi", "2024-12-10", "Hội thảo lý luận giữa hai Đảng",
        "Ngày 6/12, tại Thành phố Hồ Chí Minh, bà Phạm Hồng Lan và ông Sun Jie đồng chủ trì hội thảo "
        "lý luận giữa hai Đảng.",
    )  # fmt: skip
    return stored(base, mention(base, nhandan, {"date": "Ngày 6/12", "vietnam": "Phạm Hồng Lan"}))


def expected_meetings() -> list[StoredMeeting]:
    """One announced with a window, one called off, one whose day has passed without a report."""
    visit = meeting(
        "m-ahead", "2024-12-18", [person("Zhou Qiang", "Vice Premier")], [person("Vu Van An", "Deputy Prime Minister")],
        end_date="2024-12-20", status=Status.ANNOUNCED, place=Place(None, "Hanoi", "VN"), level=Rank.DEPUTY_LEADER,
    )  # fmt: skip
    off = meeting(
        "m-off", "2024-12-23", [person("Ma Jun", "Vice Minister of Commerce")], [], status=Status.CANCELLED,
        place=Place(None, "Nanning", "CN"), level=Rank.VICE_MINISTER,
    )  # fmt: skip
    due = meeting(
        "m-due", "2024-12-14", [person("Gao Feng", "Governor of Yunnan")], [person("Hoang Nam", "Chairman of Lao Cai")],
        status=Status.ANNOUNCED, place=Place(None, "Kunming", "CN"), level=Rank.LOCAL, channel=Channel.SUBNATIONAL,
        forum=Forum("Conference of the five provinces on the Kunming–Hanoi corridor", 11),
    )  # fmt: skip
    article = stored_article(
        23, "vietnamplus", "en", "2024-12-12", "Calendar of diplomacy",
        "Vice Premier Zhou Qiang will visit Hanoi from December 18 to 20. Ma Jun’s talks in Nanning were called off. "
        "Gao Feng and Hoang Nam are to meet in Kunming on Saturday.",
    )  # fmt: skip
    return [
        stored(visit, mention(visit, article, {"date": "December 18 to 20"})),
        stored(off, mention(off, article, {"status": "called off"})),
        stored(due, mention(due, article, {"date": "Saturday"})),
    ]


def retold_meeting(date: str = "2024-12-05") -> StoredMeeting:
    """One that the issue of the week before told of, with another day and without the Vietnamese report."""
    base = meeting(
        "m-retold",
        date,
        [person("Xu Min", "Vice Minister of Agriculture", "许敏", Rank.VICE_MINISTER)],
        [person("Do Thi Mai", "Deputy Minister of Agriculture", "Đỗ Thị Mai", Rank.VICE_MINISTER)],
        place=Place(None, "Nanning", "CN"),
        level=Rank.VICE_MINISTER,
    )
    xinhua = stored_article(
        24, "xinhua", "en", "2024-12-05", "China, Vietnam talk fruit trade",
        "Xu Min met Do Thi Mai in Nanning. They spoke about durian exports.",
    )  # fmt: skip
    plus = stored_article(
        25, "vietnamplus", "en", "2024-12-09", "Fruit quarantine eased after Nanning talks",
        "Do Thi Mai and Xu Min, who met in Nanning on December 5, agreed on quarantine rules for durian.",
    )  # fmt: skip
    return stored(
        base,
        mention(base, xinhua, {"place": "Nanning"}, {"agriculture": "durian exports"}),
        mention(base, plus, {"date": "December 5"}, {"agriculture": "quarantine rules"}),
    )


def said_before() -> dict[str, Said]:
    """What the issue of the week before said of meetings that the rich week tells of again."""
    retold = retold_meeting("2024-12-04").meeting
    coming = dataclasses.replace(dialogue().meeting, status=Status.ANNOUNCED)
    return {
        retold.id: Said(retold.id, "2024-W49", IssuePart.NEW, retold, frozenset({24})),
        coming.id: Said(coming.id, "2024-W49", IssuePart.EXPECTED, coming, frozenset({15})),
    }


def issue_before() -> StoredIssue:
    closed_at = at("2024-12-09T00:30")
    return StoredIssue("2024-W49", HANOI.key, IssueState.CLOSED, closed_at, "", "", (retold_meeting().meeting.id,))


def earlier_sessions() -> list[StoredMeeting]:
    """Of the steering committee, one a year."""
    return [
        stored(
            dataclasses.replace(
                steering_committee().meeting,
                id=f"m-session-{ordinal}",
                date=day(date),
                forum=Forum("China-Vietnam Steering Committee for Bilateral Cooperation", ordinal),
                place=Place(None, city, country),
            ),
            *steering_committee().mentions,
        )
        for ordinal, date, city, country in (
            (13, "2021-09-10", "Hanoi", "VN"),
            (14, "2022-07-13", "Nanning", "CN"),
            (15, "2023-12-01", "Hanoi", "VN"),
        )
    ]


def half_a_year() -> list[Tally]:
    """Meetings of the rich week and of the eighteen weeks before it."""
    levels = (Rank.MINISTER, Rank.VICE_MINISTER, Rank.LOCAL, Rank.LEADER, Rank.DIRECTOR)
    both, one = frozenset({Side.CHINA, Side.VIETNAM}), frozenset({Side.VIETNAM})
    before = [
        Tally(day("2024-12-03") - dt.timedelta(weeks=weeks), levels[(weeks + number) % 5], both if number % 2 else one)
        for weeks in range(18)
        for number in range((weeks * 7 + 3) % 5 + (8 if weeks == 11 else 0))
    ]
    return before + [
        Tally(placed_on(held, HANOI), held.meeting.level, both if len(held.mentions) > 1 else one)
        for held in held_meetings()[:-1]
    ]


def held_meetings() -> list[StoredMeeting]:
    week = [steering_committee(), dialogue(), guangdong(), phone_call(), border_meeting(), sidelines(), imported()]
    return [*week, late_report()]


def rich_meetings() -> list[StoredMeeting]:
    return held_meetings() + expected_meetings()


def context(
    meetings: Sequence[StoredMeeting],
    week: Week,
    as_of: str,
    *,
    articles_read: int = 0,
    first_run: dt.datetime | None = FIRST_RUN,
    closed: Sequence[StoredIssue] = (),
    said: Mapping[str, Said] | None = None,
    tallied: Sequence[Tally] = (),
    known: Sequence[StoredMeeting] = (),
    web: str = "",
) -> IssueContext:
    selection = select_issue(
        meetings, week=week, zone=HANOI, closed=closed, first_run=first_run, as_of=at(as_of), said=said
    )
    return build_context(
        selection,
        sources=SOURCES,
        states=STATES,
        standing_by=STANDING_BY,
        articles_read=articles_read,
        counts=count_weeks(tallied, week),
        known=[*meetings, *known],
        web=web,
    )


def rich() -> IssueContext:
    return context(
        [*rich_meetings(), retold_meeting()],
        Week(2024, 50),
        "2024-12-16T00:00",
        articles_read=1204,
        closed=[issue_before()],
        said=said_before(),
        tallied=half_a_year(),
        known=earlier_sessions(),
        web="https://archive.example/meetings",
    )


def quiet() -> IssueContext:
    return context((), Week(2024, 51), "2024-12-23T00:00", articles_read=318)
