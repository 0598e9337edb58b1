"""A source as it stands in `sources.toml`: for JSON, and as text to paste. The other way is `parsers.catalogue`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, timedelta
from typing import Any

from parsers.records import DeadAddress, Selectors, Source

_DEFAULTS = {field.name: field.default for field in fields(Source)}
_SELECTOR_DEFAULTS = {field.name: field.default for field in fields(Selectors)}


def interval_text(interval: timedelta) -> str:
    """`90m`, `3h` or `2d`: the largest unit that says it without a rest; seconds are dropped."""
    minutes = int(interval.total_seconds() // 60)
    if minutes and minutes % 1440 == 0:
        return f"{minutes // 1440}d"
    return f"{minutes}m" if minutes % 60 else f"{minutes // 60}h"


def source_table(source: Source) -> dict[str, Any]:
    """The source under the keys of `sources.toml`, in their usual order; what is not set is left out."""
    table = asdict(source) | {"interval": interval_text(source.interval), "rhythm": interval_text(source.rhythm)}
    if source.selectors:
        table["selectors"] = {key: value for key, value in asdict(source.selectors).items() if value is not None}
    return {key: value for key, value in table.items() if value not in (None, "")}


def source_toml(source: Source) -> str:
    """The source as a [[source]] table, with a line end; keys at their defaults are left out, but for the interval."""
    table = source_table(source)
    selectors = table.pop("selectors", {})
    kept = {key: value for key, value in table.items() if key == "interval" or getattr(source, key) != _DEFAULTS[key]}
    text = "[[source]]\n" + _lines(kept)
    if selectors:
        kept = {key: value for key, value in selectors.items() if value != _SELECTOR_DEFAULTS[key]}
        text += "\n[source.selectors]\n" + _lines(kept)
    return text


def dead_table(address: DeadAddress) -> dict[str, Any]:
    """The dead address under the keys of `sources.toml`."""
    return {key: value for key, value in asdict(address).items() if value is not None}


def dead_toml(address: DeadAddress) -> str:
    """The address as a [[dead]] table, with a line end."""
    return "[[dead]]\n" + _lines(dead_table(address))


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    # JSON's strings are TOML's basic strings; what no eye can see, and a terminal might obey, is written as its number
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in json.dumps(str(value), ensure_ascii=False))
