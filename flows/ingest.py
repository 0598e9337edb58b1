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
from flows.polling import SourceReport
from flows.settings import load_settings
from flows.steps import DetectReport, IngestReport, Run, failed_everywhere, now_utc, open_run
from meetings.records import Person
from parsers.records import InputError, MeetingsError, Source
from reports.words import counted

# with detect, and in the digest four issues written and sent, a flow run stays under 50 tasks
POLL_TASKS = 40
MEETING_EVENTS = 20
ALL_DUE: list[str] = []


def run_name(zone: ZoneInfo, what: str) -> str:
    """What the run is called in the UI: by its scheduled time, which Prefect gives in UTC, in the digest's zone."""
    scheduled: datetime = runtime.flow_run.scheduled_start_time or now_utc()
    return f"{what} {scheduled.astimezone(zone):%Y-%m-%d %H:%M}"


def _ingest_name() -> str:
    return run_name(load_settings().tz, "ingest")


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
    _publish_sources(report.sources)
    for event in meeting_events(report.detected.new_meetings):
        emit_event(**event)
    return report


def _publish_sources(reports: Sequence[SourceReport]) -> None:
    if not reports:
        return  # nothing was due: the table of the last run that polled says more
    failing_first = sorted(reports, key=lambda r: (r.outcome.good, r.source_id))
    create_table_artifact(
        [source_row(report) for report in failing_first],
        key="sources",
        description="What each source answered in this run, failing ones first; new: articles stored.",
    )


def source_row(report: SourceReport) -> dict[str, str | int]:
    """One line of the table of sources; the UI keeps the order of the keys and cuts off what is too wide, hence few."""
    put_off = f"{report.pages_failed} pages put off" if report.pages_failed else ""
    return {
        "source": report.source_id,
        "outcome": report.outcome.value,
        "entries": report.entries,
        "relevant": report.entries - report.screened_out,
        "new": report.new_articles,
        "why": "; ".join(words for words in (report.message, put_off) if words),
    }


def meeting_events(new: Sequence[StoredMeeting]) -> list[dict[str, Any]]:
    """An event per meeting, for automations to match on; beyond `MEETING_EVENTS` one that sums up the rest."""
    events = [_meeting_event(stored) for stored in new[:MEETING_EVENTS]]
    if len(new) > MEETING_EVENTS:
        events.append(
            {
                "event": "meetings.detected",
                "resource": {"prefect.resource.id": "meetings.archive", "prefect.resource.name": "further meetings"},
                "payload": {"count": len(new) - MEETING_EVENTS, "total": len(new)},
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
    return words + (f"; failing: {', '.join(r.source_id for r in failing)}" if failing else "")


@flow(name="ingest", flow_run_name=_ingest_name, validate_parameters=True)
def ingest(sources: list[str] = ALL_DUE, force: bool = False) -> State[Any]:
    """Poll the sources that are due and find the meetings in what they bring.

    Args:
        sources: Ids of the sources to poll, due or not. Empty: all that are due.
        force: Poll every source now, even those whose time has not come.
    """
    try:
        with open_run(load_settings()) as run:
            report = poll_and_detect(run, run.due(sources, force=force))
    except Busy as busy:
        return Cancelled(message=str(busy))
    except MeetingsError as error:
        return Failed(message=str(error))
    if failed_everywhere(report.sources):
        return Failed(message=f"nothing could be stored: {report.sources[0].message}")
    return Completed(message=summary(report))
