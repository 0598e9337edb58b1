"""Which weeks' issues are still to be written and sent, and in which order: the oldest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from archive import deliveries, issues
from archive.store import Archive
from flows.delivering import patience
from flows.settings import Settings
from parsers.records import InputError
from reports.week import Week, last_complete_week, parse_week, week_after, week_of
from reports.words import plain_day

# of issues that nobody wrote, so many are caught up: a program that slept for a year does not mail fifty at once, and
# what the others would have held comes as late reports
CAUGHT_UP = 4


def weeks_to_do(own: Week, last: Week, closed: Collection[str], began: Week | None) -> list[Week]:
    """The weeks a run has to see to, oldest first: those without a closed issue, and its own, whose mail may be open.

    `own` is the week the run was scheduled for, `last` the last complete week now, `closed` the labels of closed ones,
    `began` the week of the archive's first run, before which nothing is mailed. Of all these weeks the last `CAUGHT_UP`
    count: a run that was scheduled before them, one of many after a long outage, has no week of its own.
    """
    newest_closed = max(closed, default=None)
    earliest = week_after(parse_week(newest_closed)) if newest_closed else began
    first = min(own, earliest) if earliest else own
    return [week for week in list(_span(first, last))[-CAUGHT_UP:] if week == own or week.label not in closed]


def weeks_since(first: Week, last: Week, closed: Collection[str], open_mail: Collection[str]) -> list[Week]:
    """All weeks from `first` to `last` that are still to be seen to, oldest first, however many.

    They are those without a closed issue, and those among the `closed` that have `open_mail`; both by their labels.
    """
    return [week for week in _span(first, last) if week.label not in closed or week.label in open_mail]


def _span(first: Week, last: Week) -> Iterator[Week]:
    while first <= last:
        yield first
        first = week_after(first)


def to_do(settings: Settings, archive: Archive, *, scheduled: datetime, now: datetime) -> list[Week]:
    """What a run that was `scheduled` for then has to see to now; `weeks_to_do` says which weeks these are."""
    with archive.read() as session:
        began = issues.first_run_at(session)
        closed = issues.closed_weeks(session, settings.zone)
    own, last = (last_complete_week(moment, settings.tz) for moment in (scheduled, now))
    return weeks_to_do(own, last, closed, week_of(began, settings.tz) if began else None)


def require_one(week: object, since: object) -> None:
    """Raises `InputError` when both are given."""
    if week and since:
        raise InputError("week and since exclude each other; give one of them")


def begun(settings: Settings, week: Week, *, now: datetime) -> Week:
    """The week itself; raises `InputError` when it has not begun."""
    running = week_of(now, settings.tz)
    if week > running:
        raise InputError(f"{week.label} has not begun, so there is nothing to write; this is week {running.label}")
    return week


def over(settings: Settings, week: Week, *, now: datetime) -> Week:
    """The week itself; raises `InputError` when it is not over."""
    last = last_complete_week(now, settings.tz)
    if week > last:
        raise InputError(f"{week.label} is not over yet; the last week that can be sent or made up is {last.label}")
    return week


def to_do_since(settings: Settings, archive: Archive, since: str, *, now: datetime) -> list[Week]:
    """What is still to be seen to from the week `since` on, weeks before the first run left out: they are never mailed.

    Raises `InputError` when it is no week, or not over.
    """
    first, last = over(settings, parse_week(since), now=now), last_complete_week(now, settings.tz)
    with archive.read() as session:
        began = issues.first_run_at(session)
        closed = issues.closed_weeks(session, settings.zone)
        earliest = first.bounds(settings.tz)[0]
        due = deliveries.due_issues(session, now=now, closed_since=earliest, patience=patience(settings))
    if began is None:
        return []
    open_mail = {week for week, zone in due if zone == settings.zone}
    return weeks_since(max(first, week_of(began, settings.tz)), last, closed, open_mail)


def nothing_to_do(settings: Settings, archive: Archive, since: str, *, now: datetime) -> str:
    """Why `to_do_since` found no week, in a sentence."""
    first = _first_mailed(settings, archive, now)
    if first <= last_complete_week(now, settings.tz):
        return f"Nothing is left to do since {since}."
    return (
        f"No issue is due yet: the first is {_from_when(first)}. "
        "Weeks before are back issues: `meetings run` writes them, and nobody is mailed."
    )


def never_mailed(settings: Settings, archive: Archive, week: Week, *, now: datetime) -> InputError:
    """What is said to whoever would send a back issue."""
    first = _from_when(_first_mailed(settings, archive, now))
    return InputError(
        f"{week.label} is a back issue, of a week before the first run, and never mailed; the first that is mailed is "
        f"{first} (--test-send ADDR mails any issue to one address)"
    )


def require_last_mailed(settings: Settings, archive: Archive, *, now: datetime) -> None:
    """Raises `InputError` while the last complete week is still one before the first run."""
    last = last_complete_week(now, settings.tz)
    if last < _first_mailed(settings, archive, now):
        raise never_mailed(settings, archive, last, now=now)


def _first_mailed(settings: Settings, archive: Archive, now: datetime) -> Week:
    with archive.read() as session:
        return week_of(issues.first_run_at(session) or now, settings.tz)


def _from_when(first: Week) -> str:
    monday, _ = week_after(first).days()
    return f"that of {first.label}, the week of the first run, from {plain_day(monday)} on"


def held_up(settings: Settings, archive: Archive, week: Week) -> bool:
    """Whether the weeks after one that went wrong wait for it: its issue, which comes before theirs, is not closed."""
    with archive.read() as session:
        issue = issues.get_issue(session, week.label, settings.zone)
    return issue is None or not issue.state.closed
