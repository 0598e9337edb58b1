"""One issue in three forms from one context: Markdown (CommonMark), HTML for mail, and plain text.

The templates only lay out. Each form escapes every value by itself: HTML by Jinja2's autoescape, Markdown by the
environment's `finalize`, plain text by having nothing to escape in one clean line.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from reports.records import IssueContext

# Gmail shows a "view entire message" link instead of what goes beyond 102 kB of HTML
HTML_LIMIT = 100_000
_ROWS_WHEN_TIGHT = 12
_TEXT_WIDTH = 76


@dataclass(frozen=True, slots=True)
class Forms:
    """One issue, rendered."""

    markdown: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of an issue its HTML shows: so many meetings in full, so many at all, so many rows in other lists."""

    full: int
    listed: int
    rows: int


def render_forms(ctx: IssueContext) -> Forms:
    """All three forms."""
    return Forms(render_markdown(ctx), render_html(ctx), render_text(ctx))


def render_markdown(ctx: IssueContext) -> str:
    """The whole issue as CommonMark without raw HTML."""
    return _tidy(_environment("markdown").get_template("digest.md.j2").render(ctx=ctx))


def render_text(ctx: IssueContext) -> str:
    """The whole issue as plain text of 76 columns; only addresses and unbreakable words are longer."""
    return _tidy(_environment("text").get_template("digest.txt.j2").render(ctx=ctx))


def render_html(ctx: IssueContext) -> str:
    """The issue as a mail's HTML under 100 kB: what does not fit is shown short, and said to be so."""
    meetings = len(ctx.meetings) + len(ctx.late)
    rows = max(len(ctx.ahead), len(ctx.awaited), len(ctx.health))
    html = _html(ctx, Detail(meetings, meetings, rows))
    if _fits(html):
        return html
    tight = min(rows, _ROWS_WHEN_TIGHT)
    full = _most(meetings, lambda number: _html(ctx, Detail(number, meetings, tight)))
    if full is not None:
        return full
    listed = _most(meetings, lambda number: _html(ctx, Detail(0, number, tight)))
    return listed if listed is not None else _html(ctx, Detail(0, 0, 0))


def _most(highest: int, render: Callable[[int], str]) -> str | None:
    """The HTML with the highest number at which it still fits, found by halving; None when not even 0 does."""
    best, low, high = None, 0, highest
    while low <= high:
        middle = (low + high) // 2
        html = render(middle)
        if _fits(html):
            best, low = html, middle + 1
        else:
            high = middle - 1
    return best


def _fits(html: str) -> bool:
    return len(html.encode()) < HTML_LIMIT


def _html(ctx: IssueContext, detail: Detail) -> str:
    page = _environment("html").get_template("digest.html.j2").render(ctx=ctx, detail=detail)
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False)
    return _tidy(str(inliner.inline(page)))


def _tidy(text: str) -> str:
    """No space at line ends, no two empty lines in a row, one line feed at the end."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)).strip() + "\n"


class _Verbatim(str):
    """Markdown that must not be escaped again."""

    __slots__ = ()


# where CommonMark or GitHub's extensions (autolinks, strikethrough) would read markup into ordinary words
_INLINE = re.compile(
    r"[\\`*\[\]<>~|$@]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|:(?=//)|(?<=www)\.",
    re.IGNORECASE,
)
_AT_START = re.compile(r"^(?:[#+=-]|\d+(?=[.)]))")


def escape_markdown(value: object) -> str:
    """A value as Markdown text that reads exactly as it is written."""
    text = str(value)
    if isinstance(value, _Verbatim):
        return text
    text = _INLINE.sub(lambda match: "\\" + match[0], text)
    return _AT_START.sub(lambda match: match[0] + "\\" if match[0][0].isdigit() else "\\" + match[0], text)


def _destination(url: str) -> _Verbatim:
    """An address that `clean.safe_url` gave, as the target of a Markdown link."""
    return _Verbatim(re.sub(r"&(?=#?\w+;)", r"\\&", url))


def _wrap(text: str, indent: str = "", first: str | None = None) -> str:
    return textwrap.fill(
        text,
        _TEXT_WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


@cache
def _environment(form: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=escape_markdown if form == "markdown" else None,
    )
    environment.filters["destination"] = _destination
    environment.filters["verbatim"] = _Verbatim
    environment.filters["wrap"] = _wrap
    return environment
