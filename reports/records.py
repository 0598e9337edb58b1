"""What an issue says, as one frozen record of ready words, from which all three forms are rendered.

Texts are clean (one line, no control or bidi characters, cut where over-long with an ellipsis) but not yet escaped:
each form escapes for itself. Nothing here depends on when it runs: the moment the issue speaks for is given.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonView:
    """A principal. `written` is the name in the source's script where it differs from the Latin one."""

    name: str
    written: str
    role: str


@dataclass(frozen=True, slots=True)
class PeopleView:
    """One side's principals; `more` counts those not listed, `missing` is said where there are none."""

    label: str
    people: tuple[PersonView, ...]
    more: str
    missing: str


@dataclass(frozen=True, slots=True)
class CopyView:
    """Another outlet that prints the same text: "also on …"; `url` is None for an imported file."""

    outlet: str
    url: str | None


@dataclass(frozen=True, slots=True)
class ArticleView:
    """One article as a source: `url` is None for an imported file, which has its `file_name` instead.

    `also` are the places where the same text stands too.
    """

    title: str
    outlet: str
    published: str
    language: str
    language_name: str
    url: str | None
    file_name: str
    also: tuple[CopyView, ...] = ()


@dataclass(frozen=True, slots=True)
class QuoteView:
    """Sentences in their article's own words."""

    text: str
    article: ArticleView


@dataclass(frozen=True, slots=True)
class SpeakerView:
    """Somebody whose words an account reports: in how many of its sentences, and the weightiest of them."""

    name: str
    sentences: int
    quote: QuoteView


@dataclass(frozen=True, slots=True)
class AccountView:
    """One side's telling of a meeting; `missing` is the sentence that says so where there is none.

    Every quoted article is among `articles`; `more` counts those not listed. `only_before`: no article of it tells the
    meeting as held, only as announced or called off.
    """

    side: str
    label: str
    quotes: tuple[QuoteView, ...]
    speakers: tuple[SpeakerView, ...]
    articles: tuple[ArticleView, ...]
    more: str
    missing: str
    only_before: bool = False


@dataclass(frozen=True, slots=True)
class CellView:
    """What one side says of one thing: its own words, the sentence they stand in and where it is to be read.

    `missing` is the sentence that says so where the side does not mention it; then the rest is empty.
    """

    words: str
    language: str
    quote: str
    article: ArticleView | None
    missing: str


@dataclass(frozen=True, slots=True)
class RowView:
    """One thing in both accounts. `kind`: topic, phrase, term or figure; `told_by`: both, china or vietnam."""

    label: str
    kind: str
    told_by: str
    china: CellView
    vietnam: CellView


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Both accounts of one meeting side by side; `summary` is one sentence, `more` counts rows not shown.

    Where one side gave no account, `summary` says so once and that side's cells are empty, `missing` included.
    """

    summary: str
    rows: tuple[RowView, ...]
    more: str


@dataclass(frozen=True, slots=True)
class FirstView:
    """A first, such as a first visit since taking office, and what it rests on: the archive, or a source's words."""

    text: str
    basis: str
    article: ArticleView | None


@dataclass(frozen=True, slots=True)
class VisitView:
    """One trip: who went where, on which route, as what kind of visit, and the ids of the meetings made on it.

    `basis` is the sentence that names the kind, `article` where it stands; empty with `kind`. `days` is the sentence
    that gives the days of `period`, None where they are those of the meetings or `basis` gives them.
    """

    id: str
    headline: str
    period: str
    route: str
    kind: str
    meeting_ids: tuple[str, ...]
    basis: str = ""
    article: ArticleView | None = None
    days: QuoteView | None = None


@dataclass(frozen=True, slots=True)
class SeriesView:
    """One forum with ordinals as a calendar: its last session, this one, and when the next is to be expected.

    Each is a ready phrase with date and place, empty where nothing is known; `basis` says what `next` rests on.
    """

    id: str
    name: str
    last: str
    current: str
    next: str
    basis: str


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """A meeting changed after an issue told of it: which issue, which field, what it said, what holds now."""

    meeting_id: str
    headline: str
    week: str
    field: str
    before: str
    now: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class FigureView:
    """One figure of the week beside the week before and the average of 26 weeks, as ready text."""

    label: str
    value: str
    before: str
    average: str


@dataclass(frozen=True, slots=True)
class MeetingView:
    """One meeting. Empty strings and tuples stand for what is not known, unless a text says so.

    `level`, `channel` and `topic_ids` are the record's own values; `visit` is the id of the visit it was made on,
    `page` its page in the web archive.
    """

    id: str
    headline: str
    kicker: str
    when: str
    when_note: str
    where: str
    forum: str
    how: str
    topics: str
    people: tuple[PeopleView, ...]
    accounts: tuple[AccountView, ...]
    level: str = ""
    channel: str = ""
    topic_ids: tuple[str, ...] = ()
    comparison: ComparisonView = ComparisonView("", (), "")
    firsts: tuple[FirstView, ...] = ()
    visit: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class LineView:
    """A meeting in one line, with the articles that tell it.

    `outcome` is one sentence of news: what became of an announcement, or what a further account adds.
    """

    headline: str
    when: str
    where: str
    forum: str
    note: str
    articles: tuple[ArticleView, ...]
    more: str
    id: str = ""
    level: str = ""
    topic_ids: tuple[str, ...] = ()
    outcome: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class HealthView:
    """A troubled source: what is wrong, since when, and what that means for the issue."""

    name: str
    words: str
    since: str
    meaning: str


@dataclass(frozen=True, slots=True)
class IssueContext:
    """One whole issue. `sources_line` is empty in a back issue, which speaks of a past week.

    `settled`: what became of announcements, those without a report among them. `further`: new accounts of meetings that
    an earlier issue told of. `average_weeks`: over how many weeks the figures' average is taken. `in_short` and
    `late_in_short`: the meetings for one who wants them in a line each. `outside`: what a reader's own choice left out,
    in words. `web`: the base address of the web archive, without a slash at its end, or empty. `gaps`: whether a quiet
    week may be quiet for want of sources, as its lead says; empty in other weeks.
    """

    week: str
    zone: str
    name: str
    subject: str
    period: str
    back: bool
    standing: str
    lead: str
    meetings: tuple[MeetingView, ...]
    late: tuple[MeetingView, ...]
    ahead: tuple[LineView, ...]
    articles_line: str
    sources_line: str
    health: tuple[HealthView, ...]
    figures: tuple[FigureView, ...] = ()
    average_weeks: int = 0
    chart_text: str = ""
    visits: tuple[VisitView, ...] = ()
    series: tuple[SeriesView, ...] = ()
    settled: tuple[LineView, ...] = ()
    further: tuple[LineView, ...] = ()
    corrections: tuple[CorrectionView, ...] = ()
    outside: str = ""
    web: str = ""
    in_short: tuple[LineView, ...] = ()
    late_in_short: tuple[LineView, ...] = ()
    gaps: str = ""
