"""What the archive can tell at a glance: its status, and the exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archive import articles, deliveries, issues, meetings
from archive.records import DeliveryState
from flows.health import source_health
from flows.settings import Settings
from flows.steps import existing_archive, now_utc
from reports.atom import export_atom
from reports.calendar_export import export_ics
from reports.export import export_csv, export_jsonl
from reports.health import Health
from reports.plover import export_plover


def exported(settings: Settings, form: str) -> Iterator[str]:
    """Every meeting of the archive in one of docs/exports.md's forms, piece by piece with its line ends."""
    with existing_archive(settings) as archive, archive.read() as session:
        everything = meetings.all_meetings(session)
    if form == "ics":
        yield export_ics(everything)
    elif form == "atom":
        yield export_atom(everything)
    else:
        yield from {"csv": export_csv, "jsonl": export_jsonl, "plover": export_plover}[form](everything)


def archive_status(settings: Settings) -> dict[str, Any]:
    """Counts and last times of the archive, for `meetings status`."""
    with existing_archive(settings) as archive, archive.read() as session:
        ledger = deliveries.deliveries(session, now=now_utc())
        closed = issues.closed_issues(session, settings.zone)
        facts: dict[str, Any] = {
            "home": str(settings.home),
            "articles": articles.count_articles(session),
            "meetings": meetings.count_meetings(session),
        }
    health, _ = source_health(settings)
    attempts = [item.state.last_attempt for item in health if item.state.last_attempt]
    facts["sources"] = len(health)
    facts["sources_well"] = sum(item.health is Health.WELL for item in health)
    facts["sources_failing"] = sum(item.health.troubled for item in health)
    facts["alarms"] = sum(len(item.state.alarms) for item in health if item.health is Health.ALARM)
    facts["last_poll"] = max(attempts).astimezone(settings.tz).isoformat(timespec="minutes") if attempts else None
    facts["last_closed_issue"] = max((issue.week for issue in closed), default=None)
    for state in DeliveryState:
        facts[f"deliveries_{state.value}"] = sum(delivery.state is state for delivery in ledger)
    return facts
