"""Made-up news pages of about 100 kB in a WARC file as Common Crawl News writes it, and the truth of what they tell.

A page is the head and the article of its own between what its outlet puts around every page: styles and scripts, menus
that name countries, lists of other stories, a footer; some 1,000 to 1,500 elements. Half of the pages are English, a
quarter each Vietnamese and Chinese, and of the Chinese outlets every third writes GB 18030. What the pages tell of:
`SHARES`. The same number of pages and seed give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from html import escape
from pathlib import Path

from bench import telling
from bench.newsroom import FIRST_DAY
from bench.outlets import filled, scripts, styles
from bench.press import TRADE, Told, event_of
from bench.warcfile import Piece, plain, record
from meetings import screen
from parsers.records import Article, Side

SEED = 20_261_122
SIZE = 100_000
"""Bytes of a page on average; an outlet's own are 0.5 to 1.25 times as many."""


class Matter(StrEnum):
    """What a page tells of, as far as it matters here."""

    MEETING = "meeting"
    BOTH = "both countries, no meeting"
    AROUND = "one country, the other around the text"
    ONE = "one country"
    NEITHER = "neither"


SHARES = {Matter.MEETING: 0.012, Matter.BOTH: 0.008, Matter.AROUND: 0.02}
"""Of all pages, to the page. Of the others, those in Vietnamese and Chinese name their own country, and so does the
text of every fifth in English and the menu of every second English outlet name China: `ONE`."""
LANGUAGES = ("en", "en", "vi", "zh")
OUTLETS = 24
ABOVE, BELOW = 2, 12
"""What an outlet has to put before and after an article: so many different pieces, and one and three more of each that
name the other country."""
TOLD_BY = (1, 2, 2, 3, 4)
"""Pages that tell of one meeting."""
CHINA_IN_TEXT = 0.2
COUNTRIES = {
    "en": ("Japan", "India", "Russia", "France", "Germany", "Brazil", "Canada", "Australia", "Mexico", "Kenya", "Peru"),
    "vi": ("Nhật Bản", "Ấn Độ", "Nga", "Pháp", "Đức", "Brazil", "Canada", "Australia", "Mexico", "Kenya", "Peru"),
    "zh": ("日本", "印度", "俄罗斯", "法国", "德国", "巴西", "加拿大", "澳大利亚", "墨西哥", "肯尼亚", "秘鲁"),
}
OWN = {"en": "China", "vi": "Việt Nam", "zh": "中国"}
OTHER = {"en": "Vietnam", "vi": "Trung Quốc", "zh": "越南"}
_VOCABULARY = {
    "en": """
        budget storm wins final talks vote price growth court judge player coach season record health vaccine study
        climate energy solar battery phone startup bank interest rates inflation housing school teachers strike train
        airport flights tourists museum festival film star album review recipe garden weather flood fire police crime
        trial lawyer mayor senate bill tax reform border security army base missile peace deal summit leaders minister
        resigns election poll party debate young families science space rocket moon ocean whales forest farmers wheat
        harvest fuel oil gas shares market falls rises after before amid over new first last best why how what to know
        live updates analysis opinion video photos inside biggest local world business sport culture travel style
    """,
    "vi": """
        giá vàng hôm nay tăng mạnh sau phiên giảm học sinh thi tốt nghiệp bệnh viện bác sĩ cứu sống du lịch mùa hè
        bóng đá vòng loại huấn luyện viên cầu thủ trẻ thời tiết mưa bão miền thị trường chứng khoán ngân hàng lãi suất
        xe điện nhà ở công nhân lương thưởng giáo dục đại học tuyển sinh phim ca sĩ người mẫu đời sống gia đình sức
        khỏe dinh dưỡng nông dân lúa gạo xuất khẩu cá tra tôm doanh nghiệp khởi nghiệp công nghệ điện thoại pháp luật
    """,
    "zh": """
        市场 今天 上涨 下跌 学校 学生 考试 医院 医生 旅游 夏季 足球 联赛 教练 球员 天气 暴雨 股市 银行 利率 汽车
        电池 住房 工人 工资 教育 大学 招生 电影 歌手 生活 家庭 健康 营养 农民 粮食 出口 企业 创业 科技 手机 法律
        法院 警方 消防 铁路 航班 博物馆 音乐节 新闻 评论 视频 图片 专题 财经 体育 文化 最新 首次 如何 为何 现场
    """,
}
WORDS = {language: tuple(words.split()) for language, words in _VOCABULARY.items()}
_HTTP = "application/http; msgtype="


