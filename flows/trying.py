"""What would be made of a new source, step by step, with nothing stored: for `meetings sources try URL`.

    address -> robots.txt -> answer -> kind -> entries -> screen -> page -> table to paste

Each step is one line with a verdict; a step that fails ends the way, since nothing can come after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NoReturn
from urllib.parse import urlsplit

from fetch.client import Client
from fetch.outcomes import FetchError
from fetch.robots import product_token, rules
from flows.following import listing_of
from flows.pages import is_relevant
from flows.settings import Settings
from flows.steps import fetch_settings, load_catalogue, now_utc
from parsers.aggregators import leads_nowhere
from parsers.articles import extract_article
from parsers.catalogue import Catalogue, read_source
from parsers.guessing import guess_kind, guess_selectors, guess_title, named_feeds
from parsers.newcomers import Defaults, kind_of_address, objection, propose, web_host
from parsers.publishers import Publishers
from parsers.records import Answer, Entry, InputError, Kind, Outcome, Side, Source
from parsers.source_tables import interval_text, source_table
from parsers.text import decode, parse_html
from reports.clean import one_line
from reports.words import counted, span

TOO_OLD = timedelta(days=30)
"""A listing whose newest item is older than this is dead for a weekly digest."""
_SHOWN = 160
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_MOST_NAMED = 5


class Verdict(StrEnum):
    """What a step means for the source."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, what it means, and what was found, in one line."""

    name: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """All steps, and the source that they add up to; None when the way ended before there was one."""

    url: str
    steps: tuple[Step, ...]
    source: Source | None

    @property
    def works(self) -> bool:
        """Whether it could be declared as it stands."""
        return self.source is not None and all(step.verdict is not Verdict.FAIL for step in self.steps)


def try_source(
    settings: Settings, url: str, *, defaults: Defaults, on_step: Callable[[Step], None] | None = None
) -> Trial:
    """Fetch `url` and one article as a poll would, and tell what came of each step; `on_step` is told at once.

    Raises `InputError` when it is no http or https URL.
    """
    if not web_host(url):
        raise InputError(f"{url[:_SHOWN]} is not an http or https URL; give one such as https://example.org/rss.xml")
    with Client(fetch_settings(settings, [url]), clock=now_utc, sleep=time.sleep) as client:
        way = _Way(client, load_catalogue(settings), settings.user_agent, defaults, on_step)
        with suppress(_End):
            way.go(url)
    return Trial(url, tuple(way.steps), way.source)


class _End(Exception):  # noqa: N818 no error: a step failed for good, and has been told
    pass


