"""The words all rooms share: what a source, an entry, an answer, an article and an error are.

Records are frozen and hold no behaviour beyond what follows from their own fields. Every `datetime` in them is
aware; every stored one is UTC. A `date` is a calendar date in the outlet's own zone.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

Advance = Callable[[str, int], None]
"""Told of each step of long work: what it was about, and how many steps there are in all."""


class MeetingsError(Exception):
    """Something failed; its text is one sentence that tells a person what to do. Exit code 1."""

    exit_code = 1


class InputError(MeetingsError):
    """What the person gave is wrong: a file, a key, an option. Exit code 2."""

    exit_code = 2


class Side(StrEnum):
    """Whose account an outlet gives."""

    CHINA = "china"
    VIETNAM = "vietnam"
    OTHER = "other"


class Kind(StrEnum):
    """How a source lists its articles."""

    RSS = "rss"
    ATOM = "atom"
    JSONFEED = "jsonfeed"
    NEWS_SITEMAP = "news_sitemap"
    SITEMAP_INDEX = "sitemap_index"
    SECTION = "section"
    GOOGLE_NEWS = "google_news"
    BING_NEWS = "bing_news"
    GDELT = "gdelt"

    @property
    def aggregates(self) -> bool:
        """True when its entries come from many publishers."""
        return self in (Kind.GOOGLE_NEWS, Kind.BING_NEWS, Kind.GDELT)


class AlarmKind(StrEnum):
    """What is wrong with a source for so long that a person should look: documented in docs/vocabulary.md."""

    FAILING = "failing"
    SILENT = "silent"
    STALE = "stale"
    LAYOUT = "layout"
    DUPLICATES = "duplicates"
    RETIRED = "retired"


class Outcome(StrEnum):
    """What came of one request or one poll: the fixed vocabulary shown to people, documented in docs/vocabulary.md."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    NEVER_POLLED = "never_polled"
    GONE = "gone"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    DNS_ERROR = "dns_error"
    CONNECT_ERROR = "connect_error"
    TLS_ERROR = "tls_error"
    TIMEOUT = "timeout"
    PROTOCOL_ERROR = "protocol_error"
    TOO_LARGE = "too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BLOCKED_ADDRESS = "blocked_address"
    ROBOTS_DISALLOWED = "robots_disallowed"
    ROBOTS_UNAVAILABLE = "robots_unavailable"
    NOT_A_FEED = "not_a_feed"
    NO_ENTRIES = "no_entries"
    NO_TEXT = "no_text"
    INTERNAL_ERROR = "internal_error"

    @property
    def good(self) -> bool:
        """True when the source answered as it should."""
        return self in (Outcome.OK, Outcome.NOT_MODIFIED)


class Dialect(StrEnum):
    """The two header forms of a seed-format file (design §4)."""

    LABELLED = "labelled"
    DATED = "dated"


class DateOrder(StrEnum):
    """How a source writes a date in slashes: 07/08/2026 is 7 August (dmy) or 8 July (mdy)."""

    DMY = "dmy"
    MDY = "mdy"


