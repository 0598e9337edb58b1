"""Canonical URLs: one article, one address, however it was linked."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parsers.urls import MAX_URL, canonical_url

BING = "http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=1&url="


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        pytest.param(
            "https://news.cgtn.com/news/2026-08-19/X-1wbD/p.html?UTM_Source=cgtn&UTM_Medium=rss&UTM_Campaign=World",
            "https://news.cgtn.com/news/2026-08-19/X-1wbD/p.html",
            id="tracking in capitals",
        ),
        pytest.param("https://a.org/x?id=7&utm_source=rss&fbclid=z", "https://a.org/x?id=7", id="some tracking"),
        pytest.param("https://a.org/x?cid=12&source=3", "https://a.org/x?cid=12&source=3", id="article numbers stay"),
        pytest.param("https://a.org/x?b=2&a=1&&", "https://a.org/x?a=1&b=2", id="parameters in order"),
        pytest.param("https://a.org/x#comments", "https://a.org/x", id="fragment"),
        pytest.param("HTTP://A.org:80/x", "http://a.org/x", id="default port and case"),
        pytest.param("https://a.org:8443/x", "https://a.org:8443/x", id="other port"),
        pytest.param("https://a.org/", "https://a.org", id="bare host"),
        pytest.param("https://a.org/b//c/../d", "https://a.org/b/c/../d", id="doubled slash"),
        pytest.param("http://m.news.cn/20260318/ab/c.html", "http://www.news.cn/20260318/ab/c.html", id="mirror"),
        pytest.param("http://m.vovworld.vn/en-US/a.vov", "https://vovworld.vn/en-US/a.vov", id="mirror with https"),
        pytest.param("http://en.people.cn/n3/x.html", "http://en.people.cn/n3/x.html", id="http stays"),
        pytest.param(
            "https://www.fmprc.gov.cn/eng/xw/t1.html", "https://www.mfa.gov.cn/eng/xw/t1.html", id="twin host"
        ),
        pytest.param(
            BING + "https%3a%2f%2fvietnamnews.vn%2fa%2f1.html%3futm_source%3dbing",
            "https://vietnamnews.vn/a/1.html",
            id="Bing wrapper",
        ),
        pytest.param(
            "https://news.google.com/rss/articles/CBMiX_-9?oc=5",
            "https://news.google.com/rss/articles/CBMiX_-9?oc=5",
            id="Google link stays opaque",
        ),
        pytest.param(" https://a.org/x y\n", "https://a.org/xy", id="white space"),
        pytest.param("https://a.org/tin-tức", "https://a.org/tin-t%E1%BB%A9c", id="not ASCII"),
        pytest.param("https://user:secret@a.org/x", None, id="credentials"),
        pytest.param("mailto:a@example.org", None, id="mail"),
        pytest.param("javascript:void(0)", None, id="script"),
        pytest.param("/x.html", None, id="relative without base"),
        pytest.param("https://", None, id="no host"),
        pytest.param("https://[::1/x", None, id="malformed"),
        pytest.param("https://a.org/" + "x" * MAX_URL, None, id="too long"),
        pytest.param("", None, id="empty"),
    ],
)
def test_canonical_form(url: str, canonical: str | None) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("./202608/t1.html", "https://www.mfa.gov.cn/eng/xw/202608/t1.html"),
        ("//www.mfa.gov.cn/x.html", "https://www.mfa.gov.cn/x.html"),
        ("/x.html", "https://www.mfa.gov.cn/x.html"),
        ("http://127.0.0.1:8000/a", "http://127.0.0.1:8000/a"),
    ],
)
def test_relative_to_the_page(url: str, canonical: str) -> None:
    assert canonical_url(url, "https://www.mfa.gov.cn/eng/xw/index.html") == canonical


parts = st.text("abc/.:?&=#%@[]<>{}\"' \t\\-_~()+;,!$*ứ文0", max_size=30)
urls = st.builds("{}{}/{}?{}#{}".format, st.sampled_from(["http://", "https://", "//", ""]), parts, parts, parts, parts)


@given(urls | st.text() | parts.map(lambda tail: BING + tail))
@example("http://a.org/http://b.org/http://c.org/")
@example("https://a.org?u=https://b.org/x")
@example("http://a.org:80:80/")
def test_applying_it_twice_changes_nothing_more(url: str) -> None:
    once = canonical_url(url)
    assert once is None or canonical_url(once) == once
