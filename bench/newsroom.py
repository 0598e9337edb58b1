"""Made-up news of about 3 kB an article from templates and a seed: of everything, or of China and Viet Nam meeting."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from parsers.records import Article

SIZE = 3_000
# of an article about a meeting, this share of the sentences tells of people who meet; the rest is other matter
DENSITY = 0.25
FIRST_DAY = dt.date(2023, 1, 2)

FILLERS = {
    "en": (
        "The {thing} market closed {number} points {way} after a quiet session, traders in {town} said.",
        "{name}, a maker of {thing} in {town}, said orders had gone {way} by {number} percent this year.",
        "Engineers expect the new {thing} plant near {town} to be ready in {number} weeks if the rain holds off.",
        "The city council of {town} put {number} million into schools, roads and a {thing} museum.",
        "A study of {number} households found that spending on {thing} went {way} for the third month in a row.",
        "China's customs office counted {number} tonnes of {thing} in the first quarter, {way} from a year ago.",
        "“We had to start again from nothing,” said {name}, a teacher of {number} pupils in {town}.",
        "The match between {town} and its neighbours ended after {number} minutes, when the lights went out.",
    ),
    "vi": (
        "Giá {thing} tại {town} hôm qua {way} {number} đồng so với tuần trước, theo các tiểu thương.",
        "Ông {name}, chủ một xưởng {thing} nhỏ ở {town}, cho biết đơn hàng đã {way} {number} phần trăm trong năm nay.",
        "Thành phố {town} dành {number} tỷ đồng cho trường học, đường sá và một bảo tàng {thing}.",
        "Bộ Nông nghiệp Việt Nam cho biết sản lượng {thing} {way} {number} nghìn tấn trong quý vừa qua.",
        "Trận đấu của đội {town} kết thúc sau {number} phút vì trời mưa lớn, khán giả ra về trong tiếc nuối.",
        "Bà {name} nói gia đình bà đã trồng {thing} được {number} năm và chưa bao giờ thấy mùa nào như vậy.",
    ),
    "zh": (
        "{town}的{thing}市场昨天{way}{number}点,交易员表示成交清淡。",
        "在{town}经营{thing}作坊的{name}说,今年订单{way}了百分之{number}。",
        "中国海关统计,第一季度{thing}出口{number}万吨,比去年同期{way}。",
        "{town}市投入{number}亿元修建学校、道路和一座{thing}博物馆。",
        "一项对{number}户家庭的调查显示,{thing}支出连续三个月{way}。",
        "{name}老师带着{number}名学生从{town}出发,沿河走了两天。",
    ),
}
SLOTS = {
    "en": {
        "thing": ("rice", "steel", "coffee", "silk", "solar", "timber", "pepper", "glass"),
        "way": ("up", "down", "sideways"),
        "town": ("Springfield", "Lyon", "Perth", "Osaka", "Leeds", "Lagos", "Quito", "Turin"),
        "name": ("Anna Miller", "John Carter", "Maria Lopez", "Peter Novak", "Aisha Bello"),
    },
    "vi": {
        "thing": ("gạo", "cà phê", "thép", "hồ tiêu", "gỗ", "tơ lụa", "thủy tinh"),
        "way": ("tăng", "giảm", "đứng ở mức"),
        "town": ("Vinh", "Pleiku", "Quy Nhơn", "Mỹ Tho", "Cà Mau", "Phan Thiết"),
        "name": ("Lê Văn Bảy", "Trần Thị Sáu", "Phạm Văn Tư", "Hồ Thị Lan"),
    },
    "zh": {
        "thing": ("大米", "钢材", "咖啡", "丝绸", "木材", "玻璃", "胡椒"),
        "way": ("上涨", "下跌", "持平"),
        "town": ("洛阳", "扬州", "大理", "绍兴", "泉州", "桂林"),
        "name": ("王小二", "李大山", "张桂花", "陈阿姨"),
    },
}
PAIRS = {
    "en": (
        ("Chinese Foreign Minister Wang Yi", "Vietnamese Foreign Minister Bui Thanh Son"),
        ("Chinese President Xi Jinping", "Vietnamese Prime Minister Pham Minh Chinh"),
        ("Guangxi Party chief Liu Ning", "Vietnamese Minister of Public Security Luong Tam Quang"),
        ("Chinese Vice Minister of Commerce Li Fei", "Vietnamese Deputy Minister of Industry and Trade Phan Thi Thang"),
    ),
    "vi": (
        ("Bộ trưởng Ngoại giao Trung Quốc Vương Nghị", "Bộ trưởng Ngoại giao Việt Nam Bùi Thanh Sơn"),
        ("Chủ tịch Trung Quốc Tập Cận Bình", "Thủ tướng Việt Nam Phạm Minh Chính"),
        ("Bí thư Khu ủy Quảng Tây Lưu Ninh", "Bộ trưởng Công an Việt Nam Lương Tam Quang"),
    ),
    "zh": (
        ("中国外交部长王毅", "越南外交部长裴青山"),
        ("中国国家主席习近平", "越南总理范明政"),
        ("广西壮族自治区党委书记刘宁", "越南公安部部长梁三光"),
    ),
}
MEETINGS = {
    "en": (
        "{a} held talks with {b} in {city} on {day}, and the two sides discussed trade, border gates and railways.",
        "{b} received {a} in {city} on {day} and asked for more farm goods from Vietnam to be let into China.",
        "{a} and {b} co-chaired the {number}th meeting of the Steering Committee in {city} on {day}.",
        "{a} told {b} that China and Vietnam should manage differences at sea and keep up party exchanges.",
        "Earlier, {b} had seen {city}; last year both countries traded goods worth {number} billion dollars.",
    ),
    "vi": (
        "Ngày {day}, tại {city}, {a} đã hội đàm với {b}; hai bên trao đổi về thương mại, cửa khẩu và đường sắt.",
        "{b} đã tiếp {a} tại {city} ngày {day}, đề nghị Trung Quốc mở cửa hơn nữa cho nông sản Việt Nam.",
        "{a} nói với {b} rằng Trung Quốc và Việt Nam cần kiểm soát bất đồng trên biển.",
    ),
    "zh": (
        "{day},{a}在{city}同{b}举行会谈,双方就贸易、口岸和铁路交换意见。",
        "{b}{day}在{city}会见{a},希望中国进口更多越南农产品。",
        "{a}对{b}表示,中越双方应管控海上分歧。",
    ),
}
CITIES = {
    "en": ("Beijing", "Hanoi", "Nanning", "Ho Chi Minh City"),
    "vi": ("Bắc Kinh", "Hà Nội", "Nam Ninh", "Lạng Sơn"),
    "zh": ("北京", "河内", "南宁", "谅山"),
}


def day_in(language: str, day: dt.date) -> str:
    """A day as the language writes it in news."""
    if language == "vi":
        return f"{day.day}/{day.month}/{day.year}"
    return f"{day.year}年{day.month}月{day.day}日" if language == "zh" else f"{day:%B} {day.day}, {day.year}"


def articles(number: int, *, seed: int, both: float, languages: tuple[str, ...], size: int = SIZE) -> Iterator[Article]:
    """`number` different articles of about `size` UTF-8 bytes; the share `both` of them tells of both countries."""
    chance = random.Random(seed)
    for count in range(number):
        language = chance.choice(languages)
        published = FIRST_DAY + dt.timedelta(days=chance.randrange(1_000))
        told = chance.random() < both
        yield _article(chance, f"{count:016x}", language, published, told=told, size=size)


def _article(chance: random.Random, key: str, language: str, published: dt.date, *, told: bool, size: int) -> Article:
    lines: list[str] = []
    length = 0
    while length < size:
        templates = MEETINGS if told and chance.random() < DENSITY else FILLERS
        sentences = [_sentence(chance, templates, language, published) for _ in range(3)]
        lines.append(("" if language == "zh" else " ").join(sentences))
        length += len(lines[-1].encode()) + 1
    title = _sentence(chance, MEETINGS if told else FILLERS, language, published)
    return Article(key=key, title=title, paragraphs=tuple(lines), published_on=published)


def _sentence(chance: random.Random, templates: dict[str, tuple[str, ...]], language: str, published: dt.date) -> str:
    one, two = chance.choice(PAIRS[language])
    slots = {name: chance.choice(words) for name, words in SLOTS[language].items()}
    day = day_in(language, published - dt.timedelta(days=chance.randrange(3)))
    return chance.choice(templates[language]).format(
        a=one, b=two, city=chance.choice(CITIES[language]), day=day, number=chance.randrange(4, 99), **slots
    )
