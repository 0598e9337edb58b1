"""`sources.toml`: what ships is sound, and every mistake is told by file, source, key and reason."""

from __future__ import annotations

import string
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
import soupsieve
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from parsers.catalogue import PLAIN_SELECTOR, CatalogueError, _DeadTable, _SelectorsTable, _SourceTable, parse_catalogue
from parsers.records import DateOrder, DeadAddress, Kind, Selectors, Side, Source
from parsers.source_tables import interval_text, source_table, source_toml
from parsers.urls import canonical_url

SHIPPED = Path(__file__).parent.parent / "sources.toml"
GOOD = {
    "id": '"one"',
    "outlet": '"xinhua"',
    "outlet_name": '"Xinhua"',
    "side": '"china"',
    "language": '"en"',
    "zone": '"Asia/Shanghai"',
    "kind": '"rss"',
    "url": '"https://example.org/feed.xml"',
    "interval": '"3h"',
}


def table(**changed: str | None) -> str:
    """One [[source]] table, keys changed to the given TOML values or, by None, left out."""
    keys = GOOD | changed
    return "[[source]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items() if value is not None)


def refusal(text: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(text, name="my.toml")
    return str(caught.value)


def dead(url: str = "https://example.org/feed.xml", reason: str = "Answers 404.") -> str:
    """One [[dead]] table."""
    return f'[[dead]]\nurl = "{url}"\nreason = "{reason}"\n'


class TestShipped:
    catalogue = parse_catalogue(SHIPPED.read_text("utf-8"), name="sources.toml")
    sources = catalogue.sources

    def test_both_sides_third_parties_and_all_three_languages(self) -> None:
        assert len(self.sources) >= 45
        assert len({source.outlet for source in self.sources}) >= 28
        assert {source.language for source in self.sources} == {"en", "vi", "zh"}
        for side in (Side.CHINA, Side.VIETNAM):
            assert {source.language for source in self.sources if source.side is side} >= {"en", "zh"}
        assert {source.side for source in self.sources} == set(Side)

    def test_every_kind_that_an_outlet_offers(self) -> None:
        # no outlet of the reference offers Atom or JSON Feed: tests/test_entries.py proves those two
        assert {source.kind for source in self.sources} == set(Kind) - {Kind.ATOM, Kind.JSONFEED}

    def test_every_outlet_has_a_source_that_is_polled_when_all_is_well(self) -> None:
        standing = {source.outlet for source in self.sources if source.enabled and source.fallback_for is None}
        assert standing == {source.outlet for source in self.sources}

    def test_a_fallback_speaks_for_the_same_outlet_in_the_same_language(self) -> None:
        by_id = {source.id: source for source in self.sources}
        for source in self.sources:
            if source.fallback_for:
                stood_for = by_id[source.fallback_for]
                assert stood_for.enabled, source.id
                assert stood_for.language == source.language
                assert stood_for.outlet == source.outlet or source.kind.aggregates

    def test_unverified_addresses_say_what_is_known_of_them(self) -> None:
        silent = [s.id for s in self.sources if s.seen_by is None and not s.note and s.kind is not Kind.GOOGLE_NEWS]
        assert silent == []

    def test_addresses_and_links_are_in_canonical_reach(self) -> None:
        assert [s.id for s in self.sources if canonical_url(s.url) is None] == []

    def test_the_dead_have_reasons(self) -> None:
        assert len(self.catalogue.dead) >= 30
        assert all(address.reason.endswith(".") for address in self.catalogue.dead)

    @pytest.mark.parametrize("source", sources, ids=lambda source: source.id)
    def test_written_as_a_table_it_is_read_as_the_same(self, source: Source) -> None:
        text = source_toml(source).replace(f'fallback_for = "{source.fallback_for}"\n', "")
        (read,) = parse_catalogue(text, name="written").sources
        assert source_table(read) == {k: v for k, v in source_table(source).items() if k != "fallback_for"}


def test_all_keys_of_a_section() -> None:
    more = {"cookies": "true", "seen_by": '"me"', "seen_on": "2026-09-26", "note": '"slow"', "rhythm": '"7d"'}
    text = table(kind='"section"', date_order='"dmy"', enabled="false", **more) + (
        '[source.selectors]\nitem = "li"\ntime = "time"\ntime_attribute = "datetime"\nurl_pattern = "-post[0-9]+"\n'
    )
    (source,) = parse_catalogue(text, name="my.toml").sources
    assert (source.kind, source.side, source.enabled) == (Kind.SECTION, Side.CHINA, False)
    assert source.date_order is DateOrder.DMY
    assert (source.cookies, source.seen_by, source.seen_on) == (True, "me", date(2026, 9, 26))
    assert (source.note, source.rhythm) == ("slow", timedelta(days=7))
    assert source.selectors == Selectors(item="li", time="time", time_attribute="datetime", url_pattern="-post[0-9]+")


@pytest.mark.parametrize(
    ("interval", "read"),
    [
        ("3h", timedelta(hours=3)),
        ("90m", timedelta(minutes=90)),
        ("2 d", timedelta(days=2)),
        ("1m", timedelta(minutes=15)),
        ("30d", timedelta(days=7)),
    ],
)
def test_interval_is_kept_within_bounds(interval: str, read: timedelta) -> None:
    assert parse_catalogue(table(interval=f'"{interval}"'), name="my.toml").sources[0].interval == read


@pytest.mark.parametrize(
    ("rhythm", "read"),
    [("1m", timedelta(hours=1)), ("36h", timedelta(hours=36)), ("400d", timedelta(days=90))],
)
def test_rhythm_is_kept_within_bounds(rhythm: str, read: timedelta) -> None:
    assert parse_catalogue(table(rhythm=f'"{rhythm}"'), name="my.toml").sources[0].rhythm == read


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (timedelta(minutes=90), "90m"),
        (timedelta(hours=36), "36h"),
        (timedelta(hours=48), "2d"),
        (timedelta(0), "0h"),
    ],
)
def test_interval_is_written_in_its_largest_unit(interval: timedelta, text: str) -> None:
    assert interval_text(interval) == text


