"""Which meetings belong into one issue (design §6.4). Decides only; nothing is read or written here.

A held meeting is new in exactly one issue: that of the week it was held in, if it was known when that issue closed;
otherwise the next issue, as a late report; but one that came to light only when old articles were read again stays
filed under its week. What a closed issue held is fixed by its recorded ids. A back issue, of a week that ended before
the archive's first run, holds the meetings of its week and is never mailed.

What closed issues said is told again where it has changed since, in the next issue and only there: further accounts,
corrections, and what became of an announced meeting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from archive.placing import placing_date
from archive.records import IssuePart, Said, StoredIssue, StoredMeeting
from meetings.identity import merge
from meetings.records import RANK_ORDER, Status
from reports.changes import Change, continuing
from reports.retold import Further, Settled, retold, settle, told_by
from reports.week import Week, week_of_day

REMEMBERED = timedelta(weeks=8)
"""How far back an issue looks for what earlier ones said."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What one issue holds, each part by date, then rank, then id.

    `new` were held in the week; `late` were held earlier and are new here; `ahead` are announced or called off for
    later; `settled` is what became of those announced for this week or earlier. `further` and `changes` tell again what
    an earlier issue told of. `said` is what to record of each meeting when the issue closes.
    """

    week: Week
    zone: ZoneInfo
    as_of: datetime
    back: bool
    new: tuple[StoredMeeting, ...]
    late: tuple[StoredMeeting, ...]
    ahead: tuple[StoredMeeting, ...]
    settled: tuple[Settled, ...]
    further: tuple[Further, ...]
    changes: tuple[Change, ...]
    said: tuple[Said, ...]

    @property
    def meeting_ids(self) -> tuple[str, ...]:
        """The ids of the meetings that are new in this issue: what to record when it closes."""
        return tuple(stored.meeting.id for stored in (*self.new, *self.late))


def said_since(week: Week) -> str:
    """The first week whose issue the one of `week` remembers."""
    return week_of_day(week.days()[0] - REMEMBERED).label


def placed_on(stored: StoredMeeting, zone: ZoneInfo) -> date:
    """The day by which a meeting is filed: its placing date, else the day in `zone` on which it was first seen."""
    return placing_date(stored) or stored.first_seen.astimezone(zone).date()


def is_back(week: Week, zone: ZoneInfo, first_run: datetime | None) -> bool:
    """Whether the week ended before the archive's first run; an archive that never ran has only back issues."""
    return first_run is None or week.bounds(zone)[1] <= first_run


def select_issue(
    meetings: Sequence[StoredMeeting],
    *,
    week: Week,
    zone: ZoneInfo,
    closed: Sequence[StoredIssue],
    first_run: datetime | None,
    as_of: datetime,
    said: Mapping[str, Said] | None = None,
) -> Selection:
    """The issue of `week`, from the meetings of the archive and all its issues, those of other zones too.

    What an issue closed in another zone held is not new again: the zone is a setting, and it may change. `said` is what
    closed issues said since `said_since(week)`, by the id of then; `meetings` must hold all of these that are still
    told. `as_of` is the moment for which the issue speaks; `first_run` is None when the archive has never run.
    """
    back = is_back(week, zone, first_run)
    claims = {(issue.week, issue.zone): frozenset(issue.meeting_ids) for issue in closed if issue.state.closed}
    own = claims.pop((week.label, zone.key), None)
    before = said if said and own is None and not back else {}
    now = {stored.meeting.id: stored for stored in meetings}
    elsewhere = frozenset[str]().union(*claims.values())
    filed = _filed(meetings, before, week, told_in={closed_week for closed_week, _ in claims})
    chosen = _new(meetings, week, zone, own, elsewhere | filed, first_run)
    expected = _expected(meetings, known_by=_horizon(week, zone, as_of, back=back))
    ahead = _sorted((stored for stored in expected if _lies_ahead(stored, week, zone)), zone)
    due = _sorted((stored for stored in expected if _was_due(stored, week)), zone)
    settled = settle(due, ahead, chosen, before, now, week=week)
    further, changes = retold(before, now, {stored.meeting.id for stored in chosen})
    return Selection(
        week=week,
        zone=zone,
        as_of=as_of,
        back=back,
        new=_sorted((stored for stored in chosen if placed_on(stored, zone) in week), zone),
        late=_sorted((stored for stored in chosen if placed_on(stored, zone) not in week), zone),
        ahead=ahead,
        settled=settled,
        further=further,
        changes=changes,
        said=told_by(week.label, _sorted(chosen, zone), ahead, settled, further, changes, before, now, elsewhere),
    )


