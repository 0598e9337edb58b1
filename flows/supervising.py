"""Whether anything needs a person, looked up for `meetings status` and for the mail to the operator."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from archive import articles, clock, deliveries, issues, meetings
from archive.errors import ArchiveError
from archive.records import Delivery, DeliveryState
from archive.store import Archive
from flows.backing import last_backup
from flows.health import health_of
from flows.heartbeat import last_beats, without_addresses
from flows.issuing import load_recipients
from flows.opening import existing_archive
from flows.settings import Settings
from flows.steps import load_catalogue, now_utc
from parsers.records import InputError, Source
from reports import supervision
from reports.health import Health, SourceHealth
from reports.supervision import Beat, Finding, Look, RunKind, Trouble, worst_first

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class _Known:
    """What the archive knows of itself; `closed` are the weeks of the zone in force, `closed_at` of all zones.

    `corrected` leads from weeks to those whose issues correct theirs.
    """

    articles: int
    meetings: int
    sources: Sequence[SourceHealth]
    first_run: datetime | None
    closed: Collection[str]
    closed_at: Mapping[str, datetime]
    corrected: Mapping[str, Sequence[str]]
    ledger: Sequence[Delivery]
    clock_wrong_by: timedelta


def supervise(settings: Settings) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """What there is, in numbers and last times, and everything that needs a person, the worst first.

    Of an archive that cannot be used there are no numbers. Raises `InputError` when there is no archive and no
    run has ended here yet.
    """
    at = Look(now_utc(), settings.tz, timedelta(seconds=settings.overdue_after))
    free, least = shutil.disk_usage(_standing(settings.home)).free, settings.disk_free_mb * MEGABYTE
    beats = last_beats(settings)
    catalogue, found = _read_files(settings)
    found += supervision.disk_findings(free, least, str(settings.home))
    found += supervision.run_findings(beats, at)
    found += supervision.backup_findings(last_backup(settings.backup_dir), at)
    facts: dict[str, Any] = {"home": str(settings.home)}
    try:
        with existing_archive(settings) as archive:
            archive.prove_writable()
            known = _known(settings, archive, catalogue, at)
    except (ArchiveError, InputError) as error:
        if isinstance(error, InputError) and not beats:
            raise
        found.append(Finding(Trouble.ARCHIVE_UNUSABLE, str(error)))
    else:
        facts |= _numbers(known, at)
        found += _findings(settings, known, beats, at)
    for beat in beats:
        facts[f"last_{beat.run}"] = _shown(beat.ended, at)
    return facts, worst_first(found)


def _read_files(settings: Settings) -> tuple[Sequence[Source], list[Finding]]:
    """The catalogue, and what is wrong with the files that a person writes; of a wrong catalogue no source."""
    catalogue: Sequence[Source] = ()
    found = []
    try:
        catalogue = load_catalogue(settings).sources
        if settings.recipients_file.exists():
            load_recipients(settings)
    except InputError as error:
        found.append(Finding(Trouble.SETTINGS_WRONG, without_addresses(str(error))))
    return catalogue, found


def _known(settings: Settings, archive: Archive, catalogue: Sequence[Source], at: Look) -> _Known:
    health = health_of(archive, catalogue, now=at.now)
    with archive.read() as session:
        closed = issues.closed_issues(session)
        return _Known(
            articles=articles.count_articles(session),
            meetings=meetings.count_meetings(session),
            sources=health,
            first_run=issues.first_run_at(session),
            closed={issue.week for issue in closed if issue.zone == settings.zone},
            closed_at={issue.week: issue.closed_at for issue in closed if issue.closed_at},
            corrected={issue.week: issue.corrected_in for issue in closed if issue.corrected_in},
            ledger=deliveries.deliveries(session, now=at.now),
            clock_wrong_by=clock.wrong_by(session, now=at.now),
        )


def _numbers(known: _Known, at: Look) -> dict[str, Any]:
    corrected = max(known.corrected, default=None)
    attempts = [item.state.last_attempt for item in known.sources if item.state.last_attempt]
    return {
        "articles": known.articles,
        "meetings": known.meetings,
        "sources": len(known.sources),
        "sources_well": sum(item.health is Health.WELL for item in known.sources),
        "sources_failing": sum(item.health.troubled for item in known.sources),
        "alarms": sum(len(item.state.alarms) for item in known.sources if item.health is Health.ALARM),
        "last_poll": _shown(max(attempts), at) if attempts else None,
        "last_closed_issue": max(known.closed, default=None),
        "corrected_issues": len(known.corrected),
        "last_corrected_issue": f"{corrected} in {', '.join(known.corrected[corrected])}" if corrected else None,
    } | {
        f"deliveries_{state.value}": sum(delivery.state is state for delivery in known.ledger)
        for state in DeliveryState
    }


def _findings(settings: Settings, known: _Known, beats: Sequence[Beat], at: Look) -> list[Finding]:
    found = supervision.source_findings(known.sources, known.first_run, at)
    mails = settings.smtp_host and settings.recipients_file.exists()
    if mails or known.closed or any(beat.run is RunKind.DIGEST for beat in beats):
        found += supervision.issue_findings(known.closed, known.first_run, at)
    found += supervision.clock_findings(known.clock_wrong_by)
    return found + supervision.delivery_findings(known.ledger, known.closed_at, at)


def _shown(moment: datetime, at: Look) -> str:
    return moment.astimezone(at.zone).isoformat(timespec="minutes")


def _standing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
