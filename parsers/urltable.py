"""Reads the table of addresses (`parsers/urls.toml`): every error by file and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from parsers.records import MeetingsError

_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_KEYS = {"schemes", "mirrors", "trackers", "wrapper", "rewrite"}


class UrlTableError(MeetingsError):
    """The table of addresses is no TOML or holds a wrong value."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What `pattern` finds in a path becomes `to`, on these hosts or, without any, everywhere.

    Only paths that hold the text `holds` are looked at, since a pattern costs more than all the rest of a lookup.
    """

    holds: str
    pattern: re.Pattern[str]
    to: str
    hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class UrlTable:
    """The table, ready to be looked up: all hosts, names and prefixes in lower case.

    `wrappers`: the parameters that may carry the address, by host and path. `trackers` holds `name` or `name=value`.
    """

    schemes: Mapping[str, str]
    mirrors: Mapping[str, str]
    tracker_prefixes: tuple[str, ...]
    trackers: frozenset[str]
    paths_only: frozenset[str]
    wrappers: Mapping[tuple[str, str], tuple[str, ...]]
    rewrites: tuple[Rewrite, ...]


def parse_url_table(text: str, *, name: str) -> UrlTable:
    """The table in `text`; `name` is the file's, for errors. Raises UrlTableError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UrlTableError(f"{name} is not valid TOML: {error}.") from error
    reader = _Reader(name)
    reader.only(document, _KEYS, "")
    trackers = reader.table(document, "trackers")
    reader.only(trackers, {"prefixes", "names", "paths_only"}, "trackers.")
    return UrlTable(
        schemes=_schemes(reader, reader.table(document, "schemes")),
        mirrors=_mirrors(reader, reader.table(document, "mirrors")),
        tracker_prefixes=reader.words(trackers, "prefixes", "trackers."),
        trackers=frozenset(reader.words(trackers, "names", "trackers.")),
        paths_only=frozenset(reader.hosts(trackers, "paths_only", "trackers.")),
        wrappers=dict(_wrappers(reader, document)),
        rewrites=tuple(_rewrites(reader, document)),
    )


class _Reader:
    """Takes checked values out of the document of one file."""

    def __init__(self, name: str) -> None:
        self._name = name

    def refuse(self, key: str, why: str) -> UrlTableError:
        return UrlTableError(f"{self._name}: key {key} {why}.")

    def only(self, table: Mapping[str, Any], keys: set[str], where: str) -> None:
        if unknown := sorted(set(table) - keys):
            raise self.refuse(where + unknown[0], "is not known")

    def table(self, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = document.get(key)
        if not isinstance(value, dict):
            raise self.refuse(key, "must be a table")
        return value

    def tables(self, document: Mapping[str, Any], key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        value = document.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.refuse(key, f"must be tables, each under [[{key}]]")
        yield from ((f"{key}[{number}].", item) for number, item in enumerate(value, start=1))

    def word(self, table: Mapping[str, Any], key: str, where: str) -> str:
        value = table.get(key)
        if not isinstance(value, str):
            raise self.refuse(where + key, "must be a text")
        return value

    def words(self, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        value = table.get(key)
        if not isinstance(value, list) or not all(
            isinstance(item, str) and item == item.lower() != "" for item in value
        ):
            raise self.refuse(where + key, "must be a list of texts in lower case")
        return tuple(value)

    def hosts(self, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        hosts = self.words(table, key, where)
        for host in hosts:
            if not _HOST.fullmatch(host):
                raise self.refuse(where + key, f"holds {host!r}, which is no host name")
        return hosts


def _schemes(reader: _Reader, table: Mapping[str, Any]) -> dict[str, str]:
    reader.only(table, {"http", "https"}, "schemes.")
    schemes: dict[str, str] = {}
    for scheme in ("https", "http"):
        for host in reader.hosts(table, scheme, "schemes."):
            if host in schemes:
                raise reader.refuse(f"schemes.{scheme}", f"holds {host!r}, which stands there before")
            schemes[host] = scheme
    return schemes


def _mirrors(reader: _Reader, table: Mapping[str, Any]) -> dict[str, str]:
    mirrors: dict[str, str] = {}
    for known_as in table:
        for host in reader.hosts(table, known_as, "mirrors."):
            if host in mirrors or host in table:
                raise reader.refuse(f"mirrors.{known_as}", f"holds {host!r}, which stands elsewhere in the table")
            mirrors[host] = known_as
    return mirrors


def _wrappers(reader: _Reader, document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    for where, table in reader.tables(document, "wrapper"):
        reader.only(table, {"hosts", "path", "parameters"}, where)
        path, parameters = reader.word(table, "path", where), reader.words(table, "parameters", where)
        for host in reader.hosts(table, "hosts", where):
            yield (host, path.lower()), parameters


def _rewrites(reader: _Reader, document: Mapping[str, Any]) -> Iterator[Rewrite]:
    for where, table in reader.tables(document, "rewrite"):
        reader.only(table, {"hosts", "holds", "pattern", "to"}, where)
        hosts = reader.hosts(table, "hosts", where) if "hosts" in table else ()
        holds, to = reader.word(table, "holds", where), reader.word(table, "to", where)
        try:
            pattern = re.compile(reader.word(table, "pattern", where), re.ASCII)
            pattern.sub(to, "")
        except (re.error, IndexError) as error:
            raise reader.refuse(where + "pattern", f"is no regular expression with that `to` ({error})") from error
        yield Rewrite(holds, pattern, to, frozenset(hosts))
