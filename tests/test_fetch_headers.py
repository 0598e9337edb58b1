"""Validators as they go back, and what headers say of when to come again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fetch.client import Client
from parsers.records import Outcome, Validators
from tests.webserver import Reply, Web


def test_validators_go_back_verbatim_and_304_is_no_failure(web: Web, client: Client) -> None:
    web.add("/f", Reply(b"<rss/>", etag='W/"a, b\xe9"', last_modified="Mon, 14 Sep 2026 06:00:00 GMT"))
    first = client.get(web.url("/f"))
    assert first.validators == Validators('W/"a, b\xe9"', "Mon, 14 Sep 2026 06:00:00 GMT")
    again = client.get(web.url("/f"), validators=first.validators)
    sent = web.requests[-1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == (first.validators.etag, first.validators.last_modified)
    assert (sent["if-none-match"], again.body) == ('W/"a, b\xe9"', b"")


def test_304_when_nothing_changed(web: Web, client: Client) -> None:
    web.add("/f", Reply(b"<rss/>", etag='"1"'))
    validators = client.get(web.url("/f")).validators
    assert client.get(web.url("/f"), validators=validators).outcome is Outcome.NOT_MODIFIED
    web.add("/f", Reply(b"<rss>2</rss>", etag='"2"'))
    assert client.get(web.url("/f"), validators=validators).body == b"<rss>2</rss>"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param("Mon, 14 Sep 2026 07:02:00 GMT", 120, id="HTTP date"),
        pytest.param("Mon, 14 Sep 2026 07:02:00", 120, id="date without zone"),
        pytest.param("Mon, 14 Sep 2026 06:00:00 GMT", None, id="past date"),
        pytest.param("0", None, id="zero"),
        pytest.param("-5", None, id="negative"),
        pytest.param("soon", None, id="words"),
        pytest.param("9" * 5000, 366 * 86400, id="excessive"),
        pytest.param("0" * 5000 + "120", 120, id="padded"),
        pytest.param("١٢", None, id="digits that are not ASCII"),
    ],
)
def test_retry_after(web: Web, client: Client, value: str, seconds: int | None) -> None:
    web.add("/f", Reply(status=503, headers={"Retry-After": value.encode().decode("latin-1")}))
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert client.get(web.url("/f")).retry_after == expected


def test_retry_after_counts_from_the_servers_own_clock(web: Web, client: Client) -> None:
    headers = {"Retry-After": "Thu, 01 Jan 1970 01:00:00 GMT", "Date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    assert client.get(web.add("/f", Reply(status=429, headers=headers))).retry_after == timedelta(hours=1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="nothing said"),
        pytest.param({"Cache-Control": "public, MAX-AGE=600"}, 600, id="max-age"),
        pytest.param({"Cache-Control": 'max-age="600"'}, 600, id="max-age in quotes"),
        pytest.param({"Cache-Control": "max-age=600", "Age": "100"}, 500, id="max-age less Age"),
        pytest.param({"Cache-Control": "max-age=600", "Age": "700"}, None, id="already stale"),
        pytest.param({"Cache-Control": "no-cache, max-age=600"}, None, id="no-cache"),
        pytest.param({"Cache-Control": "s-maxage=600"}, None, id="meant for proxies"),
        pytest.param({"Cache-Control": "max-age=x"}, None, id="unreadable"),
        pytest.param({"Cache-Control": "max-age=" + "9" * 5000}, 366 * 86400, id="excessive"),
        pytest.param({"Cache-Control": "max-age=600", "Age": "9" * 5000}, None, id="excessive Age"),
        pytest.param({"Cache-Control": "max-age=600", "Expires": "0"}, 600, id="max-age before Expires"),
        pytest.param({"Expires": "Mon, 14 Sep 2026 08:00:00 GMT"}, 3600, id="Expires"),
        pytest.param({"Expires": "Mon, 14 Sep 2026 08:00:00"}, 3600, id="Expires without zone"),
        pytest.param({"Expires": "Mon, 14 Sep 2020 08:00:00 GMT"}, None, id="Expires in the past"),
        pytest.param({"Expires": "0"}, None, id="Expires zero"),
        pytest.param(
            {"Expires": "Thu, 01 Jan 1970 00:10:00 GMT", "Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
            600,
            id="Expires less Date",
        ),
    ],
)
def test_freshness(web: Web, client: Client, headers: dict[str, str], seconds: int | None) -> None:
    answer = client.get(web.add("/f", Reply(b"x", headers=headers)))
    assert answer.max_age == (None if seconds is None else timedelta(seconds=seconds))
