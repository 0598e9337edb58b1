"""Whose article an aggregator's entry is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from parsers.publishers import Publishers
from parsers.records import Entry, Kind, Side, Source

XINHUA = Source(
    id="xinhua-en",
    outlet="xinhua",
    outlet_name="Xinhua",
    side=Side.CHINA,
    language="en",
    zone="Asia/Shanghai",
    kind=Kind.SECTION,
    url="https://english.news.cn/list/latestnews.htm",
    interval=timedelta(hours=3),
)
SEARCH = "https://news.google.com/rss/search?q=site%3A{}%20China%20when%3A3d&hl=en-US"


def outlet(key: str, outlet: str, name: str, language: str, url: str, kind: Kind = Kind.RSS) -> Source:
    return replace(XINHUA, id=key, outlet=outlet, outlet_name=name, language=language, url=url, kind=kind)


PUBLISHERS = Publishers(
    [
        XINHUA,
        outlet("xinhua-zh", "xinhua", "Xinhua", "zh", "http://www.news.cn/world/index.html"),
        outlet("people-zh", "people", "People's Daily", "zh", "http://world.people.com.cn/"),
        outlet("chinadaily", "chinadaily", "China Daily", "en", "https://www.chinadaily.com.cn/world"),
        outlet("mfa", "china-mfa", "China MFA", "en", "https://www.mfa.gov.cn/eng/xw/zyxw/"),
        outlet("vna-en", "vietnamplus", "VietnamPlus", "en", "https://en.vietnamplus.vn/rss/home.rss"),
        outlet("vna-vi", "vietnamplus", "VietnamPlus", "vi", "https://www.vietnamplus.vn/rss/thegioi.rss"),
        outlet("nhandan", "nhandan", "Nhân Dân", "vi", "https://nhandan.vn/rss/thegioi-1231.rss"),
        outlet("reuters", "reuters", "Reuters", "en", SEARCH.format("reuters.com"), Kind.GOOGLE_NEWS),
        outlet("google", "google-news", "Google News", "en", SEARCH.format("")[:40], Kind.GOOGLE_NEWS),
        outlet("a", "a", "Daily News", "en", "https://a.example/feed"),
        outlet("b", "b", "Daily News", "en", "https://b.example/feed"),
    ]
)
TOKEN = "https://news.google.com/rss/articles/CBMiTokenTokenToken"


@pytest.mark.parametrize(
    ("url", "name", "home", "language", "found"),
    [
        pytest.param("https://en.vietnamplus.vn/a-post1.vnp", None, None, "vi", ("vna-en", "en"), id="host"),
        pytest.param("https://vietnamplus.vn/a-post1.vnp", None, None, "en", ("vna-vi", "vi"), id="host without www"),
        pytest.param(
            "https://zh.vietnamplus.vn/a", None, None, "zh", ("vna-en", "zh"), id="another host of the domain"
        ),
        pytest.param("https://zh.vietnamplus.vn/a", None, None, None, ("vna-en", "en"), id="no language asked for"),
        pytest.param(
            "http://finance.people.com.cn/n1", None, None, "zh", ("people-zh", "zh"), id="domain under com.cn"
        ),
        pytest.param("https://www.gov.cn/a", None, None, "zh", None, id="public suffix is nobody's"),
        pytest.param("https://www.reuters.com/world/a", None, None, "en", ("reuters", "en"), id="site of a search"),
        pytest.param(TOKEN, "Vietnam+", "https://www.vietnamplus.vn", "en", ("vna-vi", "vi"), id="home page"),
        pytest.param(TOKEN, "Vietnam+ (VietnamPlus)", None, "vi", ("vna-vi", "vi"), id="name in parentheses"),
        pytest.param(TOKEN, "Nhan Dan (Hanoi)", None, "vi", ("nhandan", "vi"), id="name before them, no diacritics"),
        pytest.param("https://www.msn.com/ar-1", "XINHUA", None, "en", ("xinhua-en", "en"), id="name, republished"),
        pytest.param(TOKEN, "Xinhua", None, "zh", ("xinhua-zh", "zh"), id="name, in the language asked for"),
        pytest.param(TOKEN, "Daily News", None, "en", None, id="name of two outlets"),
        pytest.param(TOKEN, "Google News", None, "en", None, id="aggregator is no publisher"),
        pytest.param("https://unknown.example/a", "Unknown", "https://unknown.example", "en", None, id="unknown"),
        pytest.param("http://192.0.2.7/a", None, None, "en", None, id="address without a name"),
    ],
)
def test_publisher(
    url: str, name: str | None, home: str | None, language: str | None, found: tuple[str, str] | None
) -> None:
    publisher = PUBLISHERS.of_entry(Entry(url, "t", outlet=name, outlet_url=home), language=language)
    assert (publisher and (publisher.id, publisher.language)) == found
