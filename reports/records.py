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
class ArticleView:
    """One article as a source: `url` is None for an imported file, which has its `file_name` instead."""

    title: str
    outlet: str
    published: str
    language: str
    language_name: str
    url: str | None
    file_name: str


@dataclass(frozen=True, slots=True)
class QuoteView:
    """Sentences in their article's own words."""

    text: str
    article: ArticleView


@dataclass(frozen=True, slots=True)
class AccountView:
    """One side's telling of a meeting; `missing` is the sentence that says so where there is none.

    Every quoted article is among `articles`; `more` counts those not listed.
    """

    side: str
    label: str
    quotes: tuple[QuoteView, ...]
    articles: tuple[ArticleView, ...]
    more: str
    missing: str


@dataclass(frozen=True, slots=True)
class MeetingView:
    """One meeting. Empty strings and tuples stand for what is not known, unless a text says so."""

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


@dataclass(frozen=True, slots=True)
class LineView:
    """An announced meeting in one line, with the articles that announce it."""

    headline: str
    when: str
    where: str
    forum: str
    note: str
    articles: tuple[ArticleView, ...]
    more: str


@dataclass(frozen=True, slots=True)
class HealthView:
    """A source that did not answer as it should, in the words of docs/vocabulary.md."""

    name: str
    words: str
    since: str
    last_success: str


@dataclass(frozen=True, slots=True)
class IssueContext:
    """One whole issue. `sources_line` is empty in a back issue, which speaks of a past week."""

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
    awaited: tuple[LineView, ...]
    ahead: tuple[LineView, ...]
    articles_line: str
    sources_line: str
    health: tuple[HealthView, ...]
