"""`sources.toml`: what ships is sound, and every mistake is told by file, source, key and reason."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from parsers.catalogue import CatalogueError, _SelectorsTable, _SourceTable, parse_catalogue
from parsers.records import DateOrder, Kind, Selectors, Side

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


class TestShipped:
    sources = parse_catalogue(SHIPPED.read_text("utf-8"), name="sources.toml").sources

    def test_both_sides_and_all_three_languages(self) -> None:
        assert len(self.sources) >= 10
        assert {source.side for source in self.sources} >= {Side.CHINA, Side.VIETNAM}
        assert {source.language for source in self.sources} == {"en", "vi", "zh"}
        for side in (Side.CHINA, Side.VIETNAM):
            assert {source.language for source in self.sources if source.side is side} >= {"en", "zh"}


def test_all_keys_of_a_section() -> None:
    text = table(kind='"section"', date_order='"dmy"', enabled="false") + (
        '[source.selectors]\nitem = "li"\ntime = "time"\ntime_attribute = "datetime"\nurl_pattern = "-post[0-9]+"\n'
    )
    (source,) = parse_catalogue(text, name="my.toml").sources
    assert (source.kind, source.side, source.enabled) == (Kind.SECTION, Side.CHINA, False)
    assert source.date_order is DateOrder.DMY
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
    ("text", "told"),
    [
        pytest.param(table(colour='"red"'), "my.toml: source 'one': unknown key 'colour'.", id="unknown key"),
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


@pytest.mark.parametrize("table_of", [_SourceTable, _SelectorsTable], ids=["source", "selectors"])
def test_every_key_is_documented(table_of: type[BaseModel]) -> None:
    document = (SHIPPED.parent / "docs" / "sources.md").read_text("utf-8")
    missing = [key for key in table_of.model_fields if f"| `{key}` |" not in document]
    assert missing == []


def test_every_kind_is_documented() -> None:
    document = (SHIPPED.parent / "docs" / "sources.md").read_text("utf-8")
    assert [kind for kind in Kind if f"`{kind}`" not in document] == []