@dataclass(frozen=True, slots=True)
class Outlet:
    """A made-up outlet. `around` and `naming`: pieces before and after an article, the latter naming both countries."""

    host: str
    language: str
    charset: str
    frame: tuple[str, str]
    around: tuple[tuple[Piece, ...], tuple[Piece, ...]]
    naming: tuple[tuple[Piece, ...], tuple[Piece, ...]]


@dataclass(frozen=True, slots=True)
class WebPage:
    """One page: `parts` are its bytes in order. `captured_at` is UTC."""

    url: str
    outlet: Outlet
    matter: Matter
    captured_at: dt.datetime
    parts: tuple[bytes | Piece, ...]

    @property
    def body(self) -> bytes:
        """The page as it was served."""
        return b"".join(plain(part) for part in self.parts)

    @property
    def content_type(self) -> str:
        """As the server says it; a page in GB 18030 calls itself gb2312, as such pages do."""
        return f"text/html; charset={self.outlet.charset}"


class Crawl:
    """So many pages. `meetings`: what they tell of, with the addresses that do."""

    def __init__(self, pages: int, seed: int = SEED) -> None:
        self.seed = seed
        self.meetings: list[Told] = []
        dice = random.Random(seed)
        self.matters = [matter for matter, share in SHARES.items() for _ in range(round(pages * share))]
        self.matters += [Matter.NEITHER] * (pages - len(self.matters))
        dice.shuffle(self.matters)
        self.outlets = [_outlet(number, random.Random(f"{seed} outlet {number}")) for number in range(OUTLETS)]
        self._events: dict[int, tuple[telling.Event, Outlet]] = {}
        self._plan(dice)

    def __iter__(self) -> Iterator[WebPage]:
        return (self.page(number) for number in range(len(self.matters)))

    def _plan(self, dice: random.Random) -> None:
        """Which page tells of which meeting: several outlets of each."""
        slots = [number for number, matter in enumerate(self.matters) if matter is Matter.MEETING]
        while slots:
            known = len(self.meetings)
            event = event_of(known, FIRST_DAY + dt.timedelta(days=3 * known % 750))
            told = Told(event.day, event.china.name, event.vietnam.name)
            for outlet in dice.sample(self.outlets, min(dice.choice(TOLD_BY), len(slots))):
                number = slots.pop()
                self._events[number] = (event, outlet)
                told.urls.add(_url(outlet, event.day, number))
            self.meetings.append(told)

    def page(self, number: int) -> WebPage:
        """The page of that number, from 0; the same whichever were made before."""
        dice, matter = random.Random(f"{self.seed} page {number}"), self.matters[number]
        if matter is Matter.MEETING:
            event, outlet = self._events[number]
            day = event.day
        else:
            outlet, day = dice.choice(self.outlets), FIRST_DAY + dt.timedelta(days=dice.randrange(1_000))
        url = _url(outlet, day, number)
        if matter is Matter.MEETING:
            article, _ = telling.tell(dice, event, url=url, language=outlet.language, side=Side.OTHER, published=day)
            # a paragraph that comes again on a page is none of the text's
            article = replace(article, paragraphs=tuple(dict.fromkeys(article.paragraphs)))
        else:
            article = _other(dice, outlet, matter, url, day)
        if matter is Matter.NEITHER and (outlet.language != "en" or _names_china(outlet, article)):
            matter = Matter.ONE
        captured = dt.datetime.combine(day, dt.time(10), dt.UTC) + dt.timedelta(seconds=dice.randrange(3600, 40_000))
        return WebPage(url, outlet, matter, captured, _parts(dice, outlet, matter, article))

    def sample(self, count: int) -> list[WebPage]:
        """So many pages; of each matter as many as all have in proportion."""
        dice, numbers = random.Random(self.seed), list[int]()
        wanted = {matter: round(count * share) for matter, share in SHARES.items()}
        wanted[Matter.NEITHER] = count - sum(wanted.values())
        for matter, of_it in wanted.items():
            numbers += dice.sample([number for number, each in enumerate(self.matters) if each is matter], of_it)
        return [self.page(number) for number in numbers]


def _names_china(outlet: Outlet, article: Article) -> bool:
    return OWN["en"].encode() in outlet.around[0][0].plain or OWN["en"] in article.text


