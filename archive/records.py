"""What the archive hands out: stored articles, meetings with their mentions, issues and deliveries, backfills.

Plain frozen records; no SQLAlchemy object leaves the archive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from meetings.records import Meeting
from parsers.records import Article, Outcome


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article in the catalogue. `number` is unique and ascending; `path` is relative to the home folder.

    `old_name` is the file name an imported article came with; `version` counts the texts that its page has had;
    `copy_of` is the number of the article whose text it prints, None when it prints its own.
    """

    number: int
    article: Article
    stored_at: datetime
    path: str | None = None
    old_name: str | None = None
    version: int = 1
    copy_of: int | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """One article's telling of a meeting: the record as that article alone gives it, evidence included."""

    article: StoredArticle
    meeting: Meeting

    def __hash__(self) -> int:
        """Of the article's number alone: few mentions share it, and all that both records hold takes long to hash."""
        return self.article.number


@dataclass(frozen=True, slots=True)
class StoredMeeting:
    """A meeting with its permanent id (`meeting.id`), merged from all its mentions, by publication.

    `first_seen` is when the archive first knew of it; `held_known_at` when it first knew that it was held.
    `placed_on` places a meeting without date in a week: the date of another meeting of its article, if there is one.
    `filed`: only reading old articles again made it known as held, when its week's issue was past; so it is no news.
    """

    meeting: Meeting
    first_seen: datetime
    held_known_at: datetime | None
    mentions: tuple[Mention, ...]
    placed_on: date | None = None
    filed: bool = False


class Rereading(StrEnum):
    """What rules that read old articles again made of a meeting (docs/vocabulary.md)."""

    NEW = "new"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"
    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class MeetingChange:
    """One meeting that reading again changed: what was told of it `before` and `after`, None where nothing was.

    `other`: the id that it was merged into, split from, or told under before.
    """

    kind: Rereading
    id: str
    before: Meeting | None
    after: Meeting | None
    other: str | None = None
    filed: bool = False


class IssueState(StrEnum):
    """A draft until its first send (or, without recipients, its first scheduled run); then what it holds is fixed."""

    DRAFT = "draft"
    FINAL = "final"
    CORRECTED = "corrected"
    BACK = "back"

    @property
    def closed(self) -> bool:
        """Whether what it holds is fixed."""
        return self in (IssueState.FINAL, IssueState.CORRECTED)


class IssuePart(StrEnum):
    """As what an issue told of a meeting (docs/vocabulary.md)."""

    NEW = "new"
    EXPECTED = "expected"
    AGAIN = "again"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Said:
    """What the issue of a week said of a meeting: its record then, and the numbers of the articles that told it.

    `id` is the meeting's present id; `meeting.id` is the one that it had then. `since`: the week of the issue that
    first said it to come on that day, where an earlier issue did.
    """

    id: str
    week: str
    part: IssuePart
    meeting: Meeting
    articles: frozenset[int]
    since: str | None = None


@dataclass(frozen=True, slots=True)
class StoredIssue:
    """One issue: the digest of one ISO week in one zone. `meeting_ids` are those that were new in it.

    `markdown` and `html` are what was closed: a recipient served later reads what the others read. `context` is all
    that the issue says, as JSON values, `chart` its picture (PNG), `said` what it told of each meeting; an issue closed
    by a version before 0004 of the schema has none of them. `corrected_in`: the weeks of the issues that correct it.
    """

    week: str
    zone: str
    state: IssueState
    closed_at: datetime | None
    subject: str
    sha256: str
    meeting_ids: tuple[str, ...]
    markdown: str = ""
    html: str = ""
    context: Mapping[str, Any] | None = None
    chart: bytes | None = None
    said: tuple[Said, ...] = ()
    corrected_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """An issue as one choice of readers leaves it: `choice` is a key of that choice, empty for the whole issue.

    `charted`: whether it shows the issue's chart.
    """

    choice: str
    subject: str
    markdown: str
    html: str
    charted: bool