@dataclass(frozen=True, slots=True)
class Selectors:
    """CSS selectors of a section page; all but `item` are looked up inside `item`.

    `url_pattern` is a regular expression of which an article's URL must hold a match.
    """

    item: str
    link: str = "a[href]"
    title: str | None = None
    teaser: str | None = None
    time: str | None = None
    time_attribute: str | None = None
    url_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One row of `sources.toml`: where an outlet lists its articles. `zone` is an IANA name.

    Without `date_order` a date in slashes that reads both ways stays unread. `rhythm`: at least so often something new
    is listed when all is well. `fallback_for`: the id of the source that this one stands in for while it is in alarm.
    `seen_by` and `seen_on` say on whose dated check the address rests; without them it is unverified. `cookies`: the
    outlet answers only who sends its cookies back.
    """

    id: str
    outlet: str
    outlet_name: str
    side: Side
    language: str
    zone: str
    kind: Kind
    url: str
    interval: timedelta
    selectors: Selectors | None = None
    date_order: DateOrder | None = None
    enabled: bool = True
    rhythm: timedelta = timedelta(days=2)
    fallback_for: str | None = None
    cookies: bool = False
    seen_by: str | None = None
    seen_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeadAddress:
    """An address that looks like a source and is none: kept so that nobody adds it again."""

    url: str
    reason: str
    seen_on: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed, sitemap or section page. `published` is UTC, None when the listing gives no readable date.

    `outlet` is set where an aggregator names the publisher, `outlet_url` where it gives the publisher's own address.
    """

    url: str
    title: str
    teaser: str = ""
    published: datetime | None = None
    outlet: str | None = None
    outlet_url: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of one feed document, in its order, or why there are none. `ttl` is the feed's own wish.

    `follow`: the addresses of the documents that hold the entries, newest first, when this one is an index.
    """

    entries: tuple[Entry, ...]
    outcome: Outcome = Outcome.OK
    message: str = ""
    ttl: timedelta | None = None
    follow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Validators:
    """HTTP validators, stored and sent verbatim (RFC 9110 §8.8): opaque, quotes included."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one HTTP request: the exchange as it went over the wire, or why there was none.

    `headers` and `request_headers` are in wire order; `body` is decoded from any content-coding; `fetched_at` is UTC.
    `permanent_url` is set when every redirect on the way was permanent (301 or 308).
    """

    url: str
    outcome: Outcome
    fetched_at: datetime
    message: str = ""
    final_url: str = ""
    status: int | None = None
    http_version: str = "HTTP/1.1"
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    request_headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    elapsed: timedelta = timedelta(0)
    permanent_url: str | None = None
    validators: Validators = field(default_factory=Validators)
    retry_after: timedelta | None = None
    max_age: timedelta | None = None

    @property
    def read_from(self) -> str:
        """The address that the body came from: the last one of the redirects, where there were any."""
        return self.final_url or self.url

    def header(self, name: str) -> str | None:
        """The first value of a response header, by case-insensitive name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something wrong with a source that a person should know of; `since` is UTC, `message` one sentence."""

    kind: AlarmKind
    since: datetime
    message: str


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is remembered of a source between polls. All times UTC. `since`: when the present outcome began.

    `url` is the source's address that all of this is about: with another one in the catalogue it is forgotten.
    `newest` is the latest date of any item ever listed; `interval` the pace it is asked at now; `astray` counts the
    pages in a row that the outlet's own parser could not read; `gone_since` begins a run of nothing but 410.
    `listed` are the keys of its last listings' entries, those of the last one first; `failing_since` begins the present
    run of failures; `recovered` is when the last alarm was withdrawn on which a fall-back stood in.
    """

    source_id: str
    outcome: Outcome = Outcome.NEVER_POLLED
    message: str = ""
    since: datetime | None = None
    last_attempt: datetime | None = None
    last_success: datetime | None = None
    last_full_fetch: datetime | None = None
    last_new: datetime | None = None
    failures: int = 0
    next_due: datetime | None = None
    validators: Validators = field(default_factory=Validators)
    permanent_url: str | None = None
    url: str = ""
    newest: datetime | None = None
    interval: timedelta | None = None
    astray: int = 0
    gone_since: datetime | None = None
    alarms: tuple[Alarm, ...] = ()
    listed: tuple[str, ...] = ()
    failing_since: datetime | None = None
    recovered: datetime | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One article in normalised form, whatever it came from.

    `published` is UTC, None when only a calendar date (`published_on`, in the outlet's zone) or nothing is known.
    `method` says how the text was taken: `seed:labelled`, `outlet:xinhua`, `jsonld+trafilatura`, …
    `key` is the first 16 hex digits of the SHA-256 of the canonical URL (of the bytes for an imported file).
    `captions`: the positions in `paragraphs` of those that are captions of pictures.
    """

    key: str
    title: str
    paragraphs: tuple[str, ...]
    published: datetime | None = None
    published_on: date | None = None
    language: str | None = None
    url: str | None = None
    outlet: str | None = None
    side: Side | None = None
    source_id: str | None = None
    method: str = ""
    captions: tuple[int, ...] = ()

    def __hash__(self) -> int:
        """Of the key alone: few texts share it, and all of an article takes long to hash."""
        return hash(self.key)

    @property
    def text(self) -> str:
        """The article's one text, into which all evidence offsets point (design §5)."""
        return unicodedata.normalize("NFC", self.title + "\n\n" + "\n".join(self.paragraphs))

    @property
    def text_sha256(self) -> str:
        """Hex digest of `text` in UTF-8."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


def article_key(canonical: str | bytes) -> str:
    """The 16 hex digits by which an article is known: of its canonical URL, or of an imported file's bytes."""
    data = canonical.encode() if isinstance(canonical, str) else canonical
    return hashlib.sha256(data).hexdigest()[:16]
