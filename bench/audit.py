"""What an archive lost or doubled, beside what its feeds listed and its mail server took: every finding a sentence.

A count alone would not see an article without its file, a meeting without a mention, a WARC that ends too early for
what stands behind it, or two mails of one issue that differ.
"""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from archive import articles, deliveries, issues, meetings, sources
from archive.articles import stored_article
from archive.models import ArticleRow, IssueRow, LockRow
from archive.records import Delivery, DeliveryState, IssueState, StoredArticle, StoredIssue
from archive.store import Archive
from bench.postbox import ADDRESSES, GONE, Accepted
from bench.press import FEEDS, Press
from meetings.detect import RULES_VERSION
from parsers.records import article_key
from parsers.seedfile import SeedError, read_seed
from reports.mail import CHART_NAME
from reports.render import with_chart

FOREVER = timedelta(days=3650)
HALF_WRITTEN = (".part", ".tmp")
UNEXPLAINED = ""
DOUBTFUL = (DeliveryState.UNKNOWN, DeliveryState.SENDING)
"""Between two runs: what is being sent then was left by a process that died."""


class Kind(StrEnum):
    """What a finding counts as."""

    LOST = "lost"
    DOUBLED = "doubled"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that should not be."""

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the archive saw, to be held against later ones.

    `states` of the deliveries by Message-ID; `issues`: a hash of what each closed one says, by week.
    """

    states: Mapping[str, DeliveryState]
    issues: Mapping[str, str]


def look(archive: Archive) -> Look:
    """The ledger and the closed issues, of which no more is read than what may not change: each run has its look."""
    said = IssueRow.subject, IssueRow.markdown, IssueRow.html, IssueRow.chart
    closed = select(IssueRow.week, *said).where(IssueRow.state.in_([state for state in IssueState if state.closed]))
    with archive.read() as session:
        states = {each.message_id: each.state for each in deliveries.deliveries(session)}
        hashes = {week: sha256(repr(content).encode()).hexdigest() for week, *content in session.execute(closed)}
    return Look(states, hashes)


def all_over(archive: Archive) -> bool:
    """Whether nothing is sent any more of the program's own accord."""
    with archive.read() as session:
        return all(map(_is_over, deliveries.deliveries(session)))


def _is_over(delivery: Delivery) -> bool:
    """A message whose sender was killed, and whose address the server refused then, waits for a person."""
    return delivery.state in (DeliveryState.ACCEPTED, DeliveryState.REFUSED) or delivery.held


def changed_issues(before: Look, after: Look) -> Iterator[Finding]:
    """Closed issues that did not stay as they were closed."""
    for week, content in before.issues.items():
        if after.issues.get(week) != content:
            yield Finding(Kind.WRONG, f"the closed issue {week} was changed")


def hidden(archive: Archive, press: Press) -> Iterator[Finding]:
    """Articles that a stored validator hides: not in the archive, not waiting, and the next answer is a 304."""
    listed = press.listed()
    with archive.read() as session:
        states = sources.states(session)
        for id_, (etag, urls) in listed.items():
            if id_ in states and states[id_].validators.etag == etag:
                known = sources.known_entries(session, set(map(article_key, urls)), polled=listed.keys())
                for url in urls:
                    if article_key(url) not in known:
                        yield Finding(Kind.LOST, f"the validator of {id_} hides {url}")


def missing(archive: Archive, press: Press) -> list[str]:
    """The addresses of the articles listed so far that are not in the archive."""
    keys = {article.key: url for url, article in press.articles.items()}
    with archive.read() as session:
        return [keys[key] for key in keys.keys() - articles.known_keys(session, keys)]


def half_files(home: Path, press: Press) -> Iterator[Finding]:
    """Files of articles under their final names that are not whole."""
    texts = {article.key: article for article in press.articles.values()}
    for path in (home / "articles").glob("*/*.txt"):
        expected = texts.get(path.stem.rpartition("_")[2])
        try:
            seed = read_seed(path.read_bytes(), name=path.name)
        except SeedError as error:
            yield Finding(Kind.WRONG, f"the file {path.name} is damaged: {error}")
            continue
        if expected is None or (seed.title, seed.paragraphs) != (expected.title, expected.paragraphs):
            yield Finding(Kind.WRONG, f"the file {path.name} holds other words than the page")


def repetitions(taken: Sequence[Accepted], before: Mapping[int, Look], killed: Collection[int]) -> Iterator[str]:
    """The cause of every message that was taken again; empty when the ledger did not say that it might have been taken.

    `before` is what the ledger said at the beginning of each run, `killed` has the runs that were.
    """
    last: dict[str, Accepted] = {}
    for message in taken:
        id_ = message.message_id
        earlier, last[id_] = last.get(id_), message
        if earlier is None:
            continue
        doubtful = earlier.run < message.run and before[earlier.run + 1].states.get(id_) in DOUBTFUL
        if doubtful and earlier.hung_up:
            yield "no answer after the final dot"
        elif doubtful and earlier.run in killed:
            yield "killed before the answer was recorded"
        else:
            yield UNEXPLAINED