class _Way:
    """The steps in their order; `source` is what is known of the source so far."""

    def __init__(
        self,
        client: Client,
        catalogue: Catalogue,
        user_agent: str,
        defaults: Defaults,
        on_step: Callable[[Step], None] | None,
    ) -> None:
        self._client = client
        self._catalogue = catalogue
        self._publishers = Publishers(catalogue.sources)
        self._token = product_token(user_agent)
        self._defaults = defaults
        self._on_step = on_step
        self.steps: list[Step] = []
        self.source: Source | None = None

    def go(self, url: str) -> None:
        """Take every step from an address to an article; raises `_End` behind the one that fails for good."""
        known = self._address(url)
        self._robots(url)
        answer = self._client.get(url, cookies=bool(known and known.cookies))
        if answer.outcome is not Outcome.OK:
            hint = " It may want its cookies back: declare cookies = true."
            lost = answer.outcome is Outcome.TOO_MANY_REDIRECTS
            self._stop("answer", f"{answer.message or answer.outcome}{hint if lost else ''}")
        self._tell(_answered(answer))
        self.source = source = self._kind(answer, known)
        entries = self._entries(answer, source)
        self._tell(_age(entries, source, now_utc()))
        self._tell(self._screened(entries, source))
        self._tell(self._page(entries, source))

    def _tell(self, step: Step) -> None:
        shown = replace(step, text=one_line(step.text))
        self.steps.append(shown)
        if self._on_step:
            self._on_step(shown)

    def _say(self, name: str, verdict: Verdict, text: str) -> None:
        self._tell(Step(name, verdict, text))

    def _stop(self, name: str, text: str) -> NoReturn:
        self._say(name, Verdict.FAIL, text)
        raise _End

    def _address(self, url: str) -> Source | None:
        """The catalogue's source at this address, if any."""
        if why := objection(url, self._catalogue):
            self._stop("address", f"{url[:_SHOWN]} {why}.")
        known = self._catalogue.source_at(url)
        if known:
            told = f"is in the catalogue already, as '{known.id}'; tried as declared there."
            self._say("address", Verdict.WARN, told)
        else:
            self._say("address", Verdict.OK, "new: neither in the catalogue nor among its dead addresses.")
        return known

    def _robots(self, url: str) -> None:
        """The rules bind us for article pages; a listing is asked for because a person declares it."""
        parts = urlsplit(url)
        answer = self._client.get(f"{parts.scheme}://{parts.netloc}/robots.txt")
        read = rules(answer, self._token)
        try:
            delay = read.check(url)
        except FetchError as error:
            self._say("robots.txt", Verdict.WARN, f"{error} The same would keep us from its articles.")
            return
        if answer.outcome is not Outcome.OK:
            self._say("robots.txt", Verdict.OK, f"none ({answer.outcome}), so nothing is forbidden.")
            return
        pace = f"asks for {delay.total_seconds():g} s between pages" if delay else "asks for no pace"
        self._say("robots.txt", Verdict.OK, f"allows this address, {pace}.")
        if read.parsed and (maps := list(read.parsed.sitemaps)[:_MOST_NAMED]):
            self._say("sitemaps", Verdict.OK, f"named in robots.txt: {', '.join(m[:_SHOWN] for m in maps)}")

    def _kind(self, answer: Answer, known: Source | None) -> Source:
        """The source as declared, or as proposed with the kind that the answer looks like."""
        kind = known.kind if known else kind_of_address(answer.url) or guess_kind(answer.body)
        if kind is None:
            what = answer.header("content-type") or "it"
            self._stop("kind", f"{what} is neither feed, sitemap nor page; look for another address.")
        text = decode(answer.body, answer.header("content-type"), self._defaults.language)
        selectors = known.selectors if known else None
        if kind is Kind.SECTION:
            soup = parse_html(text)
            if feeds := named_feeds(soup, answer.read_from)[:_MOST_NAMED]:
                named = ", ".join(feed[:_SHOWN] for feed in feeds)
                self._say("feeds", Verdict.WARN, f"the page names {named}; a feed outlives a layout, try that first.")
            selectors = selectors or guess_selectors(soup, answer.read_from)
            if selectors is None:
                told = "a page, but no element with an article's link repeats on it; give a page that lists articles."
                self._stop("kind", told)
        found = f", its list found as {selectors.item}" if selectors else ""
        self._say("kind", Verdict.OK, f"{kind}{found}.")
        title = guess_title(text)
        proposed = propose(answer.url, catalogue=self._catalogue, kind=kind, title=title, defaults=self._defaults)
        table = source_table(replace(proposed, selectors=selectors))
        # what the options say is checked as if it stood in a file
        return known or read_source(table, which=repr(answer.url), name="sources try")

    def _entries(self, answer: Answer, source: Source) -> list[Entry]:
        """The entries of the listing, newest first, undated ones last."""
        told, listing = listing_of(answer, source, lambda child: self._client.get(child, cookies=source.cookies))
        trouble = told.message or listing.message
        if not listing.entries:
            self._stop("entries", trouble or "it lists nothing.")
        if told.outcome is not Outcome.OK:
            self._say("index", Verdict.FAIL, f"not all that it leads to can be read, so polls fail: {trouble}")
        entries = listing.entries
        dated = sum(entry.published is not None for entry in entries)
        titled = sum(bool(entry.title) for entry in entries)
        verdict = Verdict.OK if titled == len(entries) else Verdict.WARN
        counts = f"{counted(len(entries), 'entry', 'entries')}, {titled} with a title, {dated} with a date."
        self._say("entries", verdict, counts)
        return sorted(entries, key=lambda entry: entry.published or _LONG_AGO, reverse=True)

    def _screened(self, entries: Sequence[Entry], source: Source) -> Step:
        """How many entries a poll would fetch, were the source of the one side and of the other."""
        sides = {side: replace(source, side=side) for side in Side}
        passed = {side: sum(is_relevant(self._publishers, one, e) for e in entries) for side, one in sides.items()}
        told = ", ".join(f"{number} as a source of side {side}" for side, number in passed.items())
        verdict = Verdict.OK if passed[source.side] else Verdict.WARN
        return Step("screen", verdict, f"of {len(entries)} would be fetched: {told}.")

    def _page(self, entries: Sequence[Entry], source: Source) -> Step:
        """One article, the newest that passes the screen, else the newest."""
        entry = next((each for each in entries if is_relevant(self._publishers, source, each)), entries[0])
        if leads_nowhere(entry.url):
            return Step("page", Verdict.OK, "none is fetched: the links lead to no page that may be read.")
        answer = self._client.get(entry.url, cookies=source.cookies, page=True)
        if answer.outcome is not Outcome.OK:
            return Step("page", Verdict.FAIL, f"{entry.url[:_SHOWN]}: {answer.message or answer.outcome}")
        url, content_type = answer.read_from, answer.header("content-type")
        article = extract_article(answer.body, url=url, content_type=content_type, source=source, entry=entry)
        if article is None:
            return Step("page", Verdict.FAIL, f"no text was found on {url[:_SHOWN]}.")
        when = article.published or article.published_on
        dated = f"{when:%d %b %Y}" if when else "no date"
        text = " ".join(p for n, p in enumerate(article.paragraphs) if n not in article.captions)
        first = one_line(text, _SHOWN)
        verdict = Verdict.OK if when and article.method.startswith("outlet:") else Verdict.WARN
        return Step("page", verdict, f"read by {article.method}, {dated}: “{article.title[:_SHOWN]}” – {first}")


def _answered(answer: Answer) -> Step:
    parts = [f"{answer.status} in {answer.http_version}", answer.header("content-type") or "no content type"]
    parts.append(f"{len(answer.body):,} bytes")
    has = [name for name in ("ETag", "Last-Modified") if answer.header(name)]
    parts.append(f"validators {' and '.join(has)}" if has else "no validators, so it is always sent whole")
    if answer.permanent_url:
        return Step(
            "answer", Verdict.WARN, f"{', '.join(parts)}; it moved for good, declare {answer.permanent_url[:_SHOWN]}"
        )
    if answer.read_from != answer.url:
        parts.append(f"redirected to {answer.read_from[:_SHOWN]}")
    return Step("answer", Verdict.OK, f"{', '.join(parts)}.")


def _age(entries: Sequence[Entry], source: Source, now: datetime) -> Step:
    newest = max((entry.published for entry in entries if entry.published), default=None)
    if newest is None:
        return Step("age", Verdict.WARN, "no entry has a date: each page's own date is taken.")
    age = max(now - newest, timedelta(0))
    told = f"the newest entry is {span(age)} old"
    if age > TOO_OLD:
        return Step("age", Verdict.FAIL, f"{told}: it answers, but it is dead.")
    if age > source.rhythm:
        return Step("age", Verdict.WARN, f"{told}, older than a rhythm of {interval_text(source.rhythm)}.")
    return Step("age", Verdict.OK, f"{told}.")
