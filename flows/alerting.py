"""The mail to the operator: what needs a person as soon as it does, once a day while it does, and when it is over.

What was mailed last stands in `HOME/alerted.json`, and of which runs. The mail goes first: killed in between, it comes
a second time.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Collection, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archive.errors import ArchiveError
from archive.files import sole_writer, write_atomically
from archive.records import DeliveryState
from flows.heartbeat import without_addresses
from flows.issuing import smtp_settings
from flows.settings import Settings
from flows.steps import now_utc
from parsers.records import InputError, MeetingsError
from reports.mail import build_notice
from reports.recipients import Recipient
from reports.smtp import SmtpSettings, send
from reports.supervision import Finding
from reports.words import counted

NAME = "alerted.json"
REMINDED = timedelta(days=1)
RUNS_KEPT = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator was mailed last, as `Finding.key`s, and when (UTC); `runs` were seen to, the newest last."""

    at: datetime
    keys: frozenset[str]
    runs: tuple[str, ...] = ()


def worth_telling(keys: Collection[str], told: Told | None, *, now: datetime) -> bool:
    """Whether what needs a person is worth a mail: something is new, it still stands after a day, or all is over."""
    before = told.keys if told else frozenset()
    if not keys:
        return bool(before)
    return not before.issuperset(keys) or bool(told and now - told.at >= REMINDED)


def seen_to(settings: Settings, run: str) -> bool:
    """Whether the operator was told of this run before; an empty `run` is none."""
    told = _last_told(settings)
    return bool(run and told and run in told.runs)


def tell_operator(
    settings: Settings, findings: Sequence[Finding], passing: Sequence[Finding] = (), *, run: str = ""
) -> str:
    """Mails the findings to `alert_to` when it is worth it; what was done, in words without any address.

    `passing` are findings that nobody will find again: told at once, and not remembered. `run` is the one that is the
    reason, if any: of each the operator is told once, however often and at whatever moment this is called. Raises
    `InputError` when `alert_to` or the mail server is not set, `MeetingsError` when the mail was not accepted.
    """
    if not settings.alert_to:
        raise InputError("nobody is set to be told; give alert_to in meetings.toml or MEETINGS_ALERT_TO")
    smtp = smtp_settings(settings)
    with ExitStack() as alone:
        # of a home that cannot even be locked the operator is told all the same
        with suppress(ArchiveError):
            alone.enter_context(sole_writer(settings.home))
        return _tell(settings, smtp, findings, passing, run)


def _tell(
    settings: Settings, smtp: SmtpSettings, findings: Sequence[Finding], passing: Sequence[Finding], run: str
) -> str:
    now, told = now_utc(), _last_told(settings)
    keys = frozenset(finding.key for finding in findings)
    runs = told.runs if told else ()
    if run and run in runs:
        return "the operator was told of this run before"
    runs = (*runs, run)[-RUNS_KEPT:] if run else runs
    if not passing and not worth_telling(keys, told, now=now):
        if told and run:
            _remember(settings, replace(told, runs=runs))
        return "the operator knows"
    subject, text = _words(settings, [*passing, *findings])
    recipient = Recipient(settings.alert_to)
    result = send(build_notice(text, subject=subject, sender=settings.mail_from, recipient=recipient, date=now), smtp)
    if result.state is not DeliveryState.ACCEPTED:
        raise MeetingsError(f"the operator was not told: {without_addresses(result.message)}")
    _remember(settings, Told(now, keys, runs))
    return f"the operator was told: {subject}"


def _words(settings: Settings, findings: Sequence[Finding]) -> tuple[str, str]:
    where = f"{socket.gethostname()}, {settings.home.resolve()}"
    if not findings:
        return "Meetings: all is well again", f"Nothing needs a person any more ({where}).\n"
    things = counted(len(findings), "thing needs", "things need")
    troubles = ", ".join(dict.fromkeys(finding.trouble.value for finding in findings))
    lines = "\n\n".join(map(str, findings))
    return (
        f"Meetings: {things} a person: {troubles}",
        f"{lines}\n\n{where}\n`meetings status` shows how it is now; docs/operations.md says what to do.\n",
    )


def _last_told(settings: Settings) -> Told | None:
    try:
        told = json.loads((settings.home / NAME).read_text(encoding="utf-8"))
        return Told(datetime.fromisoformat(told["at"]), frozenset(told["keys"]), tuple(told.get("runs", ())))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(settings: Settings, told: Told) -> None:
    value = {"at": told.at.isoformat(), "keys": sorted(told.keys), "runs": told.runs}
    write_atomically(settings.home / NAME, json.dumps(value, indent=1).encode() + b"\n")
