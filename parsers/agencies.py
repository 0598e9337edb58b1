"""Whose account an article is that comes without an address: by the agency's mark in its dateline."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources

from parsers.records import Side

# a caption or two may stand before the dateline
_LOOKED_AT = 4
_LATIN = r"\W{{0,3}}(?:[^()\n]{{1,60}}\((?:{marks})\)|\((?:{marks})\)|(?:{marks}))\s*(?:--|[-–—])"
_HAN = r"\W{{0,3}}(?:[（(]\s*)?(?:{marks})[^，。\n]{{0,30}}[电電讯訊]"


def agency_of(paragraphs: Sequence[str]) -> tuple[str, Side] | None:
    """The outlet and side of the agency in whose dateline one of the first paragraphs opens; None without one."""
    for paragraph in paragraphs[:_LOOKED_AT]:
        for pattern, outlet, side in _patterns():
            if pattern.match(paragraph):
                return outlet, side
    return None


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str, Side], ...]:
    text = resources.files("parsers").joinpath("agencies.toml").read_text(encoding="utf-8")
    found = []
    for agency in tomllib.loads(text)["agency"]:
        marks = "|".join(sorted(map(re.escape, agency["marks"]), key=len, reverse=True))
        either = f"(?:{_LATIN.format(marks=marks)}|{_HAN.format(marks=marks)})"
        found.append((re.compile(either), agency["outlet"], Side(agency["side"])))
    return tuple(found)
