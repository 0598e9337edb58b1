"""The section pages of the shipped catalogue: their selectors on the markup that each outlet is known to use."""

from __future__ import annotations

from datetime import UTC, date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from parsers.catalogue import parse_catalogue
from parsers.entries import parse_entries
from parsers.records import Kind, Outcome

CATALOGUE = parse_catalogue((Path(__file__).parent.parent / "sources.toml").read_text("utf-8"), name="sources.toml")
SECTIONS = {source.id: source for source in CATALOGUE.sources if source.kind is Kind.SECTION}
TITLE = "Leaders of both countries hold talks"
HASH = "0123456789abcdef" * 2


def a(href: str, inside: str = TITLE, **more: str) -> str:
    return f'<a href="{href}"{"".join(f" {key}={value}" for key, value in more.items())}>{inside}</a>'


def beside_its_picture(href: str) -> str:
    return a(href, "<img src=x>") + a(href)


PEOPLE = "/n3/2026/0926/c90000-20418984.html"
PEOPLE_ZH = "http://world.people.com.cn/n1/2026/0926/c1002-40669999.html"
DAILY = "//www.chinadaily.com.cn/a/202609/26/WS66f3a1b2a310f1265a1c1234.html"
MFA = "./202609/t20260926_12031181.html"
MOFA = (
    '<div class="block-category-container"><h3 class="news-title">{}</h3>'
    '<div class="news-time">12:47 | 07/10/2026</div></div>'
)
VNA = '<div class="timeline"><article class="story"><h2>{}</h2></article></div>'
VOV = '<div class="cate-list"><div class="story"><h2>{}</h2></div></div>'
PARTY = '<div class="box-subnews"><div class="subnews-item">{}</div></div>'
SEPTEMBER = date(2026, 9, 26)

# what is shown, and the calendar date that the listing tells
MARKUP = {
    "xinhua-en-latest": (f'<div class="tit">{a(f"../20260926/{HASH}/c.html")}</div>', SEPTEMBER),
    "xinhua-en-world": (f'<div class="tit">{a(f"/asiapacific/20260926/{HASH}/c.html")}</div>', SEPTEMBER),
    "xinhua-zh-world": (f'<div class="tit">{a(f"http://www.news.cn/world/20260926/{HASH}/c.html")}</div>', SEPTEMBER),
    "peoples-daily-en-china": (beside_its_picture(PEOPLE), SEPTEMBER),
    "peoples-daily-en-world": (f"<li>{a(PEOPLE)}</li>", SEPTEMBER),
    "peoples-daily-zh-world": (beside_its_picture(PEOPLE_ZH), SEPTEMBER),
    "peoples-daily-zh-leaders": (f"<li>{a('/n1/2026/0926/c1024-40669999.html')}</li>", SEPTEMBER),
    "chinadaily-world": (f'<div class="mb10 tw3_01_2">{beside_its_picture(DAILY)}</div>', SEPTEMBER),
    "chinadaily-policy": (f'<span class="tw3_01_2_t"><h4>{a(DAILY)}</h4></span>', SEPTEMBER),
    "globaltimes-world": (beside_its_picture("https://www.globaltimes.cn/page/202609/1365253.shtml"), None),
    "shine-nation": (a("/news/nation/2609268471/"), None),
    "china-mfa-en": (f"<li>{a(MFA)}</li>", SEPTEMBER),
    "china-mfa-en-press": (f"<li>{a(MFA)}</li>", SEPTEMBER),
    "china-mfa-zh-leaders": (f'<ul class="list1"><li>{a(MFA.replace("html", "shtml"))}</li></ul>', SEPTEMBER),
    "china-mfa-zh-ministry": (f'<div class="newsBd"><ul><li>{a(MFA)}</li></ul></div>', SEPTEMBER),
    "china-state-council-en": (a("/news/202609/26/content_WS66f3a1b2c6d0868f4e8eb111.html"), SEPTEMBER),
    "chinanews-en": (a("/news/politics/2026-09-26/detail-ihehxyza1234567.shtml"), SEPTEMBER),
    "vietnamplus-en-politics": (VNA.format(a("/pm-holds-talks-post307514.vnp")), None),
    "vietnamplus-zh-politics": (VNA.format(a("/article-post307514.vnp")), None),
    "nhandan-zh-china": (VNA.replace("timeline", "timeline content-list").format(a("/article-post130751.html")), None),
    "nhandan-zh-political": (
        '<div class="abf-cate"><article>' + f"<h4>{a('/a-post130751.html')}</h4></article></div>",
        None,
    ),
    "vovworld-zh-china": (VOV.format(a("/zh-CN/news/article-1306093.vov")), None),
    "vovworld-en": (beside_its_picture("/en-US/news/prime-minister-meets-ambassador-1306093.vov"), None),
    "vov-en": (beside_its_picture("/en/politics/domestic/leaders-hold-talks-post1232021.vov"), None),
    "vietnamnet-en": (beside_its_picture("/en/leaders-hold-talks-2451234.html"), None),
    "qdnd-en": (a("/military/intl-relations-and-cooperation/generals-hold-talks-578123"), None),
    "vietnam-mofa-vi-leaders": (MOFA.format(a("http://mofa.gov.vn/tin-chi-tiet/bai-viet-1234")), date(2026, 10, 7)),
    "vietnam-mofa-vi-ministry": (MOFA.format(a("/tin-chi-tiet/bai-viet-1234")), date(2026, 10, 7)),
    "dangcongsan-zh-china": (PARTY.format(a("/cate-317/article-123456.html")), None),
    "dangcongsan-vi": (
        f'<div class="right-news-hight12"><div class="items-news">{a("/bai-viet-123456.html")}</div></div>',
        None,
    ),
}
MENU = "<ul><li><a href='/'>Home</a></li><li><a href='/about.html'>About this site and its makers</a></li></ul>"


@pytest.mark.parametrize("name", MARKUP)
def test_finds_the_article_and_not_the_menu(name: str) -> None:
    markup, day = MARKUP[name]
    source = SECTIONS[name]
    listing = parse_entries(f"<html><body>{MENU}{markup}</body></html>".encode(), source=source, url=source.url)
    assert (listing.outcome, [entry.title for entry in listing.entries]) == (Outcome.OK, [TITLE])
    (entry,) = listing.entries
    told = entry.published.astimezone(ZoneInfo(source.zone)).date() if entry.published else None
    assert told == day
    assert entry.published is None or entry.published.tzinfo is UTC


def test_every_section_of_the_catalogue_is_here() -> None:
    # the sections of VGP are in tests/test_entries.py, on a recorded page
    assert SECTIONS.keys() - MARKUP.keys() == {"vgp-en-politics"}