def _other(dice: random.Random, outlet: Outlet, matter: Matter, url: str, day: dt.date) -> Article:
    """An article of 3 kB in which nobody meets."""
    without, naming = _paragraphs(outlet.language)
    named = matter in (Matter.AROUND, Matter.BOTH) or outlet.language != "en" or dice.random() < CHINA_IN_TEXT
    count = round(telling.SIZE / (sum(len(text.encode()) for text in without[:50]) / 50))
    paragraphs = dice.sample(without, count - named) + dice.sample(naming, int(named))
    dice.shuffle(paragraphs)
    title = headline(dice, outlet.language, 8)
    if matter is Matter.BOTH:
        title = TRADE[outlet.language].format(dice.randrange(1_000))
    return Article("", title, tuple(paragraphs), published_on=day, url=url, language=outlet.language)


@cache
def _paragraphs(language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paragraphs that name neither country, and such as name one."""
    dice, found = random.Random(language), list[str]()
    for _ in range(300):
        paragraphs: list[str] = []
        telling.pad(dice, paragraphs, language)
        found += paragraphs
    told = [(text, bool(screen.sides_told(text))) for text in dict.fromkeys(found)]
    return tuple(text for text, names in told if not names), tuple(text for text, names in told if names)


def _url(outlet: Outlet, day: dt.date, number: int) -> str:
    return f"https://{outlet.host}/{day:%Y/%m/%d}/story-{number:07d}.html"


def _parts(dice: random.Random, outlet: Outlet, matter: Matter, article: Article) -> tuple[bytes | Piece, ...]:
    """A page of the outlet; around the text of some the other country is named, before it or after it."""
    (above, below), at = outlet.around, dice.randrange(2)
    if matter is Matter.AROUND:
        above, below = (outlet.naming[0], below) if at else (above, outlet.naming[1])
    head, text = _head(dice, outlet, article), _story(dice, outlet, article)
    return head.encode(outlet.charset), dice.choice(above), text.encode(outlet.charset), dice.choice(below)


def _head(dice: random.Random, outlet: Outlet, article: Article) -> str:
    """The head's own part: title, what the page says to networks and machines."""
    at = f"{article.published_on}T{dice.randrange(24):02d}:{dice.randrange(60):02d}:00+00:00"
    title, teaser, image = escape(article.title), escape(article.paragraphs[0][:150]), f"{article.url}/lead.jpg"
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": article.url,
        "headline": article.title,
        "datePublished": at,
        "dateModified": at,
        "image": [image],
        "author": {"@type": "Person", "name": f"Desk {dice.randrange(40)}"},
        "publisher": {"@type": "Organization", "name": outlet.host, "logo": f"https://{outlet.host}/logo.png"},
        "description": article.paragraphs[0][:150],
    }
    return (
        f'<!DOCTYPE html>\n<html lang="{outlet.language}"><head><meta charset="{outlet.charset}">\n'
        f'<title>{title} - {outlet.host}</title>\n<link rel="canonical" href="{article.url}">\n'
        f'<meta name="description" content="{teaser}">\n<meta property="og:type" content="article">\n'
        f'<meta property="og:title" content="{title}">\n<meta property="og:url" content="{article.url}">\n'
        f'<meta property="og:description" content="{teaser}">\n<meta property="og:image" content="{image}">\n'
        f'<meta name="twitter:card" content="summary_large_image"><meta name="twitter:title" content="{title}">\n'
        f'<meta property="article:published_time" content="{at}">\n'
        f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=dice.random() < 0.5)}</script>\n'
    )


def _story(dice: random.Random, outlet: Outlet, article: Article) -> str:
    """The article itself, with its picture, buttons and a link to another story between its paragraphs."""
    opening, closing = outlet.frame
    paragraphs = [f"<p>{escape(text, quote=False)}</p>" for text in article.paragraphs]
    other = f'<a href="/s/{dice.randrange(10**6)}.html">{headline(dice, outlet.language, 7)}</a>'
    paragraphs.insert(min(3, len(paragraphs)), f'<aside class="read-also">{other}</aside>')
    buttons = "".join(f'<a class="share" data-net="{net}" href="#{net}"></a>' for net in ("fb", "x", "mail", "print"))
    return (
        f'<h1 class="headline">{escape(article.title)}</h1><div class="byline"><time datetime="{article.published_on}">'
        f'{article.published_on:%d.%m.%Y}</time>{buttons}</div><figure><img src="{article.url}/lead.jpg" alt="">'
        f"</figure>{opening}" + "\n".join(paragraphs) + f"{closing}\n"
    )


