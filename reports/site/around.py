"""What a meeting's page tells of other meetings, and how to see that it may have changed without making it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from archive.markers import Marker, digest
from archive.placing import placing_date
from archive.records import StoredMeeting
from meetings.records import RANK_ORDER, Status
from reports.visits import circles


class Neighbours:
    """The other meetings that each meeting's page depends on."""

    def __init__(self, outlines: Sequence[StoredMeeting], markers: Mapping[str, Marker]) -> None:
        self._circles = {id_: circle for circle in circles(outlines) for id_ in circle}
        self._trips = {
            circle: digest(*(f"{id_}{markers[id_].whole}" for id_ in circle if id_ in markers))
            for circle in self._circles.values()
        }
        self._past = _earlier(outlines, markers)

    def circle(self, meeting_id: str) -> tuple[str, ...]:
        """The meetings that may be of one visit with it, itself included."""
        return self._circles.get(meeting_id, (meeting_id,))

    def digest(self, meeting_id: str) -> str:
        """A word that changes with all of them."""
        circle = self._circles.get(meeting_id)
        return digest(self._trips[circle] if circle else "", self._past.get(meeting_id, ""))


def _earlier(outlines: Iterable[StoredMeeting], markers: Mapping[str, Marker]) -> dict[str, str]:
    """For each held meeting a word that changes with the earlier ones of everybody who was there."""
    held = [
        (day, RANK_ORDER.index(stored.meeting.level), stored.meeting.id, stored)
        for stored in outlines
        if (day := placing_date(stored)) and stored.meeting.status is Status.HELD and stored.meeting.id in markers
    ]
    held.sort(key=lambda row: row[:3])
    known: dict[str, str] = {}
    found = {}
    for _, _, id_, stored in held:
        names = sorted({each.name for each in (*stored.meeting.china, *stored.meeting.vietnam) if each.name})
        found[id_] = digest(*(known.get(name, "") for name in names))
        for name in names:
            known[name] = digest(known.get(name, ""), id_, markers[id_].record)
    return found
