"""Tellings of one meeting by issues of December 2024, and what is known of it now."""

from __future__ import annotations

from dataclasses import replace

from archive.records import IssuePart, Mention, Said, StoredMeeting
from meetings.records import Forum, Meeting, Place, Rank
from reports.week import Week
from tests.report_parts import meeting, mention, person, stored, stored_article

W49, W50, W51, W52 = (Week(2024, number) for number in (49, 50, 51, 52))
WANG = person("Wang Yi", "Foreign Minister", "王毅", Rank.MINISTER)
SON = person("Bui Thanh Son", "Deputy Prime Minister", "Bùi Thanh Sơn", Rank.DEPUTY_LEADER)
BASE = meeting("m", "2024-12-10", [WANG], [SON], place=Place("Diaoyutai", "Beijing", "CN"), forum=Forum("Talks", 16))
B = replace(BASE, id="b")


def told(record: Meeting = BASE, *articles: int, copy_of: int | None = None) -> StoredMeeting:
    """The meeting as articles of these numbers tell it now; the last one a copy of `copy_of`."""
    mentions = [
        mention(record, stored_article(n, "xinhua", "en", "2024-12-01", "Title", "They met."), {})
        for n in articles or (1,)
    ]
    if copy_of is not None:
        last = mentions[-1]
        mentions[-1] = Mention(replace(last.article, copy_of=copy_of), last.meeting)
    return stored(record, *mentions)


def said(
    record: Meeting = BASE, *articles: int, week: Week = W50, part: IssuePart = IssuePart.NEW, id_: str | None = None
) -> Said:
    """What the issue of a week said of it; `id_` is the id that it has now."""
    return Said(id_ or record.id, week.label, part, record, frozenset(articles or (1,)))
