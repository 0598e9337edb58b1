"""CAMEO and PLOVER codes of a meeting (reference/peers.md §6.1-6.3; PLOVER's table of 2021-09-17)."""

from __future__ import annotations

from collections.abc import Sequence

from meetings.records import Channel, Codes, Direction, Mode, Plover, Status, Topic
from meetings.topics import contexts
from parsers.records import Side

_CHANNEL_CONTEXT = {
    Channel.MILITARY: "military",
    Channel.LEGISLATURE: "legislative",
    Channel.PARTY: "political_institutions",
}


def code(
    *, status: Status, mode: Mode, direction: Direction, channel: Channel, topics: Sequence[Topic], teller: Side | None
) -> Codes:
    """The codes of a meeting. `teller` is the side whose outlet tells it: a visit it makes is 042, one it hosts 043.

    A meeting that is only announced is CAMEO 036, PLOVER AGREE without a mode; one called off is 040.
    """
    told = {context for topic in topics for context in contexts()[topic.id]}
    told |= {"diplomatic"} | ({_CHANNEL_CONTEXT[channel]} if channel in _CHANNEL_CONTEXT else set())
    if status is Status.ANNOUNCED:
        return Codes("036", Plover("AGREE", None, tuple(sorted(told))))
    cameo, plover = _consult(mode, direction, teller)
    return Codes(cameo, Plover("CONSULT", plover, tuple(sorted(told))))


def _consult(mode: Mode, direction: Direction, teller: Side | None) -> tuple[str, str | None]:
    if mode is Mode.PHONE:
        return "041", "phone"
    if mode is Mode.VIDEO or direction is Direction.UNKNOWN or direction is Direction.REMOTE:
        return "040", None
    if direction is Direction.THIRD_COUNTRY:
        return "044", "third-party"
    host = Side.CHINA if direction is Direction.TO_CHINA else Side.VIETNAM
    return ("043" if teller is host else "042"), "visit"
