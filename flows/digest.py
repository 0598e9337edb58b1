"""The flow `digest`: poll what is due, write the issues that are still to be written, send what is not yet sent.

    poll and detect, within a bounded time -> per week: write -> Markdown artifact -> send

A late run looks at what is still to do, not at the clock: after an outage Prefect starts every Monday that it missed at
once and in any order (prefect.md §5), and whichever comes first writes all open weeks, oldest first. An issue that
cannot be closed holds up those after it.
"""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from prefect import flow, runtime, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from pydantic import Field

from archive.locks import Busy
from flows.delivering import SendReport
from flows.heartbeat import beating, masking, without_addresses
from flows.ingest import poll_and_detect, run_name, summary, worth_a_retry
from flows.issue_steps import BUSY_SECONDS, IssueReport, send_until, write_issue, write_messages
from flows.opening import open_archive
from flows.publishing import build_site
from flows.settings import Settings, load_settings
from flows.steps import now_utc, open_run
from flows.weeks import held_up, require_one, to_do, to_do_since
from parsers.records import MeetingsError
from reports.supervision import RunKind
from reports.week import Week, parse_week
from reports.words import counted

# so long the run waits for what the ledger has tried again: its pauses of 1, 5 and 15 minutes
PATIENCE = timedelta(minutes=25)

WeekLabel = Annotated[str, Field(pattern=r"^[0-9]{4}-W[0-9]{2}$")]


class UndeliveredError(MeetingsError):
    """Not every message is known to have arrived; the ledger knows when each is tried again. Names no recipient."""


def worth_sending_again(task: object, run: object, state: State[Any]) -> bool:
    """Whether a failed sending may go well at once: not when the ledger has it wait."""
    waits = isinstance(state.result(raise_on_failure=False), UndeliveredError)
    return not waits and worth_a_retry(task, run, state)


def _digest_name() -> str:
    given = runtime.flow_run.parameters
    what = f" of {given['week']}" if given.get("week") else f" since {given['since']}" if given.get("since") else ""
    return f"{run_name('digest')}{what}"


def artifact_key(week: Week) -> str:
    """Prefect takes small letters, digits and dashes only: `digest-2024-w50`."""
    return re.sub(r"[^a-z0-9]+", "-", f"digest-{week.label}".lower())


@task(
    task_run_name="write {week.label}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=30,
    retry_condition_fn=worth_a_retry,
)
def write(settings: Settings, week: Week, *, close: bool) -> IssueReport:
    """Write one issue's files and show it as an artifact."""
    issue = write_issue(settings, week, close=close)
    create_markdown_artifact(issue.markdown, key=artifact_key(week), description=issue.subject)
    return issue


@task(
    task_run_name="send {week.label}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=60,
    retry_condition_fn=worth_sending_again,
)
def send_mail(settings: Settings, week: Week) -> SendReport:
    """Send one issue to whom it has not reached, and wait for a while for what the ledger has tried again.

    Raises `UndeliveredError` when a message is still to be sent then.
    """
    with masking():
        sent = send_until(settings, week, now_utc() + PATIENCE)
    if sent.unknown + sent.waiting > sent.held:
        raise UndeliveredError(
            f"{sent.in_words(settings.tz)}; later ingest runs send what is due, "
            f"`meetings deliveries --issue {week.label}` names them"
        )
    return sent


def _poll(settings: Settings) -> str:
    """Poll and detect until `poll_first_timeout` has passed; what came of it, in words. Failure stops nothing."""
    until = now_utc() + timedelta(seconds=settings.poll_first_timeout)
    while True:
        try:
            with open_run(settings) as run:
                return summary(poll_and_detect(run, run.due(), until=until))
        except Busy as busy:
            if now_utc() >= until:
                return f"not polled: {busy}"
            time.sleep(BUSY_SECONDS)
        except MeetingsError as error:
            return f"not polled: {without_addresses(str(error))}"
        except Exception as error:  # noqa: BLE001 the mail goes out whatever ails a source
            get_run_logger().error("%s", without_addresses(traceback.format_exc()))
            return f"not polled: {type(error).__name__}"