def test_a_chain_of_fallbacks_and_the_dead() -> None:
    other = table(id='"two"', url='"https://example.org/two"', fallback_for='"one"')
    third = table(id='"three"', url='"https://example.org/three"', fallback_for='"two"')
    text = third + other + table() + dead("https://example.org/old") + "seen_on = 2026-07-28\n"
    catalogue = parse_catalogue(text, name="my.toml")
    assert [source.fallback_for for source in catalogue.sources] == ["two", "one", None]
    assert catalogue.dead == (DeadAddress("https://example.org/old", "Answers 404.", date(2026, 7, 28)),)


@pytest.mark.parametrize("url", ["https://example.org/feed.xml", "http://EXAMPLE.org/feed.xml/?utm_source=x#top"])
def test_an_address_is_found_in_whatever_spelling(url: str) -> None:
    living = parse_catalogue(table(), name="my.toml")
    buried = parse_catalogue(table(url='"https://example.org/other"') + dead(), name="my.toml")
    found, grave = living.source_at(url), buried.dead_at(url)
    assert found is not None
    assert (found.id, living.dead_at(url)) == ("one", None)
    assert grave is not None
    assert (grave.reason, buried.source_at(url)) == ("Answers 404.", None)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.text(string.printable, max_size=60))
def test_any_words_survive_being_written(note: str, name: str) -> None:
    written = source_toml(Source("x", "x", name, Side.OTHER, "en", "UTC", Kind.RSS, "u", timedelta(hours=3), note=note))
    (read,) = tomllib.loads(written)["source"]
    assert (read.get("note", ""), read.get("outlet_name", "")) == (note, name)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(table(colour='"red"'), "my.toml: source 'one': unknown key 'colour'.", id="unknown key"),
        pytest.param(
            table(fallback='"two"'),
            "my.toml: source 'one': unknown key 'fallback' (do you mean 'fallback_for'?).",
            id="misspelt key",
        ),
        pytest.param(table(zone=None), "my.toml: source 'one': key 'zone' is missing.", id="missing key"),
        pytest.param(
            table(url='"ftp://example.org/x"'),
            "my.toml: source 'one': key 'url' 'ftp://example.org/x': is not an http or https URL.",
            id="other scheme",
        ),
        pytest.param(table(url='"https://"'), "key 'url' 'https://': is not an http or https URL", id="no host"),
        pytest.param(table(url='"https://a:b@c.org"'), "is not an http or https URL", id="credentials"),
        pytest.param(table(url='"https://a.org:99999"'), "is not an http or https URL", id="no such port"),
        pytest.param(table(url='"https://a b.org"'), "is not an http or https URL", id="space"),
        pytest.param(table(zone='"Asia/Hanoi"'), "key 'zone' 'Asia/Hanoi': is not a time zone", id="zone"),
        pytest.param(table(zone='"../etc/passwd"'), "is not a time zone", id="zone with a path"),
        pytest.param(table(interval='"often"'), "key 'interval' 'often': is not an interval", id="interval"),
        pytest.param(table(interval="3"), "key 'interval' 3: is not an interval", id="interval without unit"),
        pytest.param(table(language='"fr"'), "key 'language' 'fr'", id="language"),
        pytest.param(table(side='"north"'), "key 'side' 'north'", id="side"),
        pytest.param(table(kind='"gopher"'), "key 'kind' 'gopher'", id="kind"),
        pytest.param(table(id='"Two Words"'), "source 'Two Words': key 'id'", id="id"),
        pytest.param(table(id=None), "my.toml: [[source]] number 1: key 'id' is missing.", id="no id"),
        pytest.param(table(zone=None, url=None), "(and 1 more)", id="two mistakes"),
        pytest.param(table() + table(), "my.toml: source 'one' stands twice", id="id twice"),
        pytest.param(table(kind='"section"'), "key 'selectors' is missing", id="section without selectors"),
        pytest.param(
            table() + '[source.selectors]\nitem = "li"\n', "only for kind 'section'", id="selectors on a feed"
        ),
        pytest.param(
            table(kind='"section"') + "[source.selectors]\nitem = 'li'\nurl_pattern = '(['\n",
            "key 'selectors.url_pattern' '([': is not a regular expression",
            id="bad pattern",
        ),
        pytest.param(
            table(kind='"section"') + "[source.selectors]\nlink = 'a'\n",
            "key 'selectors.item' is missing",
            id="no item",
        ),
        pytest.param(table(rhythm='"seldom"'), "key 'rhythm' 'seldom': is not an interval", id="rhythm"),
        pytest.param(table(cookies='"some"'), "key 'cookies' 'some'", id="cookies"),
        pytest.param(table(seen_by='"me"'), "key 'seen_on' is missing: 'seen_by' alone tells no check", id="no day"),
        pytest.param(table(seen_on="2026-09-26"), "key 'seen_by' is missing: 'seen_on' alone", id="no name"),
        pytest.param(table(seen_by='"me"', seen_on='"soon"'), "key 'seen_on' 'soon'", id="no date"),
        pytest.param(table(note=f'"{"x" * 401}"'), "key 'note'", id="a note like a book"),
        pytest.param(
            table(kind='"section"') + "[source.selectors]\nitem = 'li['\n",
            "key 'selectors.item' 'li[': is not a CSS selector",
            id="no CSS",
        ),
        pytest.param(
            table(kind='"section"') + "[source.selectors]\nitem = 'li'\ntime = 'time:soon'\n",
            "key 'selectors.time' 'time:soon': is not a CSS selector",
            id="unknown pseudo-class",
        ),
        pytest.param(
            table() + table(id='"two"', url='"http://example.org/feed.xml/?utm_source=rss"'),
            "source 'two': key 'url' 'http://example.org/feed.xml/?utm_source=rss': is the address of source 'one'",
            id="address twice",
        ),
        pytest.param(
            table() + dead(),
            "my.toml: source 'one': key 'url' 'https://example.org/feed.xml': is listed as dead: Answers 404.",
            id="dead address",
        ),
        pytest.param(
            table() + table(id='"two"', url='"https://b.org/"', side='"vietnam"'),
            "source 'two': key 'side' 'vietnam': outlet 'xinhua' has 'china' in source 'one'",
            id="outlet on two sides",
        ),
        pytest.param(
            table() + table(id='"two"', url='"https://b.org/"', outlet_name='"New China"'),
            "source 'two': key 'outlet_name' 'New China': outlet 'xinhua' has 'Xinhua' in source 'one'",
            id="outlet with two names",
        ),
        pytest.param(
            table(fallback_for='"none"'), "key 'fallback_for' 'none': no source has this id", id="fall-back of nothing"
        ),
        pytest.param(
            table(fallback_for='"one"'),
            "key 'fallback_for' 'one': leads back to itself: one -> one.",
            id="fall-back of itself",
        ),
        pytest.param(
            table(fallback_for='"two"') + table(id='"two"', url='"https://b.org/"', fallback_for='"one"'),
            "leads back to itself: one -> two -> one.",
            id="fall-backs in a circle",
        ),
        pytest.param(table() + "[[dead]]\nurl = 'https://a.org/'\n", "[[dead]] number 1: key 'reason'", id="no reason"),
        pytest.param(table() + dead(url="gone"), "[[dead]] number 1: key 'url' 'gone': is not an http", id="dead URL"),
        pytest.param(
            table() + dead("https://a.org/") + dead("http://a.org"),
            "[[dead]]: key 'url' 'http://a.org' stands",
            id="dead twice",
        ),
        pytest.param(table() + "[dead]\nurl = 'x'\n", "key 'dead' is not a list of tables", id="one dead table"),
        pytest.param("[[sources]]\n", "my.toml: unknown key 'sources'", id="table misspelt"),
        pytest.param("", "my.toml declares no source", id="empty"),
        pytest.param("source = 3\n", "my.toml: key 'source' is not a list of tables", id="no table"),
        pytest.param("source = [3]\n", "my.toml: [[source]] number 1", id="list of numbers"),
        pytest.param("[[source]\n", "my.toml is not valid TOML", id="no TOML"),
    ],
)
def test_mistake_is_told(text: str, told: str) -> None:
    assert told in refusal(text)


