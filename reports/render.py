"""One issue in two forms from one context: Markdown (CommonMark), which is also the plain text, and HTML for mail.

The templates only lay out. Each form escapes every value by itself: HTML by Jinja2's autoescape, Markdown by the
environment's `finalize`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
    tight, few = min(rows, _ROWS_WHEN_TIGHT), min(compared, _COMPARED_WHEN_TIGHT)
    return (
        _fitting(ctx, Detail(meetings, meetings, rows, compared))
        or _most(few, compared, lambda number: _fitting(ctx, Detail(meetings, meetings, tight, number)))
        or _most(0, meetings, lambda number: _fitting(ctx, Detail(number, meetings, tight, few)))
        or _most(0, meetings, lambda number: _fitting(ctx, Detail(0, number, tight, 0)))
        or _inlined(_page(ctx, Detail(0, 0, 0, 0)))
    )


def with_chart(html: str, address: str) -> str:
    """The HTML with its chart at `address`: a file's name beside it, or a part of the same mail (`cid:`, RFC 2392)."""
    return html.replace(_CHART, f'src="{address}"')


def issue_page(ctx: IssueContext) -> str:
    """The issue's address in the web archive; empty without one."""
    return f"{ctx.web}/issues/{ctx.week}/" if ctx.web else ""


def _most(least: int, highest: int, render: Callable[[int], str | None]) -> str | None:
    """The HTML with the highest number at which it still fits, or None when it does not even with the least.

    Looked for in steps that grow from the least on, since long pages take long, but never beyond half of what is left.
    """
    best, low, high, step = render(least), least + 1, highest, 0
    while best is not None and low <= high:
        number = low + min(step, (high - low) // 2)
        html = render(number)
        if html is not None:
            best, low, step = html, number + 1, 2 * step + 1
        else:
            high = number - 1
    return best


def _fitting(ctx: IssueContext, detail: Detail) -> str | None:
    """The HTML with so much detail; None when it is too long."""
    page = _page(ctx, detail)
    # styles set into its elements lengthen a page, and nothing else that happens to it shortens it by half
    html = _inlined(page) if len(page) < 2 * HTML_LIMIT else page
    return html if len(html.encode()) < HTML_LIMIT else None


def _page(ctx: IssueContext, detail: Detail) -> str:
    template = _environment("html").get_template("digest.html.j2")
    return template.render(ctx=ctx, detail=detail, issue_page=issue_page(ctx), TOLD_BY=words.TOLD_BY)


def _inlined(page: str) -> str:
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
    lines = list(_lines(" ".join(text.split()), _TEXT_WIDTH - len(indent)))
    safe = lines[:1] + [_escape_start(_INTERRUPTING, line) for line in lines[1:]]
    return _Verbatim("\n".join((indent if at or first is None else first) + line for at, line in enumerate(safe)))


def _lines(text: str, width: int) -> Iterator[str]:
    """Lines of so many characters where words, which one space each divides, allow it."""
    start = 0
    while len(text) - start > width:
        end = text.rfind(" ", start, start + width + 1)
        if end < 0:
            end = text.find(" ", start + width)
        if end < 0:
            break
        yield text[start:end]
        start = end + 1
    yield text[start:]


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
        # there is nothing to fold in these templates, and to look for it takes a third of their compiling
        optimized=False,
    )
    environment.filters["plain"] = lambda value: _Verbatim(escape_markdown(value))
    environment.filters["verbatim"] = _Verbatim
    environment.filters["wrap"] = wrap
    return environment
