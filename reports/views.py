"""Meetings of the archive as the words of an issue: headline, people, accounts and their key sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from archive.records import Mention, StoredMeeting
from meetings.records import Forum, Meeting, Mode, Person, Place, Status
from meetings.topics import labels
from parsers.records import Article, Side, Source
from reports import words
from reports.clean import one_line, safe_url
from reports.keysentences import KeySentence, key_sentences
from reports.records import AccountView, ArticleView, LineView, MeetingView, PeopleView, PersonView, QuoteView
from reports.select import placed_on

PEOPLE_LISTED = 8
ARTICLES_LISTED = 6
QUOTES = 2
NAME_LIMIT = 80
TEXT_LIMIT = 200
QUOTE_LIMIT = 420

_GROUPS = (
    (Side.CHINA, "Beijing’s account"),
    (Side.VIETNAM, "Hanoi’s account"),
    (Side.OTHER, "Third parties"),
    (None, "Outlet not known"),
)


@dataclass(frozen=True, slots=True)
class Outlets:
    """What the catalogue says of outlets, by outlet id: names for people, and sides."""

    names: Mapping[str, str]
    sides: Mapping[str, Side]

    @classmethod
    def of(cls, sources: Sequence[Source]) -> Outlets:
        """The outlets of the catalogue's sources."""
        return cls({s.outlet: s.outlet_name for s in sources}, {s.outlet: s.side for s in sources})

    def name(self, article: Article) -> str:
        """The outlet's name, as the article gives it where the catalogue knows none; empty for an imported file."""
        return one_line(self.names.get(article.outlet or "", article.outlet or ""), NAME_LIMIT)

    def side(self, article: Article) -> Side | None:
        """Whose account the article is part of; None for an imported file."""
        return article.side or self.sides.get(article.outlet or "")


def meeting_view(stored: StoredMeeting, *, outlets: Outlets, zone: ZoneInfo, as_of: date | None) -> MeetingView:
    """All that an issue says of one meeting; `as_of` dates the sentence that a side gave no account, if given."""
    meeting = stored.meeting
    return MeetingView(
        id=one_line(meeting.id, NAME_LIMIT),
        headline=headline(meeting),
        kicker=f"{words.RANKS[meeting.level]} · {words.CHANNELS[meeting.channel]}",
        when=when(meeting),
        when_note=_when_note(stored, zone),
        where=where(meeting.place) or ("" if meeting.mode in (Mode.PHONE, Mode.VIDEO) else "Place not reported"),
        forum=_forum(meeting.forum),
        how=" ".join(filter(None, (words.STATUSES[meeting.status].capitalize(), words.MODES[meeting.mode]))),
        topics=", ".join(sorted({_topic(topic.id) for topic in meeting.topics}, key=str.casefold)),
        people=(_people("China", meeting.china), _people("Viet Nam", meeting.vietnam)),
        accounts=_accounts(stored, outlets, zone, as_of),
    )


def _topic(topic_id: str) -> str:
    """What a topic is called; one that the lexicon has lost since goes by its id."""
    return labels().get(topic_id) or one_line(topic_id.replace("_", " "), NAME_LIMIT)


def line_view(stored: StoredMeeting, *, outlets: Outlets, zone: ZoneInfo) -> LineView:
    """An announced or cancelled meeting in one line."""
    meeting = stored.meeting
    articles = [article_view(mention, outlets, zone) for mention in _ordered(stored.mentions)]
    return LineView(
        headline=headline(meeting),
        when=when(meeting),
        where=where(meeting.place),
        forum=_forum(meeting.forum),
        note=_when_note(stored, zone),
        articles=tuple(articles[:ARTICLES_LISTED]),
        more=_more(len(articles) - ARTICLES_LISTED, "article"),
    )


def headline(meeting: Meeting) -> str:
    """Who met whom and where, as news: `Wang Yi meets Bui Thanh Son in Beijing`; the forum where nobody is named."""
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
    elif len(meeting.china) == 1:
        verb += "s"
    how = f" {words.MODES[meeting.mode]} with" if remote else ""
    return f"{_capital(china)} {verb}{how} {vietnam}{city}"


