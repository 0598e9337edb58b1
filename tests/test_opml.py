"""OPML: what we export other readers read, what we import is checked, and nothing a file says harms us."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from parsers.catalogue import Catalogue, parse_catalogue
from parsers.newcomers import Defaults, adopt, kind_of_address, slug, unused
from parsers.opml import FEEDS, MAX_BYTES, MAX_DEPTH, MAX_FEEDS, NAMESPACE, Feed, OpmlError, read_opml, write_opml
from parsers.records import DeadAddress, InputError, Kind, Side, Source
from tests.commandline import ROOT, Meetings, source

SHIPPED = parse_catalogue((ROOT / "sources.toml").read_text("utf-8"), name="sources.toml")
CREATED = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
TOWN = Source("town", "town", "Town", Side.VIETNAM, "vi", "UTC", Kind.RSS, "https://town.vn/rss", timedelta(hours=3))
NEWS = Source(
    "g", "town", "Town", Side.VIETNAM, "vi", "UTC", Kind.GOOGLE_NEWS, "https://news.google.com/rss/x", TOWN.interval
)
EMPTY = Catalogue(())


def opml(body: str) -> bytes:
    return f'<opml version="2.0"><head><title>My feeds</title></head><body>{body}</body></opml>'.encode()


def outline(url: str = "https://a.org/feed", title: str = "A", **more: str) -> str:
    keys = {"text": title, "type": "rss", "xmlUrl": url} | more
    return f"<outline {' '.join(f'{key}={chr(34)}{value}{chr(34)}' for key, value in keys.items())}/>"


def adopted(*feeds: Feed, catalogue: Catalogue = EMPTY, **defaults: str) -> tuple[Source, ...]:
    given_defaults = replace(Defaults(), **defaults)  # type: ignore[arg-type]
    made = adopt(feeds, catalogue=catalogue, defaults=given_defaults, name="my.opml")
    assert made.refused == ()
    return made.sources


def test_the_shipped_feeds_come_back_with_every_key() -> None:
    exported = write_opml(SHIPPED.sources, title="Ours", created=CREATED)
    made = adopt(read_opml(exported, name="x"), catalogue=EMPTY, defaults=Defaults(), name="x")
    sent = [source for source in SHIPPED.sources if source.kind in FEEDS]
    ids = {source.id for source in sent}
    lost = [source for source in sent if source.fallback_for and source.fallback_for not in ids]
    expected = [replace(s, fallback_for=None) if s in lost else s for s in sent]
    assert sorted(made.sources, key=lambda s: s.id) == sorted(expected, key=lambda s: s.id)
    assert (made.known, made.refused, len(made.notes)) == (0, (), len(lost))


def test_what_others_read_is_as_the_specification_says() -> None:
    root = etree.fromstring(write_opml([TOWN, replace(NEWS, enabled=False)], title="Ours & theirs", created=CREATED))
    assert dict(root.attrib) == {"version": "2.0"}
    assert root.findtext("head/title") == "Ours & theirs"
    assert root.findtext("head/dateCreated") == "Sun, 22 Nov 2026 05:30:00 +0000"
    (folder,) = root.findall("body/outline")
    assert folder.get("text") == "Town"
    first, second = folder.findall("outline")
    assert [first.get(key) for key in ("type", "text", "xmlUrl", "language")] == ["rss", "town", TOWN.url, "vi"]
    assert first.get(f"{{{NAMESPACE}}}enabled") == "true"
    assert second.get(f"{{{NAMESPACE}}}enabled") == "false"


def test_a_foreign_file_in_folders_with_odd_spelling() -> None:
    inside = (
        outline(title="B", url="http://b.org/x.xml", language="zh-cn", description="About B") + "<outline text='idle'/>"
    )
    body = outline() + f"<outline text='News'><outline title='Asia'>{inside}</outline></outline>"
    body += "<outline text='C' XMLURL=' https://c.org/ '/>"
    assert read_opml(opml(body), name="my.opml") == (
        Feed("https://a.org/feed", "A"),
        Feed("http://b.org/x.xml", "B", "zh-cn", "About B"),
        Feed("https://c.org/", "C"),
    )


def test_utf16_is_read() -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?>' + opml(outline(title="Nhân Dân")).decode()
    assert read_opml(text.encode("utf-16"), name="x")[0].title == "Nhân Dân"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(b"", "my.opml is no XML", id="empty"),
        pytest.param(b"<opml><body>", "my.opml is no XML", id="cut off"),
        pytest.param(b"<rss version='2.0'/>", "its root is <rss>, not <opml>", id="a feed"),
        pytest.param(b"\x89PNG\r\n", "my.opml is no XML", id="a picture"),
        pytest.param(
            b'<!DOCTYPE opml [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + opml(outline(title="&b;")),
            "declares a document type",
            id="entity bomb",
        ),
        pytest.param(
            b'<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + opml("<outline text='x'>&a;</outline>"),
            "declares a document type",
            id="entity from a file",
        ),
        pytest.param(
            b'<!DOCTYPE opml SYSTEM "http://169.254.169.254/x">' + opml(outline()),
            "document type",
            id="DTD from the network",
        ),
        pytest.param(
            ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE opml>' + opml("").decode()).encode("utf-16"),
            "declares a document type",
            id="DTD in UTF-16",
        ),
        pytest.param(opml("<outline>" * 50 + "</outline>" * 50), f"more than {MAX_DEPTH} deep", id="nested"),
        pytest.param(opml(outline() * (MAX_FEEDS + 1)), f"more than {MAX_FEEDS} feeds", id="many"),
        pytest.param(b" " * (MAX_BYTES + 1), "more than 4 MiB", id="large"),
    ],
)
def test_refused_whole(data: bytes, told: str) -> None:
    with pytest.raises(OpmlError) as caught:
        read_opml(data, name="my.opml")
    assert told in str(caught.value)


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: opml(text.replace("<!DOCTYPE", ""))))
def test_any_bytes_give_feeds_or_one_sentence(data: bytes) -> None:
    told = ""
    feeds: tuple[Feed, ...] = ()
    try:
        feeds = read_opml(data, name="x")
    except OpmlError as error:
        told = str(error)
    assert "\n" not in told
    assert all(feed.url for feed in feeds)


@given(st.text(max_size=80), st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_words_make_xml_that_is_read_back(name: str, note: str) -> None:
    data = write_opml([replace(TOWN, outlet_name=name, note=note)], title=name, created=CREATED)
    assert [feed.url for feed in read_opml(data, name="x")] == [TOWN.url]


def test_what_a_foreign_feed_becomes() -> None:
    feed = Feed("https://www.bao-moi.vn/rss/home.rss", "Báo Mới", "vi-VN", "x" * 900)
    (made,) = adopted(feed, side="vietnam", zone="Asia/Ho_Chi_Minh")
    assert (made.id, made.outlet, made.outlet_name) == ("bao-moi-vn-vi", "bao-moi-vn", "Báo Mới")
    assert (made.side, made.language, made.zone, made.kind) == (Side.VIETNAM, "vi", "Asia/Ho_Chi_Minh", Kind.RSS)
    assert len(made.note) == 400


def test_a_second_feed_of_a_known_outlet_takes_its_fields() -> None:
    second, third = adopted(Feed("https://town.vn/b", "Other"), Feed("https://town.vn/c"), catalogue=Catalogue((TOWN,)))
    assert [s.id for s in (second, third)] == ["town-vi", "town-vi-2"]
    assert {(s.outlet, s.outlet_name, s.side, s.zone) for s in (second, third)} == {
        ("town", "Town", Side.VIETNAM, "UTC")
    }


def test_known_dead_and_unusable_feeds_are_told() -> None:
    catalogue = Catalogue((TOWN,), (DeadAddress("https://old.org/rss", "Ended in 2018."),))
    feeds = [
        Feed("http://town.vn/rss/", "T"),
        Feed("https://old.org/rss?utm_source=x", "Old"),
        Feed("feed://a.org/x", "F"),
        Feed("file:///etc/passwd", "P"),
        Feed("https://a.org/", "A", keys={"side": "north"}),
        Feed("https://a.org/", "A", keys={"colour": "red"}),
        Feed("https://a.org/", "A\n\x9b31m"),
        Feed("https://a.org/", "again"),
    ]
    made = adopt(feeds, catalogue=catalogue, defaults=Defaults(), name="my.opml")
    assert made.refused == (
        "my.opml: 'Old': 'https://old.org/rss?utm_source=x' is listed as dead: Ended in 2018.",
        "my.opml: 'F': 'feed://a.org/x' is not an http or https URL.",
        "my.opml: 'P': 'file:///etc/passwd' is not an http or https URL.",
        "my.opml: 'A': key 'side' 'north': Input should be 'china', 'vietnam' or 'other'.",
        "my.opml: 'A': unknown key 'colour'.",
    )
    assert ([s.url for s in made.sources], made.known) == (["https://a.org/"], 2)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Báo Mới – Đà Nẵng", "bao-moi-da-nang"),
        ("人民网", "source"),
        ("", "source"),
        ("x" * 99, "x" * 48),
        ("a--b", "a-b"),
    ],
)
def test_slug(text: str, made: str) -> None:
    assert slug(text) == made


def test_an_unused_id_is_numbered() -> None:
    assert [unused("a", taken) for taken in ([], ["a"], ["a", "a-2"])] == ["a", "a-2", "a-3"]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://news.google.com/rss/search?q=x", Kind.GOOGLE_NEWS),
        ("https://www.bing.com/news/search?q=x&format=rss", Kind.BING_NEWS),
        ("https://api.gdeltproject.org/api/v2/doc/doc?query=x", Kind.GDELT),
        ("https://news.google.com/home", None),
        ("https://[broken", None),
    ],
)
def test_a_search_is_known_by_its_address(url: str, kind: Kind | None) -> None:
    assert kind_of_address(url) is kind


class TestCommands:
    def test_out_and_in_again(self, meetings: Meetings, tmp_path: Path) -> None:
        listed = tmp_path / "feeds.opml"
        assert meetings("sources", "export", "--out", listed).code == 0
        fresh = tmp_path / "fresh.toml"
        first = meetings("sources", "import", listed, "--into", fresh)
        assert (first.code, first.out) == (0, f"1 source added to {fresh}, 0 known already.\n")
        content = fresh.read_text()
        assert (
            meetings("sources", "import", listed, "--into", fresh).out
            == f"0 sources added to {fresh}, 1 known already.\n"
        )
        assert fresh.read_text() == content
        assert tomllib.loads(content)["source"][0]["id"] == "town"
        assert (
            meetings("sources", "export", "--sources", fresh).out.splitlines()[8:]
            == listed.read_text().splitlines()[8:]
        )

    def test_import_prints_tables_and_tells_what_is_dead(self, meetings: Meetings, tmp_path: Path) -> None:
        (tmp_path / "sources.toml").write_text(
            source("town", "https://town.vn/rss") + '[[dead]]\nurl = "https://old.org/"\nreason = "Gone."\n'
        )
        feeds = tmp_path / "feeds.opml"
        feeds.write_bytes(opml(outline() + outline("https://old.org/", "Old") + outline("https://town.vn/rss", "Town")))
        ran = meetings("sources", "import", feeds, "--side", "china", "--language", "zh", "--zone", "Asia/Shanghai")
        (table,) = tomllib.loads(ran.out)["source"]
        assert (table["url"], table["side"], table["language"]) == ("https://a.org/feed", "china", "zh")
        assert (ran.code, ran.err.splitlines()) == (
            2,
            [
                "1 source to be added, 1 known already.",
                f"meetings: {feeds}: 'Old': 'https://old.org/' is listed as dead: Gone.",
            ],
        )

    def test_nothing_is_written_when_the_whole_would_be_unsound(self, meetings: Meetings, tmp_path: Path) -> None:
        mine = tmp_path / "mine.toml"
        mine.write_text(source("one", "https://one.org/"))
        feeds = tmp_path / "feeds.opml"
        feeds.write_bytes(opml(outline(**{"xmlns:m": NAMESPACE, "m:outlet": "one", "m:outlet_name": "Another"})))
        before = mine.read_text()
        ran = meetings("sources", "import", feeds, "--into", mine)
        assert (ran.code, mine.read_text()) == (2, before)
        assert "outlet 'one' has 'One' in source 'one'" in ran.err

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd"])
    def test_a_zone_that_is_none(self, meetings: Meetings, tmp_path: Path, zone: str) -> None:
        feeds = tmp_path / "feeds.opml"
        feeds.write_bytes(opml(outline()))
        ran = meetings("sources", "import", feeds, "--zone", zone)
        assert ran.code == 2
        assert "is not a time zone" in ran.err

    def test_a_file_that_is_not_there(self, meetings: Meetings, tmp_path: Path) -> None:
        ran = meetings("sources", "import", tmp_path / "none.opml")
        assert (ran.code, ran.err) == (
            2,
            f"meetings: OPML file {tmp_path / 'none.opml'} cannot be read: No such file or directory\n",
        )

    def test_everything_as_toml_is_the_same_catalogue(self, meetings: Meetings) -> None:
        ran = meetings("sources", "export", "--format", "toml", "--sources", ROOT / "sources.toml")
        assert parse_catalogue(ran.out, name="printed") == SHIPPED


def test_opml_errors_are_the_persons() -> None:
    assert issubclass(OpmlError, InputError)
