"""Held meetings a week by level, as a picture for mail and web: the same counts give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from meetings.records import Rank
from reports.figures import WEEKS, WeekCount
from reports.words import MONTHS, counted, period

WIDTH, HEIGHT = 544, 210
"""In CSS pixels; the picture has twice as many, for sharp screens."""

# a legend of seven ranks would be longer than the chart
_GROUPS = (
    ("Leaders and their deputies", "#1f1e1b", (Rank.LEADER, Rank.HEAD_OF_GOVERNMENT, Rank.DEPUTY_LEADER)),
    ("Ministers", "#8a6d2f", (Rank.MINISTER,)),
    ("Other officials", "#eadfc6", (Rank.VICE_MINISTER, Rank.DIRECTOR, Rank.LOCAL)),
)
# the edge stands out from the paper where the lightest colour does not (WCAG 2.2 §1.4.11)
_PAPER, _INK, _FAINT, _EDGE = "#fffdf9", "#4d4941", "#e4ddcf", "#8a6d2f"


def weekly_chart(counts: Sequence[WeekCount]) -> bytes:
    """A PNG of the last WEEKS of `counts` as stacked bars, the last one named. Its text form is `chart_text`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    shown = counts[-WEEKS:]
    places, names = _months(shown)
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=200, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes(_frame(shown, places[-1], names[-1]), facecolor=_PAPER)
    bottoms = [0] * len(shown)
    for label, colour, ranks in _GROUPS:
        heights = [sum(count.by_level.get(rank, 0) for rank in ranks) for count in shown]
        tops = [low + high for low, high in zip(bottoms, heights, strict=True)]
        # one collection is drawn in half the time of as many bars
        bars = [
            [(at - 0.36, low), (at - 0.36, high), (at + 0.36, high), (at + 0.36, low)]
            for at, (low, high) in enumerate(zip(bottoms, tops, strict=True))
        ]
        axes.add_collection(
            PolyCollection(bars, facecolor=colour, edgecolor=_EDGE, linewidth=0.5, label=label, snap=True),
            autolim=False,
        )
        bottoms = tops
    axes.annotate(
        str(bottoms[-1]),
        (len(shown) - 1, bottoms[-1]),
        ha="center",
        va="bottom",
        fontsize=10,
        weight="bold",
        color=_INK,
    )
    axes.set_xticks(places, names, fontsize=9, color=_INK, ha="left")
    axes.set_ylim(0, max(4, *bottoms) * 1.12)
    axes.set_xlim(-0.6, len(shown) - 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.tick_params(axis="y", labelsize=9, labelcolor=_INK, length=0)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", color=_FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    for edge in axes.spines.values():
        edge.set_visible(False)
    figure.legend(loc="upper left", ncols=3, fontsize=9, frameon=False, labelcolor=_INK, handlelength=1)
    picture = BytesIO()
    # without them the file would name the version that drew it
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _frame(shown: Sequence[WeekCount], at: int, name: str) -> tuple[float, float, float, float]:
    """Left, bottom, width, height of the bars' field in parts of the picture: labels have what is left of it.

    The last month's `name` begins at its bar and may be longer than what stands to the right of it.
    """
    figures = len(str(max(count.total for count in shown)))
    left, right = 0.017 + 0.015 * figures, 0.992
    beside = (len(shown) - at - 0.4) / len(shown)
    needed = 0.015 * len(name)
    width = min(right - left, (0.997 - left - needed) / (1 - beside))
    return left, 0.1025, width, 0.7308


def chart_text(counts: Sequence[WeekCount]) -> str:
    """The chart in one sentence, for who does not see it."""
    shown = counts[-WEEKS:]
    most = max(shown, key=lambda count: count.total)
    text = f"Meetings held a week over {len(shown)} weeks: {shown[-1].total} in the last one"
    if most.total > shown[-1].total:
        text += f", {most.total} at most, in the week of {period(*most.week.days())}"
    return f"{text}; {counted(sum(count.total for count in shown), 'meeting')} in all."


def _months(shown: Sequence[WeekCount]) -> tuple[list[int], list[str]]:
    """The bars at which a month begins, and its name; the year with January and at the start."""
    places: list[int] = []
    names: list[str] = []
    for at, count in enumerate(shown):
        monday, sunday = count.week.days()
        if at == 0 or monday.month != sunday.month or monday.day == 1:
            year = f" {sunday.year}" if sunday.month == 1 or at == 0 else ""
            # the first name stands alone when the next month begins too near
            if places and at - places[-1] < 3:
                places.pop()
                names.pop()
            places.append(at)
            names.append(MONTHS[sunday.month - 1][:3] + year)
    return places, names
