"""Reads `sources.toml` (docs/sources.md): one `[[source]]` table per source, every error by file, table and key."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from parsers.records import DateOrder, InputError, Kind, Selectors, Side, Source

SHORTEST_INTERVAL = timedelta(minutes=15)
LONGEST_INTERVAL = timedelta(days=7)
"""An interval outside of these is brought to the nearer one: no source is hammered, none is forgotten."""

_INTERVAL = re.compile(r"(\d{1,4})\s*(m|h|d)")
_UNIT = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


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
    return min(max(int(found[1]) * _UNIT[found[2]], SHORTEST_INTERVAL), LONGEST_INTERVAL)


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error})") from error
    return pattern


_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
_Url = Annotated[str, Field(max_length=2048), AfterValidator(_http_url)]


class _SelectorsTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    item: _Text
    link: _Text = "a[href]"
    title: _Text | None = None
    teaser: _Text | None = None
    time: _Text | None = None
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
    interval: Annotated[timedelta, BeforeValidator(_interval)] = timedelta(hours=3)
    selectors: _SelectorsTable | None = None
    date_order: DateOrder | None = None
    enabled: bool = True

    @model_validator(mode="after")
    def _selectors_go_with_sections(self) -> _SourceTable:
        if self.kind is Kind.SECTION and self.selectors is None:
            raise ValueError("key 'selectors' is missing: a section page needs at least its 'item'")
        if self.kind is not Kind.SECTION and self.selectors is not None:
            raise ValueError(f"key 'selectors' is only for kind 'section', not '{self.kind}'")
        return self

    def record(self) -> Source:
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "selectors"}
        return Source(**fields, selectors=self.selectors.record() if self.selectors else None)


def parse_catalogue(text: str, *, name: str) -> tuple[Source, ...]:
    """The sources of a `sources.toml`, in its order; `name` is the file's, for errors. Raises CatalogueError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{name} is not valid TOML: {error}.") from error
    tables = document.pop("source", [])
    if document:
        raise CatalogueError(f"{name}: unknown key '{next(iter(document))}': a source is a [[source]] table.")
    if not isinstance(tables, list) or not tables:
        raise CatalogueError(f"{name} declares no source: give each one a [[source]] table.")
    sources: dict[str, Source] = {}
    for number, table in enumerate(tables, start=1):
        source = _read_table(table, number, name)
        if source.id in sources:
            raise CatalogueError(f"{name}: source '{source.id}' stands twice: an id is used once.")
        sources[source.id] = source
    return tuple(sources.values())


def _read_table(table: object, number: int, name: str) -> Source:
    try:
        return _SourceTable.model_validate(table).record()
    except ValidationError as error:
        given = table.get("id") if isinstance(table, dict) else None
        which = f"source '{given}'" if isinstance(given, str) and given else f"[[source]] number {number}"
        raise CatalogueError(f"{name}: {which}: {_first_reason(error)}.") from error


def _first_reason(error: ValidationError) -> str:
    # a misspelt key is also a missing one, and the first names the cause
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        reason = f"unknown key '{key}'"
    elif first["type"] == "missing":
        reason = f"key '{key}' is missing"
    else:
        message = first["msg"].removeprefix("Value error, ").rstrip(".")
        given = "" if not key or isinstance(first["input"], dict) else f" {first['input']!r}"
        reason = f"key '{key}'{given}: {message}" if key else message
    more = error.error_count() - 1
    return f"{reason} (and {more} more)" if more else reason
