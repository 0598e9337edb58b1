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
    done = []
    for stored in (each for each in meetings if each.meeting.id in task.told):
        id_ = stored.meeting.id
        told = task.told[id_]
        around = Surroundings(
            visit=visit_view(visits[id_], outlets=outlets, zone=zone) if id_ in visits else None,
            companions=_companions(visits[id_], id_) if id_ in visits else (),
            firsts=firsts(stored, known=past, outlets=outlets, zone=zone),
            corrections=told.corrections,
            issues=told.issues,
            former_ids=told.former_ids,
        )
        page = meeting_page(id_)
        shown = page_of(stored, outlets=outlets, zone=zone, around=around)
        written = put(out, page, render("meeting", page, m=shown))
        parts = parts_of(stored, address(site, page) if site else None)
        done.append(Done(card(stored, accounts=shown.accounts, zone=zone), parts, written))
    return done


def _companions(visit: Visit, meeting_id: str) -> tuple[Link, ...]:
    """The other meetings of the visit."""
    others = [stored.meeting for stored in visit.meetings if stored.meeting.id != meeting_id]
    return tuple(Link(one_line(f"{headline(each)}, {when(each)}"), meeting_page(each.id)) for each in others)
