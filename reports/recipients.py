"""`recipients.toml`: who gets the digest and how much of it, one `[[recipient]]` table each (docs/email.md)."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from meetings.records import Rank
from meetings.topics import labels
from parsers.records import InputError

_KEYS = ("address", "name", "detail", "least_level", "topics")
_DETAILS = ("full", "short")
# RFC 5322 dot-atom, which every mail server takes; quoted local parts are left out on purpose
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@([^\s@]+)")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
# RFC 5321 §4.5.3.1
_LOCAL_LIMIT = 64
_ADDRESS_LIMIT = 254


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader wants of an issue: in one line each or in full, from which rank on, on which topics (none: all).

    Recipients with equal choices read the same; `topics` are sorted ids.
    """

    short: bool = False
    least_level: Rank = Rank.LOCAL
    topics: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A short word for this choice, always the same; empty for who wants everything."""
        if self == EVERYTHING:
            return ""
        words = json.dumps([self.short, self.least_level.value, *self.topics])
        return hashlib.sha256(words.encode()).hexdigest()[:16]


EVERYTHING = Choice()


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person on the list. `address` is ASCII, its domain in lower case; `name` may be empty."""

    address: str = field(repr=False)
    name: str = field(default="", repr=False)
    choice: Choice = EVERYTHING


def parse_recipients(text: str, *, name: str) -> tuple[Recipient, ...]:
    """The recipients in the file's order; `InputError` names the file, the entry and the key at fault."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name} is not valid TOML: {error}.") from error
    unknown = sorted(set(table) - {"recipient"})
    if unknown:
        raise InputError(f"{name}: unknown key {unknown[0]!r}; recipients are [[recipient]] tables.")
    rows = table.get("recipient", [])
    if not isinstance(rows, list):
        raise InputError(f"{name}: write [[recipient]] with two brackets, one table for each recipient.")
    found = [_recipient(row, f"{name}, recipient {number}") for number, row in enumerate(rows, start=1)]
    numbers: dict[str, int] = {}
    for number, recipient in enumerate(found, start=1):
        first = numbers.setdefault(recipient.address.lower(), number)
        if first != number:
            raise InputError(f"{name}, recipient {number}: address is the one of recipient {first}; keep one of them.")
    return tuple(found)


def _recipient(row: object, where: str) -> Recipient:
    if not isinstance(row, dict):
        raise InputError(f"{where}: must be a table with address and name.")
    unknown = sorted(set(row) - set(_KEYS))
    if unknown:
        raise InputError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}.")
    address, name = row.get("address"), row.get("name", "")
    if not isinstance(address, str):
        raise InputError(f"{where}: address is missing or no text.")
    if not isinstance(name, str) or any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs") for char in name):
        raise InputError(f"{where}: name must be one line of text without control characters.")
    return Recipient(check_address(address, where=f"{where}: address"), name.strip(), _choice(row, where))


def _choice(row: dict[str, object], where: str) -> Choice:
    detail = _one_of(row.get("detail", "full"), _DETAILS, f"{where}: detail")
    level = _one_of(row.get("least_level", Rank.LOCAL), tuple(Rank), f"{where}: least_level")
    topics = row.get("topics", [])
    if not isinstance(topics, list):
        raise InputError(f'{where}: topics must be a list such as ["trade", "border"].')
    chosen = {_one_of(topic, tuple(labels()), f"{where}: topics") for topic in topics}
    return Choice(detail == "short", Rank(level), tuple(sorted(chosen)))


def _one_of(value: object, known: Sequence[str], where: str) -> str:
    if not isinstance(value, str) or value not in known:
        near = difflib.get_close_matches(str(value), known, n=1)
        hint = f" (do you mean {near[0]}?)" if near else ""
        raise InputError(f"{where} has {value!r}{hint}; known are {', '.join(known)}.")
    return value


def check_address(address: str, *, where: str) -> str:
    """The address in the form in which it is sent; `InputError`, opening with `where`, when it is none.

    An international domain is turned into its ASCII form; a local part beyond ASCII is refused, since not every mail
    server takes it (RFC 6531). The error does not quote what was given: its words may get into a log.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise InputError(f"{where} is not a mail address such as reader@example.org.")
    try:
        domain = match[2].encode("idna").decode("ascii").lower()
    except UnicodeError:
        domain = ""
    checked = f"{match[1]}@{domain}"
    if not _HOST.fullmatch(domain) or len(match[1]) > _LOCAL_LIMIT or len(checked) > _ADDRESS_LIMIT:
        raise InputError(f"{where} is not a mail address such as reader@example.org.")
    return checked