def _weeks(settings: Settings, week: str | None, since: str | None) -> list[Week]:
    require_one(week, since)
    if week:
        return [parse_week(week)]
    now = now_utc()
    with open_archive(settings) as archive:
        if since:
            return to_do_since(settings, archive, since, now=now)
        return to_do(settings, archive, scheduled=runtime.flow_run.scheduled_start_time or now, now=now)


def _why_not_sent(settings: Settings) -> str:
    if not settings.smtp_host:
        return "not sent, because no mail server is set (MEETINGS_SMTP_HOST)"
    if not settings.recipients_file.exists():
        return f"not sent, because there is no {settings.recipients_file}"
    return ""


def _on_schedule() -> bool:
    context = FlowRunContext.get()
    return bool(context and context.flow_run and context.flow_run.auto_scheduled)


def _see_to(settings: Settings, week: Week, *, send: bool, dry_run: bool) -> tuple[bool, str]:
    """Write one issue, and send it; whether that went well, and what came of it in words."""
    why_not = _why_not_sent(settings) if send else "not sent, as asked"
    try:
        # sending closes the issue itself; without it the scheduled run does (design §6.4)
        issue = write(settings, week, close=bool(why_not) and not dry_run and _on_schedule())
        done = f"{week.label}: {counted(issue.meetings, 'new meeting')}"
        if dry_run:
            return True, f"{done}, {len(write_messages(settings, week))} messages written as files"
        if issue.back:
            return True, f"{done}, a back issue: never mailed"
        if why_not:
            return True, f"{done}, {why_not}"
        sent = send_mail(settings, week)
    except MeetingsError as error:
        return False, f"{week.label}: {without_addresses(str(error))}"
    return not sent.problems, f"{done}, {sent.in_words(settings.tz)}"


def _see_to_all(settings: Settings, weeks: Sequence[Week], *, send: bool, dry_run: bool) -> list[tuple[bool, str]]:
    """One issue after the other, up to one that could not be closed: those after it wait for it."""
    outcomes = []
    for number, week in enumerate(weeks, start=1):
        outcomes.append(_see_to(settings, week, send=send, dry_run=dry_run))
        if outcomes[-1][0]:
            continue
        with open_archive(settings) as archive:
            if not held_up(settings, archive, week):
                continue
        if later := ", ".join(each.label for each in weeks[number:]):
            outcomes.append((False, f"{later}: not begun, because issues close in their order"))
        break
    return outcomes


def _publish(settings: Settings) -> None:
    """Build the web archive after the mail, which its failure neither stops nor delays."""
    logger = get_run_logger()
    try:
        report = build_site(settings)
    except Exception:
        logger.exception("the web archive was not built; `meetings site build` does it")
    else:
        logger.info("web archive: %s files, %s new or changed", report.files, report.written)


@flow(name="digest", flow_run_name=_digest_name)
def digest(
    week: WeekLabel | None = None,
    send: bool = True,
    poll_first: bool = True,
    dry_run: bool = False,
    since: WeekLabel | None = None,
) -> State[Any]:
    """Write the digest and mail it to whom it has not reached.

    Args:
        week: ISO week such as 2024-W50. Empty: every complete week that is still to do.
        send: Mail the issue, when a mail server and recipients are set.
        poll_first: Poll the sources that are due before writing, so that Sunday evening is in it.
        dry_run: Write each recipient's message as a file instead of sending; nothing is closed.
        since: ISO week. After a long outage: every week still to do from there, however many, oldest first.
    """
    logger = get_run_logger()
    try:
        settings = load_settings()
        with masking(), beating(settings, RunKind.DIGEST, by_hand=bool(week or since) or dry_run) as problems:
            if poll_first:
                logger.info("%s", _poll(settings))
            outcomes = _see_to_all(settings, _weeks(settings, week, since), send=send, dry_run=dry_run)
            problems += [sentence for well, sentence in outcomes if not well]
    except MeetingsError as error:
        return Failed(message=str(error))
    _publish(settings)
    words = "; ".join(sentence for _, sentence in outcomes) or "nothing is left to do"
    return Failed(message=words) if problems else Completed(message=words)
