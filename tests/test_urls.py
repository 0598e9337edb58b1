"""Canonical URLs: one article, one address, however it was linked."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parsers.urls import MAX_URL, canonical_url
from parsers.urltable import UrlTableError, parse_url_table

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
        pytest.param(
            "http://google.com/url?sa=t&url=https%3A%2F%2Fvov.vn%2Fa.vov", "https://vov.vn/a.vov", id="Google url"
        ),
        pytest.param(
            "https://www.google.com/url?q=http://m.tuoitre.vn/a-1.htm", "https://tuoitre.vn/a-1.htm", id="Google q"
        ),
        pytest.param("https://www.google.com/url?q=mailto:a@b.vn", None, id="wrapper of no page"),
        pytest.param(
            "http://www.bing.com/news/apiclick.aspx?tid=1",
            "http://www.bing.com/news/apiclick.aspx?tid=1",
            id="empty wrapper",
        ),
        pytest.param(
            "http://english.people.com.cn/n3/2026/0127/c9-1.html",
            "http://en.people.cn/n3/2026/0127/c9-1.html",
            id="People's Daily mirror",
        ),
        pytest.param("https://en.people.cn/n3/x.html", "http://en.people.cn/n3/x.html", id="People's Daily over https"),
        pytest.param(
            "https://world.people.com.cn/n1/x.html", "http://world.people.com.cn/n1/x.html", id="its subdomains"
        ),
        pytest.param("http://news.cn/world/x.htm", "http://www.news.cn/world/x.htm", id="Xinhua without www"),
        pytest.param(
            "http://www.xinhuanet.com/world/c_1.htm",
            "http://www.xinhuanet.com/world/c_1.htm",
            id="Xinhua's old host stays",
        ),
        pytest.param(
            "http://amp.scmp.com/a/1/b?module=top&pgtype=section", "https://www.scmp.com/a/1/b", id="SCMP by path alone"
        ),
        pytest.param("https://www.scmp.com/a/1/b?utm_source=rss_feed", "https://www.scmp.com/a/1/b", id="SCMP feed"),
        pytest.param(
            "https://www.msn.com/en-us/x/ar-AA1?ocid=hp&cvid=2&ei=3", "https://www.msn.com/en-us/x/ar-AA1", id="MSN"
        ),
        pytest.param(
            "https://news.cgtn.com/news/2021-03-09/X-Yu/index.html",
            "https://news.cgtn.com/news/2021-03-09/X-Yu/p.html",
            id="CGTN's two pages",
        ),
        pytest.param(
            "https://e.vnexpress.net/news/a-1.html/amp", "https://e.vnexpress.net/news/a-1.html", id="amp folder"
        ),
        pytest.param("https://a.org/x/amp/", "https://a.org/x", id="amp folder with stroke"),
        pytest.param("https://a.org/camp", "https://a.org/camp", id="a camp is no amp"),
        pytest.param("https://vov.vn/a-1.vov?amp", "https://vov.vn/a-1.vov", id="amp parameter"),
        pytest.param("https://a.org/x?id=2&amp=1", "https://a.org/x?id=2", id="amp=1"),
        pytest.param("https://a.org/x?outputType=amp", "https://a.org/x", id="output type amp"),
        pytest.param("https://a.org/x?outputType=xml", "https://a.org/x?outputType=xml", id="output type other"),
        pytest.param("https://a.org/x.amp.html", "https://a.org/x.html", id="amp before the extension"),
        pytest.param("https://a.org/x.htm.amp", "https://a.org/x.htm", id="amp behind the extension"),
        pytest.param(
            "https://thediplomat.com/2024/08/a-b", "https://thediplomat.com/2024/08/a-b/", id="folder without stroke"
        ),
        pytest.param(
            "http://shine.cn/news/nation/24/index.html", "https://www.shine.cn/news/nation/24/", id="index of a folder"
        ),
        pytest.param(
            "http://en.vietnamplus.vn/a-post1.vnp", "https://en.vietnamplus.vn/a-post1.vnp", id="subdomain over https"
        ),
        pytest.param(
            "http://vovworld.vn/vi-VN/a-1.vov5", "https://vovworld.vn/vi-VN/a-1.vov5", id="programme page stays"
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
schemes = st.sampled_from(["http://", "https://", "//", ""])
urls = st.builds("{}{}/{}?{}#{}".format, schemes, parts, parts, parts, parts)
ends = st.sampled_from(["/amp", ".amp", ".html", ".amp.html", "/index.html", "/", "/news/2021-03-09/x", "?amp", "&a=1"])
hosts = st.sampled_from(["thediplomat.com", "news.cgtn.com", "m.vov.vn", "people.cn", "www.google.com/url?q=", "a.org"])
known = st.builds("https://{}/{}{}".format, hosts, parts, st.lists(ends, max_size=4).map("".join))


@given(urls | known | st.text() | parts.map(lambda tail: BING + tail))
@example("http://a.org/http://b.org/http://c.org/")
@example("https://a.org?u=https://b.org/x")
@example("http://a.org:80:80/")
def test_applying_it_twice_changes_nothing_more(url: str) -> None:
    once = canonical_url(url)
    assert once is None or canonical_url(once) == once


GOOD = """
[schemes]
https = ["a.vn"]
http = []
[mirrors]
"a.vn" = ["m.a.vn"]
[trackers]
prefixes = ["utm_"]
names = ["fbclid"]
paths_only = []
"""
WRAPPER = '[[wrapper]]\nhosts = ["b.vn"]\npath = "/to"\nparameters = ["url"]\n'
REWRITE = "[[rewrite]]\nholds = ''\npattern = '{}'\nto = '{}'\n"


def test_table_is_read() -> None:
    table = parse_url_table(GOOD + WRAPPER + REWRITE.format("x$", "y"), name="u.toml")
    assert (dict(table.schemes), dict(table.mirrors)) == ({"a.vn": "https"}, {"m.a.vn": "a.vn"})
    assert dict(table.wrappers) == {("b.vn", "/to"): ("url",)}
    assert [(r.pattern.pattern, r.to, r.hosts) for r in table.rewrites] == [("x$", "y", frozenset())]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("= 1", "u.toml is not valid TOML", id="no TOML"),
        pytest.param(GOOD + "[more]", "u.toml: key more is not known", id="unknown table"),
        pytest.param(GOOD.replace("http =", "ftp ="), "key schemes.ftp is not known", id="unknown scheme"),
        pytest.param(
            GOOD.replace("http = []", 'http = ["a.vn"]'), "schemes.http holds 'a.vn'", id="host of two schemes"
        ),
        pytest.param(GOOD.replace('["a.vn"]', '["https://a.vn"]'), "'https://a.vn', which is no host", id="no host"),
        pytest.param(GOOD.replace('"m.a.vn"', '"a.vn"'), "mirrors.a.vn holds 'a.vn'", id="mirror of itself"),
        pytest.param(GOOD.replace('["fbclid"]', "7"), "trackers.names must be a list", id="no list"),
        pytest.param(GOOD.replace("fbclid", "fbClid"), "in lower case", id="capitals never match"),
        pytest.param(GOOD.replace("[mirrors]", "[[mirrors]]"), "key mirrors must be a table", id="no table"),
        pytest.param("wrapper = 1\n" + GOOD, "key wrapper must be tables", id="no tables"),
        pytest.param(GOOD + WRAPPER.replace("path", "paht"), r"key wrapper\[1\].paht is not known", id="misspelt key"),
        pytest.param(GOOD + WRAPPER.replace('"/to"', "7"), r"key wrapper\[1\].path must be a text", id="no text"),
        pytest.param(GOOD + REWRITE.format("(", ""), r"key rewrite\[1\].pattern is no regular", id="no pattern"),
        pytest.param(GOOD + REWRITE.format("a", "\\1"), r"key rewrite\[1\].pattern is no regular", id="no such group"),
    ],
)
def test_table_that_cannot_be_used_is_refused_by_file_and_key(text: str, reason: str) -> None:
    with pytest.raises(UrlTableError, match=reason):
        parse_url_table(text, name="u.toml")