def _unnamed_headline(meeting: Meeting) -> str:
    city = f" in {one_line(meeting.place.city, NAME_LIMIT)}" if meeting.place.city else ""
    ends = {Status.ANNOUNCED: " announced", Status.CANCELLED: " called off"}
    return f"{_capital(_forum(meeting.forum))}{city}{ends.get(meeting.status, '')}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _named(people: Sequence[Person], nobody: str) -> str:
    names = [one_line(person.name or person.role or "an official not named", NAME_LIMIT) for person in people]
    return words.listed(names) if names else nobody


def _people(label: str, people: Sequence[Person]) -> PeopleView:
    return PeopleView(
        label=label,
        people=tuple(_person(person) for person in people[:PEOPLE_LISTED]),
        more=_more(len(people) - PEOPLE_LISTED, "person", "people"),
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


def _more(count: int, one: str, many: str = "") -> str:
    return "" if count <= 0 else f"and {words.counted(count, f'more {one}', f'more {many}' if many else '')}"


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


def _forum(forum: Forum | None) -> str:
    if forum is None:
        return ""
    name = one_line(forum.name, TEXT_LIMIT)
    return name if forum.ordinal is None else f"{name}, {words.ordinal(forum.ordinal)} session"


def _ordered(mentions: Sequence[Mention]) -> list[Mention]:
    """English first, since the issue is; then as the archive numbered the articles."""
    return sorted(
        mentions, key=lambda mention: (mention.article.article.language not in ("en", None), mention.article.number)
    )


def _accounts(stored: StoredMeeting, outlets: Outlets, zone: ZoneInfo, as_of: date | None) -> tuple[AccountView, ...]:
    """Beijing's and Hanoi's account always, third parties' and unknown outlets' where there are any."""
    by_side: dict[Side | None, list[Mention]] = {side: [] for side, _ in _GROUPS}
    for mention in _ordered(stored.mentions):
        by_side[outlets.side(mention.article.article)].append(mention)
    missing = "No account found"
    if by_side[None]:
        missing += " among the articles whose outlet is known,"
    missing = f"{missing} as of {words.plain_day(as_of)}." if as_of else f"{missing.rstrip(',')}."
    return tuple(
        _account(side, label, by_side[side], missing, outlets, zone)
        for side, label in _GROUPS
        if by_side[side] or side in (Side.CHINA, Side.VIETNAM)
    )


def _account(
    side: Side | None, label: str, mentions: Sequence[Mention], missing: str, outlets: Outlets, zone: ZoneInfo
) -> AccountView:
    keys = key_sentences(mentions, limit=QUOTES)
    quoted = {key.mention.article.number for key in keys}
    sources = sorted(mentions, key=lambda mention: mention.article.number not in quoted)
    return AccountView(
        side=side.value if side else "unknown",
        label=label,
        quotes=_quotes(keys, outlets, zone),
        articles=tuple(article_view(mention, outlets, zone) for mention in sources[:ARTICLES_LISTED]),
        more=_more(len(sources) - ARTICLES_LISTED, "article"),
        missing="" if mentions else missing,
    )


def _quotes(keys: Sequence[KeySentence], outlets: Outlets, zone: ZoneInfo) -> tuple[QuoteView, ...]:
    """One quotation an article; what was left out between its sentences is marked."""
    quotes = []
    for _, group in groupby(keys, key=lambda key: key.mention.article.number):
        first, *others = group
        text = one_line(first.text, QUOTE_LIMIT)
        before = first
        for key in others:
            gap = key.mention.article.article.text[before.end : key.start]
            text += (" […] " if gap.strip() else gap and " ") + one_line(key.text, QUOTE_LIMIT)
            before = key
        quotes.append(QuoteView(text, article_view(first.mention, outlets, zone)))
    return tuple(quotes)


def article_view(mention: Mention, outlets: Outlets, zone: ZoneInfo) -> ArticleView:
    """One article as a source."""
    stored, article = mention.article, mention.article.article
    url = safe_url(article.url)
    file_name = stored.old_name or PurePosixPath(stored.path or f"article {stored.number}").name
    language = article.language or ""
    return ArticleView(
        title=one_line(article.title, TEXT_LIMIT) or "Untitled",
        outlet=outlets.name(article),
        published=_published(article, zone),
        language=language,
        language_name=words.LANGUAGES.get(language, ""),
        url=url,
        file_name="" if url else one_line(file_name, TEXT_LIMIT),
    )


def _published(article: Article, zone: ZoneInfo) -> str:
    day = article.published_on or (article.published.astimezone(zone).date() if article.published else None)
    return words.short_day(day) if day else "undated"
