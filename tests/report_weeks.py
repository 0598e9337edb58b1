"""A rich week and a quiet one, as issues are made of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from archive.records import IssuePart, IssueState, Mention, Said, StoredIssue, StoredMeeting
from archive.tallies import Tally
from meetings.records import (
    Forum,
    Place,
    Rank,
    Status,
)
from parsers.records import Side
from reports.context import build_context
from reports.figures import count_weeks
from reports.firsts import Past
from reports.records import IssueContext
from reports.select import placed_on, select_issue
from reports.week import Week
from tests.report_catalogue import SOURCES, STANDING_BY, STATES, at, day
from tests.report_parts import FIRST_RUN, HANOI, meeting, mention, person, stored, stored_article
from tests.report_samples import (
    border_meeting,
    dialogue,
    expected_meetings,
    guangdong,
    imported,
    late_report,
    phone_call,
    sidelines,
    steering_committee,
)


def retold_meeting(date: str = "2024-12-05") -> StoredMeeting:
    """One that the issue of the week before told of, with another day and without the Vietnamese report."""
    base = meeting(
        "m-retold",
        date,
        [person("Xu Min", "Vice Minister of Agriculture", "许敏", Rank.VICE_MINISTER)],
        [person("Do Thi Mai", "Deputy Minister of Agriculture", "Đỗ Thị Mai", Rank.VICE_MINISTER)],
        place=Place(None, "Nanning", "CN"),
        level=Rank.VICE_MINISTER,
    )
    xinhua = stored_article(
        24, "xinhua", "en", "2024-12-05", "China, Vietnam talk fruit trade",
        "Xu Min met Do Thi Mai in Nanning. They spoke about durian exports.",
    )  # fmt: skip
    plus = stored_article(
        25, "vietnamplus", "en", "2024-12-09", "Fruit quarantine eased after Nanning talks",
        "Do Thi Mai and Xu Min, who met in Nanning on December 5, agreed on quarantine rules for durian.",
    )  # fmt: skip
    return stored(
        base,
        mention(base, xinhua, {"place": "Nanning"}, {"agriculture": "durian exports"}),
        mention(base, plus, {"date": "December 5"}, {"agriculture": "quarantine rules"}),
    )


def said_before() -> dict[str, Said]:
    """What the issue of the week before said of meetings that the rich week tells of again."""
    retold = retold_meeting("2024-12-04").meeting
    coming = dataclasses.replace(dialogue().meeting, status=Status.ANNOUNCED)
    return {
        retold.id: Said(retold.id, "2024-W49", IssuePart.NEW, retold, frozenset({24})),
        coming.id: Said(coming.id, "2024-W49", IssuePart.EXPECTED, coming, frozenset({15})),
    }


def issue_before() -> StoredIssue:
    closed_at = at("2024-12-09T00:30")
    return StoredIssue("2024-W49", HANOI.key, IssueState.FINAL, closed_at, "", "", (retold_meeting().meeting.id,))


def earlier_sessions() -> list[StoredMeeting]:
    """Of the steering committee, one a year."""
    return [
        stored(
            dataclasses.replace(
                steering_committee().meeting,
                id=f"m-session-{ordinal}",
                date=day(date),
                forum=Forum("China-Vietnam Steering Committee for Bilateral Cooperation", ordinal),
                place=Place(None, city, country),
            ),
            *steering_committee().mentions,
        )
        for ordinal, date, city, country in (
            (13, "2021-09-10", "Hanoi", "VN"),
            (14, "2022-07-13", "Nanning", "CN"),
            (15, "2023-12-01", "Hanoi", "VN"),
        )
    ]


def half_a_year() -> list[Tally]:
    """Meetings of the rich week and of the eighteen weeks before it."""
    levels = (Rank.MINISTER, Rank.VICE_MINISTER, Rank.LOCAL, Rank.LEADER, Rank.DIRECTOR)
    both, one = frozenset({Side.CHINA, Side.VIETNAM}), frozenset({Side.VIETNAM})
    before = [
        Tally(day("2024-12-03") - dt.timedelta(weeks=weeks), levels[(weeks + number) % 5], both if number % 2 else one)
        for weeks in range(18)
        for number in range((weeks * 7 + 3) % 5 + (8 if weeks == 11 else 0))
    ]
    return before + [
        Tally(placed_on(held, HANOI), held.meeting.level, frozenset(filter(None, map(_side, held.mentions))))
        for held in held_meetings()[:-1]
    ]


def _side(mention: Mention) -> Side | None:
    return mention.article.article.side


def held_meetings() -> list[StoredMeeting]:
    week = [steering_committee(), dialogue(), guangdong(), phone_call(), border_meeting(), sidelines(), imported()]
    return [*week, late_report()]


def rich_meetings() -> list[StoredMeeting]:
    return held_meetings() + expected_meetings()


def context(
    meetings: Sequence[StoredMeeting],
    week: Week,
    as_of: str,
    *,
    articles_read: int = 0,
    first_run: dt.datetime | None = FIRST_RUN,
    closed: Sequence[StoredIssue] = (),
    said: Mapping[str, Said] | None = None,
    tallied: Sequence[Tally] = (),
    known: Sequence[StoredMeeting] = (),
    web: str = "",
) -> IssueContext:
    selection = select_issue(
        meetings, week=week, zone=HANOI, closed=closed, first_run=first_run, as_of=at(as_of), said=said
    )
    return build_context(
        selection,
        sources=SOURCES,
        states=STATES,
        standing_by=STANDING_BY,
        articles_read=articles_read,
        counts=count_weeks(tallied, week),
        past=Past.of([*meetings, *known]),
        sessions=[*meetings, *known],
        web=web,
    )


def rich() -> IssueContext:
    return context(
        [*rich_meetings(), retold_meeting()],
        Week(2024, 50),
        "2024-12-16T00:00",
        articles_read=1204,
        closed=[issue_before()],
        said=said_before(),
        tallied=half_a_year(),
        known=earlier_sessions(),
        web="https://archive.example/meetings",
    )


def quiet() -> IssueContext:
    return context((), Week(2024, 51), "2024-12-23T00:00", articles_read=318)