def test_refusal_is_one_line() -> None:
    assert "\n" not in refusal(table(kind='"gopher"', zone=None))


NAME, ATTRIBUTE = r"[.#][a-zA-Z][a-zA-Z0-9_-]*", r"\[[a-z][a-z-]*(?:[*^$]?=\"[ !#-\[\]-~]*\")?\]"
# what passes, piece by piece and without looking ahead: as one pattern it takes hypothesis twenty seconds
COMPOUNDS = st.from_regex(
    rf"(?:[a-z][a-z0-9]*(?:{NAME})*(?:{ATTRIBUTE})*|(?:{NAME})+(?:{ATTRIBUTE})*|(?:{ATTRIBUTE})+)"
    r"(?::not\(:has\([a-z][a-z0-9]*\)\))?",
    fullmatch=True,
)
FURTHER = st.lists(st.tuples(st.sampled_from([" > ", " ", ", "]), COMPOUNDS).map("".join), max_size=3)


@given(st.tuples(COMPOUNDS, FURTHER.map("".join)).map("".join))
def test_what_passes_for_a_plain_selector_is_one(selector: str) -> None:
    assert PLAIN_SELECTOR.fullmatch(selector)
    assert soupsieve.compile(selector).pattern == selector


@pytest.mark.parametrize("table_of", [_SourceTable, _SelectorsTable, _DeadTable], ids=["source", "selectors", "dead"])
def test_every_key_is_documented(table_of: type[BaseModel]) -> None:
    document = (SHIPPED.parent / "docs" / "sources.md").read_text("utf-8")
    missing = [key for key in table_of.model_fields if f"| `{key}` |" not in document]
    assert missing == []


def test_every_kind_is_documented() -> None:
    document = (SHIPPED.parent / "docs" / "sources.md").read_text("utf-8")
    assert [kind for kind in Kind if f"`{kind}`" not in document] == []