FRAMES = (
    ("<article>", "</article>"),
    ('<div class="article-body" itemprop="articleBody">', "</div>"),
    ('<div id="content"><div class="post-content">', "</div></div>"),
)


def _outlet(number: int, dice: random.Random) -> Outlet:
    language = LANGUAGES[number % len(LANGUAGES)]
    charset = "gb18030" if language == "zh" and number % 3 == 0 else "utf-8"
    size = round(SIZE * (0.5 + 0.75 * dice.random())) - 2 * telling.SIZE
    named = language != "en" or number % len(LANGUAGES) == 0
    countries = [*COUNTRIES[language], *([OWN[language]] * named)]
    head = styles(size * 12 // 100, dice) + scripts(size * 25 // 100, dice) + "</head><body>"
    end = scripts(size * 13 // 100, dice) + "</body></html>"

    def pieces(names: list[str], above: int, below: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
        before = (head + menus(size * 15 // 100, dice, language, names) for _ in range(above))
        after = (lists(size * 35 // 100, dice, language, names) + end for _ in range(below))
        return tuple(Piece.of(text.encode(charset)) for text in before), tuple(
            Piece.of(text.encode(charset)) for text in after
        )

    around, naming = pieces(countries, ABOVE, BELOW), pieces([*countries, OWN[language], OTHER[language]], 1, 3)
    return Outlet(f"news{number:02d}.example", language, charset, FRAMES[number % len(FRAMES)], around, naming)


def menus(size: int, dice: random.Random, language: str, countries: Sequence[str]) -> str:
    """Navigation: the countries first, then everything else."""
    names = [*countries, *(headline(dice, language, 2) for _ in range(40))]

    def item(n: int) -> str:
        name = names[n] if n < len(names) else dice.choice(names[len(countries) :])
        link = f'<a class="nav-link l{n % 3}" href="/c/{n}-{dice.randrange(10**6)}/">{name}</a>'
        return f'<li class="nav-item">{link}</li>\n'

    return f'<div class="top"><nav class="site-nav"><ul>{filled(size, item)}</ul></nav></div>'


def lists(size: int, dice: random.Random, language: str, countries: Sequence[str]) -> str:
    """Other stories, the first of them about the countries; a footer."""

    def story(n: int) -> str:
        about = f"{countries[-1 - n]}: " if n < len(countries) else ""
        link, picture = f'href="/s/{dice.randrange(10**7)}.html"', f"/i/{dice.randrange(10**8):x}.jpg"
        return (
            f'<div class="card c{n % 4}"><a class="thumb" {link}><img data-src="{picture}" alt="">'
            f'</a><h3><a {link}>{about}{headline(dice, language, 9)}</a></h3><a class="teaser" {link}>'
            f'{headline(dice, language, 16)}.</a><span class="when">{n % 12 + 1}h</span></div>\n'
        )

    links = "".join(f'<a href="/f/{n}">{headline(dice, language, 2)}</a> ' for n in range(30))
    return (
        f'<div class="more"><h2>{headline(dice, language, 2)}</h2>{filled(size, story)}</div><footer>{links}</footer>'
    )


def headline(dice: random.Random, language: str, words: int) -> str:
    """So many words of news."""
    return ("" if language == "zh" else " ").join(dice.choices(WORDS[language], k=words)).capitalize()


def write(pages: Iterable[WebPage], path: Path) -> int:
    """Writes the pages as a gzipped WARC file, each behind its request; returns the bytes of all pages."""
    size = 0
    with path.open("wb") as file:
        about = b"software: bench.webpages\r\nformat: WARC File Format 1.1\r\n"
        record(file, "warcinfo", "", dt.datetime(2026, 11, 22, tzinfo=dt.UTC), "application/warc-fields", [about])
        for page in pages:
            host, length = page.outlet.host, sum(len(plain(part)) for part in page.parts)
            asked = f"GET {page.url.partition(host)[2]} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n"
            # as Common Crawl does it: the body is kept decoded, and its former coding told under another name
            told = (
                f"HTTP/1.1 200 OK\r\nContent-Type: {page.content_type}\r\nX-Crawler-Content-Encoding: gzip\r\n"
                f"Server: nginx\r\nContent-Length: {length}\r\n\r\n"
            )
            record(file, "request", page.url, page.captured_at, f"{_HTTP}request", [asked.encode()])
            record(file, "response", page.url, page.captured_at, f"{_HTTP}response", [told.encode(), *page.parts])
            size += length
    return size
