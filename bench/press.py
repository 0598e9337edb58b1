"""Four made-up outlets on a local web server, whose feeds gain articles while others read them, and the truth of it.

They tell in three languages of meetings of officials whom the lexicon knows, reprint each other, list one article in
two feeds, and have their bad moments. The same seed, the same news.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from html import escape
from zoneinfo import ZoneInfo

from bench import telling
from meetings.records import Status
from parsers.records import Article, Side, article_key
from tests.commandline import source
from tests.webserver import Reply, Seen, Web

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LISTED = 12
"""Entries that a feed lists."""
PEOPLE = 36
"""Officials of each side who meet: those whom the lexicon knows best."""
TRADE = {
    "en": "Chinese and Vietnamese officials look at rice trade ({})",
    "zh": "中越领导人都关心大米价格（{}）",
    "vi": "Bộ trưởng Việt Nam nói về giá gạo bán sang Trung Quốc ({})",
}
# how often a page answers 503 first, or breaks off; how often a feed answers 503
PAGE_DOWN, PAGE_CUT, FEED_DOWN = 0.08, 0.05, 0.03


def event_of(number: int, day: dt.date) -> telling.Event:
    """The meeting of that number, held on that day: nobody meets the same person again for a long time."""
    china, vietnam = (telling.holders(side, day.replace(day=1))[:PEOPLE] for side in (Side.CHINA, Side.VIETNAM))
    return telling.Event(
        day=day,
        status=Status.HELD,
        china=china[number % PEOPLE],
        vietnam=vietnam[(7 * number + number // PEOPLE) % PEOPLE],
        city=telling.CITIES[number % 7],
        forum=None,
        topics=("trade", "railways"),
        told_day=True,
    )


@dataclass(frozen=True, slots=True)
class Outlet:
    """A made-up outlet: its address, language and side, and its feeds' paths."""

    name: str
    host: str
    side: Side
    language: str
    feeds: tuple[str, ...] = ("/feed.xml",)


OUTLETS = (
    Outlet("cn-en", "127.0.7.1", Side.CHINA, "en"),
    Outlet("cn-zh", "127.0.7.2", Side.CHINA, "zh", ("/top.xml", "/world.xml?utm_source=rss")),
    Outlet("vn-vi", "127.0.7.3", Side.VIETNAM, "vi"),
    Outlet("vn-en", "127.0.7.4", Side.VIETNAM, "en"),
)
FEEDS = {
    f"{outlet.name}-{number}" if number else outlet.name: (outlet, path)
    for outlet in OUTLETS
    for number, path in enumerate(outlet.feeds)
}
"""By the id of the source that reads it."""


@dataclass(slots=True)
class Told:
    """What happened: a meeting by its day and principals, and the addresses of the articles that tell of it."""

    day: dt.date
    china: str
    vietnam: str
    urls: set[str] = field(default_factory=set)


