"""Reads the lexicons: TOML files beside this module, checked when read. Errors name the file and the key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from parsers.records import MeetingsError


class LexiconError(MeetingsError):
    """A lexicon file is missing, is no TOML, or holds a wrong value."""


def root() -> Traversable:
    """The folder of all lexicons. A test that puts another in its place does so before anything else is imported."""
    return resources.files("meetings").joinpath("lexicons")


@cache
def read(name: str) -> Mapping[str, Any]:
    """The table in `lexicons/<name>`, e.g. `en/verbs.toml`. Raises LexiconError."""
    path = root().joinpath(*name.split("/"))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LexiconError(f"Lexicon {name} cannot be read: {error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LexiconError(f"Lexicon {name} is not valid TOML: {error}.") from error


def words(name: str, table: Mapping[str, Any], key: str, *, where: str = "", required: bool = True) -> tuple[str, ...]:
    """The list of non-empty strings under `key` of a table of lexicon `name`; `where` names the table in errors."""
    spot = f"{where}.{key}" if where else key
    if key not in table:
        if required:
            raise LexiconError(f"Lexicon {name}: key {spot} is missing.")
        return ()
    value = table[key]
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise LexiconError(f"Lexicon {name}: key {spot} must be a list of non-empty strings.")
    return tuple(value)


def word(name: str, table: Mapping[str, Any], key: str, *, where: str = "", allowed: Iterable[str] = ()) -> str:
    """The string under `key`, one of `allowed` when that is given."""
    spot = f"{where}.{key}" if where else key
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise LexiconError(f"Lexicon {name}: key {spot} must be a non-empty string.")
    choices = tuple(allowed)
    if choices and value not in choices:
        raise LexiconError(f"Lexicon {name}: key {spot} is {value!r}, but must be one of {', '.join(choices)}.")
    return value


def only(name: str, table: Mapping[str, Any], keys: Iterable[str], *, where: str = "") -> None:
    """Refuses keys that no rule reads: a misspelt key would silently do nothing."""
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise LexiconError(f"Lexicon {name}: unknown key {f'{where}.' if where else ''}{unknown[0]}.")
