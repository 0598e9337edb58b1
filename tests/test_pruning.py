"""What feedparser is given to read: less than the feed, and no less than an entry is made of."""

from __future__ import annotations

import pytest

from parsers.pruning import prune
from parsers.xmltext import TooMuchMarkupError
from tests.test_entries import RSS, item, parse, rss

NAMESPACES = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"'


def test_what_is_not_read_is_gone() -> None:
    document = (
        f'<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0" {NAMESPACES}><channel><image><url>/i</url></image>'
        "<ttl>5</ttl>"
        '<item><title class="x">T</title><description>D</description><media:thumbnail url="/i"/><category>c</category>'
        "<content:encoded>long</content:encoded><!-- c --></item></channel></rss>"
    )
    assert _channel(document) == "<ttl>5</ttl><item><title>T</title><description>D</description></item>"


@pytest.mark.parametrize(
    ("link", "kept"),
    [("<link>/1</link>", False), ("<link> </link>", True), ("", True), ("<m:link xmlns:m='m'>/1</m:link>", True)],
    ids=["link", "blank link", "no link", "another namespace's"],
)
def test_guid_is_read_where_it_stands_for_the_link(link: str, kept: bool) -> None:
    assert ("<guid>" in _channel(f"<rss><channel><item>{link}<guid>/2</guid></item></channel></rss>")) is kept


def _channel(document: str) -> str:
    pruned = (prune(document.encode()) or b"").decode()
    return pruned.partition("<channel>")[2].removesuffix("</channel></rss>")


@pytest.mark.parametrize(
    ("document", "title", "teaser"),
    [
        pytest.param(
            rss(item(1, title="A &amp; B", description="&lt;b&gt;C&lt;/b&gt; ]]&gt;")), "A & B", "C ]]>", id="sound"
        ),
        pytest.param(rss(item(1, title="caf&eacute;&nbsp;X &copy;")), "café X ©", "", id="entities of HTML"),
        pytest.param(rss(item(1, title="AT&T & Co")), "AT&T & Co", "", id="bare ampersands"),
        pytest.param(rss(item(1, title="&unknown; &#x41;&#X41;")), "&unknown; AA", "", id="unknown entity"),
        pytest.param(rss(item(1, title="T", description="<p>a</p><br>b")), "T", "a b", id="markup unescaped"),
        pytest.param(b"Notice: x in y.php\n<br />" + rss(item(1, title="T")), "T", "", id="talk before the feed"),
        pytest.param(rss(item(1, title="T")).replace(b"<item>", b"<m:x>1</m:x><item>"), "T", "", id="unbound prefix"),
        pytest.param(rss(item(1, title="T\x0b\x01U")), "TU", "", id="control characters"),
        pytest.param(rss(item(1, title="T"))[:-30], "T", "", id="truncated"),
        pytest.param(rss(item(1, title="T")).replace(b"item>", b"ITEM>"), "T", "", id="capitals"),
        pytest.param(
            rss(item(1, description=" ", title="T") + "").replace(
                b"</item>", b"<e:encoded xmlns:e='http://purl.org/rss/1.0/modules/content/'>Long</e:encoded></item>"
            ),
            "T",
            "Long",
            id="content where the description is empty",
        ),
    ],
)
def test_broken_feeds_keep_their_words(document: bytes, title: str, teaser: str) -> None:
    (entry,) = parse(document, RSS).entries
    assert (entry.url, entry.title, entry.teaser) == ("https://a.org/1", title, teaser)


@pytest.mark.parametrize("document", [b"", b"<html><body/></html>", b"rss", b"<rssx/>", b'{"rss": 1}'])
def test_what_is_no_feed_is_none(document: bytes) -> None:
    assert prune(document) is None


@pytest.mark.parametrize(
    "document",
    [b"<rss>" + b"<a/>" * 700_000, b"<rss " + b" ".join(b'a%d=""' % n for n in range(700_000)) + b"/>"],
    ids=["tags", "attributes"],
)
def test_too_much_markup_is_refused(document: bytes) -> None:
    with pytest.raises(TooMuchMarkupError):
        prune(document)