class Press:
    """The outlets. `articles` has every article listed so far by its address, `meetings` what they tell of."""

    def __init__(self, web: Web, clock: Callable[[], dt.datetime], seed: int) -> None:
        self.articles: dict[str, Article] = {}
        self.meetings: list[Told] = []
        self.pages: dict[str, bytes] = {}
        self.now = clock
        self._web, self._dice = web, random.Random(seed)
        self._listed: dict[str, list[tuple[str, str, dt.datetime]]] = {outlet.name: [] for outlet in OUTLETS}
        for outlet, path in FEEDS.values():
            web.add(path, self._feed(outlet, path), host=outlet.host)

    def catalogue(self) -> str:
        """A `sources.toml` of all feeds."""
        return "".join(
            source(
                id_,
                self._web.url(path, outlet.host),
                side=outlet.side.value,
                outlet=outlet.name,
                outlet_name=outlet.name,
                language=outlet.language,
                zone=ZONE.key,
                interval="1h",
            )
            for id_, (outlet, path) in FEEDS.items()
        )

    def listed(self) -> dict[str, tuple[str, list[str]]]:
        """Of each source: the validator of its feed as it is now, and the addresses that it lists."""
        return {
            id_: (_etag(self._document(outlet, path)), [url for url, _, _ in self._listed[outlet.name][-LISTED:]])
            for id_, (outlet, path) in FEEDS.items()
        }

    def publish(self) -> None:
        """One meeting of today is told by one to three outlets; at times one of them is reprinted, or trade grows."""
        day = self.now().astimezone(ZONE).date()
        event = event_of(len(self.meetings), day)
        told = Told(day, event.china.name, event.vietnam.name)
        self.meetings.append(told)
        for outlet in self._dice.sample(OUTLETS, self._dice.randint(1, 3)):
            url = self._address(outlet)
            article, _ = telling.tell(
                self._dice, event, url=url, language=outlet.language, side=outlet.side, published=day
            )
            self._print(outlet, url, article)
            told.urls.add(url)
        if outlet.language == "en" and self._dice.random() < 0.4:
            (other,) = (each for each in OUTLETS if each.language == "en" and each is not outlet)
            url = self._address(other)
            self._print(other, url, article)
            told.urls.add(url)
        if self._dice.random() < 0.3:
            self._print_trade(self._dice.choice(OUTLETS), day)

    def _print_trade(self, outlet: Outlet, day: dt.date) -> None:
        """An article about both countries in which nobody meets."""
        url = self._address(outlet)
        news = telling.other_news(self._dice, url=url, language=outlet.language, side=outlet.side, published=day)
        title = TRADE[outlet.language].format(len(self.articles))
        self._print(outlet, url, replace(news, title=title))

    def _address(self, outlet: Outlet) -> str:
        return self._web.url(f"/{self.now():%Y/%m}/{len(self.articles)}.html", outlet.host)

    def _print(self, outlet: Outlet, url: str, article: Article) -> None:
        now = self.now()
        # a paragraph that comes again on a page is none of the text's
        paragraphs = tuple(dict.fromkeys(article.paragraphs))
        article = replace(article, key=article_key(url), url=url, paragraphs=paragraphs)
        body = _page(article, outlet, now)
        html = {"Content-Type": "text/html; charset=utf-8"}
        good, dice = Reply(body, headers=html), self._dice.random()
        bad = [Reply(b"", status=503)] if dice < PAGE_DOWN else []
        if PAGE_DOWN <= dice < PAGE_DOWN + PAGE_CUT:
            bad = [Reply(body, headers=html, fault="cut")]
        self._web.add(url.partition(f":{self._web.port}")[2], *bad, good, host=outlet.host)
        self.articles[url], self.pages[url] = article, body
        self._listed[outlet.name].append((url, article.title, now))

    def _feed(self, outlet: Outlet, path: str) -> Callable[[Seen], Reply]:
        def answer(seen: Seen) -> Reply:
            del seen
            headers = {
                "Content-Type": "application/rss+xml; charset=utf-8",
                "Date": format_datetime(self.now().replace(microsecond=0), usegmt=True),
            }
            if self._dice.random() < FEED_DOWN:
                return Reply(b"", status=503, headers=headers)
            body = self._document(outlet, path)
            return Reply(body, headers=headers, etag=_etag(body))

        return answer

    def _document(self, outlet: Outlet, path: str) -> bytes:
        mark = path.partition("?")[2]
        items = "".join(
            f"<item><title>{escape(title)}</title><link>{url}{'?' if mark else ''}{mark}</link>"
            f"<pubDate>{format_datetime(at)}</pubDate></item>"
            for url, title, at in reversed(self._listed[outlet.name][-LISTED:])
        )
        head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        return f"{head}<title>{outlet.name}</title>{items}</channel></rss>".encode()


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:12]}"'


def _page(article: Article, outlet: Outlet, now: dt.datetime) -> bytes:
    text = "".join(f"<p>{escape(paragraph)}</p>\n" for paragraph in article.paragraphs)
    return (
        f'<html lang="{outlet.language}"><head><title>{escape(article.title)}</title>'
        f'<meta property="article:published_time" content="{now.isoformat(timespec="seconds")}"></head><body><article>'
        f"<h1>{escape(article.title)}</h1>\n{text}</article></body></html>"
    ).encode()