def denials(taken: Sequence[Accepted], before: Mapping[int, Look]) -> Iterator[Finding]:
    """Messages of which the ledger said later that they had not been taken."""
    first: dict[str, int] = {}
    for message in taken:
        first.setdefault(message.message_id, message.run)
    for id_, run in first.items():
        states = {seen.states.get(id_) for number, seen in before.items() if number > run}
        for state in states - {*DOUBTFUL, DeliveryState.ACCEPTED}:
            yield Finding(Kind.WRONG, f"the ledger said {state} of {id_} after the server had taken it")


def audit(archive: Archive, home: Path, press: Press, taken: Sequence[Accepted]) -> list[Finding]:
    """Everything that is lost, doubled or wrong when all runs are over and nothing is left to be done."""
    with archive.read() as session:
        stored = [stored_article(row) for row in session.scalars(select(ArticleRow))]
        found = [
            *_articles(session, stored, press),
            *_meetings(session, press),
            *_issues(session, home),
            *_messages(session, taken),
            *(Finding(Kind.WRONG, f"the lock {row.name} was left") for row in session.scalars(select(LockRow))),
        ]
    return [*found, *_files(home, stored), *half_files(home, press), *_raw(home, stored, press)]


def _articles(session: Session, stored: Sequence[StoredArticle], press: Press) -> Iterator[Finding]:
    copies = Counter(article_key(each.article.url or "") for each in stored)
    present = {each.article.key: each.article for each in stored}
    for url, expected in press.articles.items():
        article, count = present.get(expected.key), copies[expected.key]
        if article is None:
            yield Finding(Kind.LOST, f"the article {url}")
        elif (article.title, article.paragraphs) != (expected.title, expected.paragraphs):
            yield Finding(Kind.WRONG, f"the article {url} has other words than its page")
        if count > 1:
            yield Finding(Kind.DOUBLED, f"the article {url} is stored {count} times")
    for key in present.keys() - {article.key for article in press.articles.values()}:
        yield Finding(Kind.WRONG, f"nobody listed the article {present[key].url}")
    unread = select(ArticleRow.url).where(ArticleRow.detected_rules.is_distinct_from(RULES_VERSION))
    for unread_url in session.scalars(unread):
        yield Finding(Kind.LOST, f"nothing was looked for in {unread_url}")
    for id_ in FEEDS:
        for entry in sources.pending(session, id_, now=press.now() + FOREVER):
            yield Finding(Kind.LOST, f"{entry.url} still waits for its page")


def _meetings(session: Session, press: Press) -> Iterator[Finding]:
    stored = meetings.all_meetings(session)
    new_in = Counter(id_ for issue in issues.closed_issues(session) for id_ in issue.meeting_ids)
    expected = {(told.day, told.china, told.vietnam): told for told in press.meetings}
    found: Counter[tuple[object, ...]] = Counter()
    for each in stored:
        one = each.meeting
        what = one.date, *(person.name for person in (*one.china, *one.vietnam))
        found[what] += 1
        told = expected.get(what)  # type: ignore[arg-type]
        urls = Counter(mention.article.article.url or "" for mention in each.mentions)
        if told is None:
            yield Finding(Kind.WRONG, f"the meeting {one.id} was never told of")
        elif set(urls) != told.urls:
            yield Finding(Kind.LOST if told.urls - set(urls) else Kind.WRONG, f"mentions of {one.id}: {sorted(urls)}")
        if max(urls.values(), default=0) > 1:
            yield Finding(Kind.DOUBLED, f"a mention of the meeting {one.id}")
        if new_in[one.id] != 1:
            kind = Kind.DOUBLED if new_in[one.id] else Kind.LOST
            yield Finding(kind, f"the meeting {one.id} is new in {new_in[one.id]} closed issues")
    for what in expected:
        if found[what] != 1:
            yield Finding(
                Kind.DOUBLED if found[what] else Kind.LOST, f"the meeting {what} is there {found[what]} times"
            )


def _issues(session: Session, home: Path) -> Iterator[Finding]:
    for issue in _closed(session):
        folder = home / "issues" / issue.week
        for name in ("digest.md", "digest.txt", "digest.html", "digest.eml"):
            if not (folder / name).is_file():
                yield Finding(Kind.LOST, f"the file {issue.week}/{name}")
            elif not _as_closed(name, (folder / name).read_bytes(), issue):
                yield Finding(Kind.WRONG, f"the file {issue.week}/{name} is not what was closed")


