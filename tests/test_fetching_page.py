"""The limits that docs/fetching.md states are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from fetch import body, client, cookies, headers, network, outcomes, policy, robots
from fetch.addresses import WEB_PORTS
from fetch.client import FetchSettings

PAGE = (Path(__file__).parents[1] / "docs" / "fetching.md").read_text("utf-8").partition("## What protects you")[2]
DEFAULTS = FetchSettings()
LIMITS = {
    "body, unpacked": DEFAULTS.max_body,
    "unpacked to packed, beyond the first 1,048,576 bytes": body.MAX_RATIO,
    "received before the body, and again beside it": client.MAX_OVERHEAD,
    "header fields": headers.MAX_FIELDS,
    "header fields together": headers.MAX_SIZE,
    "address": client.MAX_URL,
    "redirects": DEFAULTS.max_redirects,
    "time to look up a name, and to connect to one address": DEFAULTS.connect_timeout,
    "time to the next bytes": DEFAULTS.read_timeout,
    "time for everything, redirects included": DEFAULTS.total_timeout,
    "cookies of one host": cookies.MAX_COOKIES,
    "one cookie": cookies.MAX_COOKIE,
    "cookies of one host together": cookies.MAX_COOKIES_SIZE,
    "robots.txt": robots.PARSED,
    "message about an address or a header": outcomes.LONGEST_MESSAGE,
}


def test_the_table_of_limits_is_the_codes() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([\d,]+)(?: \w+)? \| (?:`\w+`|–) \|$", PAGE, re.MULTILINE)
    assert {name: float(value.replace(",", "")) for name, value in rows} == LIMITS


def test_the_other_numbers_are_the_codes() -> None:
    assert body.RATIO_FLOOR == 1_048_576
    assert f"at most {network.MAX_ADDRESSES} of them" in PAGE.replace("\n", " ")
    assert sorted(WEB_PORTS) == [80, 443]
    assert policy.LONGEST_RETRY_AFTER.days == 7
