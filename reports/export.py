"""Every meeting as data: JSON Lines and CSV (docs/exports.md names each key and column)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from archive.records import Mention, StoredArticle, StoredMeeting
from meetings.jsonform import meeting_to_dict
from meetings.records import Person
from parsers.records import Side
from reports.clean import one_line

SCHEMA = "china-vietnam-meetings/1"
COLUMNS = (
    "id", "date", "end_date", "date_basis", "status", "mode", "venue", "city", "country", "direction", "china",
    "vietnam", "level", "channel", "forum", "forum_ordinal", "topics", "cameo", "plover_event", "plover_mode",
    "plover_contexts", "first_seen", "held_known_at", "china_articles", "vietnam_articles", "other_articles",
    "copies",
)  # fmt: skip
# what a spreadsheet may read as a formula (OWASP, CSV injection), full-width forms included
_FORMULA_STARTS = tuple("=+-@＝＋－＠")


def export_jsonl(meetings: Iterable[StoredMeeting]) -> Iterator[str]:
    """One line of JSON a meeting, line feed included: design §5's record, when it was known, and its mentions."""
    for stored in meetings:
        record: dict[str, Any] = {
            "schema": SCHEMA,
            **meeting_to_dict(stored.meeting),
            "first_seen": _utc(stored.first_seen),
            "held_known_at": _utc(stored.held_known_at),
            "mentions": [_mention(mention) for mention in stored.mentions],
        }
        yield json.dumps(record, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def export_csv(meetings: Iterable[StoredMeeting]) -> Iterator[str]:
    """A header and one row a meeting (RFC 4180, CRLF included). No cell can be taken for a formula."""
    yield _row(COLUMNS)
    for stored in meetings:
        cells = _cells(stored)
        yield _row([_cell(cells[column]) for column in COLUMNS])


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _mention(mention: Mention) -> dict[str, Any]:
    article = mention.article.article
    return {
        "article": mention.article.number,
        "key": article.key,
        "url": article.url,
        "outlet": article.outlet,
        "side": article.side.value if article.side else None,
        "language": article.language,
        "title": article.title,
        "published": article.published_on.isoformat() if article.published_on else None,
        "text_sha256": article.text_sha256,
        "version": mention.article.version,
        "copy_of": mention.article.copy_of,
        "meeting": meeting_to_dict(mention.meeting),
    }


def _cells(stored: StoredMeeting) -> dict[str, object]:
    meeting = stored.meeting
    plover = meeting.codes.plover
    return {
        "id": meeting.id,
        "date": meeting.date,
        "end_date": meeting.end_date,
        "date_basis": meeting.date_basis.value,
        "status": meeting.status.value,
        "mode": meeting.mode.value,
        "venue": meeting.place.venue,
        "city": meeting.place.city,
        "country": meeting.place.country,
        "direction": meeting.direction.value,
        "china": _people(meeting.china),
        "vietnam": _people(meeting.vietnam),
        "level": meeting.level.value,
        "channel": meeting.channel.value,
        "forum": meeting.forum.name if meeting.forum else None,
        "forum_ordinal": meeting.forum.ordinal if meeting.forum else None,
        "topics": "; ".join(topic.id for topic in meeting.topics),
        "cameo": meeting.codes.cameo,
        "plover_event": plover.event,
        "plover_mode": plover.mode,
        "plover_contexts": "; ".join(plover.contexts),
        "first_seen": _utc(stored.first_seen),
        "held_known_at": _utc(stored.held_known_at),
        "china_articles": _addresses(stored, lambda each: each.article.side is Side.CHINA),
        "vietnam_articles": _addresses(stored, lambda each: each.article.side is Side.VIETNAM),
        "other_articles": _addresses(stored, lambda each: each.article.side in (Side.OTHER, None)),
        "copies": _addresses(stored, lambda each: each.copy_of is not None),
    }


def _people(people: Sequence[Person]) -> str:
    return "; ".join(", ".join(filter(None, (person.name, person.role))) for person in people)


def _addresses(stored: StoredMeeting, chosen: Callable[[StoredArticle], bool]) -> str:
    """Addresses of the chosen articles; the file name of an imported one."""
    articles = [mention.article for mention in stored.mentions if chosen(mention.article)]
    return "; ".join(each.article.url or each.old_name or each.path or str(each.number) for each in articles)


def _cell(value: object) -> str:
    text = "" if value is None else one_line(str(value))
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _row(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
