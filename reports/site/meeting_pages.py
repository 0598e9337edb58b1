"""Many meetings at once: their pages written, their cards and their parts of the data files given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from archive.records import StoredMeeting
from reports.accounts import Outlets
from reports.clean import one_line
from reports.firsts import Past, firsts
from reports.records import CorrectionView
from reports.site.cards import Card, card
from reports.site.data import Parts, parts_of
from reports.site.folder import put
from reports.site.meeting_page import Link, Surroundings, page_of
from reports.site.paths import address, meeting_page
from reports.site.render import render
from reports.views import headline, when
from reports.visits import Visit, visit_view, visits_of


@dataclass(frozen=True, slots=True)
class Told:
    """What stands on a meeting's page beside its own record: issues that tell of it, corrections, former ids."""

    issues: tuple[str, ...] = ()
    corrections: tuple[CorrectionView, ...] = ()
    former_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """Meetings to build, by id, with what stands on the page of each beside its own record."""

    told: Mapping[str, Told]


@dataclass(frozen=True, slots=True)
class Done:
    """A meeting whose page was made."""

    card: Card
    parts: Parts
    written: bool


def make_pages(
    meetings: Sequence[StoredMeeting],
    task: Task,
    *,
    past: Past,
    outlets: Outlets,
    zone: ZoneInfo,
    out: Path,
    site: str = "",
) -> list[Done]:
    """Writes the page of each meeting of the task. `meetings` are those, and all that may be of one visit with them.

    `site` is the address of the archive on the web, empty when it is not known.
    """
    visits = {stored.meeting.id: visit for visit in visits_of(meetings) for stored in visit.meetings}
    chosen = [each for each in meetings if each.meeting.id in task.told]
    paths = [meeting_page(each.meeting.id) for each in chosen]

    def around(stored: StoredMeeting) -> Surroundings:
        told, visit = task.told[stored.meeting.id], visits.get(stored.meeting.id)
        return Surroundings(
            visit=visit_view(visit, outlets=outlets, zone=zone) if visit else None,
            companions=_companions(visit, stored.meeting.id) if visit else (),
            firsts=firsts(stored, known=past, outlets=outlets, zone=zone),
            corrections=told.corrections,
            issues=told.issues,
            former_ids=told.former_ids,
        )

    # one step for all of them before the next: a processor does what it has just done in less time
    parts = [
        parts_of(stored, address(site, path) if site else None) for stored, path in zip(chosen, paths, strict=True)
    ]
    shown = [page_of(stored, outlets=outlets, zone=zone, around=around(stored)) for stored in chosen]
    pages = [render("meeting", path, m=page) for path, page in zip(paths, shown, strict=True)]
    written = [put(out, path, page) for path, page in zip(paths, pages, strict=True)]
    cards = [card(stored, accounts=page.accounts, zone=zone) for stored, page in zip(chosen, shown, strict=True)]
    return list(map(Done, cards, parts, written))


def _companions(visit: Visit, meeting_id: str) -> tuple[Link, ...]:
    """The other meetings of the visit."""
    others = [stored.meeting for stored in visit.meetings if stored.meeting.id != meeting_id]
    return tuple(Link(one_line(f"{headline(each)}, {when(each)}"), meeting_page(each.id)) for each in others)