def _as_closed(name: str, data: bytes, issue: StoredIssue) -> bool:
    if name == "digest.html":
        return data == with_chart(issue.html, CHART_NAME).encode()
    return (_text(data) if name == "digest.eml" else data.decode()) == issue.markdown


def _closed(session: Session) -> list[StoredIssue]:
    found = (issues.get_issue(session, each.week, each.zone) for each in issues.closed_issues(session))
    return [issue for issue in found if issue]


def _messages(session: Session, taken: Sequence[Accepted]) -> Iterator[Finding]:
    """The ledger against the mail server: who was to get what, who got it, and whether it was always the same."""
    ledger = {(each.week, each.recipient): each for each in deliveries.deliveries(session)}
    by_id: dict[tuple[str, str], set[bytes]] = {}
    for message in taken:
        by_id.setdefault((message.recipient, message.message_id), set()).add(message.data)
    known = {(each.recipient, each.message_id) for each in ledger.values()}
    for recipient, message_id in by_id.keys() - known:
        yield Finding(Kind.DOUBLED, f"{recipient} got {message_id}, which no delivery of the ledger has")
    for key, forms in by_id.items():
        if len(forms) > 1:
            yield Finding(Kind.DOUBLED, f"{len(forms)} different messages are called {key[1]}")
    closed = _closed(session)
    for issue in closed:
        for address in (*ADDRESSES, GONE):
            delivery = ledger.get((issue.week, address))
            state = delivery.state if delivery else "never planned"
            got = by_id.get((address, delivery.message_id), set()) if delivery else set()
            if not got and address != GONE:
                yield Finding(Kind.LOST, f"the message of {issue.week} to {address} ({state})")
            if delivery is None or not _is_over(delivery) or (state == DeliveryState.ACCEPTED) == (address == GONE):
                yield Finding(Kind.WRONG, f"the ledger says {state} of {issue.week} to {address}")
            if address not in (GONE, *ADDRESSES[-2:]) and any(_text(data) != issue.markdown for data in got):
                yield Finding(Kind.WRONG, f"the message of {issue.week} to {address} is not what was closed")


def _text(message: bytes) -> str:
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    part = next(part for part in parsed.walk() if part.get_content_type() == "text/plain")
    return str(part.get_content()).replace("\r\n", "\n")


def _files(home: Path, stored: Sequence[StoredArticle]) -> Iterator[Finding]:
    paths = {each.path for each in stored}
    for each in stored:
        if each.path is None or not (home / each.path).is_file():
            yield Finding(Kind.LOST, f"the file of article {each.number}")
    for path in (home / "articles").rglob("*.txt"):
        if path.relative_to(home).as_posix() not in paths:
            yield Finding(Kind.DOUBLED, f"the file {path.name}, which belongs to no article")
    for path in home.rglob("*"):
        if path.suffix in HALF_WRITTEN:
            yield Finding(Kind.WRONG, f"the half-written file {path.relative_to(home)} was left")


def _raw(home: Path, stored: Sequence[StoredArticle], press: Press) -> Iterator[Finding]:
    """Every article's page is whole in a WARC, all of which can be read up to where a kill cut them."""
    bodies: dict[str, set[bytes]] = {}
    for path in sorted((home / "raw").glob("*.warc.gz")):
        for url, body in _responses(path):
            bodies.setdefault(url, set()).add(body)
    for each in stored:
        url = (each.article.url or "").partition("?")[0]
        if press.pages.get(url) not in bodies.get(url, set()):
            yield Finding(Kind.LOST, f"the raw answer of {url}")


def _responses(path: Path) -> Iterator[tuple[str, bytes]]:
    """The whole responses of a WARC, by address, up to its end or its cut."""
    with path.open("rb") as file:
        try:
            for record in ArchiveIterator(file):
                body = record.content_stream().read()
                if record.rec_type == "response" and str(len(body)) == record.http_headers.get_header("Content-Length"):
                    yield str(record.rec_headers.get_header("WARC-Target-URI")).partition("?")[0], body
        except (ArchiveLoadFailed, EOFError, AttributeError):
            # warcio trips over its own None where a record's headers break off
            return


def site_differences(built: Path, anew: Path) -> Iterator[Finding]:
    """Where a web archive that grew through kills differs from one made from nothing."""
    ours, theirs = (
        {path.relative_to(root): path for path in root.rglob("*") if path.is_file()} for root in (built, anew)
    )
    for name in sorted(ours.keys() | theirs.keys()):
        if ".build" in name.parts:
            continue
        if name not in ours or name not in theirs:
            yield Finding(Kind.LOST if name not in ours else Kind.WRONG, f"the page {name} is in one web archive only")
        elif ours[name].read_bytes() != theirs[name].read_bytes():
            yield Finding(Kind.WRONG, f"the page {name} is not as one made from nothing")