def _new(
    meetings: Sequence[StoredMeeting],
    week: Week,
    zone: ZoneInfo,
    own: frozenset[str] | None,
    elsewhere: frozenset[str],
    first_run: datetime | None,
) -> list[StoredMeeting]:
    """The held meetings that are new in the issue of `week`: the recorded ones, `own`, when it is closed."""
    held = [stored for stored in meetings if stored.meeting.status is Status.HELD]
    if own is not None:
        return [stored for stored in held if stored.meeting.id in own]
    return [
        stored
        for stored in held
        if stored.meeting.id not in elsewhere and _belongs(week_of_day(placed_on(stored, zone)), week, zone, first_run)
    ]


def _filed(
    meetings: Sequence[StoredMeeting], said: Mapping[str, Said], week: Week, *, told_in: Collection[str]
) -> frozenset[str]:
    """The meetings that are no news in the issue of `week`: only reading old articles again brought them to light.

    What an issue said to come is awaited: that it was held is news, however it came to light.
    """
    awaited = {id_ for id_, last in continuing(said).items() if last.part is IssuePart.EXPECTED}
    still_open = week.label not in told_in
    return frozenset(
        stored.meeting.id
        for stored in meetings
        if stored.filed
        and stored.meeting.id not in awaited
        and not (still_open and (day := placing_date(stored)) is not None and day in week)
    )


def _belongs(held_in: Week, week: Week, zone: ZoneInfo, first_run: datetime | None) -> bool:
    """Whether an unclaimed meeting held in one week is new in another's issue: its own, or a later one if mailed."""
    return held_in == week or (held_in < week and not is_back(held_in, zone, first_run))


def _horizon(week: Week, zone: ZoneInfo, as_of: datetime, *, back: bool) -> date:
    """The last day whose news an issue may look ahead from: a back issue does not know what its readers could not."""
    return week.days()[1] if back else as_of.astimezone(zone).date()


def _expected(meetings: Sequence[StoredMeeting], *, known_by: date) -> list[StoredMeeting]:
    """Announced or cancelled meetings as the articles published by that day told them (undated articles count)."""
    coming = (stored for stored in meetings if stored.meeting.status is not Status.HELD)
    return [told for told in (_as_told_by(known_by, stored) for stored in coming) if told]


def _as_told_by(day: date, stored: StoredMeeting) -> StoredMeeting | None:
    """The meeting as it was known on that day; None when no article had told of it."""
    known = tuple(m for m in stored.mentions if (m.article.article.published_on or day) <= day)
    if len(known) == len(stored.mentions) or not known:
        return stored if known else None
    merged = merge([mention.meeting for mention in known])
    return replace(stored, meeting=replace(merged, id=stored.meeting.id), mentions=known)


def _last_day(stored: StoredMeeting) -> date | None:
    return stored.meeting.end_date or stored.meeting.date


def _lies_ahead(stored: StoredMeeting, week: Week, zone: ZoneInfo) -> bool:
    """Dated after the week; or without a date, in the one issue of the week in which it was announced."""
    day = _last_day(stored)
    return placed_on(stored, zone) in week if day is None else day > week.days()[1]


def _was_due(stored: StoredMeeting, week: Week) -> bool:
    day = _last_day(stored)
    return day is not None and day in week


def _sorted(chosen: Iterable[StoredMeeting], zone: ZoneInfo) -> tuple[StoredMeeting, ...]:
    def order(stored: StoredMeeting) -> tuple[date, int, str]:
        return placed_on(stored, zone), RANK_ORDER.index(stored.meeting.level), stored.meeting.id

    return tuple(sorted(chosen, key=order))
