"""One issue in two forms from one context: Markdown (CommonMark), which is also the plain text, and HTML for mail.

The templates only lay out. Each form escapes every value by itself: HTML by Jinja2's autoescape, Markdown by the
environment's `finalize`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from reports import words
from reports.records import IssueContext

# Gmail shows a "view entire message" link instead of what goes beyond 102 kB of HTML
HTML_LIMIT = 100_000
_ROWS_WHEN_TIGHT = 12
_COMPARED_WHEN_TIGHT = 3
_TEXT_WIDTH = 78
# the picture's place, until it is known where the picture stands
_CHART = 'src="cid:chart"'


@dataclass(frozen=True, slots=True)
class Forms:
    """One issue, rendered. The HTML names its chart `cid:chart` until `with_chart` tells where it stands."""

    markdown: str
    html: str


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of an issue its HTML shows.

    So many meetings in full, so many at all, so many rows in each other list and in the comparison of two accounts.
    """

    full: int
    listed: int
    rows: int
    compared: int


def render_forms(ctx: IssueContext) -> Forms:
    """Both forms."""
    return Forms(render_markdown(ctx), render_html(ctx))


def render_markdown(ctx: IssueContext) -> str:
    """The whole issue as CommonMark without raw HTML, in lines of 78 columns where words allow; it is the plain text.

    Addresses stand below the part that they belong to, each under one number in the whole issue.
    """
    template = _environment("markdown").get_template("digest.md.j2")
    return _tidy(template.render(ctx=ctx, notes=_Notes(), issue_page=issue_page(ctx), TOLD_BY=words.TOLD_BY))


def render_html(ctx: IssueContext) -> str:
    """The issue as a mail's HTML under 100 kB: what does not fit is shown short, and said to be so.

    First long lists are cut, then comparisons, then meetings are shown in brief from the lowest up, then not at all.
    """
    meetings = len(ctx.meetings) + len(ctx.late)
    lists = (
        ctx.ahead,
        ctx.settled,
        ctx.further,
        ctx.corrections,
        ctx.series,
        ctx.health,
        ctx.in_short,
        ctx.late_in_short,
    )
    rows = max(map(len, lists))
    compared = max((len(view.comparison.rows) for view in (*ctx.meetings, *ctx.late)), default=0)
    html = _html(ctx, Detail(meetings, meetings, rows, compared))
    if _fits(html):
        return html
    tight, few = min(rows, _ROWS_WHEN_TIGHT), min(compared, _COMPARED_WHEN_TIGHT)
    return (
        _most(few, compared, lambda number: _html(ctx, Detail(meetings, meetings, tight, number)))
        or _most(0, meetings, lambda number: _html(ctx, Detail(number, meetings, tight, few)))
        or _most(0, meetings, lambda number: _html(ctx, Detail(0, number, tight, 0)))
        or _html(ctx, Detail(0, 0, 0, 0))
    )


def with_chart(html: str, address: str) -> str:
    """The HTML with its chart at `address`: a file's name beside it, or a part of the same mail (`cid:`, RFC 2392)."""
    return html.replace(_CHART, f'src="{address}"')


def issue_page(ctx: IssueContext) -> str:
    """The issue's address in the web archive; empty without one."""
    return f"{ctx.web}/issues/{ctx.week}/" if ctx.web else ""


def _most(least: int, highest: int, render: Callable[[int], str]) -> str | None:
    """The HTML with the highest number at which it still fits, found by halving; None when not even the least does."""
    # where nothing will fit, one look is enough
    best, low, high = render(least), least + 1, highest
    if not _fits(best):
        return None
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
    template = _environment("html").get_template("digest.html.j2")
    page = template.render(ctx=ctx, detail=detail, issue_page=issue_page(ctx), TOLD_BY=words.TOLD_BY)
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)
    return _tidy(str(inliner.inline(page)))


def _tidy(text: str) -> str:
    """No space at line ends, no two empty lines in a row, one line feed at the end."""
    lines = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


class _Verbatim(str):
    """Markdown that must not be escaped again."""

    __slots__ = ()


# where CommonMark or GitHub's extensions (autolinks, strikethrough, formulas) would read markup into ordinary words
_INLINE = re.compile(
    r"[\\`*\[\]<>~|@]|\$(?!\d)|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|:(?=//)|(?<=www)\.",
    re.IGNORECASE,
)
_AT_START = re.compile(r"^(?:[#+=-]|\d+(?=[.)](?:\s|$)))")
# of these, what may interrupt a paragraph (CommonMark §5.2: of numbers, only 1), and what GitHub takes for a table
_INTERRUPTING = re.compile(r"^(?:[#+=-]|:(?=-)|0*1(?=[.)](?:\s|$)))")


def escape_markdown(value: object) -> str:
    """A value as Markdown text that reads exactly as it is written."""
    text = str(value)
    if isinstance(value, _Verbatim):
        return text
    return _escape_start(_AT_START, _INLINE.sub(lambda match: "\\" + match[0], text))


def _escape_start(pattern: re.Pattern[str], line: str) -> str:
    return pattern.sub(lambda match: match[0] + "\\" if match[0][0].isdigit() else "\\" + match[0], line)


def _destination(url: str) -> _Verbatim:
    """An address that `clean.safe_url` gave, as the target of a Markdown link."""
    return _Verbatim(re.sub(r"&(?=#?\w+;)", r"\\&", url))


def wrap(text: str, indent: str = "", first: str | None = None) -> _Verbatim:
    """Markdown on lines of 78 columns that reads as it does on one; `first` stands before it in place of `indent`."""
    lines = textwrap.wrap(text, _TEXT_WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    safe = lines[:1] + [_escape_start(_INTERRUPTING, line) for line in lines[1:]]
    return _Verbatim("\n".join((indent if at or first is None else first) + line for at, line in enumerate(safe)))


class _Notes:
    """The addresses of an issue by number, told once each below the part in which they first occur."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._told = 0

    def link(self, text: object, url: str) -> _Verbatim:
        """A reference link (CommonMark §6.3); the brackets of `text` are escaped with it."""
        number = self._numbers.setdefault(url, len(self._numbers) + 1)
        return _Verbatim(f"[{escape_markdown(text)}][{number}]")

    def addresses(self) -> _Verbatim:
        """The link reference definitions of what was linked since the last call."""
        new = list(self._numbers.items())[self._told :]
        self._told = len(self._numbers)
        return _Verbatim("\n".join(f"[{number}]: {_destination(url)}" for url, number in new))


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
    environment.filters["plain"] = lambda value: _Verbatim(escape_markdown(value))
    environment.filters["verbatim"] = _Verbatim
    environment.filters["wrap"] = wrap
    return environment
