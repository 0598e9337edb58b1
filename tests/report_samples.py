"""Meetings for the tests of reports. Sentences and most events are invented."""

from __future__ import annotations

import dataclasses

from archive.records import StoredMeeting
from meetings.records import (
    Channel,
    DateBasis,
    Direction,
    Forum,
    Mode,
    Place,
    Rank,
    Status,
)
from tests.report_parts import meeting, mention, person, stored, stored_article


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
        mention(base, chinese, {"date": "10日", "china": "王毅", "vietnam": "裴青山"},
                {"infrastructure": "铁路", "trade": "贸易"}),
        mention(base, plus, {"date": "December 10", "vietnam": "Bui Thanh Son", "forum": "16th meeting"},
                {"maritime": "differences in the East Sea"}),
        mention(base, nhandan, {"date": "Ngày 10/12", "vietnam": "Bùi Thanh Sơn"},
                {"trade": "nhập khẩu nông sản", "infrastructure": "đường sắt"}),
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
        mention(base, chinese, {"date": "9日", "china": "王毅", "forum": "首次部长级会议"},
                {"security": "公安", "defence": "国防"}),
        mention(base, nhandan, {"date": "9/12", "place": "Bắc Kinh"}, {"defence": "quốc phòng"}),
    )  # fmt: skip


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
        "về thương mại nông sản. Phó Thủ tướng Bùi Thanh Sơn thăm Trung Quốc từ ngày 9 đến 12/12.",
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
