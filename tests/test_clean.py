"""What others wrote, made fit for one line, and their addresses for a link."""

from __future__ import annotations

import pytest

from reports.clean import one_line, safe_url


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/x?b=1&c=(2)", "https://a.example/x?b=1&c=%282%29"),
        ("https://a.example/%E4%BC%9A?x=%20", "https://a.example/%E4%BC%9A?x=%20"),
        ('https://a.example/会" onclick="x', "https://a.example/%E4%BC%9A%22%20onclick=%22x"),
        ("HTTPS://a.example/\n>", "HTTPS://a.example/%0A%3E"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.example/x", None),
        ("https://", None),
        ("https://[", None),
        ("https://a.example/" + "会" * 300, None),
        (None, None),
    ],
)
def test_safe_url(url: str | None, safe: str | None) -> None:
    assert safe_url(url) == safe


@pytest.mark.parametrize(
    ("text", "limit", "line"),
    [
        ("  two\n lines\t ", None, "two lines"),
        ("safe\u202etxt\u202c", None, "safetxt"),
        ("e\u0302\u0323", None, "ệ"),
        ("one two three four", 14, "one two…"),
        ("x" * 50, 10, "x" * 9 + "…"),
        ("family 👩‍👧", None, "family 👩‍👧"),
        ("half\ud800", None, "half"),
    ],
    ids=["space", "bidi", "composed", "cut at a word", "cut in a long word", "joined emoji", "lone surrogate"],
)
def test_one_line(text: str, limit: int | None, line: str) -> None:
    assert one_line(text, limit) == line
