"""The flow `ingest`: poll every source that is due, then find the meetings in what is new.

    open_run -> poll (one task per source, at most 40) -> detect -> table of the sources, events

The work is in `flows.steps`; here it gets a schedule, names, artifacts and events. At most 50 task runs a flow run:
more of them stall the server on SQLite (prefect.md §3).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect import flow, runtime, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from archive.locks import Busy
from archive.records import StoredMeeting
from flows.delivering import send_what_waits
from flows.health import COLUMNS, health_of, row, why
from flows.heartbeat import beating, masking
from flows.polling import SourceReport
from flows.results import DetectReport, IngestReport
from flows.settings import load_settings
from flows.steps import Run, now_utc, open_run
from flows.watching import AlarmChange
from meetings.records import Person
from parsers.records import InputError, MeetingsError, Source
from reports.health import SourceHealth
from reports.supervision import RunKind
from reports.words import counted

# with detect, and in the digest four issues written and sent, a flow run stays under 50 tasks
POLL_TASKS = 40
RUN_EVENTS = 20
ALARM_EVENTS = 6
ALL_DUE: list[str] = []


def run_name(what: str) -> str:
    """What the run is called in the UI: by its scheduled time, which Prefect gives in UTC, in the digest's zone.

    That is UTC where the settings are wrong: the run itself tells of it, and could not without a name.
    """
    try:
        zone = load_settings().tz
    except InputError:
        zone = ZoneInfo("UTC")
    scheduled: datetime = runtime.flow_run.scheduled_start_time or now_utc()
    return f"{what} {scheduled.astimezone(zone):%Y-%m-%d %H:%M}"


def _ingest_name() -> str:
    return run_name("ingest")


def batches(due: Sequence[Source], most: int = POLL_TASKS) -> list[tuple[Source, ...]]:
    """The sources of each poll task: one a task while there are at most `most`, else dealt out evenly."""
    return [tuple(due[start::most]) for start in range(min(len(due), most))]


@task(task_run_name="poll {label}", cache_policy=NO_CACHE, persist_result=False)
def poll(label: str, run: Run, batch: Sequence[Source], until: datetime | None) -> list[SourceReport]:
    """Poll a batch of sources one after the other; what has not begun at `until` is left for the next run."""
    logger = get_run_logger()
    reports = []
    for source in batch:
        if until and now_utc() >= until:
            logger.warning("%s: no time left in this run, %s is polled by the next", source.id, label)
            continue
        report = run.poll(source, until=until)
        why = f" ({report.message})" if report.message else ""
        logger.info("%s: %s%s, %s", source.id, report.outcome, why, counted(report.new_articles, "new article"))
        reports.append(report)
    return reports


def worth_a_retry(_task: object, _run: object, state: State[Any]) -> bool:
    """Whether a failed step may go well the next time: not when a person has to mend something first."""
    return not isinstance(state.result(raise_on_failure=False), InputError)


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=10, retry_condition_fn=worth_a_retry)
def detect(run: Run) -> DetectReport:
    """Find the meetings in every article not yet read."""
    return run.detect()


def poll_and_detect(run: Run, due: Sequence[Source], *, until: datetime | None = None) -> IngestReport:
    """One ingest inside a flow run: its tasks, the table of the sources, an event per new meeting."""
    pool: ThreadPoolTaskRunner[list[SourceReport]] = ThreadPoolTaskRunner(max_workers=run.settings.workers)
    with pool as runner:
        futures = [
            runner.submit(poll, {"label": ", ".join(s.id for s in batch), "run": run, "batch": batch, "until": until})
            for batch in batches(due)
        ]
        reports = sorted((r for future in futures for r in future.result()), key=lambda r: r.source_id)
    watched = run.watch(reports)
    report = IngestReport(tuple(reports), detect(run), watched)
    for change in watched.changes:
        get_run_logger().warning("%s", change)
    _publish_sources(run, report.sources)
    for event in run_events(report):
        emit_event(**event)
    return report


def _publish_sources(run: Run, reports: Sequence[SourceReport]) -> None:
    if not reports:
        return  # nothing was due: the table of the last run that polled says more
    now = now_utc()
    create_table_artifact(
        [source_row(item, now=now) for item in health_of(run.archive, run.catalogue, now=now)],
        key="sources",
        description="How each source was after this run, the worst first; spans as in `meetings sources check`.",
    )


def source_row(item: SourceHealth, *, now: datetime) -> dict[str, str]:
    """One line of the table of sources; the UI keeps the order of the keys and cuts off what is too wide."""
    return dict(zip(COLUMNS, row(item, now=now), strict=True)) | {"why": why(item)}


def run_events(report: IngestReport) -> list[dict[str, Any]]:
    """The events of a run, at most `RUN_EVENTS` and up to two that sum up: alarms first, then meetings."""
    alarms = alarm_events(report.watched.changes)
    return alarms + meeting_events(report.detected.new_meetings, most=RUN_EVENTS - len(alarms))


def alarm_events(changes: Sequence[AlarmChange]) -> list[dict[str, Any]]:
    """An event per alarm raised or withdrawn; beyond `ALARM_EVENTS` one that sums up the rest."""
    events = [_alarm_event(change) for change in changes[:ALARM_EVENTS]]
    if len(changes) > ALARM_EVENTS:
        raised = sum(change.raised for change in changes)
        events.append(
            {
                "event": "sources.alarms",
                "resource": {"prefect.resource.id": "meetings.archive", "prefect.resource.name": "further alarms"},
                "payload": {"raised": raised, "withdrawn": len(changes) - raised},
            }
        )
    return events


def _alarm_event(change: AlarmChange) -> dict[str, Any]:
    return {
        "event": f"source.alarm.{'raised' if change.raised else 'withdrawn'}",
        "resource": {
            "prefect.resource.id": f"meetings.source.{change.source_id}",
            "prefect.resource.name": change.source_id,
            "meetings.alarm": change.alarm.kind.value,
        },
        "payload": {"since": change.alarm.since.isoformat(), "message": change.alarm.message},
    }


def meeting_events(new: Sequence[StoredMeeting], *, most: int) -> list[dict[str, Any]]:
    """An event per meeting, for automations to match on; beyond `most` one that sums up the rest."""
    events = [_meeting_event(stored) for stored in new[:most]]
    if len(new) > most:
        events.append(
            {
                "event": "meetings.detected",
                "resource": {"prefect.resource.id": "meetings.archive", "prefect.resource.name": "further meetings"},
                "payload": {"count": len(new) - most, "total": len(new)},
            }
        )
    return events


def _meeting_event(stored: StoredMeeting) -> dict[str, Any]:
    meeting = stored.meeting
    china, vietnam = _names(meeting.china), _names(meeting.vietnam)
    articles = [mention.article.article for mention in stored.mentions]
    return {
        "event": "meeting.detected",
        "resource": {
            "prefect.resource.id": f"meetings.meeting.{meeting.id}",
            "prefect.resource.name": f"{' and '.join(china) or 'China'} – {' and '.join(vietnam) or 'Viet Nam'}",
            "meetings.status": meeting.status.value,
            "meetings.level": meeting.level.value,
            "meetings.channel": meeting.channel.value,
        },
        "payload": {
            "date": meeting.date.isoformat() if meeting.date else None,
            "city": meeting.place.city,
            "china": china,
            "vietnam": vietnam,
            "forum": meeting.forum.name if meeting.forum else None,
            "urls": [article.url for article in articles if article.url],
        },
    }


def _names(people: Sequence[Person]) -> list[str]:
    return [name for person in people if (name := person.name or person.role)]


def summary(report: IngestReport) -> str:
    """One sentence for the run's final state."""
    failing = [r for r in report.sources if not r.outcome.good]
    words = f"{counted(len(report.sources), 'source')} polled, {counted(report.new_articles, 'new article')}, "
    words += counted(len(report.detected.new_meetings), "new meeting")
    parts = [words, f"failing: {', '.join(r.source_id for r in failing)}" if failing else "", report.left]
    if report.watched.network_down:
        parts.append("our own network was down, so no source is blamed")
    return "; ".join(filter(None, parts))


@flow(name="ingest", flow_run_name=_ingest_name, validate_parameters=True)
def ingest(sources: list[str] = ALL_DUE, force: bool = False) -> State[Any]:
    """Poll the sources that are due and find the meetings in what they bring.

    Args:
        sources: Ids of the sources to poll, due or not. Empty: all that are due.
        force: Poll every source now, even those whose time has not come; not the fall-backs that rest.
    """
    try:
        settings = load_settings()
        with beating(settings, RunKind.INGEST, by_hand=bool(sources)) as problems, open_run(settings) as run:
            report = poll_and_detect(run, run.due(sources, force=force))
            if report.failure:
                problems.append(report.failure)
    except Busy as busy:
        return Cancelled(message=str(busy))
    except MeetingsError as error:
        return Failed(message=str(error))
    if report.failure:
        return Failed(message=report.failure)
    with masking():
        mail = send_what_waits(settings)
    if mail:
        get_run_logger().info("%s", mail)
    return Completed(message=summary(report))
