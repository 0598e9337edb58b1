"""A whole archive of invented meetings, as large as five years of news make it: for benchmarks of issues, site, search.

About four articles tell of each meeting, from both sides and in three languages (`bench.telling`); some print another's
text, some leave the day out; most articles tell of no meeting, as in life. Every week but the last is closed, with
what its issue said. The same arguments give the same archive.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update

from archive.issues import mark_first_run
from archive.lookups import lookups
from archive.models import ArticleRow, IssueMeetingRow, IssueRow, MeetingRow, MentionRow, PersonRow, SessionRow
from archive.records import IssuePart, IssueState
from archive.store import Archive
from bench import telling
from meetings.detect import RULES_VERSION
from meetings.identity import merge
from meetings.jsonform import meeting_to_dict
from meetings.records import Forum, Meeting, Status
from parsers.records import Article, Side, article_key
from reports.week import Week, week_of_day

WEEKS = 260
LAST_WEEK = Week(2024, 52)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OUTLETS = (
    ("xinhua", "en", Side.CHINA), ("xinhua", "zh", Side.CHINA), ("china-mfa", "zh", Side.CHINA),
    ("peoples-daily", "zh", Side.CHINA), ("globaltimes", "en", Side.CHINA), ("chinanews", "zh", Side.CHINA),
    ("vietnamplus", "en", Side.VIETNAM), ("vietnamplus", "vi", Side.VIETNAM), ("nhandan", "vi", Side.VIETNAM),
    ("vgp", "vi", Side.VIETNAM), ("vov", "vi", Side.VIETNAM), ("nhandan", "zh", Side.VIETNAM),
    ("vnexpress", "en", Side.VIETNAM), ("scmp", "en", Side.OTHER), ("rfa", "vi", Side.OTHER),
)  # fmt: skip
_BATCH = 2_000
_MODELS = (ArticleRow, MeetingRow, PersonRow, SessionRow, MentionRow)
"""Of what rows are made, those that others refer to first."""
_ON_A_VISIT = 0.3
_COPIED = 0.2
_UNDATED = 0.03
_LATE = 0.02
_FURTHER = 0.02


@dataclass(slots=True)
class _Desk:
    """What is at hand while the archive is filled: numbers to give, rows to write, what each week was told."""

    archive: Archive
    dice: random.Random
    first: dt.date
    last: dt.date
    taken: int = 0
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=lambda: {model: [] for model in _MODELS})
    weeks: dict[Week, list[tuple[IssuePart, Meeting, list[int]]]] = field(default_factory=dict)

    def add(self, model: Any, row: dict[str, Any]) -> None:
        self.rows[model].append(row)
        if len(self.rows[ArticleRow]) > _BATCH:
            self.flush()

    def flush(self) -> None:
        with self.archive.write() as session:
            for model in _MODELS:
                if self.rows[model]:
                    session.execute(insert(model), self.rows[model])
                self.rows[model].clear()


def fill(
    archive: Archive, *, meetings: int = 10_000, articles: int = 100_000, seed: int = 1, last: Week = LAST_WEEK
) -> None:
    """Fills an empty archive up to the week `last`, whose issue stays open. `articles` bounds all articles."""
    sunday = last.days()[1]
    desk = _Desk(archive, random.Random(seed), sunday - dt.timedelta(days=7 * WEEKS - 1), sunday)
    with archive.write() as session:
        mark_first_run(session, dt.datetime.combine(desk.first, dt.time(), ZONE))
    for index, event in enumerate(_events(desk, meetings)):
        _meeting(desk, event, left=articles - desk.taken - (meetings - index - 1))
    while desk.taken < articles:
        name, language, side = outlet = desk.dice.choice(OUTLETS)
        day = desk.first + dt.timedelta(days=desk.dice.randrange(7 * WEEKS))
        url = _url(name, language, desk.taken + 1)
        article = telling.other_news(desk.dice, url=url, language=language, side=side, published=day)
        _enter(desk, article, outlet, None)
    desk.flush()
    _close(desk)


def _events(desk: _Desk, number: int) -> Iterator[telling.Event]:
    """Meetings day by day, many of them on the trip of somebody who met somebody else before; the last are to come."""
    dice = desk.dice
    coming = max(number // 200, 1)
    before: telling.Event | None = None
    for index in range(number):
        ahead = index >= number - coming
        day = desk.last if ahead else desk.first + dt.timedelta(days=index * 7 * WEEKS // (number - coming))
        held = Status.CANCELLED if dice.random() < 0.005 else Status.HELD
        event = telling.Event(
            day=day + dt.timedelta(days=dice.randrange(7, 60)) if ahead else day,
            status=Status.ANNOUNCED if ahead or dice.random() < 0.01 else held,
            china=_somebody(dice, Side.CHINA, day),
            vietnam=_somebody(dice, Side.VIETNAM, day),
            city=dice.choice(telling.CITIES),
            forum=_forum(dice, day) if dice.random() < 0.12 else None,
            topics=tuple(dice.sample([*telling.TOPICS, "south_china_sea"], dice.randint(1, 4))),
            told_day=ahead or dice.random() >= _UNDATED,
        )
        if before and before.status is event.status is Status.HELD and dice.random() < _ON_A_VISIT:
            event = replace(event, city=before.city)
            event = (
                replace(event, china=before.china) if before.city[1] == "VN" else replace(event, vietnam=before.vietnam)
            )
        yield event
        before = event


def _somebody(dice: random.Random, side: Side, day: dt.date) -> telling.Official:
    """The higher in rank, the oftener in the news."""
    people = telling.holders(side, day.replace(day=1))
    return people[min(int(len(people) * dice.random() ** 2), len(people) - 1)]


def _forum(dice: random.Random, day: dt.date) -> Forum:
    name, _ = dice.choice(telling.forums())
    return Forum(name, day.year - 2010)


def _meeting(desk: _Desk, event: telling.Event, *, left: int) -> None:
    """The rows of one meeting, its articles and tellings; `left` bounds how many articles it may take."""
    dice = desk.dice
    published = min(event.day, desk.last)
    late = dice.random() < _LATE
    tellings: list[tuple[int, Meeting]] = []
    first: dict[tuple[str, Side], tuple[int, Article, Meeting]] = {}
    for outlet in dice.sample(OUTLETS, min(left, dice.choice((1, 2, 3, 4, 4, 5, 6, 7)))):
        name, language, side = outlet
        url, original = _url(name, language, desk.taken + 1), first.get((language, side))
        if original and dice.random() < _COPIED:
            number, article, told = original
            number = _enter(desk, replace(article, url=url, key=article_key(url)), outlet, number)
        else:
            article, told = telling.tell(dice, event, url=url, language=language, side=side, published=published)
            number = _enter(desk, article, outlet, None)
            first.setdefault((language, side), (number, article, told))
        tellings.append((number, told))
    # a permanent id as archive.meetings gives it: by the article that told of it first
    key = hashlib.sha256(f"{first[next(iter(first))][1].key}/0".encode()).hexdigest()[:12]
    merged = replace(merge([told for _, told in tellings]), id=f"m-{key}")
    known = dt.datetime.combine(published + dt.timedelta(days=8 * late), dt.time(12), dt.UTC)
    desk.add(MeetingRow, {
        "id": merged.id, "record": meeting_to_dict(replace(merged, id="")), "date": merged.date,
        "placed_on": merged.date or published, "first_seen": known,
        "held_known_at": known if merged.status is Status.HELD else None,
    })  # fmt: skip
    people, sessions = lookups(merged.id, merged, merged.date or published, held=merged.status is Status.HELD)
    for model, rows in ((PersonRow, people), (SessionRow, sessions)):
        for row in rows:
            desk.add(model, row)
    for number, told in tellings:
        desk.add(MentionRow, {
            "article_number": number, "position": 0, "meeting_id": merged.id, "record": meeting_to_dict(told),
            "placed_on": told.date or published, "rules_version": RULES_VERSION, "recorded_at": known,
        })  # fmt: skip
    _say(desk, merged, week_of_day(known.date()), [number for number, _ in tellings])


def _say(desk: _Desk, meeting: Meeting, week: Week, numbers: list[int]) -> None:
    """What the issues said of the meeting; of a few, an article turned up after the issue."""
    if desk.dice.random() < _FURTHER:
        numbers = numbers[:-1] or numbers
    part = IssuePart.NEW if meeting.status is Status.HELD else IssuePart.EXPECTED
    desk.weeks.setdefault(week, []).append((part, meeting, numbers))


def _enter(desk: _Desk, article: Article, outlet: tuple[str, str, Side], copy_of: int | None) -> int:
    """One article's row; its number."""
    desk.taken = number = desk.taken + 1
    name, language, side = outlet
    desk.add(ArticleRow, {
        "number": number, "key": article.key, "title": article.title, "paragraphs": list(article.paragraphs),
        "text_sha256": article.text_sha256, "published": article.published, "published_on": article.published_on,
        "language": language, "url": article.url, "outlet": name, "side": side, "source_id": f"{name}-{language}",
        "method": f"outlet:{name}", "stored_at": article.published, "detected_rules": RULES_VERSION,
        "path": f"articles/{article.published_on:%Y}/{number:03d}_{article.key}.txt",
        "detected_at": article.published, "notes": [], "captions": [], "compared": True, "version": 1,
        "copy_of": copy_of or number,
    })  # fmt: skip
    return number