class DeliveryState(StrEnum):
    """The ledger's states (design §6.3)."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message of one issue to one recipient. `choice` is the key of what it carries, None before schema 0005.

    `held`: nobody sends it until a person says so. Before `next_attempt` (UTC) nobody tries it again.
    """

    week: str
    recipient: str
    state: DeliveryState
    message_id: str
    attempts: int
    message: str
    updated_at: datetime
    choice: str | None = None
    held: bool = False
    next_attempt: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether somebody may send it now."""
        to_be_sent = self.state in (DeliveryState.PLANNED, DeliveryState.UNKNOWN) and not self.held
        return to_be_sent and (self.next_attempt is None or self.next_attempt <= now)


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """An entry worth a page that has not become an article yet; kept so that no 304 can hide it."""

    url: str
    source_id: str
    title: str
    teaser: str
    published: datetime | None
    attempts: int
    next_attempt: datetime
    outcome: Outcome
    outlet: str | None = None


class Skip(StrEnum):
    """Why an entry worth a page got none in this run: documented in docs/vocabulary.md."""

    HOST_BUDGET = "host_budget"
    RUN_BUDGET = "run_budget"
    OUT_OF_TIME = "out_of_time"
    OWN_PACE = "own_pace"
    ROBOTS = "robots"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollCounts:
    """What one poll of one source brought, counted.

    `followed`: documents asked for beside the source's own, when that is an index. `known` and `new_entries`: entries
    worth a page that were known already and that were not. Of the `pages` asked for, `by_outlet` and `by_generic` gave
    an article, read by the outlet's own parser or by the generic one, and `pages_failed` gave none, `without_text` of
    them because nothing could be read in them. `skipped`: entries that are still without a page, by why.
    """

    followed: int = 0
    entries: int = 0
    screened_out: int = 0
    known: int = 0
    new_entries: int = 0
    pages: int = 0
    by_outlet: int = 0
    by_generic: int = 0
    pages_failed: int = 0
    without_text: int = 0
    new_articles: int = 0
    skipped: Mapping[Skip, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FetchLogLine(PollCounts):
    """One poll of one source in the log."""

    run: str
    source_id: str
    at: datetime
    outcome: Outcome
    message: str


class InputKind(StrEnum):
    """What an input of a backfill holds: documented in docs/vocabulary.md."""

    WARC = "warc"
    JSONL = "jsonl"
    SEEDS = "seeds"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of one input, [start, end): what is done at one go.

    WARC and JSON Lines: bytes of the file as it is stored; the records that begin there. Seed files: positions in the
    sorted list of files.
    """

    input: str
    kind: InputKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Capture:
    """One page as an input holds it. `where` names input and offset, for people; `captured_at` is UTC."""

    url: str
    body: bytes
    content_type: str | None
    captured_at: datetime | None
    where: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read in an input, and why; the reading goes on behind it."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChunkCounts:
    """What became of the records of a chunk; `+` adds.

    `read` pages, of which the first pass `dismissed` some, nothing could be read in those `without_text`, and the rest
    were `extracted`: `one_sided` ones concern one country at most, the others are `stored`, `new` ones for the first
    time; `detected` ones tell of a meeting, of `meetings` in all. `unreadable` records were set aside; `other` ones are
    no page of news.
    """

    read: int = 0
    dismissed: int = 0
    extracted: int = 0
    one_sided: int = 0
    stored: int = 0
    new: int = 0
    detected: int = 0
    meetings: int = 0
    without_text: int = 0
    unreadable: int = 0
    other: int = 0

    def __add__(self, more: ChunkCounts) -> ChunkCounts:
        """Each count by itself."""
        return ChunkCounts(*(one + two for one, two in zip(astuple(self), astuple(more), strict=True)))


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What a chunk that was read to its end came to.

    `first`: where its first record begins, None when none does; `next`: where the reading ended, behind the last.
    """

    counts: ChunkCounts
    first: int | None
    next: int | None
    unreadable: tuple[Unreadable, ...] = ()


class ChunkState(StrEnum):
    """How far a chunk is: documented in docs/vocabulary.md."""

    TODO = "todo"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk that one worker has taken: nobody else reads it while the lease lasts. `attempt` counts from 1."""

    backfill: str
    number: int
    chunk: Chunk
    token: str
    attempt: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """A chunk that could not be read in any of its attempts, and why the last one failed."""

    chunk: Chunk
    reason: str


@dataclass(frozen=True, slots=True)
class BackfillProgress:
    """How far a backfill is. Sizes are those of its chunks: bytes, and one for each seed file.

    `unreadable`: the first records that were set aside; the counts say how many there are.
    """

    chunks: Mapping[ChunkState, int]
    size_done: int
    size: int
    counts: ChunkCounts
    set_aside: tuple[SetAside, ...]
    unreadable: tuple[Unreadable, ...]
