"""The sources of the sample weeks, and how they answered."""

from __future__ import annotations

import datetime as dt

from parsers.records import Alarm, AlarmKind, Kind, Outcome, Side, Source, SourceState


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def source(source_id: str, name: str, side: Side, language: str, fallback_for: str | None = None) -> Source:
    return Source(
        id=source_id,
        outlet=source_id.partition("-")[0],
        outlet_name=name,
        side=side,
        language=language,
        zone="Asia/Shanghai" if side is Side.CHINA else "Asia/Ho_Chi_Minh",
        kind=Kind.RSS,
        url=f"https://{source_id}.example/rss",
        interval=dt.timedelta(hours=3),
        fallback_for=fallback_for,
    )


SOURCES = (
    source("xinhua-en", "Xinhua", Side.CHINA, "en"),
    source("xinhua-zh", "Xinhua", Side.CHINA, "zh"),
    source("mfa-zh", "Chinese Foreign Ministry", Side.CHINA, "zh"),
    source("vietnamplus-en", "VietnamPlus", Side.VIETNAM, "en"),
    source("nhandan-vi", "Nhân Dân", Side.VIETNAM, "vi"),
    source("baoquangninh-vi", "Báo Quảng Ninh", Side.VIETNAM, "vi"),
    source("kpl-en", "Lao News Agency", Side.OTHER, "en"),
    source("mfa-google", "Chinese Foreign Ministry", Side.CHINA, "zh", "mfa-zh"),
    source("vietnamplus-google", "VietnamPlus", Side.VIETNAM, "en", "vietnamplus-en"),
)
STANDING_BY = {"vietnamplus-google"}
STATES = {
    "xinhua-en": SourceState("xinhua-en", Outcome.OK, since=at("2024-12-01T02:00")),
    "xinhua-zh": SourceState("xinhua-zh", Outcome.NOT_MODIFIED, since=at("2024-12-01T02:00")),
    "mfa-zh": SourceState(
        "mfa-zh",
        Outcome.TIMEOUT,
        "mfa-zh did not answer within 60 seconds.",
        since=at("2024-12-12T05:00"),
        last_attempt=at("2024-12-15T23:00"),
        last_success=at("2024-12-12T02:00"),
        failures=14,
        alarms=(Alarm(AlarmKind.FAILING, at("2024-12-12T05:00"), "No good answer since 2024-12-12 05:00 UTC."),),
    ),
    "mfa-google": SourceState("mfa-google", Outcome.OK, since=at("2024-12-13T08:00")),
    "vietnamplus-en": SourceState("vietnamplus-en", Outcome.OK, since=at("2024-12-01T02:00")),
    "nhandan-vi": SourceState("nhandan-vi", Outcome.OK, since=at("2024-12-01T02:00")),
    "baoquangninh-vi": SourceState("baoquangninh-vi", Outcome.NOT_A_FEED, since=at("2024-12-02T02:00"), failures=30),
}
