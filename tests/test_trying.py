"""`meetings sources try URL` against a real server: what each step says, what comes out of it; and `sources list`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from parsers.catalogue import parse_catalogue
from tests.commandline import Meetings, source
from tests.webserver import Reply, Web, redirect

MEETING = "China's foreign minister meets Vietnamese counterpart in Hanoi"
HTML = {"Content-Type": "text/html; charset=utf-8"}
RSS = {"Content-Type": "application/rss+xml"}
PARAGRAPH = (
    "<p>The foreign ministers of China and Viet Nam met in Hanoi on Monday and spoke at length of trade and trains.</p>"
)

Try = Callable[..., dict[str, Any]]


def page(date: str = "2026-11-20T09:00:00+07:00") -> Reply:
    head = f'<title>x</title><meta property="article:published_time" content="{date}">'
    return Reply(
        f"<html><head>{head}</head><body><h1>{MEETING}</h1>{PARAGRAPH * 8}</body></html>".encode(), headers=HTML
    )


def item(link: str, title: str, age: timedelta) -> str:
    date = format_datetime(datetime.now(UTC) - age)
    return f"<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate></item>"


def feed(web: Web, age: timedelta = timedelta(hours=2), title: str = MEETING) -> Reply:
    web.add("/a/story-post1234567.html", page())
    items = item(web.url("/a/story-post1234567.html"), title, age) + item(web.url("/a/rain"), "Rain in Hue", age * 2)
    return Reply(f"<rss version='2.0'><channel><title>Town News</title>{items}</channel></rss>".encode(), headers=RSS)


def listing(web: Web, head: str = "") -> Reply:
    for number in range(8):
        web.add(f"/a/story-post123456{number}.html", page())
    stories = "".join(
        f'<div class="story"><h3><a href="/a/story-post123456{n}.html">China and Vietnam hold talks {n}</a></h3></div>'
        for n in range(8)
    )
    return Reply(
        f"<html><head><title>Town News</title>{head}</head><body>{stories}</body></html>".encode(), headers=HTML
    )


@pytest.fixture
def tried(meetings: Meetings) -> Try:
    """Try an address; the JSON that comes of it, the steps by their names."""

    def run(url: str, *options: str) -> dict[str, Any]:
        ran = meetings("sources", "try", url, "--side", "vietnam", "--json", *options)
        told: dict[str, Any] = json.loads(ran.out)
        assert ran.code == (0 if told["works"] else 1)
        told["steps"] = {step["step"]: (step["verdict"], step["text"]) for step in told["steps"]}
        return told

    return run


def test_a_good_feed(tried: Try, web: Web, meetings: Meetings) -> None:
    web.add("/robots.txt", Reply(b"User-agent: *\nCrawl-delay: 5\nSitemap: https://x.org/news.xml\n"))
    url = web.add("/feed.xml", feed(web))
    told = tried(url)
    assert told["works"]
    assert told["steps"]["address"] == ("ok", "new: neither in the catalogue nor among its dead addresses.")
    assert told["steps"]["robots.txt"] == ("ok", "allows this address, asks for 5 s between pages.")
    assert told["steps"]["sitemaps"] == ("ok", "named in robots.txt: https://x.org/news.xml")
    assert told["steps"]["kind"] == ("ok", "rss.")
    assert told["steps"]["entries"] == ("ok", "2 entries, 2 with a title, 2 with a date.")
    assert told["steps"]["age"] == ("ok", "the newest entry is 2 hours old.")
    passed = "1 as a source of side china, 1 as a source of side vietnam, 1 as a source of side other"
    assert told["steps"]["screen"] == ("ok", f"of 2 would be fetched: {passed}.")
    verdict, text = told["steps"]["page"]
    assert (verdict, MEETING in text, "20 Nov 2026" in text) == ("warn", True, True)
    # the fixture's catalogue has an outlet on the same host
    assert [told["source"][key] for key in ("outlet", "outlet_name", "side", "kind")] == [
        "town",
        "Town",
        "vietnam",
        "rss",
    ]
    assert not meetings.home.exists()


def test_the_table_on_the_terminal_can_be_pasted(web: Web, meetings: Meetings, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(source("else", "https://example.org/feed"))
    ran = meetings("sources", "try", web.add("/list", listing(web)), "--zone", "Asia/Ho_Chi_Minh")
    head, _, table = ran.out.partition("[[source]]")
    assert ran.code == 0
    assert [line.split()[1] for line in head.splitlines()[:5]] == ["address", "robots.txt", "answer", "kind", "entries"]
    (made,) = parse_catalogue("[[source]]" + table, name="pasted").sources
    assert (made.outlet_name, made.zone) == ("Town News", "Asia/Ho_Chi_Minh")
    assert made.selectors is not None
    assert (made.selectors.item, made.selectors.link) == ("div.story", "h3 a[href]")


def test_a_page_that_names_feeds(tried: Try, web: Web) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    told = tried(web.add("/list", listing(web, head=link)))
    assert told["works"]
    assert told["steps"]["feeds"][0] == "warn"
    assert web.url("/feed.xml") in told["steps"]["feeds"][1]
    assert told["steps"]["age"] == ("warn", "no entry has a date: each page's own date is taken.")


def test_entries_without_a_title_are_screened_as_a_poll_does(tried: Try, web: Web) -> None:
    talks = web.add("/a/china-vietnam-foreign-ministers-hold-talks-post1234567.html", page())
    # the rain is newer, and yet it is the talks that are read
    links = ((web.url("/a/rain-everywhere-post7654321.html"), 1), (talks, 2))
    dated = "".join(
        f"<url><loc>{url}</loc><lastmod>{datetime.now(UTC) - timedelta(hours=age):%Y-%m-%dT%H:%M:%SZ}</lastmod></url>"
        for url, age in links
    )
    urls = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{dated}</urlset>'
    told = tried(web.add("/sitemap.xml", Reply(urls.encode(), headers={"Content-Type": "application/xml"})))
    assert told["steps"]["entries"] == ("warn", "2 entries, 0 with a title, 2 with a date.")
    passed = "1 as a source of side china, 1 as a source of side vietnam, 1 as a source of side other"
    assert told["steps"]["screen"] == ("ok", f"of 2 would be fetched: {passed}.")
    assert MEETING in told["steps"]["page"][1]


OLDER = {
    "older: none": (None, True, None),
    "older: not found": (Reply(status=404), True, None),
    "older: gone": (Reply(status=410), True, None),
    "older: fails": (Reply(status=500), False, "fail"),
    "older: a page": (Reply(b"<html><body>Sorry</body></html>", headers={"Content-Type": "text/html"}), False, "fail"),
}


@pytest.mark.parametrize(("older", "works", "verdict"), OLDER.values(), ids=OLDER)
def test_a_sitemap_index_is_followed_as_a_poll_does(
    tried: Try, web: Web, older: Reply | None, works: bool, verdict: str | None
) -> None:
    web.add("/a/story-post1234567.html", page())
    now = datetime.now(UTC).isoformat()
    news = f"<n:news><n:publication_date>{now}</n:publication_date><n:title>{MEETING}</n:title></n:news>"
    address = f"<loc>{web.url('/a/story-post1234567.html')}</loc>"
    spaces = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
    )
    child = web.add("/news-2026-11.xml", Reply(f"<urlset {spaces}><url>{address}{news}</url></urlset>".encode()))
    named = f"<sitemap><loc>{child}</loc><lastmod>{now}</lastmod></sitemap>"
    if older:
        address = web.add("/news-2026-10.xml", older)
        named += f"<sitemap><loc>{address}</loc><lastmod>2026-01-01</lastmod></sitemap>"
    index = f"<sitemapindex {spaces}>{named}</sitemapindex>"
    told = tried(web.add("/sitemap.xml", Reply(index.encode())))
    assert told["works"] is works
    assert told["steps"].get("index", (None,))[0] == verdict
    assert told["source"]["kind"] == "sitemap_index"
    assert told["steps"]["entries"][1] == "1 entry, 1 with a title, 1 with a date."


@pytest.mark.parametrize(
    ("age", "verdict", "told"),
    [
        pytest.param(timedelta(minutes=1), "ok", "the newest entry is 1 minute old.", id="fresh"),
        pytest.param(
            timedelta(days=5), "warn", "the newest entry is 5 days old, older than a rhythm of 2d.", id="slow"
        ),
        pytest.param(
            timedelta(days=400), "fail", "the newest entry is 400 days old: it answers, but it is dead.", id="dead"
        ),
    ],
)
def test_age(tried: Try, web: Web, age: timedelta, verdict: str, told: str) -> None:
    result = tried(web.add("/feed.xml", feed(web, age)))
    assert result["steps"]["age"] == (verdict, told)
    assert result["works"] is (verdict != "fail")


@pytest.mark.parametrize(
    ("reply", "step", "told"),
    [
        pytest.param(Reply(status=404), "answer", "answered 404 Not Found", id="not found"),
        pytest.param(Reply(status=403), "answer", "403", id="forbidden"),
        pytest.param(redirect("/it"), "answer", "declare cookies = true", id="redirect to itself"),
        pytest.param(redirect("http://169.254.169.254/latest"), "answer", "", id="redirect to a metadata service"),
        pytest.param(
            Reply(b"\x89PNG", headers={"Content-Type": "image/png"}), "kind", "image/png is neither", id="picture"
        ),
        pytest.param(
            Reply(b"<html><p>Hello</p></html>", headers=HTML), "kind", "no element with an article's", id="no list"
        ),
        pytest.param(
            Reply(b"<rss version='2.0'><channel/></rss>", headers=RSS), "entries", "without entries", id="empty"
        ),
        pytest.param(Reply(fault="reset"), "answer", "", id="reset"),
    ],
)
def test_the_way_ends_at_what_fails(tried: Try, web: Web, reply: Reply, step: str, told: str) -> None:
    result = tried(web.add("/it", reply))
    assert not result["works"]
    assert list(result["steps"])[-1] == step
    assert result["steps"][step][0] == "fail"
    assert told in result["steps"][step][1]


def test_a_page_that_robots_forbids(tried: Try, web: Web) -> None:
    web.add("/robots.txt", Reply(b"User-agent: *\nDisallow: /a/\n"))
    told = tried(web.add("/feed.xml", feed(web)))
    assert told["steps"]["page"][0] == "fail"
    assert "robots.txt forbids" in told["steps"]["page"][1]
    assert web.hits("/a/story-post1234567.html") == []


def test_an_address_that_moved_is_named(tried: Try, web: Web) -> None:
    there = web.add("/there", feed(web))
    told = tried(web.add("/here", redirect("/there", status=301)))
    assert told["steps"]["answer"][0] == "warn"
    assert f"declare {there}" in told["steps"]["answer"][1]


def test_known_and_dead_addresses(tried: Try, web: Web, tmp_path: Path) -> None:
    url = web.add("/feed.xml", feed(web))
    grave = '[[dead]]\nurl = "https://old.org/rss"\nreason = "Ended in 2018."\n'
    (tmp_path / "sources.toml").write_text(source("town", url, side="china") + grave)
    known = tried(url)
    assert known["steps"]["address"] == ("warn", "is in the catalogue already, as 'town'; tried as declared there.")
    assert (known["source"]["id"], known["source"]["side"]) == ("town", "china")
    dead = tried("http://old.org/rss/")
    assert dead["steps"] == {"address": ("fail", "http://old.org/rss/ is listed as dead: Ended in 2018.")}
    assert dead["source"] is None


@pytest.mark.parametrize("url", ["notaurl", "ftp://a.org/x", "https://", "www.a.org/rss", "http://[::1/feed"])
def test_what_is_no_url_is_wrong_input(meetings: Meetings, url: str) -> None:
    ran = meetings("sources", "try", url, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"meetings: {url} is not an http or https URL; give one such as https://example.org/rss.xml\n"


def test_a_zone_that_is_none_is_told_before_any_table(web: Web, meetings: Meetings, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(source("else", "https://example.org/feed"))
    ran = meetings("sources", "try", web.add("/feed.xml", feed(web)), "--zone", "Mars/Olympus")
    assert (ran.code, "[[source]]" in ran.out) == (2, False)
    assert "key 'zone' 'Mars/Olympus': is not a time zone" in ran.err


def test_what_an_outlet_writes_cannot_move_the_cursor(web: Web, meetings: Meetings) -> None:
    evil = "Xi\x9b2J&#x9b;31m\u202e and Vietnam"
    web.add("/robots.txt", Reply(b"User-agent: *\nSitemap: https://x.org/\x1b[2Jnews.xml\n"))
    ran = meetings("sources", "try", web.add("/feed.xml", feed(web, title=evil)), "--side", "vietnam")
    assert [char for char in ran.out if not char.isprintable() and char != "\n"] == []


class TestList:
    def test_fallbacks_stand_below_what_they_stand_in_for(self, meetings: Meetings, tmp_path: Path) -> None:
        (tmp_path / "sources.toml").write_text(
            source("town", "https://a.org/1", outlet="a", outlet_name="A")
            + source("city", "https://a.org/2", outlet="a", outlet_name="A")
            + source("town-2", "https://a.org/3", outlet="a", outlet_name="A", fallback_for="town")
            + source("other", "https://b.org/", fallback_for="town-2").replace("kind", "enabled = false\nkind", 1)
        )
        ran = meetings("sources", "list")
        rows = [line.split() for line in ran.out.splitlines()[4:-2]]
        assert rows == [
            ["a", "(vietnam)"],
            ["town", "en", "rss", "never", "polled"],
            ["town-2", "en", "rss", "never", "stands", "by"],
            ["city", "en", "rss", "never", "polled"],
            ["other", "(vietnam)"],
            ["other,", "for", "town-2", "en", "rss", "never", "off"],
        ]
        assert "4 sources of 2 outlets: 2 polled, 2 fall-backs or off; languages en; kinds rss." in ran.out

    def test_json_has_the_keys_of_the_file(self, meetings: Meetings, tmp_path: Path) -> None:
        text = source("town", "https://a.org/1", rhythm="7d", note="Slow.") + "seen_by = 'me'\nseen_on = 2026-09-26\n"
        (tmp_path / "sources.toml").write_text(text)
        (row,) = json.loads(meetings("sources", "list", "--json").out)
        (declared,) = tomllib.loads(text)["source"]
        assert row | {"seen_on": declared["seen_on"]} == declared | {"enabled": True, "cookies": False}
        assert row["seen_on"] == "2026-09-26"

    def test_the_dead(self, meetings: Meetings, tmp_path: Path) -> None:
        with (tmp_path / "sources.toml").open("a") as file:
            file.write('[[dead]]\nurl = "https://old.org/rss"\nreason = "Ended in 2018."\nseen_on = 2026-09-26\n')
        row = {"url": "https://old.org/rss", "reason": "Ended in 2018.", "seen_on": "2026-09-26"}
        assert json.loads(meetings("sources", "list", "--dead", "--json").out) == [row]
        assert all(value in meetings("sources", "list", "--dead").out for value in row.values())
