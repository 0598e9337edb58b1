"""Reads `sources.toml` (docs/sources.md): one `[[source]]` table per source, one `[[dead]]` table per dead address.

Every mistake is told by file, table and key.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from parsers.records import DateOrder, DeadAddress, InputError, Kind, Selectors, Side, Source
from parsers.urls import canonical_url

SHORTEST_INTERVAL = timedelta(minutes=15)
LONGEST_INTERVAL = timedelta(days=7)
"""An interval outside of these is brought to the nearer one: no source is hammered, none is forgotten."""
SHORTEST_RHYTHM = timedelta(hours=1)
LONGEST_RHYTHM = timedelta(days=90)
"""A rhythm outside of these is brought to the nearer one: no quiet night raises an alarm, no dead source stays mute."""

LANGUAGES = ("en", "vi", "zh")
LONGEST_NOTE = 400

_INTERVAL = re.compile(r"(\d{1,4})\s*(m|h|d)")
# element.class#id[attribute="value"]:not(:has(element)) and rows of such, which is what nearly all selectors are
_COMPOUND = (
    r"(?:[a-z][a-z0-9]*|(?=[.#\[]))(?:[.#][a-zA-Z][a-zA-Z0-9_-]*)*"
    r"(?:\[[a-z][a-z-]*(?:[*^$]?=\"[ !#-\[\]-~]*\")?\])*(?::not\(:has\([a-z][a-z0-9]*\)\))?"
)
PLAIN_SELECTOR = re.compile(rf"{_COMPOUND}(?:(?: > | |, ){_COMPOUND})*")
"""What needs no parser to be known for a CSS selector: to load one takes longer than all else in a catalogue."""
_UNIT = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a `sources.toml` holds, in its order: the sources, and the addresses that nobody should add again."""

    sources: tuple[Source, ...]
    dead: tuple[DeadAddress, ...] = ()

    def dead_at(self, url: str) -> DeadAddress | None:
        """The dead address that `url` is, in whatever spelling."""
        wanted = same_address(url)
        return next((dead for dead in self.dead if same_address(dead.url) == wanted), None)

    def source_at(self, url: str) -> Source | None:
        """The source that lists its articles at `url`, in whatever spelling."""
        wanted = same_address(url)
        return next((source for source in self.sources if same_address(source.url) == wanted), None)


def same_address(url: str) -> str:
    """The form in which spellings of one listing's address are equal: http and https are one, so is a last slash."""
    return (canonical_url(url) or url).removeprefix("https://").removeprefix("http://").rstrip("/")


class CatalogueError(InputError):
    """`sources.toml` cannot be used; the sentence names the file, the source, the key and the reason."""


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is not a time zone of the IANA database, such as Asia/Ho_Chi_Minh") from error
    return zone


def _http_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
        usable = usable and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("is not an http or https URL")
    return url


def _interval(value: object) -> timedelta:
    found = _INTERVAL.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("is not an interval such as 30m, 3h or 1d")
    return int(found[1]) * _UNIT[found[2]]


def _pace(value: object) -> timedelta:
    return min(max(_interval(value), SHORTEST_INTERVAL), LONGEST_INTERVAL)


def _rhythm(value: object) -> timedelta:
    return min(max(_interval(value), SHORTEST_RHYTHM), LONGEST_RHYTHM)


def _css(selector: str) -> str:
    if PLAIN_SELECTOR.fullmatch(selector):
        return selector
    import soupsieve

    try:
        soupsieve.compile(selector)
    except (soupsieve.SelectorSyntaxError, NotImplementedError) as error:
        raise ValueError(f"is not a CSS selector ({str(error).splitlines()[0].rstrip('.')})") from error
    return selector


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error})") from error
    return pattern


_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
_Css = Annotated[_Text, AfterValidator(_css)]
_Url = Annotated[str, Field(max_length=2048), AfterValidator(_http_url)]


class _SelectorsTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    item: _Css
    link: _Css = "a[href]"
    title: _Css | None = None
    teaser: _Css | None = None
    time: _Css | None = None
    time_attribute: _Text | None = None
    url_pattern: Annotated[_Text, AfterValidator(_regular_expression)] | None = None

    def record(self) -> Selectors:
        return Selectors(**self.model_dump())


class _SourceTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: _Slug
    outlet: _Slug
    outlet_name: _Text
    side: Side
    language: Literal["en", "vi", "zh"]
    zone: Annotated[str, AfterValidator(_known_zone)]
    kind: Kind
    url: _Url
    interval: Annotated[timedelta, BeforeValidator(_pace)] = timedelta(hours=3)
    rhythm: Annotated[timedelta, BeforeValidator(_rhythm)] = timedelta(days=2)
    fallback_for: _Slug | None = None
    selectors: _SelectorsTable | None = None
    date_order: DateOrder | None = None
    enabled: bool = True
    cookies: bool = False
    seen_by: _Text | None = None
    seen_on: date | None = None
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""

    @model_validator(mode="after")
    def _selectors_go_with_sections(self) -> _SourceTable:
        if self.kind is Kind.SECTION and self.selectors is None:
            raise ValueError("key 'selectors' is missing: a section page needs at least its 'item'")
        if self.kind is not Kind.SECTION and self.selectors is not None:
            raise ValueError(f"key 'selectors' is only for kind 'section', not '{self.kind}'")
        return self

    @model_validator(mode="after")
    def _a_check_has_a_name_and_a_day(self) -> _SourceTable:
        if (self.seen_by is None) != (self.seen_on is None):
            given, missing = ("seen_by", "seen_on") if self.seen_by else ("seen_on", "seen_by")
            raise ValueError(f"key '{missing}' is missing: '{given}' alone tells no check, give both or neither")
        return self

    def record(self) -> Source:
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "selectors"}
        return Source(**fields, selectors=self.selectors.record() if self.selectors else None)


