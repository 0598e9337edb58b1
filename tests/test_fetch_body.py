"""Bodies as they unpack: in pieces, in members, as bombs."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable

import brotli
from hypothesis import given
from hypothesis import strategies as st

from fetch.body import read_body
from fetch.client import Client
from fetch.outcomes import FetchError
from parsers.records import Outcome
from tests.webserver import Web, bomb


def test_a_brotli_bomb_is_stopped_while_it_unpacks(web: Web, make: Callable[..., Client]) -> None:
    answer = make(max_body=500_000_000).get(web.add("/bomb", bomb(16_000_000, "br")))
    assert (answer.outcome, answer.body) == (Outcome.TOO_LARGE, b"")
    assert "250 times" in answer.message


def test_a_small_very_regular_body_is_no_bomb(web: Web, make: Callable[..., Client]) -> None:
    assert len(make(max_body=2_000_000).get(web.add("/a", bomb(1_000_000, "br"))).body) == 1_000_000


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 50), st.binary(max_size=5))
def test_gzip_in_any_pieces_and_members(members: list[bytes], size: int, padding: bytes) -> None:
    packed = b"".join(gzip.compress(member) for member in members) + b"\0" + padding
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert read_body(chunks, host="h", encoding="gzip", max_body=10_000) == b"".join(members)


@given(st.builds(lambda part, times: part * times, st.binary(max_size=30), st.integers(0, 9_000)), st.integers(1, 50))
def test_brotli_in_any_pieces(data: bytes, size: int) -> None:
    packed = brotli.compress(data)
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert read_body(chunks, host="h", encoding="br", max_body=1_000_000) == data


@given(st.lists(st.binary(max_size=50), max_size=5), st.sampled_from(["gzip", "br"]))
def test_any_bytes_decode_or_stop(chunks: list[bytes], encoding: str) -> None:
    with contextlib.suppress(FetchError):
        assert len(read_body(chunks, host="h", encoding=encoding, max_body=10_000)) <= 10_000