def _url(outlet: str, language: str, number: int) -> str:
    return f"https://{outlet}.example/{language}/{number:07d}.html"


def _close(desk: _Desk) -> None:
    """The ledger's rows of every week before the last, without their forms."""
    issues, said = [], []
    for week, told in sorted(desk.weeks.items()):
        if week >= week_of_day(desk.last):
            continue
        closed_at = week.bounds(ZONE)[1] + dt.timedelta(hours=1)
        issues.append({
            "week": week.label, "zone": ZONE.key, "state": IssueState.FINAL, "closed_at": closed_at,
            "subject": f"{len(told)} meetings", "sha256": "", "markdown": "", "html": "", "context": None,
        })  # fmt: skip
        said += [
            {
                "week": week.label, "zone": ZONE.key, "meeting_id": meeting.id, "position": position, "part": part,
                "record": meeting_to_dict(meeting), "articles": numbers,
            }
            for position, (part, meeting, numbers) in enumerate(told)
        ]  # fmt: skip
    with desk.archive.write() as session:
        if issues:
            session.execute(insert(IssueRow), issues)
            session.execute(insert(IssueMeetingRow), said)
            new = [{"id": each["meeting_id"], "new_in": each["week"]} for each in said if each["part"] is IssuePart.NEW]
            session.execute(update(MeetingRow), new)
