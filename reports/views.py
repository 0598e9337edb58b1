"""Meetings of the archive as the words of an issue: headline, people, accounts and their key sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from archive.records import StoredMeeting
from meetings.records import Forum, Meeting, Mode, Person, Place, Status
from meetings.topics import labels
from reports import words
from reports.accounts import ARTICLES_LISTED, NAME_LIMIT, TEXT_LIMIT, Outlets, accounts, article_view, ordered
from reports.clean import one_line
from reports.comparison import compare
from reports.records import LineView, MeetingView, PeopleView, PersonView
from reports.select import placed_on
from reports.site import paths

PEOPLE_LISTED = 8


def meeting_view(
    stored: StoredMeeting, *, outlets: Outlets, zone: ZoneInfo, as_of: date | None, web: str = ""
) -> MeetingView:
    """What an issue says of one meeting by itself; `as_of` dates the sentence that a side gave no account, if given."""
    meeting = stored.meeting
    return MeetingView(
        id=one_line(meeting.id, NAME_LIMIT),
        headline=headline(meeting),
        kicker=f"{words.RANKS[meeting.level]} · {words.CHANNELS[meeting.channel]}",
        when=when(meeting),
        when_note=_when_note(stored, zone),
        where=where(meeting.place) or ("" if meeting.mode in (Mode.PHONE, Mode.VIDEO) else "Place not reported"),
        forum=forum_text(meeting.forum),
        how=" ".join(filter(None, (words.STATUSES[meeting.status].capitalize(), words.MODES[meeting.mode]))),
        topics=", ".join(sorted({_topic(topic.id) for topic in meeting.topics}, key=str.casefold)),
        people=(_people("China", meeting.china), _people("Viet Nam", meeting.vietnam)),
        accounts=accounts(stored, outlets, zone, as_of),
        level=meeting.level.value,
        channel=meeting.channel.value,
        topic_ids=_topic_ids(meeting),
        comparison=compare(stored, outlets=outlets, zone=zone, as_of=as_of),
        page=meeting_page(web, meeting.id),
    )


def _topic(topic_id: str) -> str:
    """What a topic is called; one that the lexicon has lost since goes by its id."""
    return labels().get(topic_id) or one_line(topic_id.replace("_", " "), NAME_LIMIT)


def _topic_ids(meeting: Meeting) -> tuple[str, ...]:
    return tuple(sorted({one_line(topic.id, NAME_LIMIT) for topic in meeting.topics}))


def meeting_page(web: str, meeting_id: str) -> str:
    """The meeting's address in the web archive at `web`; empty without one."""
    return paths.address(web, paths.meeting_page(meeting_id)) if web else ""


def line_view(stored: StoredMeeting, *, outlets: Outlets, zone: ZoneInfo, web: str = "") -> LineView:
    """A meeting in one line."""
    meeting = stored.meeting
    articles = [article_view(mention, outlets, zone) for mention in ordered(stored.mentions)]
    return LineView(
        headline=headline(meeting),
        when=when(meeting),
        where=where(meeting.place),
        forum=forum_text(meeting.forum),
        note=_when_note(stored, zone),
        articles=tuple(articles[:ARTICLES_LISTED]),
        more=words.more(len(articles) - ARTICLES_LISTED, "article"),
        id=one_line(meeting.id, NAME_LIMIT),
        level=meeting.level.value,
        topic_ids=_topic_ids(meeting),
        page=meeting_page(web, meeting.id),
    )


def headline(meeting: Meeting, *, past: bool = False) -> str:
    """Who met whom and where, as news: `Wang Yi meets Bui Thanh Son in Beijing`; the forum where nobody is named.

    `past`: as it is told later, `Wang Yi met …`.
    """
    if meeting.forum and not any(person.name or person.as_written for person in (*meeting.china, *meeting.vietnam)):
        return _unnamed_headline(meeting)
    china = _named(meeting.china, "officials of China")
    vietnam = _named(meeting.vietnam, "officials of Viet Nam")
    city = f" in {one_line(meeting.place.city, NAME_LIMIT)}" if meeting.place.city else ""
    if meeting.status is Status.CANCELLED:
        return f"{_capital(china)} and {vietnam}: meeting{city} called off"
    remote = meeting.mode in (Mode.PHONE, Mode.VIDEO)
    verb = "speak" if remote else "meet"
    if meeting.status is Status.ANNOUNCED:
        verb = f"to {verb}"
    elif past:
        verb = "spoke" if remote else "met"
    elif len(meeting.china) == 1:
        verb += "s"
    how = f" {words.MODES[meeting.mode]} with" if remote else ""
    return f"{_capital(china)} {verb}{how} {vietnam}{city}"


def _unnamed_headline(meeting: Meeting) -> str:
    city = f" in {one_line(meeting.place.city, NAME_LIMIT)}" if meeting.place.city else ""
    ends = {Status.ANNOUNCED: " announced", Status.CANCELLED: " called off"}
    return f"{_capital(forum_text(meeting.forum))}{city}{ends.get(meeting.status, '')}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _named(people: Sequence[Person], nobody: str) -> str:
    names = [one_line(person.name or person.role or "an official not named", NAME_LIMIT) for person in people]
    return words.listed(names) if names else nobody


def _people(label: str, people: Sequence[Person]) -> PeopleView:
    return PeopleView(
        label=label,
        people=tuple(_person(person) for person in people[:PEOPLE_LISTED]),
        more=words.more(len(people) - PEOPLE_LISTED, "person", "people"),
        missing="" if people else "Nobody is named.",
    )


def _person(person: Person) -> PersonView:
    name = one_line(person.name or "", NAME_LIMIT)
    written = one_line(person.as_written or "", NAME_LIMIT)
    return PersonView(
        name=name or written or "Name not given",
        written=written if name and written != name else "",
        role=one_line(person.role or "", TEXT_LIMIT),
    )


def when(meeting: Meeting) -> str:
    """The meeting's day or days in words, or that none is known."""
    if meeting.date is None:
        return "Date not known"
    if meeting.end_date is None or meeting.end_date == meeting.date:
        return words.long_day(meeting.date)
    return words.day_range(meeting.date, meeting.end_date)


def _when_note(stored: StoredMeeting, zone: ZoneInfo) -> str:
    if stored.meeting.date is None:
        return f"filed under {words.plain_day(placed_on(stored, zone))}, after its report"
    return words.DATE_BASES[stored.meeting.date_basis]


def where(place: Place) -> str:
    """The parts of a place that are known, from the narrowest; empty when none is."""
    country = words.COUNTRIES.get(place.country or "", place.country)
    return ", ".join(one_line(part, TEXT_LIMIT) for part in (place.venue, place.city, country) if part)


def forum_text(forum: Forum | None) -> str:
    """The forum with the number of its session; empty for none."""
    if forum is None:
        return ""
    name = one_line(forum.name, TEXT_LIMIT)
    return name if forum.ordinal is None else f"{name}, {words.ordinal(forum.ordinal)} session"
