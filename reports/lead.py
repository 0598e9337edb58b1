"""An issue's subject line and lead, composed from what the issue holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from archive.records import StoredMeeting
from meetings.records import Status
from reports import words
from reports.clean import one_line
from reports.records import MeetingView, VisitView
from reports.select import Selection
from reports.tellers import Teller, teller
from reports.views import headline, when

NAME = "China–Viet Nam Meetings"
SUBJECT_LIMIT = 160
SENTENCE_LIMIT = 240


def subject(top: str, number: int, *, late: bool, none: str, issue: str) -> str:
    """The news first, since a phone shows forty characters; then which issue it is.

    `top` is the headline of the highest of `number` meetings, which are all `late` reports; `none` stands where there
    is no meeting.
    """
    if not number:
        return f"{none} · {issue}"
    more = f", and {number - 1} more" if number > 1 else ""
    return f"{'Late report: ' if late else ''}{one_line(top, SUBJECT_LIMIT - len(issue))}{more} · {issue}"


def lead(
    ranked: Sequence[StoredMeeting],
    views: Sequence[MeetingView],
    visits: Sequence[VisitView],
    *,
    selection: Selection,
    gaps: str,
) -> str:
    """Two or three sentences: the highest meeting, who tells how many, and what is notable.

    `ranked` are the week's meetings, the highest first, `views` the same in words; `gaps` says how the sources are.
    """
    if not ranked:
        none = "No meeting between officials of China and Viet Nam is known for this week."
        return " ".join(filter(None, (none, gaps, _ahead(selection))))
    sentences = (_highest(ranked), _told(views, visits), _notable(views) or _ahead(selection))
    return " ".join(filter(None, sentences))


def _highest(ranked: Sequence[StoredMeeting]) -> str:
    top = ranked[0].meeting
    place = words.COUNTRIES.get(top.place.country or "", "") if not top.place.city else ""
    told = one_line(headline(top, past=True), SENTENCE_LIMIT) + (f" in {place}" if place else "")
    day = f" on {when(top)}" if top.date else ""
    if len(ranked) == 1:
        return f"{told}{day}: the only meeting known for this week."
    return f"{told}{day}: {_among(ranked)}."


def _among(ranked: Sequence[StoredMeeting]) -> str:
    """How the highest meeting stands among those of the week."""
    level, number = ranked[0].meeting.level, len(ranked)
    peers = sum(stored.meeting.level is level for stored in ranked)
    rank = f"at the level of {words.RANKS[level].lower()}"
    if peers == number:
        return f"one of {'two meetings this week, both' if number == 2 else f'{number} meetings this week, all'} {rank}"
    if peers > 1:
        return f"one of {peers} {rank}, the highest of the {number} meetings this week"
    return f"the {'higher of the two' if number == 2 else f'highest of the {number}'} meetings this week"


def _told(views: Sequence[MeetingView], visits: Sequence[VisitView]) -> str:
    """How many meetings both sides gave an account of, and how many only one did; how many belong to visits."""
    both, beijing, hanoi = tellers_of(views)
    tellers = ((both, "both sides"), (beijing, "Beijing alone"), (hanoi, "Hanoi alone"))
    counts = [(count, teller) for count, teller in tellers if count]
    if len(views) == 1:
        parts = [f"told by {teller}" for _, teller in counts]
    else:
        parts = [
            f"{count}{('' if at else ' is told' if count == 1 else ' are told')} by {teller}"
            for at, (count, teller) in enumerate(counts)
        ]
    text = words.series(parts)
    trips = {view.visit for view in views if view.visit}
    if trips and len(views) > 1:
        number = sum(bool(view.visit) for view in views)
        headlines = [visit.headline for visit in visits if visit.id in trips]
        of = f"one visit, {headlines[0]}" if len(trips) == 1 else f"{len(trips)} visits"
        text += f"{'; ' if text else ''}{number} {'was' if number == 1 else 'were'} held on {of}"
    of_all = "Of these, " if len(views) > 1 and text else ""
    return f"{of_all or text[:1].upper()}{text if of_all else text[1:]}." if text else ""


def tellers_of(views: Sequence[MeetingView]) -> tuple[int, int, int]:
    """How many of these held meetings both sides gave an account of, Beijing alone, and Hanoi alone."""
    told = Counter(teller(view.accounts) for view in views)
    return told[Teller.BOTH], told[Teller.CHINA], told[Teller.VIETNAM]


def _notable(views: Sequence[MeetingView]) -> str:
    """A first, and a thing for which the two accounts use different words, each of the highest meeting that has one."""
    firsts = (first.text.rstrip(".") for view in views for first in view.firsts)
    terms = (
        f"for {row.label} Beijing writes “{row.china.words}”, Hanoi “{row.vietnam.words}”"
        for view in views
        for row in view.comparison.rows
        if row.kind == "term" and row.china.words and row.vietnam.words
    )
    found = [text for text in (next(firsts, ""), next(terms, "")) if text]
    return f"Notable: {'; '.join(found)}." if found else ""


def _ahead(selection: Selection) -> str:
    coming = sum(stored.meeting.status is Status.ANNOUNCED for stored in selection.ahead)
    return and_more(len(selection.late), f"{coming} announced for the coming weeks" if coming else "")


def and_more(late: int, ahead: str) -> str:
    """What an issue holds beside the meetings of its week: so many late reports, and what it says of those ahead."""
    told = words.counted(late, "late report of an earlier week", "late reports of earlier weeks") if late else ""
    text = words.series(list(filter(None, (told, ahead))))
    return f"{text}." if text else ""
