"""What the archive can tell at a glance: the catalogue, the sources' health, the status, the exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from archive import articles, deliveries, issues, meetings, sources
from archive.records import DeliveryState, FetchLogLine
from archive.store import DATABASE_NAME, Archive
from flows.settings import Settings
from flows.steps import load_catalogue, now_utc, open_archive
from parsers.records import InputError, Outcome, Source, SourceState
from reports.atom import export_atom
from reports.calendar_export import export_ics
from reports.export import export_csv, export_jsonl
from reports.plover import export_plover


def source_health(settings: Settings) -> list[dict[str, Any]]:
    """Each source of the catalogue in force with its state; times in ISO 8601, in the digest's zone."""
    catalogue = load_catalogue(settings).sources
    with open_archive(settings) as archive, archive.read() as session:
        states, polls = sources.states(session), sources.last_fetches(session)
    return [
        _health(source, states.get(source.id) or SourceState(source.id), polls.get(source.id), settings)
        for source in catalogue
    ]


def _health(source: Source, state: SourceState, poll: FetchLogLine | None, settings: Settings) -> dict[str, Any]:
    def shown(moment: datetime | None) -> str | None:
        return moment.astimezone(settings.tz).isoformat(timespec="minutes") if moment else None

    return {
        "source": source.id,
        "outlet": source.outlet,
        "outcome": state.outcome.value,
        "failing": source.enabled and not (state.outcome.good or state.outcome is Outcome.NEVER_POLLED),
        "since": shown(state.since),
        "last_attempt": shown(state.last_attempt),
        "last_success": shown(state.last_success),
        "last_new": shown(state.last_new),
        "next_due": shown(state.next_due),
        "failures": state.failures,
        "entries": poll.entries if poll else None,
        "new_articles": poll.new_articles if poll else None,
        "message": state.message,
    }


def _existing(settings: Settings) -> Archive:
    """The archive, which a look at it does not make; raises `InputError` where there is none yet."""
    if settings.database_url is None and not (settings.home / DATABASE_NAME).exists():
        raise InputError(f"there is no archive in {settings.home} yet; `meetings run` makes one, --home names another")
    return open_archive(settings)


def exported(settings: Settings, form: str) -> Iterator[str]:
    """Every meeting of the archive in one of docs/exports.md's forms, piece by piece with its line ends."""
    with _existing(settings) as archive, archive.read() as session:
        everything = meetings.all_meetings(session)
    if form == "ics":
        yield export_ics(everything)
    elif form == "atom":
        yield export_atom(everything)
    else:
        yield from {"csv": export_csv, "jsonl": export_jsonl, "plover": export_plover}[form](everything)


def archive_status(settings: Settings) -> dict[str, Any]:
    """Counts and last times of the archive, for `meetings status`."""
    with _existing(settings) as archive, archive.read() as session:
        ledger = deliveries.deliveries(session, now=now_utc())
        closed = issues.closed_issues(session, settings.zone)
        facts: dict[str, Any] = {
            "home": str(settings.home),
            "articles": articles.count_articles(session),
            "meetings": meetings.count_meetings(session),
        }
    health = source_health(settings)
    facts["sources"] = len(health)
    facts["sources_failing"] = sum(bool(row["failing"]) for row in health)
    facts["last_poll"] = max((row["last_attempt"] for row in health if row["last_attempt"]), default=None)
    facts["last_closed_issue"] = max((issue.week for issue in closed), default=None)
    for state in DeliveryState:
        facts[f"deliveries_{state.value}"] = sum(delivery.state is state for delivery in ledger)
    return facts