class _DeadTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: _Url
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]
    seen_on: date | None = None


def parse_catalogue(text: str, *, name: str) -> Catalogue:
    """The catalogue in the text of a `sources.toml`; `name` is the file's, for errors. Raises `CatalogueError`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{name} is not valid TOML: {error}.") from error
    if unknown := document.keys() - {"source", "dead"}:
        given = min(unknown)
        raise CatalogueError(f"{name}: unknown key '{given}': a source is a [[source]] table, a dead address [[dead]].")
    if not _tables(document, "source", name):
        raise CatalogueError(f"{name} declares no source: give each one a [[source]] table.")
    dead = tuple(
        DeadAddress(**_read(_DeadTable, table, f"[[dead]] number {number}", name).model_dump())
        for number, table in enumerate(_tables(document, "dead", name), start=1)
    )
    sources: dict[str, Source] = {}
    for number, table in enumerate(_tables(document, "source", name), start=1):
        source = read_source(table, which=_which(table, number), name=name)
        if source.id in sources:
            raise CatalogueError(f"{name}: source '{source.id}' stands twice: an id is used once.")
        sources[source.id] = source
    _check_addresses(sources.values(), dead, name)
    _check_outlets(sources.values(), name)
    _check_fallbacks(sources, name)
    return Catalogue(tuple(sources.values()), dead)


def read_source(table: object, *, which: str, name: str) -> Source:
    """One [[source]] table as a source, checked by itself; `which` and `name` say in errors what it is, and the file.

    Raises `CatalogueError`.
    """
    return _read(_SourceTable, table, which, name).record()


def _tables(document: Mapping[str, Any], key: str, name: str) -> list[object]:
    tables = document.get(key, [])
    if not isinstance(tables, list):
        raise CatalogueError(f"{name}: key '{key}' is not a list of tables: write [[{key}]] above each one.")
    return tables


def _which(table: object, number: int) -> str:
    given = table.get("id") if isinstance(table, dict) else None
    return f"source '{given}'" if isinstance(given, str) and given else f"[[source]] number {number}"


_Table = TypeVar("_Table", bound=BaseModel)


def _read(model: type[_Table], table: object, which: str, name: str) -> _Table:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise CatalogueError(f"{name}: {which}: {_first_reason(error)}.") from error


def _check_addresses(sources: Iterable[Source], dead: tuple[DeadAddress, ...], name: str) -> None:
    """Refuse an address that is dead, or that two sources share: both would be polled for the same items."""
    buried: dict[str, DeadAddress] = {}
    for grave in dead:
        if buried.setdefault(same_address(grave.url), grave) is not grave:
            raise CatalogueError(f"{name}: [[dead]]: key 'url' '{grave.url}' stands twice.")
    owners: dict[str, str] = {}
    for source in sources:
        key = f"{name}: source '{source.id}': key 'url' '{source.url}'"
        address = same_address(source.url)
        if address in buried:
            raise CatalogueError(f"{key}: is listed as dead: {buried[address].reason.rstrip('.')}.")
        if (owner := owners.setdefault(address, source.id)) != source.id:
            raise CatalogueError(f"{key}: is the address of source '{owner}' already.")


def _check_outlets(sources: Iterable[Source], name: str) -> None:
    """Refuse an outlet with two names or two sides: a digest has to choose one."""
    first: dict[str, Source] = {}
    for source in sources:
        known = first.setdefault(source.outlet, source)
        for key in ("outlet_name", "side"):
            given, before = getattr(source, key), getattr(known, key)
            if given != before:
                told = f"outlet '{source.outlet}' has '{before}' in source '{known.id}'; write one and the same"
                raise CatalogueError(f"{name}: source '{source.id}': key '{key}' '{given}': {told}.")


def _check_fallbacks(sources: Mapping[str, Source], name: str) -> None:
    """Refuse a fall-back of nothing, and a chain that comes back to itself: none of it would ever be polled."""
    for source in sources.values():
        stood: list[str] = []
        at: Source | None = source
        while at and at.fallback_for:
            stood.append(at.id)
            key = f"{name}: source '{at.id}': key 'fallback_for' '{at.fallback_for}'"
            if at.fallback_for not in sources:
                raise CatalogueError(f"{key}: no source has this id.")
            if at.fallback_for in stood:
                raise CatalogueError(f"{key}: leads back to itself: {' -> '.join([*stood, at.fallback_for])}.")
            at = sources[at.fallback_for]


_KEYS = [key for table in (_SourceTable, _SelectorsTable, _DeadTable) for key in table.model_fields]


def _first_reason(error: ValidationError) -> str:
    # a misspelt key is also a missing one, and the first names the cause
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(first["loc"][-1]), _KEYS, n=1)
        reason = f"unknown key '{key}'" + (f" (do you mean '{near[0]}'?)" if near else "")
    elif first["type"] == "missing":
        reason = f"key '{key}' is missing"
    else:
        message = first["msg"].removeprefix("Value error, ").rstrip(".")
        given = "" if not key or isinstance(first["input"], dict) else f" {first['input']!r}"
        reason = f"key '{key}'{given}: {message}" if key else message
    more = error.error_count() - 1
    return f"{reason} (and {more} more)" if more else reason
